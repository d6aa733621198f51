package policy_test

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"time"

	"github.com/mintyard/mintyard/policy"
)

// Off the office network two factors are wanted.
func Example() {
	p, err := policy.New(
		policy.Rule{
			Name: "off the office network",
			If:   policy.Condition{NotNetworks: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}},
			Then: policy.Outcome{Access: policy.Allow, Factors: 2, MaxAge: 12 * time.Hour},
		},
		policy.Rule{Name: "everyone else", Then: policy.Outcome{Access: policy.Allow, Factors: 1}},
	)
	if err != nil {
		panic(err)
	}
	d := p.Decide(&policy.Facts{
		Subject: "mia", Network: netip.MustParseAddr("192.0.2.1"), Now: time.Now(),
		Methods:   []policy.Method{{Name: "password", Types: policy.Knowledge, At: time.Now()}},
		Available: []policy.Method{{Name: "totp", Types: policy.Possession}}, AvailableKnown: true,
	})
	fmt.Println(d.Access, d.Rule, d.Next)
	// Output: step_up off the office network [[totp]]
}

func ExamplePolicy_UnmarshalJSON() {
	p := new(policy.Policy)
	err := json.Unmarshal([]byte(`{"rules": [{"name": "staff", "if": {"networks": ["10.0.0.1/8"]}, "then": {"access": "allow"}}]}`), p)
	fmt.Println(err)
	// Output: policy: rules[0].if.networks[0]: "10.0.0.1/8" is not a network in CIDR form
}

// A policy can be asked why, also about what has not happened.
func ExamplePolicy_Explain() {
	p := new(policy.Policy)
	if err := json.Unmarshal([]byte(`{"rules": [
		{"name": "risky", "if": {"risk": ["high"]}, "then": {"access": "deny"}},
		{"name": "others", "then": {"access": "allow", "factors": 1}}]}`), p); err != nil {
		panic(err)
	}
	d, steps := p.Explain(&policy.Facts{Subject: "mia", Now: time.Now()})
	fmt.Println(d.Access, d.Reason, steps)
	// Output: deny undecidable [{risky undecidable risk}]
}

// A host whose relying parties know other references replaces them.
func ExampleAMRTable() {
	methods := []policy.Method{{Name: "password", Types: policy.Knowledge}, {Name: "totp", Types: policy.Possession}}
	fmt.Println(policy.AMR(methods))
	fmt.Println(policy.AMRTable{"totp": {"google_otp"}}.Append(nil, methods))
	// Output:
	// [pwd otp mfa]
	// [pwd google_otp mfa]
}
