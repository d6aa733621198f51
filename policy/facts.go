package policy

import (
	"net/netip"
	"time"
)

// Facts are what a policy may ask about.
type Facts struct {
	Subject   string   // the person; "" for a client that asks for itself
	Groups    []string // of the person, now
	Client    string   // "" is unknown, since every request has one
	GrantType string   // likewise
	Scopes    []string

	// Network is where the person proved factors, RequesterNetwork where this
	// request comes from. The zero address is unknown.
	Network          netip.Addr
	RequesterNetwork netip.Addr
	Risk             Risk   // when factors were proved
	Device           Device // on which they were proved

	// Methods are what was proved.
	Methods []Method

	// Available are what the person could still prove, if AvailableKnown says that
	// this was found out: then what is not in it cannot be asked for. What was proved
	// and can be proved again is in it too.
	Available      []Method
	AvailableKnown bool

	// AuthTime is when the authorization was made: max_age is measured from a
	// method's time to it, so that a refresh months later asks nothing new. Zero
	// is Now.
	AuthTime time.Time
	Now      time.Time // of this decision; zero is unknown
}

// Method is one way in which a person proves to be that person.
type Method struct {
	Name  string    // "password", "totp", "hotp", "sms", "voice", "email", "push", "webauthn", "recovery_codes", "question"
	Types Type      // of a method with several, only one counts unless UserVerified
	At    time.Time // when it was proved

	PhishingResistant bool
	Hardware          bool // the key cannot leave its device
	UserVerified      bool // the authenticator itself has verified the person

	// Device is the authenticator, or the number, that was used. Methods with one
	// device count once. "" is a device of its own.
	Device string
}

// proves is what counts of the types. A device with a sensor, or with a PIN, that did
// not verify the person has shown that the person has it, and no more.
func (m *Method) proves() Type {
	switch {
	case m.UserVerified || m.Types&(m.Types-1) == 0:
		return m.Types
	case m.Types&Possession != 0:
		return Possession
	}
	return m.Types & -m.Types
}

// Type is what a method rests on: a set.
type Type byte

// The types (NIST SP 800-63B section 2).
const (
	Knowledge  Type = 1 << iota // something the person knows
	Possession                  // has
	Inherence                   // is
)

var typeNames = []struct {
	t    Type
	name string
}{{Knowledge, "knowledge"}, {Possession, "possession"}, {Inherence, "inherence"}}

// Risk is how a sign-in looked to the host.
type Risk byte

// The risks. The zero value is unknown, which is no low risk.
const (
	RiskUnknown Risk = iota
	RiskLow
	RiskMedium
	RiskHigh
)

var riskNames = [...]string{RiskLow: "low", RiskMedium: "medium", RiskHigh: "high"}

// String names the risk.
func (r Risk) String() string {
	if r == RiskUnknown || int(r) >= len(riskNames) {
		return "unknown"
	}
	return riskNames[r]
}

// ParseRisk reads the name of a risk; anything else is unknown.
func ParseRisk(s string) Risk {
	for r, name := range riskNames {
		if name != "" && name == s {
			return Risk(r)
		}
	}
	return RiskUnknown
}
