package oauth_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"net/http"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mintyard/mintyard/oauth"
	"github.com/mintyard/mintyard/store"
)

func mustSigner(t *testing.T) crypto.Signer {
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	return k
}

// A store that lost writes (a failover, a restored backup) finds refresh tokens
// that are ahead of it: they are genuine, the record is moved past them, and the
// event says so.
func TestStoreWentBackInTime(t *testing.T) {
	memory := store.NewMemory()
	k := newKit(t, func(c *oauth.Config) { c.Store = memory })
	tok := k.signIn(nativeID).text("refresh_token")
	backup := slices.Collect(func(yield func(store.Record) bool) {
		for r, err := range memory.Walk(t.Context()) {
			require.NoError(t, err)
			r.Value = slices.Clone(r.Value)
			if !yield(r) {
				return
			}
		}
	})
	for range 3 {
		tok = k.refresh(nativeID, tok).text("refresh_token")
	}
	for _, r := range backup {
		recs := []store.Record{{Key: r.Key}}
		_, err := memory.Get(t.Context(), nil, recs)
		require.NoError(t, err)
		require.NoError(t, memory.Put(t.Context(), r, recs[0].Version))
	}
	a := k.refresh(nativeID, tok)
	require.Equal(t, http.StatusOK, a.status, a.raw)
	require.Contains(t, k.reasons(), oauth.ReasonStoreBehind)
	require.Equal(t, http.StatusOK, k.refresh(nativeID, a.text("refresh_token")).status)
}

// What is at rest cannot be presented: no token, and no secret of a client.
func TestNothingAtRestIsACredential(t *testing.T) {
	memory := store.NewMemory()
	k := newKit(t, func(c *oauth.Config) { c.Store, c.AccessToken.Format = memory, oauth.FormatOpaque })
	a := k.signIn(webID)
	b := k.refresh(webID, a.text("refresh_token"))
	k.post("/revoke", webID, form("token", a.text("access_token")))
	records := 0
	for r, err := range memory.Walk(t.Context()) {
		require.NoError(t, err)
		records++
		for _, secret := range []string{a.text("access_token"), a.text("refresh_token"), b.text("access_token"), b.text("refresh_token"), k.secrets[webID]} {
			require.NotContains(t, string(r.Value), secret)
			require.NotContains(t, string(r.Value), secret[9:], "without the prefix")
		}
	}
	require.Equal(t, 2, records, "one grant, and one mark of revocation")
}
