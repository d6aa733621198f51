package directauth_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/mintyard/mintyard/authenticator"
	"github.com/mintyard/mintyard/directauth"
	"github.com/mintyard/mintyard/oauth"
	"github.com/mintyard/mintyard/oidc"
	"github.com/mintyard/mintyard/policy"
	"github.com/mintyard/mintyard/store"
)

// newKitWith is a kit with another configuration of the direct grants.
func newKitWith(t *testing.T, edit func(k *kit, c *directauth.Config), server ...func(*oauth.Config)) *kit {
	t.Helper()
	k := newKit(t, server...)
	pw, err := authenticator.NewPassword(authenticator.PasswordConfig{Source: k.host, Store: k.config.Store, Namespace: "people", Params: cheap, Now: k.Now})
	require.NoError(t, err)
	c := directauth.Config{
		Users: k.host, Password: pw, OTP: k.totp, OutOfBand: []authenticator.OutOfBand{k.sms, k.email, k.push},
		Passkeys: k.passkeys, RecoveryCodes: k.recovery, OTPOverOOB: true,
	}
	edit(k, &c)
	direct, err := directauth.New(c)
	require.NoError(t, err)
	k.config.Grants, k.config.StepUp = append(direct.Grants(), oauth.RefreshToken(), oauth.ClientCredentials()), direct
	k.rebuild()
	return k
}

func (k *kit) rebuild() {
	k.t.Helper()
	s, err := oauth.New(k.config)
	require.NoError(k.t, err)
	k.provider, err = oidc.New(s, oidc.Config{})
	require.NoError(k.t, err)
	k.mux = http.NewServeMux()
	k.provider.Mount(k.mux)
}

// Whoever knows a password, and guesses at the next factor from wherever, locks
// nobody out on a device that is known.
func TestOwnersDeviceAfterThePassword(t *testing.T) {
	k := newKitWith(t, func(_ *kit, c *directauth.Config) {
		c.KnownDevice = func(_ context.Context, r *oauth.TokenRequest, subject string) string {
			if subject == "mia" && r.Param("device") == "mia's" {
				return "laptop"
			}
			return ""
		}
	})
	stranger := k.started("two")
	for range 12 {
		k.mfa("two", stranger, "000000")
	}
	k.mfa("two", k.started("two"), k.code()).requireError(t, http.StatusTooManyRequests, "invalid_grant")
	owner := k.password("two", "mia", password, "device", "mia's").text("mfa_token")
	require.Equal(t, http.StatusOK, k.mfa("two", owner, k.code(), "device", "mia's").status, "totp")

	for range 6 {
		k.challenge("two", stranger, directauth.GrantMFAOOB, "sms")
	}
	owner = k.password("two", "mia", password, "device", "mia's").text("mfa_token")
	a := k.challenge("two", owner, directauth.GrantMFAOOB, "sms", "device", "mia's")
	require.Equal(t, http.StatusOK, a.status, "sms: %s", a.raw)
}

// A one-time code under the name of another grant is still a one-time code.
func TestPolicyOfOTPOverOOB(t *testing.T) {
	k := newKit(t, func(c *oauth.Config) {
		var err error
		c.Policy, err = policy.New(
			policy.Rule{Name: "no codes", If: policy.Condition{GrantTypes: []string{directauth.GrantMFAOTP}}, Then: policy.Outcome{Access: policy.Deny}},
			policy.Rule{Name: "rest", Then: policy.Outcome{Access: policy.Allow}},
		)
		require.NoError(t, err)
	})
	k.mfa("two", k.started("two"), k.code()).requireError(t, http.StatusForbidden, "access_denied")
	k.advance(time.Minute)
	k.mfaOOB("two", k.started("two"), "", k.code()).requireError(t, http.StatusForbidden, "access_denied")
}

// The host is asked for the device of nobody as for that of somebody.
func TestKnownDeviceOfNobody(t *testing.T) {
	asked := 0
	k := newKitWith(t, func(_ *kit, c *directauth.Config) {
		c.KnownDevice = func(context.Context, *oauth.TokenRequest, string) string { asked++; return "" }
	})
	count := func(f func()) int { asked = 0; f(); return asked }
	for _, channel := range []string{"sms", "push", "email"} {
		require.Equal(t, count(func() { k.start("one", "mia", channel) }), count(func() { k.start("one", "nobody", channel) }), channel)
	}
	require.Equal(t, count(func() { k.password("one", "mia", "wrong") }), count(func() { k.password("one", "nobody", "wrong") }))
	require.Equal(t, count(func() { k.otp("one", "mia", "000000") }), count(func() { k.otp("one", "nobody", "000000") }))
}

// What a client asks for is bounded before it is kept: no answer is a failure of ours.
func TestLongParametersAreNoFailure(t *testing.T) {
	k := newFirstPartyKit(t)
	many := strings.Repeat("a ", 25_000)
	for name, a := range map[string]answer{
		"acr_values":              k.password("two", "mia", password, "acr_values", many),
		"acr_values, challenge":   k.begin("two", "acr_values", many, "username", "mia"),
		"grant_types_supported":   k.password("two", "mia", password, "grant_types_supported", many),
		"challenge types":         k.challenge("two", k.started("two"), many, "sms"),
		"scope":                   k.password("two", "mia", password, "scope", many),
		"username":                k.password("two", many, password),
		"login_hint":              k.start("two", many, "sms"),
		"login_hint of a passkey": k.startPasskey("two", many),
		"nonce":                   k.begin("two", "nonce", many),
	} {
		require.Less(t, a.status, 500, "%s: %s", name, a.raw)
	}
}

