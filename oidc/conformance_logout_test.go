package oidc_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"html"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mintyard/mintyard/oauth/token"
)

// What the certification profiles for logout ask of a provider, by the names of their
// modules.

func (d *logoutDoor) discovery() map[string]any {
	return d.do(httptest.NewRequest(http.MethodGet, "/t1/.well-known/openid-configuration", nil)).body
}

func TestConformanceRPInitiatedLogout(t *testing.T) {
	for name, module := range map[string]func(t *testing.T, d *logoutDoor){
		"oidcc-rp-initiated-logout-discovery-endpoint-verification": func(t *testing.T, d *logoutDoor) {
			require.Equal(t, issuer+"/logout", d.discovery()["end_session_endpoint"])
		},
		"oidcc-rp-initiated-logout": func(t *testing.T, d *logoutDoor) {
			v := d.logout("id_token_hint", d.hint("app"), "post_logout_redirect_uri", goodbye, "state", "a&b=<ü>")
			d.requireSentTo(v, goodbye, "state", "a&b=<ü>")
			require.Equal(t, "login_required", d.silent())
		},
		"oidcc-rp-initiated-logout-bad-post-logout-redirect-uri": func(t *testing.T, d *logoutDoor) {
			d.requirePage(d.logout("id_token_hint", d.hint("app"), "post_logout_redirect_uri", "https://app.example/elsewhere", "state", "s"), 400, "This request cannot be answered")
			require.True(t, d.signedIn())
		},
		"oidcc-rp-initiated-logout-modified-id-token-hint": func(t *testing.T, d *logoutDoor) {
			payload := strings.Split(d.hint("app"), ".")[1]
			none := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none","typ":"JWT"}`)) + "." + payload + "."
			d.requirePage(d.logout("id_token_hint", none, "post_logout_redirect_uri", goodbye, "state", "s"), 400, "This request cannot be answered")
			require.True(t, d.signedIn())
		},
		"oidcc-rp-initiated-logout-bad-id-token-hint": func(t *testing.T, d *logoutDoor) {
			c := d.claims(d.hint("app"))
			for _, id := range []string{"", "foreign", d.keys.Signing.Active(token.RS256).ID(), d.keys.Signing.Active(token.ES256).ID()} {
				d.requirePage(d.logout("id_token_hint", forge(t, c, id), "post_logout_redirect_uri", goodbye, "state", "s"), 400, "This request cannot be answered")
			}
			require.True(t, d.signedIn())
		},
		"oidcc-rp-initiated-logout-no-id-token-hint": func(t *testing.T, d *logoutDoor) {
			d.hint("app")
			d.requirePage(d.logout("post_logout_redirect_uri", goodbye, "state", "s"), 400, "This request cannot be answered")
			v := d.logout("post_logout_redirect_uri", goodbye, "state", "s", "client_id", "app")
			d.requirePage(v, 200, "Do you want to sign out?")
			require.True(t, d.signedIn(), "before it is confirmed")
			d.requireSentTo(d.confirm(v), goodbye, "state", "s")
			require.False(t, d.signedIn())
		},
		"oidcc-rp-initiated-logout-no-params": func(t *testing.T, d *logoutDoor) {
			d.hint("other")
			v := d.logout()
			d.requirePage(v, 200, "Do you want to sign out?")
			d.requirePage(d.confirm(v), 200, "You are signed out")
			require.False(t, d.signedIn())
			d.requirePage(d.logout(), 200, "You are signed out")
		},
		"oidcc-rp-initiated-logout-no-post-logout-redirect-uri": func(t *testing.T, d *logoutDoor) {
			d.requirePage(d.logout("id_token_hint", d.hint("app"), "state", "s"), 200, "You are signed out")
			require.False(t, d.signedIn())
		},
		"oidcc-rp-initiated-logout-no-state": func(t *testing.T, d *logoutDoor) {
			d.requireSentTo(d.logout("id_token_hint", d.hint("app"), "post_logout_redirect_uri", goodbye), goodbye)
			require.Equal(t, "login_required", d.silent())
		},
		"oidcc-rp-initiated-logout-only-state": func(t *testing.T, d *logoutDoor) {
			d.hint("other")
			v := d.logout("state", "s")
			d.requirePage(v, 200, "Do you want to sign out?")
			d.requirePage(d.confirm(v), 200, "You are signed out")
		},
		"oidcc-rp-initiated-logout-query-added-to-post-logout-redirect-uri": func(t *testing.T, d *logoutDoor) {
			d.requirePage(d.logout("id_token_hint", d.hint("app"), "post_logout_redirect_uri", goodbye+"?foo=bar", "state", "s"), 400, "This request cannot be answered")
			require.True(t, d.signedIn())
		},
	} {
		t.Run(name, func(t *testing.T) { module(t, newLogoutDoor(t)) })
	}
}

// forge signs the claims of an ID token with a key of somebody else's that has this id.
func forge(t *testing.T, c *token.Claims, kid string) string {
	signer, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	key, err := token.NewKey(token.ES256, signer, token.KeyOptions{ID: kid})
	require.NoError(t, err)
	raw, err := key.IDTokenString(&token.IDToken{Issuer: c.Issuer, Subject: c.Subject, Audience: c.Audience, IssuedAt: c.IssuedAt, Expires: c.Expires, SessionID: c.SessionID})
	require.NoError(t, err)
	return raw
}

