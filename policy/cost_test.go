//go:build !race

package policy_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/mintyard/mintyard/policy"
)

func TestCost(t *testing.T) {
	p, f := policy.OneFactor(), facts(methods(password))
	require.Zero(t, testing.AllocsPerRun(100, func() {
		if p.Decide(f).Access != policy.Allow {
			t.Fatal("denied")
		}
	}))
	rules := make([]policy.Rule, 10_000)
	for i := range rules {
		rules[i] = policy.Rule{Name: fmt.Sprint(i), If: policy.Condition{Users: []string{fmt.Sprint("user", i)}}, Then: policy.Outcome{Access: policy.Allow}}
	}
	many, err := policy.New(rules...)
	require.NoError(t, err)
	least := time.Hour
	for range 10 {
		start := time.Now()
		many.Decide(f)
		least = min(least, time.Since(start))
	}
	require.Less(t, least, 10*time.Millisecond)
}

func BenchmarkDecide(b *testing.B) {
	p, f := policy.OneFactor(), facts(methods(password))
	b.ReportAllocs()
	for b.Loop() {
		p.Decide(f)
	}
}
