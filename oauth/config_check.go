package oauth

import (
	"fmt"
	"net/netip"
	"net/url"
	"strings"
	"time"
)

// check names the field that is wrong.
func (c *Config) check() error {
	fail := func(field, format string, args ...any) error {
		return fmt.Errorf("oauth: Config.%s: %s", field, fmt.Sprintf(format, args...))
	}
	if c.ID == "" || len(c.ID) > 255 || !printable(c.ID) {
		return fail("ID", "must be 1 to 255 printable ASCII characters")
	}
	if err := checkIssuer(c.Issuer); err != nil {
		return fail("Issuer", "%v", err)
	}
	if c.Store == nil {
		return fail("Store", "is required; store.NewMemory() is one")
	}
	if c.Keys == nil || c.Keys.Signing == nil || c.Keys.Handles == nil {
		return fail("Keys", "is required; GenerateKeys makes some, a Vault keeps them")
	}
	if c.Keys.server != c.ID {
		return fail("Keys", "were made for server %q", c.Keys.server)
	}
	if c.Clients == nil {
		return fail("Clients", "is required")
	}
	if err := c.checkGrants(); err != nil {
		return err
	}
	seen := make(map[string]bool)
	for i, s := range c.Scopes {
		if !scopeToken(s.Name) {
			return fail(fmt.Sprintf("Scopes[%d].Name", i), "%q is not a scope token (RFC 6749 section 3.3)", s.Name)
		}
		if seen[s.Name] {
			return fail(fmt.Sprintf("Scopes[%d].Name", i), "%q stands twice", s.Name)
		}
		seen[s.Name] = true
	}
	for i, r := range c.Resources {
		if !absoluteURI(r) {
			return fail(fmt.Sprintf("Resources[%d]", i), "%q is not an absolute URI without fragment (RFC 8707 section 2)", r)
		}
	}
	switch c.AccessToken.Format {
	case "", FormatJWT, FormatOpaque:
	default:
		return fail("AccessToken.Format", "%q is neither %q nor %q", c.AccessToken.Format, FormatJWT, FormatOpaque)
	}
	if a := c.AccessToken.Algorithm; a != "" && c.Keys.Signing.Active(a) == nil {
		return fail("AccessToken.Algorithm", "Keys has no active key for %s", a)
	}
	if c.AccessToken.Algorithm == "" && len(c.Keys.Signing.Algorithms()) == 0 {
		return fail("Keys", "has no active signing key")
	}
	if c.AccessToken.TTL < 0 || c.AccessToken.TTL > 24*time.Hour {
		return fail("AccessToken.TTL", "must be between 0 and 24h")
	}
	if err := c.Refresh.validate(); err != nil {
		return fail("Refresh."+err.field, "%s", err.why)
	}
	if c.CodeTTL < 0 || c.CodeTTL > maxCodeTTL {
		return fail("CodeTTL", "must be between 0 and 10m")
	}
	if c.ParallelHashes < 0 {
		return fail("ParallelHashes", "is negative")
	}
	for i, t := range c.ResponseTypes {
		switch at := fmt.Sprintf("ResponseTypes[%d]", i); {
		case t == "" || responseType(t) != t:
			return fail(at, "%q is not one of the Response constants", t)
		case yields(t, "code") && !c.redeemsCodes():
			return fail(at, "%q needs AuthorizationCode among Grants", t)
		}
	}
	return c.Paths.check(c.Issuer)
}

func (c *Config) redeemsCodes() bool {
	for _, g := range c.Grants {
		if g.Type() == GrantAuthorizationCode || g.Type() == GrantInteractionCode {
			return true
		}
	}
	return false
}

func (c *Config) checkGrants() error {
	if len(c.Grants) == 0 {
		return fmt.Errorf("oauth: Config.Grants: is required: a server without a grant issues nothing")
	}
	seen := make(map[string]bool)
	for i, g := range c.Grants {
		switch {
		case g == nil:
			return fmt.Errorf("oauth: Config.Grants[%d]: is nil", i)
		case g.Type() == "":
			return fmt.Errorf("oauth: Config.Grants[%d]: has no type", i)
		case seen[g.Type()]:
			return fmt.Errorf("oauth: Config.Grants[%d]: %q stands twice", i, g.Type())
		}
		seen[g.Type()] = true
		if p, ok := g.(NeedsStepUp); ok && c.StepUp == nil && p.NeedsStepUp() {
			return fmt.Errorf("oauth: Config.StepUp: is required by grant %q", g.Type())
		}
		if g.Type() != GrantClientCredentials && c.Subjects == nil {
			return fmt.Errorf("oauth: Config.Subjects: is required by grant %q", g.Type())
		}
	}
	return nil
}

func checkIssuer(issuer string) error {
	u, err := url.Parse(issuer)
	switch {
	case issuer == "":
		return fmt.Errorf("is required")
	case err != nil || u.Host == "" || u.Opaque != "" || u.User != nil:
		return fmt.Errorf("%q is not an absolute URL", issuer)
	case u.Scheme != "https" && !(u.Scheme == "http" && Loopback(u.Hostname())):
		return fmt.Errorf("%q is not https (RFC 8414 section 2); http is allowed on a loopback host only", issuer)
	case strings.ContainsAny(issuer, "?#") || strings.HasSuffix(issuer, "/"):
		return fmt.Errorf("%q has a query, a fragment or a trailing slash", issuer)
	case u.String() != issuer:
		return fmt.Errorf("%q is not in its normal form %q", issuer, u.String())
	}
	return nil
}

// Loopback reports whether host is localhost or a loopback address literal.
func Loopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	a, err := netip.ParseAddr(host)
	return err == nil && a.Unmap().IsLoopback()
}

func absoluteURI(s string) bool {
	u, err := url.Parse(s)
	return err == nil && u.IsAbs() && !strings.Contains(s, "#") && printable(s) && !strings.Contains(s, " ")
}
