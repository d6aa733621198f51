package policy_test

import (
	"encoding/json"
	"math/rand/v2"
	"net/netip"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/mintyard/mintyard/policy"
)

var access = map[policy.Access]int{policy.Deny: 0, policy.StepUp: 1, policy.Allow: 2}

// A fact that is unknown gives no more than the least that any of its values would.
func TestUnknownGivesTheLeast(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	in, out := netip.MustParseAddr("10.0.0.1"), netip.MustParseAddr("192.0.2.1")
	undecidable := 0
	for range 4000 {
		p := hostilePolicy(r)
		base := facts(func(f *policy.Facts) {
			f.Groups = [][]string{nil, {"a"}, {"b"}}[r.IntN(3)]
			f.Methods = [][]policy.Method{nil, {password}, {password, totp}, {passkey}}[r.IntN(4)]
			f.Network, f.RequesterNetwork = in, out
			f.Device = policy.Device{Known: policy.Yes, Platform: "ios"}
			f.Risk, f.Client, f.GrantType = policy.RiskLow, "app", "password"
		})
		for fact, values := range map[string][]func(*policy.Facts){
			"network":   {func(f *policy.Facts) { f.Network = netip.Addr{} }, func(f *policy.Facts) { f.Network = in }, func(f *policy.Facts) { f.Network = out }},
			"requester": {func(f *policy.Facts) { f.RequesterNetwork = netip.Addr{} }, func(f *policy.Facts) { f.RequesterNetwork = in }, func(f *policy.Facts) { f.RequesterNetwork = out }},
			"client":    {func(f *policy.Facts) { f.Client = "" }, func(f *policy.Facts) { f.Client = "app" }, func(f *policy.Facts) { f.Client = "other" }},
			"grant":     {func(f *policy.Facts) { f.GrantType = "" }, func(f *policy.Facts) { f.GrantType = "password" }, func(f *policy.Facts) { f.GrantType = "other" }},
			"device":    {func(f *policy.Facts) { f.Device.Known = policy.Unknown }, func(f *policy.Facts) { f.Device.Known = policy.Yes }, func(f *policy.Facts) { f.Device.Known = policy.No }},
			"platform":  {func(f *policy.Facts) { f.Device.Platform = "" }, func(f *policy.Facts) { f.Device.Platform = "ios" }, func(f *policy.Facts) { f.Device.Platform = "x" }},
			"time":      {func(f *policy.Facts) { f.Now = time.Time{} }, func(f *policy.Facts) { f.Now = now }, func(f *policy.Facts) { f.Now = now.Add(9 * time.Hour) }},
			"risk": {func(f *policy.Facts) { f.Risk = policy.RiskUnknown }, func(f *policy.Facts) { f.Risk = policy.RiskLow },
				func(f *policy.Facts) { f.Risk = policy.RiskMedium }, func(f *policy.Facts) { f.Risk = policy.RiskHigh }},
			"a risk that is none": {func(f *policy.Facts) { f.Risk = 200 }, func(f *policy.Facts) { f.Risk = policy.RiskLow }, func(f *policy.Facts) { f.Risk = policy.RiskHigh }},
		} {
			f := *base
			values[0](&f)
			unknown := p.Decide(&f)
			if unknown.Reason == policy.ReasonUndecidable {
				undecidable++
				require.NotEmpty(t, unknown.Fact)
			}
			explained, _ := p.Explain(&f)
			require.Equal(t, unknown, explained)
			for _, set := range values[1:] {
				set(&f)
				require.LessOrEqual(t, access[unknown.Access], access[p.Decide(&f).Access], "%s: %+v\n%+v", fact, p.Rules(), f)
			}
		}
	}
	require.Greater(t, undecidable, 1000)
}

