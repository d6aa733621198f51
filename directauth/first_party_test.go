package directauth_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/mintyard/mintyard/authenticator"
	"github.com/mintyard/mintyard/directauth"
	"github.com/mintyard/mintyard/oauth"
	"github.com/mintyard/mintyard/oauth/token"
)

func (k *kit) idToken(a answer) *token.Claims {
	k.t.Helper()
	_, ok := a.body["id_token"].(string)
	require.True(k.t, ok, a.raw)
	c, err := k.verify(a)
	require.NoError(k.t, err)
	return c
}

func TestFirstPartyOneRequest(t *testing.T) {
	k := newFirstPartyKit(t)
	for name, proof := range map[string][]string{
		"password":   {"username", "mia@example.test", "password", password},
		"login_hint": {"login_hint", "mia", "password", password},
		"both names": {"login_hint", "mia", "username", "mia", "password", password},
		"with type":  {"username", "mia", "password", password, "response_type", "code", "state", "x", "redirect_uri", "https://app.example/"},
	} {
		subject, amr := k.signedIn("one", k.begin("one", proof...))
		require.Equal(t, "mia", subject, name)
		require.Equal(t, []string{"pwd"}, amr)
	}
	_, amr := k.signedIn("one", k.begin("one", "username", "mia", "otp", k.code()))
	require.Equal(t, []string{"otp"}, amr)
}

// Step by step, and each step in any order: nothing known, then who, then what.
func TestFirstPartyStepByStep(t *testing.T) {
	k := newFirstPartyKit(t)
	all := []string{"webauthn", "password", "otp", "push", "sms", "email"}
	first := k.requireMore(k.begin("two"), all...)
	second := k.requireMore(k.goOn(first, "username", "mia"), all...)
	require.NotEqual(t, first, second)
	third := k.requireMore(k.goOn(second, "password", password), "otp", "push", "sms", "email", "recovery_code")
	require.Equal(t, third, k.requireMore(k.goOn(third), "otp", "push", "sms", "email", "recovery_code"), "a question changes nothing")
	done := k.goOn(third, "otp", k.code())
	subject, amr := k.signedIn("two", done)
	require.Equal(t, "mia", subject)
	require.ElementsMatch(t, []string{"pwd", "otp", "mfa"}, amr)
	for _, session := range []string{first, second, third} {
		k.goOn(session, "username", "mia", "otp", k.code()).requireError(t, http.StatusBadRequest, "invalid_session")
	}

	// The other order.
	k.advance(30 * time.Second)
	session := k.requireMore(k.begin("two", "username", "mia", "otp", k.code()))
	_, amr = k.signedIn("two", k.goOn(session, "password", password))
	require.ElementsMatch(t, []string{"pwd", "otp", "mfa"}, amr)
}

func TestFirstPartyOverAnotherChannel(t *testing.T) {
	for _, client := range []string{"one", "two"} {
		for channel, binding := range map[string]string{"sms": "prompt", "email": "prompt", "push": "transfer"} {
			t.Run(client+" "+channel, func(t *testing.T) {
				k := newFirstPartyKit(t)
				var a answer
				if client == "two" {
					a = k.goOn(k.requireMore(k.begin("two", "username", "mia", "password", password)), "channel_hint", channel)
				} else {
					a = k.begin("one", "username", "mia", "channel_hint", channel)
				}
				session := k.requireMore(a)
				c := a.body["challenge"].(map[string]any)
				require.Equal(t, channel, c["channel"])
				require.Equal(t, binding, c["binding_method"])
				require.EqualValues(t, 300, c["expires_in"])
				require.EqualValues(t, 5, c["interval"])
				require.NotContains(t, c, "oob_code", "the session is the handle")
				var more []string
				if binding == "prompt" {
					k.goOn(session).requireError(t, http.StatusBadRequest, "invalid_request")
					k.goOn(session, "binding_code", "000000").requireError(t, http.StatusBadRequest, "invalid_grant")
					more = []string{"binding_code", k.sent().Code}
				} else {
					for range 3 {
						k.goOn(session).requireError(t, http.StatusBadRequest, "authorization_pending")
					}
					k.approve(c["binding_code"].(string))
				}
				subject, amr := k.signedIn(client, k.goOn(session, more...))
				require.Equal(t, "mia", subject)
				require.Equal(t, client == "two", len(amr) > 2 || len(amr) == 2 && channel == "email", amr)
				k.goOn(session, more...).requireError(t, http.StatusBadRequest, "invalid_session")
			})
		}
	}
}