// endingPasskeys ends the grants of whoever has just been verified.
type endingPasskeys struct {
	*passkeys
	end func(subject string)
}

func (p endingPasskeys) Verify(ctx context.Context, id authenticator.Identity, challenge []byte, a authenticator.Assertion) (string, policy.Method, error) {
	subject, m, err := p.passkeys.Verify(ctx, id, challenge, a)
	if err == nil {
		p.passkeys.owner = "" // taken away
		p.end(subject)
	}
	return subject, m, err
}

// A passkey that is taken away, with all grants of its owner, while it is verified,
// brings nothing that lasts: also if nobody has said a name.
func TestPasskeyEndedWhileVerified(t *testing.T) {
	for _, name := range []string{"zoe", ""} {
		k := newKitWith(t, func(k *kit, c *directauth.Config) {
			c.Passkeys = endingPasskeys{k.passkeys, func(subject string) {
				require.NoError(t, k.provider.Server().EndSubject(t.Context(), subject))
			}}
		})
		k.passkey("one", assertion(k.startPasskey("one", name))).requireError(t, http.StatusBadRequest, "invalid_grant")
	}
}

// handlesOf are one of every kind of handle that a client gets, of two sign-ins of
// one person, of another person's, and of another client's.
func (k *kit) handlesOf() map[string]string {
	k.t.Helper()
	h := map[string]string{}
	h["mfa_token"] = k.started("two")
	h["mfa_token of another sign-in"] = k.started("two")
	h["mfa_token of another person"] = k.password("two", "zoe", password).text("mfa_token")
	h["mfa_token of another client"] = k.started("hardly")
	h["oob_code of a further factor"] = k.challenge("two", h["mfa_token"], directauth.GrantMFAOOB, "sms").text("oob_code")
	h["oob_code of another sign-in"] = k.challenge("two", h["mfa_token of another sign-in"], directauth.GrantMFAOOB, "email").text("oob_code")
	push := k.start("two", "mia", "push")
	k.approve(push.text("binding_code"))
	h["oob_code of a push that was approved"] = push.text("oob_code")
	h["oob_code of nobody"] = k.start("two", "nobody", "sms").text("oob_code")
	h["challenge of a further passkey"] = challengeOf(k.challenge("two", h["mfa_token of another person"], directauth.GrantMFAWebAuthn, ""))
	h["challenge of a first passkey"] = challengeOf(k.startPasskey("two", "zoe"))
	h["challenge of any passkey"] = challengeOf(k.startPasskey("two", ""))
	h["auth_session"] = k.begin("two", "username", "mia").text("auth_session")
	h["auth_session after a factor"] = k.begin("two", "username", "mia", "password", password).text("auth_session")
	h["auth_session of a recovery"] = k.begin("two", "username", "mia", "intent", "recovery", "scope", recoveryScope).text("auth_session")
	tokens := k.password("one", "mia", password)
	h["access token"], h["refresh token"], h["id token"] = tokens.text("access_token"), tokens.text("refresh_token"), tokens.text("id_token")
	h["code"] = k.begin("one", "username", "mia", "password", password).text("authorization_code")
	for name, handle := range h {
		require.NotEmpty(k.t, handle, name)
	}
	return h
}

func challengeOf(a answer) string {
	c, _ := a.body["publicKey"].(map[string]any)["challenge"].(string)
	raw, _ := base64.RawURLEncoding.DecodeString(c)
	return string(raw)
}

// newCrossKit has a third client that wants two factors.
func newCrossKit(t *testing.T) *kit {
	k := newKit(t)
	hardly := *k.clients["two"]
	hardly.ID = "hardly"
	k.clients["hardly"] = &hardly
	k.withCodes()
	return k
}

// signedBy is the assertion of zoe's passkey over a challenge.
func signedBy(challenge string) []string {
	b64 := base64.RawURLEncoding.EncodeToString
	data, _ := json.Marshal(map[string]string{"type": "webauthn.get", "challenge": b64([]byte(challenge)), "origin": issuer})
	return []string{"authenticatorData", b64([]byte("data")), "clientDataJSON", b64(data), "signature", b64([]byte("signed " + challenge)), "userHandle", b64([]byte("zoe"))}
}

