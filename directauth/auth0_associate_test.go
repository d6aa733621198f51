package directauth_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/stretchr/testify/require"

	"github.com/mintyard/mintyard/authenticator"
	"github.com/mintyard/mintyard/directauth"
	"github.com/mintyard/mintyard/oauth"
	"github.com/mintyard/mintyard/policy"
	"github.com/mintyard/mintyard/store"
)

func TestAuth0AssociateApp(t *testing.T) {
	k := newA0(t)
	mfa := k.begun("web", "tom")
	a := k.associateOTP(mfa).ok(t)
	require.Equal(t, "otp", a.text("authenticator_type"))
	require.True(t, strings.HasPrefix(a.text("barcode_uri"), "otpauth://totp/Test:tom@example.test?secret="+a.text("secret")), a.raw)
	codes, _ := a.body["recovery_codes"].([]any)
	require.Len(t, codes, 10)
	require.Empty(t, k.active("tom"), "nothing is good yet")
	list := k.do(http.MethodGet, a0List, mfa, "", "").ok(t).list
	require.Len(t, list, 1)
	require.Equal(t, a.text("id"), list[0]["id"])
	require.Equal(t, false, list[0]["active"])
	k.challenge("web", k.begun("web", "tom"), "otp", a.text("id")).refused(t, 400, "invalid_request")

	// The codes are not good before the app is.
	k.recover("web", mfa, codes[0].(string)).refused(t, 400, "invalid_grant")
	k.otp("web", mfa, "000000").refused(t, 400, "invalid_grant")
	code := k.code(a.text("secret"))
	done := k.otp("web", mfa, code)
	require.ElementsMatch(t, []string{"pwd", "otp", "mfa"}, k.amr(done))
	require.NotContains(t, done.body, "recovery_code")
	require.ElementsMatch(t, []string{a.text("id"), "recovery_codes|codes"}, k.active("tom"))

	// The code is used, and so is the mfa_token.
	k.otp("web", mfa, code).refused(t, 403, "access_denied")
	k.associateOTP(mfa).refused(t, 403, "expired_token")
	next := k.begun("web", "tom")
	k.otp("web", next, code).refused(t, 400, "invalid_grant")
	k.advance(30 * time.Second)
	k.otp("web", next, k.code(a.text("secret"))).ok(t)
	b := k.recover("web", k.begun("web", "tom"), codes[3].(string)).ok(t)
	require.NotEmpty(t, b.text("recovery_code"))
	k.recover("web", k.begun("web", "tom"), codes[3].(string)).refused(t, 400, "invalid_grant")
}

// A code of the enrolment is not good elsewhere before it is there.
func TestAuth0AssociateInOtherSignIn(t *testing.T) {
	k := newA0(t)
	mfa, other := k.begun("app", "tom"), k.begun("app", "tom")
	a := k.associateOTP(mfa).ok(t)
	k.otp("app", other, k.code(a.text("secret"))).refused(t, 400, "invalid_grant")
	k.otp("one", mfa, k.code(a.text("secret"))).refused(t, 401, "invalid_client")
	k.otp("app", k.begun("app", "ann"), k.code(a.text("secret"))).refused(t, 400, "invalid_grant")
	require.Empty(t, k.active("tom"))
	k.otp("app", mfa, k.code(a.text("secret"))).ok(t)
}

func TestAuth0AssociateNumber(t *testing.T) {
	k := newA0(t)
	mfa := k.begun("app", "tom")
	a := k.associateSMS(mfa, "+1 555 010 0111").ok(t)
	require.Equal(t, "oob", a.text("authenticator_type"))
	require.Equal(t, "sms", a.text("oob_channel"))
	require.Equal(t, "prompt", a.text("binding_method"))
	require.NotContains(t, a.body, "secret")
	require.Len(t, a.body["recovery_codes"], 10)
	m := k.sent()
	require.Equal(t, "+15550100111", m.To)
	require.Equal(t, authenticator.PurposeEnrolment, m.Purpose)
	k.oob("app", mfa, a.text("oob_code"), "").refused(t, 400, "invalid_request")
	k.oob("app", mfa, a.text("oob_code"), "0").refused(t, 400, "invalid_grant")

	// To ask again replaces what was begun.
	b := k.associateSMS(mfa, "+15550100112").ok(t)
	k.oob("app", mfa, a.text("oob_code"), m.Code).refused(t, 403, "access_denied")
	require.Len(t, k.do(http.MethodGet, a0List, mfa, "", "").ok(t).list, 1)
	done := k.oob("app", mfa, b.text("oob_code"), k.sent().Code)
	require.ElementsMatch(t, []string{"pwd", "sms", "mfa"}, k.amr(done))
	k.oob("app", mfa, b.text("oob_code"), k.sent().Code).refused(t, 403, "access_denied")
	require.Contains(t, k.active("tom"), b.text("id"))
	next := k.begun("app", "tom")
	c := k.challenge("app", next, "oob", b.text("id")).ok(t)
	require.Equal(t, "+15550100112", k.sent().To)
	k.oob("app", next, c.text("oob_code"), k.sent().Code).ok(t)
}

