package oauth

import (
	"encoding/json"
	"net/http"
	"slices"
)

// Metadata is the authorization server's metadata (RFC 8414 section 2), as an
// object that is extended before it is served.
type Metadata map[string]any

// Metadata describes the server as it is: what is listed works, and what works
// is listed.
func (s *Server) Metadata() Metadata {
	m := Metadata{
		"issuer":                   s.config.Issuer,
		"token_endpoint":           s.URL(s.config.Paths.Token),
		"jwks_uri":                 s.URL(s.config.Paths.Keys),
		"response_types_supported": s.responseTypes(),
		"grant_types_supported":    s.grantTypes(),
		"scopes_supported":         s.scopeNames(),

		"token_endpoint_auth_methods_supported": []string{AuthBasic, AuthPost, AuthNone},
	}
	if p := s.config.Paths.Authorize; p != "" {
		m["authorization_endpoint"] = s.URL(p)
	}
	if p := s.config.Paths.Introspect; p != "" {
		m["introspection_endpoint"] = s.URL(p)
		m["introspection_endpoint_auth_methods_supported"] = []string{AuthBasic, AuthPost}
	}
	if p := s.config.Paths.Revoke; p != "" {
		m["revocation_endpoint"] = s.URL(p)
		m["revocation_endpoint_auth_methods_supported"] = []string{AuthBasic, AuthPost, AuthNone}
	}
	if s.config.redeemsCodes() {
		m["code_challenge_methods_supported"] = []string{MethodS256}
	}
	if s.signsIn() {
		m["response_modes_supported"] = []string{ModeQuery, ModeFragment, ModeFormPost}
		m["authorization_response_iss_parameter_supported"] = true // RFC 9207 section 3
		m["request_parameter_supported"] = false
		m["request_uri_parameter_supported"] = false // its default would be true
	}
	if module, ok := s.config.StepUp.(Module); ok {
		module.Describe(s, m)
	}
	return m
}

// URL is the address of a path on the issuer's origin. It comes from the
// configuration, never from a request.
func (s *Server) URL(path string) string { return issuerOrigin(s.config.Issuer) + path }

// IssuerPath is the path of the issuer: "" or "/…".
func (s *Server) IssuerPath() string { return issuerPath(s.config.Issuer) }

// grantTypes leaves out the grants for the operator's own apps if there is no such
// app: what nobody can use is nobody's business.
func (s *Server) grantTypes() []string {
	lister, knows := s.config.Clients.(GrantLister)
	var used []string
	if knows {
		used = lister.GrantTypes()
	}
	types := make([]string, 0, len(s.config.Grants))
	for _, g := range s.config.Grants {
		if p, ok := g.(FirstParty); ok && knows && p.FirstParty() && !contains(used, g.Type()) {
			continue
		}
		types = append(types, g.Type())
	}
	if slices.ContainsFunc(s.responseTypes(), func(t string) bool { return t != ResponseCode }) {
		types = append(types, GrantImplicit)
	}
	return types
}

func (s *Server) scopeNames() []string {
	names := make([]string, len(s.config.Scopes))
	for i := range s.config.Scopes {
		names[i] = s.config.Scopes[i].Name
	}
	return names
}

// metadataPaths are both positions of RFC 8414 section 3 and 5: inserted between
// host and path of the issuer, and appended to it as OpenID Connect does.
func (s *Server) metadataPaths() []string {
	const known = "/.well-known/oauth-authorization-server"
	path := issuerPath(s.config.Issuer)
	return slices.Compact([]string{known + path, path + known})
}

// MetadataHandler serves the metadata.
func (s *Server) MetadataHandler() http.Handler {
	return s.DocumentHandler(s.Metadata())
}

// DocumentHandler serves a metadata document: anybody may read it, from any page,
// and may keep it for five minutes.
func (s *Server) DocumentHandler(m Metadata) http.Handler {
	body, err := json.Marshal(m)
	if err != nil { // a host's extension put in what JSON cannot say
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			s.event(r.Context(), Event{Type: EventFailure, Reason: ReasonUnavailable, Err: err})
			http.Error(w, "metadata", http.StatusInternalServerError)
		})
	}
	return publicDocument(func() []byte { return body }, "public, max-age=300", "application/json")
}

// KeysHandler serves the JSON Web Key Set. It is made once a change and served
// from memory: some clients fetch it at every sign-in.
func (s *Server) KeysHandler() http.Handler {
	return publicDocument(s.config.Keys.Signing.JWKS, "public, max-age=300", "application/json")
}

func publicDocument(body func() []byte, cache, contentType string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			h.Set("Allow", "GET, HEAD")
			w.WriteHeader(http.StatusMethodNotAllowed)
			return
		}
		h.Set("Content-Type", contentType)
		h.Set("Cache-Control", cache)
		h.Set("Access-Control-Allow-Origin", "*")
		h.Set("X-Content-Type-Options", "nosniff")
		_, _ = w.Write(body())
	})
}
