package signin_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"
	"github.com/stretchr/testify/require"

	"github.com/mintyard/mintyard/authenticator"
	"github.com/mintyard/mintyard/oauth"
	"github.com/mintyard/mintyard/oidc"
	"github.com/mintyard/mintyard/oidc/signin"
	"github.com/mintyard/mintyard/policy"
)

// requires is an enrolment policy, and codes by e-mail, which nobody has yet.
func requires(document string) edit {
	return func(h *house, c *oauth.Config, _ *oidc.Config, sc *signin.Config) {
		sc.Enrolment = new(policy.Enrolment)
		require.NoError(h.t, json.Unmarshal([]byte(document), sc.Enrolment))
		email, err := authenticator.NewCodes(authenticator.CodesConfig{Channel: "email", Store: h.memory, Namespace: "users", Sealer: h.sealer,
			Sender: authenticator.SenderFunc(h.send), Now: h.now})
		require.NoError(h.t, err)
		sc.OutOfBand = append(sc.OutOfBand, email)
	}
}

func (b *browser) asTom(pairs ...string) *browser { return b.as("tom", pairs...) }

func (b *browser) as(who string, pairs ...string) *browser {
	b.h.t.Helper()
	return b.open(pairs...).press("continue", "username", who+"@example.test").press("continue", "password", password)
}

// key is the key that the page shows.
func (b *browser) key() string {
	b.h.t.Helper()
	b.requirePage("key")
	if b.h.script {
		require.Contains(b.h.t, b.page.Data.QR, "data:image/svg+xml;base64,")
		return strings.ReplaceAll(b.page.Data.Key, " ", "")
	}
	require.Contains(b.h.t, b.body, `src="data:image/svg`)
	return strings.ReplaceAll(regexp.MustCompile(`id="key" dir="ltr">([^<]+)<`).FindStringSubmatch(b.body)[1], " ", "")
}

// kept are the recovery codes that the page shows.
func (b *browser) kept() []string {
	b.h.t.Helper()
	b.requirePage("codes")
	if b.h.script {
		return b.page.Data.Codes
	}
	var codes []string
	for _, m := range regexp.MustCompile(`<li>([A-Z2-7-]+)</li>`).FindAllStringSubmatch(b.body, -1) {
		codes = append(codes, m[1])
	}
	return codes
}

func (b *browser) offers() []string {
	_, _, inputs := b.fields()
	return inputs
}

func (h *house) codeOf(key string) string {
	code, err := totp.GenerateCode(key, h.now())
	require.NoError(h.t, err)
	return code
}

func (h *house) happened(event oauth.EventType) (methods []string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, e := range h.events {
		if e.Type == event {
			methods = append(methods, e.Methods...)
		}
	}
	return methods
}

// Who lacks what must be there adds it before the sign-in ends, and has recovery codes
// from then on.
func TestRequired(t *testing.T) {
	bothWays(t, func(t *testing.T, h *house) {
		b := h.browser().asTom()
		require.Equal(t, []string{"totp"}, b.offers())
		require.NotContains(t, b.body, `id="skip"`)
		require.Equal(t, 200, b.press("continue", "action", "skip").requirePage("factor").status, "it is not left out by hand either")
		b.press("continue", "factor", "sms").requireError(422)
		b.press("continue", "factor", "totp")
		key := b.key()
		b.press("continue", "otp", "").requireError(422)
		b.press("continue", "otp", "000000").requireError(422)
		require.Equal(t, key, b.key(), "the app has it already")
		b.press("other").press("continue", "factor", "totp")
		require.NotEqual(t, key, b.key())
		b.press("continue", "otp", h.codeOf(key)).requireError(422)
		key = b.key()
		b.press("continue", "otp", h.codeOf(key))
		codes := b.kept()
		require.Len(t, codes, 10)
		have, err := h.recovery.Available(t.Context(), "tom")
		require.NoError(t, err)
		require.Empty(t, have, "nobody has kept them yet")
		b.press("continue")
		require.ElementsMatch(t, []string{"pwd", "otp", "mfa"}, b.claims("app").AMR)
		require.Equal(t, []string{"totp", "recovery_codes"}, h.happened(signin.EventEnrolled))

		h.browser().asTom().requireCode() // and that is all
		h.advance(time.Minute)
		b = h.browser().asTom("client_id", "two")
		require.ElementsMatch(t, []string{"totp", "recovery_codes"}, b.offers())
		b.press("continue", "factor", "recovery_codes").press("continue", "code", codes[3]).press("continue").requireCode()
	}, requires(`{"totp":"required"}`))
}