func TestFirstPartyPushRefusedOnTheDevice(t *testing.T) {
	k := newFirstPartyKit(t)
	session := k.requireMore(k.begin("one", "username", "mia", "channel_hint", "push"))
	_ = k.push.Decide(t.Context(), k.sent().ID, authenticator.Decision{})
	k.goOn(session).requireError(t, http.StatusBadRequest, "invalid_grant")
	_, amr := k.signedIn("one", k.goOn(session, "password", password)) // another factor, in the same session
	require.Equal(t, []string{"pwd"}, amr)
}

// A code that was sent is replaced by the next, and neither outlives its channel.
func TestFirstPartyAsksAgain(t *testing.T) {
	k := newFirstPartyKit(t)
	first := k.requireMore(k.begin("one", "username", "mia", "channel_hint", "sms"))
	old := k.sent().Code
	k.advance(time.Minute)
	second := k.requireMore(k.goOn(first, "channel_hint", "sms"))
	if code := k.sent().Code; code != old {
		k.goOn(second, "binding_code", old).requireError(t, http.StatusBadRequest, "invalid_grant")
	}
	k.signedIn("one", k.goOn(second, "binding_code", k.sent().Code))
}

// asPublicKey lets the kit's device answer a challenge of this endpoint.
func asPublicKey(a answer) answer {
	c, _ := a.body["challenge"].(map[string]any)
	return answer{body: c}
}

func TestFirstPartyPasskey(t *testing.T) {
	k := newFirstPartyKit(t)
	for name, who := range map[string][]string{"named": {"username", "zoe"}, "whoever holds it": nil} {
		t.Run(name, func(t *testing.T) {
			a := k.begin("two", append(who, "channel_hint", "webauthn")...)
			session := k.requireMore(a)
			k.begin("two", assertion(asPublicKey(a))...).requireError(t, http.StatusBadRequest, "invalid_grant")
			subject, amr := k.signedIn("two", k.goOn(session, assertion(asPublicKey(a))...))
			require.Equal(t, "zoe", subject)
			require.ElementsMatch(t, []string{"pop", "swk", "user", "mfa"}, amr)
			k.goOn(session, assertion(asPublicKey(a))...).requireError(t, http.StatusBadRequest, "invalid_session")
		})
	}

	// As a further factor, and once only, right or wrong.
	session := k.requireMore(k.begin("hard", "username", "zoe", "password", password), "webauthn")
	a := k.goOn(session, "channel_hint", "webauthn")
	session = k.requireMore(a)
	wrong := assertion(asPublicKey(a))
	wrong[5] = wrong[1]
	k.goOn(session, wrong...).requireError(t, http.StatusBadRequest, "invalid_grant")
	k.goOn(session, assertion(asPublicKey(a))...).requireError(t, http.StatusBadRequest, "invalid_grant")
	a = k.goOn(session, "channel_hint", "webauthn")
	subject, _ := k.signedIn("hard", k.goOn(k.requireMore(a), assertion(asPublicKey(a))...))
	require.Equal(t, "zoe", subject)

	// The challenge of one session is none of another, nor of the token endpoint.
	a = k.begin("one", "username", "zoe", "channel_hint", "webauthn")
	other := k.requireMore(k.begin("one", "username", "zoe", "channel_hint", "webauthn"))
	k.goOn(other, assertion(asPublicKey(a))...).requireError(t, http.StatusBadRequest, "invalid_request")
	k.passkey("one", assertion(asPublicKey(a))).requireError(t, http.StatusBadRequest, "invalid_grant")
	okta := k.startPasskey("one", "zoe")
	k.goOn(other, assertion(okta)...).requireError(t, http.StatusBadRequest, "invalid_request")
}

