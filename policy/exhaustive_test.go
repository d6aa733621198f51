package policy_test

import (
	"net/netip"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/mintyard/mintyard/policy"
)

// The definition of the evaluator, written a second time: truth tables instead of
// code. T, F and ? are true, false and unknown; ! is a predicate that panics, which
// is unknown.

// and is Kleene's conjunction.
var and = map[string]byte{
	"TT": 'T', "TF": 'F', "T?": '?', "T!": '?',
	"FT": 'F', "FF": 'F', "F?": 'F', "F!": 'F',
	"?T": '?', "?F": 'F', "??": '?', "?!": '?',
	"!T": '?', "!F": 'F', "!?": '?', "!!": '?',
}

// first is the rule that decides, and whether it can be told that it does.
func first(truths ...byte) (rule int, told bool) {
	for i, t := range truths {
		if t != 'F' {
			return i, t == 'T'
		}
	}
	return -1, true
}

// fact is one thing that can be known, with its values; value 0 is that it is not,
// except of groups, which are always known.
type fact struct {
	values int
	set    func(f *policy.Facts, value int)
}

var answer byte // of the predicate, in tests of one goroutine

var oracle = policy.Predicate{Name: "oracle", Holds: func(policy.Facts) policy.Truth {
	switch answer {
	case 'T':
		return policy.Yes
	case 'F':
		return policy.No
	case '!':
		panic("oracle")
	}
	return policy.Unknown
}}

var universe = []fact{
	{3, func(f *policy.Facts, v int) { f.Client = []string{"", "app", "other"}[v] }},
	{3, func(f *policy.Facts, v int) {
		f.Network = []netip.Addr{{}, netip.MustParseAddr("10.0.0.1"), netip.MustParseAddr("192.0.2.1")}[v]
	}},
	{3, func(f *policy.Facts, v int) {
		f.Risk = []policy.Risk{policy.RiskUnknown, policy.RiskHigh, policy.RiskLow}[v]
	}},
	{3, func(f *policy.Facts, v int) {
		f.Device.Known = []policy.Truth{policy.Unknown, policy.Yes, policy.No}[v]
	}},
	{3, func(f *policy.Facts, v int) {
		f.Device.Managed = []policy.Truth{policy.Unknown, policy.Yes, policy.No}[v]
	}},
	{3, func(f *policy.Facts, v int) { f.Device.Platform = []string{"", "ios", "linux"}[v] }},
	{3, func(f *policy.Facts, v int) { f.Now = []time.Time{{}, now, now.Add(8 * time.Hour)}[v] }},
	{4, func(_ *policy.Facts, v int) { answer = "?TF!"[v] }},
	{2, func(f *policy.Facts, v int) { f.Groups = [][]string{nil, {"x", "staff"}}[v] }},
}

// atom is a condition on one fact, with its truth for each value.
type atom struct {
	fact  int
	truth string
	put   func(c *policy.Condition)
}

var tens = []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}

var atoms = map[string]atom{
	"client":      {0, "?TF", func(c *policy.Condition) { c.Clients = []string{"app"} }},
	"inside":      {1, "?TF", func(c *policy.Condition) { c.Networks = tens }},
	"outside":     {1, "?FT", func(c *policy.Condition) { c.NotNetworks = tens }},
	"risky":       {2, "?TF", func(c *policy.Condition) { c.Risk = []policy.Risk{policy.RiskHigh} }},
	"known":       {3, "?TF", func(c *policy.Condition) { c.Device.Known = policy.Yes }},
	"not managed": {4, "?FT", func(c *policy.Condition) { c.Device.Managed = policy.No }},
	"platform":    {5, "?TF", func(c *policy.Condition) { c.Device.Platforms = []string{"android", "ios"} }},
	"by day": {6, "?TF", func(c *policy.Condition) {
		c.Time = []policy.Window{{From: 8 * time.Hour, To: 18 * time.Hour, Zone: "UTC"}}
	}},
	"oracle": {7, "?TF!", func(c *policy.Condition) { c.Predicates = []policy.Predicate{oracle} }},
	"staff":  {8, "FT", func(c *policy.Condition) { c.Groups = []string{"staff"} }},
}

