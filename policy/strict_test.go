package policy_test

import (
	"encoding/json"
	"math"
	"net/netip"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/mintyard/mintyard/policy"
)

// What cannot be a policy is refused, whether it comes as JSON or as Go.
func TestStrictness(t *testing.T) {
	rule := func(body string) string { return `{"rules":[{"name":"a",` + body + `}]}` }
	open := rule(`"then":{"access":"allow"}`)
	for document, message := range map[string]string{
		open + ` x`: "followed by something else", open + `}`: "followed by something else", open + open: "followed by something else",
		open + `,`:                                                                     "followed by something else",
		rule(`"then":{"access":null}`):                                                 "rules[0].then.access: is not text",
		rule(`"then":{"access":1}`):                                                    "rules[0].then.access: is not text",
		rule(`"then":{"access":"Allow"}`):                                              "rules[0].then.access: is neither allow nor deny",
		rule(`"then":{"access":"allow","factors":1.5}`):                                "rules[0].then.factors: is not a whole number",
		rule(`"then":{"access":"allow","require":[{"hardware":"yes"}]}`):               "rules[0].then.require[0].hardware: is neither true nor false",
		rule(`"then":{"access":"allow","require":[{"methods":["totp",""]}]}`):          "rules[0].then.require[0].methods[1]: is empty",
		rule(`"then":{"access":"allow","access_token_ttl":"10ms"}`):                    "rules[0].then.access_token_ttl: is not in whole seconds",
		rule(`"then":{"access":"allow","refresh_token_ttl":"1500ms"}`):                 "rules[0].then.refresh_token_ttl: is not in whole seconds",
		rule(`"if":{"users":[""]},"then":{"access":"allow"}`):                          "rules[0].if.users[0]: is empty",
		rule(`"if":{"groups":["a",""]},"then":{"access":"allow"}`):                     "rules[0].if.groups[1]: is empty",
		rule(`"if":{"scopes":[null]},"then":{"access":"allow"}`):                       "rules[0].if.scopes[0]: is not text",
		rule(`"if":{"users":["a"],"\u0075sers":["b"]},"then":{"access":"allow"}`):      "rules[0].if.users: stands twice",
		rule(`"then":{"access":"allow","require":[{"max_age":"0s","hardware":true}]}`): `rules[0].then.require[0].max_age: "0s" is not a duration`,
		rule(`"then":{"access":"allow","require":[{"max_age":5}]}`):                    "rules[0].then.require[0].max_age: is not text",
		rule(`"if":null,"then":{"access":"allow"}`):                                    "rules[0].if: is not an object",
		rule(`"if":{"networks":["::/8"]},"then":{"access":"allow"}`):                   `rules[0].if.networks[0]: "::/8" mixes IPv4 with IPv6`,
		rule(`"if":{"":[]},"then":{"access":"allow"}`):                                 `rules[0].if."": is not known`,
		rule(`"if":{"groups":["` + "\xff" + `"]},"then":{"access":"deny"}`):            "not UTF-8",
	} {
		p := policy.AllowAll()
		err := p.UnmarshalJSON([]byte(document)) // without the help of json.Unmarshal
		require.ErrorContains(t, err, message, document)
		require.Error(t, json.Unmarshal([]byte(document), new(policy.Policy)))
		require.Equal(t, policy.AllowAll().Rules(), p.Rules(), "an error changes nothing")
	}
	allow := policy.Outcome{Access: policy.Allow}
	for message, r := range map[string]policy.Rule{
		"name: is required":                                  {Then: allow},
		"then.access":                                        {Name: "a", Then: policy.Outcome{Access: policy.StepUp}},
		"then: a duration is negative":                       {Name: "a", Then: policy.Outcome{Access: policy.Allow, MaxAge: -1}},
		"if.clients[0]: is empty, or not UTF-8":              {Name: "a", If: policy.Condition{Clients: []string{"\xff"}}, Then: allow},
		"if.networks[0]: is not a network":                   {Name: "a", If: policy.Condition{Networks: []netip.Prefix{{}}}, Then: allow},
		`if.networks[0]: "10.0.0.1/8" is an address`:         {Name: "a", If: policy.Condition{Networks: []netip.Prefix{netip.MustParsePrefix("10.0.0.1/8")}}, Then: allow},
		"if.risk[0]":                                         {Name: "a", If: policy.Condition{Risk: []policy.Risk{policy.RiskUnknown}}, Then: allow},
		"then.require[0].methods[0]: is empty, or not UTF-8": {Name: "a", Then: policy.Outcome{Access: policy.Allow, Require: []policy.Requirement{{Methods: []string{""}}}}},
		"then.require[0].max_age: is negative":               {Name: "a", Then: policy.Outcome{Access: policy.Allow, Require: []policy.Requirement{{MaxAge: -1}}}},
		"then.require[0].types: is empty":                    {Name: "a", Then: policy.Outcome{Access: policy.Allow, Require: []policy.Requirement{{Types: []string{}}}}},
	} {
		p, err := policy.New(r)
		require.ErrorContains(t, err, "policy: rules[0]."+message)
		require.Nil(t, p)
	}
}

