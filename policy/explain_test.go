package policy_test

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/mintyard/mintyard/policy"
)

func names(alternatives [][]policy.Method) [][]string {
	var all [][]string
	for _, a := range alternatives {
		var one []string
		for _, m := range a {
			one = append(one, m.Name+"/"+m.Device)
		}
		all = append(all, one)
	}
	return all
}

// What a rule asks for is said thing by thing, with the person's own authenticators.
func TestExplainNeeds(t *testing.T) {
	p := load(t, `{"rules":[
		{"name":"no","if":{"users":["tom"]},"then":{"access":"deny"}},
		{"name":"a","then":{"access":"allow","factors":2,"max_age":"12h",
			"require":[{"methods":["push","webauthn"],"types":["possession"],"user_verified":true,"max_age":"5m"},{"hardware":true}]}}]}`)
	voice, other := sms, totp
	voice.Name, other.Device = "voice", "tablet"
	old := password
	old.At = now.Add(-13 * time.Hour)
	f := facts(func(f *policy.Facts) {
		f.Methods, f.Available, f.AvailableKnown = []policy.Method{old, sms, voice}, []policy.Method{password, totp, other, passkey}, true
	})
	d, e := p.Explain(f)
	require.Equal(t, [][]string{{"webauthn"}}, d.Next)
	require.Len(t, e, 2)
	require.Equal(t, policy.Step{Rule: "no", Result: "skipped", Fact: "users"}, e[0])
	require.Equal(t, "matched", e[1].Result)
	factors, first, second := e[1].Needs[0], e[1].Needs[1], e[1].Needs[2]

	require.Equal(t, "factors", factors.Name)
	require.Equal(t, "two factors of different types, on different devices, no older than 12h0m0s", factors.Asks)
	require.False(t, factors.Met)
	require.Equal(t, []string{"password is 13h0m0s old", "sms (+15550100) counts as possession",
		"voice (+15550100) counts as possession", "sms and voice are on one device"}, factors.Missing)
	require.Equal(t, [][]string{{"password/"}, {"webauthn/"}}, names(factors.Would))

	require.Equal(t, "require[0]", first.Name)
	require.Equal(t, "push or webauthn, of possession, that has verified its user, no older than 5m0s", first.Asks)
	require.Equal(t, "password is not push or webauthn and counts as knowledge and has not verified its user and is 13h0m0s old", first.Missing[0])
	require.Equal(t, [][]string{{"webauthn/"}}, names(first.Would))

	require.Equal(t, "a method, protected by hardware, no older than 12h0m0s", second.Asks)
	require.Empty(t, second.Would)
	require.Contains(t, second.String(), "nothing that is there would do")
	require.False(t, first.Assumed || second.Assumed)

	// Each authenticator is named, and pairs where it takes two.
	f.Methods, f.Available = nil, []policy.Method{password, totp, other}
	_, e = p.Explain(f)
	require.Equal(t, []string{"nothing was proved"}, e[1].Needs[0].Missing)
	require.Equal(t, [][]string{{"password/", "totp/phone"}, {"password/", "totp/tablet"}, {"totp/phone", "password/"}, {"totp/tablet", "password/"}}, names(e[1].Needs[0].Would))
	require.Contains(t, e.String(), "password with totp (tablet) or ")

	// What is met needs nothing.
	f.Methods = []policy.Method{passkey}
	d, e = p.Explain(f)
	require.Equal(t, policy.Allow, d.Access)
	require.Equal(t, [2]bool{true, true}, [2]bool{e[1].Needs[0].Met, e[1].Needs[1].Met})
	require.Empty(t, e[1].Needs[0].Missing)
	require.Empty(t, e[1].Needs[0].Would)

	// Nobody knows what the person has.
	f.Methods, f.AvailableKnown = nil, false
	_, e = p.Explain(f)
	require.True(t, e[1].Needs[0].Assumed)
	require.Contains(t, e[1].Needs[2].String(), "webauthn would do, if the person has it")
}

func TestExplainStops(t *testing.T) {
	loader := policy.Loader{Predicates: []policy.Predicate{{Name: "p", Holds: func(f policy.Facts) policy.Truth {
		if f.Risk == policy.RiskHigh {
			panic("x")
		}
		return policy.Unknown
	}}}}
	p, err := loader.Policy([]byte(`{"rules":[{"name":"a","if":{"predicates":["p"]},"then":{"access":"allow"}},{"name":"b","then":{"access":"allow","max_age":"5m"}}]}`))
	require.NoError(t, err)
	_, e := p.Explain(facts(func(*policy.Facts) {}))
	require.Equal(t, `"a": undecidable: predicates.p is not known`, e.String())
	_, e = p.Explain(facts(func(f *policy.Facts) { f.Risk = policy.RiskHigh }))
	require.Equal(t, `"a": panicked: predicates.p is the predicate that did`, e.String())

	aged := load(t, `{"rules":[{"name":"b","then":{"access":"allow","max_age":"5m"}}]}`)
	d, e := aged.Explain(&policy.Facts{Subject: "mia"})
	require.Equal(t, policy.ReasonUndecidable, d.Reason)
	require.Equal(t, `"b": undecidable: now is not known`, e.String())
	_, e = aged.Explain(facts(func(f *policy.Facts) { f.Methods = []policy.Method{{Types: policy.Knowledge}, {Name: "x", At: now}} }))
	require.Equal(t, "\"b\": matched\n\tfactors: one factor, no older than 5m0s: met", e.String())
	_, e = aged.Explain(facts(func(f *policy.Facts) { f.Subject, f.Methods = "", []policy.Method{{Types: policy.Knowledge}} }))
	require.Contains(t, e.String(), "not met: a method without a name was proved nobody knows when: nothing that is there would do")
}

// An explanation never says other than the decision, and what it says would do does.
func TestExplanationAgrees(t *testing.T) {
	for _, o := range outcomes() {
		p, err := policy.New(policy.Rule{Name: "a", Then: o.then()})
		require.NoError(t, err)
		state := make([]int, len(proofs))
		for n := 0; n < 1<<(2*len(proofs)); n += 29 {
			for i := range state {
				state[i] = ages[n>>(2*i)&3]
			}
			f := facts(methods(proved(state)...))
			f.Available, f.AvailableKnown = []policy.Method{password, hardKey}, n%2 == 0
			d, e := p.Explain(f)
			require.Equal(t, p.Decide(f), d)
			met, wanted, alternatives := true, len(o.require) > 0, false
			for i, need := range e[0].Needs {
				if need.Name == "factors" {
					met = need.Met
				} else {
					alternatives = alternatives || need.Met
				}
				require.Equal(t, need.Met, need.Missing == nil)
				for _, choice := range need.Would {
					again := *f
					again.Methods = slices.Clone(f.Methods)
					for _, m := range choice {
						m.At = now
						again.Methods = append(again.Methods, m)
					}
					_, explained := p.Explain(&again)
					require.True(t, explained[0].Needs[i].Met, "%+v %v: %v", o, state, choice)
				}
			}
			require.Equal(t, d.Access == policy.Allow, met && (alternatives || !wanted), "%+v %v\n%s", o, state, e)
		}
	}
}
