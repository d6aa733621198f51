package oauth_test

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/mintyard/mintyard/oauth"
	"github.com/mintyard/mintyard/oauth/token"
	"github.com/mintyard/mintyard/policy"
)

// editGrant is a host's grant that changes what personGrant has built.
type editGrant struct {
	personGrant
	edit func(r *oauth.TokenRequest, a *oauth.Authorization)
}

func (g editGrant) Authorize(ctx context.Context, r *oauth.TokenRequest) (*oauth.Authorization, error) {
	a, err := g.personGrant.Authorize(ctx, r)
	if err == nil {
		g.edit(r, a)
	}
	return a, err
}

func withGrant(edit func(r *oauth.TokenRequest, a *oauth.Authorization)) func(*oauth.Config) {
	return func(c *oauth.Config) {
		c.Grants = []oauth.Grant{oauth.ClientCredentials(), oauth.RefreshToken(), editGrant{edit: edit}}
	}
}

// What a host's grant may not build is refused, and the operator is told what it was.
func TestImpossibleAuthorizations(t *testing.T) {
	for why, edit := range map[string]func(r *oauth.TokenRequest, a *oauth.Authorization){
		"has methods but no subject":           func(_ *oauth.TokenRequest, a *oauth.Authorization) { a.Subject = "" },
		"has a subject of more than 255 bytes": func(_ *oauth.TokenRequest, a *oauth.Authorization) { a.Subject = strings.Repeat("x", 256) },
		"was authenticated in the future":      func(r *oauth.TokenRequest, a *oauth.Authorization) { a.AuthTime = r.Time.Add(time.Minute) },
		"has no authentication time":           func(_ *oauth.TokenRequest, a *oauth.Authorization) { a.AuthTime = time.Time{} },
		"beyond its own scopes":                func(_ *oauth.TokenRequest, a *oauth.Authorization) { a.TokenScopes = []string{"admin"} },
		"beyond its own resources":             func(_ *oauth.TokenRequest, a *oauth.Authorization) { a.TokenResources = []string{"https://evil"} },
	} {
		k := newKit(t, withGrant(edit))
		a := k.token(webID, "grant_type", personGrantID, "subject", "mia", "scope", "read")
		a.requireError(t, http.StatusInternalServerError, "server_error")
		require.Equal(t, oauth.ReasonAuthorization, k.lastReason())
		last := k.events[len(k.events)-1]
		require.ErrorContains(t, last.Err, why)
		require.NotContains(t, a.raw, why)
		var e *oauth.Error
		require.ErrorAs(t, last.Err, &e)
		require.Equal(t, "server_error", e.Code)
	}
}

// Tokens that are bound to a key say so, are no bearer tokens, and the refresh
// token is good with that key only: the wrong one spends nothing.
func TestSenderKey(t *testing.T) {
	sum := sha256.Sum256([]byte("key"))
	jkt := base64.RawURLEncoding.EncodeToString(sum[:])
	for _, format := range formats {
		for _, kind := range []string{"jkt", "x5t#S256"} {
			k := newKit(t, withGrant(func(_ *oauth.TokenRequest, a *oauth.Authorization) {
				if kind == "jkt" {
					a.Confirmation.JKT = jkt
				} else {
					a.Confirmation.X5T = jkt
				}
			}), func(c *oauth.Config) { c.AccessToken.Format = format })
			a := k.signIn(nativeID)
			require.Equal(t, map[string]string{"jkt": "DPoP", "x5t#S256": "Bearer"}[kind], a.text("token_type"))
			i := k.post("/introspect", apiID, form("token", a.text("access_token")))
			require.Equal(t, map[string]any{kind: jkt}, i.body["cnf"], i.raw)

			k.refresh(nativeID, a.text("refresh_token")).requireError(t, 400, "invalid_grant")
			require.Equal(t, oauth.ReasonSenderKey, k.lastReason())
			require.True(t, k.active(a.text("access_token")), "nothing was ended")

			r := httptest.NewRequest(http.MethodGet, "/", nil)
			r.Header.Set("Authorization", "Bearer "+a.text("access_token"))
			w := httptest.NewRecorder()
			_, ok := k.server.Bearer(w, r, "")
			require.False(t, ok)
			require.Equal(t, http.StatusUnauthorized, w.Code)
		}
	}
}

