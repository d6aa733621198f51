package directauth_test

import (
	"net/http"
	"os"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/mintyard/mintyard/authenticator"
	"github.com/mintyard/mintyard/store"
	"github.com/mintyard/mintyard/store/storetest"
)

// Five hundred password grants at once: as many hashes are computed at once as are
// configured, a bounded number waits, and the others hear at once that the server is
// busy. Meanwhile tokens are refreshed, and memory holds what was configured.
func TestHashFlood(t *testing.T) {
	const flood, parallel, queue = 500, 2, 32
	faulty := storetest.Faulty(store.NewMemory())
	w := newTown(t, 9, func(w *town) {
		w.store, w.parallel = faulty, parallel
		if less == 1 {
			w.hash = authenticator.HashParams{} // the default: 19 MiB, two passes
		}
	})
	w.settleAll(flood)
	n := w.nodes[0]
	refresh := n.tryPassword(home, "one", "mia", password, "scope", "openid offline_access").text("refresh_token")
	require.NotEmpty(t, refresh)
	renew := func() time.Duration {
		begin := time.Now()
		r := n.post(home, tokenPath, "client_id", "one", "grant_type", "refresh_token", "refresh_token", refresh)
		took := time.Since(begin)
		require.Equal(t, http.StatusOK, r.status, string(r.body))
		refresh = r.text("refresh_token")
		return took
	}

	// The attempt is counted by who has a place among the hashes: those who are held
	// there are those who would be hashing.
	var inside, most, busy, worked atomic.Int64
	release := make(chan struct{})
	faulty.Before = func(c storetest.Call) {
		if c.Method == "Get" && c.Key.Kind == 'a' {
			raise(&most, inside.Add(1))
			<-release
			inside.Add(-1)
		}
	}
	debug.FreeOSMemory()
	before := residentMiB(t)
	var wg sync.WaitGroup
	for i := range flood {
		wg.Go(func() {
			switch r := n.tryPassword(home, "one", resident(i), password); r.status {
			case http.StatusOK:
				worked.Add(1)
			case http.StatusServiceUnavailable:
				busy.Add(1)
			default:
				t.Errorf("%d %s", r.status, r.body)
			}
		})
	}
	require.Eventually(t, func() bool { return inside.Load() == parallel && busy.Load() == flood-parallel-queue }, 10*time.Second, time.Millisecond)
	renew() // with all of them at it

	// Now they may hash.
	done := make(chan struct{})
	go func() { wg.Wait(); close(done) }()
	close(release)
	peak, times := before, []time.Duration(nil)
	for hashing := true; hashing; {
		select {
		case <-done:
			hashing = false
		default:
			times = append(times, renew())
			peak = max(peak, residentMiB(t))
		}
	}
	require.EqualValues(t, parallel, most.Load(), "hashes at once")
	require.EqualValues(t, parallel+queue, worked.Load(), "who waited was served")
	require.EqualValues(t, flood-parallel-queue, busy.Load())
	// The collector lets as much lie about as is in use, before it looks.
	const mostMiB = 2*parallel*19 + 64
	slices.Sort(times)
	p99 := times[len(times)*99/100]
	t.Logf("%d password grants at once: %d hashes at once, %d served, %d busy; memory grew by %d MiB, at most %d; %d refreshes meanwhile, p50 %v, p99 %v",
		flood, most.Load(), worked.Load(), busy.Load(), peak-before, mostMiB, len(times), times[len(times)/2], p99)
	if before > 0 {
		require.LessOrEqual(t, peak-before, mostMiB)
	}
	for i := range flood { // nobody was counted for what was not judged
		if i%50 == 0 {
			require.Equal(t, http.StatusOK, n.tryPassword(home, "one", resident(i), password).status)
		}
	}
}

// residentMiB is the memory of this process; 0 where the system does not say.
func residentMiB(t *testing.T) int {
	b, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0
	}
	pages, err := strconv.Atoi(strings.Fields(string(b))[1])
	require.NoError(t, err)
	return pages * os.Getpagesize() >> 20
}
