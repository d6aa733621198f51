package policy_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mintyard/mintyard/policy"
)

func enrolment(t testing.TB, document string) *policy.Enrolment {
	t.Helper()
	e := new(policy.Enrolment)
	require.NoError(t, json.Unmarshal([]byte(document), e))
	return e
}

// The simple form says the same to everybody.
func TestEnrolmentOfEverybody(t *testing.T) {
	e := enrolment(t, `{"totp": "optional", "email": "disabled", "push": {"enrolment": "required", "number_challenge": "high_risk"}, "password": "required"}`)
	d := e.Decide(facts(func(f *policy.Facts) {
		f.Methods, f.Available, f.AvailableKnown = []policy.Method{password}, []policy.Method{totp}, true
	}))
	require.Len(t, d.Types, 10)
	require.Equal(t, []string{"push"}, d.Missing)
	require.True(t, d.Known)
	for name, want := range map[string]policy.TypeDecision{
		"totp":     {MayEnrol: true, Enrolled: policy.Yes},
		"email":    {Enrolled: policy.No},
		"push":     {MayEnrol: true, Required: true, Enrolled: policy.No, NumberChallenge: policy.NumberHighRisk},
		"password": {MayEnrol: true, Required: true, Enrolled: policy.Yes},
		"sms":      {MayEnrol: true, Enrolled: policy.No}, // optional, as is what nobody names
	} {
		want.Type = name
		require.Equal(t, want, d.Of(name))
	}
	require.Equal(t, policy.TypeDecision{Type: "bagde", Reason: policy.ReasonNoRule}, d.Of("bagde"))

	none := enrolment(t, `{}`).Decide(facts(func(*policy.Facts) {}))
	require.Empty(t, none.Missing)
	require.True(t, none.Of("webauthn").MayEnrol)
	only := enrolment(t, `{"*": "disabled", "webauthn": "optional"}`).Decide(facts(func(*policy.Facts) {}))
	require.Equal(t, [3]bool{true, false, false}, [3]bool{only.Of("webauthn").MayEnrol, only.Of("sms").MayEnrol, only.Of("password").MayEnrol})
	require.Equal(t, policy.NumberAlways, enrolment(t, `{"push":{}}`).Decide(facts(func(*policy.Facts) {})).Of("push").NumberChallenge)
}

const byGroup = `{"rules": [
	{"name": "contractors", "if": {"groups": ["contractors"]}, "then": {"*": "disabled", "webauthn": "required"}},
	{"name": "risky", "if": {"risk": ["high"]}, "then": {"sms": "disabled", "totp": "required"}},
	{"name": "staff", "if": {"groups": ["staff"]}, "then": {"totp": "optional", "push": {"number_challenge": "never"}}}],
	"default": {"sms": "optional", "question": "disabled"}}`

// For each type the first rule decides that holds and names it.
func TestEnrolmentByRule(t *testing.T) {
	e := enrolment(t, byGroup)
	for _, c := range []struct {
		groups  []string
		risk    policy.Risk
		want    map[string]string // may enrol, required, and by which rule
		missing []string
	}{
		{nil, policy.RiskLow, map[string]string{"totp": "true false ", "sms": "true false ", "question": "false false ", "push": "true false "}, nil},
		{[]string{"staff"}, policy.RiskLow, map[string]string{"totp": "true false staff", "push": "true false staff", "sms": "true false "}, nil},
		{[]string{"staff"}, policy.RiskHigh, map[string]string{"totp": "true true risky", "push": "true false staff", "sms": "false false risky"}, []string{"totp"}},
		{[]string{"staff", "contractors"}, policy.RiskHigh, map[string]string{"webauthn": "true true contractors", "totp": "false false contractors",
			"question": "false false contractors"}, []string{"webauthn"}},
		// Nobody knows the risk: what the rule names waits, and totp may be required.
		{nil, policy.RiskUnknown, map[string]string{"totp": "false true risky", "sms": "false false risky", "email": "true false "}, []string{"totp"}},
		{[]string{"staff"}, policy.RiskUnknown, map[string]string{"totp": "false true risky", "push": "true false staff"}, []string{"totp"}},
		// It has been decided before.
		{[]string{"contractors"}, policy.RiskUnknown, map[string]string{"totp": "false false contractors", "webauthn": "true true contractors"}, []string{"webauthn"}},
	} {
		f := facts(func(f *policy.Facts) { f.Groups, f.Risk, f.AvailableKnown = c.groups, c.risk, true })
		d := e.Decide(f)
		for name, want := range c.want {
			got := d.Of(name)
			require.Equal(t, want, fmt.Sprint(got.MayEnrol, got.Required, " ", got.Rule)[:len(want)], "%s %+v", name, c)
			require.Equal(t, c.risk == policy.RiskUnknown && got.Rule == "risky", got.Reason == policy.ReasonUndecidable && got.Fact == "risk")
		}
		require.Equal(t, c.missing, d.Missing)
	}
	push := e.Decide(facts(func(f *policy.Facts) { f.Groups, f.Risk = []string{"staff"}, policy.RiskLow })).Of("push")
	require.Equal(t, policy.NumberNever, push.NumberChallenge)
}

