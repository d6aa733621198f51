package proving

import (
	"slices"

	"github.com/mintyard/mintyard/authenticator"
	"github.com/mintyard/mintyard/oauth"
	"github.com/mintyard/mintyard/policy"
)

// offered marks, as its device, a method that the person does not have and could add.
const offered = "\x00associate"

// Offer adds to what the person could prove what could be added first, so that a policy
// that asks for a second factor of somebody who has none asks, and does not deny.
func Offer(a *oauth.Authorization, types ...string) {
	for _, name := range types {
		if !Has(a.Available, name) {
			a.Available = append(a.Available, imagine(name))
		}
	}
}

// OfferAnother adds it whether or not there is one of the type.
func OfferAnother(a *oauth.Authorization, name string) {
	a.Available = append(a.Available, imagine(name))
}

// imagine is what an authenticator of the type will prove.
func imagine(name string) policy.Method {
	m := policy.Method{Name: name, Types: policy.Possession, Device: offered}
	if name == authenticator.TypeWebAuthn {
		m.Types, m.PhishingResistant, m.UserVerified = policy.Possession|policy.Inherence, true, true
	}
	return m
}

// Has reports whether there is a method of the name that is not only offered.
func Has(methods []policy.Method, name string) bool {
	return slices.ContainsFunc(methods, func(m policy.Method) bool { return m.Name == name && m.Device != offered })
}

// IsOffered reports whether the person does not have the method, but could add it.
func IsOffered(a *oauth.Authorization, name string) bool {
	return !Has(a.Available, name) && slices.ContainsFunc(a.Available, func(m policy.Method) bool { return m.Name == name })
}

// WithoutOffers are the methods that the person has.
func WithoutOffers(methods []policy.Method) []policy.Method {
	return slices.DeleteFunc(slices.Clone(methods), func(m policy.Method) bool { return m.Device == offered })
}
