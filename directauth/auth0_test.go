package directauth_test

import (
	"context"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/mintyard/mintyard/authenticator"
	"github.com/mintyard/mintyard/directauth"
	"github.com/mintyard/mintyard/oauth"
	"github.com/mintyard/mintyard/policy"
)

func TestAuth0Requirements(t *testing.T) {
	k := newA0(t)
	a := k.password("app", "mia")
	a.refused(t, http.StatusForbidden, "mfa_required")
	require.NotEmpty(t, a.text("mfa_token"))
	require.Equal(t, a0Map{"challenge": []any{a0Map{"type": "phone"}, a0Map{"type": "email"}, a0Map{"type": "otp"}, a0Map{"type": "recovery-code"}}},
		a.body["mfa_requirements"])
	require.NotEmpty(t, a.text("supported_challenge_types"), "the other dialect's member is there as well")

	// Who has no second factor is asked to associate one.
	a = k.password("app", "tom")
	a.refused(t, http.StatusForbidden, "mfa_required")
	require.Equal(t, a0Map{"challenge": []any{}, "enroll": []any{a0Map{"type": "otp"}, a0Map{"type": "phone"}, a0Map{"type": "email"}, a0Map{"type": "push-notification"}}},
		a.body["mfa_requirements"])
	require.Empty(t, a.text("supported_challenge_types"), "nothing that could be answered now")

	// An app that lists its grants speaks the other dialect, in which that is no answer.
	k.password("app", "tom", "grant_types_supported", "password "+directauth.GrantMFAOTP+" "+directauth.GrantMFAOOB).
		refused(t, http.StatusForbidden, "access_denied")

	// Only what policy asks for.
	a = k.password("push", "tom")
	require.Equal(t, a0Map{"challenge": []any{}, "enroll": []any{a0Map{"type": "push-notification"}}}, a.body["mfa_requirements"])
	k.password("push", "mia").refused(t, http.StatusForbidden, "access_denied")
	k.password("one", "tom").ok(t)

	// A passkey is no part of the API, and counts as something that the person has.
	a = k.password("app", "zoe")
	require.Equal(t, a0Map{"challenge": []any{}}, a.body["mfa_requirements"])
	k.associateOTP(a.text("mfa_token")).refused(t, http.StatusForbidden, "access_denied")
}

func TestAuth0Off(t *testing.T) {
	k := newA0(t, func(k *a0Kit) { k.config.Auth0 = nil })
	a := k.form("/oauth2/v1/token", "grant_type", "password", "client_id", "app", "username", "mia", "password", a0Password, "scope", "openid")
	a.refused(t, http.StatusForbidden, "mfa_required")
	require.NotContains(t, a.body, "mfa_requirements")
	k.form("/oauth2/v1/token", "grant_type", "password", "client_id", "app", "username", "tom", "password", a0Password, "scope", "openid").
		refused(t, http.StatusForbidden, "access_denied")
	for _, path := range []string{a0List, a0Associate, a0Challenge, "/passkey/challenge", "/passkey/register", a0Token} {
		require.Equal(t, http.StatusNotFound, k.do(http.MethodPost, path, "", "application/json", "{}").status, path)
	}
	k.json("/oauth2/v1/token", "", a0Map{"grant_type": directauth.GrantWebAuthn, "client_id": "one"}).
		refused(t, http.StatusUnsupportedMediaType, "invalid_request")
}

func TestAuth0Prefix(t *testing.T) {
	k := newA0(t, func(k *a0Kit) { k.config.Auth0.Prefix = "/auth0" })
	require.Equal(t, http.StatusNotFound, k.do(http.MethodGet, a0List, "", "", "").status)
	require.Equal(t, http.StatusUnauthorized, k.do(http.MethodGet, "/auth0"+a0List, "", "", "").status)
}

