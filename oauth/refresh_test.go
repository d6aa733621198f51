package oauth_test

import (
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/mintyard/mintyard/oauth"
)

func TestRefreshRotates(t *testing.T) {
	for _, client := range []string{webID, nativeID} {
		t.Run(client, func(t *testing.T) {
			k := newKit(t)
			first := k.signIn(client)
			second := k.refresh(client, first.text("refresh_token"))
			require.Equal(t, http.StatusOK, second.status, second.raw)
			require.NotEqual(t, first.text("refresh_token"), second.text("refresh_token"))
			require.NotEqual(t, first.text("access_token"), second.text("access_token"))
			require.Equal(t, "read write offline_access", second.text("scope"))
			require.True(t, k.active(first.text("access_token")), "rotation ends no access token")
			require.True(t, k.active(second.text("access_token")))
		})
	}
}

// Whoever asks again because the answer got lost gets the same successor.
func TestRefreshGrace(t *testing.T) {
	k := newKit(t)
	first := k.signIn(nativeID).text("refresh_token")
	second := k.refresh(nativeID, first).text("refresh_token")
	k.clock.advance(30 * time.Second)
	require.Equal(t, second, k.refresh(nativeID, first).text("refresh_token"))
	require.Equal(t, second, k.refresh(nativeID, first).text("refresh_token"))

	third := k.refresh(nativeID, second)
	require.Equal(t, http.StatusOK, third.status, "the retry did not fork the chain")

	// The successor has been used: the grace of the first is over, whatever the clock.
	k.refresh(nativeID, first).requireError(t, 400, "invalid_grant")
	require.Equal(t, oauth.ReasonReuse, k.lastReason())
	k.refresh(nativeID, third.text("refresh_token")).requireError(t, 400, "invalid_grant")
	require.Equal(t, oauth.ReasonEnded, k.lastReason())
}

func TestRefreshReuseEndsTheGrant(t *testing.T) {
	k := newKit(t)
	first := k.signIn(nativeID)
	second := k.refresh(nativeID, first.text("refresh_token"))
	k.clock.advance(31 * time.Second)
	k.refresh(nativeID, first.text("refresh_token")).requireError(t, 400, "invalid_grant")
	require.Equal(t, oauth.ReasonReuse, k.lastReason())
	for _, tok := range []string{first.text("access_token"), second.text("access_token")} {
		require.False(t, k.active(tok))
	}
	k.refresh(nativeID, second.text("refresh_token")).requireError(t, 400, "invalid_grant")
}

// A chain of rotations inside one frozen instant is in order all the same: every
// ancestor but the last is reuse.
func TestRefreshChainInOneInstant(t *testing.T) {
	for i := range 49 {
		k := newKit(t)
		chain := []string{k.signIn(nativeID).text("refresh_token")}
		for range 50 {
			a := k.refresh(nativeID, chain[len(chain)-1])
			require.Equal(t, http.StatusOK, a.status)
			chain = append(chain, a.text("refresh_token"))
		}
		k.refresh(nativeID, chain[i]).requireError(t, 400, "invalid_grant")
		k.refresh(nativeID, chain[50]).requireError(t, 400, "invalid_grant")
	}
}

func TestRefreshWithoutGrace(t *testing.T) {
	k := newKit(t, func(c *oauth.Config) { c.Refresh.Grace = oauth.NoGrace })
	first := k.signIn(nativeID).text("refresh_token")
	require.Equal(t, http.StatusOK, k.refresh(nativeID, first).status)
	k.refresh(nativeID, first).requireError(t, 400, "invalid_grant")
	require.Equal(t, oauth.ReasonReuse, k.lastReason())
}

func TestRefreshUntilUsed(t *testing.T) {
	k := newKit(t, func(c *oauth.Config) { c.Refresh.Grace = oauth.UntilUsed })
	first := k.signIn(nativeID).text("refresh_token")
	second := k.refresh(nativeID, first).text("refresh_token")
	k.clock.advance(23 * time.Hour)
	require.Equal(t, second, k.refresh(nativeID, first).text("refresh_token"), "a phone that was off for a day")
	k.clock.advance(2 * time.Hour)
	k.refresh(nativeID, first).requireError(t, 400, "invalid_grant")
}