// Every handle at every place where one is taken, with everything else right: it is
// taken where it belongs, and nowhere else.
func TestHandlesBelongSomewhere(t *testing.T) {
	k := newCrossKit(t)
	names := slices.Sorted(maps.Keys(k.handlesOf()))
	sms := func(k *kit) string { // the code that was sent last
		for _, m := range slices.Backward(k.outbox) {
			if m.Code != "" {
				return m.Code
			}
		}
		return "000000"
	}
	places := map[string]struct {
		send func(k *kit, h map[string]string, handle string) answer
		good []string
	}{
		"mfa-otp": {func(k *kit, _ map[string]string, handle string) answer { return k.mfa("two", handle, k.code()) },
			[]string{"mfa_token", "mfa_token of another sign-in"}},
		"password": {func(k *kit, _ map[string]string, handle string) answer {
			return k.post(tokenPath, "client_id", "two", "grant_type", directauth.GrantPassword, "mfa_token", handle, "password", password)
		}, nil}, // proves the same thing twice
		"mfa-recovery-code": {func(k *kit, _ map[string]string, handle string) answer { return k.recover("two", handle, recoveryCode) },
			[]string{"mfa_token", "mfa_token of another sign-in"}},
		"mfa-oob, mfa_token": {func(k *kit, h map[string]string, handle string) answer {
			return k.mfaOOB("two", handle, h["oob_code of another sign-in"], sms(k))
		}, []string{"mfa_token of another sign-in"}},
		"mfa-oob, oob_code": {func(k *kit, h map[string]string, handle string) answer {
			return k.mfaOOB("two", h["mfa_token of another sign-in"], handle, sms(k))
		}, []string{"oob_code of another sign-in"}},
		"oob": {func(k *kit, _ map[string]string, handle string) answer { return k.oob("two", handle, sms(k)) }, nil}, // policy wants two factors
		"webauthn": {func(k *kit, _ map[string]string, handle string) answer { return k.passkey("two", signedBy(handle)) },
			[]string{"challenge of a first passkey", "challenge of any passkey"}},
		"mfa-webauthn, mfa_token": {func(k *kit, h map[string]string, handle string) answer {
			return k.mfaPasskey("two", handle, signedBy(h["challenge of a further passkey"]))
		}, []string{"mfa_token of another person"}},
		"mfa-webauthn, challenge": {func(k *kit, h map[string]string, handle string) answer {
			return k.mfaPasskey("two", h["mfa_token of another person"], signedBy(handle))
		}, []string{"challenge of a further passkey"}},
		"refresh": {func(k *kit, _ map[string]string, handle string) answer {
			return k.post(tokenPath, "client_id", "one", "grant_type", oauth.GrantRefreshToken, "refresh_token", handle)
		}, []string{"refresh token"}},
		"code": {func(k *kit, _ map[string]string, handle string) answer { return k.redeemCode("one", handle) }, []string{"code"}},
		"interaction code": {func(k *kit, _ map[string]string, handle string) answer {
			return k.post(tokenPath, "client_id", "one", "grant_type", oauth.GrantInteractionCode, "interaction_code", handle, "code_verifier", codeVerifier)
		}, []string{"code"}},
		"challenge": {func(k *kit, _ map[string]string, handle string) answer {
			return k.challenge("two", handle, directauth.GrantMFAOTP, "")
		}, []string{"mfa_token", "mfa_token of another sign-in", "auth_session after a factor"}},
		"primary-authenticate": {func(k *kit, _ map[string]string, handle string) answer {
			return k.startPasskey("two", "", "mfa_token", handle)
		},
			[]string{"mfa_token of another person"}},
		"auth_session with otp": {func(k *kit, _ map[string]string, handle string) answer { return k.goOn(handle, "otp", k.code()) },
			[]string{"auth_session after a factor", "auth_session of a recovery"}}, // that is one factor, and not the password
		"auth_session with password": {func(k *kit, _ map[string]string, handle string) answer {
			return k.goOn(handle, "password", password)
		}, nil},
		"auth_session of a passkey": {func(k *kit, h map[string]string, handle string) answer {
			return k.goOn(handle, signedBy(h["challenge of any passkey"])...)
		}, nil},
		"userinfo": {func(k *kit, _ map[string]string, handle string) answer { return k.userinfo(handle) }, []string{"access token"}},
	}
	for place, p := range places {
		t.Run(place, func(t *testing.T) {
			var k *kit
			var h map[string]string
			for i, name := range names {
				if i%4 == 0 || slices.Contains(p.good, name) { // nothing is used, and nothing locked
					k = newCrossKit(t)
					h = k.handlesOf()
				}
				a := p.send(k, h, h[name])
				require.Less(t, a.status, 500, "%s: %s", name, a.raw)
				require.Equal(t, slices.Contains(p.good, name), a.status == http.StatusOK, "%s: %d %s", name, a.status, a.raw)
			}
		})
	}
}

func (k *kit) userinfo(token string) answer {
	r := httptest.NewRequest(http.MethodGet, "/oauth2/v1/userinfo", nil)
	r.Header.Set("Authorization", "Bearer "+token)
	w := httptest.NewRecorder()
	k.mux.ServeHTTP(w, r)
	return answer{status: w.Code, header: w.Header(), raw: w.Body.String()}
}