func TestAuth0AssociateAddress(t *testing.T) {
	k := newA0(t)
	mfa := k.begun("app", "tom")
	for _, body := range []a0Map{
		{"authenticator_types": []string{"oob"}, "oob_channels": []string{"email"}},
		{"authenticator_types": []string{"email"}},
		{"authenticator_types": []string{"oob"}, "oob_channels": []string{"email"}, "email": "Other@Example.test"},
	} {
		a := k.associate(mfa, body).ok(t)
		require.Equal(t, "email", a.text("oob_channel"))
		if body["email"] == nil {
			require.Equal(t, "tom@example.test", k.sent().To)
		} else {
			require.Equal(t, "Other@example.test", k.sent().To)
		}
	}
	k.associate(k.begun("app", "ann"), a0Map{"authenticator_types": []string{"email"}}).refused(t, 400, "invalid_request")
}

func TestAuth0AssociateRefusals(t *testing.T) {
	k := newA0(t)
	mfa := k.begun("app", "tom")
	for name, body := range map[string]a0Map{
		"nothing":            {},
		"unknown type":       {"authenticator_types": []string{"smoke"}},
		"no channel":         {"authenticator_types": []string{"oob"}},
		"unknown channel":    {"authenticator_types": []string{"oob"}, "oob_channels": []string{"fax"}},
		"no number":          {"authenticator_types": []string{"oob"}, "oob_channels": []string{"sms"}},
		"not a number":       {"authenticator_types": []string{"oob"}, "oob_channels": []string{"sms"}, "phone_number": "call me"},
		"not an address":     {"authenticator_types": []string{"email"}, "email": "x@y@z"},
		"number is a number": {"authenticator_types": []string{"oob"}, "oob_channels": []string{"sms"}, "phone_number": 15550100},
	} {
		t.Run(name, func(t *testing.T) { k.associate(mfa, body).refused(t, 400, "invalid_request") })
	}
	k.associate(mfa, a0Map{"authenticator_types": []string{"oob"}, "oob_channels": []string{"voice"}, "phone_number": "+15550111"}).
		refused(t, 403, "access_denied") // this server calls nobody
	k.fail = errA0Delivery
	k.associateSMS(mfa, "+15550111").refused(t, 500, "server_error")
	k.fail = nil
	require.Empty(t, k.do(http.MethodGet, a0List, mfa, "", "").ok(t).list)
	k.associateSMS(mfa, "+15550111").ok(t)
}

