package oauth_test

import (
	"context"
	"errors"
	"iter"
	"maps"
	"net/http"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mintyard/mintyard/oauth"
	"github.com/mintyard/mintyard/store"
	"github.com/mintyard/mintyard/store/storetest"
)

// Every store call of an answer fails in turn, before its effect and after it. Nothing
// good is in an answer that is none; the person who presses the button again is served;
// and it is one grant all the same.
func TestApproveEveryStoreCallFails(t *testing.T) {
	for _, types := range []string{"code", "token", "code token"} {
		for _, fault := range []storetest.Fault{storetest.FailBefore, storetest.FailAfter} {
			t.Run(types+", "+fault.String(), func(t *testing.T) {
				for n := 1; ; n++ {
					memory := store.NewMemory()
					faulty := storetest.Faulty(memory)
					d := newDoor(t, func(c *oauth.Config) { c.Store = faulty })
					sealed := d.sealed(frontID, "response_type", types)
					faulty.Set(n, fault)
					v := d.submit(sealed, "mia")
					hit := faulty.Hit()
					faulty.Clear()
					if v.status != http.StatusSeeOther {
						v.requireRefused(t, http.StatusServiceUnavailable, "temporarily_unavailable")
						require.NotContains(t, v.body, "storetest")
					}
					again := d.submit(sealed, "mia")
					require.Equal(t, http.StatusSeeOther, again.status, "call %d: %s", n, again.body)
					require.Equal(t, 1, grants(t, memory))
					if types != "token" {
						require.True(t, v.status != http.StatusSeeOther || v.code(t) == again.code(t))
						require.Equal(t, http.StatusOK, d.redeem(frontID, again).status)
						d.redeem(frontID, again).requireError(t, 400, "invalid_grant")
					}
					if !hit {
						require.Greater(t, n, 3)
						return
					}
				}
			})
		}
	}
}

// The whole flow, from the answer to a replay, with every call failing in turn: never two
// successes for one code, and what was not spent is good.
func TestAuthorizeEveryStoreCallFails(t *testing.T) {
	for _, fault := range []storetest.Fault{storetest.FailBefore, storetest.FailAfter} {
		t.Run(fault.String(), func(t *testing.T) {
			for n := 1; ; n++ {
				faulty := storetest.Faulty(store.NewMemory())
				d := newDoor(t, func(c *oauth.Config) { c.Store = faulty })
				sealed := d.sealed(spaID, "scope", "read offline_access")
				faulty.Set(n, fault)
				v := d.submit(sealed, "mia")
				for v.status == http.StatusServiceUnavailable {
					v = d.submit(sealed, "mia")
				}
				var tokens []answer
				for range 3 { // a client that asks again, as it should not
					if a := d.redeem(spaID, v); a.status == http.StatusOK {
						tokens = append(tokens, a)
					} else {
						require.Contains(t, []int{400, 503}, a.status, a.raw)
						require.NotContains(t, a.raw, "_token")
					}
				}
				hit := faulty.Hit()
				faulty.Clear()
				require.Len(t, tokens, 1)
				d.redeem(spaID, v).requireError(t, 400, "invalid_grant")
				require.False(t, d.active(tokens[0].text("access_token")), "the replay is known by now")
				if !hit {
					require.Greater(t, n, 8)
					return
				}
			}
		})
	}
}

// A no that cannot be kept is none: the browser is not sent back.
func TestDenyEveryStoreCallFails(t *testing.T) {
	for _, fault := range []storetest.Fault{storetest.FailBefore, storetest.FailAfter} {
		for n := 1; ; n++ {
			faulty := storetest.Faulty(store.NewMemory())
			d := newDoor(t, func(c *oauth.Config) { c.Store = faulty })
			sealed := d.sealed(spaID)
			v := d.submit(sealed, "mia")
			faulty.Set(n, fault)
			no := d.submit(sealed, "", "deny", "yes")
			hit := faulty.Hit()
			faulty.Clear()
			if no.status == http.StatusSeeOther {
				d.redeem(spaID, v).requireError(t, 400, "invalid_grant")
			} else {
				no.requireRefused(t, http.StatusServiceUnavailable, "temporarily_unavailable")
			}
			d.submit(sealed, "", "deny", "yes").requireSent(t, "access_denied")
			d.redeem(spaID, v).requireError(t, 400, "invalid_grant")
			if !hit {
				require.Greater(t, n, 1)
				break
			}
		}
	}
}

