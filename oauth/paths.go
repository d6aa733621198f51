package oauth

import (
	"fmt"
	"net/url"
	"strings"
)

// Paths says where the endpoints are: absolute paths on the issuer's origin, in
// which metadata advertises them and under which [Server.Mount] mounts them.
// "" does not serve the endpoint, if it can be left out.
type Paths struct {
	Token      string // RFC 6749 section 3.2
	Introspect string // RFC 7662
	Revoke     string // RFC 7009
	Keys       string // JWKS (RFC 7517 section 5)
	Authorize  string // RFC 6749 section 3.1
}

// DefaultPaths puts the endpoints right below the issuer: /token, /introspect,
// /revoke, /keys and /authorize.
func DefaultPaths(issuer string) Paths { return pathsBelow(issuer, "") }

// OktaPaths is the layout that existing direct-authentication clients need:
// {origin}/oauth2/v1/… for an issuer without a path, and {issuer}/v1/… for one
// with a path, which should be /oauth2/{id}.
func OktaPaths(issuer string) Paths {
	if issuerPath(issuer) == "" {
		return pathsBelow(issuer, "/oauth2/v1")
	}
	return pathsBelow(issuer, "/v1")
}

func pathsBelow(issuer, below string) Paths {
	base := issuerPath(issuer) + below
	return Paths{
		Token:      base + "/token",
		Introspect: base + "/introspect",
		Revoke:     base + "/revoke",
		Keys:       base + "/keys",
		Authorize:  base + "/authorize",
	}
}

// Beside is the path of an endpoint beside the token endpoint, where clients of
// the direct grants look for it.
func (p Paths) Beside(name string) string {
	return p.Token[:strings.LastIndexByte(p.Token, '/')+1] + name
}

// check reports a path that cannot be mounted. The token path must contain
// "/token": direct-authentication clients find its siblings by replacing that.
func (p Paths) check(issuer string) error {
	if p == (Paths{}) {
		return nil
	}
	if p.Token == "" || p.Keys == "" {
		return fmt.Errorf("oauth: Config.Paths: Token and Keys are required; start from DefaultPaths")
	}
	seen := make(map[string]bool)
	for _, f := range []struct{ name, path string }{
		{"Token", p.Token}, {"Introspect", p.Introspect}, {"Revoke", p.Revoke}, {"Keys", p.Keys}, {"Authorize", p.Authorize},
	} {
		if f.path == "" {
			continue
		}
		if !strings.HasPrefix(f.path, "/") || strings.ContainsAny(f.path, " ?#{}") || strings.HasSuffix(f.path, "/") {
			return fmt.Errorf("oauth: Config.Paths.%s: %q is not an absolute path", f.name, f.path)
		}
		if seen[f.path] {
			return fmt.Errorf("oauth: Config.Paths.%s: %q stands twice", f.name, f.path)
		}
		seen[f.path] = true
	}
	return nil
}

// issuerPath returns the path of a checked issuer: "" or "/…".
func issuerPath(issuer string) string {
	u, err := url.Parse(issuer)
	if err != nil {
		return ""
	}
	return u.EscapedPath()
}

// issuerOrigin returns the scheme and authority of a checked issuer.
func issuerOrigin(issuer string) string {
	return strings.TrimSuffix(issuer, issuerPath(issuer))
}
