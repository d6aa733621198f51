package oidc_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mintyard/mintyard/oauth"
	"github.com/mintyard/mintyard/oidc"
)

func (k *kit) userinfo(tok string) answer {
	r := httptest.NewRequest(http.MethodGet, "/t1/userinfo", nil)
	if tok != "" {
		r.Header.Set("Authorization", "Bearer "+tok)
	}
	return k.do(r)
}

func TestUserInfo(t *testing.T) {
	for _, format := range []string{oauth.FormatJWT, oauth.FormatOpaque} {
		k := newKit(t, func(c *oauth.Config, _ *oidc.Config) { c.AccessToken.Format = format })
		tok := k.signIn("openid email").text("access_token")
		for name, a := range map[string]answer{
			"GET": k.userinfo(tok),
			"POST with a header": func() answer {
				r := httptest.NewRequest(http.MethodPost, "/t1/userinfo", nil)
				r.Header.Set("Authorization", "bearer "+tok)
				return k.do(r)
			}(),
			"POST with a form": k.post("/t1/userinfo", "access_token", tok),
		} {
			require.Equal(t, http.StatusOK, a.status, name)
			require.Equal(t, map[string]any{"sub": "mia", "email": "mia@example.test", "email_verified": true}, a.body, name)
			require.Equal(t, "application/json", a.header.Get("Content-Type"))
			require.Equal(t, "no-store", a.header.Get("Cache-Control"))
		}
	}
}

// Pages of an origin that may ask for tokens read UserInfo too, and its errors.
func TestUserInfoCrossOrigin(t *testing.T) {
	const app = "https://app.example"
	k := newKit(t, func(c *oauth.Config, _ *oidc.Config) {
		c.AllowOrigin = func(_ context.Context, origin string) bool { return origin == app }
	})
	tok := k.signIn("openid").text("access_token")
	ask := func(method, origin, tok string) answer {
		r := httptest.NewRequest(method, "/t1/userinfo", nil)
		r.Header.Set("Origin", origin)
		if method == http.MethodOptions {
			r.Header.Set("Access-Control-Request-Method", http.MethodGet)
			r.Header.Set("Access-Control-Request-Headers", "authorization")
		} else {
			r.Header.Set("Authorization", "Bearer "+tok)
		}
		return k.do(r)
	}
	for status, a := range map[int]answer{
		http.StatusNoContent: ask(http.MethodOptions, app, ""), http.StatusOK: ask(http.MethodGet, app, tok), http.StatusUnauthorized: ask(http.MethodGet, app, "none"),
	} {
		require.Equal(t, status, a.status)
		require.Equal(t, app, a.header.Get("Access-Control-Allow-Origin"))
	}
	require.Empty(t, ask(http.MethodGet, "https://evil.example", tok).header.Get("Access-Control-Allow-Origin"))
}

func TestUserInfoRefusals(t *testing.T) {
	k := newKit(t, nil)
	good := k.signIn("openid email offline_access")
	tok := good.text("access_token")
	form := func(header, body string) answer {
		r := httptest.NewRequest(http.MethodPost, "/t1/userinfo", strings.NewReader(body))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		if header != "" {
			r.Header.Set("Authorization", header)
		}
		return k.do(r)
	}
	query := k.do(httptest.NewRequest(http.MethodGet, "/t1/userinfo?access_token="+tok, nil))
	for _, c := range []struct {
		name      string
		a         answer
		status    int
		challenge string
	}{
		{"nothing", k.userinfo(""), 401, "Bearer"},
		{"another scheme", form("Basic YTpi", ""), 401, "Bearer"},
		{"garbage", k.userinfo("garbage"), 401, `Bearer error="invalid_token"`},
		{"refresh token", k.userinfo(good.text("refresh_token")), 401, `Bearer error="invalid_token"`},
		{"ID token", k.userinfo(good.text("id_token")), 401, `Bearer error="invalid_token"`},
		{"without openid", k.userinfo(k.signIn("profile").text("access_token")), 403, `Bearer error="insufficient_scope"`},
		{"twice", form("Bearer "+tok, "access_token="+tok), 400, `Bearer error="invalid_request"`},
		{"in the query", query, 400, `Bearer error="invalid_request"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			require.Equal(t, c.status, c.a.status, c.a.raw)
			require.True(t, strings.HasPrefix(c.a.header.Get("WWW-Authenticate"), c.challenge), c.a.header.Get("WWW-Authenticate"))
			require.NotContains(t, c.a.raw, "mia")
			if c.challenge == "Bearer" {
				require.Equal(t, "Bearer", c.a.header.Get("WWW-Authenticate"), "RFC 6750 section 3.1: no error for who did not try")
			}
		})
	}
	r := httptest.NewRequest(http.MethodPut, "/t1/userinfo", nil)
	require.Equal(t, http.StatusMethodNotAllowed, k.do(r).status)
	k.active = false
	require.Equal(t, http.StatusUnauthorized, k.userinfo(tok).status, "a person who was suspended")
}
