package oauth

import (
	"context"
	"iter"
	"net/http"
)

// Mux is anything that handlers can be mounted on: *http.ServeMux, chi's router.
// Patterns are paths without a method; each endpoint judges the method itself.
type Mux interface {
	Handle(pattern string, handler http.Handler)
}

// Mount mounts every endpoint of the server, where its metadata says they are.
func (s *Server) Mount(mux Mux) {
	for path, h := range s.Endpoints() {
		mux.Handle(path, h)
	}
}

// Endpoints yields the path and the handler of every endpoint, for routers that
// Mount does not fit and for hosts that want to wrap some of them.
func (s *Server) Endpoints() iter.Seq2[string, http.Handler] {
	return func(yield func(string, http.Handler) bool) {
		p := &s.config.Paths
		for _, e := range []struct {
			path    string
			handler http.Handler
		}{
			{p.Token, s.TokenHandler()},
			{p.Introspect, s.IntrospectHandler()},
			{p.Revoke, s.RevokeHandler()},
			{p.Keys, s.KeysHandler()},
			{p.Authorize, s.AuthorizeHandler()},
		} {
			if e.path != "" && !yield(e.path, e.handler) {
				return
			}
		}
		if m, ok := s.config.StepUp.(Module); ok {
			for path, h := range m.Routes(s) {
				if !yield(path, s.CrossOrigin(h)) {
					return
				}
			}
		}
		h := s.MetadataHandler()
		for _, path := range s.metadataPaths() {
			if !yield(path, h) {
				return
			}
		}
	}
}

// TokenHandler is the token endpoint (RFC 6749 section 3.2).
func (s *Server) TokenHandler() http.Handler {
	json, types := s.jsonGrants()
	return s.CrossOrigin(s.door(json, func(ctx context.Context, q *request, h credentials) error {
		if q.json && !contains(types, q.form.value("grant_type")) {
			return errContentType
		}
		return s.serveToken(ctx, q, h)
	}))
}

// IntrospectHandler is the introspection endpoint (RFC 7662).
func (s *Server) IntrospectHandler() http.Handler { return s.endpoint(s.serveIntrospect) }

// RevokeHandler is the revocation endpoint (RFC 7009).
func (s *Server) RevokeHandler() http.Handler { return s.CrossOrigin(s.endpoint(s.serveRevoke)) }
