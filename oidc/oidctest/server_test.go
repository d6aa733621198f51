package oidctest_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/mintyard/mintyard/oauth"
	"github.com/mintyard/mintyard/oauth/token"
	"github.com/mintyard/mintyard/oidc"
	"github.com/mintyard/mintyard/oidc/oidctest"
	"github.com/mintyard/mintyard/oidc/signin"
	"github.com/mintyard/mintyard/policy"
)

func get(t *testing.T, c *http.Client, address string) int {
	t.Helper()
	res, err := c.Get(address)
	require.NoError(t, err)
	defer res.Body.Close()
	return res.StatusCode
}

func status(api http.Handler, tok string) int {
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	r.Header.Set("Authorization", "Bearer "+tok)
	w := httptest.NewRecorder()
	api.ServeHTTP(w, r)
	return w.Code
}

func claims(t *testing.T, as *oidctest.Server, typ, raw string) *token.Claims {
	t.Helper()
	c := new(token.Claims)
	require.NoError(t, as.Keys.Signing.KeySet().VerifyInto(c, typ, raw))
	return c
}

// TestExample runs the test that the Example shows.
func TestExample(now *testing.T) {
	t = now
	Example()
}

// Every token that must be refused takes one line.
func TestMint(t *testing.T) {
	as := oidctest.NewServer(t)
	api := orders(as.Issuer(), as.Keys.Signing.KeySet())
	for _, c := range []struct {
		name string
		tok  oidctest.Token
		want int
	}{
		{"good", oidctest.Token{Scopes: []string{"orders:read"}}, 200},
		{"of another scope", oidctest.Token{}, 403},
		{"expired", oidctest.Token{Scopes: []string{"orders:read"}, ExpiresIn: -time.Minute}, 401},
		{"of another issuer", oidctest.Token{Scopes: []string{"orders:read"}, Issuer: "https://evil.example"}, 401},
		{"for another audience", oidctest.Token{Scopes: []string{"orders:read"}, Audience: []string{"https://other.example"}}, 401},
		{"of a foreign key", oidctest.Token{Scopes: []string{"orders:read"}, ForeignKey: true}, 401},
	} {
		require.Equal(t, c.want, status(api, as.Mint(t, c.tok)), c.name)
	}
	c := claims(t, as, token.TypeAccessToken, as.Mint(t, oidctest.Token{Extra: map[string]any{"tenant": "x"}}))
	require.Contains(t, string(c.Payload), `"tenant":"x"`)
}

func TestSignIn(t *testing.T) {
	two, err := policy.New(policy.Rule{Name: "two", Then: policy.Outcome{Access: policy.Allow, Factors: 2}})
	require.NoError(t, err)
	as := oidctest.NewServer(t, oidctest.Config{Policy: two, Users: []oidctest.User{
		{ID: "mia", TOTP: "JBSWY3DPEHPK3PXP"}, {ID: "tom", Phone: "+15550100"}, {Username: "ann@shop.example"},
	}})
	for user, amr := range map[string][]string{"mia": {"pwd", "otp", "mfa"}, "tom": {"pwd", "sms", "mfa"}} {
		tokens := as.SignIn(t, user, "offline_access")
		require.ElementsMatch(t, amr, claims(t, as, token.TypeIDToken, tokens.IDToken).AMR)
		fresh, err := as.Exchange(url.Values{"grant_type": {"refresh_token"}, "client_id": {oidctest.AppID}, "refresh_token": {tokens.RefreshToken}})
		require.NoError(t, err)
		require.NotEmpty(t, fresh.AccessToken)
	}
	require.Len(t, as.Delivered("tom", "sms"), 1)
	require.Empty(t, as.Delivered("mia", ""))
}

// Time is the test's: what was given out ends, and the client signs in again.
func TestAdvance(t *testing.T) {
	as := oidctest.NewServer(t)
	tokens := as.SignIn(t, "mia")
	client := as.Client(t, "mia")
	userinfo := as.Metadata()["userinfo_endpoint"].(string)
	require.Equal(t, 200, get(t, client, userinfo))
	as.Advance(time.Hour)
	require.Equal(t, 200, get(t, client, userinfo))
	r, err := http.NewRequest(http.MethodGet, userinfo, nil)
	require.NoError(t, err)
	r.Header.Set("Authorization", "Bearer "+tokens.AccessToken)
	res, err := as.HTTPClient().Do(r)
	require.NoError(t, err)
	require.Equal(t, 401, res.StatusCode)

	require.NoError(t, as.Suspend(t.Context(), "mia"))
	require.Equal(t, 401, get(t, client, userinfo))
	as.Activate("mia")
	require.Equal(t, 401, get(t, client, userinfo), "what was ended stays ended")
	require.Equal(t, 200, get(t, as.Client(t, "mia"), userinfo))
}

func TestFailNext(t *testing.T) {
	as := oidctest.NewServer(t)
	userinfo := as.Metadata()["userinfo_endpoint"].(string)
	client := as.Client(t, "mia")
	as.FailNext("Get")
	require.Equal(t, 503, get(t, client, userinfo))
	require.Equal(t, 200, get(t, client, userinfo))
	require.NotEmpty(t, as.Events())
}

// In process it works inside of a bubble of testing/synctest, where time is fast.
func TestInProcess(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		as := oidctest.NewServer(t, oidctest.Config{InProcess: true})
		client := as.Client(t, "mia", "offline_access")
		time.Sleep(24 * time.Hour)
		require.Equal(t, 200, get(t, client, as.Metadata()["userinfo_endpoint"].(string)))
	})
}

// Pages of the host's own are walked as ours are, and any number of servers run at once.
func TestEdit(t *testing.T) {
	for range 4 {
		t.Run("", func(t *testing.T) {
			t.Parallel()
			as := oidctest.NewServer(t, oidctest.Config{Edit: func(_ *oauth.Config, _ *oidc.Config, s *signin.Config) { s.First = []string{"email"} }})
			as.SignIn(t, "mia")
			require.Len(t, as.Delivered("mia", "email"), 1)
		})
	}
}

// A server is ready at once: it must not be what a suite waits for.
func TestReady(t *testing.T) {
	best := time.Hour
	for range 20 {
		start := time.Now()
		oidctest.NewServer(t)
		best = min(best, time.Since(start))
	}
	t.Logf("ready in %v", best)
	require.Less(t, best, 5*time.Millisecond)
}

func BenchmarkSignIn(b *testing.B) {
	as := oidctest.NewServer(b)
	for b.Loop() {
		as.SignIn(b, "mia")
	}
}