// Who has only a password of somebody that has more can add nothing, in whatever
// order it is tried.
func TestAuth0AssociationNeedsAssurance(t *testing.T) {
	k := newA0(t)
	mfa := k.begun("app", "mia")
	require.NotContains(t, k.password("app", "mia").body["mfa_requirements"], "enroll")
	for _, a := range []a0Answer{
		k.associateOTP(mfa), k.associateSMS(mfa, "+15550199"), k.associate(mfa, a0Map{"authenticator_types": []string{"email"}, "email": "thief@example.test"}),
		k.associate(mfa, a0Map{"authenticator_types": []string{"oob"}, "oob_channels": []string{"auth0"}}),
	} {
		a.refused(t, 403, "access_denied")
	}
	require.True(t, k.saw(directauth.ReasonAssurance))
	require.Len(t, k.active("mia"), 4)
	require.Empty(t, k.outbox)
	k.do(http.MethodDelete, a0List+"/totp%7Cf1", mfa, "", "").refused(t, 403, "access_denied")

	// One of each kind is something that the person has, also one that no grant of this app proves.
	for name, give := range map[string]func(k *a0Kit) error{
		"app": func(k *a0Kit) error {
			return k.totp.Import(t.Context(), "tom", "x", a0Secret, authenticator.TOTPOptions{})
		},
		"number":         func(k *a0Kit) error { return k.sms.Import(t.Context(), "tom", "x", "+15550100") },
		"address":        func(k *a0Kit) error { return k.email.Import(t.Context(), "tom", "x", "tom@example.test") },
		"device":         func(k *a0Kit) error { return k.push.Import(t.Context(), "tom", "x", "phone") },
		"recovery codes": func(k *a0Kit) error { return k.recovery.Import(t.Context(), "tom", []string{a0Recovery}) },
	} {
		t.Run(name, func(t *testing.T) {
			k := newA0(t)
			mfa := k.begun("app", "tom")
			pending := k.associateOTP(mfa).ok(t)
			require.NoError(t, give(k))
			had := k.active("tom")
			k.associateOTP(mfa).refused(t, 403, "access_denied")
			k.associateOTP(k.begun("app", "tom")).refused(t, 403, "access_denied")
			// What was begun before is not finished after.
			k.otp("app", mfa, k.code(pending.text("secret"))).refused(t, 403, "access_denied")
			require.Equal(t, had, k.active("tom"))
			k.otp("app", mfa, k.code(pending.text("secret"))).refused(t, 403, "access_denied")
		})
	}
	t.Run("code first", func(t *testing.T) { // and the password, that was not proved, is there
		k := newA0(t)
		require.NoError(t, k.totp.Import(t.Context(), "tom", "x", a0Secret, authenticator.TOTPOptions{}))
		a := k.form(a0Token, "grant_type", directauth.GrantOTP, "client_id", "app", "login_hint", "tom", "otp", k.code(a0Secret), "scope", "openid")
		a.refused(t, 403, "mfa_required")
		k.associateSMS(a.text("mfa_token"), "+15550199").refused(t, 403, "access_denied")
	})
}

// a0App counts how often an app was confirmed.
type a0App struct {
	*authenticator.TOTP
	confirmed int
}

func (a *a0App) Confirm(ctx context.Context, subject, id, code string) error {
	a.confirmed++
	return a.TOTP.Confirm(ctx, subject, id, code)
}

// What may not be any more is never active, not for a moment.
func TestAuth0NotConfirmedAtAll(t *testing.T) {
	var app *a0App
	k := newA0(t, func(k *a0Kit) {
		app = &a0App{TOTP: k.totp}
		k.config.Auth0.Authenticators[0] = app
	})
	mfa := k.begun("app", "tom")
	a := k.associateOTP(mfa).ok(t)
	require.NoError(t, k.sms.Import(t.Context(), "tom", "x", "+15550100"))
	k.otp("app", mfa, k.code(a.text("secret"))).refused(t, 403, "access_denied")
	require.Zero(t, app.confirmed)
	mfa = k.begun("app", "ann")
	a = k.associateOTP(mfa).ok(t)
	k.otp("app", mfa, k.code(a.text("secret"))).ok(t)
	require.Equal(t, 1, app.confirmed)
}

// Two factors allow what policy says is missing.
func TestAuth0AssociateMissing(t *testing.T) {
	k := newA0(t)
	first := k.form(a0Token, "grant_type", "password", "client_id", "one", "username", "mia", "password", a0Password, "scope", "openid").ok(t)
	require.NotEmpty(t, first.text("access_token"))
	both, err := policy.New(policy.Rule{Name: "push besides", Then: policy.Outcome{Access: policy.Allow, Factors: 2,
		Require: []policy.Requirement{{Methods: []string{"push"}}}}})
	require.NoError(t, err)
	k.clients["app"].SignIn = both
	require.NoError(t, k.push.Import(t.Context(), "mia", "p0", "old phone"))
	a := k.password("app", "mia")
	a.refused(t, 403, "mfa_required")
	require.NoError(t, k.push.Remove(t.Context(), "mia", "p0"))
	a = k.otp("app", a.text("mfa_token"), k.code(a0Secret)) // the other dialect takes any factor
	a.refused(t, 403, "mfa_required")
	require.Equal(t, a0Map{"challenge": []any{}, "enroll": []any{a0Map{"type": "push-notification"}}}, a.body["mfa_requirements"])
	mfa := a.text("mfa_token")
	k.associateSMS(mfa, "+15550199").refused(t, 403, "access_denied") // would not help
	b := k.associate(mfa, a0Map{"authenticator_types": []string{"oob"}, "oob_channels": []string{"auth0"}}).ok(t)
	require.NotContains(t, b.body, "recovery_codes", "there are some")
	require.Equal(t, "auth0", b.text("oob_channel"))
	require.NotContains(t, b.body, "binding_method")
	poll := func() a0Answer {
		return k.mfa("app", directauth.GrantMFAOOB, mfa, "oob_code", b.text("oob_code"))
	}
	poll().refused(t, 400, "authorization_pending")
	require.NoError(t, k.activate(b.text("barcode_uri")))
	require.ElementsMatch(t, []string{"pwd", "otp", "swk", "mfa"}, k.amr(poll()))
	poll().refused(t, 403, "access_denied")
	require.Contains(t, k.active("mia"), b.text("id"))
}