// Whatever a parameter holds, nothing panics, nothing is a failure of ours, and no
// token comes of it; one that is sent twice is refused.
func TestHostileParameters(t *testing.T) {
	values := map[string]string{
		"blanks": "   ", "tab": "\t", "NUL": "a\x00b", "newline": "a\r\nSet-Cookie: x=1", "delete": "\x7f", "not UTF-8": "\xff\xfe", "half a surrogate": "\xed\xa0\x80",
		"64 KiB less": strings.Repeat("A", 60_000), "words": strings.Repeat("x ", 20_000), "base64": strings.Repeat("AAAA", 12_000),
		"wide digits": "１２３４５６", "sign": "+123456", "five digits": "12345", "seven digits": "1234567", "digits and blank": "123456 ",
		"quotes": `","access_token":"x`, "array": `["a","b"]`, "object": `{"a":{"b":[1]}}`, "deep": strings.Repeat("[", 30_000), "percent": "%25%00",
		"path": "../../mint_mfa_", "prefix": "mint_mfa_", "long handle": "mint_mfa_" + strings.Repeat("A", 8000), "combining": "mia\u0301", "Kelvin": "K", "right to left": "\u202emia",
		"lookalike": "mіa", "zero width": "mia\u200b", "case": "MIA@EXAMPLE.TEST",
	}
	fields := func(list ...string) []string { return list }
	requests := map[string]struct {
		path  string
		pairs []string
	}{
		"password":    {tokenPath, fields("client_id", "two", "grant_type", directauth.GrantPassword, "username", "mia", "password", "wrong", "scope", "openid")},
		"otp":         {tokenPath, fields("client_id", "two", "grant_type", directauth.GrantOTP, "login_hint", "mia", "otp", "000000", "scope", "openid")},
		"oob":         {tokenPath, fields("client_id", "two", "grant_type", directauth.GrantOOB, "oob_code", "x", "binding_code", "000000", "scope", "openid")},
		"mfa-otp":     {tokenPath, fields("client_id", "two", "grant_type", directauth.GrantMFAOTP, "mfa_token", "x", "otp", "000000")},
		"mfa-oob":     {tokenPath, fields("client_id", "two", "grant_type", directauth.GrantMFAOOB, "mfa_token", "x", "oob_code", "x", "binding_code", "000000")},
		"mfa-code":    {tokenPath, fields("client_id", "two", "grant_type", directauth.GrantMFARecoveryCode, "mfa_token", "x", "recovery_code", "AAAAA-AAAAA")},
		"webauthn":    {tokenPath, append(fields("client_id", "two", "grant_type", directauth.GrantWebAuthn, "scope", "openid"), signedBy("x")...)},
		"mfa-passkey": {tokenPath, append(fields("client_id", "two", "grant_type", directauth.GrantMFAWebAuthn, "mfa_token", "x"), signedBy("x")...)},
		"primary":     {primaryPath, fields("client_id", "two", "challenge_hint", directauth.GrantOOB, "login_hint", "mia", "channel_hint", "email")},
		"passkey":     {primaryPath, fields("client_id", "two", "challenge_hint", directauth.GrantWebAuthn, "login_hint", "mia")},
		"challenge":   {challengePath, fields("client_id", "two", "mfa_token", "x", "challenge_types_supported", directauth.GrantMFAOOB, "channel_hint", "sms")},
		"first party": {firstPartyPath, fields("client_id", "two", "scope", "openid", "code_challenge", codeChallenge, "code_challenge_method", "S256", "username", "mia", "password", "wrong")},
		"session":     {firstPartyPath, fields("auth_session", "x", "otp", "000000")},
	}
	further := fields("acr_values", "", "intent", "", "prompt", "", "grant_types_supported", "", "resource", "", "nonce", "", "binding_code", "", "device", "", "request", "", "response_type", "")
	for name, q := range requests {
		t.Run(name, func(t *testing.T) {
			k := newCrossKit(t)
			mfa := k.started("two")
			live := func(pairs []string) []string {
				pairs = slices.Clone(pairs)
				for i := 0; i < len(pairs); i += 2 {
					if pairs[i] == "mfa_token" {
						pairs[i+1] = mfa
					}
				}
				return pairs
			}
			all := append(live(q.pairs), further...)
			for i := 0; i < len(all); i += 2 {
				for what, value := range values {
					k.advance(time.Hour) // no lock and no cap is what is looked at here
					if slices.Contains(q.pairs, "mfa_token") {
						mfa = k.started("two")
					}
					pairs := append(live(q.pairs), all[i], value)
					a := k.post(q.path, pairs...)
					require.Less(t, a.status, 500, "%s = %s: %s", all[i], what, a.raw)
					for _, token := range []string{"access_token", "id_token", "refresh_token", "authorization_code"} {
						require.NotContains(t, a.body, token, "%s = %s", all[i], what)
					}
				}
				if all[i+1] != "" && all[i] != "resource" {
					body := url.Values{}
					for j := 0; j < len(all); j += 2 {
						if all[j+1] != "" {
							body.Add(all[j], all[j+1])
						}
					}
					body.Add(all[i], all[i+1])
					a := k.send(q.path, body.Encode())
					require.Equal(t, http.StatusBadRequest, a.status, "%s twice: %s", all[i], a.raw)
					require.Equal(t, "invalid_request", a.text("error"))
				}
			}
		})
	}
}

// send posts a body as it is.
func (k *kit) send(path, body string) answer {
	k.t.Helper()
	r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	w := httptest.NewRecorder()
	k.mux.ServeHTTP(w, r)
	a := answer{status: w.Code, header: w.Header(), raw: w.Body.String()}
	require.NoError(k.t, json.Unmarshal([]byte(a.raw), &a.body), a.raw)
	return a
}

