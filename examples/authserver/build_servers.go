package main

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"time"

	"github.com/mintyard/mintyard/oauth"
	"github.com/mintyard/mintyard/oauth/token"
	"github.com/mintyard/mintyard/oidc"
	"github.com/mintyard/mintyard/policy"
)

// org is what clients call the server whose issuer is the origin.
const org = "org"

// serverPlan is one server as configured, without what must be known first: the
// port, the store and its keys.
type serverPlan struct {
	id         string
	audience   string
	scopes     []oauth.Scope
	access     oauth.AccessTokenConfig
	refresh    oauth.RefreshConfig
	codeTTL    time.Duration
	policy     *policy.Policy
	idAlg      token.Algorithm
	idTTL      time.Duration
	clients    []*oauth.Client
	paths      map[string]string // of each client in the file
	algorithms []token.Algorithm
}

// issuer is {origin} for the org server and {origin}/oauth2/{id} for a custom one.
func (p *serverPlan) issuer(origin string) string {
	if p.id == org {
		return origin
	}
	return origin + "/oauth2/" + p.id
}

// serverID admits what stands in a path as it is.
var serverID = regexp.MustCompile(`^[A-Za-z0-9_-][A-Za-z0-9._~-]*$`)

func planServers(c *fileConfig, n *names) ([]*serverPlan, error) {
	var plans []*serverPlan
	add := func(path, id string, s *serverConfig) error {
		p, err := planServer(path, id, s, n)
		plans = append(plans, p)
		return err
	}
	if err := add("", org, &c.serverConfig); err != nil {
		return nil, err
	}
	for i := range c.Servers {
		s, path := &c.Servers[i], index("servers", i)
		switch {
		case s.ID == "":
			return nil, refuse(path+".id", "is required")
		case s.ID == "v1":
			return nil, refuse(path+".id", `"v1" is where the endpoints of the org server are`)
		case s.ID == org:
			return nil, refuse(path+".id", `"org" is the org server, whose members stand at the top level`)
		case !serverID.MatchString(s.ID) || len(s.ID) > 64:
			return nil, refuse(path+".id", "%q is not a path segment of at most 64 letters, digits and -._~", s.ID)
		case n.servers[s.ID] != nil:
			return nil, refuse(path+".id", "%q stands twice", s.ID)
		}
		if err := add(path, s.ID, &s.serverConfig); err != nil {
			return nil, err
		}
	}
	return plans, nil
}

func planServer(path, id string, c *serverConfig, n *names) (*serverPlan, error) {
	p := &serverPlan{id: id, paths: make(map[string]string), audience: c.Audience, scopes: append(oidc.Scopes(), oauth.Scope{
		Name: scopeRecovery, Description: "Set a new password", Person: true, Recovery: true,
	})}
	at := func(name string) string { return join(path, name) }
	known := make(map[string]bool)
	for _, s := range p.scopes {
		known[s.Name] = true
	}
	for i, s := range c.Scopes {
		where := index(at("scopes"), i)
		switch {
		case s.Name == "":
			return nil, refuse(where+".name", "is required")
		case known[s.Name]:
			return nil, refuse(where+".name", "%q stands twice, or is built in", s.Name)
		case !validScope(s.Name):
			return nil, refuse(where+".name", "%q is not a scope token (RFC 6749 section 3.3)", s.Name)
		}
		if s.Consent != "" {
			if err := choose(where+".consent", s.Consent, []string{"implicit", "required"}); err != nil {
				return nil, err
			}
		}
		known[s.Name] = true
		p.scopes = append(p.scopes, oauth.Scope{Name: s.Name, Description: s.Description, Default: s.Default, Consent: s.Consent == "required"})
	}
	n.servers[id] = known

	var err error
	if p.access, p.idAlg, p.algorithms, err = planTokens(at, c); err != nil {
		return nil, err
	}
	p.idTTL = time.Duration(c.IDToken.TTL)
	if p.idTTL > 24*time.Hour {
		return nil, refuse(at("id_token")+".ttl", "is longer than 24h")
	}
	if p.refresh, err = planRefresh(at("refresh_token"), &c.RefreshToken); err != nil {
		return nil, err
	}
	if p.codeTTL = time.Duration(c.CodeTTL); p.codeTTL > 10*time.Minute {
		return nil, refuse(at("code_ttl"), "is longer than 10m (RFC 6749 section 4.1.2)")
	}
	if c.Registration != "" {
		if err := choose(at("registration"), c.Registration, []string{"off"}, "open", "token"); err != nil {
			return nil, err
		}
	}
	if c.DPoPNonce != "" {
		if err := choose(at("dpop_nonce"), c.DPoPNonce, []string{"off"}, "required"); err != nil {
			return nil, err
		}
	}
	p.policy, err = n.policy(at("access_policy"), c.AccessPolicy)
	return p, err
}