// A recovery code comes after another factor, and a new one comes with the answer.
func TestFirstPartyRecoveryCode(t *testing.T) {
	k := newFirstPartyKit(t)
	k.begin("one", "username", "mia", "recovery_code", recoveryCode).requireError(t, http.StatusBadRequest, "invalid_request")
	session := k.requireMore(k.begin("two", "username", "mia", "password", password))
	a := k.goOn(session, "recovery_code", recoveryCode)
	require.NotEmpty(t, a.text("recovery_code"))
	require.NotEqual(t, recoveryCode, a.text("recovery_code"))
	k.signedIn("two", a)
	session = k.requireMore(k.begin("two", "username", "mia", "password", password))
	k.goOn(session, "recovery_code", recoveryCode).requireError(t, http.StatusBadRequest, "invalid_grant")
}

func TestFirstPartyRecovery(t *testing.T) {
	k := newFirstPartyKit(t)
	k.begin("one", "username", "mia", "password", password, "intent", "recovery", "scope", recoveryScope).requireError(t, http.StatusBadRequest, "invalid_request")
	session := k.requireMore(k.begin("one", "username", "mia", "channel_hint", "sms", "intent", "recovery", "scope", recoveryScope))
	a := k.redeemCode("one", k.authorizationCode(k.goOn(session, "binding_code", k.sent().Code)))
	require.Equal(t, http.StatusOK, a.status, a.raw)
	require.Equal(t, recoveryScope, a.text("scope"))
	require.NotContains(t, a.body, "refresh_token")
	require.NotContains(t, a.body, "id_token")
}

// Whoever is named: nobody, somebody without the factor, somebody who is suspended.
// While nothing is proved, answers are alike in everything but what is random.
func TestFirstPartyTellsNothing(t *testing.T) {
	k := newFirstPartyKit(t)
	blank := func(a answer) string {
		s := a.raw
		if h := a.text("auth_session"); h != "" {
			s = strings.ReplaceAll(s, h, "HANDLE")
		}
		if c, ok := a.body["challenge"].(map[string]any); ok {
			if n, ok := c["binding_code"].(string); ok {
				s = strings.ReplaceAll(s, `"`+n+`"`, `"NN"`)
			}
			if p, ok := c["publicKey"].(map[string]any); ok {
				s = strings.ReplaceAll(s, p["challenge"].(string), "CHALLENGE")
			}
		}
		return s
	}
	steps := map[string]func(user string) []answer{
		"named": func(user string) []answer {
			a := k.begin("two", "username", user)
			s := k.requireMore(a)
			return []answer{a, k.goOn(s), k.goOn(s, "password", "wrong"), k.goOn(s, "otp", "000000"), k.goOn(s, "username", user+" "), k.goOn(s, "username", user+"@example.test")}
		},
		"password": func(user string) []answer { return []answer{k.begin("two", "username", user, "password", "wrong")} },
		"otp":      func(user string) []answer { return []answer{k.begin("two", "username", user, "otp", "000000")} },
		"sms": func(user string) []answer {
			a := k.begin("one", "username", user, "channel_hint", "sms")
			s := k.requireMore(a)
			return []answer{a, k.goOn(s, "binding_code", "00000000"), k.goOn(s)}
		},
		"push": func(user string) []answer {
			a := k.begin("one", "username", user, "channel_hint", "push")
			s := k.requireMore(a)
			return []answer{a, k.goOn(s), k.goOn(s)}
		},
		"webauthn": func(user string) []answer {
			a := k.begin("one", "username", user, "channel_hint", "webauthn")
			s := k.requireMore(a)
			wrong := assertion(asPublicKey(a))
			wrong[5] = wrong[1]
			return []answer{a, k.goOn(s, wrong...)}
		},
	}
	for name, step := range steps {
		t.Run(name, func(t *testing.T) {
			want := step("mia")
			for _, user := range []string{"tom", "zoe", "amy", "ghost"} {
				for i, a := range step(user) {
					require.Equal(t, want[i].status, a.status, a.raw)
					require.Equal(t, blank(want[i]), blank(a), "%s, answer %d", user, i)
				}
			}
		})
	}
	require.Equal(t, http.StatusBadRequest, k.begin("one", "username", "amy", "password", password).status, "suspended, and right")
}

