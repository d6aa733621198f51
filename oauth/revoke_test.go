package oauth_test

import (
	"net/http"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mintyard/mintyard/oauth"
)

func TestRevocation(t *testing.T) {
	for _, format := range formats {
		for _, client := range []string{webID, nativeID} {
			t.Run(format+" "+client, func(t *testing.T) {
				k := newKit(t, func(c *oauth.Config) { c.AccessToken.Format = format })
				first := k.signIn(client)
				second := k.refresh(client, first.text("refresh_token"))
				a := k.post("/revoke", client, form("token", first.text("access_token")))
				require.Equal(t, http.StatusOK, a.status)
				require.Empty(t, a.raw)
				require.False(t, k.active(first.text("access_token")))
				require.True(t, k.active(second.text("access_token")), "one access token was revoked, not the grant")
				require.Equal(t, 200, k.post("/revoke", client, form("token", first.text("access_token"))).status, "again")

				require.Equal(t, 200, k.post("/revoke", client, form("token", second.text("refresh_token"))).status)
				require.False(t, k.active(second.text("access_token")), "the grant ends, and all that hangs on it")
				k.refresh(client, second.text("refresh_token")).requireError(t, 400, "invalid_grant")
			})
		}
	}
}

func TestRevocationOfOthers(t *testing.T) {
	k := newKit(t)
	a := k.signIn(nativeID)
	for _, tok := range []string{a.text("access_token"), a.text("refresh_token"), "garbage", "mint_rt_AAAA", "a.b.c"} {
		got := k.post("/revoke", webID, form("token", tok))
		require.Equal(t, http.StatusOK, got.status, "RFC 7009 section 2.2")
		require.Empty(t, got.raw)
	}
	require.True(t, k.active(a.text("access_token")))
	require.Equal(t, 200, k.refresh(nativeID, a.text("refresh_token")).status)

	k.do(newPost("/revoke", form("token", "x"))).requireError(t, 401, "invalid_client")
	k.post("/revoke", webID, form()).requireError(t, 400, "invalid_request")
}

// The owner of an old refresh token may end the grant with it too.
func TestRevocationByPredecessor(t *testing.T) {
	k := newKit(t)
	first := k.signIn(nativeID).text("refresh_token")
	second := k.refresh(nativeID, first).text("refresh_token")
	require.Equal(t, 200, k.post("/revoke", nativeID, form("token", first)).status)
	k.refresh(nativeID, second).requireError(t, 400, "invalid_grant")
}

// After the first revocation has answered, nothing of the grant is active,
// whatever refreshes were under way.
func TestRevocationBeatsRefresh(t *testing.T) {
	k := newKit(t)
	for range 20 {
		first := k.signIn(nativeID)
		var n atomic.Int64
		answers := race(60, func() answer {
			if n.Add(1)%2 == 0 {
				return k.post("/revoke", nativeID, form("token", first.text("refresh_token")))
			}
			return k.refresh(nativeID, first.text("refresh_token"))
		})
		for _, a := range answers {
			require.Less(t, a.status, 500, a.raw)
			if tok := a.text("access_token"); tok != "" {
				require.False(t, k.active(tok))
				k.refresh(nativeID, a.text("refresh_token")).requireError(t, 400, "invalid_grant")
			}
		}
	}
}
