package policy_test

import (
	"fmt"
	"net/netip"
	"time"

	"github.com/mintyard/mintyard/policy"
)

// Why a password is not enough from home, and what would do.
func ExampleExplanation() {
	p, err := policy.Loader{}.Policy([]byte(`
	{"rules": [
	  {"name": "contractors need a passkey", "if": {"groups": ["contractors"]},
	   "then": {"access": "allow", "require": [{"phishing_resistant": true}]}},
	  {"name": "off the office network", "if": {"not_networks": ["10.0.0.0/8"]},
	   "then": {"access": "allow", "factors": 2, "max_age": "12h"}},
	  {"name": "everyone else", "then": {"access": "allow", "factors": 1}}
	]}
	`))
	if err != nil {
		panic(err)
	}
	noon := time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)
	decision, why := p.Explain(&policy.Facts{
		Subject: "00u1", Groups: []string{"staff"}, Network: netip.MustParseAddr("192.0.2.7"), Now: noon,
		Methods: []policy.Method{{Name: "password", Types: policy.Knowledge, At: noon}},
		Available: []policy.Method{
			{Name: "sms", Types: policy.Possession, Device: "phone"}, {Name: "totp", Types: policy.Possession, Device: "app"},
		}, AvailableKnown: true,
	})
	fmt.Println(decision.Access, decision.Next)
	fmt.Println(why)
	// Output:
	// step_up [[sms] [totp]]
	// "contractors need a passkey": skipped: groups does not hold
	// "off the office network": matched
	//	factors: two factors of different types, on different devices, no older than 12h0m0s: not met: password counts as knowledge: sms (phone) or totp (app) would do
}
