package oauth_test

import (
	"context"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mintyard/mintyard/oauth"
	"github.com/mintyard/mintyard/oauth/token"
)

// failingClients is a host whose clients cannot be read.
type failingClients struct{ err error }

func (f failingClients) Client(context.Context, string) (*oauth.Client, error) { return nil, f.err }

func TestClientCredentials(t *testing.T) {
	for _, format := range []string{oauth.FormatJWT, oauth.FormatOpaque} {
		t.Run(format, func(t *testing.T) {
			k := newKit(t, func(c *oauth.Config) { c.AccessToken.Format = format })
			a := k.token(machineID, "grant_type", "client_credentials", "scope", "write read write")
			require.Equal(t, http.StatusOK, a.status, a.raw)
			require.Equal(t, "Bearer", a.text("token_type"))
			require.EqualValues(t, 600, a.body["expires_in"])
			require.Equal(t, "write read", a.text("scope"))
			require.NotContains(t, a.body, "refresh_token")
			require.Len(t, a.body, 4)

			i := k.post("/introspect", apiID, form("token", a.text("access_token")))
			require.Equal(t, true, i.body["active"])
			require.Equal(t, machineID, i.text("sub"))
			require.Equal(t, machineID, i.text("client_id"))
			require.Equal(t, audience, i.text("aud"))
			require.Equal(t, issuer, i.text("iss"))
			require.Equal(t, "write read", i.text("scope"))
			require.NotContains(t, i.body, "auth_time")
			require.NotEmpty(t, i.text("jti"))
			if format == oauth.FormatJWT {
				v := token.Verifier{Issuer: issuer, Audience: audience, Keys: k.config.Keys.Signing.KeySet(), Now: k.clock.Now}
				claims, err := v.VerifyAccessToken(t.Context(), a.text("access_token"))
				require.NoError(t, err)
				require.Equal(t, machineID, claims.Subject)
				require.Equal(t, i.text("jti"), claims.ID)
			}
			k.clock.advance(600e9)
			require.False(t, k.active(a.text("access_token")))
		})
	}
}

func TestClientCredentialsRefusals(t *testing.T) {
	k := newKit(t)
	for _, c := range []struct {
		name   string
		client string
		form   []string
		status int
		code   string
		reason oauth.Reason
	}{
		{"no grant type", machineID, nil, 400, "invalid_request", oauth.ReasonMissing},
		{"unknown grant type", machineID, []string{"grant_type", "magic"}, 400, "unsupported_grant_type", oauth.ReasonUnknownGrant},
		{"grant of others", machineID, []string{"grant_type", "refresh_token", "refresh_token", "x"}, 400, "unauthorized_client", oauth.ReasonGrantNotFor},
		{"public client", nativeID, []string{"grant_type", "client_credentials"}, 400, "unauthorized_client", oauth.ReasonGrantNotFor},
		{"unknown scope", machineID, []string{"grant_type", "client_credentials", "scope", "read nothing"}, 400, "invalid_scope", oauth.ReasonScopeUnknown},
		{"scope of others", machineID, []string{"grant_type", "client_credentials", "scope", "admin"}, 400, "invalid_scope", oauth.ReasonScopeNotAllowed},
		{"openid", machineID, []string{"grant_type", "client_credentials", "scope", "openid"}, 400, "invalid_scope", oauth.ReasonScopeNotAllowed},
		{"unknown resource", machineID, []string{"grant_type", "client_credentials", "resource", "https://evil.example"}, 400, "invalid_target", oauth.ReasonTarget},
	} {
		t.Run(c.name, func(t *testing.T) {
			k.token(c.client, c.form...).requireError(t, c.status, c.code)
			require.Equal(t, c.reason, k.lastReason())
		})
	}
	open := *k.clients[machineID]
	open.Scopes = nil
	k.clients[machineID] = &open
	k.token(machineID, "grant_type", "client_credentials", "scope", "openid").requireError(t, 400, "invalid_scope")
	require.Equal(t, oauth.ReasonScopePerson, k.lastReason(), "a client of its own is nobody (RFC 6749 section 4.4.3)")
}

func TestResources(t *testing.T) {
	k := newKit(t)
	a := k.token(machineID, "grant_type", "client_credentials", "resource", "https://other.example", "resource", audience)
	require.Equal(t, 200, a.status, a.raw)
	i := k.post("/introspect", apiID, form("token", a.text("access_token")))
	require.Equal(t, []any{"https://other.example", audience}, i.body["aud"])
}

// A person who has the id of a client could be taken for it (RFC 9068 section 5).
func TestSubjectIsNoClient(t *testing.T) {
	k := newKit(t)
	k.people.set(machineID, oauth.Subject{Active: true})
	k.token(webID, "grant_type", personGrantID, "subject", machineID, "scope", "read").requireError(t, 400, "invalid_grant")
	require.Equal(t, oauth.ReasonSubjectIsClient, k.lastReason())
}

func TestAssignment(t *testing.T) {
	k := newKit(t)
	c := *k.clients[webID]
	c.AssignedTo = []string{"staff"}
	k.clients[webID] = &c
	require.Equal(t, 200, k.signIn(webID).status)
	k.token(webID, "grant_type", personGrantID, "subject", "tom", "scope", "read").requireError(t, 400, "access_denied")
	require.Equal(t, oauth.ReasonNotAssigned, k.lastReason())
}
