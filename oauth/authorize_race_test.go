package oauth_test

import (
	"context"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/mintyard/mintyard/oauth"
	"github.com/mintyard/mintyard/store"
	"github.com/mintyard/mintyard/store/storetest"
)

// newSweptDoor is a door whose store is swept all the time, as INV29 wants it.
func newSweptDoor(t *testing.T) (*door, *store.Memory) {
	memory := store.NewMemory()
	d := newDoor(t, func(c *oauth.Config) { c.Store = memory })
	done := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			select {
			case <-done:
				return
			case <-time.After(time.Millisecond):
				_, err := memory.Sweep(context.Background(), d.clock.Now(), 1000)
				check(err)
			}
		}
	})
	t.Cleanup(func() { close(done); wg.Wait() })
	return d, memory
}

// at makes requests at once: do gets the number of each.
func at[T any](n int, do func(i int) T) []T {
	all := make([]T, n)
	start := make(chan struct{})
	var wg sync.WaitGroup
	for i := range all {
		wg.Go(func() {
			<-start
			all[i] = do(i)
		})
	}
	close(start)
	wg.Wait()
	return all
}

// INV01, INV02: a code that came through the browser is redeemed at once by many, half of
// them another client. One at most succeeds, and of what it got nothing is left.
func TestAuthorizeCodeRace(t *testing.T) {
	d, _ := newSweptDoor(t)
	for range 20 {
		v := d.authorize(spaID, "scope", "read offline_access")
		won := 0
		for i, a := range at(60, func(i int) answer { return d.redeem([]string{spaID, phoneID, spaID, otherID}[i%4], v) }) {
			if a.status == http.StatusOK {
				won++
				require.Zero(t, i%2, "the other client")
				require.False(t, d.active(a.text("access_token")) || d.active(a.text("refresh_token")))
				continue
			}
			a.requireError(t, http.StatusBadRequest, "invalid_grant")
		}
		require.Equal(t, 1, won)
	}
}

// INV19, INV23: one request, answered many times at once for one person, is one code, one
// record, and one event.
func TestApproveRace(t *testing.T) {
	for _, types := range []string{"code", "token", "code token"} {
		t.Run(types, func(t *testing.T) {
			d, memory := newSweptDoor(t)
			for range 10 {
				before, events := grants(t, memory), len(d.events)
				sealed := d.sealed(frontID, "response_type", types)
				answers := at(50, func(int) visit { return d.submit(sealed, "mia") })
				for _, v := range answers {
					require.Equal(t, http.StatusSeeOther, v.status, v.body)
					require.Equal(t, answers[0].params.Get("code"), v.params.Get("code"))
					require.Equal(t, types != "code", v.params.Has("access_token"))
					require.True(t, types == "code" || d.active(v.params.Get("access_token")))
				}
				require.Equal(t, before+1, grants(t, memory))
				require.Len(t, d.events, events+1)
				if types != "token" {
					require.Equal(t, http.StatusOK, d.redeem(frontID, answers[49]).status)
				}
			}
		})
	}
}

// Two persons at once: one of them it is, and never both.
func TestApproveRaceOfTwo(t *testing.T) {
	d, memory := newSweptDoor(t)
	people := []string{"mia", "tom"}
	for range 20 {
		before := grants(t, memory)
		sealed := d.sealed(spaID)
		won := make(map[string]string) // the code of a person
		for i, v := range at(50, func(i int) visit { return d.submit(sealed, people[i%2]) }) {
			if v.status == http.StatusSeeOther {
				won[people[i%2]] = v.code(t)
				continue
			}
			v.requireRefused(t, 400, "invalid_request")
		}
		require.Len(t, won, 1)
		require.Equal(t, before+1, grants(t, memory))
		for person, code := range won {
			a := d.redeem(spaID, visit{params: form("code", code)})
			i, err := d.server.Inspect(t.Context(), a.text("access_token"))
			require.NoError(t, err)
			require.Equal(t, person, i.Subject)
		}
	}
}

// Yes and no at once: both are answered, at most one code comes of it, and the no that
// comes last is the last word.
func TestApproveAgainstDeny(t *testing.T) {
	d, _ := newSweptDoor(t)
	for range 20 {
		sealed := d.sealed(spaID)
		codes := make(map[string]bool)
		for i, v := range at(50, func(i int) visit { return d.submit(sealed, "mia", "deny", []string{"", "yes"}[i%2]) }) {
			switch {
			case i%2 == 1:
				v.requireSent(t, "access_denied")
			case v.status == http.StatusSeeOther:
				codes[v.code(t)] = true
			default:
				v.requireRefused(t, 400, "invalid_request")
			}
		}
		require.LessOrEqual(t, len(codes), 1)
		d.submit(sealed, "", "deny", "yes").requireSent(t, "access_denied")
		for code := range codes {
			d.redeem(spaID, visit{params: form("code", code)}).requireError(t, 400, "invalid_grant")
		}
	}
}