func TestRefreshPersistent(t *testing.T) {
	k := newKit(t, func(c *oauth.Config) { c.Refresh.Persistent = true })
	first := k.signIn(webID).text("refresh_token")
	for range 3 {
		a := k.refresh(webID, first)
		require.Equal(t, http.StatusOK, a.status, a.raw)
		require.Equal(t, first, a.text("refresh_token"))
		k.clock.advance(6 * 24 * time.Hour) // use keeps it alive
	}
	k.clock.advance(2 * 24 * time.Hour)
	k.refresh(webID, first).requireError(t, 400, "invalid_grant")
	require.Equal(t, oauth.ReasonIdle, k.lastReason())

	public := k.signIn(nativeID).text("refresh_token")
	require.NotEqual(t, public, k.refresh(nativeID, public).text("refresh_token"), "a public client rotates (RFC 9700 section 2.2.2)")
}

func TestRefreshEnds(t *testing.T) {
	k := newKit(t)
	tok := k.signIn(nativeID).text("refresh_token")
	for range 15 { // used all the time, 90 days
		k.clock.advance(6*24*time.Hour - time.Second)
		a := k.refresh(nativeID, tok)
		require.Equal(t, http.StatusOK, a.status, a.raw)
		tok = a.text("refresh_token")
	}
	k.clock.advance(20 * time.Second)
	k.refresh(nativeID, tok).requireError(t, 400, "invalid_grant")
	require.Equal(t, oauth.ReasonExpired, k.lastReason())

	idle := k.signIn(nativeID).text("refresh_token")
	k.clock.advance(7 * 24 * time.Hour)
	k.refresh(nativeID, idle).requireError(t, 400, "invalid_grant")
	require.Equal(t, oauth.ReasonIdle, k.lastReason())
}

// No access token outlives the grant that it hangs on.
func TestAccessTokenEndsWithGrant(t *testing.T) {
	k := newKit(t, func(c *oauth.Config) { c.Refresh.Absolute = time.Minute })
	a := k.signIn(nativeID)
	require.EqualValues(t, 60, a.body["expires_in"])
	k.clock.advance(45 * time.Second)
	require.EqualValues(t, 15, k.refresh(nativeID, a.text("refresh_token")).body["expires_in"])
}

func TestRefreshNarrows(t *testing.T) {
	k := newKit(t)
	first := k.signIn(nativeID)
	narrow := k.refresh(nativeID, first.text("refresh_token"), "scope", "read")
	require.Equal(t, "read", narrow.text("scope"))
	again := k.refresh(nativeID, narrow.text("refresh_token"))
	require.Equal(t, "read write offline_access", again.text("scope"), "the grant itself was not narrowed")

	k.refresh(nativeID, again.text("refresh_token"), "scope", "read admin").requireError(t, 400, "invalid_scope")
	require.Equal(t, http.StatusOK, k.refresh(nativeID, again.text("refresh_token")).status, "the refusal spent nothing")
}

func TestRefreshResource(t *testing.T) {
	k := newKit(t)
	a := k.token(nativeID, "grant_type", personGrantID, "subject", "mia", "scope", "read offline_access",
		"resource", audience, "resource", "https://other.example")
	require.Equal(t, http.StatusOK, a.status, a.raw)
	b := k.refresh(nativeID, a.text("refresh_token"), "resource", "https://other.example")
	require.Equal(t, http.StatusOK, b.status, b.raw)
	require.False(t, k.active(b.text("access_token")), "it is for another resource server")
	k.refresh(nativeID, b.text("refresh_token"), "resource", "https://evil.example").requireError(t, 400, "invalid_target")
	require.Equal(t, http.StatusOK, k.refresh(nativeID, b.text("refresh_token")).status)
}

// A wrong client learns nothing and does nothing to the owner.
func TestRefreshBoundToClient(t *testing.T) {
	k := newKit(t)
	first := k.signIn(nativeID).text("refresh_token")
	second := k.refresh(nativeID, first).text("refresh_token")
	k.clock.advance(time.Hour)
	for _, tok := range []string{first, second} {
		k.refresh(webID, tok).requireError(t, 400, "invalid_grant")
		require.Equal(t, oauth.ReasonClientMismatch, k.lastReason())
	}
	require.Equal(t, http.StatusOK, k.refresh(nativeID, second).status)
}

