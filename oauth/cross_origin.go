package oauth

import "net/http"

// CrossOrigin lets pages of the origins that Config.AllowOrigin admits ask a handler, and
// read what it answers, errors too (Fetch standard, section 3.2, "HTTP CORS protocol").
// The endpoints for tokens, revocation and UserInfo and those of a module have it; the
// authorization endpoint must not, and a host may give it to resources of its own.
//
// Cookies are no part of it: Access-Control-Allow-Credentials is never sent. Which client
// asks does not matter, and could not: the browser asks before it sends the request, and
// does not say.
func (s *Server) CrossOrigin(next http.Handler) http.Handler {
	if s.config.AllowOrigin == nil {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h["Vary"] = append(h["Vary"], "Origin")
		allowed := s.allowOrigin(h, r)
		if r.Method != http.MethodOptions || r.Header["Access-Control-Request-Method"] == nil {
			next.ServeHTTP(w, r)
			return
		}
		if allowed {
			h["Access-Control-Allow-Methods"] = crossMethods
			h["Access-Control-Allow-Headers"] = crossHeaders
			h["Access-Control-Max-Age"] = crossMaxAge
		}
		w.WriteHeader(http.StatusNoContent)
	})
}

var (
	crossMethods = []string{"GET, POST"}
	crossHeaders = []string{"Authorization, Content-Type"}
	crossExposed = []string{"WWW-Authenticate, Retry-After"}
	crossMaxAge  = []string{"3600"}
)

// allowOrigin says in the header that the origin of a request may read the answer.
func (s *Server) allowOrigin(h http.Header, r *http.Request) bool {
	origin := r.Header["Origin"]
	// "null" is anybody: pages in a sandbox, and of files.
	if len(origin) != 1 || origin[0] == "null" || !s.config.AllowOrigin(r.Context(), origin[0]) {
		return false
	}
	h["Access-Control-Allow-Origin"] = origin
	h["Access-Control-Expose-Headers"] = crossExposed
	return true
}
