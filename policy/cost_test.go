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
	managed := policy.DeviceCondition{Known: policy.Yes, Managed: policy.Yes, Platforms: []string{"ios", "macos"}}
	byDay := []policy.Window{{From: 8 * time.Hour, To: 18 * time.Hour, Zone: "Europe/Berlin"}}
	rules := make([]policy.Rule, 10_000)
	for i := range rules {
		rules[i] = policy.Rule{Name: fmt.Sprint(i), If: policy.Condition{
			Users: []string{"tom", "mia"}, Groups: []string{"x", "y", "staff"}, Clients: []string{"app"}, GrantTypes: []string{"password"},
			Scopes: []string{"a", "b", "openid"}, Networks: office, NotNetworks: elsewhere, RequesterNetworks: office, Risk: []policy.Risk{policy.RiskLow},
			Device: managed, Time: byDay, Predicates: []policy.Predicate{{Name: "no", Holds: func(policy.Facts) policy.Truth { return policy.No }}},
		}, Then: policy.Outcome{Access: policy.Allow}}
	}
	many, err := policy.New(rules...)
	require.NoError(t, err)
	f.Groups, f.Scopes, f.RequesterNetwork, f.Risk = []string{"a", "b", "staff"}, []string{"email", "openid"}, f.Network, policy.RiskLow
	f.Device = policy.Device{Known: policy.Yes, Managed: policy.Yes, Platform: "macos"}
	least := time.Hour
	for range 10 {
		start := time.Now()
		require.Equal(t, policy.ReasonNoRule, many.Decide(f).Reason)
		least = min(least, time.Since(start))
	}
	t.Logf("10^4 rules: %v", least)
	require.Less(t, least, 10*time.Millisecond)
}

// fiftyRules is a policy as a large host has it: the last rule matches.
func fiftyRules(t testing.TB) (*policy.Policy, *policy.Facts) {
	rules := make([]policy.Rule, 50)
	for i := range rules {
		r := &rules[i]
		r.Name, r.Then = fmt.Sprint(i), policy.Outcome{Access: policy.Allow, Factors: 1}
		switch i % 5 {
		case 0:
			r.If.Groups = []string{"a", "b"}
		case 1:
			r.If.Clients, r.If.Scopes = []string{"other"}, []string{"payroll"}
		case 2:
			r.If.Networks, r.If.GrantTypes = []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}, []string{"password"}
		case 3:
			r.If.Risk = []policy.Risk{policy.RiskHigh}
		case 4:
			r.If.Device = policy.DeviceCondition{Managed: policy.No}
		}
	}
	rules[49].If, rules[49].Then = policy.Condition{}, policy.Outcome{Access: policy.Allow, Factors: 2, MaxAge: time.Hour,
		Require: []policy.Requirement{{PhishingResistant: true}, {Methods: []string{"totp"}, MaxAge: time.Minute}}}
	p, err := policy.New(rules...)
	require.NoError(t, err)
	return p, facts(func(f *policy.Facts) {
		f.Methods, f.Groups, f.Scopes = []policy.Method{password, totp}, []string{"staff", "berlin"}, []string{"openid", "email"}
		f.Risk, f.Device = policy.RiskLow, policy.Device{Managed: policy.Yes}
	})
}

// Fifty rules are decided in less than a microsecond, here measured generously, and
// nothing is allocated where it is allowed, whatever is asked.
func TestFiftyRules(t *testing.T) {
	p, f := fiftyRules(t)
	require.Equal(t, "49", p.Decide(f).Rule)
	require.Zero(t, testing.AllocsPerRun(100, func() {
		if p.Decide(f).Access != policy.Allow {
			t.Fatal("denied")
		}
	}))
	least := time.Hour
	for range 20 {
		start := time.Now()
		for range 100 {
			p.Decide(f)
		}
		least = min(least, time.Since(start)/100)
	}
	t.Logf("50 rules: %v", least)
	require.Less(t, least, 10*time.Microsecond)

	all, err := policy.New(policy.Rule{Name: "all", Then: policy.Outcome{Access: policy.Allow, Factors: 1}, If: policy.Condition{
		Users: []string{"mia"}, Groups: []string{"staff"}, Scopes: []string{"openid"}, Networks: tens, Risk: []policy.Risk{policy.RiskLow},
		Device:     policy.DeviceCondition{Managed: policy.Yes},
		Time:       []policy.Window{{To: 18 * time.Hour, Zone: "Europe/Berlin"}},
		Predicates: []policy.Predicate{{Name: "mia", Holds: func(f policy.Facts) policy.Truth { return policy.TruthOf(f.Subject == "mia") }}}}})
	require.NoError(t, err)
	require.Zero(t, testing.AllocsPerRun(100, func() {
		g := *f // the caller's facts need not be on the heap
		if all.Decide(&g).Access != policy.Allow {
			t.Fatal("denied")
		}
	}))
}

func BenchmarkFiftyRules(b *testing.B) {
	p, f := fiftyRules(b)
	b.ReportAllocs()
	for b.Loop() {
		p.Decide(f)
	}
}

func BenchmarkDecide(b *testing.B) {
	p, f := policy.OneFactor(), facts(methods(password))
	b.ReportAllocs()
	for b.Loop() {
		p.Decide(f)
	}
}
