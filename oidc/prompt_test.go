package oidc_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/mintyard/mintyard/oauth"
	"github.com/mintyard/mintyard/oidc"
)

func (d *door) sent(v visit, code string) {
	d.t.Helper()
	require.Equal(d.t, http.StatusSeeOther, v.status, v.body)
	require.Equal(d.t, code, v.params.Get("error"), "%v", v.params)
}

func TestSingleSignOn(t *testing.T) {
	d := newDoor(t)
	d.sent(d.authorize("prompt", "none"), "login_required")
	first := d.authorize()
	d.sent(first, "")
	require.Equal(t, []oidc.Need{oidc.NeedLogin}, d.needs)
	a := d.redeem(first)
	require.Equal(t, 200, a.status, a.raw)
	one := d.claims(a.text("id_token"))
	require.NotEmpty(t, one.SessionID)

	d.advance(time.Minute)
	second := d.authorize("prompt", "none")
	d.sent(second, "")
	require.Empty(t, d.needs, "nobody is asked anything")
	two := d.claims(d.redeem(second).text("id_token"))
	require.Equal(t, []any{one.Subject, one.AuthTime, one.SessionID}, []any{two.Subject, two.AuthTime, two.SessionID})

	other := d.claims(d.redeem(d.authorize("client_id", "other"), "client_id", "other").text("id_token"))
	require.Equal(t, one.AuthTime, other.AuthTime)
	require.NotEqual(t, one.SessionID, other.SessionID, "two clients cannot tell by it that they have the same person")
}

func TestFreshness(t *testing.T) {
	d := newDoor(t)
	before := d.claims(d.redeem(d.authorize()).text("id_token"))
	d.advance(time.Minute)
	for _, c := range []struct {
		name  string
		ask   []string
		again bool
	}{
		{"max_age that is long ago", []string{"max_age", "10000"}, false},
		{"max_age just reached", []string{"max_age", "60"}, false},
		{"max_age exceeded", []string{"max_age", "59"}, true},
		{"max_age 0", []string{"max_age", "0"}, true},
		{"prompt=login", []string{"prompt", "login"}, true},
	} {
		v := d.authorize(append(c.ask, "prompt", "none")...)
		if c.ask[0] != "prompt" && c.again {
			d.sent(v, "login_required")
		}
		v = d.authorize(c.ask...)
		d.sent(v, "")
		now := d.claims(d.redeem(v).text("id_token"))
		require.Equal(t, c.again, len(d.needs) > 0, c.name)
		require.Equal(t, c.again, now.AuthTime > before.AuthTime, c.name)
		if c.again {
			before = now
			d.advance(time.Minute)
		}
	}
	d.sent(d.authorize("prompt", "none login"), "invalid_request")

	d.sent(d.authorize("prompt", "login"), "")
	d.sent(d.authorize("prompt", "none", "max_age", "0"), "login_required") // in the second of the sign-in
	d.sent(d.authorize("max_age", "0"), "")
	require.NotEmpty(t, d.needs)
}

func TestSessionEnds(t *testing.T) {
	d := newDoor(t, func(_ *oauth.Config, c *oidc.Config) {
		c.Sessions = oidc.SessionConfig{Idle: time.Hour, Absolute: 3 * time.Hour}
	})
	silent := func() string { return d.authorize("prompt", "none").params.Get("error") }
	d.authorize()
	for range 5 { // used every half hour it lives on
		d.advance(30 * time.Minute)
		require.Empty(t, silent())
	}
	d.advance(30*time.Minute + time.Second)
	require.Equal(t, "login_required", silent(), "three hours are over")
	d.authorize()
	d.advance(time.Hour)
	require.Equal(t, "login_required", silent(), "nobody has used it for an hour")
	d.authorize()
	require.Empty(t, silent())
	d.active = false
	require.Equal(t, "login_required", silent())
	d.active = true
	require.NoError(t, d.provider.Server().EndSubject(t.Context(), "mia"))
	require.Equal(t, "login_required", silent(), "it stays ended when the person is active again")
}

func TestStepUpInSession(t *testing.T) {
	d := newDoor(t)
	d.authorize()
	d.sent(d.authorize("client_id", "strict", "prompt", "none"), "interaction_required")
	d.methods = []string{"totp"}
	v := d.authorize("client_id", "strict")
	d.sent(v, "")
	require.Equal(t, []oidc.Need{oidc.NeedStepUp}, d.needs)
	require.Equal(t, []string{"pwd", "otp", "mfa"}, d.claims(d.redeem(v, "client_id", "strict").text("id_token")).AMR)
	d.sent(d.authorize("client_id", "strict", "prompt", "none"), "")
}