// Who has what is not known: what is required is missing, but not known to be.
func TestEnrolmentWithoutKnowing(t *testing.T) {
	e := enrolment(t, `{"totp":"required","password":"required"}`)
	d := e.Decide(facts(methods(password)))
	require.Equal(t, []string{"totp"}, d.Missing)
	require.False(t, d.Known)
	require.Equal(t, policy.Unknown, d.Of("totp").Enrolled)
	require.Equal(t, policy.Yes, d.Of("password").Enrolled, "it was proved")

	machine := e.Decide(&policy.Facts{})
	require.Equal(t, policy.TypeDecision{Type: "sms", Reason: policy.ReasonNoPerson}, machine.Of("sms"))
	require.Equal(t, []string{"password", "totp"}, machine.Missing)
}

// A policy that nobody made lets nobody enrol.
func TestNoEnrolmentPolicy(t *testing.T) {
	var none *policy.Enrolment
	for _, e := range []*policy.Enrolment{none, new(policy.Enrolment)} {
		d := e.Decide(facts(func(*policy.Facts) {}))
		require.Len(t, d.Types, 10)
		for _, name := range []string{"password", "webauthn", "badge"} {
			require.False(t, d.Of(name).MayEnrol)
			require.Equal(t, policy.ReasonNoRule, d.Of(name).Reason)
		}
		b, err := e.MarshalJSON()
		require.NoError(t, err)
		require.Equal(t, `{"*":"disabled"}`, string(b))
	}
}

// A host's own types, and its own predicates.
func TestEnrolmentOfTheHost(t *testing.T) {
	asked := 0
	loader := policy.Loader{Types: []string{"badge"}, Predicates: []policy.Predicate{
		{Name: "door", Holds: func(f policy.Facts) policy.Truth { asked++; return f.Device.Known }},
		{Name: "broken", Holds: func(policy.Facts) policy.Truth { panic("x") }},
	}}
	e, err := loader.Enrolment([]byte(`{"rules":[{"name":"doors","if":{"predicates":["door"]},"then":{"badge":"required","push":"required"}},
		{"name":"broken","if":{"predicates":["broken"]},"then":{"sms":"required"}}]}`))
	require.NoError(t, err)
	d := e.Decide(facts(func(f *policy.Facts) { f.Device.Known = policy.Yes }))
	require.Equal(t, []string{"push", "sms", "badge"}, d.Missing)
	require.Equal(t, 1, asked, "once for all types")
	require.Equal(t, policy.TypeDecision{Type: "sms", Required: true, Rule: "broken", Reason: policy.ReasonPanicked, Fact: "predicates.broken"}, d.Of("sms"))
	require.Equal(t, "badge", d.Types[len(d.Types)-1].Type)
	require.ErrorContains(t, json.Unmarshal([]byte(`{"badge":"optional"}`), new(policy.Enrolment)), "badge: is no type")
}

