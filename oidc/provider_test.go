package oidc_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/mintyard/mintyard/oauth"
	"github.com/mintyard/mintyard/oauth/token"
	"github.com/mintyard/mintyard/oidc"
	"github.com/mintyard/mintyard/policy"
	"github.com/mintyard/mintyard/store"
)

const issuer = "https://op.example/t1"

// personGrant is a grant of a host's own, with a nonce.
type personGrant struct{}

func (personGrant) Type() string { return "urn:example:person" }
func (personGrant) Authorize(_ context.Context, r *oauth.TokenRequest) (*oauth.Authorization, error) {
	a, err := r.NewAuthorization()
	if err != nil {
		return nil, err
	}
	a.Subject, a.AuthTime, a.Nonce = r.Param("subject"), r.Time.Add(-time.Minute), r.Param("nonce")
	a.Methods = []policy.Method{{Name: "password", Types: policy.Knowledge, At: a.AuthTime}}
	return a, nil
}

type kit struct {
	t      testing.TB
	mux    *http.ServeMux
	keys   *oauth.Keys
	active bool
	claims error
	config oidc.Config
	server *oauth.Server
}

func newKit(t *testing.T, edit func(*oauth.Config, *oidc.Config)) *kit {
	k := &kit{t: t, mux: http.NewServeMux(), active: true}
	clients, err := oauth.NewClientList(
		&oauth.Client{ID: "app", AuthMethod: oauth.AuthNone, GrantTypes: []string{"urn:example:person", oauth.GrantRefreshToken}},
	)
	require.NoError(t, err)
	k.keys, err = testKeys()
	require.NoError(t, err)
	c := oauth.Config{
		ID: "op", Issuer: issuer, Store: store.NewMemory(), Keys: k.keys, Clients: clients,
		Subjects: oauth.SubjectFunc(func(context.Context, string) (oauth.Subject, error) { return oauth.Subject{Active: k.active}, nil }),
		Grants:   []oauth.Grant{personGrant{}, oauth.RefreshToken()},
		Scopes:   append(oidc.Scopes(), oauth.Scope{Name: "orders"}),
	}
	k.config.Claims = func(_ context.Context, r oidc.ClaimsRequest) (oidc.Claims, error) {
		return oidc.Claims{"sub": "somebody else", "iss": "evil", "name": "Mia", "email": "mia@example.test", "email_verified": true,
			"secret": "not asked for", "shop_level": 3, "nickname": "", "locale": nil}, k.claims
	}
	if edit != nil {
		edit(&c, &k.config)
	}
	k.server, err = oauth.New(c)
	require.NoError(t, err)
	p, err := oidc.New(k.server, k.config)
	require.NoError(t, err)
	p.Mount(k.mux)
	return k
}

type answer struct {
	status int
	header http.Header
	raw    string
	body   map[string]any
}

func (a answer) text(name string) string { s, _ := a.body[name].(string); return s }

func (k *kit) do(r *http.Request) answer {
	w := httptest.NewRecorder()
	k.mux.ServeHTTP(w, r)
	a := answer{w.Code, w.Header(), w.Body.String(), nil}
	if a.raw != "" {
		require.NoError(k.t, json.Unmarshal([]byte(a.raw), &a.body), a.raw)
	}
	return a
}