func TestConsent(t *testing.T) {
	d := newDoor(t)
	d.authorize()
	third := []string{"client_id", "third", "scope", "openid profile orders offline_access"}
	d.sent(d.authorize(append(third, "prompt", "none")...), "consent_required")
	require.Equal(t, http.StatusTeapot, d.authorize(third...).status)
	require.Equal(t, []string{"openid", "profile", "orders", "offline_access"}, d.last.Consent)
	d.allow = []string{"openid", "orders", "offline_access"}
	a := d.redeem(d.authorize(third...), "client_id", "third")
	require.Equal(t, "openid orders offline_access", a.text("scope"))
	list, err := d.provider.Consents(t.Context(), "mia")
	require.NoError(t, err)
	require.Len(t, list, 1)
	require.Equal(t, "third", list[0].ClientID)

	d.allow = nil
	d.sent(d.authorize("client_id", "third", "scope", "openid orders", "prompt", "none"), "")
	d.authorize(third...)
	require.Equal(t, []string{"profile"}, d.last.Consent, "what was allowed is not asked again")
	d.authorize("client_id", "third", "scope", "openid orders", "prompt", "consent")
	require.Equal(t, []string{"openid", "orders"}, d.last.Consent)
	d.authorize("client_id", "app", "scope", "openid pay")
	require.Equal(t, []string{"pay"}, d.last.Consent)

	require.NoError(t, d.provider.RevokeConsent(t.Context(), "mia", "third", "orders"))
	d.post("/t1/token", "client_id", "third", "grant_type", "refresh_token", "refresh_token", a.text("refresh_token")).requireError(t, "invalid_grant")
	d.sent(d.authorize("client_id", "third", "scope", "openid", "prompt", "none"), "")
	d.sent(d.authorize("client_id", "third", "scope", "openid orders", "prompt", "none"), "consent_required")

	d.allow = []string{"openid"} // an app that anybody can pretend to be is asked about every time
	phone := []string{"client_id", "phone", "scope", "openid", "redirect_uri", "com.example.app:/cb"}
	d.sent(d.authorize(phone...), "")
	d.sent(d.authorize(append(phone, "prompt", "none")...), "consent_required")
}

func (a answer) requireError(t *testing.T, code string) {
	t.Helper()
	require.Equal(t, code, a.text("error"), a.raw)
}

func TestHint(t *testing.T) {
	d := newDoor(t)
	hint := d.redeem(d.authorize()).text("id_token")
	d.advance(90 * time.Minute) // it may have expired
	d.sent(d.authorize("prompt", "none", "id_token_hint", hint), "")
	d.sent(d.authorize("prompt", "none", "id_token_hint", hint[:len(hint)-4]+"AAAA"), "invalid_request")
	d.sent(d.authorize("prompt", "none", "id_token_hint", hint, "client_id", "other"), "invalid_request")
	d.person = "tom"
	d.sent(d.authorize("prompt", "login", "id_token_hint", hint), "login_required")
	d.sent(d.authorize("prompt", "login"), "")
	d.sent(d.authorize("prompt", "none", "id_token_hint", hint), "") // mia is signed in as well
	require.Equal(t, "mia", d.claims(d.redeem(d.authorize("prompt", "none", "id_token_hint", hint)).text("id_token")).Subject)
}

func TestFrontChannel(t *testing.T) {
	d := newDoor(t)
	for _, rt := range []string{oauth.ResponseIDToken, oauth.ResponseIDTokenToken, oauth.ResponseCodeIDToken, oauth.ResponseCodeToken, oauth.ResponseCodeIDTokenToken} {
		v := d.authorize("response_type", rt)
		d.sent(v, "")
		if raw := v.params.Get("id_token"); raw != "" {
			c := d.claims(raw)
			require.Equal(t, "n", c.Nonce)
			require.Equal(t, v.params.Get("access_token") != "", c.AccessTokenHash != "", rt)
			require.Equal(t, v.params.Get("code") != "", c.CodeHash != "", rt)
		}
		if v.params.Get("access_token") != "" {
			require.Equal(t, 200, d.userinfo(v.params.Get("access_token")).status, rt)
		}
		if v.params.Get("code") != "" {
			a := d.redeem(v)
			require.Equal(t, 200, a.status, a.raw)
			require.Equal(t, "n", d.claims(a.text("id_token")).Nonce)
		}
	}
}
