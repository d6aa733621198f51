package oidc

import (
	"slices"
	"strings"

	"github.com/mintyard/mintyard/oauth"
	"github.com/mintyard/mintyard/oauth/token"
)

// release fills in which claims may go out: those that the scopes release, if they do so
// in this artefact, those that the client has asked for one by one, and those that the
// artefact has whoever asks.
func (p *Provider) release(r *ClaimsRequest, scoped bool, parameter string) error {
	add := func(names []string) {
		for _, name := range names {
			if !slices.Contains(r.Names, name) {
				r.Names = append(r.Names, name)
			}
		}
	}
	switch r.Use {
	case UseAccessToken:
		add(p.config.AccessTokenClaims)
		return nil
	case UseIDToken:
		add(p.config.IDTokenClaims)
	}
	if scoped {
		for _, s := range r.Scopes {
			add(p.scopeClaims(s))
		}
	}
	wanted, err := parseClaims(parameter)
	if err != nil {
		return err
	}
	for _, c := range wanted.of(r.Use) {
		if p.mayAsk(r, c.Name) {
			add([]string{c.Name})
			r.Requested = append(r.Requested, c)
		}
	}
	return nil
}

// mayAsk reports whether the client may have a claim that it names in the claims
// parameter. One that no scope releases nobody may. For a client about which people are
// asked it must be one of the scopes that they have allowed, or it would get by another
// way what they were not asked about; an app of the operator's own needs not more than
// that it could have had the scope.
func (p *Provider) mayAsk(r *ClaimsRequest, name string) bool {
	base, _, _ := strings.Cut(name, "#")
	own := !asksPeople(r.Client)
	for _, s := range p.server.Config().Scopes {
		if !slices.Contains(p.scopeClaims(s.Name), base) {
			continue
		}
		if slices.Contains(r.Scopes, s.Name) || own && !s.Consent && !s.Recovery && mayHave(r.Client, s.Name) {
			return true
		}
	}
	return false
}

// asksPeople reports whether people are asked what the client may have.
func asksPeople(c *oauth.Client) bool { return c.ThirdParty || c.OpenID.ConsentRequired }

func mayHave(c *oauth.Client, scope string) bool {
	return c.Scopes == nil || slices.Contains(c.Scopes, scope)
}

// protocolClaim reports whether a claim is one that only the server says: those of
// tokens, and others that receivers go by.
func protocolClaim(name string) bool {
	return token.Registered(name) || slices.Contains(protocolClaims, strings.ToLower(name))
}

var protocolClaims = []string{
	"may_act", "events", "sub_id", "sub_jwk", "authorization_details", "active", "token_type",
}

// claimNames are the claims that the provider can say, for metadata.
func (p *Provider) claimNames() []string {
	names := []string{"sub", "iss", "aud", "exp", "iat", "auth_time", "acr", "amr", "nonce", "sid", "at_hash", "c_hash"}
	for _, s := range p.server.Config().Scopes {
		names = append(names, p.scopeClaims(s.Name)...)
	}
	names = append(names, p.config.IDTokenClaims...)
	slices.Sort(names)
	return slices.Compact(names)
}
