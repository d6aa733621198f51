package directauth_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/mintyard/mintyard/authenticator"
	"github.com/mintyard/mintyard/directauth"
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
		"text message": func(k *kit) answer {
			a := k.start("one", "mia", "sms")
			if a.status != http.StatusOK {
				return a
			}
			return k.oob("one", a.text("oob_code"), k.sent().Code)
		},
		"password and text message": func(k *kit) answer {
			a := k.password("two", "mia", password)
			if a.status != http.StatusForbidden {
				return a
			}
			b := k.challenge("two", a.text("mfa_token"), directauth.GrantMFAOOB, "sms")
			if b.status != http.StatusOK {
				return b
			}
			return k.mfaOOB("two", a.text("mfa_token"), b.text("oob_code"), k.sent().Code)
		},
		"push": func(k *kit) answer {
			a := k.start("one", "mia", "push")
			if a.status != http.StatusOK {
				return a
			}
			if err := k.push.Decide(k.t.Context(), k.sent().ID, authenticator.Decision{Approve: true, Number: a.text("binding_code")}); err != nil {
				return answer{status: http.StatusServiceUnavailable}
			}
			return k.oob("one", a.text("oob_code"), "")
		},
		"passkey": func(k *kit) answer {
			a := k.startPasskey("one", "zoe")
			if a.status != http.StatusOK {
				return a
			}
			return k.passkey("one", assertion(a))
		},
		"passkey without a name": func(k *kit) answer {
			a := k.startPasskey("one", "")
			if a.status != http.StatusOK {
				return a
			}
			return k.passkey("one", assertion(a))
		},
		"recovery code": func(k *kit) answer {
			a := k.password("two", "mia", password)
			if a.status != http.StatusForbidden {
				return a
			}
			for _, code := range recoveryCodes { // one may have been used by the try before
				if a := k.recover("two", a.text("mfa_token"), code); a.status != http.StatusBadRequest {
					return a
				}
			}
			return a
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