func TestAuth0Config(t *testing.T) {
	k := newA0(t)
	for field, edit := range map[string]func(*directauth.Auth0Config){
		"Prefix":            func(c *directauth.Auth0Config) { c.Prefix = "auth0" },
		"Authenticators":    func(c *directauth.Auth0Config) { c.Authenticators = nil },
		"Authenticators[1]": func(c *directauth.Auth0Config) { c.Authenticators = []authenticator.Manager{k.totp, nil} },
		"Authenticators[2]": func(c *directauth.Auth0Config) {
			c.Authenticators = []authenticator.Manager{k.totp, k.sms, k.totp}
		},
		`Authenticators: lacks type "email"`: func(c *directauth.Auth0Config) {
			c.Authenticators = []authenticator.Manager{k.totp, k.sms, k.push, k.recovery}
		},
		"Account": func(c *directauth.Auth0Config) { c.Account = nil },
	} {
		auth0 := *k.config.Auth0
		edit(&auth0)
		c := k.config
		c.Auth0 = &auth0
		_, err := directauth.New(c)
		require.ErrorContains(t, err, "directauth: Config.Auth0."+field)
	}
}

func TestAuth0List(t *testing.T) {
	k := newA0(t)
	mfa := k.begun("web", "mia")
	a := k.do(http.MethodGet, a0List, mfa, "application/json", "").ok(t)
	var ids []string
	for _, e := range a.list {
		ids = append(ids, e["id"].(string))
		require.Equal(t, true, e["active"])
	}
	require.Equal(t, []string{"totp|f1", "sms|f2", "email|f4", "recovery_codes|codes"}, ids)
	require.Equal(t, "otp", a.list[0]["authenticator_type"])
	require.Equal(t, "oob", a.list[1]["authenticator_type"])
	require.Equal(t, []any{"sms"}, a.list[1]["oob_channels"])
	require.Equal(t, "sms", a.list[1]["oob_channel"])
	require.NotContains(t, a.raw, "15550100", "masked")
	require.Equal(t, "recovery-code", a.list[3]["authenticator_type"])
	require.Equal(t, "no-store", a.header.Get("Cache-Control"))

	tom := k.do(http.MethodGet, a0List, k.begun("app", "tom"), "", "").ok(t)
	require.Equal(t, "[]", tom.raw)
	k.otp("web", mfa, k.code(a0Secret)).ok(t) // looking has spent nothing
}

// Every way in which a bearer is not good, at every endpoint that takes one.
func TestAuth0Bearer(t *testing.T) {
	k := newA0(t)
	expired := k.begun("app", "mia")
	k.advance(6 * time.Minute)
	finished := k.begun("app", "mia")
	full := k.otp("app", finished, k.code(a0Secret)).ok(t)
	suspended := k.begun("app", "ann")
	k.people.set("ann", false)
	ended := k.begun("app", "tom")
	require.NoError(t, k.provider.Server().EndSubject(t.Context(), "tom"))
	third := k.begun("app", "mia")
	good := k.begun("web", "mia")
	for _, c := range []struct {
		name, bearer string
		status       int
		code         string
		before       func()
	}{
		{"none", "", 401, "invalid_token", nil},
		{"garbage", "x", 401, "invalid_grant", nil},
		{"forged", good[:len(good)-4] + "AAAA", 401, "invalid_grant", nil},
		{"expired", expired, 403, "expired_token", nil},
		{"finished", finished, 403, "expired_token", nil},
		{"ended", ended, 403, "expired_token", nil},
		{"person suspended", suspended, 400, "invalid_grant", nil},
		{"refresh token", full.text("refresh_token"), 401, "invalid_grant", nil},
		{"client is somebody else's now", third, 400, "unauthorized_client", func() {
			k.clients["app"] = &oauth.Client{ID: "app", AuthMethod: oauth.AuthNone, ThirdParty: true,
				GrantTypes: k.clients["app"].GrantTypes}
		}},
		{"client is disabled", third, 401, "invalid_grant", func() { k.clients["app"] = &oauth.Client{ID: "app", AuthMethod: oauth.AuthNone, Disabled: true} }},
		{"client is gone", third, 401, "invalid_grant", func() { delete(k.clients, "app") }},
	} {
		if c.before != nil {
			c.before()
		}
		for _, call := range []struct{ method, path, body string }{
			{http.MethodGet, a0List, ""},
			{http.MethodPost, a0Associate, `{"authenticator_types":["otp"]}`},
			{http.MethodDelete, a0List + "/totp%7Cf1", ""},
		} {
			t.Run(c.name+" "+call.method, func(t *testing.T) {
				a := k.do(call.method, call.path, c.bearer, "application/json", call.body)
				if (c.name == "refresh token" || c.name == "garbage") && call.method != http.MethodPost {
					a.refused(t, 401, "invalid_token") // these take access tokens too
					return
				}
				a.refused(t, c.status, c.code)
				if c.status == 401 {
					require.Equal(t, "Bearer", a.header.Get("WWW-Authenticate"))
				}
			})
		}
	}
	require.Len(t, k.active("mia"), 4)
}