// conjunctions are the conditions of the rules.
var conjunctions = [][]string{
	{"client"}, {"inside"}, {"outside"}, {"risky"}, {"known"}, {"not managed"}, {"platform"}, {"by day"}, {"oracle"}, {"staff"},
	{"inside", "client"}, {"outside", "risky"}, {"not managed", "oracle"}, {"oracle", "by day", "staff"}, {"known", "platform"},
}

// Which rule decides, for every pair of conditions and every combination of facts.
func TestConditionsExhaustively(t *testing.T) {
	policies := make([][]*policy.Policy, len(conjunctions))
	for i := range conjunctions {
		for j := range conjunctions {
			p, err := policy.New(
				policy.Rule{Name: "0", If: condition(conjunctions[i]), Then: policy.Outcome{Access: policy.Allow}},
				policy.Rule{Name: "1", If: condition(conjunctions[j]), Then: policy.Outcome{Access: policy.Deny}})
			require.NoError(t, err)
			policies[i] = append(policies[i], p)
		}
	}
	compared, allowed, undecidable := 0, 0, 0
	values, f := make([]int, len(universe)), facts(methods())
	truths := make([]byte, len(conjunctions))
	for combination := 0; choose(values, combination); combination++ {
		if raceEnabled && combination%17 != 0 {
			continue
		}
		for i, v := range values {
			universe[i].set(f, v)
		}
		for i, names := range conjunctions {
			truths[i] = 'T'
			for _, name := range names {
				truths[i] = and[string([]byte{truths[i], atoms[name].truth[values[atoms[name].fact]]})]
			}
		}
		for i := range conjunctions {
			for j := range conjunctions {
				d := policies[i][j].Decide(f)
				rule, told := first(truths[i], truths[j])
				var ok bool
				switch {
				case rule < 0:
					ok = d.Access == policy.Deny && d.Reason == policy.ReasonNoRule && d.Rule == ""
				case !told:
					undecidable++
					ok = d.Access == policy.Deny && (d.Reason == policy.ReasonUndecidable || d.Reason == policy.ReasonPanicked) && d.Fact != ""
				case rule == 0:
					allowed++
					ok = d.Access == policy.Allow
				default:
					ok = d.Access == policy.Deny && d.Reason == policy.ReasonDenied
				}
				if ok = ok && (rule < 0 || d.Rule == []string{"0", "1"}[rule]); !ok {
					t.Fatalf("%v, %v of %v: %+v", conjunctions[i], conjunctions[j], values, d)
				}
				compared++
			}
		}
	}
	t.Logf("%d decisions: %d allowed, %d undecidable", compared, allowed, undecidable)
	require.Greater(t, allowed, compared/20)
	require.Greater(t, undecidable, compared/20)
}

// choose writes the n-th combination of values of the universe.
func choose(values []int, n int) bool {
	for i := range universe {
		values[i] = n % universe[i].values
		n /= universe[i].values
	}
	return n == 0
}

func condition(names []string) (c policy.Condition) {
	for _, name := range names {
		atoms[name].put(&c)
	}
	return c
}

// proof is a method as the definition sees it.
type proof struct {
	method policy.Method
	counts string // as what: K, P, I; a letter each
	device string
	phr    bool
	hw     bool
	uv     bool
}

var proofs = []proof{
	{policy.Method{Name: "password", Types: policy.Knowledge}, "K", "", false, false, false},
	{policy.Method{Name: "totp", Types: policy.Possession, Device: "phone"}, "P", "phone", false, false, false},
	// An app on the same phone that knows its PIN alone.
	{policy.Method{Name: "pin", Types: policy.Knowledge, Device: "phone", Hardware: true}, "K", "phone", false, true, false},
	{policy.Method{Name: "sms", Types: policy.Possession, Device: "+1"}, "P", "+1", false, false, false},
	{policy.Method{Name: "webauthn", Types: policy.Possession | policy.Inherence, PhishingResistant: true, UserVerified: true}, "PI", "", true, false, true},
	// A key with a sensor that nobody touched but to wake it.
	{policy.Method{Name: "webauthn", Types: policy.Possession | policy.Inherence, PhishingResistant: true, Hardware: true, Device: "key"}, "P", "key", true, true, false},
}

