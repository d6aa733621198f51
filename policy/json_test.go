package policy_test

import (
	"encoding/json"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/mintyard/mintyard/policy"
)

// What is wrong is named by its path.
func TestRefusedDocuments(t *testing.T) {
	rule := func(body string) string { return `{"rules":[{"name":"a",` + body + `}]}` }
	for document, path := range map[string]string{
		`[]`:                 "is not an object",
		`{}`:                 "rules",
		`{"rules":[]}`:       "rules",
		`{"rules":{}}`:       "rules: is not a list",
		`{"rules":null}`:     "rules: is not a list",
		`{"rules":[],"x":1}`: "x: is not known",
		`{"rules":[{"then":{"access":"allow"}}]}`:                                                  "rules[0].name",
		rule(`"then":{}`):                                                                          "rules[0].then.access: is required",
		rule(`"then":{"access":"step_up"}`):                                                        "rules[0].then.access",
		rule(`"then":{"access":"allow","access":"deny"}`):                                          "rules[0].then.access: stands twice",
		rule(`"then":{"access":"allow","factors":0}`):                                              "rules[0].then.factors",
		rule(`"then":{"access":"allow","factors":3}`):                                              "rules[0].then.factors",
		rule(`"then":{"access":"allow","factors":"2"}`):                                            "rules[0].then.factors",
		rule(`"then":{"access":"allow","factors":null}`):                                           "rules[0].then.factors",
		rule(`"then":{"access":"allow","require":[]}`):                                             "rules[0].then.require",
		rule(`"then":{"access":"allow","require":[{}]}`):                                           "rules[0].then.require[0]",
		rule(`"then":{"access":"allow","require":[{"types":["x"]}]}`):                              "rules[0].then.require[0].types[0]",
		rule(`"then":{"access":"allow","require":[{"methods":[]}]}`):                               "rules[0].then.require[0].methods",
		rule(`"then":{"access":"allow","require":[{"hardwear":true}]}`):                            "rules[0].then.require[0].hardwear: is not known",
		rule(`"then":{"access":"allow","max_age":"12"}`):                                           "rules[0].then.max_age",
		rule(`"then":{"access":"allow","max_age":"-1h"}`):                                          "rules[0].then.max_age",
		rule(`"then":{"access":"allow","max_age":12}`):                                             "rules[0].then.max_age",
		rule(`"then":{"access":"deny","factors":1}`):                                               "rules[0].then",
		rule(`"if":{"groups":[]},"then":{"access":"allow"}`):                                       "rules[0].if.groups",
		rule(`"if":{"groups":"a"},"then":{"access":"allow"}`):                                      "rules[0].if.groups",
		rule(`"if":{"groups":[1]},"then":{"access":"allow"}`):                                      "rules[0].if.groups[0]",
		rule(`"if":{"group":["a"]},"then":{"access":"allow"}`):                                     "rules[0].if.group: is not known",
		rule(`"if":{"Groups":["a"]},"then":{"access":"allow"}`):                                    "rules[0].if.Groups: is not known",
		rule(`"if":{"networks":["10.0.0.1/8"]},"then":{"access":"allow"}`):                         "rules[0].if.networks[0]",
		rule(`"if":{"networks":["10.0.0.0"]},"then":{"access":"allow"}`):                           "rules[0].if.networks[0]",
		rule(`"if":{"not_networks":["x"]},"then":{"access":"allow"}`):                              "rules[0].if.not_networks[0]",
		rule(`"if":{"requester_networks":[]},"then":{"access":"allow"}`):                           "rules[0].if.requester_networks",
		rule(`"if":{"risk":["none"]},"then":{"access":"allow"}`):                                   "rules[0].if.risk[0]",
		`{"rules":[{"name":"a","then":{"access":"allow"}},{"name":"b","then":{"access":"deny"}}]}`: "rules[1]: comes after",
	} {
		err := json.Unmarshal([]byte(document), new(policy.Policy))
		require.ErrorContains(t, err, path, document)
		require.True(t, strings.HasPrefix(err.Error(), "policy: "), err)
	}
}

