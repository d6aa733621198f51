package signin_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mintyard/mintyard/authenticator"
	"github.com/mintyard/mintyard/oauth"
	"github.com/mintyard/mintyard/oidc"
	"github.com/mintyard/mintyard/oidc/signin"
)

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