// A policy is its maker's: neither the rules it was made of, nor those it hands out,
// nor loading into another one changes it.
func TestPolicyDoesNotChange(t *testing.T) {
	rules := []policy.Rule{{
		Name: "a", If: policy.Condition{Device: policy.DeviceCondition{Platforms: []string{"ios"}},
			Time:   []policy.Window{{Days: []time.Weekday{time.Monday}, Zone: "UTC"}},
			Groups: []string{"g"}, Networks: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}},
		Then: policy.Outcome{Access: policy.Allow, Require: []policy.Requirement{{Methods: []string{"webauthn"}}, {Types: []string{"inherence"}}}},
	}}
	p, err := policy.New(rules...)
	require.NoError(t, err)
	before, err := json.Marshal(p)
	require.NoError(t, err)
	for _, r := range []policy.Rule{rules[0], p.Rules()[0]} {
		r.If.Device.Platforms[0], r.If.Time[0].Days[0], r.If.Time[0].Zone = "x", time.Friday, "Asia/Tokyo"
		r.If.Groups[0], r.If.Networks[0] = "x", netip.MustParsePrefix("0.0.0.0/0")
		r.Then.Require[0].Methods[0], r.Then.Require[1].Types[0] = "password", "knowledge"
		r.Then.Require[1] = policy.Requirement{}
	}
	after, err := json.Marshal(p)
	require.NoError(t, err)
	require.Equal(t, string(before), string(after))

	nobody := facts(methods())
	for _, shared := range []func() *policy.Policy{policy.OneFactor, func() *policy.Policy { return policy.ForACR(policy.ACRHardware) }} {
		require.NoError(t, json.Unmarshal([]byte(`{"rules":[{"name":"open","then":{"access":"allow"}}]}`), shared()))
		require.NotEqual(t, policy.Allow, shared().Decide(nobody).Access)
	}
}

// Values that no code of ours makes deny, and do not panic.
func TestStrangeValues(t *testing.T) {
	var none *policy.Policy
	require.Equal(t, policy.Deny, none.Decide(&policy.Facts{}).Access)
	d, steps := none.Explain(&policy.Facts{})
	require.Equal(t, policy.ReasonNoRule, d.Reason)
	require.Empty(t, steps)
	for _, a := range []policy.Access{3, 9, math.MaxUint8} {
		strange, allow := policy.Decision{Access: a, Rule: "s"}, policy.Decision{Access: policy.Allow}
		for _, d := range []policy.Decision{policy.Combine(strange, allow), policy.Combine(allow, strange), policy.Combine(strange, strange)} {
			require.Equal(t, policy.Deny, d.Access)
			require.Equal(t, "s", d.Rule)
		}
	}
	f := facts(func(f *policy.Facts) {
		f.Methods = []policy.Method{{Types: 0xff, At: time.Unix(math.MaxInt64, 0)}, {Types: 0xf8}}
	})
	for _, acr := range policy.ACRs() {
		require.NotPanics(t, func() { policy.ForACR(acr).Decide(f); policy.AMR(f.Methods) })
	}
}
