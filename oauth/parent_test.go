package oauth_test

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mintyard/mintyard/oauth"
	"github.com/mintyard/mintyard/store"
	"github.com/mintyard/mintyard/store/storetest"
)

const hangingGrantID = "urn:example:hanging"

// hangingGrant makes grants that hang on parents of the host's own: one record each,
// whose value is "over" when they are at their end.
type hangingGrant struct{ parents []string }

func (hangingGrant) Type() string { return hangingGrantID }

func (g hangingGrant) Authorize(ctx context.Context, r *oauth.TokenRequest) (*oauth.Authorization, error) {
	a, err := personGrant{}.Authorize(ctx, r)
	if err != nil {
		return nil, err
	}
	for _, name := range g.parents {
		a.Under(oauth.Parent{Key: parentKey(name), Over: func(v []byte) bool { return string(v) == "over" }})
	}
	return a, nil
}

func parentKey(name string) store.Key {
	return store.Key{Kind: 'P', ID: store.Digest("parent", name)}
}

// newParents is a server whose grants hang on these parents, all of them alive.
func newParents(t *testing.T, s store.Store, names ...string) *kit {
	k := newKit(t, func(c *oauth.Config) {
		c.Store = s
		c.Grants = append(c.Grants, hangingGrant{names})
	})
	c := *k.clients[nativeID]
	c.GrantTypes = append([]string{hangingGrantID}, c.GrantTypes...)
	k.clients[nativeID] = &c
	for _, name := range names {
		setParent(t, s, name, "alive")
	}
	return k
}

func setParent(t testing.TB, s store.Store, name, value string) {
	t.Helper()
	_, err := store.Update(context.Background(), s, parentKey(name), func(cur store.Record) (store.Record, error) {
		cur.Value = []byte(value)
		return cur, nil
	})
	require.NoError(t, err)
}

func (k *kit) hang(scope string) answer {
	return k.token(nativeID, "grant_type", hangingGrantID, "subject", "mia", "scope", scope)
}

func TestEndUnder(t *testing.T) {
	k := newParents(t, store.NewMemory(), "session", "consent")
	short, long, free := k.hang("read write"), k.hang("read offline_access"), k.signIn(nativeID)
	var seen []oauth.GrantUnder
	require.NoError(t, k.server.EndUnder(t.Context(), parentKey("session"), oauth.ReasonParentEnded, func(g oauth.GrantUnder) bool {
		seen = append(seen, g)
		return !g.Offline
	}))
	require.ElementsMatch(t, []oauth.GrantUnder{
		{ClientID: nativeID, Subject: "mia", Scopes: []string{"read", "write"}},
		{ClientID: nativeID, Subject: "mia", Scopes: []string{"read", "offline_access"}, Offline: true},
	}, seen)
	require.False(t, k.active(short.text("access_token")))
	require.True(t, k.active(long.text("access_token")))
	require.Equal(t, oauth.ReasonParentEnded, k.lastReason())

	require.NoError(t, k.server.EndUnder(t.Context(), parentKey("consent"), "consent_revoked", nil))
	require.False(t, k.active(long.text("access_token")), "a second parent ends it as well")
	k.refresh(nativeID, long.text("refresh_token")).requireError(t, 400, "invalid_grant")
	require.True(t, k.active(free.text("access_token")), "and nobody else's")
	require.NoError(t, k.server.EndUnder(t.Context(), parentKey("consent"), "consent_revoked", nil), "ended twice is ended")
}

// The tags go with the grant through its life: a refresh does not lose them.
func TestEndUnderAfterRefresh(t *testing.T) {
	k := newParents(t, store.NewMemory(), "session")
	a := k.hang("read offline_access")
	for range 3 {
		a = k.refresh(nativeID, a.text("refresh_token"))
		require.Equal(t, http.StatusOK, a.status, a.raw)
	}
	require.NoError(t, k.server.EndUnder(t.Context(), parentKey("session"), oauth.ReasonParentEnded, nil))
	require.False(t, k.active(a.text("access_token")))
}

// A grant that is written after the listing was made is ended by whoever makes it:
// whichever of its parents it was.
func TestGrantBornUnderEndingParent(t *testing.T) {
	for _, when := range []string{"before the grant is written", "after it"} {
		for _, name := range []string{"session", "consent"} {
			t.Run(name+" ends "+when, func(t *testing.T) {
				faulty := storetest.Faulty(store.NewMemory())
				k := newParents(t, faulty, "session", "consent")
				var did atomic.Bool
				hook := func(c storetest.Call) {
					if c.Method == "Put" && c.Key.Kind == 'g' && !did.Swap(true) {
						setParent(t, faulty, name, "over")
						require.NoError(t, k.server.EndUnder(context.Background(), parentKey(name), oauth.ReasonParentEnded, nil))
					}
				}
				if when == "after it" {
					faulty.After = hook
				} else {
					faulty.Before = hook
				}
				k.hang("read offline_access").requireError(t, 400, "invalid_grant")
				require.Equal(t, oauth.ReasonParentEnded, k.lastReason())
				require.NoError(t, k.server.EndUnder(t.Context(), parentKey(name), oauth.ReasonParentEnded, nil))
				for _, e := range k.events {
					require.NotEqual(t, oauth.EventTokenIssued, e.Type, "nothing was granted")
				}
				setParent(t, faulty, name, "alive")
				require.Equal(t, http.StatusOK, k.hang("read").status)
			})
		}
	}
}

