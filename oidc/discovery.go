package oidc

import (
	"slices"

	"github.com/mintyard/mintyard/oauth"
	"github.com/mintyard/mintyard/policy"
)

// discoveryPath is appended to the issuer (OpenID Connect Discovery section 4).
func (p *Provider) discoveryPath() string {
	return p.server.IssuerPath() + "/.well-known/openid-configuration"
}

// Metadata is the server's metadata and what OpenID Connect adds.
func (p *Provider) Metadata() oauth.Metadata {
	m := p.server.Metadata()
	m["userinfo_endpoint"] = p.server.URL(p.config.UserInfoPath)
	m["subject_types_supported"] = []string{"public"}
	m["id_token_signing_alg_values_supported"] = []string{string(p.config.IDTokenAlgorithm)}
	m["acr_values_supported"] = policy.ACRs()
	m["claims_supported"] = p.claimNames()
	m["claim_types_supported"] = []string{"normal"}
	m["claims_parameter_supported"] = false
	m["request_parameter_supported"] = false
	m["request_uri_parameter_supported"] = false // its default would be true
	if p.config.Pages != nil {
		m["end_session_endpoint"] = p.server.URL(p.config.EndSessionPath)
		m["frontchannel_logout_supported"] = true
		m["frontchannel_logout_session_supported"] = true
	}
	if p.config.Sessions.Monitor {
		m["check_session_iframe"] = p.server.URL(p.config.CheckSessionPath)
	}
	return m
}

func (p *Provider) claimNames() []string {
	names := []string{"sub", "iss", "aud", "exp", "iat", "auth_time", "acr", "amr", "at_hash"}
	for _, s := range p.server.Config().Scopes {
		names = append(names, p.scopeClaims(s.Name)...)
	}
	slices.Sort(names)
	return slices.Compact(names)
}