// Nothing that a page shows once is at rest in the clear.
func TestNothingAtRest(t *testing.T) {
	h := newHouse(t, requires(`{"totp":"required","email":"required"}`))
	b := h.browser().asTom().press("continue", "factor", "totp")
	secrets := []string{b.key()}
	b.press("continue", "otp", h.codeOf(b.key()))
	secrets = append(secrets, b.kept()...)
	b.press("continue").press("continue", "factor", "email").press("continue", "email", "tom.private@example.test").requirePage("code")
	secrets = append(secrets, "tom.private", h.lastCode())
	require.Len(t, secrets, 13)
	n := 0
	for rec, err := range h.memory.Walk(t.Context()) {
		require.NoError(t, err)
		n++
		for _, s := range secrets {
			require.NotContains(t, string(rec.Value), s)
		}
	}
	require.Greater(t, n, 4)
}

// A policy that asks for a second factor of somebody who has none offers to add one.
func TestOffered(t *testing.T) {
	bothWays(t, func(t *testing.T, h *house) {
		b := h.browser().asTom("client_id", "two")
		require.Equal(t, []string{"sms", "email"}, b.offers(), "and neither an app, which is disabled, nor recovery codes, which prove nothing")
		b.press("continue", "factor", "totp").requireError(422)
		b.press("continue", "factor", "sms").requirePage("phone_number")
		b.press("continue").requireError(422).press("continue", "phone_number", "12").requireError(422)
		b.press("other").press("continue", "factor", "sms").press("continue", "phone_number", "+1 555 010 0177").requirePage("code")
		require.Equal(t, "+15550100177", h.sent[len(h.sent)-1].To)
		require.NotContains(t, b.body, "5550100177")
		first := h.lastCode()
		b.press("again").requirePage("code")
		require.NotEqual(t, first, h.lastCode())
		b.press("continue", "code", "000000").requireError(422)
		b.press("continue", "code", first).requireError(422)
		b.press("continue", "code", h.lastCode()).press("continue")
		require.ElementsMatch(t, []string{"pwd", "sms", "mfa"}, b.claims("two").AMR)
		list, err := h.sms.Authenticators(t.Context(), "tom")
		require.NoError(t, err)
		require.Len(t, list, 1, "what was given up is gone")
	}, requires(`{"totp":"disabled"}`))
}

// Without a policy of enrolment nobody adds anything.
func TestNotOffered(t *testing.T) {
	for name, e := range map[string]edit{
		"none":     func(*house, *oauth.Config, *oidc.Config, *signin.Config) {},
		"disabled": requires(`{"*":"disabled"}`),
	} {
		h := newHouse(t, e)
		h.browser().asTom("client_id", "two").requireRefusal("access_denied")
		b := h.browser().asTom()
		b.requireCode()
		b.open("client_id", "two").requireRefusal("access_denied")
		require.Empty(t, h.happened(signin.EventEnrolled), name)
	}
}

// What is required and cannot be added here is denied, with the reason.
func TestRequiredElsewhere(t *testing.T) {
	h := newHouse(t, requires(`{"push":"required"}`))
	h.browser().asTom().requireRefusal("access_denied")
	require.True(t, slices.ContainsFunc(h.events, func(e oauth.Event) bool { return e.Reason == signin.ReasonEnrolmentRequired }))
}

