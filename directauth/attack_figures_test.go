package directauth_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// figure is one line of what the simulation prints.
type figure struct {
	attack    string
	requests  atomic.Int64
	judged    atomic.Int64 // guesses that were judged, in all runs
	worst     atomic.Int64 // in the worst run
	bound     int64        // of the worst run
	chance    float64      // of one judged guess
	hits      atomic.Int64
	known     tally // the owner, while the attack lasts: from a known device
	passkey   tally // with a passkey
	otherWay  tally // from a new device, beginning with the factor that is not attacked
	afterLock tally // from a new device, once the lock has lapsed
	took      time.Duration
	rightCode tally // a right code while the factor is locked, on either node; it must not work
}

// hear notes the answer to a guess, and says whether it was judged.
func (f *figure) hear(t testing.TB, r reply) (judged bool) {
	f.requests.Add(1)
	switch r.status {
	case http.StatusOK:
		f.hits.Add(1)
		f.judged.Add(1)
		return true
	case http.StatusBadRequest:
		f.judged.Add(1)
		return true
	case http.StatusTooManyRequests:
		return false
	}
	t.Errorf("%s: answered with %d %s", f.attack, r.status, r.body)
	return false
}

// check fails unless everything holds that must.
func (f *figure) check(t *testing.T) {
	t.Helper()
	if f.judged.Load() == 0 || f.worst.Load() == 0 {
		t.Errorf("%s: nothing was judged: this shows nothing", f.attack)
	}
	if n := f.worst.Load(); n > f.bound {
		t.Errorf("%s: %d guesses were judged, and the bound is %d", f.attack, n, f.bound)
	}
	if n, most := f.hits.Load(), f.mostHits(); n > most {
		t.Errorf("%s: %d hits, and chance has %g, at most %d", f.attack, n, f.expected(), most)
	}
	for name, who := range map[string]*tally{
		"with a known device": &f.known, "with a passkey": &f.passkey, "in the other order": &f.otherWay, "after the lock": &f.afterLock,
	} {
		if who.tried.Load() != who.worked.Load() {
			t.Errorf("%s: the owner signs in %s %v times", f.attack, name, who)
		}
	}
	if f.rightCode.worked.Load() > 0 {
		t.Errorf("%s: right codes worked although the factor is locked: %v", f.attack, &f.rightCode)
	}
}

func (f *figure) expected() float64 { return float64(f.judged.Load()) * f.chance }

// mostHits is more than chance has in all but one of a million runs.
func (f *figure) mostHits() int64 { return poisson(f.expected(), 1e-6) }

// poisson is the least number that is exceeded with no more than this probability.
func poisson(mean, probability float64) (k int64) {
	term := math.Exp(-mean)
	for sum := term; 1-sum > probability; sum += term {
		k++
		term *= mean / float64(k)
	}
	return k
}

// figures are printed when all attacks are over.
type figures []*figure

func (list figures) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "\n%-52s %9s %8s %6s %6s %9s %5s %6s %12s %12s %12s %12s %9s %6s\n", "attack", "requests", "judged", "worst", "bound",
		"expected", "hits", "bound", "known device", "passkey", "other order", "after lock", "right code", "took")
	for _, f := range list {
		fmt.Fprintf(&b, "%-52s %9d %8d %6d %6d %9.5f %5d %6d %12v %12v %12v %12v %9v %5.1fs\n", f.attack, f.requests.Load(), f.judged.Load(), f.worst.Load(), f.bound,
			f.expected(), f.hits.Load(), f.mostHits(), &f.known, &f.passkey, &f.otherWay, &f.afterLock, &f.rightCode, f.took.Seconds())
	}
	return b.String()
}

// tally counts how often something was tried, and how often it worked.
type tally struct{ tried, worked atomic.Int64 }

func (f *tally) add(worked bool) {
	f.tried.Add(1)
	if worked {
		f.worked.Add(1)
	}
}

func (f *tally) String() string {
	if f.tried.Load() == 0 {
		return "-"
	}
	return fmt.Sprintf("%d/%d", f.worked.Load(), f.tried.Load())
}

// The chances of one guess: a code of an app is good in three steps, one that was
// sent is one of a million.
const (
	perTOTP = 3e-6
	perSent = 1e-6
)

// spread calls f for 0 to n-1, on all processors.
func spread(n int, f func(i int)) { spreadOver(runtime.GOMAXPROCS(0), n, f) }

func spreadOver(workers, n int, f func(i int)) {
	var next atomic.Int64
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				f(i)
			}
		})
	}
	wg.Wait()
}

// raise raises a maximum.
func raise(m *atomic.Int64, n int64) {
	for old := m.Load(); n > old && !m.CompareAndSwap(old, n); old = m.Load() {
	}
}

// guess is one of the million codes.
func guess(r *rand.Rand) string { return fmt.Sprintf("%06d", r.IntN(1_000_000)) }

// address is one of ten thousand, each in a network of its own.
func address(r *rand.Rand) string {
	n := r.IntN(10_000)
	return fmt.Sprintf("10.%d.%d.7:4711", n/250, n%250)
}