// ages of a proof in minutes; what is negative was not proved, or nobody knows when.
const (
	absent  = -1
	unknown = -2
)

var ages = []int{absent, 1, 30, unknown}

func recent(age, most int) bool { return most == 0 || age >= 0 && age <= most }

// demand is one alternative of require, in Go and by definition.
type demand struct {
	q     policy.Requirement
	holds func(p *proof, age int) bool
}

var demands = []demand{
	{policy.Requirement{PhishingResistant: true}, func(p *proof, _ int) bool { return p.phr }},
	{policy.Requirement{PhishingResistant: true, MaxAge: 5 * time.Minute}, func(p *proof, age int) bool { return p.phr && recent(age, 5) }},
	{policy.Requirement{Types: []string{"knowledge"}, Hardware: true}, func(p *proof, _ int) bool { return p.counts == "K" && p.hw }},
	{policy.Requirement{Methods: []string{"totp", "sms"}, MaxAge: 45 * time.Minute},
		func(p *proof, age int) bool {
			return (p.method.Name == "totp" || p.method.Name == "sms") && recent(age, 45)
		}},
	{policy.Requirement{Types: []string{"inherence"}}, func(p *proof, _ int) bool { return p.counts == "PI" }},
	{policy.Requirement{UserVerified: true, MaxAge: 5 * time.Minute}, func(p *proof, age int) bool { return p.uv && recent(age, 5) }},
	{policy.Requirement{MaxAge: 5 * time.Minute}, func(_ *proof, age int) bool { return recent(age, 5) }},
}

// outcome is what a rule asks for, by the numbers of its demands.
type outcome struct {
	factors, maxAge int // minutes
	require         []int
}

func (o *outcome) then() policy.Outcome {
	t := policy.Outcome{Access: policy.Allow, Factors: o.factors, MaxAge: time.Duration(o.maxAge) * time.Minute}
	for _, i := range o.require {
		t.Require = append(t.Require, demands[i].q)
	}
	return t
}

// satisfied is the definition.
func (o *outcome) satisfied(state []int) bool {
	factors := 0
	for i, a := range state {
		if a == absent || !recent(a, o.maxAge) {
			continue
		}
		factors = max(factors, len(proofs[i].counts))
		for j, b := range state {
			if j != i && b != absent && recent(b, o.maxAge) && proofs[i].counts != proofs[j].counts &&
				(proofs[i].device == "" || proofs[i].device != proofs[j].device) {
				factors = 2
			}
		}
	}
	asked := o.factors
	if o.maxAge != 0 && asked == 0 && o.require == nil {
		asked = 1
	}
	met := o.require == nil
	for _, d := range o.require {
		for i, age := range state {
			met = met || age != absent && recent(age, o.maxAge) && demands[d].holds(&proofs[i], age)
		}
	}
	return factors >= asked && met
}

func outcomes() []outcome {
	requires := [][]int{nil, {1, 3}, {2, 0}}
	for i := range demands {
		requires = append(requires, []int{i})
	}
	var all []outcome
	for factors := range 3 {
		for _, maxAge := range []int{0, 10} {
			for _, require := range requires {
				all = append(all, outcome{factors, maxAge, require})
			}
		}
	}
	return all
}

func (o *outcome) nothing() bool { return o.factors == 0 && o.maxAge == 0 && o.require == nil }

func proved(state []int) []policy.Method {
	var m []policy.Method
	for i, age := range state {
		if age == absent {
			continue
		}
		p := proofs[i].method
		if age != unknown {
			p.At = now.Add(-time.Duration(age) * time.Minute)
		}
		m = append(m, p)
	}
	return m
}

