package oidc_test

import (
	"net/http/cookiejar"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/mintyard/mintyard/oauth"
	"github.com/mintyard/mintyard/oidc"
	"github.com/mintyard/mintyard/store"
	"github.com/mintyard/mintyard/store/storetest"
)

// What a policy refuses, or a store cannot write, takes nobody's session away.
func TestFailedAnswerLeavesTheSession(t *testing.T) {
	faulty := storetest.Faulty(store.NewMemory())
	d := newDoor(t, func(c *oauth.Config, _ *oidc.Config) { c.Store = faulty })
	d.authorize()
	d.advance(time.Minute)
	faulty.SetOn("Put", 2, storetest.FailBefore) // the session's is the first
	v := d.authorize("prompt", "login")
	require.Equal(t, "temporarily_unavailable", v.params.Get("error"), "%v", v.params)
	d.advance(time.Minute)
	require.Empty(t, d.silent(), "it is that of before, and knows what was proved now")
	require.Len(t, d.sessions(), 1)

	d.jar, _ = cookiejar.New(nil)
	faulty.SetOn("Put", 2, storetest.FailBefore) // the session's is the first
	require.Equal(t, "temporarily_unavailable", d.authorize().params.Get("error"))
	require.Empty(t, d.cookie(), "one that was made for the answer goes with it")
	require.Len(t, d.sessions(), 1)
}

// Every store call of a sign-in, and of an answer from a session, fails in turn: no code
// with an error, no session without its cookie that lists as good for long, and the next
// try succeeds.
func TestEveryStoreCallOfASignInFails(t *testing.T) {
	for _, fault := range []storetest.Fault{storetest.FailBefore, storetest.FailAfter} {
		for name, signedIn := range map[string]bool{"sign-in": false, "single sign-on": true} {
			t.Run(name+" "+fault.String(), func(t *testing.T) {
				for n := 1; ; n++ {
					faulty := storetest.Faulty(store.NewMemory())
					d := newDoor(t, func(c *oauth.Config, _ *oidc.Config) { c.Store = faulty })
					if signedIn {
						d.authorize("client_id", "other")
					}
					faulty.Set(n, fault)
					v := d.authorize()
					hit := faulty.Hit()
					faulty.Clear()
					switch {
					case v.params.Get("code") != "":
						require.Equal(t, 200, d.redeem(v).status)
					case hit:
						require.Equal(t, "temporarily_unavailable", v.params.Get("error"), "call %d: %v", n, v.params)
					default:
						t.Fatalf("call %d: %v", n, v.params)
					}
					require.NotEmpty(t, d.authorize().params.Get("code"), "call %d", n)
					require.Empty(t, d.silent(), "call %d", n)
					if !hit {
						return
					}
				}
			})
		}
	}
}
