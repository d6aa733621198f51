package clients

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/zitadel/oidc/v3/pkg/client/rp"
	httphelper "github.com/zitadel/oidc/v3/pkg/http"
	"github.com/zitadel/oidc/v3/pkg/oidc"
	"golang.org/x/oauth2"
)

// zitadel/oidc as a relying party, with its own handlers: they keep the state and the
// verifier in cookies. What PKCE there is it finds in the metadata.
func TestZitadel(t *testing.T) {
	for method, style := range map[string]oauth2.AuthStyle{"client_secret_post": oauth2.AuthStyleInParams, "client_secret_basic": oauth2.AuthStyleInHeader} {
		t.Run(method, func(t *testing.T) { testZitadel(t, method, style) })
	}
}

func testZitadel(t *testing.T, method string, style oauth2.AuthStyle) {
	mux, origin := app(t)
	h := newHouse(t, origin+"/callback", object{"token_endpoint_auth_method": method, "post_logout_redirect_uris": []string{origin + "/goodbye"}})
	key := []byte("0123456789abcdef0123456789abcdef")
	cookies := httphelper.NewCookieHandler(key, key, httphelper.WithUnsecure())
	party, err := rp.NewRelyingPartyOIDC(t.Context(), h.Issuer, clientID, secret, origin+"/callback",
		[]string{oidc.ScopeOpenID, oidc.ScopeProfile, oidc.ScopeEmail, oidc.ScopeOfflineAccess},
		rp.WithHTTPClient(h.Client), rp.WithAuthStyle(style), rp.WithCookieHandler(cookies), rp.WithPKCEFromDiscovery(cookies), rp.WithSigningAlgsFromDiscovery())
	require.NoError(t, err)
	require.True(t, party.IsPKCE())

	type found struct {
		Tokens *oidc.Tokens[*oidc.IDTokenClaims]
		Info   *oidc.UserInfo
		State  string
	}
	mux.Handle("/login", rp.AuthURLHandler(func() string { return "the state" }, party))
	mux.Handle("/callback", rp.CodeExchangeHandler(rp.UserinfoCallback(func(w http.ResponseWriter, _ *http.Request,
		tokens *oidc.Tokens[*oidc.IDTokenClaims], state string, _ rp.RelyingParty, info *oidc.UserInfo) {
		answer(t, w, found{tokens, info, state})
	}), party))

	w := h.walker()
	signIn(t, w, origin+"/login")
	var f found
	read(t, w, &f)
	require.Equal(t, "the state", f.State)
	require.Equal(t, "mia", f.Tokens.IDTokenClaims.Subject)
	require.Equal(t, "Mia", f.Info.Name)
	require.Equal(t, "mia@example.test", f.Info.Email)

	renewed, err := rp.RefreshTokens[*oidc.IDTokenClaims](t.Context(), party, f.Tokens.RefreshToken, "", "")
	require.NoError(t, err)
	require.Equal(t, "mia", renewed.IDTokenClaims.Subject)
	info, err := rp.Userinfo[*oidc.UserInfo](t.Context(), renewed.AccessToken, renewed.TokenType, "mia", party)
	require.NoError(t, err)
	require.Equal(t, "Mia", info.Name)

	require.NoError(t, rp.RevokeToken(t.Context(), party, renewed.RefreshToken, "refresh_token"))
	_, err = rp.RefreshTokens[*oidc.IDTokenClaims](t.Context(), party, renewed.RefreshToken, "", "")
	require.ErrorContains(t, err, "invalid_grant")

	// The app's own server asks: without the browser no session ends, and the answer is
	// where the browser goes on to.
	goodbye, err := rp.EndSession(t.Context(), party, renewed.IDToken, origin+"/goodbye", "bye", "", nil)
	require.NoError(t, err)
	require.Equal(t, origin+"/goodbye?state=bye", goodbye.String())

	// In the same browser nobody is asked again; an error comes back as one.
	require.NoError(t, w.Open(origin+"/login"))
	read(t, w, &f)
	mux.Handle("/silent", rp.AuthURLHandler(func() string { return "s" }, party, rp.WithPromptURLParam("none")))
	stranger := h.walker()
	require.NoError(t, stranger.Open(origin+"/silent"))
	require.Contains(t, stranger.Body, "login_required")
}