// What is enough, for every outcome and every set of proofs of every age, with and
// without a person.
func TestProofExhaustively(t *testing.T) {
	compared, allowed := 0, 0
	for _, o := range outcomes() {
		p, err := policy.New(policy.Rule{Name: "a", Then: o.then()})
		require.NoError(t, err)
		state := make([]int, len(proofs))
		for n := range 1 << (2 * len(proofs)) {
			if raceEnabled && n%13 != 0 {
				continue
			}
			for i := range state {
				state[i] = ages[n>>(2*i)&3]
			}
			f := facts(methods(proved(state)...))
			f.AvailableKnown = true // that nothing more is there
			want, reason := policy.Deny, policy.ReasonUnreachable
			if o.satisfied(state) {
				want, reason = policy.Allow, policy.ReasonSatisfied
				allowed++
			}
			if d := p.Decide(f); d.Access != want || d.Reason != reason {
				t.Fatalf("%+v with %v: %+v", o, state, d)
			}
			f.AuthTime, f.Now = time.Time{}, time.Time{} // nobody knows what time it is
			if d := p.Decide(f); o.maxAge != 0 && (d.Access != policy.Deny || d.Fact != "now") {
				t.Fatalf("%+v with %v at no time: %+v", o, state, d)
			}
			compared += 2
		}
		machine := facts(func(f *policy.Facts) { f.Subject = "" })
		require.Equal(t, o.nothing(), p.Decide(machine).Access == policy.Allow, "%+v", o)
	}
	t.Logf("%d decisions: %d allowed", compared, allowed)
	require.Greater(t, allowed, compared/20)
}

// Both together: two rules with conditions and demands, clients, networks, proofs.
func TestRulesExhaustively(t *testing.T) {
	conditions := [][]string{{"client"}, {"inside"}, {"outside"}, {"inside", "client"}, {"outside", "client"}}
	thens := []*outcome{nil, {}, {factors: 1}, {factors: 2, maxAge: 10}, {require: []int{1}}, {factors: 2, require: []int{0, 3}}}
	var states [][]int
	for n := range 81 { // password, totp, pin, passkey: absent, recent, old
		states = append(states, []int{ages[n%3], ages[n/3%3], ages[n/9%3], absent, ages[n/27%3], absent})
	}
	rule := func(name string, c int, o *outcome) policy.Rule {
		r := policy.Rule{Name: name, If: condition(conditions[c])}
		if o != nil {
			r.Then = o.then()
		}
		return r
	}
	compared, allowed := 0, 0
	for n := range len(conditions) * len(conditions) * len(thens) * len(thens) {
		if raceEnabled && n%7 != 0 {
			continue
		}
		c := [2]int{n % 5, n / 5 % 5}
		o := [2]*outcome{thens[n/25%6], thens[n/150%6]}
		p, err := policy.New(rule("0", c[0], o[0]), rule("1", c[1], o[1]))
		require.NoError(t, err)
		for client := range 3 {
			for network := range 3 {
				var truths [2]byte
				for i := range truths {
					truths[i] = 'T'
					for _, name := range conditions[c[i]] {
						truths[i] = and[string([]byte{truths[i], atoms[name].truth[[]int{client, network}[atoms[name].fact]]})]
					}
				}
				matched, told := first(truths[:]...)
				for _, state := range states {
					f := facts(methods(proved(state)...))
					f.AvailableKnown = true
					universe[0].set(f, client)
					universe[1].set(f, network)
					want := matched >= 0 && told && o[matched] != nil && o[matched].satisfied(state)
					if d := p.Decide(f); (d.Access == policy.Allow) != want || d.Access == policy.StepUp {
						t.Fatalf("%+v: client %d, network %d, %v: %+v", p.Rules(), client, network, state, d)
					}
					if compared++; want {
						allowed++
					}
				}
			}
		}
	}
	t.Logf("%d decisions: %d allowed", compared, allowed)
	require.Greater(t, allowed, compared/20)
}