// What is not there is over.
func TestAbsentParent(t *testing.T) {
	memory := store.NewMemory()
	k := newParents(t, memory, "session")
	recs := []store.Record{{Key: parentKey("session")}}
	_, err := memory.Get(t.Context(), nil, recs)
	require.NoError(t, err)
	require.NoError(t, memory.Delete(t.Context(), parentKey("session"), recs[0].Version))
	k.hang("read").requireError(t, 400, "invalid_grant")
	require.Equal(t, oauth.ReasonParentEnded, k.lastReason())
}

// A parent that cannot be read again is no reason to grant: 503, and no token.
func TestParentUnreadable(t *testing.T) {
	for n := 1; ; n++ {
		faulty := storetest.Faulty(store.NewMemory())
		k := newParents(t, faulty, "session")
		faulty.SetOn("Get", n, storetest.FailBefore)
		a := k.hang("read offline_access")
		if !faulty.Hit() {
			require.Greater(t, n, 3, "subject, subject again, parents")
			return
		}
		a.requireError(t, 503, "temporarily_unavailable")
		require.Equal(t, http.StatusOK, k.hang("read").status)
	}
}

// An end that was interrupted has ended nothing for good until it is repeated.
func TestInterruptedEndUnder(t *testing.T) {
	faulty := storetest.Faulty(store.NewMemory())
	k := newParents(t, faulty, "session")
	a, b := k.hang("read"), k.hang("write")
	end := func() error {
		return k.server.EndUnder(t.Context(), parentKey("session"), oauth.ReasonParentEnded, func(oauth.GrantUnder) bool { return true })
	}
	for _, method := range []string{"List", "Get", "Put"} {
		faulty.FailNext(method)
		var e *oauth.Error
		require.ErrorAs(t, end(), &e, method)
		require.Equal(t, oauth.CodeTemporarilyUnavailable, e.Code)
		require.True(t, k.active(a.text("access_token")) || k.active(b.text("access_token")), "%s: nobody was told that it was done", method)
	}
	require.NoError(t, end())
	require.False(t, k.active(a.text("access_token")))
	require.False(t, k.active(b.text("access_token")))
}

// However sign-ins and the end of their parent fall together: when both are over, no
// grant under it is alive.
func TestEndUnderRace(t *testing.T) {
	for range 30 {
		memory := store.NewMemory()
		k := newParents(t, memory, "session")
		var wg sync.WaitGroup
		wg.Go(func() {
			setParent(t, memory, "session", "over")
			check(k.server.EndUnder(context.Background(), parentKey("session"), oauth.ReasonParentEnded, nil))
		})
		answers := race(20, func() answer { return k.hang("read") })
		wg.Wait()
		for _, a := range answers {
			require.Less(t, a.status, 500, a.raw)
			if a.status == http.StatusOK {
				require.False(t, k.active(a.text("access_token")))
			}
		}
	}
}

func TestThreeParents(t *testing.T) {
	k := newParents(t, store.NewMemory(), "one", "two", "three")
	require.PanicsWithValue(t, "oauth: a grant has more than two parents", func() { k.hang("read") })
}

// keeper is an extension that keeps something of persons.
type keeper struct {
	ended []string
	err   error
}

func (*keeper) Extend(context.Context, *oauth.Issue) error { return nil }
func (e *keeper) EndSubject(_ context.Context, subject string) error {
	if e.err == nil {
		e.ended = append(e.ended, subject)
	}
	return e.err
}

// Whichever of the servers a host asks to end a person, what extensions keep ends too.
func TestSubjectEnder(t *testing.T) {
	k := newKit(t)
	one, two := new(keeper), new(keeper)
	extended := k.server.With(one)
	extended.With(two)
	for i, s := range []*oauth.Server{k.server, extended} {
		require.NoError(t, s.EndSubject(t.Context(), "mia"))
		require.Len(t, one.ended, i+1)
		require.Len(t, two.ended, i+1)
	}
}

// As long as an extension cannot end what it keeps, the end is not over: the next
// request that meets it tries again.
func TestSubjectEnderFails(t *testing.T) {
	k := newKit(t)
	e := &keeper{err: errors.New("down")}
	k.server.With(e)
	require.ErrorIs(t, k.server.EndSubject(t.Context(), "mia"), e.err)
	k.token(nativeID, "grant_type", personGrantID, "subject", "mia", "scope", "read").requireError(t, 503, "temporarily_unavailable")
	e.err = nil
	require.Equal(t, http.StatusOK, k.signIn(nativeID).status)
	require.Equal(t, []string{"mia"}, e.ended)
}