func hostilePolicy(r *rand.Rand) *policy.Policy {
	nets := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}
	var rules []policy.Rule
	for range 1 + r.IntN(4) {
		rule := policy.Rule{Name: "r", Then: policy.Outcome{Access: policy.Access(r.IntN(2))}}
		for c := &rule.If; len(rules) == 0 || r.IntN(2) == 0; {
			switch r.IntN(11) {
			case 0:
				c.Groups = []string{"a"}
			case 1:
				c.Networks = nets
			case 2:
				c.NotNetworks = nets
			case 3:
				c.RequesterNetworks = nets
			case 4:
				c.Risk = [][]policy.Risk{{policy.RiskHigh}, {policy.RiskLow, policy.RiskMedium}}[r.IntN(2)]
			case 5:
				c.Clients = []string{"app"}
			case 6:
				c.GrantTypes = []string{"password"}
			case 7:
				c.Device.Known = policy.Truth(1 + r.IntN(2))
			case 8:
				c.Device.Platforms = []string{"ios"}
			case 9:
				c.Time = []policy.Window{{From: 9 * time.Hour, To: 17 * time.Hour, Zone: "UTC"}}
			case 10:
				c.Predicates = []policy.Predicate{{Name: "maybe", Holds: func(f policy.Facts) policy.Truth { return f.Device.Known }}}
			}
			if r.IntN(2) == 0 {
				break
			}
		}
		if rule.Then.Access == policy.Allow {
			rule.Then.Factors = r.IntN(3)
		}
		rules = append(rules, rule)
		if len(rules) > 0 && unconditional(rule) {
			break
		}
	}
	p, err := policy.New(rules...)
	if err != nil {
		panic(err)
	}
	return p
}

func unconditional(r policy.Rule) bool {
	b, _ := json.Marshal(r.If)
	return string(b) == "{}"
}

// The order in which a store hands out groups, scopes, networks or methods means nothing.
func TestOrderOfListsMeansNothing(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	groups, scopes := []string{"x", "contractors", "y", "staff"}, []string{"a", "b", "c"}
	proved := []policy.Method{password, totp, sms, hardKey}
	nets := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("192.0.2.0/24"), netip.MustParsePrefix("2001:db8::/32")}
	rule := policy.Rule{Name: "a", If: policy.Condition{Groups: groups, Scopes: scopes, Networks: nets},
		Then: policy.Outcome{Access: policy.Allow, Factors: 2, Require: []policy.Requirement{{Hardware: true}, {Methods: []string{"totp"}}}}}
	for range 1000 {
		r.Shuffle(len(groups), func(i, j int) { groups[i], groups[j] = groups[j], groups[i] })
		r.Shuffle(len(scopes), func(i, j int) { scopes[i], scopes[j] = scopes[j], scopes[i] })
		r.Shuffle(len(nets), func(i, j int) { nets[i], nets[j] = nets[j], nets[i] })
		r.Shuffle(len(proved), func(i, j int) { proved[i], proved[j] = proved[j], proved[i] })
		rule.Then.Require[0], rule.Then.Require[1] = rule.Then.Require[1], rule.Then.Require[0]
		p, err := policy.New(rule)
		require.NoError(t, err)
		d := p.Decide(facts(func(f *policy.Facts) { f.Groups, f.Scopes, f.Methods = groups, scopes, proved }))
		require.Equal(t, policy.Decision{Access: policy.Allow, Rule: "a", Reason: policy.ReasonSatisfied}, d)
	}
}

// Networks of IPv4 are one, however they and the addresses are written.
func TestMappedNetworks(t *testing.T) {
	for _, network := range []string{"10.0.0.0/8", "::ffff:10.0.0.0/104"} {
		p := load(t, `{"rules":[{"name":"a","if":{"networks":["`+network+`"]},"then":{"access":"allow"}}]}`)
		for address, want := range map[string]policy.Access{
			"10.1.2.3": policy.Allow, "::ffff:10.1.2.3": policy.Allow, "::ffff:10.1.2.3%eth0": policy.Allow,
			"11.0.0.1": policy.Deny, "::10.1.2.3": policy.Deny, "2001:db8::1": policy.Deny,
		} {
			require.Equal(t, want, p.Decide(facts(func(f *policy.Facts) { f.Network = netip.MustParseAddr(address) })).Access, "%s in %s", address, network)
		}
	}
}

