package oidc

import (
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
	m["subject_types_supported"] = p.subjectTypes()
	m["id_token_signing_alg_values_supported"] = p.algorithms()
	m["id_token_encryption_alg_values_supported"] = keyAlgorithms
	m["id_token_encryption_enc_values_supported"] = contentAlgorithms
	m["userinfo_signing_alg_values_supported"] = p.algorithms() // beside plain JSON
	m["userinfo_encryption_alg_values_supported"] = keyAlgorithms
	m["userinfo_encryption_enc_values_supported"] = contentAlgorithms
	m["acr_values_supported"] = policy.ACRs()
	m["claims_supported"] = p.claimNames()
	m["claim_types_supported"] = []string{"normal", "aggregated", "distributed"}
	m["claims_parameter_supported"] = p.readsRequests()
	m["request_parameter_supported"] = false
	m["request_uri_parameter_supported"] = false // its default would be true
	if p.config.Pages != nil {
		m["prompt_values_supported"] = p.prompts()
		m["end_session_endpoint"] = p.server.URL(p.config.EndSessionPath)
		m["frontchannel_logout_supported"] = true
		m["frontchannel_logout_session_supported"] = true
		m["backchannel_logout_supported"] = p.notices != nil
		m["backchannel_logout_session_supported"] = p.notices != nil
	}
	if p.config.Sessions.Monitor {
		m["check_session_iframe"] = p.server.URL(p.config.CheckSessionPath)
	}
	return m
}

// prompts are the values of prompt that are honoured (Initiating User Registration via
// OpenID Connect 1.0 section 4).
func (p *Provider) prompts() []string {
	list := []string{oauth.PromptNone, oauth.PromptLogin, oauth.PromptConsent, oauth.PromptSelectAccount}
	if p.creates() {
		list = append(list, oauth.PromptCreate)
	}
	return list
}

// subjectTypes are those that clients can have.
func (p *Provider) subjectTypes() []string {
	if p.config.PairwiseKey == nil {
		return []string{SubjectPublic}
	}
	return []string{SubjectPublic, SubjectPairwise}
}

// algorithms are those that the server has keys for, the provider's own first.
func (p *Provider) algorithms() []string {
	list := []string{string(p.config.IDTokenAlgorithm)}
	for _, alg := range p.server.Config().Keys.Signing.Algorithms() {
		if alg != p.config.IDTokenAlgorithm {
			list = append(list, string(alg))
		}
	}
	return list
}

// readsRequests reports whether there is an authorization endpoint that signs people in.
func (p *Provider) readsRequests() bool {
	types, _ := p.server.Metadata()["response_types_supported"].([]string)
	return len(types) > 0
}