func TestRoundTrip(t *testing.T) {
	p, err := policy.New(
		policy.Rule{Name: "all of it", If: policy.Condition{Users: []string{"u"}, Groups: []string{"g"}, Clients: []string{"c"}, GrantTypes: []string{"t"},
			Scopes: []string{"s"}, Networks: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}, NotNetworks: []netip.Prefix{netip.MustParsePrefix("2001:db8::/32")},
			RequesterNetworks: []netip.Prefix{netip.MustParsePrefix("0.0.0.0/0")}, Risk: []policy.Risk{policy.RiskLow, policy.RiskHigh},
			Device: policy.DeviceCondition{Known: policy.Yes, Managed: policy.No, Platforms: []string{"ios"}},
			Time: []policy.Window{{Days: []time.Weekday{time.Sunday, time.Saturday}, From: 22*time.Hour + 5*time.Minute, To: 6 * time.Hour, Zone: "Europe/Berlin"},
				{To: day, From: time.Minute, Zone: "UTC"}, {Days: []time.Weekday{time.Monday}, Zone: "UTC"}}},
			Then: policy.Outcome{Access: policy.Allow, Factors: 2, MaxAge: 90 * time.Minute, AccessTokenTTL: time.Minute, RefreshTokenTTL: time.Hour,
				Require: []policy.Requirement{{Types: []string{"knowledge", "inherence"}}, {MaxAge: 5 * time.Minute}, {Methods: []string{"totp"}, Hardware: true, UserVerified: true, PhishingResistant: true}}}},
		policy.Rule{Name: "no", Then: policy.Outcome{Access: policy.Deny}})
	require.NoError(t, err)
	b, err := json.Marshal(p)
	require.NoError(t, err)
	q := load(t, string(b))
	require.Equal(t, p.Rules(), q.Rules())
	require.NotContains(t, string(b), `"max_age":5400`)
	require.Contains(t, string(b), `"time":[{"days":["sun","sat"],"from":"22:05","to":"06:00","zone":"Europe/Berlin"},{"from":"00:01","to":"24:00","zone":"UTC"},{"days":["mon"],"zone":"UTC"}]`)
	require.Contains(t, string(b), `"device":{"known":true,"managed":false,"platforms":["ios"]}`)
}

const day = 24 * time.Hour

// FuzzPolicyDocument: a policy that loads is written as one that decides the same;
// anything else is an error, and there is no policy.
func FuzzPolicyDocument(f *testing.F) {
	f.Add(office)
	f.Add(`{"rules":[{"name":"a","if":{"risk":["low"]},"then":{"access":"allow","require":[{"hardware":true}]}}]}`)
	f.Add(`{"rules":[{"name":"a","then":{"access":"deny"}}]} x`)
	f.Add(`{"rules":[{"name":"a","if":{"device":{"known":true,"managed":false,"platforms":["ios"]},"predicates":["p"]},"then":{"access":"allow","max_age":"1h"}}]}`)
	f.Add(`{"rules":[{"name":"a","if":{"time":[{"days":["mon","sun"],"from":"22:00","to":"06:00","zone":"Europe/Berlin"},{"to":"24:00","from":"00:01","zone":"UTC"}]},"then":{"access":"allow"}}]}`)
	f.Add(`{"rules":[{"name":"a","then":{"access":"allow","factors":2,"require":[{"user_verified":true,"max_age":"5m"},{"max_age":"1s"}]}}]}`)
	f.Fuzz(func(t *testing.T, document string) {
		p, err := new(policy.Policy), json.Unmarshal([]byte(document), new(policy.Policy))
		require.Equal(t, err == nil, p.UnmarshalJSON([]byte(document)) == nil, "called by itself it is as strict")
		if err != nil {
			require.Equal(t, policy.Deny, p.Decide(facts(methods(password))).Access)
			return
		}
		b, err := json.Marshal(p)
		require.NoError(t, err)
		q := load(t, string(b))
		for _, m := range [][]policy.Method{nil, {password}, {password, totp}, {passkey}, {hardKey, password}} {
			for i, a := range []netip.Addr{{}, netip.MustParseAddr("10.0.0.1"), netip.MustParseAddr("2001:db8::1")} {
				f := facts(func(f *policy.Facts) {
					f.Methods, f.Network, f.Groups = m, a, []string{"contractors"}
					f.Device = policy.Device{Known: policy.Truth(i), Managed: policy.Truth(i), Platform: []string{"", "ios", "x"}[i]}
					f.Now = now.Add(time.Duration(i) * 25 * time.Hour)
				})
				d := p.Decide(f)
				require.Equal(t, d, q.Decide(f))
				explained, steps := p.Explain(f)
				require.Equal(t, d, explained)
				require.NotEmpty(t, steps.String())
			}
		}
	})
}
