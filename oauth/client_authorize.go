package oauth

import (
	"fmt"
	"slices"
	"strings"
)

// GrantImplicit is not a grant type of the token endpoint: it says that a client may
// get tokens from the authorization endpoint (RFC 7591 section 2.1).
const GrantImplicit = "implicit"

// The response types (OAuth 2.0 Multiple Response Type Encoding Practices), each with
// its words in this order.
const (
	ResponseCode             = "code"
	ResponseToken            = "token"
	ResponseIDToken          = "id_token"
	ResponseIDTokenToken     = "id_token token"
	ResponseCodeIDToken      = "code id_token"
	ResponseCodeToken        = "code token"
	ResponseCodeIDTokenToken = "code id_token token"
)

var responseTypes = []string{
	ResponseCode, ResponseToken, ResponseIDToken, ResponseIDTokenToken, ResponseCodeIDToken, ResponseCodeToken, ResponseCodeIDTokenToken,
}

// responseType is the one spelling of a response type, whose words may stand in any
// order; "" if there is none such.
func responseType(s string) string {
	words := fields(nil, s)
	slices.Sort(words)
	s = strings.Join(words, " ")
	if contains(responseTypes, s) {
		return s
	}
	return ""
}

// ParseResponseType returns the one spelling of a response type, whose words may stand
// in any order; it is false if there is none such.
func ParseResponseType(s string) (string, bool) {
	t := responseType(s)
	return t, t != ""
}

// yields reports whether a response type has a word.
func yields(responseType, word string) bool {
	for s := responseType; s != ""; {
		var w string
		if w, s, _ = strings.Cut(s, " "); w == word {
			return true
		}
	}
	return false
}

// mayAskFor reports whether the client may use a response type.
func (c *Client) mayAskFor(responseType string) bool {
	if c.ResponseTypes == nil {
		return responseType == ResponseCode
	}
	return contains(c.ResponseTypes, responseType)
}

// checkAuthorization reports what is wrong with what the client does at the
// authorization endpoint: the field, and why.
func (c *Client) checkAuthorization() (field, why string) {
	for i, u := range c.RedirectURIs {
		if err := c.checkRedirectURI(u); err != nil {
			return fmt.Sprintf("RedirectURIs[%d]", i), err.Error()
		}
	}
	for i, t := range c.ResponseTypes {
		at := fmt.Sprintf("ResponseTypes[%d]", i)
		switch {
		case responseType(t) != t || t == "":
			return at, fmt.Sprintf("%q is not one of the Response constants", t)
		case yields(t, "code") && !contains(c.GrantTypes, GrantAuthorizationCode) && !contains(c.GrantTypes, GrantInteractionCode):
			return at, fmt.Sprintf("%q needs %q among GrantTypes (RFC 7591 section 2.1)", t, GrantAuthorizationCode)
		case t != ResponseCode && !contains(c.GrantTypes, GrantImplicit):
			return at, fmt.Sprintf("%q needs %q among GrantTypes (RFC 7591 section 2.1)", t, GrantImplicit)
		case len(c.RedirectURIs) == 0:
			return "RedirectURIs", "are required by ResponseTypes"
		}
	}
	for _, u := range []struct{ field, value string }{
		{"URI", c.URI}, {"LogoURI", c.LogoURI}, {"PolicyURI", c.PolicyURI}, {"TOSURI", c.TOSURI},
	} {
		if u.value != "" && !webURL(u.value) {
			return u.field, fmt.Sprintf("%q is not an https URL", u.value)
		}
	}
	return "", ""
}
