package oauth_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/mintyard/mintyard/oauth"
)

var formats = []string{oauth.FormatJWT, oauth.FormatOpaque}

func TestIntrospection(t *testing.T) {
	for _, format := range formats {
		t.Run(format, func(t *testing.T) {
			k := newKit(t, func(c *oauth.Config) { c.AccessToken.Format = format })
			a := k.signIn(webID)
			i := k.post("/introspect", webID, form("token", a.text("access_token"), "token_type_hint", "refresh_token"))
			require.Equal(t, http.StatusOK, i.status, i.raw)
			require.Equal(t, map[string]any{
				"active": true, "iss": issuer, "client_id": webID, "sub": "mia", "aud": audience,
				"scope": "read write offline_access", "token_type": "Bearer", "jti": i.text("jti"),
				"iat": float64(k.clock.Now().Unix()), "exp": float64(k.clock.Now().Unix() + 600),
				"auth_time": float64(k.clock.Now().Unix()), "amr": []any{"pwd"},
			}, i.body)

			r := k.post("/introspect", webID, form("token", a.text("refresh_token"), "token_type_hint", "nonsense"))
			require.Equal(t, true, r.body["active"], r.raw)
			require.NotContains(t, r.body, "token_type")

			narrow := k.refresh(webID, a.text("refresh_token"), "scope", "write")
			i = k.post("/introspect", apiID, form("token", narrow.text("access_token")))
			require.Equal(t, "write", i.text("scope"), "the token's own view")
		})
	}
}

func TestIntrospectionTellsNobodyElse(t *testing.T) {
	k := newKit(t)
	a := k.signIn(nativeID)
	for name, c := range map[string]struct {
		client, token string
		active        bool
	}{
		"resource server":              {apiID, a.text("access_token"), true},
		"refresh token to others":      {apiID, a.text("refresh_token"), false},
		"another client":               {webID, a.text("access_token"), false},
		"another client, refresh":      {webID, a.text("refresh_token"), false},
		"garbage":                      {apiID, "garbage", false},
		"a JWT of somebody":            {apiID, "eyJhbGciOiJub25lIn0.e30.", false},
		"a handle of no kind we issue": {apiID, "mint_mfa_AAAA", false},
	} {
		t.Run(name, func(t *testing.T) {
			i := k.post("/introspect", c.client, form("token", c.token))
			require.Equal(t, http.StatusOK, i.status)
			require.Equal(t, c.active, i.body["active"], i.raw)
			if !c.active {
				require.Equal(t, `{"active":false}`, i.raw)
			}
		})
	}
	k.post("/introspect", nativeID, form("token", a.text("access_token"))).requireError(t, 401, "invalid_client")
	k.do(newPost("/introspect", form("token", a.text("access_token")))).requireError(t, 401, "invalid_client")
	k.post("/introspect", apiID, form()).requireError(t, 400, "invalid_request")
}

// What ends a token for its resource server.
func TestInactive(t *testing.T) {
	for _, format := range formats {
		for name, end := range map[string]func(k *kit, a answer){
			"expiry":          func(k *kit, a answer) { k.clock.advance(10 * time.Minute) },
			"revoked":         func(k *kit, a answer) { k.post("/revoke", webID, form("token", a.text("access_token"))) },
			"refresh revoked": func(k *kit, a answer) { k.post("/revoke", webID, form("token", a.text("refresh_token"))) },
			"suspended":       func(k *kit, a answer) { k.people.set("mia", oauth.Subject{}) },
			"person gone":     func(k *kit, a answer) { delete(k.people.list, "mia") },
			"subject ended":   func(k *kit, a answer) { require.NoError(t, k.server.EndSubject(t.Context(), "mia")) },
			"client gone":     func(k *kit, a answer) { delete(k.clients, webID) },
			"client disabled": func(k *kit, a answer) { c := *k.clients[webID]; c.Disabled = true; k.clients[webID] = &c },
			"client given away": func(k *kit, a answer) {
				c := *k.clients[webID]
				c.Registered = k.clock.Now().Add(time.Second)
				k.clients[webID] = &c
			},
		} {
			t.Run(format+" "+name, func(t *testing.T) {
				k := newKit(t, func(c *oauth.Config) { c.AccessToken.Format = format })
				a := k.signIn(webID)
				other := k.token(webID, "grant_type", personGrantID, "subject", "tom", "scope", "read")
				require.True(t, k.active(a.text("access_token")))
				end(k, a)
				require.False(t, k.active(a.text("access_token")))
				if name != "expiry" && name[:6] != "client" {
					require.True(t, k.active(other.text("access_token")), "somebody else's token is good as before")
				}
			})
		}
	}
}