func TestRefreshRefusals(t *testing.T) {
	k := newKit(t)
	good := k.signIn(nativeID)
	flipped := []byte(good.text("refresh_token"))
	flipped[20] ^= 1
	for name, tok := range map[string]string{
		"garbage": "garbage", "access token": good.text("access_token"), "flipped": string(flipped),
		"cut": good.text("refresh_token")[:40], "prefix": "mint_rt_", "long": good.text("refresh_token") + "AAAA",
	} {
		t.Run(name, func(t *testing.T) {
			k.refresh(nativeID, tok).requireError(t, 400, "invalid_grant")
		})
	}
	k.token(nativeID, "grant_type", "refresh_token").requireError(t, 400, "invalid_request")
}

// What is true of person, client and scope today counts at every refresh.
func TestRefreshLooksAgain(t *testing.T) {
	k := newKit(t)
	tok := k.signIn(nativeID).text("refresh_token")
	k.people.set("mia", oauth.Subject{Active: false})
	k.refresh(nativeID, tok).requireError(t, 400, "invalid_grant")
	require.Equal(t, oauth.ReasonInactiveSubject, k.lastReason())
	k.people.set("mia", oauth.Subject{Active: true})

	c := *k.clients[nativeID]
	c.Scopes = []string{"read", oauth.ScopeOfflineAccess}
	k.clients[nativeID] = &c
	a := k.refresh(nativeID, tok)
	require.Equal(t, "read offline_access", a.text("scope"), "a scope that was taken from the client is gone from its grants")

	c2 := c
	c2.GrantTypes = []string{personGrantID}
	k.clients[nativeID] = &c2
	k.refresh(nativeID, a.text("refresh_token")).requireError(t, 400, "unauthorized_client")

	c3 := c
	c3.Registered = k.clock.Now().Add(time.Second) // deleted, and registered again
	k.clients[nativeID] = &c3
	k.refresh(nativeID, a.text("refresh_token")).requireError(t, 400, "invalid_grant")
	require.Equal(t, oauth.ReasonClientRenewed, k.lastReason())
}

func TestNoRefreshTokenUnlessAsked(t *testing.T) {
	k := newKit(t)
	a := k.token(nativeID, "grant_type", personGrantID, "subject", "mia", "scope", "read")
	require.NotContains(t, a.body, "refresh_token", "without offline_access")

	c := *k.clients[nativeID]
	c.GrantTypes = []string{personGrantID}
	k.clients[nativeID] = &c
	a = k.token(nativeID, "grant_type", personGrantID, "subject", "mia", "scope", "read offline_access")
	require.NotContains(t, a.body, "refresh_token", "without the grant")
}

// One hundred refresh at once: with grace all hear of the same successor, and
// without it one does, and the rest were replays, which ended the grant.
func TestRefreshRace(t *testing.T) {
	for _, grace := range []time.Duration{0, oauth.NoGrace} {
		k := newKit(t, func(c *oauth.Config) { c.Refresh.Grace = grace })
		for range 20 {
			first := k.signIn(nativeID).text("refresh_token")
			answers := race(100, func() answer { return k.refresh(nativeID, first) })
			var successors []string
			for _, a := range answers {
				if a.status == http.StatusOK {
					successors = append(successors, a.text("refresh_token"))
				} else {
					a.requireError(t, 400, "invalid_grant")
				}
			}
			if grace == 0 {
				require.Len(t, successors, 100)
				require.Len(t, slices.Compact(successors), 1)
				require.Equal(t, http.StatusOK, k.refresh(nativeID, successors[0]).status)
			} else {
				require.Len(t, successors, 1)
				k.refresh(nativeID, successors[0]).requireError(t, 400, "invalid_grant")
			}
		}
	}
}

// race calls f n times at once.
func race(n int, f func() answer) []answer { return at(n, func(int) answer { return f() }) }
