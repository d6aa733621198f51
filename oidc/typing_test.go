package oidc_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mintyard/mintyard/oauth"
	"github.com/mintyard/mintyard/oauth/token"
	"github.com/mintyard/mintyard/oidc"
)

// J08: each kind of token passes at its own door and at no other one.
func TestTokensAtOtherDoors(t *testing.T) {
	for _, format := range []string{oauth.FormatJWT, oauth.FormatOpaque} {
		k := newTokens(t, func(k *tokens, c *oauth.Config, _ *oidc.Config) {
			c.AccessToken.Format = format
			k.app.OpenID.UserInfoAlgorithm = token.ES256
			c.Clients.(oauth.ClientList)["machine"].GrantTypes = []string{oauth.GrantClientCredentials, oauth.GrantRefreshToken, oauth.GrantAuthorizationCode}
		})
		a := k.redeem(k.authorize("scope", "openid offline_access"))
		now := k.now.Load()
		logout, err := k.keys.Signing.Active(token.RS256).AppendSigned(nil, token.TypeLogoutToken, fmt.Appendf(nil,
			`{"iss":%q,"aud":"app","sub":"mia","iat":%d,"exp":%d,"jti":"x","events":{"http://schemas.openid.net/event/backchannel-logout":{}}}`, issuer, now, now+120))
		require.NoError(t, err)
		introspection, err := k.keys.Signing.Active(token.RS256).AppendSigned(nil, token.TypeIntrospection, fmt.Appendf(nil,
			`{"iss":%q,"aud":"app","iat":%d,"exp":%d,"token_introspection":{"active":true,"sub":"mia"}}`, issuer, now, now+120))
		require.NoError(t, err)
		var session string
		for _, c := range k.jar.Cookies(mustURL(t, "https://op.example/")) {
			session = c.Value
		}
		require.NotEmpty(t, session)
		kinds := map[string]string{
			"access token": a.text("access_token"), "ID token": a.text("id_token"), "UserInfo": k.raw(a.text("access_token")).Body.String(),
			"logout token": string(logout), "introspection": string(introspection), "refresh token": a.text("refresh_token"),
			"code": k.authorize("prompt", "none").params.Get("code"), "session": session,
		}
		doors := map[string]struct {
			own  []string
			pass func(tok string) bool
		}{
			"UserInfo":      {[]string{"access token"}, func(tok string) bool { return k.raw(tok).Code == http.StatusOK }},
			"introspection": {[]string{"access token"}, func(tok string) bool { return k.introspect(tok).body["active"] == true }},
			"id_token_hint": {[]string{"ID token"}, func(tok string) bool {
				return k.authorize("prompt", "none", "id_token_hint", tok).params.Get("code") != ""
			}},
			"refresh": {[]string{"refresh token"}, func(tok string) bool {
				return k.post("/t1/token", "client_id", "app", "grant_type", "refresh_token", "refresh_token", tok).status == http.StatusOK
			}},
			"code": {[]string{"code"}, func(tok string) bool {
				return k.post("/t1/token", "client_id", "app", "grant_type", "authorization_code", "code", tok, "redirect_uri", back, "code_verifier", verifier).status == http.StatusOK
			}},
			"cookie": {[]string{"session"}, func(tok string) bool {
				fresh := &door{kit: k.kit, jar: emptyJar(), provider: k.provider}
				fresh.jar.SetCookies(mustURL(t, "https://op.example/"), []*http.Cookie{{Name: k.provider.CookieName("session"), Value: tok, Path: "/", Secure: true}})
				return fresh.authorize("prompt", "none").params.Get("code") != ""
			}},
			"ID token verifier": {[]string{"ID token"}, func(tok string) bool {
				v := token.IDTokenVerifier{Issuer: issuer, ClientID: "app", Keys: k.keys.Signing.KeySet(), Now: k.time}
				_, err := v.Verify(t.Context(), tok, token.IDTokenExpectation{Nonce: "n"})
				return err == nil
			}},
		}
		for name, d := range doors {
			for kind, tok := range kinds {
				require.Equal(t, contains(d.own, kind), d.pass(tok), "%s at %s (%s)", kind, name, format)
			}
		}
	}
}

