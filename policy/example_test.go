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
		{"name": "stolen devices", "if": {"groups": ["stolen"]}, "then": {"access": "deny"}},
		{"name": "payroll", "if": {"scopes": ["payroll"]}, "then": {"access": "allow", "factors": 2,
			"require": [{"phishing_resistant": true, "max_age": "5m"}, {"methods": ["push"], "hardware": true}]}},
		{"name": "others", "then": {"access": "allow", "factors": 1}}]}`), p); err != nil {
		panic(err)
	}
	noon := time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)
	passkey := policy.Method{Name: "webauthn", Types: policy.Possession | policy.Inherence, PhishingResistant: true, UserVerified: true, Device: "laptop"}
	push := policy.Method{Name: "push", Types: policy.Possession, Device: "phone"}
	proved := passkey
	proved.At = noon.Add(-time.Hour)
	d, steps := p.Explain(&policy.Facts{
		Subject: "mia", Groups: []string{"staff"}, Scopes: []string{"openid", "payroll"}, Now: noon,
		Methods: []policy.Method{proved}, Available: []policy.Method{passkey, push}, AvailableKnown: true,
	})
	fmt.Println(d.Access, d.Reason, d.Next)
	fmt.Println(steps)
	// Output:
	// step_up unsatisfied [[webauthn]]
	// "stolen devices": skipped: groups does not hold
	// "payroll": matched
	//	factors: two factors of different types, on different devices: met
	//	require[0]: a method, phishing-resistant, no older than 5m0s: not met: webauthn (laptop) is 1h0m0s old: webauthn (laptop) would do
	//	require[1]: push, protected by hardware: not met: webauthn (laptop) is not push and is not protected by hardware: nothing that is there would do
}

// Devices and times of the day are conditions, and so is what only the host can say.
func ExampleLoader() {
	loader := policy.Loader{Predicates: []policy.Predicate{{
		Name: "on_call", Holds: func(f policy.Facts) policy.Truth { return policy.TruthOf(f.Subject == "mia") },
	}}}
	p, err := loader.Policy([]byte(`{"rules": [
		{"name": "our own devices, by day", "if": {
			"device": {"managed": true, "platforms": ["macos", "windows"]},
			"time": [{"days": ["mon", "tue", "wed", "thu", "fri"], "from": "08:00", "to": "18:00", "zone": "Europe/Berlin"}]
		}, "then": {"access": "allow", "factors": 1}},
		{"name": "who is on call, at any time", "if": {"predicates": ["on_call"]}, "then": {"access": "allow", "factors": 2}}
	]}`))
	if err != nil {
		panic(err)
	}
	f := policy.Facts{
		Subject: "mia", Device: policy.Device{Managed: policy.Yes, Platform: "macos"},
		Methods: []policy.Method{{Name: "password", Types: policy.Knowledge}},
	}
	for _, hour := range []int{22, 9} {
		f.Now = time.Date(2026, 11, 25, hour, 0, 0, 0, time.UTC)
		d := p.Decide(&f)
		fmt.Println(hour, d.Access, d.Rule)
	}
	f.Device = policy.Device{} // nobody knows what it is
	d := p.Decide(&f)
	fmt.Println(d.Access, d.Reason, d.Fact)
	// Output:
	// 22 step_up who is on call, at any time
	// 9 allow our own devices, by day
	// deny undecidable device.managed
}

// What a person must have, may have, and cannot have.
func ExampleEnrolment() {
	e := new(policy.Enrolment)
	if err := json.Unmarshal([]byte(`{
		"rules": [{"name": "staff", "if": {"groups": ["staff"]}, "then": {"webauthn": "required", "sms": "disabled"}}],
		"default": {"push": {"enrolment": "optional", "number_challenge": "high_risk"}, "question": "disabled"}
	}`), e); err != nil {
		panic(err)
	}
	d := e.Decide(&policy.Facts{Subject: "mia", Groups: []string{"staff"}, Available: []policy.Method{{Name: "totp"}}, AvailableKnown: true})
	fmt.Println("missing:", d.Missing)
	for _, t := range []string{"webauthn", "sms", "totp", "question"} {
		fmt.Printf("%s: may enrol %t, required %t, by %q\n", t, d.Of(t).MayEnrol, d.Of(t).Required, d.Of(t).Rule)
	}
	// Output:
	// missing: [webauthn]
	// webauthn: may enrol true, required true, by "staff"
	// sms: may enrol false, required false, by "staff"
	// totp: may enrol true, required false, by ""
	// question: may enrol false, required false, by ""
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