func TestFirstPartyRefused(t *testing.T) {
	k := newFirstPartyKit(t)
	third := *k.clients["one"]
	third.ID, third.ThirdParty = "third", true
	k.clients["third"] = &third
	noCode := *k.clients["one"]
	noCode.ID, noCode.GrantTypes = "no-code", allGrants
	k.clients["no-code"] = &noCode
	none := *k.clients["one"]
	none.ID, none.GrantTypes = "none", []string{oauth.GrantAuthorizationCode, directauth.GrantMFAOTP}
	k.clients["none"] = &none
	mia := []string{"username", "mia", "password", password}
	for name, c := range map[string]struct {
		a      answer
		status int
		code   string
	}{
		"third party":           {k.begin("third", mia...), 400, "unauthorized_client"},
		"no code":               {k.begin("no-code", mia...), 400, "unauthorized_client"},
		"no direct grant":       {k.begin("none", mia...), 400, "unauthorized_client"},
		"not this factor":       {k.begin("no-mfa", "username", "mia", "otp", "123456"), 400, "unauthorized_client"},
		"unknown client":        {k.begin("nobody", mia...), 401, "invalid_client"},
		"no client":             {k.begin("", mia...), 401, "invalid_client"},
		"plain":                 {k.begin("one", append(mia, "code_challenge_method", "plain")...), 400, "invalid_request"},
		"no PKCE":               {k.begin("one", append(mia, "code_challenge", "", "code_challenge_method", "")...), 400, "invalid_request"},
		"no name":               {k.begin("one", "password", password), 400, "invalid_request"},
		"no name for a message": {k.begin("one", "channel_hint", "sms"), 400, "invalid_request"},
		"two names":             {k.begin("one", "username", "mia", "login_hint", "tom", "password", password), 400, "invalid_request"},
		"two factors":           {k.begin("one", append(mia, "otp", "123456")...), 400, "invalid_request"},
		"factor and channel":    {k.begin("one", append(mia, "channel_hint", "sms")...), 400, "invalid_request"},
		"unknown channel":       {k.begin("one", "username", "mia", "channel_hint", "pigeon"), 400, "invalid_request"},
		"channel not here":      {k.begin("one", "username", "mia", "channel_hint", "voice"), 400, "invalid_request"},
		"unknown scope":         {k.begin("one", append(mia, "scope", "everything")...), 400, "invalid_scope"},
		"unknown resource":      {k.begin("one", append(mia, "resource", "https://elsewhere.example")...), 400, "invalid_target"},
		"response type":         {k.begin("one", append(mia, "response_type", "token")...), 400, "unsupported_response_type"},
		"request object":        {k.begin("one", append(mia, "request", "e30.e30.")...), 400, "request_not_supported"},
		"request_uri":           {k.begin("one", append(mia, "request_uri", "urn:x")...), 400, "request_uri_not_supported"},
		"no challenge waits":    {k.begin("one", "username", "mia", "binding_code", "123456"), 403, "access_denied"},
		"wrong password":        {k.begin("one", "username", "mia", "password", "wrong"), 400, "invalid_grant"},
		"forged session":        {k.goOn("mint_mfa_"+strings.Repeat("A", 55), "otp", "1"), 400, "invalid_session"},
		"no handle":             {k.goOn("uY29tL2F1dGhlbnRpY", "otp", "1"), 400, "invalid_session"},
	} {
		t.Run(name, func(t *testing.T) { c.a.requireError(t, c.status, c.code) })
	}
	r, err := http.NewRequest(http.MethodGet, firstPartyPath, nil)
	require.NoError(t, err)
	w := serve(k, r)
	require.Equal(t, http.StatusMethodNotAllowed, w.Code)
	r, err = http.NewRequest(http.MethodPost, firstPartyPath, strings.NewReader(url.Values{"client_id": {"one", "two"}}.Encode()))
	require.NoError(t, err)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	require.Equal(t, http.StatusBadRequest, serve(k, r).Code, "a repeated parameter")
}

