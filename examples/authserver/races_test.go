package main

import (
	"fmt"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Whoever signs in with the old password while it is changed has nothing that is
// good once the change has answered.
func TestPasswordChangeRace(t *testing.T) {
	p := start(t, setup{config: standard, args: []string{"-dev"}})
	p.tom(defaultToken).ok(t)
	old := tomPassword
	for i := range 20 {
		next := fmt.Sprintf("password %d", i)
		var wg sync.WaitGroup
		var mu sync.Mutex
		var answers []answer
		for d := range 6 {
			wg.Go(func() {
				time.Sleep(time.Duration(d*8) * time.Millisecond)
				if a := p.password(defaultToken, "plain", "tom", old); a.status == http.StatusOK {
					mu.Lock()
					defer mu.Unlock()
					answers = append(answers, a)
				}
			})
		}
		wg.Go(func() { p.dev(http.MethodPatch, "users/00u2", `{"password":"`+next+`"}`).ok(t) })
		wg.Wait()
		for _, a := range answers {
			require.False(t, p.active(a.text("access_token")))
		}
		old = next
		p.password(defaultToken, "plain", "tom", old).ok(t)
	}
}

// A token under the key of two rotations later is good on the other node at once.
func TestRotationIsSeenByTheOther(t *testing.T) {
	onBoth(t, func(t *testing.T, a, b *process) {
		a.dev(http.MethodPost, "keys/rotate", "").ok(t)
		a.dev(http.MethodPost, "keys/rotate", "").ok(t)
		require.True(t, b.active(a.tom(defaultToken).ok(t).text("access_token")))
	})
}