func TestConformanceSessionManagement(t *testing.T) {
	t.Run("oidcc-session-management-discovery-endpoint-verification", func(t *testing.T) {
		d := newLogoutDoor(t)
		require.Equal(t, issuer+"/check-session", d.discovery()["check_session_iframe"])
		require.Equal(t, issuer+"/logout", d.discovery()["end_session_endpoint"])
		require.NotContains(t, newKit(t, nil).do(httptest.NewRequest(http.MethodGet, "/t1/.well-known/openid-configuration", nil)).body, "check_session_iframe")
	})
	t.Run("oidcc-session-management-rp-initiated-logout", func(t *testing.T) {
		d := newLogoutDoor(t)
		v := d.authorize()
		state := v.params.Get("session_state")
		require.NotEmpty(t, state)
		require.Equal(t, "unchanged", d.watch("app", "https://app.example", state))
		require.Equal(t, "changed", d.watch("app", "https://evil.example", state), "it is bound to the origin")
		require.Equal(t, "changed", d.watch("other", "https://app.example", state), "and to the client")
		hint := d.redeem(v).text("id_token")
		d.logout("id_token_hint", hint, "post_logout_redirect_uri", goodbye)
		require.Equal(t, "changed", d.watch("app", "https://app.example", state))
	})
}

// watch judges a session_state as the page does, whose script Node.js runs in the tests
// of examples/authserver.
func (d *logoutDoor) watch(client, at, state string) string {
	hash, salt, _ := strings.Cut(state, ".")
	browser := ""
	for _, c := range d.cookies() {
		if c.Name == d.provider.CookieName("state") {
			browser = c.Value
		}
	}
	sum := sha256.Sum256([]byte(client + " " + at + " " + browser + " " + salt))
	if hex.EncodeToString(sum[:]) == hash {
		return "unchanged"
	}
	return "changed"
}

var frame = regexp.MustCompile(`<iframe hidden src="([^"]*)"`)

func TestConformanceFrontChannelLogout(t *testing.T) {
	t.Run("oidcc-frontchannel-logout-discovery-endpoint-verification", func(t *testing.T) {
		m := newLogoutDoor(t).discovery()
		require.Equal(t, []any{true, true}, []any{m["frontchannel_logout_supported"], m["frontchannel_logout_session_supported"]})
	})
	t.Run("oidcc-frontchannel-rp-initiated-logout", func(t *testing.T) {
		d := newLogoutDoor(t)
		hint := d.hint("app")
		v := d.logout("id_token_hint", hint, "post_logout_redirect_uri", goodbye, "state", "s")
		d.requirePage(v, 200, "You are signed out")
		frames := frame.FindAllStringSubmatch(v.body, -1)
		require.Len(t, frames, 1)
		u, err := url.Parse(html.UnescapeString(frames[0][1]))
		require.NoError(t, err)
		require.Equal(t, url.Values{"x": {"1"}, "iss": {issuer}, "sid": {d.claims(hint).SessionID}}, u.Query(), "L07")
		require.Equal(t, "https://app.example/front", u.Scheme+"://"+u.Host+u.Path)
		require.Contains(t, v.header.Get("Content-Security-Policy"), "frame-src https://app.example")
		d.requireSentTo(v, goodbye, "state", "s")
	})
}

func TestConformanceBackChannelLogout(t *testing.T) {
	t.Run("oidcc-backchannel-logout-discovery-endpoint-verification", func(t *testing.T) {
		m := newLogoutDoor(t).discovery()
		require.Equal(t, []any{true, true}, []any{m["backchannel_logout_supported"], m["backchannel_logout_session_supported"]})
	})
	t.Run("oidcc-backchannel-rp-initiated-logout", func(t *testing.T) {
		d := newLogoutDoor(t)
		hint := d.hint("app")
		v := d.logout("id_token_hint", hint, "post_logout_redirect_uri", goodbye, "state", "s")
		d.requireSentTo(v, goodbye, "state", "s")
		require.Len(t, d.mail.kept, 1)
		require.Equal(t, [][16]byte{d.mail.kept[0].id}, d.mail.sent, "it is tried at once")
		raw := d.deliver(d.mail.kept[0], http.StatusOK)
		d.requireLogoutToken(raw, "app", d.claims(hint).SessionID)
	})
}

// deliver makes one attempt at a notice, and returns the logout token.
func (d *logoutDoor) deliver(l letter, status int) (logoutToken string) {
	d.t.Helper()
	err := d.provider.Tell(d.t.Context(), l.payload, func(_ context.Context, to, contentType string, body []byte) error {
		require.Equal(d.t, channel, to)
		require.Equal(d.t, "application/x-www-form-urlencoded", contentType)
		form, err := url.ParseQuery(string(body))
		require.NoError(d.t, err)
		require.Len(d.t, form, 1)
		logoutToken = form.Get("logout_token")
		if status/100 != 2 {
			return errors.New(http.StatusText(status))
		}
		return nil
	})
	require.Equal(d.t, status/100 == 2, err == nil, "%v", err)
	return logoutToken
}

// L05: what a logout token must be, and must not be.
func (d *logoutDoor) requireLogoutToken(raw, client, sid string) {
	d.t.Helper()
	payload, _, err := d.keys.Signing.KeySet().Verify(token.TypeLogoutToken, raw)
	require.NoError(d.t, err)
	var m map[string]any
	require.NoError(d.t, json.Unmarshal(payload, &m))
	now := float64(d.now.Load())
	require.Equal(d.t, map[string]any{
		"iss": issuer, "aud": client, "sub": "mia", "sid": sid, "iat": now, "exp": now + 120, "jti": m["jti"],
		"events": map[string]any{"http://schemas.openid.net/event/backchannel-logout": map[string]any{}},
	}, m)
	require.Greater(d.t, len(m["jti"].(string)), 20)
	_, _, err = d.keys.Signing.KeySet().Verify(token.TypeIDToken, raw)
	require.Error(d.t, err, "it is no ID token")
}