// What a sign-in is for, and about whom, stays as it began.
func TestFirstPartyChanged(t *testing.T) {
	k := newFirstPartyKit(t)
	begun := k.requireMore(k.begin("two", "username", "mia"))
	proved := k.requireMore(k.begin("two", "username", "mia", "password", password))
	for _, session := range []string{begun, proved} {
		for name, c := range map[string]struct {
			pairs []string
			code  string
		}{
			"person":    {[]string{"username", "zoe"}, "invalid_request"},
			"nobody":    {[]string{"username", "ghost"}, "invalid_request"},
			"scope":     {[]string{"scope", "openid profile"}, "invalid_scope"},
			"acr":       {[]string{"acr_values", "phr"}, "invalid_request"},
			"intent":    {[]string{"intent", "recovery"}, "invalid_request"},
			"challenge": {[]string{"code_challenge", strings.Replace(codeChallenge, "E", "F", 1)}, "invalid_request"},
			"nonce":     {[]string{"nonce", "n-2"}, "invalid_request"},
			"client":    {[]string{"client_id", "one"}, "invalid_session"},
			"unknown":   {[]string{"client_id", "nobody"}, "invalid_client"},
		} {
			status := http.StatusBadRequest
			if c.code == "invalid_client" {
				status = http.StatusUnauthorized
			}
			t.Run(name, func(t *testing.T) {
				k.goOn(session, append(c.pairs, "otp", "000000")...).requireError(t, status, c.code)
			})
		}
	}
	a := k.goOn(proved, "client_id", "two", "scope", "offline_access openid", "code_challenge", codeChallenge, "code_challenge_method", "S256",
		"nonce", "n-1", "username", "mia@example.test", "otp", k.code())
	k.signedIn("two", a)
}

// A client that authenticates does so at every step.
func TestFirstPartyConfidentialClient(t *testing.T) {
	k := newFirstPartyKit(t)
	secret, hash := oauth.NewSecret()
	k.clients["web"] = &oauth.Client{ID: "web", AuthMethod: oauth.AuthPost, Secrets: []oauth.Secret{{Hash: hash}}, GrantTypes: k.clients["two"].GrantTypes, SignIn: k.clients["two"].SignIn}
	session := k.requireMore(k.begin("web", "client_secret", secret, "username", "mia", "password", password))
	k.goOn(session, "otp", k.code()).requireError(t, http.StatusUnauthorized, "invalid_client")
	k.goOn(session, "client_id", "web", "otp", k.code()).requireError(t, http.StatusUnauthorized, "invalid_client")
	code := k.authorizationCode(k.goOn(session, "client_id", "web", "client_secret", secret, "otp", k.code()))
	k.redeemCode("web", code).requireError(t, http.StatusUnauthorized, "invalid_client")
	require.Equal(t, http.StatusOK, k.redeemCode("web", code, "client_secret", secret, "auth_session", session).status)
}

func TestFirstPartySessionEnds(t *testing.T) {
	k := newFirstPartyKit(t)
	for name, end := range map[string]func(){
		"time":    func() { k.advance(5 * time.Minute) },
		"subject": func() { require.NoError(t, k.provider.Server().EndSubject(t.Context(), "mia")) },
	} {
		t.Run(name, func(t *testing.T) {
			session := k.requireMore(k.begin("two", "username", "mia", "password", password))
			end()
			k.goOn(session, "otp", k.code()).requireError(t, http.StatusBadRequest, "invalid_session")
		})
	}
	// However many steps, ten minutes are the end.
	session := k.requireMore(k.begin("one", "username", "mia"))
	for range 3 {
		k.advance(3*time.Minute + 10*time.Second)
		session = k.requireMore(k.goOn(session, "channel_hint", "email"))
	}
	k.advance(time.Minute)
	k.goOn(session, "password", password).requireError(t, http.StatusBadRequest, "invalid_session")
}

