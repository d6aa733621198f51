package directauth_test

import (
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// race calls f for 0 to n-1 at once.
func race(n int, f func(i int) answer) []answer {
	answers := make([]answer, n)
	start := make(chan struct{})
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			<-start
			answers[i] = f(i)
		})
	}
	close(start)
	wg.Wait()
	return answers
}

func successes(t *testing.T, answers []answer) (n int) {
	for _, a := range answers {
		require.Less(t, a.status, 500, a.raw)
		if a.status == http.StatusOK {
			n++
		}
	}
	return n
}

// One code, a hundred times at once over ten sign-ins: it works once.
func TestOneCodeManySignIns(t *testing.T) {
	for range 10 {
		k := newKit(t)
		tokens := make([]string, 10)
		for i := range tokens {
			tokens[i] = k.started("two")
		}
		code := k.code()
		require.LessOrEqual(t, successes(t, race(100, func(i int) answer { return k.mfa("two", tokens[i%10], code) })), 1)
	}
}

// Two codes that are both right finish one sign-in once.
func TestOneSignInTwoCodes(t *testing.T) {
	for range 10 {
		k := newKit(t)
		mfa := k.started("two")
		now := k.code()
		k.advance(30 * time.Second)
		next := k.code()
		require.Equal(t, 1, successes(t, race(2, func(i int) answer { return k.mfa("two", mfa, []string{now, next}[i]) })))
	}
}

// Guessing is counted before it is judged: five hundred at once are no more tries
// than the limit, and a right code among them does not come after the lock.
func TestGuessing(t *testing.T) {
	k := newKit(t)
	mfa := k.started("two")
	answers := race(300, func(i int) answer { return k.mfa("two", mfa, "000000") })
	judged := 0
	for _, a := range answers {
		switch a.status {
		case http.StatusBadRequest:
			judged++
		case http.StatusTooManyRequests:
			require.Equal(t, "invalid_grant", a.text("error"))
			require.NotEmpty(t, a.header["Retry-After"])
			const reset = "x-rate-limit-reset" // in lower case: that is how clients look it up
			require.Contains(t, a.header, reset)
		default:
			t.Fatal(a.status, a.raw)
		}
	}
	require.LessOrEqual(t, judged, 10)
	k.mfa("two", mfa, k.code()).requireError(t, http.StatusTooManyRequests, "invalid_grant")
	k.mfa("two", k.started("two"), k.code()).requireError(t, http.StatusTooManyRequests, "invalid_grant")
	require.Equal(t, http.StatusOK, k.password("one", "mia", password).status, "the password is another authenticator")
}

// A name that nobody has locks the same way as one that somebody has.
func TestGuessingUnknownNames(t *testing.T) {
	k := newKit(t)
	var known, unknown []int
	for range 15 {
		known = append(known, k.password("one", "mia", "wrong").status)
		unknown = append(unknown, k.password("one", "nobody", "wrong").status)
	}
	require.Equal(t, known, unknown)
	require.Equal(t, http.StatusTooManyRequests, known[14])
	k.advance(24 * time.Hour)
	require.Equal(t, http.StatusOK, k.password("one", "mia", password).status, "the lock lapses")
}

// A password that is changed while it is verified brings nothing that lasts: the
// change ends the person's grants, and this one with them, although it is made later.
func TestPasswordChangedWhileVerified(t *testing.T) {
	for range 20 {
		k := newKit(t)
		k.host.during = func() { // the hash was read, and is not compared yet
			if err := k.provider.Server().EndSubject(t.Context(), "mia"); err != nil {
				t.Error(err)
			}
		}
		k.password("one", "mia", password).requireError(t, http.StatusBadRequest, "invalid_grant")
		k.host.during = nil
		require.Equal(t, http.StatusOK, k.password("one", "mia", password).status)
	}
}

// A verification that takes its time is no authentication in the future.
func TestSlowVerification(t *testing.T) {
	k := newKit(t)
	k.host.during = func() { k.advance(20 * time.Second) }
	require.Equal(t, http.StatusOK, k.password("one", "mia", password).status)
}