// A session answers nothing for somebody who lacks what must be there by now, and adds
// nothing to an account whose person may have left.
func TestEnrolFromSession(t *testing.T) {
	h := newHouse(t, requires(`{"totp":"optional"}`))
	b := h.browser().asTom()
	b.requireCode()
	b.open("client_id", "two", "prompt", "none").requireRefusal("interaction_required")
	b.open("client_id", "two").requirePage("factor")
	require.Equal(t, []string{"totp", "sms", "email"}, b.offers())
	b.press("continue", "factor", "totp").press("continue", "otp", h.codeOf(b.key())).press("continue")
	require.ElementsMatch(t, []string{"pwd", "otp", "mfa"}, b.claims("two").AMR)

	h = newHouse(t, requires(`{"totp":"optional"}`))
	b = h.browser().asTom()
	b.requireCode()
	h.advance(16 * time.Minute)
	b.open("client_id", "two").requirePage("password").press("continue", "password", "wrong").requireError(422)
	b.press("continue", "password", password)
	require.Equal(t, []string{"totp", "sms", "email"}, b.offers())

	var policyOf *signin.Config
	h = newHouse(t, requires(`{}`), func(_ *house, _ *oauth.Config, _ *oidc.Config, sc *signin.Config) { policyOf = sc })
	b = h.browser().asTom()
	b.requireCode()
	require.NoError(t, json.Unmarshal([]byte(`{"totp":"required"}`), policyOf.Enrolment))
	b.open("prompt", "none").requireRefusal("interaction_required")
	b.open().requirePage("factor")
	require.Equal(t, []string{"totp"}, b.offers())
}

// Whoever has only the password of somebody who has more adds nothing.
func TestAssurance(t *testing.T) {
	bothWays(t, func(t *testing.T, h *house) {
		b := h.browser().as("mia")
		require.ElementsMatch(t, []string{"totp", "f2", "f3", "recovery_codes"}, b.offers(), "what is there is proved first")
		form, _, _ := b.fields()
		form.Set("step", "enrol")
		form.Set("factor", "email")
		b.do(http.MethodPost, "/signin", form)
		require.Contains(t, b.offers(), "f2")
		b.press("continue", "factor", "totp").press("continue", "otp", h.otp())
		require.Equal(t, []string{"email"}, b.offers())
		b.press("continue", "factor", "email").press("continue", "email", "mia@example.test").press("continue", "code", h.lastCode())
		b.requireCode() // she has recovery codes
	}, requires(`{"email":"required"}`))
}

// Of two who begin to add something to one account, the first has it, and the other
// proves it.
func TestEnrolmentRace(t *testing.T) {
	h := newHouse(t, requires(`{"totp":"required"}`))
	thief, tom := h.browser().asTom("client_id", "two"), h.browser().asTom("client_id", "two")
	thief.press("continue", "factor", "totp")
	tom.press("continue", "factor", "totp").press("continue", "otp", h.codeOf(tom.key())).press("continue").requireCode()
	key := thief.key()
	thief.press("continue", "otp", h.codeOf(key))
	require.ElementsMatch(t, []string{"totp", "recovery_codes"}, thief.offers())
	list, err := h.totp.Authenticators(t.Context(), "tom")
	require.NoError(t, err)
	require.Len(t, list, 1)
}

// Recovery codes that were shown in one browser are made good by no other, and twice
// changes nothing.
func TestRecoveryCodesRequired(t *testing.T) {
	bothWays(t, func(t *testing.T, h *house) {
		b := h.browser().asTom()
		require.Equal(t, []string{"recovery_codes"}, b.offers())
		b.press("continue", "factor", "recovery_codes")
		codes := b.kept()
		form, _, _ := b.fields()
		other := h.browser()
		other.open()
		other.do(http.MethodPost, "/signin", form)
		require.Equal(t, 400, other.status)
		b.press("continue")
		require.Equal(t, []string{"pwd"}, b.claims("app").AMR)
		b = h.browser().asTom("client_id", "two").press("continue", "code", codes[0]).press("continue")
		b.requireCode()
	}, requires(`{"recovery_codes":"required"}`))
}