func TestAuth0BearerIsInTheHeader(t *testing.T) {
	k := newA0(t)
	mfa := k.begun("app", "tom")
	k.do(http.MethodGet, a0List+"?access_token="+url.QueryEscape(mfa), "", "", "").refused(t, 401, "invalid_token")
	k.associate("", a0Map{"authenticator_types": []string{"otp"}, "mfa_token": mfa}).refused(t, 401, "invalid_token")
	k.associate(mfa, a0Map{"authenticator_types": []string{"otp"}, "mfa_token": mfa}).refused(t, 400, "invalid_request")
	for method, path := range map[string]string{http.MethodPost: a0List, http.MethodGet: a0Associate, http.MethodPut: a0List + "/x"} {
		a := k.do(method, path, mfa, "application/json", "{}")
		a.refused(t, http.StatusMethodNotAllowed, "invalid_request")
		require.NotEmpty(t, a.header.Get("Allow"))
		require.NotEqual(t, method, a.header.Get("Allow"))
	}
	k.do(http.MethodPost, a0Associate, mfa, "application/x-www-form-urlencoded", "authenticator_types=otp").refused(t, 415, "invalid_request")
	for _, body := range []string{`{`, `{"authenticator_types":["otp"],"authenticator_types":["oob"]}`, `{"authenticator_types":{"a":"b"}}`, `{"authenticator_types":[["otp"]]}`} {
		k.do(http.MethodPost, a0Associate, mfa, "application/json", body).refused(t, 400, "invalid_request")
	}
	require.Empty(t, k.active("tom"))
}