// counted counts the calls of a store.
type counted struct {
	store.Store
	mu    sync.Mutex
	calls map[string]int
}

func (c *counted) add(call string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.calls == nil {
		c.calls = map[string]int{}
	}
	c.calls[call]++
}

func (c *counted) take() map[string]int {
	c.mu.Lock()
	defer c.mu.Unlock()
	calls := c.calls
	c.calls = nil
	return calls
}

func (c *counted) Get(ctx context.Context, buf []byte, recs []store.Record) ([]byte, error) {
	c.add("get")
	return c.Store.Get(ctx, buf, recs)
}

func (c *counted) Put(ctx context.Context, rec store.Record, old uint64) error {
	c.add(fmt.Sprint("put, tags ", len(rec.Tags), ", anew ", old == 0))
	return c.Store.Put(ctx, rec, old)
}

func (c *counted) Delete(ctx context.Context, key store.Key, version uint64) error {
	c.add("delete")
	return c.Store.Delete(ctx, key, version)
}

func (c *counted) List(ctx context.Context, tag store.Key) iter.Seq2[store.Key, error] {
	c.add("list")
	return c.Store.List(ctx, tag)
}

var (
	handleText = regexp.MustCompile(`mint_[a-z]+_[A-Za-z0-9_-]+|"challenge":"[A-Za-z0-9_-]+"`)
	numberText = regexp.MustCompile(`"binding_code":"\d\d"`)
)

// Whole stories, told of somebody who has the factor, of somebody who has not, of
// somebody who is suspended, and of nobody: answers, headers and the work that is
// done are the same at every step, also when locks and caps are reached and lapse.
func TestNobodyGivesThemselvesAway(t *testing.T) {
	oobStart := func(channel string) func(k *kit, who string, last answer) answer {
		return func(k *kit, who string, _ answer) answer { return k.start("one", who, channel) }
	}
	oobAnswer := func(k *kit, _ string, last answer) answer { return k.oob("one", last.text("oob_code"), "000000") }
	type step = func(k *kit, who string, last answer) answer
	later := func(d time.Duration, s step) step {
		return func(k *kit, who string, last answer) answer { k.advance(d); return s(k, who, last) }
	}
	times := func(n int, s ...step) (all []step) {
		for range n {
			all = append(all, s...)
		}
		return all
	}
	session := func(pairs ...string) step {
		return func(k *kit, who string, last answer) answer {
			return k.goOn(last.text("auth_session"), pairs...)
		}
	}
	begin := func(pairs ...string) step {
		return func(k *kit, who string, _ answer) answer {
			return k.begin("one", append([]string{"username", who}, pairs...)...)
		}
	}
	badPassword := func(k *kit, who string, _ answer) answer { return k.password("one", who, "wrong") }
	badCode := func(k *kit, who string, _ answer) answer { return k.otp("one", who, "000000") }
	stories := map[string][]step{
		"passwords":          slices.Concat(times(14, badPassword), times(14, later(15*time.Minute, badPassword)), times(3, later(25*time.Hour, badPassword))),
		"codes":              slices.Concat(times(12, badCode), times(12, later(time.Hour, badCode)), times(3, later(25*time.Hour, badCode))),
		"text messages":      slices.Concat(times(7, oobStart("sms")), times(3, later(time.Hour, oobStart("sms")))),
		"wrong answers":      slices.Concat([]step{oobStart("sms")}, []step{oobAnswer}),
		"pushes":             slices.Concat(times(5, oobStart("push")), times(3, later(10*time.Minute, oobStart("push")))),
		"polls":              {oobStart("push"), oobAnswer},
		"too late":           {oobStart("sms"), later(5*time.Minute, oobAnswer)},
		"push too late":      {oobStart("push"), later(5*time.Minute, oobAnswer)},
		"e-mail":             slices.Concat(times(6, oobStart("email")), []step{later(24*time.Hour, oobStart("email"))}),
		"recovery":           {func(k *kit, who string, _ answer) answer { return k.start("one", who, "sms", "intent", "recovery") }, oobAnswer},
		"a session":          {begin(), session("password", "wrong")},
		"a session of codes": {begin("otp", "000000")},
		"a session by text":  {begin("channel_hint", "sms"), session("binding_code", "000000")},
		"a session by push":  {begin("channel_hint", "push"), session()},
		"another name":       {begin(), session("username", "somebody else")},
		"another's alias":    {begin(), session("username", "mia@example.test")},
	}
	for name, story := range stories {
		t.Run(name, func(t *testing.T) {
			var want []string
			for _, who := range []string{"mia", "tom", "amy", "nobody", strings.Repeat("n", 300)} {
				c := &counted{Store: store.NewMemory()}
				k := newFirstPartyKit(t, func(config *oauth.Config) { config.Store = c })
				k.start("one", "mia", "voice") // and whatever is made once
				k.start("one", "zoe", "sms")
				k.start("one", "zoe", "email")
				k.advance(time.Hour)
				var got []string
				var last answer
				for _, s := range story {
					c.take()
					a := s(k, who, last)
					calls := c.take()
					text := handleText.ReplaceAllStringFunc(a.raw, func(h string) string { return fmt.Sprint(h[:5], len(h)) })
					header := maps.Clone(a.header)
					got = append(got, fmt.Sprint(a.status, " ", numberText.ReplaceAllString(text, "number"), " ", header, " ", calls))
					last = a
				}
				if want == nil {
					want = got
				}
				for i := range want {
					require.Equal(t, want[i], got[i], "%s, step %d", who, i)
				}
			}
		})
	}
}

