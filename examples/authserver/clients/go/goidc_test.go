package clients

import (
	"net/http"
	"testing"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"github.com/stretchr/testify/require"
	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"

	"github.com/mintyard/mintyard/oidc/oidctest"
)

// back is where a relying party that is nowhere wants the browser to come back to.
const back = "https://app.example/callback"

// coreos/go-oidc over golang.org/x/oauth2: discovery, the code with PKCE, the ID token,
// UserInfo, the refresh token. How the client authenticates x/oauth2 finds out by trying,
// Basic first: a code must outlive the first attempt.
func TestGoOIDC(t *testing.T) {
	for method, more := range map[string]object{
		"client_secret_basic": {},
		"client_secret_post":  {"token_endpoint_auth_method": "client_secret_post"},
		"none":                {"application_type": "browser", "client_secret": nil},
	} {
		t.Run(method, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t, back, more)
			ctx := oidc.ClientContext(t.Context(), h.Client)
			provider, err := oidc.NewProvider(ctx, h.Issuer)
			require.NoError(t, err)
			config := oauth2.Config{
				ClientID: clientID, ClientSecret: secret, RedirectURL: back, Endpoint: provider.Endpoint(),
				Scopes: []string{oidc.ScopeOpenID, "profile", "email", oidc.ScopeOfflineAccess},
			}
			if method == "none" {
				config.ClientSecret = ""
			}
			verifier, nonce := oauth2.GenerateVerifier(), oauth2.GenerateVerifier()
			address := config.AuthCodeURL("the state", oauth2.S256ChallengeOption(verifier), oidc.Nonce(nonce))

			w := oidctest.NewWalker(h.Client.Transport, h.Issuer)
			signIn(t, w, address)
			require.Equal(t, "the state", w.URL.Query().Get("state"))
			require.Equal(t, h.Issuer, w.URL.Query().Get("iss"))
			tokens, err := config.Exchange(ctx, w.URL.Query().Get("code"), oauth2.VerifierOption(verifier))
			require.NoError(t, err)

			text, _ := tokens.Extra("id_token").(string)
			id, err := provider.Verifier(&oidc.Config{ClientID: clientID}).Verify(ctx, text)
			require.NoError(t, err)
			require.Equal(t, nonce, id.Nonce)
			require.NoError(t, id.VerifyAccessToken(tokens.AccessToken))
			var claims struct {
				AuthTime int64    `json:"auth_time"`
				AMR      []string `json:"amr"`
			}
			require.NoError(t, id.Claims(&claims))
			require.WithinDuration(t, time.Now(), time.Unix(claims.AuthTime, 0), time.Minute)
			require.Equal(t, []string{"pwd"}, claims.AMR)

			info, err := provider.UserInfo(ctx, oauth2.StaticTokenSource(tokens))
			require.NoError(t, err)
			require.Equal(t, id.Subject, info.Subject)
			require.Equal(t, "mia@example.test", info.Email)
			require.True(t, info.EmailVerified)

			expired := *tokens
			expired.Expiry = time.Now().Add(-time.Minute)
			renewed, err := config.TokenSource(ctx, &expired).Token()
			require.NoError(t, err)
			require.NotEqual(t, tokens.AccessToken, renewed.AccessToken)
			require.NotEqual(t, tokens.RefreshToken, renewed.RefreshToken)
			text, _ = renewed.Extra("id_token").(string)
			again, err := provider.Verifier(&oidc.Config{ClientID: clientID}).Verify(ctx, text)
			require.NoError(t, err)
			require.Equal(t, id.Subject, again.Subject)

			// The browser has a session: the person is not asked again.
			require.NoError(t, w.Open(config.AuthCodeURL("another", oauth2.S256ChallengeOption(verifier), oauth2.SetAuthURLParam("prompt", "none"))))
			_, err = config.Exchange(ctx, w.URL.Query().Get("code"), oauth2.VerifierOption(nonce))
			var refused *oauth2.RetrieveError
			require.ErrorAs(t, err, &refused, "another verifier")
			require.Equal(t, "invalid_grant", refused.ErrorCode)
		})
	}
}

// A browser without a session, and a request that wants no pages.
func TestGoOIDCRefused(t *testing.T) {
	h := newHouse(t, back, nil)
	provider, err := oidc.NewProvider(oidc.ClientContext(t.Context(), h.Client), h.Issuer)
	require.NoError(t, err)
	config := oauth2.Config{ClientID: clientID, RedirectURL: back, Endpoint: provider.Endpoint(), Scopes: []string{oidc.ScopeOpenID}}
	w := oidctest.NewWalker(h.Client.Transport, h.Issuer)
	require.NoError(t, w.Open(config.AuthCodeURL("s", oauth2.S256ChallengeOption(oauth2.GenerateVerifier()), oauth2.SetAuthURLParam("prompt", "none"))))
	require.Equal(t, "login_required", w.URL.Query().Get("error"))
	require.Equal(t, h.Issuer, w.URL.Query().Get("iss"))
}

// A service of golang.org/x/oauth2's asks for itself.
func TestClientCredentials(t *testing.T) {
	h := newHouse(t, back, object{"application_type": "service", "grant_types": []string{"client_credentials"}, "redirect_uris": nil})
	ctx := oidc.ClientContext(t.Context(), h.Client)
	provider, err := oidc.NewProvider(ctx, h.Issuer)
	require.NoError(t, err)
	config := clientcredentials.Config{ClientID: clientID, ClientSecret: secret, TokenURL: provider.Endpoint().TokenURL, Scopes: []string{"orders:read"}}
	res, err := config.Client(ctx).Get(h.Issuer + "/resource")
	require.NoError(t, err)
	defer res.Body.Close()
	require.Equal(t, http.StatusOK, res.StatusCode)
}