// A sign-in of the other dialect, in which nothing was proved, has a handle of the
// same kind: it opens nothing.
func TestAuth0NothingProved(t *testing.T) {
	k := newA0(t)
	k.clients["app"].GrantTypes = append(k.clients["app"].GrantTypes, oauth.GrantAuthorizationCode)
	a := k.form("/oauth2/v1/authorize-challenge", "client_id", "app", "scope", "openid", "username", "tom",
		"code_challenge", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM", "code_challenge_method", "S256")
	session := a.text("auth_session")
	require.NotEmpty(t, session, a.raw)
	k.do(http.MethodGet, a0List, session, "", "").refused(t, 403, "expired_token")
	k.associateOTP(session).refused(t, 403, "expired_token")
	k.do(http.MethodDelete, a0List+"/totp%7Cf1", session, "", "").refused(t, 403, "expired_token")
	k.challenge("app", session, "otp", "").refused(t, 403, "expired_token")
}

func TestAuth0AccessToken(t *testing.T) {
	k := newA0(t)
	tokens := func(client, user, scope string) string {
		return k.password(client, user, "scope", scope).ok(t).text("access_token")
	}
	read := tokens("one", "mia", "openid "+directauth.ScopeReadAuthenticators)
	require.Len(t, k.do(http.MethodGet, a0List, read, "", "").ok(t).list, 4)
	k.do(http.MethodGet, a0List, tokens("one", "mia", "openid"), "", "").refused(t, 403, "insufficient_scope")
	k.do(http.MethodDelete, a0List+"/totp%7Cf1", read, "", "").refused(t, 403, "insufficient_scope")
	k.associateOTP(read).refused(t, 401, "invalid_grant")

	// One factor is not enough to remove anything; two are, for a while.
	one := tokens("one", "mia", "openid "+directauth.ScopeRemoveAuthenticators)
	k.do(http.MethodDelete, a0List+"/totp%7Cf1", one, "", "").refused(t, 403, "access_denied")
	k.do(http.MethodDelete, a0List+"/totp%7Cnone", one, "", "").refused(t, 403, "access_denied")
	a := k.password("app", "mia", "scope", "openid offline_access "+directauth.ScopeRemoveAuthenticators)
	two := k.otp("app", a.text("mfa_token"), k.code(a0Secret)).ok(t)
	require.Equal(t, http.StatusNoContent, k.do(http.MethodDelete, a0List+"/sms%7Cf2", two.text("access_token"), "", "").status)
	require.NotContains(t, k.active("mia"), "sms|f2")
	k.do(http.MethodDelete, a0List+"/sms%7Cf2", two.text("access_token"), "", "").refused(t, 404, "invalid_request")
	k.advance(16 * time.Minute)
	late := k.form(a0Token, "grant_type", "refresh_token", "client_id", "app", "refresh_token", two.text("refresh_token")).ok(t)
	k.do(http.MethodDelete, a0List+"/email%7Cf4", late.text("access_token"), "", "").refused(t, 403, "access_denied")
	k.people.set("mia", false)
	k.do(http.MethodGet, a0List, read, "", "").refused(t, 401, "invalid_token")
}

// Nobody reaches what is somebody else's, and nobody is told that it is there.
func TestAuth0OtherPersonsAuthenticator(t *testing.T) {
	k := newA0(t)
	require.NoError(t, k.totp.Import(t.Context(), "tom", "t1", "KRSXG5CTMVRXEZLUKRSXG5CTMVRXEZLU", authenticator.TOTPOptions{}))
	require.NoError(t, k.sms.Import(t.Context(), "tom", "t2", "+15550177"))
	mfa := k.begun("app", "mia")
	theirs, nobodys := k.challenge("app", mfa, "oob", "sms|t2"), k.challenge("app", mfa, "oob", "sms|zz")
	theirs.refused(t, 400, "invalid_request")
	require.Equal(t, nobodys.raw, theirs.raw)
	for _, id := range []string{"sms|f1", "totp|f2", "f2", "|", "sms|", "webauthn|pk", "sms|f2|x", "question|q"} {
		require.Equal(t, nobodys.raw, k.challenge("app", mfa, "oob", id).raw, id)
	}
	require.Empty(t, k.outbox)
	a := k.password("app", "mia", "scope", "openid "+directauth.ScopeRemoveAuthenticators)
	two := k.otp("app", a.text("mfa_token"), k.code(a0Secret)).ok(t).text("access_token")
	theirs, nobodys = k.do(http.MethodDelete, a0List+"/sms%7Ct2", two, "", ""), k.do(http.MethodDelete, a0List+"/sms%7Czz", two, "", "")
	theirs.refused(t, 404, "invalid_request")
	require.Equal(t, nobodys.raw, theirs.raw)
	require.Equal(t, []string{"totp|t1", "sms|t2"}, k.active("tom"))
}

func TestAuth0Challenge(t *testing.T) {
	k := newA0(t)
	mfa := k.begun("web", "mia")
	require.Equal(t, `{"challenge_type":"otp"}`, k.challenge("web", mfa, "otp", "").ok(t).raw)
	require.Equal(t, "otp", k.challenge("web", mfa, "otp oob", "").ok(t).text("challenge_type"))
	require.Equal(t, "otp", k.challenge("web", mfa, "carrier-pigeon OTP", "").ok(t).text("challenge_type"))
	a := k.challenge("web", mfa, "oob", "").ok(t)
	require.Equal(t, "oob", a.text("challenge_type"))
	require.Equal(t, "prompt", a.text("binding_method"))
	require.Equal(t, "sms", k.sent().Channel)
	first := a.text("oob_code")
	a = k.challenge("web", mfa, "oob", "email|f4").ok(t)
	require.Equal(t, "email", k.sent().Channel)
	k.oob("web", mfa, first, k.sent().Code).refused(t, 403, "access_denied")
	k.oob("web", mfa, a.text("oob_code"), "").refused(t, 400, "invalid_request")
	k.oob("web", mfa, a.text("oob_code"), "000000000").refused(t, 400, "invalid_grant")
	require.ElementsMatch(t, []string{"pwd", "email", "mfa"}, k.amr(k.oob("web", mfa, a.text("oob_code"), k.sent().Code)))
	k.oob("web", mfa, a.text("oob_code"), k.sent().Code).refused(t, 403, "access_denied")
	k.challenge("web", mfa, "oob", "").refused(t, 403, "expired_token")

	// As a form, with Basic nowhere in it; begun here and ended in the other dialect.
	mfa = k.begun("web", "mia")
	a = k.form(a0Challenge, "client_id", "web", "client_secret", k.secret, "mfa_token", mfa, "challenge_type", "oob").ok(t)
	require.Contains(t, k.amr(k.form("/oauth2/v1/token", "grant_type", directauth.GrantMFAOOB, "client_id", "web", "client_secret", k.secret,
		"mfa_token", mfa, "oob_code", a.text("oob_code"), "binding_code", k.sent().Code)), "sms")
}

func TestAuth0ChallengeRefusals(t *testing.T) {
	k := newA0(t)
	mfa := k.begun("app", "mia")
	expired := mfa
	k.advance(6 * time.Minute)
	mfa = k.begun("app", "mia")
	web := k.begun("web", "mia")
	for _, c := range []struct {
		name   string
		a      a0Answer
		status int
		code   string
	}{
		{"no mfa_token", k.json(a0Challenge, "", a0Map{"client_id": "app"}), 400, "invalid_request"},
		{"no client", k.json(a0Challenge, "", a0Map{"mfa_token": mfa}), 401, "invalid_client"},
		{"no secret", k.json(a0Challenge, "", a0Map{"mfa_token": web, "client_id": "web"}), 401, "invalid_client"},
		{"wrong secret", k.json(a0Challenge, "", a0Map{"mfa_token": web, "client_id": "web", "client_secret": "x"}), 401, "invalid_client"},
		{"other client", k.challenge("one", mfa, "oob", ""), 400, "invalid_grant"},
		{"forged", k.challenge("app", mfa+"A", "oob", ""), 400, "invalid_grant"},
		{"expired", k.challenge("app", expired, "oob", ""), 403, "expired_token"},
		{"unknown type", k.challenge("app", mfa, "carrier-pigeon", ""), 400, "unsupported_challenge_type"},
		{"type that the person lacks", k.challenge("app", k.begun("app", "zoe"), "oob", ""), 400, "unsupported_challenge_type"},
		{"nothing enrolled", k.challenge("app", k.begun("app", "tom"), "otp oob", ""), 403, "association_required"},
		{"kind and authenticator differ", k.challenge("app", mfa, "otp", "sms|f2"), 400, "unsupported_challenge_type"},
		{"number", k.do("POST", a0Challenge, "", "application/json", `{"client_id":"app","mfa_token":1}`), 400, "invalid_request"},
		{"repeated", k.do("POST", a0Challenge, "", "application/json", `{"client_id":"app","client_id":"app"}`), 400, "invalid_request"},
		{"nested", k.do("POST", a0Challenge, "", "application/json", `{"client_id":{"a":"app"}}`), 400, "invalid_request"},
		{"text", k.do("POST", a0Challenge, "", "text/plain", `{}`), 415, "invalid_request"},
		{"GET", k.do("GET", a0Challenge, "", "", ``), 405, "invalid_request"},
	} {
		t.Run(c.name, func(t *testing.T) { c.a.refused(t, c.status, c.code) })
	}
	require.Empty(t, k.outbox)
	k.fail = errA0Delivery
	a := k.challenge("app", mfa, "oob", "")
	a.refused(t, 500, "server_error")
	require.NotEmpty(t, a.text("errorCode"))
	k.people.set("mia", false)
	k.challenge("app", mfa, "otp", "").refused(t, 400, "invalid_grant")
}

func TestAuth0PushPoll(t *testing.T) {
	k := newA0(t)
	require.NoError(t, k.push.Import(t.Context(), "mia", "p1", "Mia's phone"))
	mfa := k.begun("app", "mia")
	a := k.challenge("app", mfa, "oob", "push|p1").ok(t)
	require.NotContains(t, a.body, "binding_method", "so the client polls")
	poll := func() a0Answer {
		return k.mfa("app", directauth.GrantMFAOOB, mfa, "oob_code", a.text("oob_code"))
	}
	poll().refused(t, 400, "authorization_pending")
	require.NoError(t, k.push.Decide(t.Context(), k.sent().ID, authenticator.Decision{Approve: true}))
	require.ElementsMatch(t, []string{"pwd", "swk", "mfa"}, k.amr(poll()))
	poll().refused(t, 403, "access_denied")

	k.advance(time.Minute)
	mfa = k.begun("app", "mia")
	a = k.challenge("app", mfa, "oob", "push|p1").ok(t)
	require.NoError(t, k.push.Decide(t.Context(), k.sent().ID, authenticator.Decision{}))
	poll().refused(t, 400, "invalid_grant")
}

// A push with a number is one that this dialect cannot show; whoever reads our own
// member can.
func TestAuth0PushNumber(t *testing.T) {
	k := newA0(t, func(k *a0Kit) {
		push, err := authenticator.NewPush(authenticator.PushConfig{Store: k.server.Store, Namespace: "people", Sender: k, Audience: a0Origin, Now: k.Now,
			Sealer: a0Sealer()})
		require.NoError(k.t, err)
		k.push = push
		k.config.OutOfBand[0] = push
		k.config.Auth0.Authenticators[3] = push
	})
	require.NoError(t, k.push.Import(t.Context(), "mia", "p1", "Mia's phone"))
	mfa := k.begun("app", "mia")
	a := k.challenge("app", mfa, "oob", "push|p1").ok(t)
	require.Equal(t, "transfer", a.text("binding_method"))
	require.NoError(t, k.push.Decide(t.Context(), k.sent().ID, authenticator.Decision{Approve: true, Number: a.text("binding_code")}))
	require.Contains(t, k.amr(k.oob("app", mfa, a.text("oob_code"), "")), "swk")
}

func TestAuth0RecoveryCode(t *testing.T) {
	k := newA0(t)
	a := k.recover("web", k.begun("web", "mia"), a0Recovery)
	require.Contains(t, k.amr(a), "mfa")
	require.NotEmpty(t, a.text("recovery_code"))
	require.NotEqual(t, a0Recovery, a.text("recovery_code"))
	k.recover("web", k.begun("web", "mia"), a0Recovery).refused(t, 400, "invalid_grant")
	k.recover("web", k.begun("web", "mia"), a.text("recovery_code")).ok(t)
}

// What a policy about enrolment decides is decided for the groups of the person.
func TestAuth0EnrolmentPolicy(t *testing.T) {
	only := func(t *testing.T, terms map[string]policy.Terms, rules ...policy.EnrolmentRule) func(*a0Kit) {
		p, err := policy.NewEnrolment(terms, rules...)
		require.NoError(t, err)
		return func(k *a0Kit) { k.config.Enrolment = p }
	}
	none := map[string]policy.Terms{policy.AllTypes: {}}
	k := newA0(t, only(t, none))
	k.password("app", "tom").refused(t, 403, "access_denied")
	k = newA0(t, func(k *a0Kit) { k.config.Enrolment = nil })
	k.password("app", "tom").refused(t, 403, "access_denied")
	k = newA0(t, only(t, none, policy.EnrolmentRule{Name: "staff", If: policy.Condition{Groups: []string{"staff"}},
		Then: map[string]policy.Terms{"sms": {Enrolment: policy.Optional}}}))
	a := k.password("app", "tom")
	require.Equal(t, a0Map{"challenge": []any{}, "enroll": []any{a0Map{"type": "phone"}}}, a.body["mfa_requirements"])
	k.associateOTP(a.text("mfa_token")).refused(t, 403, "access_denied")
	k.associateSMS(a.text("mfa_token"), "+15550111").ok(t)
}

// An app that may not use a grant is not told to associate what the grant proves.
func TestAuth0EnrolmentFollowsGrants(t *testing.T) {
	k := newA0(t)
	k.clients["app"].GrantTypes = []string{directauth.GrantPassword, directauth.GrantMFAOTP, directauth.GrantMFARecoveryCode}
	a := k.password("app", "tom")
	require.Equal(t, a0Map{"challenge": []any{}, "enroll": []any{a0Map{"type": "otp"}}}, a.body["mfa_requirements"])
	k.associateSMS(a.text("mfa_token"), "+15550111").refused(t, 403, "access_denied")
	require.Contains(t, k.associateOTP(a.text("mfa_token")).ok(t).body, "recovery_codes")

	// One that has not even the grant of this dialect speaks another, in which what is
	// not there is denied.
	k = newA0(t)
	k.clients["app"].GrantTypes = []string{directauth.GrantPassword, directauth.GrantMFAOTP}
	b := k.password("app", "tom")
	b.refused(t, 403, "access_denied")
	require.NotContains(t, b.body, "mfa_token")
}

// What the dialect calls audience is what others call resource, and is carried by the
// mfa_token.
func TestAuth0Audience(t *testing.T) {
	k := newA0(t, func(k *a0Kit) { k.server.Resources = []string{"https://api.example"} })
	k.password("app", "mia", "audience", "https://other.example").refused(t, 400, "invalid_target")
	a := k.password("app", "mia", "audience", "https://api.example")
	a.refused(t, 403, "mfa_required")
	for _, name := range []string{"audience", "resource"} { // of a later step
		for _, other := range []string{"https://other.example", a0Origin} {
			k.mfa("app", directauth.GrantMFAOTP, a.text("mfa_token"), "otp", k.code(a0Secret), name, other).refused(t, 400, "invalid_target")
		}
	}
	done := k.mfa("app", directauth.GrantMFAOTP, a.text("mfa_token"), "otp", k.code(a0Secret),
		"audience", "https://api.example", "resource", "https://api.example").ok(t)
	require.Equal(t, "https://api.example", k.claims(done, "access_token")["aud"])
	done = k.password("one", "mia", "audience", a0Origin).ok(t)
	require.Equal(t, a0Origin, k.claims(done, "access_token")["aud"])
}

func TestAuth0Metadata(t *testing.T) {
	k := newA0(t)
	a := k.do(http.MethodGet, "/.well-known/openid-configuration", "", "", "").ok(t)
	require.Equal(t, a0Origin+"/oauth2/v1/token", a.text("token_endpoint"))
	require.Contains(t, a.body["grant_types_supported"], directauth.GrantMFARecoveryCode)
}

// Faults of the host's functions say nothing and grant nothing.
func TestAuth0HostFails(t *testing.T) {
	k := newA0(t, func(k *a0Kit) {
		k.config.Auth0.Account = func(context.Context, string) (directauth.Account, error) {
			return directauth.Account{}, errA0Delivery
		}
	})
	mfa := k.begun("app", "tom")
	a := k.associateOTP(mfa)
	a.refused(t, 503, "temporarily_unavailable")
	require.NotContains(t, a.raw, "gateway")
	require.True(t, k.saw(oauth.ReasonUnavailable))
}

// Who lacks an authenticator that is required adds it before the sign-in ends, if
// the app can add it, and is denied elsewhere, although policy asks for no more.
func TestAuth0RequiredEnrolment(t *testing.T) {
	required, err := policy.NewEnrolment(map[string]policy.Terms{"totp": {Enrolment: policy.Required}, policy.AllTypes: {Enrolment: policy.Optional}})
	require.NoError(t, err)
	k := newA0(t, func(k *a0Kit) { k.config.Enrolment = required })
	k.clients["one"] = &oauth.Client{ID: "one", AuthMethod: oauth.AuthNone, GrantTypes: k.clients["app"].GrantTypes}
	k.password("one", "mia").ok(t) // who has one

	a := k.password("one", "tom")
	a.refused(t, 403, "mfa_required")
	require.Equal(t, a0Map{"challenge": []any{}, "enroll": []any{a0Map{"type": "otp"}}}, a.body["mfa_requirements"])
	require.Equal(t, "totp", a.text("required_authenticators"))
	mfa := a.text("mfa_token")
	secret := k.associateOTP(mfa).ok(t).text("secret")
	k.otp("one", mfa, k.code(secret)).ok(t)
	k.advance(time.Minute)
	k.password("one", "tom").ok(t)

	// An app of the other dialect can add nothing, and neither can a wrong password.
	b := k.password("one", "ann", "grant_types_supported", "password "+directauth.GrantMFAOTP)
	b.refused(t, 403, "access_denied")
	require.Equal(t, "enrolment_required", b.text("reason"))
	require.NotContains(t, b.body, "mfa_token")
}