// crossedWays are those of the matrix, and sign-ins that end in a code.
func crossedWays() map[string]way {
	all := maps.Clone(ways)
	delete(all, "client_credentials")
	all["session"] = way{"two",
		func(k *kit) string {
			return k.begin("two", "username", "mia", "password", password).text("auth_session")
		},
		func(k *kit, s string) answer { return k.redeemed("two", k.goOn(s, "otp", k.code())) }}
	all["session with a push"] = way{"one",
		func(k *kit) string {
			a := k.begin("one", "username", "mia", "channel_hint", "push")
			k.approve(a.body["challenge"].(map[string]any)["binding_code"].(string))
			return a.text("auth_session")
		},
		func(k *kit, s string) answer { return k.redeemed("one", k.goOn(s)) }}
	all["code"] = way{"one",
		func(k *kit) string {
			return k.begin("one", "username", "mia", "password", password).text("authorization_code")
		},
		func(k *kit, code string) answer { return k.redeemCode("one", code) }}
	return all
}

// redeemed redeems the code of an answer, if there is one.
func (k *kit) redeemed(client string, a answer) answer {
	if code := a.text("authorization_code"); code != "" {
		return k.redeemCode(client, code)
	}
	return a
}

// What was begun before is nothing after: whatever the way, once the person's grants
// were ended, the step was made, its time is over, or what was to prove it is gone.
func TestBegunBefore(t *testing.T) {
	again := map[string]bool{"password": true, "otp": true, "refresh_token": true} // not begun, or meant to be used again
	for name, w := range crossedWays() {
		t.Run(name, func(t *testing.T) {
			kit := func() (*kit, string) {
				k := newMatrixKit(t)
				k.withCodes()
				artefact := w.begin(k)
				return k, artefact
			}
			refused := func(what string, a answer) {
				require.GreaterOrEqual(t, a.status, 400, "%s: %s", what, a.raw)
				require.Less(t, a.status, 500, "%s: %s", what, a.raw)
			}
			k, artefact := kit()
			require.Equal(t, http.StatusOK, w.finish(k, artefact).status)
			if !again[name] {
				refused("twice", w.finish(k, artefact))
			}
			if artefact == "" {
				return
			}
			k, artefact = kit()
			require.NoError(t, k.provider.Server().EndSubject(t.Context(), "mia"))
			require.NoError(t, k.provider.Server().EndSubject(t.Context(), "zoe"))
			if name != "webauthn without a name" { // of which nobody knew whose it would be
				refused("ended", w.finish(k, artefact))
			}
			if name == "refresh_token" {
				return
			}
			k, artefact = kit()
			k.advance(10 * time.Minute)
			refused("ten minutes", w.finish(k, artefact))

			k, artefact = kit()
			require.NoError(t, k.totp.Remove(t.Context(), "mia", "f1"))
			require.NoError(t, k.sms.Remove(t.Context(), "mia", "f2"))
			require.NoError(t, k.push.Remove(t.Context(), "mia", "f5"))
			require.NoError(t, k.recovery.Remove(t.Context(), "mia", "codes"))
			k.host.hashes["mia"] = ""
			k.passkeys.owner = ""
			if name != "code" { // with which nothing is proved any more
				refused("taken away", w.finish(k, artefact))
			}

			k, artefact = kit()
			require.NoError(t, k.sms.Import(t.Context(), "mia", "f2", "+15550199"))
			if strings.Contains(name, "oob") && !strings.Contains(name, "push") {
				refused("another number", w.finish(k, artefact))
			}
		})
	}
}

// A sign-in ends ten minutes after it began, however often something is asked for.
func TestTenMinutes(t *testing.T) {
	for name, c := range map[string]struct {
		begin, again func(k *kit, handle string) string
		finish       func(k *kit, handle string) answer
	}{
		"challenges": {
			func(k *kit, _ string) string { return k.started("two") },
			func(k *kit, mfa string) string {
				if a := k.challenge("two", mfa, directauth.GrantMFAOOB, "email"); a.status == http.StatusOK {
					require.LessOrEqual(k.t, a.body["expires_in"], float64(300))
				}
				return mfa
			},
			func(k *kit, mfa string) answer { return k.mfa("two", mfa, k.code()) }},
		"factors": {
			func(k *kit, _ string) string { return k.password("hard", "zoe", password).text("mfa_token") },
			func(k *kit, mfa string) string {
				a := k.post(tokenPath, "client_id", "hard", "grant_type", directauth.GrantPassword, "mfa_token", mfa, "password", password)
				if next := a.text("mfa_token"); next != "" {
					return next
				}
				return mfa
			},
			func(k *kit, mfa string) answer {
				a := k.challenge("hard", mfa, directauth.GrantMFAWebAuthn, "")
				if a.status != http.StatusOK {
					return a
				}
				return k.mfaPasskey("hard", mfa, assertion(a))
			}},
		"sessions": {
			func(k *kit, _ string) string { return k.begin("one", "username", "mia").text("auth_session") },
			func(k *kit, s string) string {
				if next := k.goOn(s, "channel_hint", "email").text("auth_session"); next != "" {
					return next
				}
				return s
			},
			func(k *kit, s string) answer { return k.goOn(s, "password", password) }},
	} {
		t.Run(name, func(t *testing.T) {
			k := newFirstPartyKit(t)
			handle := c.begin(k, "")
			require.NotEmpty(t, handle)
			for range 4 {
				k.advance(2*time.Minute + 25*time.Second)
				handle = c.again(k, handle)
			}
			k.advance(20 * time.Second)
			a := c.finish(k, handle)
			require.GreaterOrEqual(t, a.status, 400, a.raw)
			require.Less(t, a.status, 500, a.raw)
		})
	}
}