// What was proved, and where, is frozen at sign-in: a refresh from elsewhere, with
// the policy asked again, sees it as it was.
func TestProofIsFrozen(t *testing.T) {
	k := newKit(t, withGrant(func(r *oauth.TokenRequest, a *oauth.Authorization) {
		a.Methods = []policy.Method{{Name: "webauthn", Types: policy.Possession | policy.Inherence, At: r.Time,
			PhishingResistant: true, Hardware: true, UserVerified: true, Device: "d1"}}
		a.Risk = policy.RiskLow
	}))
	p, err := policy.New(policy.Rule{Name: "careful", If: policy.Condition{Risk: []policy.Risk{policy.RiskLow}}, Then: policy.Outcome{
		Access: policy.Allow, Factors: 2, MaxAge: time.Hour, AccessTokenTTL: time.Minute, RefreshTokenTTL: 40 * 24 * time.Hour,
		Require: []policy.Requirement{{PhishingResistant: true, Hardware: true, UserVerified: true}}}})
	require.NoError(t, err)
	c := *k.clients[nativeID]
	c.SignIn = p
	k.clients[nativeID] = &c
	a := k.signIn(nativeID)
	require.EqualValues(t, 60, a.body["expires_in"], "the policy shortens it")
	for range 6 {
		k.clock.advance(6 * 24 * time.Hour)
		a = k.refresh(nativeID, a.text("refresh_token"))
		require.Equal(t, http.StatusOK, a.status, "max_age was measured at sign-in: %s", a.raw)
	}
	k.clock.advance(5 * 24 * time.Hour)
	k.refresh(nativeID, a.text("refresh_token")).requireError(t, 400, "invalid_grant")
	require.Equal(t, oauth.ReasonExpired, k.lastReason(), "and the grant's life")
}

func TestStepUpWithoutAnAnswer(t *testing.T) {
	k := newKit(t)
	p, err := policy.New(policy.Rule{Name: "two", Then: policy.Outcome{Access: policy.Allow, Factors: 2}})
	require.NoError(t, err)
	c := *k.clients[webID]
	c.SignIn = p
	k.clients[webID] = &c
	k.token(webID, "grant_type", personGrantID, "subject", "mia", "scope", "read").requireError(t, 403, "access_denied")
	require.Equal(t, oauth.ReasonStepUp, k.lastReason())
}

// A host's own failure is a 503 that says nothing, and grants nothing.
func TestSubjectsUnavailable(t *testing.T) {
	k := newKit(t)
	tok := k.signIn(webID)
	k.people.err = errors.New("ldap://secret is down")
	for _, a := range []answer{
		k.refresh(webID, tok.text("refresh_token")),
		k.token(webID, "grant_type", personGrantID, "subject", "mia", "scope", "read"),
		k.post("/introspect", apiID, form("token", tok.text("access_token"))),
	} {
		a.requireError(t, 503, "temporarily_unavailable")
		require.NotContains(t, a.raw, "ldap")
	}
	k.people.err = nil
	require.Equal(t, 200, k.refresh(webID, tok.text("refresh_token")).status)
}

func TestOpaquePerClient(t *testing.T) {
	k := newKit(t)
	c := *k.clients[machineID]
	c.AccessTokenFormat, c.AccessTokenTTL = oauth.FormatOpaque, time.Minute
	k.clients[machineID] = &c
	a := k.token(machineID, "grant_type", "client_credentials")
	kind, ok := token.HandleKindOf(a.text("access_token"))
	require.True(t, ok)
	require.Equal(t, token.HandleAccess, kind)
	require.EqualValues(t, 60, a.body["expires_in"])
	require.Equal(t, byte('e'), k.signIn(webID).text("access_token")[0], "the server's own format is a JWT")
}