// To know less never lets anybody enrol more, and never asks for less.
func TestEnrolmentFailsClosed(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	undecidable := 0
	for range 3000 {
		var rules []policy.EnrolmentRule
		for range 1 + r.IntN(4) {
			rule := policy.EnrolmentRule{Name: "r", Then: map[string]policy.Terms{}}
			switch r.IntN(4) {
			case 0:
				rule.If.Risk = []policy.Risk{policy.RiskHigh}
			case 1:
				rule.If.Risk = []policy.Risk{policy.RiskLow, policy.RiskMedium}
			case 2:
				rule.If.Device.Managed = policy.Truth(1 + r.IntN(2))
			case 3:
				rule.If.Groups = []string{"a"}
			}
			rule.Then[[]string{"totp", "push", policy.AllTypes}[r.IntN(3)]] = policy.Terms{Enrolment: policy.EnrolmentMode(r.IntN(2))}
			rule.Then["totp"] = policy.Terms{Enrolment: policy.EnrolmentMode(r.IntN(3))}
			rules = append(rules, rule)
		}
		e, err := policy.NewEnrolment(map[string]policy.Terms{"push": {Enrolment: policy.EnrolmentMode(r.IntN(3))}}, rules...)
		require.NoError(t, err)
		f := facts(func(f *policy.Facts) { f.Groups = [][]string{nil, {"a"}}[r.IntN(2)] })
		least := e.Decide(f) // neither the risk nor the device is known
		for _, risk := range []policy.Risk{policy.RiskLow, policy.RiskMedium, policy.RiskHigh} {
			for _, managed := range []policy.Truth{policy.Yes, policy.No} {
				f.Risk, f.Device.Managed = risk, managed
				d := e.Decide(f)
				for i, known := range d.Types {
					l := least.Types[i]
					if l.Reason != "" {
						undecidable++
						require.False(t, l.MayEnrol)
						require.Equal(t, policy.NumberAlways, l.NumberChallenge)
					} else {
						require.Equal(t, known, l)
					}
					require.True(t, l.Required || !known.Required, "%+v %+v", l, known)
					require.Empty(t, known.Reason)
				}
			}
		}
	}
	require.Greater(t, undecidable, 1000)
}

func TestEnrolmentRefuses(t *testing.T) {
	rules := func(s string) string { return `{"rules":[` + s + `]}` }
	rule := func(s string) string { return rules(`{"name":"a",` + s + `}`) }
	for document, message := range map[string]string{
		`null`: "is not an object", `[]`: "is not an object", `{}x`: "followed by something else", "{\"\xff\":1}": "not UTF-8",
		`{"totp":"yes"}`:                                            `totp: "yes" is none of disabled, optional, required`,
		`{"totp":true}`:                                             "totp: is not text",
		`{"totp":null}`:                                             "totp: is not text",
		`{"TOTP":"optional"}`:                                       "TOTP: is no type",
		`{"":"optional"}`:                                           `"": is no type`,
		`{"totp":"optional","totp":"required"}`:                     "totp: stands twice",
		`{"*":"required"}`:                                          "*: nobody can have every type",
		`{"push":{"enrolment":"on"}}`:                               `push.enrolment: "on" is none of`,
		`{"push":{"number_challenge":"sometimes"}}`:                 `push.number_challenge: "sometimes" is none of always, high_risk, never`,
		`{"push":{"number_challenge":null}}`:                        "push.number_challenge: is not text",
		`{"push":{"numbers":"never"}}`:                              "push.numbers: is not known",
		`{"totp":{"number_challenge":"never"}}`:                     "totp.number_challenge: is of push alone",
		`{"*":{"number_challenge":"never"}}`:                        "*.number_challenge: is of push alone",
		`{"rules":[]}`:                                              "rules: is empty",
		`{"rules":{}}`:                                              "rules: is not a list",
		`{"rules":[],"default":{}}`:                                 "rules: is empty",
		`{"default":"optional"}`:                                    "default: is not an object",
		`{"default":{"x":"optional"}}`:                              "default.x: is no type",
		`{"default":{},"totp":"optional"}`:                          "totp: stands beside rules",
		rules(`{"then":{"totp":"optional"}}`):                       "rules[0].name: is required",
		rule(`"then":{}`):                                           "rules[0].then: says nothing",
		rule(`"if":{"groups":["g"]}`):                               "rules[0].then: says nothing",
		rule(`"then":{"x":"optional"}`):                             "rules[0].then.x: is no type",
		rule(`"then":{"totp":"optional"},"else":{}`):                "rules[0].else: is not known",
		rule(`"if":{"groups":[]},"then":{"sms":"disabled"}`):        "rules[0].if.groups: is empty",
		rule(`"if":{"predicates":["p"]},"then":{"sms":"disabled"}`): `rules[0].if.predicates[0]: "p" is not registered`,
		rules(`{"name":"a","then":{"totp":"optional"}},{"name":"b","if":{"groups":["g"]},"then":{"sms":"optional","totp":"required"}}`): "rules[1].then.totp: is never reached",
		rules(`{"name":"a","then":{"*":"optional"}},{"name":"b","then":{"totp":"required"}}`):                                           "rules[1].then.totp: is never reached",
	} {
		e := new(policy.Enrolment)
		err := e.UnmarshalJSON([]byte(document))
		require.ErrorContains(t, err, message, document)
		require.ErrorContains(t, err, "policy: enrolment: ")
		require.False(t, e.Decide(facts(func(*policy.Facts) {})).Of("totp").MayEnrol, "an error changes nothing")
	}
	for message, terms := range map[string]map[string]policy.Terms{
		`default."rules": cannot be`:          {"rules": {}},
		`default."": cannot be`:               {"": {}},
		"default.totp: is none of":            {"totp": {Enrolment: 3}},
		"default.push.number_challenge: is n": {"push": {NumberChallenge: 3}},
	} {
		_, err := policy.NewEnrolment(terms)
		require.ErrorContains(t, err, "policy: enrolment: "+message)
	}
}