// INV27, INV07: after EndSubject has returned nothing is good that was answered before.
func TestApproveAgainstEndSubject(t *testing.T) {
	d, _ := newSweptDoor(t)
	for range 20 {
		var ended atomic.Bool
		list := make([]string, 40)
		for i := range list {
			list[i] = d.sealed(frontID, "response_type", "code token")
		}
		answers := at(41, func(i int) visit {
			if i == 40 {
				if err := d.server.EndSubject(context.Background(), "mia"); err != nil {
					panic(err)
				}
				ended.Store(true)
				return visit{}
			}
			after := ended.Load()
			v := d.submit(list[i], "mia")
			if after {
				return visit{} // it began when that was over
			}
			return v
		})
		require.NoError(t, d.server.EndSubject(t.Context(), "mia"))
		for _, v := range answers[:40] {
			if v.status == http.StatusSeeOther {
				require.False(t, d.active(v.params.Get("access_token")))
				d.redeem(frontID, v).requireError(t, 400, "invalid_grant")
			} else if v.status != 0 {
				v.requireRefused(t, 400, "invalid_grant")
			}
		}
	}
}

// meanwhile answers a request, and runs an action before or after the n-th call of the
// store. reached says that there was such a call, and noted that by then it was known
// whose grants could be ended.
func meanwhile(t *testing.T, n int, after bool, prepare func(d *door) string, action func(d *door, sealed string)) (d *door, sealed string, v visit, reached, noted bool) {
	t.Helper()
	faulty := storetest.Faulty(store.NewMemory())
	d = newDoor(t, func(c *oauth.Config) { c.Store = faulty })
	sealed = prepare(d)
	calls := 0
	hook := func(before bool) func(c storetest.Call) {
		return func(c storetest.Call) {
			if reached {
				return
			}
			if before {
				calls++
			}
			noted = noted || !before && c.Key.Kind == 's'
			if calls == n && before != after {
				reached = true
				action(d, sealed)
			}
		}
	}
	faulty.Before, faulty.After = hook(true), hook(false)
	v = d.submit(sealed, "mia")
	return d, sealed, v, reached, noted
}

// TestApproveMeanwhile puts what could come between into every gap of an answer.
func TestApproveMeanwhile(t *testing.T) {
	fresh := func(d *door) string { return d.sealed(spaID) }
	answered := func(d *door) string {
		sealed := d.sealed(spaID)
		d.submit(sealed, "mia")
		return sealed
	}
	good := func(d *door, v visit) bool {
		return v.params.Has("code") && d.redeem(spaID, v).status == http.StatusOK
	}
	gaps := func(t *testing.T, prepare func(*door) string, action func(*door, string), judge func(d *door, sealed string, v visit, noted bool)) {
		n := 1
		for ; ; n++ {
			for _, after := range []bool{false, true} {
				d, sealed, v, reached, noted := meanwhile(t, n, after, prepare, action)
				if !reached {
					require.Greater(t, n, 2)
					return
				}
				require.Less(t, v.status, 500, v.body)
				judge(d, sealed, v, noted)
			}
		}
	}
	t.Run("the person is ended", func(t *testing.T) {
		end := func(d *door, _ string) { require.NoError(t, d.server.EndSubject(t.Context(), "mia")) }
		gaps(t, fresh, end, func(d *door, _ string, v visit, noted bool) {
			require.Equal(t, !noted, good(d, v), "good only if all of it was verified later")
		})
		gaps(t, answered, end, func(d *door, _ string, v visit, _ bool) { require.False(t, good(d, v)) })
	})
	t.Run("a no", func(t *testing.T) {
		no := func(d *door, sealed string) { d.submit(sealed, "", "deny", "yes").requireSent(t, "access_denied") }
		gaps(t, answered, no, func(d *door, _ string, v visit, _ bool) { require.False(t, good(d, v)) })
		gaps(t, fresh, no, func(d *door, sealed string, v visit, _ bool) {
			no(d, sealed)
			require.False(t, good(d, v))
		})
	})
	for _, person := range []string{"mia", "tom"} {
		t.Run("a yes of "+person, func(t *testing.T) {
			var other visit
			yes := func(d *door, sealed string) { other = d.submit(sealed, person) }
			gaps(t, fresh, yes, func(d *door, _ string, v visit, _ bool) {
				require.Equal(t, person == "mia", v.params.Has("code") && other.params.Has("code"))
				require.True(t, v.params.Has("code") || other.params.Has("code"))
				winner, subject := v, "mia"
				if !v.params.Has("code") {
					winner, subject = other, person
				}
				if person == "mia" {
					require.Equal(t, v.code(t), other.code(t))
				}
				a := d.redeem(spaID, winner)
				i, err := d.server.Inspect(t.Context(), a.text("access_token"))
				require.NoError(t, err)
				require.Equal(t, subject, i.Subject)
			})
		})
	}
	t.Run("the code is redeemed", func(t *testing.T) {
		var a answer
		redeem := func(d *door, sealed string) {
			first := d.submit(sealed, "mia")
			a = d.redeem(spaID, first)
		}
		gaps(t, answered, redeem, func(d *door, _ string, v visit, _ bool) {
			require.Equal(t, http.StatusOK, a.status, a.raw)
			require.True(t, d.active(a.text("access_token")))
			if !v.params.Has("code") {
				v.requireRefused(t, 400, "invalid_request")
			}
		})
	})
}