// An address says nothing of the interface it came through.
func TestZones(t *testing.T) {
	p := load(t, `{"rules":[{"name":"a","if":{"not_networks":["fe80::/10"]},"then":{"access":"allow"}}]}`)
	for _, address := range []string{"fe80::1", "fe80::1%eth0"} {
		require.Equal(t, policy.Deny, p.Decide(facts(func(f *policy.Facts) { f.Network = netip.MustParseAddr(address) })).Access, address)
	}
}

// A condition that is false settles a rule, whichever of the others are unknown and
// wherever it stands.
func TestFalseBeatsUnknown(t *testing.T) {
	conditions := map[string]struct{ unknown, wrong func(*policy.Facts) }{
		`"clients":["app"]`:                    {func(f *policy.Facts) { f.Client = "" }, func(f *policy.Facts) { f.Client = "x" }},
		`"grant_types":["password"]`:           {func(f *policy.Facts) { f.GrantType = "" }, func(f *policy.Facts) { f.GrantType = "x" }},
		`"networks":["10.0.0.0/8"]`:            {func(f *policy.Facts) { f.Network = netip.Addr{} }, func(f *policy.Facts) { f.Network = netip.MustParseAddr("192.0.2.1") }},
		`"requester_networks":["10.0.0.0/8"]`:  {func(f *policy.Facts) { f.RequesterNetwork = netip.Addr{} }, func(f *policy.Facts) { f.RequesterNetwork = netip.MustParseAddr("192.0.2.1") }},
		`"device":{"known":true}`:              {func(f *policy.Facts) { f.Device.Known = policy.Unknown }, func(f *policy.Facts) { f.Device.Known = policy.No }},
		`"device":{"platforms":["ios"]}`:       {func(f *policy.Facts) { f.Device.Platform = "" }, func(f *policy.Facts) { f.Device.Platform = "x" }},
		`"time":[{"to":"15:00","zone":"UTC"}]`: {func(f *policy.Facts) { f.Now = time.Time{} }, func(f *policy.Facts) { f.Now = now.Add(9 * time.Hour) }},
		`"predicates":["managed"]`:             {func(f *policy.Facts) { f.Device.Managed = policy.Unknown }, func(f *policy.Facts) { f.Device.Managed = policy.No }},
		`"risk":["low"]`:                       {func(f *policy.Facts) { f.Risk = policy.RiskUnknown }, func(f *policy.Facts) { f.Risk = policy.RiskHigh }},
	}
	loader := policy.Loader{Predicates: []policy.Predicate{{Name: "managed", Holds: func(f policy.Facts) policy.Truth { return f.Device.Managed }}}}
	for a, x := range conditions {
		for b, y := range conditions {
			if a == b || a[:8] == b[:8] { // both about the device, which stands once
				continue
			}
			p, err := loader.Policy([]byte(`{"rules":[{"name":"no","if":{` + a + `,` + b + `},"then":{"access":"deny"}},{"name":"rest","then":{"access":"allow"}}]}`))
			require.NoError(t, err)
			f := facts(func(f *policy.Facts) {
				f.Device = policy.Device{Known: policy.Yes, Managed: policy.Yes, Platform: "ios"}
				f.RequesterNetwork, f.Risk = f.Network, policy.RiskLow
			})
			require.Equal(t, policy.ReasonDenied, p.Decide(f).Reason)
			x.unknown(f)
			require.Equal(t, policy.ReasonUndecidable, p.Decide(f).Reason, a)
			y.wrong(f)
			require.Equal(t, "rest", p.Decide(f).Rule, "%s unknown, %s false", a, b)
		}
	}
}