// mortal is the store as a process sees it that dies at a call: whether the call had its
// effect or not, there is no other.
type mortal struct {
	store.Store
	mu     sync.Mutex
	left   int
	effect bool // of the last call
	dead   bool
}

var errDead = errors.New("the process is dead")

func (m *mortal) call(effect func() error) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.dead {
		return errDead
	}
	if m.left--; m.left > 0 {
		return effect()
	}
	m.dead = true
	if m.effect {
		_ = effect()
	}
	return errDead
}

func (m *mortal) Get(ctx context.Context, buf []byte, recs []store.Record) (out []byte, err error) {
	out = buf
	return out, m.call(func() (err error) { out, err = m.Store.Get(ctx, buf, recs); return err })
}

func (m *mortal) Put(ctx context.Context, rec store.Record, old uint64) error {
	return m.call(func() error { return m.Store.Put(ctx, rec, old) })
}

func (m *mortal) Delete(ctx context.Context, key store.Key, version uint64) error {
	return m.call(func() error { return m.Store.Delete(ctx, key, version) })
}

func (m *mortal) List(ctx context.Context, tag store.Key) iter.Seq2[store.Key, error] {
	if err := m.call(func() error { return nil }); err != nil {
		return func(yield func(store.Key, error) bool) { yield(store.Key{}, err) }
	}
	return m.Store.List(ctx, tag)
}

// restarted is another process over the same store, clients and keys.
func (d *door) restarted(s store.Store) *door {
	next := newDoor(d.t, func(c *oauth.Config) { c.Store, c.Keys = s, d.config.Keys })
	maps.Copy(next.clients, d.clients)
	next.secrets = d.secrets
	return next
}

// The process dies at each call of an answer and of a redemption, before the call has its
// effect and after it. Another one goes on with what is in the store: what was answered
// holds, and nothing is good twice.
func TestAuthorizeCrash(t *testing.T) {
	for _, effect := range []bool{false, true} {
		for n := 1; ; n++ {
			memory := store.NewMemory()
			dying := &mortal{Store: memory, left: n, effect: effect}
			d := newDoor(t, func(c *oauth.Config) { c.Store = dying })
			sealed := d.sealed(spaID, "scope", "read offline_access")
			first := d.submit(sealed, "mia")
			var won answer
			if first.status == http.StatusSeeOther {
				won = d.redeem(spaID, first)
			}
			if won.status != http.StatusOK {
				require.NotContains(t, won.raw+first.body, "mint_")
			}
			next := d.restarted(memory)
			if won.status == http.StatusOK { // it was acknowledged
				require.True(t, next.active(won.text("access_token")))
				next.submit(sealed, "mia").requireRefused(t, 400, "invalid_request")
				next.redeem(spaID, first).requireError(t, 400, "invalid_grant")
				require.False(t, next.active(won.text("access_token")))
				if !dying.dead {
					require.Greater(t, n, 5)
					break
				}
				continue
			}
			second := next.submit(sealed, "mia")
			if second.status != http.StatusSeeOther { // it was redeemed, and nobody has heard of it
				second.requireRefused(t, 400, "invalid_request")
				next.redeem(spaID, first).requireError(t, 400, "invalid_grant")
				continue
			}
			require.True(t, first.status != http.StatusSeeOther || first.code(t) == second.code(t))
			require.Equal(t, http.StatusOK, next.redeem(spaID, second).status)
			next.redeem(spaID, second).requireError(t, 400, "invalid_grant")
			require.Equal(t, 1, grants(t, memory))
		}
	}
}