// J09 to J11, at the two doors that take JWTs: what is signed with the server's own key is
// still read strictly. The hint may have expired and must be of the one form all the same.
func TestHostileTokens(t *testing.T) {
	k := newTokens(t, nil)
	a := k.redeem(k.authorize("scope", "openid"))
	access, id := k.payload(a.text("access_token")), k.payload(a.text("id_token"))
	forge := func(alg token.Algorithm, typ string, payload string) string {
		key := k.keys.Signing.Active(alg)
		header := fmt.Sprintf(`{"alg":%q,"typ":%q,"kid":%q}`, alg, typ, key.ID())
		return sign(t, key, header, payload)
	}
	write := func(m map[string]any, edit func(string) string) string {
		b, err := json.Marshal(m)
		require.NoError(t, err)
		return edit(string(b))
	}
	good := func(s string) string { return s }
	doors := map[string]func(edit func(string) string) bool{
		"UserInfo": func(edit func(string) string) bool {
			return k.raw(forge(token.ES256, token.TypeAccessToken, write(access, edit))).Code == http.StatusOK
		},
		"id_token_hint": func(edit func(string) string) bool {
			return k.authorize("prompt", "none", "id_token_hint", forge(token.RS256, token.TypeIDToken, write(id, edit))).params.Get("code") != ""
		},
	}
	exp := func(v string) func(string) string {
		return func(s string) string {
			i := strings.Index(s, `"exp":`) + len(`"exp":`)
			j := i + strings.IndexAny(s[i:], ",}")
			return s[:i] + v + s[j:]
		}
	}
	add := func(m string) func(string) string {
		return func(s string) string { return s[:len(s)-1] + "," + m + "}" }
	}
	for door, pass := range doors {
		require.True(t, pass(good), "%s: forged well, as the server would", door)
		for name, edit := range map[string]func(string) string{
			"sub twice": add(`"sub":"tom"`), "sub twice, escaped": add(`"\u0073ub":"tom"`), "Sub": add(`"Sub":"tom"`), "long s": add(`"` + "\u017f" + `ub":"tom"`),
			"AUD": add(`"AUD":"x"`), "deep duplicate": add(`"x":{"a":1,"a":2}`), "exp as text": exp(`"9999999999"`), "exp 1e400": exp("1e400"),
			"exp NaN": exp("NaN"), "exp negative": exp("-1"), "exp in milliseconds": exp("1795683600000000"), "exp null": exp("null"), "no exp": exp("0"),
			"array": func(s string) string { return "[" + s + "]" }, "two objects": func(s string) string { return s + s },
			"another issuer": func(s string) string { return strings.Replace(s, `"iss":"`+issuer, `"iss":"https://evil.example`, 1) },
		} {
			require.False(t, pass(edit), "%s: %s", door, name)
		}
	}
	for name, edit := range map[string]func(string) string{
		"padding": func(s string) string { return s + "=" }, "space": func(s string) string { return s + " " }, "line break": func(s string) string { return s[:10] + "\n" + s[10:] },
		"a fourth part": func(s string) string { return s + "." }, "other alphabet": func(s string) string { return strings.Replace(s, s[len(s)-5:len(s)-4], "+", 1) },
		"trailing bits": func(s string) string { return s[:len(s)-1] + string(nextInAlphabet(s[len(s)-1])) },
		"none": func(s string) string {
			return base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none","typ":"at+jwt"}`)) + s[strings.IndexByte(s, '.'):]
		},
		"too large": func(s string) string { return s + strings.Repeat("A", 16<<10) },
	} {
		require.NotEqual(t, http.StatusOK, k.raw(edit(a.text("access_token"))).Code, name)
		require.Empty(t, k.authorize("prompt", "none", "id_token_hint", edit(a.text("id_token"))).params.Get("code"), name)
	}
}