// planTokens: RS256 is what every client can verify.
func planTokens(at func(string) string, c *serverConfig) (a oauth.AccessTokenConfig, id token.Algorithm, all []token.Algorithm, err error) {
	a = oauth.AccessTokenConfig{Format: c.AccessToken.Format, Algorithm: token.RS256, TTL: time.Duration(c.AccessToken.TTL)}
	id = token.RS256
	if a.Format != "" {
		if err := choose(at("access_token")+".format", a.Format, formats); err != nil {
			return a, id, nil, err
		}
	}
	if a.TTL > 24*time.Hour {
		return a, id, nil, refuse(at("access_token")+".ttl", "is longer than 24h")
	}
	for _, s := range []struct {
		path, name string
		to         *token.Algorithm
	}{{at("access_token") + ".alg", c.AccessToken.Alg, &a.Algorithm}, {at("id_token") + ".alg", c.IDToken.Alg, &id}} {
		if s.name != "" {
			if err := choose(s.path, s.name, algorithms); err != nil {
				return a, id, nil, err
			}
			*s.to = token.Algorithm(s.name)
		}
	}
	all = []token.Algorithm{a.Algorithm, id}
	return a, id, slices.Compact(all), nil
}

var (
	formats    = []string{oauth.FormatJWT, oauth.FormatOpaque}
	algorithms = []string{"RS256", "PS256", "ES256", "ES384", "EdDSA"}
)

func planRefresh(path string, c *refreshTokenConfig) (oauth.RefreshConfig, error) {
	r := oauth.RefreshConfig{Idle: time.Duration(c.IdleTTL), Absolute: time.Duration(c.AbsoluteTTL)}
	if c.Rotation != "" {
		if err := choose(path+".rotation", c.Rotation, []string{"rotate", "persistent"}); err != nil {
			return r, err
		}
		r.Persistent = c.Rotation == "persistent"
	}
	switch g := c.Grace; {
	case g == nil:
	case g.untilUsed:
		r.Grace = oauth.UntilUsed
	case g.d == 0:
		r.Grace = oauth.NoGrace
	default:
		r.Grace = g.d
	}
	return r, nil
}

func validScope(s string) bool {
	return !slices.ContainsFunc([]byte(s), func(c byte) bool { return c <= ' ' || c > '~' || c == '"' || c == '\\' })
}

// newServer makes the provider of a plan.
func (p *serverPlan) newServer(base oauth.Config, origin string, claims oidc.Config) (*oidc.Provider, error) {
	clients, err := oauth.NewClientList(p.clients...)
	if err != nil {
		return nil, refuse("clients", "%v", err)
	}
	base.ID, base.Issuer, base.Audience = p.id, p.issuer(origin), p.audience
	base.Clients, base.Scopes, base.Policy = clients, p.scopes, p.policy
	base.AccessToken, base.Refresh, base.CodeTTL = p.access, p.refresh, p.codeTTL
	base.Grants = slices.Concat(base.Grants, codeGrants(clients.GrantTypes()))
	base.ResponseTypes = responseTypes(p.clients)
	if base.ResponseTypes == nil {
		claims.Pages, base.ResponseTypes = nil, []string{} // nobody signs in on a page
	}
	base.AllowOrigin = origins(p.clients)
	base.Paths, base.Attestation = oauth.OktaPaths(base.Issuer), p.id == org
	s, err := oauth.New(base)
	if err != nil {
		return nil, refuse(fmt.Sprintf("server %q", p.id), "%v", err)
	}
	claims.IDTokenAlgorithm, claims.IDTokenTTL = p.idAlg, p.idTTL
	provider, err := oidc.New(s, claims)
	var wrong *oauth.ClientError
	if errors.As(err, &wrong) {
		return nil, refuseField(p.paths[wrong.ID], err)
	}
	if err != nil {
		return nil, refuse(fmt.Sprintf("server %q", p.id), "%v", err)
	}
	return provider, nil
}

// codeGrants are those of the grants that redeem codes that some client has: a server
// of which no client has one advertises none, and has no authorization challenge
// endpoint.
func codeGrants(used []string) []oauth.Grant {
	return slices.DeleteFunc([]oauth.Grant{oauth.AuthorizationCode(), oauth.InteractionCode()}, func(g oauth.Grant) bool {
		return !slices.Contains(used, g.Type())
	})
}