func TestNumberChallenge(t *testing.T) {
	for n, wanted := range map[policy.NumberChallenge][4]bool{ // unknown, low, medium, high
		policy.NumberAlways: {true, true, true, true}, policy.NumberNever: {}, policy.NumberHighRisk: {true, false, false, true}, 9: {true, true, true, true},
	} {
		for risk, want := range wanted {
			require.Equal(t, want, n.Wanted(policy.Risk(risk)), "%s %d", n, risk)
		}
	}
	require.True(t, policy.NumberHighRisk.Wanted(77))
}

// An enrolment policy is its maker's.
func TestEnrolmentDoesNotChange(t *testing.T) {
	defaults, then := map[string]policy.Terms{"sms": {}}, map[string]policy.Terms{"totp": {Enrolment: policy.Required}}
	groups := []string{"g"}
	e, err := policy.NewEnrolment(defaults, policy.EnrolmentRule{Name: "a", If: policy.Condition{Groups: groups}, Then: then})
	require.NoError(t, err)
	before, err := json.Marshal(e)
	require.NoError(t, err)
	defaults["sms"], then["totp"], then["x"], groups[0] = policy.Terms{Enrolment: policy.Optional}, policy.Terms{}, policy.Terms{}, "h"
	after, err := json.Marshal(e)
	require.NoError(t, err)
	require.JSONEq(t, string(before), string(after))
}

// FuzzEnrolmentDocument: what loads is written as what decides the same.
func FuzzEnrolmentDocument(f *testing.F) {
	f.Add(`{"totp": "optional", "push": {"enrolment": "required", "number_challenge": "high_risk"}}`)
	f.Add(byGroup)
	f.Add(`{"rules":[{"name":"a","if":{"device":{"managed":true},"time":[{"days":["mon"],"zone":"UTC"}]},"then":{"*":"disabled"}}]}`)
	f.Add(`{"*":"disabled","webauthn":{}}`)
	f.Add(`{"default":{"push":{"number_challenge":"never"}}}`)
	f.Fuzz(func(t *testing.T, document string) {
		e := new(policy.Enrolment)
		if e.UnmarshalJSON([]byte(document)) != nil {
			require.Error(t, json.Unmarshal([]byte(document), new(policy.Enrolment)))
			require.False(t, e.Decide(facts(methods())).Of("totp").MayEnrol)
			return
		}
		b, err := json.Marshal(e)
		require.NoError(t, err)
		q := enrolment(t, string(b))
		for i := range 9 {
			f := facts(func(f *policy.Facts) {
				f.Risk, f.Groups, f.AvailableKnown = policy.Risk(i%3), [][]string{nil, {"staff"}, {"contractors"}}[i/3], i%2 == 0
				f.Device.Managed = policy.Truth(i % 3)
			})
			d := e.Decide(f)
			require.Equal(t, d, q.Decide(f))
			require.Len(t, d.Types, 10)
			for _, of := range d.Types {
				require.True(t, of.Reason == "" || !of.MayEnrol)
			}
		}
	})
}
