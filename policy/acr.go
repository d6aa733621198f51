package policy

// The authentication contexts that are built in, named as the clients of direct
// authentication name them.
const (
	ACROneFactor         = "urn:okta:loa:1fa:any"
	ACRPassword          = "urn:okta:loa:1fa:pwd"
	ACRTwoFactors        = "urn:okta:loa:2fa:any"
	ACRTwoIfPossible     = "urn:okta:loa:2fa:any:ifpossible"
	ACRPhishingResistant = "phr"  // OpenID Connect EAP ACR values
	ACRHardware          = "phrh" // phishing-resistant and hardware-protected
)

// ACRs lists them, for metadata.
func ACRs() []string {
	return []string{ACROneFactor, ACRPassword, ACRTwoFactors, ACRTwoIfPossible, ACRPhishingResistant, ACRHardware}
}

// acrRules say what each asks for.
var acrRules = map[string]*Policy{
	ACROneFactor:         must("acr", Outcome{Access: Allow, Factors: 1}),
	ACRPassword:          must("acr", Outcome{Access: Allow, Require: []Requirement{{Methods: []string{"password"}}}}),
	ACRTwoFactors:        must("acr", Outcome{Access: Allow, Factors: 2}),
	ACRTwoIfPossible:     must("acr", Outcome{Access: Allow, Factors: 1}),
	ACRPhishingResistant: must("acr", Outcome{Access: Allow, Require: []Requirement{{PhishingResistant: true}}}),
	ACRHardware:          must("acr", Outcome{Access: Allow, Require: []Requirement{{PhishingResistant: true, Hardware: true}}}),
}

// Satisfies reports whether the context is known, and whether the methods reach it.
// It knows nothing of what else a person could prove: [ACRTwoIfPossible] is reached
// with one factor.
func Satisfies(acr string, methods []Method) (known, ok bool) {
	p := acrRules[acr]
	if p == nil {
		return false, false
	}
	return true, p.rules[0].satisfied(&Facts{}, methods, nil)
}

// ForACR is the policy that asks for a context, or nil if it is not known.
func ForACR(acr string) *Policy {
	p := acrRules[acr]
	if p == nil {
		return nil
	}
	return &Policy{rules: p.rules} // the caller's own: a policy can be loaded into
}