// What policy would like, if it is possible, is offered once and may be left.
func TestSkip(t *testing.T) {
	bothWays(t, func(t *testing.T, h *house) {
		b := h.browser().asTom("client_id", "third", "acr_values", policy.ACRTwoIfPossible).requirePage("skip")
		b.press("continue", "factor", "totp").press("other").press("skip").requirePage("approve")
		b.press("approve")
		require.Equal(t, []string{"pwd"}, b.claims("third").AMR)
		b.open("client_id", "third", "acr_values", policy.ACRTwoIfPossible).requireCode()
		b = h.browser().asTom("acr_values", policy.ACRTwoIfPossible).press("continue", "factor", "totp")
		b.press("continue", "otp", h.codeOf(b.key())).press("continue")
		require.Equal(t, policy.ACRTwoIfPossible, b.claims("app").ACR)
	}, requires(`{}`))
}

// What a person has that no page can ask for counts as well.
func TestOthers(t *testing.T) {
	h := newHouse(t, requires(`{"totp":"required"}`), func(h *house, _ *oauth.Config, _ *oidc.Config, sc *signin.Config) {
		push, err := authenticator.NewPush(authenticator.PushConfig{Store: h.memory, Namespace: "users", Sealer: h.sealer,
			Audience: "https://op.example", Sender: authenticator.SenderFunc(h.send), Now: h.now})
		require.NoError(h.t, err)
		require.NoError(h.t, push.Import(h.t.Context(), "tom", "p1", "Phone"))
		sc.Others = []authenticator.Manager{push}
	})
	h.browser().asTom().requireRefusal("access_denied")
}

// The person's own question is a further factor, and never the first.
func TestQuestion(t *testing.T) {
	bothWays(t, func(t *testing.T, h *house) {
		b := h.browser().open().press("continue", "username", "tom@example.test").press("other")
		require.NotContains(t, b.offers(), "question")
		form, _, _ := b.fields()
		form.Set("factor", "question")
		b.do(http.MethodPost, "/signin", form)
		require.Equal(t, 400, b.status)
		b = h.browser().open("client_id", "two").press("continue", "username", "tom@example.test").press("other")
		b.press("continue", "factor", "sms").press("continue", "code", h.lastCode())
		require.ElementsMatch(t, []string{"password", "question"}, b.offers())
		b.press("continue", "factor", "question").requirePage("answer")
		require.Contains(t, b.body, "first teacher")
		b.press("continue", "answer", "Smith").requireError(422)
		b.press("continue", "answer", "muller, anna")
		require.ElementsMatch(t, []string{"sms", "kba", "mfa"}, b.claims("two").AMR)
	}, func(h *house, _ *oauth.Config, _ *oidc.Config, sc *signin.Config) {
		q, err := authenticator.NewQuestion(authenticator.QuestionConfig{Store: h.memory, Namespace: "users", Sealer: h.sealer, Now: h.now})
		require.NoError(h.t, err)
		require.NoError(h.t, q.Set(h.t.Context(), "tom", "Who was your first teacher?", "Muller Anna"))
		require.NoError(h.t, h.sms.Import(h.t.Context(), "tom", "t2", "+15550111"))
		sc.Question = q
	})
}

// keychain stands for passkeys, without their signatures.
type keychain struct{ made map[string]bool }

func (k *keychain) Options(context.Context, authenticator.Identity) (*authenticator.AssertionOptions, error) {
	return &authenticator.AssertionOptions{RPID: "op.example", Timeout: time.Minute}, nil
}
func (k *keychain) Verify(context.Context, authenticator.Identity, []byte, authenticator.Assertion) (string, policy.Method, error) {
	return "", policy.Method{}, authenticator.ErrRefused
}
func (k *keychain) Available(_ context.Context, subject string) (list []policy.Method, _ error) {
	if k.made[subject] {
		list = append(list, policy.Method{Name: "webauthn", Types: policy.Possession | policy.Inherence, PhishingResistant: true, UserVerified: true, Device: "k"})
	}
	return list, nil
}
func (k *keychain) Type() string { return "webauthn" }
func (k *keychain) Authenticators(_ context.Context, subject string) (list []authenticator.Authenticator, _ error) {
	if k.made[subject] {
		list = append(list, authenticator.Authenticator{ID: "k", Type: "webauthn", Active: true})
	}
	return list, nil
}
func (k *keychain) Rename(context.Context, string, string, string) error { return nil }
func (k *keychain) Remove(_ context.Context, subject, id string) error {
	delete(k.made, subject)
	return nil
}
func (k *keychain) BeginRegistration(_ context.Context, subject, account string) (json.RawMessage, string, error) {
	return json.RawMessage(`{"challenge":"AAAA","user":{"name":"` + account + `"}}`), "r1", nil
}
func (k *keychain) FinishRegistration(_ context.Context, subject, id string, response []byte) (authenticator.Authenticator, error) {
	if id != "r1" || !json.Valid(response) || !strings.Contains(string(response), `"good"`) {
		return authenticator.Authenticator{}, errors.Join(authenticator.ErrRefused, errors.New("test: not good"))
	}
	k.made[subject] = true
	return authenticator.Authenticator{ID: "k", Type: "webauthn", Active: true}, nil
}