// activate is what a device does that has read the code.
func (k *a0Kit) activate(uri string) error {
	k.t.Helper()
	u, err := url.Parse(uri)
	require.NoError(k.t, err)
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(k.t, err)
	jwk := jose.JSONWebKey{Key: key.Public(), Algorithm: "ES256"}
	public, err := jwk.MarshalJSON()
	require.NoError(k.t, err)
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: key}, (&jose.SignerOptions{}).WithType("mintyard-push-enrolment+jwt"))
	require.NoError(k.t, err)
	claims, err := json.Marshal(a0Map{"aud": u.Query().Get("audience"), "iat": k.Now().Unix(), "exp": k.Now().Add(time.Minute).Unix(), "code": u.Query().Get("code")})
	require.NoError(k.t, err)
	signed, err := signer.Sign(claims)
	require.NoError(k.t, err)
	proof, err := signed.CompactSerialize()
	require.NoError(k.t, err)
	_, err = k.push.Activate(k.t.Context(), public, proof)
	return err
}

// Whoever was first has it: what else was begun, by whoever knew as much, is gone.
func TestAuth0FirstAssociationWins(t *testing.T) {
	k := newA0(t)
	owner, thief := k.begun("app", "tom"), k.begun("app", "tom")
	theirs := k.associate(thief, a0Map{"authenticator_types": []string{"oob"}, "oob_channels": []string{"auth0"}}).ok(t)
	a := k.associateOTP(owner).ok(t)
	k.otp("app", owner, k.code(a.text("secret"))).ok(t)
	require.ElementsMatch(t, []string{a.text("id"), "recovery_codes|codes"}, k.active("tom"))
	require.ErrorIs(t, k.activate(theirs.text("barcode_uri")), authenticator.ErrNoAuthenticator)
	k.mfa("app", directauth.GrantMFAOOB, thief, "oob_code", theirs.text("oob_code")).refused(t, 403, "access_denied")
	require.ElementsMatch(t, []string{a.text("id"), "recovery_codes|codes"}, k.active("tom"))
}

// Of two that are confirmed in one moment at most one stays.
func TestAuth0AssociationRace(t *testing.T) {
	for range 20 {
		k := newA0(t)
		var tokens, secrets []string
		for range 2 {
			mfa := k.begun("app", "tom")
			tokens, secrets = append(tokens, mfa), append(secrets, k.associateOTP(mfa).ok(t).text("secret"))
		}
		var wg sync.WaitGroup
		granted := make([]int, len(tokens))
		for i := range tokens {
			wg.Go(func() { granted[i] = k.otp("app", tokens[i], k.code(secrets[i])).status })
		}
		wg.Wait()
		apps, ok := 0, 0
		for _, id := range k.active("tom") {
			if strings.HasPrefix(id, "totp|") {
				apps++
			}
		}
		for _, status := range granted {
			if status == http.StatusOK {
				ok++
			}
		}
		require.LessOrEqual(t, apps, 1)
		require.LessOrEqual(t, ok, 1)
	}
}

// The person cancels what was begun, and nothing else.
func TestAuth0CancelAssociation(t *testing.T) {
	k := newA0(t)
	mfa, other := k.begun("app", "tom"), k.begun("app", "tom")
	a := k.associateOTP(mfa).ok(t)
	path := a0List + "/" + url.PathEscape(a.text("id"))
	k.do(http.MethodDelete, path, other, "", "").refused(t, 403, "access_denied")
	require.Equal(t, http.StatusNoContent, k.do(http.MethodDelete, path, mfa, "application/json", "").status)
	k.do(http.MethodDelete, path, mfa, "", "").refused(t, 403, "access_denied")
	k.otp("app", mfa, k.code(a.text("secret"))).refused(t, 403, "access_denied")
	k.associateOTP(mfa).ok(t)
}

