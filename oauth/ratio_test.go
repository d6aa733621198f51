//go:build !race

package oauth_test

import (
	"math"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/mintyard/mintyard/oauth"
)

// processorTime is what the whole process has used, the collector included.
func processorTime() time.Duration {
	var u syscall.Rusage
	check(syscall.Getrusage(syscall.RUSAGE_SELF, &u))
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// ratio is what row costs in terms of base: the smallest of several rounds each,
// in turn, so that a busy machine is fair to both.
func ratio(row, base func(), n int) float64 {
	least := func(least float64, f func()) float64 {
		start := processorTime()
		for range n {
			f()
		}
		return min(least, float64(processorTime()-start))
	}
	a, b := math.Inf(1), math.Inf(1)
	for range 9 {
		b, a = least(b, base), least(a, row)
	}
	return a / b
}

// TestRatios holds the handlers to their budget of processor time, as ratios to
// a handler that does ParseForm and writes fixed JSON, and, with ES256, one signature.
func TestRatios(t *testing.T) {
	v := form("grant_type", "client_credentials", "scope", "read write")
	body := []byte(v.Encode())
	plain, signed := newCall(floor(false), "/token", v, "", ""), newCall(floor(true), "/token", v, "", "")
	for _, c := range []struct {
		row, format string
		base        *call
		n           int
		goal, most  float64 // what we want, and what must hold
	}{
		{"client_credentials", oauth.FormatOpaque, plain, 20000, 1.2, 1.5},
		{"introspection", oauth.FormatOpaque, plain, 20000, 1.3, 2},
		{"refresh", oauth.FormatOpaque, plain, 20000, 1.8, 3.2},
		{"client_credentials", oauth.FormatJWT, signed, 1000, 1.08, 1.2},
		{"refresh", oauth.FormatJWT, signed, 1000, 1.08, 1.3},
	} {
		row := work(t, c.format)[c.row]
		got := math.Inf(1)
		for try := 0; try < 3 && got > c.goal; try++ {
			got = min(got, ratio(row, func() { c.base.do(body) }, c.n))
		}
		t.Logf("%s, %s: %.2f times the floor; the goal is %.2f", c.row, c.format, got, c.goal)
		require.LessOrEqual(t, got, c.most, "%s, %s", c.row, c.format)
	}
}