// A name stands for who had it when the sign-in began.
func TestNameGivenAway(t *testing.T) {
	owner := "mia"
	k := newKitWith(t, func(_ *kit, c *directauth.Config) {
		c.Users = directauth.UsersFunc(func(_ context.Context, hint string) (string, error) {
			if hint == "info" {
				return owner, nil
			}
			return "", nil
		})
	})
	k.withCodes()
	oob := k.start("one", "info", "sms").text("oob_code")
	session := k.begin("one", "username", "info").text("auth_session")
	owner = "tom"
	require.Equal(t, "mia", k.claims(k.oob("one", oob, k.sent().Code), "one").Subject)
	subject, _ := k.signedIn("one", k.goOn(session, "username", "info", "otp", k.code()))
	require.Equal(t, "mia", subject)
	k.start("one", "info", "sms")
	k.goOn(session, "username", "info", "password", password).requireError(t, http.StatusBadRequest, "invalid_session")
}

// Whatever is sent at once about one sign-in, it ends once, and no answer is a
// failure of ours. With the race detector this is about memory too.
func TestEverythingAtOnce(t *testing.T) {
	for range 5 {
		k := newCrossKit(t)
		k.clients["two"].GrantTypes = append(slices.Clone(k.clients["two"].GrantTypes), oauth.GrantAuthorizationCode)
		mfa := k.started("two")
		oob := k.challenge("two", mfa, directauth.GrantMFAOOB, "sms").text("oob_code")
		text, code := k.sent().Code, k.code()
		answers := race(48, func(i int) answer {
			switch i % 8 {
			case 0:
				return k.mfa("two", mfa, code)
			case 1:
				return k.mfaOOB("two", mfa, oob, text)
			case 2:
				return k.recover("two", mfa, recoveryCodes[i/8%2])
			case 3:
				return k.mfaOOB("two", mfa, "", code)
			case 4:
				if i == 4 {
					k.challenge("two", mfa, directauth.GrantMFAOOB, "email")
				}
				return k.mfa("two", mfa, "000000")
			case 5:
				a := k.challenge("two", mfa, directauth.GrantMFAOTP, "")
				a.status = min(a.status, 400+a.status%100) // that is no success
				if a.text("challenge_type") != "" {
					a.status = 400
				}
				return a
			case 6:
				return k.post(tokenPath, "client_id", "two", "grant_type", directauth.GrantPassword, "mfa_token", mfa, "password", "wrong")
			}
			return k.goOn(mfa, "otp", code)
		})
		require.LessOrEqual(t, successes(t, answers), 1)
	}
}

// Nothing that proves something, and no handle, is in what the operator is told.
func TestEventsTellNoSecret(t *testing.T) {
	k := newCrossKit(t)
	h := k.handlesOf()
	k.oob("one", k.start("one", "mia", "sms").text("oob_code"), "999999")
	k.mfa("two", h["mfa_token"], "123123")
	k.recover("two", h["mfa_token"], "SECRE-TCODE")
	k.passkey("two", append(signedBy(h["challenge of any passkey"]), "signature", "c2VjcmV0LXNpZ25hdHVyZQ"))
	k.password("one", "mia", "a wrong secret")
	k.password("one", "nobody", "a wrong secret")
	k.mfa("two", h["mfa_token of another client"], k.code())
	k.mfa("two", h["mfa_token"]+"x", k.code())
	k.redeemCode("two", h["code"])
	k.undeliverable = fmt.Errorf("no route")
	k.start("one", "mia", "email")
	k.undeliverable = nil
	secrets := []string{password, "a wrong secret", "999999", "123123", "SECRE", "TCODE", k.code(), secret, "c2VjcmV0", "secret-signature", "5550100", "mint_", codeVerifier, recoveryCode}
	for _, m := range k.outbox {
		if m.Code != "" {
			secrets = append(secrets, m.Code)
		}
	}
	for _, handle := range h {
		secrets = append(secrets, handle)
	}
	require.Greater(t, len(k.events), 20)
	for _, e := range k.events {
		text := fmt.Sprintf("%+v", e)
		for err := e.Err; err != nil; err = errors.Unwrap(err) {
			text += fmt.Sprintf(" %v %+v", err, err)
		}
		for _, s := range secrets {
			require.NotContains(t, text, s)
		}
	}
}

