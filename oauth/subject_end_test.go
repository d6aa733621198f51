package oauth_test

import (
	"context"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mintyard/mintyard/oauth"
	"github.com/mintyard/mintyard/store"
	"github.com/mintyard/mintyard/store/storetest"
)

func TestEndSubject(t *testing.T) {
	k := newKit(t)
	mia, tom := k.signIn(nativeID), k.token(nativeID, "grant_type", personGrantID, "subject", "tom", "scope", "read offline_access")
	require.NoError(t, k.server.EndSubject(t.Context(), "mia"))
	require.False(t, k.active(mia.text("access_token")))
	k.refresh(nativeID, mia.text("refresh_token")).requireError(t, 400, "invalid_grant")
	require.Equal(t, oauth.ReasonEnded, k.lastReason())
	require.Equal(t, 200, k.refresh(nativeID, tom.text("refresh_token")).status)

	fresh := k.signIn(nativeID)
	require.True(t, k.active(fresh.text("access_token")), "a person who may sign in again can")
	require.NoError(t, k.server.EndSubject(t.Context(), "mia"))
	require.False(t, k.active(fresh.text("access_token")))
}

// After a person was suspended and ended, nothing that a sign-in or a refresh under
// way has brought is good, even once the person is active again.
func TestEndSubjectRace(t *testing.T) {
	for range 30 {
		k := newKit(t)
		first := k.signIn(nativeID).text("refresh_token")
		var wg sync.WaitGroup
		wg.Go(func() {
			k.people.set("mia", oauth.Subject{})
			if err := k.server.EndSubject(context.Background(), "mia"); err != nil {
				panic(err)
			}
			k.people.set("mia", oauth.Subject{Active: true})
		})
		suspended := make(chan struct{})
		go func() { wg.Wait(); close(suspended) }()
		answers := race(20, func() answer {
			return k.token(nativeID, "grant_type", personGrantID, "subject", "mia", "scope", "read offline_access")
		})
		again := k.refresh(nativeID, first)
		<-suspended
		_ = again
		k.refresh(nativeID, first).requireError(t, 400, "invalid_grant")
		for _, a := range answers {
			require.Less(t, a.status, 500, a.raw)
		}
	}
}

// A grant that is written after the listing was made is ended by whoever makes it.
func TestGrantBornDuringEnd(t *testing.T) {
	for _, when := range []string{"before the grant is written", "after it"} {
		t.Run(when, func(t *testing.T) {
			faulty := storetest.Faulty(store.NewMemory())
			k := newKit(t, func(c *oauth.Config) { c.Store = faulty })
			var did atomic.Bool
			hook := func(c storetest.Call) {
				if c.Method == "Put" && c.Key.Kind == 'g' && !did.Swap(true) {
					require.NoError(t, k.server.EndSubject(context.Background(), "mia"))
				}
			}
			if when == "after it" {
				faulty.After = hook
			} else {
				faulty.Before = hook
			}
			a := k.token(nativeID, "grant_type", personGrantID, "subject", "mia", "scope", "read offline_access")
			a.requireError(t, 400, "invalid_grant")
			require.Equal(t, oauth.ReasonSubjectEnded, k.lastReason())
			require.Equal(t, http.StatusOK, k.signIn(nativeID).status)
		})
	}
}

// An end that was interrupted is finished by the next request that meets it.
func TestInterruptedEndIsFinished(t *testing.T) {
	memory := store.NewMemory()
	faulty := storetest.Faulty(memory)
	k := newKit(t, func(c *oauth.Config) { c.Store = faulty })
	old := k.signIn(nativeID)
	faulty.FailNext("List")
	require.Error(t, k.server.EndSubject(t.Context(), "mia"))
	require.True(t, k.active(old.text("access_token")), "not ended yet, and nobody was told that it was")
	require.Equal(t, http.StatusOK, k.signIn(nativeID).status)
	require.False(t, k.active(old.text("access_token")))
}
