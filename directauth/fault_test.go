package directauth_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/mintyard/mintyard/oauth"
	"github.com/mintyard/mintyard/store"
	"github.com/mintyard/mintyard/store/storetest"
)

// Every store call of a sign-in fails in turn, before its effect and after it: no
// answer other than 200 carries a token, a code that may have been used is used, and
// the person who starts again, with the next code, is signed in.
func TestEveryStoreCallOfASignInFails(t *testing.T) {
	flows := map[string]func(k *kit) answer{
		"password": func(k *kit) answer { return k.password("one", "mia", password) },
		"code":     func(k *kit) answer { return k.otp("one", "mia", k.code()) },
		"two factors": func(k *kit) answer {
			a := k.password("two", "mia", password)
			if a.status != http.StatusForbidden {
				return a
			}
			return k.mfa("two", a.text("mfa_token"), k.code())
		},
	}
	for name, flow := range flows {
		for _, fault := range []storetest.Fault{storetest.FailBefore, storetest.FailAfter} {
			t.Run(name+" "+fault.String(), func(t *testing.T) {
				for n := 1; ; n++ {
					faulty := storetest.Faulty(store.NewMemory())
					k := newKit(t, func(c *oauth.Config) { c.Store = faulty })
					faulty.Set(n, fault)
					a := flow(k)
					hit := faulty.Hit()
					faulty.Clear()
					if a.status != http.StatusOK {
						require.NotContains(t, a.body, "access_token")
						require.NotContains(t, a.body, "id_token")
						require.Contains(t, []int{http.StatusServiceUnavailable, http.StatusBadRequest}, a.status, a.raw)
					}
					k.advance(30 * time.Second)
					again := flow(k)
					require.Equal(t, http.StatusOK, again.status, "call %d: starting again: %s", n, again.raw)
					if !hit {
						return
					}
				}
			})
		}
	}
}
