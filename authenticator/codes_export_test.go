package authenticator

// NewCode and CanonicalNumber let tests see what has no front door of its own.
var (
	NewCode          = newCode
	CanonicalNumber  = canonicalNumber
	CanonicalAddress = canonicalAddress
	MaskNumber       = maskNumber
	MaskAddress      = maskAddress
	CountryCode      = countryCode
)
