//go:build !race

package policy_test

import (
	"fmt"
	"net/netip"
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
	// Every condition is there, and only the last that is looked at is false.
	elsewhere := make([]netip.Prefix, 8)
	for i := range elsewhere {
		elsewhere[i] = netip.MustParsePrefix(fmt.Sprintf("172.16.%d.0/24", i))
	}
	office := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}
	rules := make([]policy.Rule, 10_000)
	for i := range rules {
		rules[i] = policy.Rule{Name: fmt.Sprint(i), If: policy.Condition{
			Users: []string{"tom", "mia"}, Groups: []string{"x", "y", "staff"}, Clients: []string{"app"}, GrantTypes: []string{"password"},
			Scopes: []string{"a", "b", "openid"}, Networks: office, NotNetworks: elsewhere, RequesterNetworks: office, Risk: []policy.Risk{policy.RiskHigh},
		}, Then: policy.Outcome{Access: policy.Allow}}
	}
	many, err := policy.New(rules...)
	require.NoError(t, err)
	f.Groups, f.Scopes, f.RequesterNetwork, f.Risk = []string{"a", "b", "staff"}, []string{"email", "openid"}, f.Network, policy.RiskLow
	least := time.Hour
	for range 10 {
		start := time.Now()
		require.Equal(t, policy.ReasonNoRule, many.Decide(f).Reason)
		least = min(least, time.Since(start))
	}
	t.Logf("10^4 rules: %v", least)
	require.Less(t, least, 10*time.Millisecond)
}

func BenchmarkDecide(b *testing.B) {
	p, f := policy.OneFactor(), facts(methods(password))
	b.ReportAllocs()
	for b.Loop() {
		p.Decide(f)
	}
}