// A challenge that is begun after ends what was to be associated.
func TestAuth0ChallengeAfterAssociation(t *testing.T) {
	k := newA0(t)
	require.NoError(t, k.recovery.Remove(t.Context(), "mia", "codes"))
	for _, id := range []string{"f2", "f4"} {
		require.NoError(t, map[string]authenticator.Manager{"f2": k.sms, "f4": k.email}[id].Remove(t.Context(), "mia", id))
	}
	require.NoError(t, k.totp.Remove(t.Context(), "mia", "f1"))
	mfa := k.begun("app", "mia")
	k.associateSMS(mfa, "+15550100").ok(t)
	code := k.sent().Code
	require.NoError(t, k.totp.Import(t.Context(), "mia", "n1", a0Secret, authenticator.TOTPOptions{}))
	require.Equal(t, "otp", k.challenge("app", mfa, "otp", "").ok(t).text("challenge_type"))
	k.oob("app", mfa, "x", code).refused(t, 400, "invalid_grant")
	k.otp("app", mfa, k.code(a0Secret)).ok(t)
	require.Equal(t, []string{"totp|n1"}, k.active("mia"))
}

func TestAuth0AssociationExpires(t *testing.T) {
	k := newA0(t, func(k *a0Kit) { k.config.TransactionTTL = 10 * time.Minute })
	mfa := k.begun("app", "tom")
	a := k.associateOTP(mfa).ok(t)
	k.advance(10 * time.Minute)
	k.otp("app", mfa, k.code(a.text("secret"))).refused(t, 403, "access_denied")
	k.advance(6 * time.Minute)
	require.Equal(t, "[]", k.do(http.MethodGet, a0List, k.begun("app", "tom"), "", "").ok(t).raw)
}

// The recovery of a password adds nothing.
func TestAuth0NoAssociationInRecovery(t *testing.T) {
	k := newA0(t)
	require.NoError(t, k.email.Import(t.Context(), "tom", "e1", "tom@example.test"))
	two, err := policy.New(policy.Rule{Name: "two", Then: policy.Outcome{Access: policy.Allow, Factors: 2}})
	require.NoError(t, err)
	k.clients["app"].Recovery = two
	a := k.form("/oauth2/v1/primary-authenticate", "client_id", "app", "challenge_hint", directauth.GrantOOB, "login_hint", "tom",
		"channel_hint", "email", "intent", "recovery").ok(t)
	a = k.form(a0Token, "grant_type", directauth.GrantOOB, "client_id", "app", "oob_code", a.text("oob_code"), "binding_code", k.sent().Code,
		"scope", "recover", "intent", "recovery")
	a.refused(t, 403, "access_denied")
	require.NotContains(t, a.body, "mfa_token")
}

// The store learns neither the secret nor the codes that were given out.
func TestAuth0NoSecretAtRest(t *testing.T) {
	k := newA0(t)
	mfa := k.begun("app", "tom")
	a := k.associateOTP(mfa).ok(t)
	n := 0
	look := func() {
		walk, ok := k.server.Store.(store.Walker)
		require.True(t, ok)
		for r, err := range walk.Walk(t.Context()) {
			require.NoError(t, err)
			n++
			for _, secret := range append([]any{a.text("secret"), mfa}, a.body["recovery_codes"].([]any)...) {
				require.NotContains(t, string(r.Value), secret)
			}
		}
	}
	look()
	k.otp("app", mfa, k.code(a.text("secret"))).ok(t)
	look()
	require.NotZero(t, n)
}

// If the store fails between the proof and the grant, nothing is granted, and the
// same code is not good again: the app is the person's, and shows another one.
func TestAuth0FailureAfterConfirmation(t *testing.T) {
	var failing bool
	k := newA0(t, func(k *a0Kit) {
		k.server.Policy = nil
		k.config.KnownDevice = nil
		inner := k.people
		k.server.Subjects = a0Subjects(func(ctx context.Context, id string) (oauth.Subject, error) {
			if failing {
				return oauth.Subject{}, errA0Delivery
			}
			return inner.Subject(ctx, id)
		})
	})
	mfa := k.begun("app", "tom")
	a := k.associateOTP(mfa).ok(t)
	failing = true
	code := k.code(a.text("secret"))
	k.otp("app", mfa, code).refused(t, 503, "temporarily_unavailable")
	failing = false
	k.otp("app", mfa, code).refused(t, 400, "invalid_grant")
	k.advance(30 * time.Second)
	require.Contains(t, k.amr(k.otp("app", mfa, k.code(a.text("secret")))), "otp")
	codes := a.body["recovery_codes"].([]any)
	k.recover("app", k.begun("app", "tom"), codes[9].(string)).ok(t)
}

type a0Subjects func(ctx context.Context, id string) (oauth.Subject, error)

func (f a0Subjects) Subject(ctx context.Context, id string) (oauth.Subject, error) { return f(ctx, id) }