func (k *kit) post(path string, pairs ...string) answer {
	v := make(url.Values)
	for i := 0; i < len(pairs); i += 2 {
		v.Set(pairs[i], pairs[i+1])
	}
	r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(v.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return k.do(r)
}

func (k *kit) signIn(scope string, more ...string) answer {
	return k.post("/t1/token", append([]string{"client_id", "app", "grant_type", "urn:example:person", "subject", "mia", "scope", scope}, more...)...)
}

func (k *kit) idToken(a answer, nonce string) *token.Claims {
	k.t.Helper()
	require.Equal(k.t, http.StatusOK, a.status, a.raw)
	v := token.IDTokenVerifier{Issuer: issuer, ClientID: "app", Keys: k.keys.Signing.KeySet()}
	c, err := v.Verify(k.t.Context(), a.text("id_token"), token.IDTokenExpectation{Nonce: nonce, AccessToken: a.text("access_token")})
	require.NoError(k.t, err)
	return c
}

func TestIDToken(t *testing.T) {
	for _, format := range []string{oauth.FormatJWT, oauth.FormatOpaque} {
		k := newKit(t, func(c *oauth.Config, _ *oidc.Config) { c.AccessToken.Format = format })
		a := k.signIn("openid profile offline_access", "nonce", "n-1", "acr_values", "phr urn:okta:loa:1fa:pwd")
		c := k.idToken(a, "n-1")
		require.Equal(t, "mia", c.Subject)
		require.Equal(t, []string{"app"}, c.Audience)
		require.Equal(t, []string{"pwd"}, c.AMR)
		require.Equal(t, "urn:okta:loa:1fa:pwd", c.ACR)
		require.InDelta(t, time.Now().Unix()-60, c.AuthTime, 5)
		require.InDelta(t, time.Now().Unix()+3600, c.Expires, 5)
		require.NotEmpty(t, c.AccessTokenHash)
		require.NotContains(t, c.Payload, `"Mia`, "claims are at UserInfo (OpenID Connect Core section 5.4)")

		b := k.post("/t1/token", "client_id", "app", "grant_type", "refresh_token", "refresh_token", a.text("refresh_token"))
		r := k.idToken(b, "")
		require.Equal(t, c.AuthTime, r.AuthTime)
		require.Equal(t, c.ACR, r.ACR)
		require.Equal(t, c.AMR, r.AMR)

		narrow := k.post("/t1/token", "client_id", "app", "grant_type", "refresh_token", "refresh_token", b.text("refresh_token"), "scope", "profile")
		require.Equal(t, http.StatusOK, narrow.status)
		require.NotContains(t, narrow.body, "id_token", "without openid there is none")
	}
}

func TestNoIDTokenWithoutOpenID(t *testing.T) {
	k := newKit(t, nil)
	require.NotContains(t, k.signIn("profile").body, "id_token")
}

func TestClaimsInIDToken(t *testing.T) {
	k := newKit(t, func(_ *oauth.Config, c *oidc.Config) {
		c.ClaimsInIDToken, c.ScopeClaims = true, map[string][]string{"orders": {"shop_level"}}
	})
	c := k.idToken(k.signIn("openid profile orders"), "")
	var m map[string]any
	require.NoError(t, json.Unmarshal([]byte(c.Payload), &m))
	require.Equal(t, "Mia", m["name"])
	require.EqualValues(t, 3, m["shop_level"])
	require.Equal(t, "mia", m["sub"])
	require.Equal(t, issuer, m["iss"])
	for _, name := range []string{"email", "secret", "nickname", "locale"} {
		require.NotContains(t, m, name)
	}
}

func TestDiscovery(t *testing.T) {
	k := newKit(t, nil)
	a := k.do(httptest.NewRequest(http.MethodGet, "/t1/.well-known/openid-configuration", nil))
	require.Equal(t, http.StatusOK, a.status)
	require.Equal(t, issuer, a.text("issuer"))
	require.Equal(t, issuer+"/userinfo", a.text("userinfo_endpoint"))
	require.Equal(t, []any{"RS256", "ES256"}, a.body["id_token_signing_alg_values_supported"])
	require.Equal(t, []any{"public"}, a.body["subject_types_supported"])
	require.Contains(t, a.body["scopes_supported"], "openid")
	require.NotEmpty(t, a.text("authorization_endpoint"), "clients of the direct grants stop without")
	require.Empty(t, a.body["response_types_supported"], "and nothing else is promised")
	require.Equal(t, "*", a.header.Get("Access-Control-Allow-Origin"))
}

func TestNewNamesTheField(t *testing.T) {
	k := newKit(t, nil)
	_, err := oidc.New(nil, oidc.Config{})
	require.Error(t, err)
	for field, c := range map[string]oidc.Config{
		"IDTokenAlgorithm": {IDTokenAlgorithm: token.EdDSA}, "IDTokenTTL": {IDTokenTTL: -1}, "ScopeClaims": {ScopeClaims: map[string][]string{"x": nil}},
		"ScopeClaims2": {ScopeClaims: map[string][]string{"orders": {"name", "ISS"}}}, "IDTokenClaims": {IDTokenClaims: []string{"nonce"}},
		"AccessTokenClaims": {AccessTokenClaims: []string{"scope"}}, "AccessTokenClaims2": {AccessTokenClaims: []string{""}},
		"PairwiseKey": {PairwiseKey: make([]byte, 16)}, "MaxTokenClaims": {MaxTokenClaims: 8<<10 + 1}, "MaxUserInfoClaims": {MaxUserInfoClaims: -1},
	} {
		_, err := oidc.New(k.server, c)
		require.ErrorContains(t, err, "oidc: Config."+strings.TrimRight(field, "0123456789")+": ")
	}
	config := k.server.Config()
	config.Scopes = config.Scopes[1:]
	s, err := oauth.New(config)
	require.NoError(t, err)
	_, err = oidc.New(s, oidc.Config{})
	require.ErrorContains(t, err, "openid")
}

// testKeys are made once: RSA takes its time.
var testKeys = sync.OnceValues(func() (*oauth.Keys, error) {
	return oauth.GenerateKeys("op", token.ES256, token.RS256)
})