// One record, two dialects: what was begun here is not finished at the token endpoint,
// where no verifier is asked for, nor by its other handles.
func TestFirstPartySessionIsNothingElse(t *testing.T) {
	k := newFirstPartyKit(t)
	begun := k.requireMore(k.begin("two", "username", "mia"))
	k.mfa("two", begun, k.code()).requireError(t, http.StatusForbidden, "access_denied")
	k.challenge("two", begun, directauth.GrantMFAOOB, "sms").requireError(t, http.StatusForbidden, "access_denied")
	require.Zero(t, k.delivered())
	k.advance(30 * time.Second)
	proved := k.requireMore(k.begin("two", "username", "mia", "password", password))
	k.mfa("two", proved, k.code()).requireError(t, http.StatusBadRequest, "invalid_grant")
	k.advance(30 * time.Second)
	k.signedIn("two", k.goOn(proved, "otp", k.code()))

	// The other way round there is no challenge to hold a code to.
	k.advance(30 * time.Second)
	k.goOn(k.started("two"), "otp", k.code()).requireError(t, http.StatusBadRequest, "invalid_request")
	k.redeemCode("two", proved).requireError(t, http.StatusBadRequest, "invalid_grant")
}

// An app, or a person, that cannot do what is missing is told so after the first factor.
func TestFirstPartyCannot(t *testing.T) {
	k := newFirstPartyKit(t)
	for name, a := range map[string]answer{
		"has no grant": k.begin("no-mfa", "username", "mia", "password", password),
		"not enrolled": k.begin("two", "username", "tom", "password", password),
		"too high":     k.begin("hard", "username", "mia", "password", password),
	} {
		t.Run(name, func(t *testing.T) {
			a.requireError(t, http.StatusForbidden, "access_denied")
			require.NotContains(t, a.body, "auth_session")
		})
	}
	session := k.requireMore(k.begin("two", "username", "mia", "password", password))
	k.goOn(session, "channel_hint", "webauthn").requireError(t, http.StatusForbidden, "access_denied")
	k.begin("one", "username", "mia", "password", password, "acr_values", "phr").requireError(t, http.StatusBadRequest, "unmet_authentication_requirements")
	session = k.requireMore(k.begin("one", "username", "mia", "password", password, "acr_values", "urn:okta:loa:2fa:any"))
	b := k.redeemCode("one", k.authorizationCode(k.goOn(session, "otp", k.code())))
	require.Equal(t, "urn:okta:loa:2fa:any", k.idToken(b).ACR)
}

// The limits are those of the token endpoint, whatever the dialect and the session.
func TestFirstPartyGuessing(t *testing.T) {
	k := newFirstPartyKit(t)
	session := k.requireMore(k.begin("one", "username", "mia"))
	judged := 0
	for range 30 {
		a := k.goOn(session, "otp", "000000")
		if a.status == http.StatusTooManyRequests {
			require.NotEmpty(t, a.header["Retry-After"])
			break
		}
		judged++
	}
	require.LessOrEqual(t, judged, 10)
	k.begin("one", "username", "mia", "otp", k.code()).requireError(t, http.StatusTooManyRequests, "invalid_grant")
	k.otp("one", "mia", k.code()).requireError(t, http.StatusTooManyRequests, "invalid_grant")
	k.signedIn("one", k.goOn(session, "password", password))
}

func TestFirstPartyDelivery(t *testing.T) {
	k := newFirstPartyKit(t)
	k.undeliverable = http.ErrServerClosed
	a := k.begin("one", "username", "mia", "channel_hint", "sms")
	a.requireError(t, http.StatusInternalServerError, "server_error")
	require.NotContains(t, a.body, "auth_session")
	k.undeliverable = nil
	k.requireMore(k.begin("one", "username", "mia", "channel_hint", "sms"))
}

