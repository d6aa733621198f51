package oauth_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mintyard/mintyard/oauth"
	"github.com/mintyard/mintyard/oauth/token"
	"github.com/mintyard/mintyard/store"
)

// Several servers in one process share a store, clients and people, and nothing
// else: no artefact of one is good at another.
func TestServersShareNothing(t *testing.T) {
	for _, format := range formats {
		t.Run(format, func(t *testing.T) {
			memory := store.NewMemory()
			one := newKit(t, func(c *oauth.Config) { c.Store, c.AccessToken.Format = memory, format })
			two := newKit(t, func(c *oauth.Config) {
				c.ID, c.Issuer, c.Store, c.AccessToken.Format = "two", "https://as.example/oauth2/two", memory, format
				c.Paths = oauth.DefaultPaths("https://as.example")
				var err error
				c.Keys, err = oauth.GenerateKeys("two", token.ES256)
				require.NoError(t, err)
				c.Clients = one.clients
			})
			two.secrets = one.secrets
			requireIsolated(t, one, two)
			requireIsolated(t, two, one)
		})
	}
}

// The same, where an operator has given both servers the same keys by mistake:
// the id of the server is in everything that is signed or authenticated.
func TestServersWithTheSameKeysShareNothing(t *testing.T) {
	memory := store.NewMemory()
	ring := func() *token.Ring {
		k, err := token.GenerateKey(token.ES256)
		require.NoError(t, err)
		r, err := token.NewRing(token.RingState{Active: []*token.Key{k}})
		require.NoError(t, err)
		return r
	}()
	handles := token.HandleKeys{Active: token.NewHandleKey()}
	start := func(id, issuer string, edit func(*oauth.Config)) *kit {
		return newKit(t, edit, func(c *oauth.Config) {
			var err error
			c.Keys, err = oauth.NewKeys(id, ring, handles)
			require.NoError(t, err)
			c.ID, c.Issuer, c.Store, c.Paths = id, issuer, memory, oauth.DefaultPaths("https://as.example")
		})
	}
	one := start("one", "https://as.example/one", func(*oauth.Config) {})
	two := start("two", "https://as.example/two", func(c *oauth.Config) { c.Clients = one.clients })
	two.secrets = one.secrets
	requireIsolated(t, one, two)
}

func requireIsolated(t *testing.T, owner, other *kit) {
	a := owner.signIn(nativeID)
	access, refresh := a.text("access_token"), a.text("refresh_token")

	require.False(t, other.active(access))
	other.refresh(nativeID, refresh).requireError(t, 400, "invalid_grant")
	for _, tok := range []string{access, refresh} {
		i := other.post("/introspect", nativeID, form("token", tok))
		require.NotEqual(t, true, i.body["active"])
		require.Equal(t, http.StatusOK, other.post("/revoke", nativeID, form("token", tok)).status)
	}
	require.NoError(t, other.server.EndSubject(t.Context(), "mia"))

	require.True(t, owner.active(access), "what the other server was asked to do has not touched this one's")
	require.Equal(t, http.StatusOK, owner.refresh(nativeID, refresh).status)
}