// A sign-in and a recovery do not become each other.
func TestRecoveryStaysOne(t *testing.T) {
	k := newFirstPartyKit(t)
	recovery := []string{"intent", "recovery", "scope", recoveryScope}
	two, _ := policies(t)
	k.clients["one"].Recovery, k.clients["two"].Recovery = two, two // which nobody reaches without a password
	for name, a := range map[string]answer{
		"two factors":            k.otp("one", "mia", k.code(), recovery...),
		"begun as one":           k.oob("one", k.start("one", "mia", "sms", "intent", "recovery").text("oob_code"), k.sent().Code),
		"begun as one, and more": k.oob("one", k.start("one", "mia", "sms", "intent", "recovery").text("oob_code"), k.sent().Code, "scope", "openid "+recoveryScope),
	} {
		require.GreaterOrEqual(t, a.status, 400, "%s: %s", name, a.raw)
		require.NotContains(t, a.body, "access_token", name)
		require.NotContains(t, a.body, "mfa_token", name)
	}
	k.clients["one"].Recovery, k.clients["two"].Recovery = nil, nil
	k.advance(time.Hour)
	tokens := k.otp("one", "mia", k.code(), recovery...)
	require.Equal(t, recoveryScope, tokens.text("scope"), tokens.raw)
	require.NotContains(t, tokens.body, "refresh_token")
	require.GreaterOrEqual(t, k.userinfo(tokens.text("access_token")).status, 400)

	k.advance(time.Minute)
	code := k.authorizationCode(k.goOn(k.begin("one", append(recovery, "username", "mia")...).text("auth_session"), "otp", k.code()))
	tokens = k.redeemCode("one", code, "scope", "openid offline_access")
	require.Equal(t, recoveryScope, tokens.text("scope"), tokens.raw)
	require.NotContains(t, tokens.body, "refresh_token")
	require.NotContains(t, tokens.body, "id_token")
	require.LessOrEqual(t, tokens.body["expires_in"], float64(600))

	k.advance(time.Minute)
	mfa := k.started("two")
	for _, signal := range [][]string{recovery, {"prompt", "recover_authenticator"}, {"scope", recoveryScope}} {
		require.GreaterOrEqual(t, k.mfa("two", mfa, k.code(), signal...).status, 400)
		require.GreaterOrEqual(t, k.challenge("two", mfa, directauth.GrantMFAOOB, "sms", signal...).status, 400)
	}
	session := k.begin("two", "username", "mia").text("auth_session")
	for _, signal := range [][]string{recovery, {"prompt", "recover_authenticator"}, {"scope", recoveryScope}} {
		require.GreaterOrEqual(t, k.goOn(session, append(signal, "otp", k.code())...).status, 400)
	}
}

// A scope of a recovery is refused before anything is proved, wherever it stands in
// the list, and one that is taken from the client between two steps is not granted.
func TestScopeTakenAwayBetween(t *testing.T) {
	k := newFirstPartyKit(t)
	for _, scope := range []string{"orders:read " + recoveryScope, recoveryScope + " orders:read"} {
		k.password("one", "mia", password, "scope", scope).requireError(t, http.StatusBadRequest, "invalid_scope")
	}
	mfa := k.password("two", "mia", password, "scope", "orders:read openid").text("mfa_token")
	changed := *k.clients["two"]
	changed.Scopes = []string{"openid"}
	k.clients["two"] = &changed
	require.Equal(t, "openid", k.mfa("two", mfa, k.code()).text("scope"))
}

// withAssociation is a kit in which authenticators can be added, in the dialect of Auth0.
func withAssociation(t *testing.T, terms map[string]policy.Terms) *kit {
	e, err := policy.NewEnrolment(terms)
	require.NoError(t, err)
	k := newKitWith(t, func(k *kit, c *directauth.Config) {
		c.Enrolment = e
		c.Auth0 = &directauth.Auth0Config{
			Authenticators: []authenticator.Manager{k.totp, k.sms, k.email, k.push, k.recovery},
			Account:        func(context.Context, string) (directauth.Account, error) { return directauth.Account{}, nil },
		}
	})
	k.withCodes()
	return k
}

// At the challenge endpoint nothing can be added: what the person lacks is not among
// what would do, and no answer is one of the other dialect.
func TestSessionsAssociateNothing(t *testing.T) {
	k := withAssociation(t, nil)
	k.begin("two", "username", "tom", "password", password).requireError(t, http.StatusForbidden, "access_denied")
	k.requireMore(k.begin("two", "username", "mia", "password", password), "otp", "sms", "email", "push", "recovery_code")

	k = withAssociation(t, map[string]policy.Terms{"totp": {Enrolment: policy.Required}})
	a := k.begin("one", "username", "tom", "password", password)
	a.requireError(t, http.StatusForbidden, "access_denied")
	require.Equal(t, "totp", a.text("required_authenticators"))
	require.NotContains(t, a.body, "mfa_token")
	k.password("one", "tom", password).requireError(t, http.StatusForbidden, directauth.CodeMFARequired)
}