// What is listed is there, and what is not is not.
func TestFirstPartyMetadata(t *testing.T) {
	k := newFirstPartyKit(t)
	m := k.provider.Server().Metadata()
	require.Equal(t, issuer+firstPartyPath, m["authorization_challenge_endpoint"])
	require.Equal(t, []string{"S256"}, m["code_challenge_methods_supported"])
	plain := newKit(t)
	require.NotContains(t, plain.provider.Server().Metadata(), "authorization_challenge_endpoint")
	r, err := http.NewRequest(http.MethodPost, firstPartyPath, nil)
	require.NoError(t, err)
	require.Equal(t, http.StatusNotFound, serve(plain, r).Code)
}

// Under Okta's name of the grant the code is the same.
func TestFirstPartyInteractionCode(t *testing.T) {
	k := newFirstPartyKit(t)
	code := k.authorizationCode(k.begin("one", "username", "mia", "password", password))
	a := k.post(tokenPath, "client_id", "one", "grant_type", "interaction_code", "interaction_code", code, "code_verifier", codeVerifier)
	require.Equal(t, http.StatusOK, a.status, a.raw)
	require.Equal(t, "mia", k.idToken(a).Subject)
}

// The events of a sign-in, without a secret in them.
func TestFirstPartyEvents(t *testing.T) {
	k := newFirstPartyKit(t)
	session := k.requireMore(k.begin("two", "username", "mia", "password", password))
	k.goOn(session, "otp", "000000")
	code := k.authorizationCode(k.goOn(session, "otp", k.code()))
	k.redeemCode("two", code)
	var types []oauth.EventType
	for _, e := range k.events {
		types = append(types, e.Type)
		text := e.Grant + string(e.Reason)
		if e.Err != nil {
			text += e.Err.Error()
		}
		for _, secret := range []string{password, session, code, codeVerifier} {
			require.NotContains(t, text, secret)
		}
	}
	require.Equal(t, []oauth.EventType{
		oauth.EventFactorProved, oauth.EventStepUp, oauth.EventFactorRefused, oauth.EventTokenRefused,
		oauth.EventFactorProved, oauth.EventCodeIssued, oauth.EventTokenIssued,
	}, types)
}

// More is asked for since the code was issued: it is refused, with nothing to go on
// from, and not spent.
func TestFirstPartyMoreIsAskedForAtRedemption(t *testing.T) {
	k := newFirstPartyKit(t)
	code := k.authorizationCode(k.begin("one", "username", "mia", "password", password))
	was := *k.clients["one"]
	changed := was
	changed.SignIn = k.clients["two"].SignIn
	k.clients["one"] = &changed
	a := k.redeemCode("one", code)
	a.requireError(t, http.StatusForbidden, "access_denied")
	require.NotContains(t, a.body, "mfa_token")
	k.clients["one"] = &was
	require.Equal(t, http.StatusOK, k.redeemCode("one", code).status)
}

// A code that is redeemed twice is worth nothing, and neither is what came of it.
func TestFirstPartyReplay(t *testing.T) {
	k := newFirstPartyKit(t)
	code := k.authorizationCode(k.begin("one", "username", "mia", "password", password))
	first := k.redeemCode("one", code)
	require.Equal(t, http.StatusOK, first.status, first.raw)
	k.redeemCode("two", code).requireError(t, http.StatusBadRequest, "invalid_grant")
	k.redeemCode("one", code, "code_verifier", strings.Repeat("a", 43)).requireError(t, http.StatusBadRequest, "invalid_grant")
	refreshed := k.post(tokenPath, "client_id", "one", "grant_type", "refresh_token", "refresh_token", first.text("refresh_token"))
	require.Equal(t, http.StatusOK, refreshed.status, refreshed.raw)
	k.redeemCode("one", code).requireError(t, http.StatusBadRequest, "invalid_grant")
	k.post(tokenPath, "client_id", "one", "grant_type", "refresh_token", "refresh_token", refreshed.text("refresh_token")).requireError(t, http.StatusBadRequest, "invalid_grant")
	userinfo := httptest.NewRequest(http.MethodGet, "/oauth2/v1/userinfo", nil)
	userinfo.Header.Set("Authorization", "Bearer "+refreshed.text("access_token"))
	require.Equal(t, http.StatusUnauthorized, serve(k, userinfo).Code)
}