// A passkey is made on a page, and is two factors.
func TestEnrolPasskey(t *testing.T) {
	bothWays(t, func(t *testing.T, h *house) {
		b := h.browser().asTom()
		require.Equal(t, []string{"webauthn"}, b.offers())
		b.press("continue", "factor", "webauthn").requirePage("credential")
		if h.script {
			require.Equal(t, "AAAA", b.page.Data.Options["challenge"])
		}
		require.Contains(t, b.body, "tom@example.test")
		b.press("continue").requireError(422).press("continue", "credential", "x").requireError(422)
		b.press("continue", "credential", `{"id":"good"}`).press("continue")
		c := b.claims("app")
		require.Contains(t, c.AMR, "mfa")
	}, requires(`{"webauthn":"required"}`), func(h *house, _ *oauth.Config, _ *oidc.Config, sc *signin.Config) {
		sc.Passkeys = &keychain{made: make(map[string]bool)}
	})
}

// A host's own page takes the place of ours: it is where the browser is sent.
func TestAppPath(t *testing.T) {
	h := newHouse(t, func(_ *house, _ *oauth.Config, _ *oidc.Config, sc *signin.Config) { sc.AppPath = "/login" })
	h.mux.HandleFunc("/login", func(w http.ResponseWriter, r *http.Request) { _, _ = w.Write([]byte("the app")) })
	b := h.browser().open()
	require.Equal(t, "the app", b.body)
	h.script = true
	b.do(http.MethodGet, "/signin?"+b.url.RawQuery, nil).requirePage("username")
	b.press("continue", "username", "mia@example.test").press("continue", "password", password).requireCode()
	h.script = false
	b.open("response_mode", "form_post", "prompt", "select_account")
	require.Equal(t, "the app", b.body)
	h.script = true
	b.do(http.MethodGet, "/signin?"+b.url.RawQuery, nil).requirePage("another")
	form, _, _ := b.fields()
	form.Set("account", b.accounts()[0])
	h.script = false
	b.do(http.MethodPost, "/signin", form)
	require.Equal(t, "the app", b.body)
	h.script = true
	b.do(http.MethodGet, "/signin?"+b.url.RawQuery, nil)
	require.Equal(t, "https://app.example/cb", b.page.Location)
	require.NotEmpty(t, b.page.Params["code"])
	require.Equal(t, "s", b.page.Params["state"])
}

// New names the field that is wrong.
func TestConfig(t *testing.T) {
	h := newHouse(t)
	q, err := authenticator.NewQuestion(authenticator.QuestionConfig{Store: h.memory, Namespace: "users", Sealer: h.sealer})
	require.NoError(t, err)
	for field, c := range map[string]signin.Config{
		"Others[0]: is nil":         {Others: []authenticator.Manager{nil}},
		"AppPath":                   {AppPath: "//evil.example/"},
		`First[1]: "question"`:      {First: []string{"totp", "question"}, Question: q},
		"Config.AppPath: must be a": {AppPath: "login"},
	} {
		c.Users, c.OTP = h, h.totp
		_, err := signin.New(c)
		require.ErrorContains(t, err, field)
	}
}
