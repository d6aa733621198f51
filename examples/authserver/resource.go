package main

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"

	"github.com/mintyard/mintyard/oauth"
	"github.com/mintyard/mintyard/oauth/token"
	"github.com/mintyard/mintyard/policy"
)

// resourceHandler is GET /resource: a small protected resource that takes the
// tokens of every server, or with ?server=ID of one, and answers with what the
// token says. It takes bearer tokens (RFC 6750) alone so far: one that is bound to
// a key or a certificate is refused, since whoever sends it would have to prove
// that it is theirs.
func (h *host) resourceHandler() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			w.Header().Set("Allow", "GET, HEAD")
			writeError(w, http.StatusMethodNotAllowed, "invalid_request", "Use GET")
			return
		}
		servers, ok := h.narrow(r.URL.Query().Get("server"))
		if !ok {
			writeError(w, http.StatusBadRequest, "invalid_request", "No server has this id")
			return
		}
		bearer, refused := bearerToken(r)
		if refused == "" {
			refused = "The token is not good"
			answered := inspect(w, r, servers, bearer, func(s *server, t *oauth.TokenInfo) bool {
				if t.Confirmation != (oauth.Confirmation{}) {
					refused = "The token is bound to a key, and this resource cannot check proofs yet"
					return false
				}
				writeJSON(w, http.StatusOK, resourceAnswer(s, t))
				return true
			})
			if answered {
				return
			}
		}
		challenge := "Bearer"
		if bearer != "" {
			challenge += ` error="invalid_token", error_description="` + refused + `"`
		}
		w.Header().Set("WWW-Authenticate", challenge)
		writeError(w, http.StatusUnauthorized, "invalid_token", refused)
	})
}

// narrow returns the server with the id, or all.
func (h *host) narrow(id string) ([]*server, bool) {
	if id == "" {
		return h.servers, true
	}
	for _, s := range h.servers {
		if s.id == id {
			return []*server{s}, true
		}
	}
	return nil, false
}

// bearerToken finds the one token, or says why there is none.
func bearerToken(r *http.Request) (tok, refused string) {
	list := r.Header.Values("Authorization")
	if r.URL.Query().Has("access_token") {
		return "", "Send the token in the Authorization header" // RFC 9700 section 4.3.2
	}
	if len(list) != 1 {
		return "", "Send one Authorization header with a bearer token"
	}
	scheme, tok, _ := strings.Cut(list[0], " ")
	switch {
	case strings.EqualFold(scheme, "DPoP"):
		return "", "DPoP is not there yet"
	case !strings.EqualFold(scheme, "Bearer") || tok == "":
		return "", "Send one Authorization header with a bearer token"
	}
	return tok, ""
}

// inspect shows take the access token as the servers know it, until take says that it
// needs no more. It reports whether that was so, or the failure of a server was
// written.
func inspect(w http.ResponseWriter, r *http.Request, servers []*server, bearer string, take func(*server, *oauth.TokenInfo) bool) bool {
	for _, s := range servers {
		t, err := s.provider.Server().Inspect(r.Context(), bearer)
		var e *oauth.Error
		switch {
		case err == nil && t.Kind == token.HandleAccess: // not a refresh token
			if take(s, t) {
				return true
			}
		case err != nil && !(errors.As(err, &e) && e.Code == oauth.CodeInvalidToken):
			s.provider.Server().WriteError(w, r, err)
			return true
		}
	}
	return false
}

// resourceAnswer are the claims of a token, in either format under the same names.
func resourceAnswer(s *server, t *oauth.TokenInfo) map[string]any {
	a := map[string]any{
		"server": s.id, "iss": s.provider.Server().Config().Issuer, "client_id": t.ClientID, "sub": t.Subject,
		"iat": t.IssuedAt, "exp": t.Expires, "jti": t.ID, "scope": strings.Join(t.Scopes, " "),
	}
	if t.Subject == "" {
		a["sub"] = t.ClientID // RFC 9068 section 2.2
	} else {
		a["auth_time"], a["amr"] = t.AuthTime, policy.AMR(t.Methods)
	}
	if a["aud"] = t.Audience; len(t.Audience) == 1 {
		a["aud"] = t.Audience[0]
	}
	if t.ACR != "" {
		a["acr"] = t.ACR
	}
	return a
}

// writeJSON writes an answer that nobody may keep.
func writeJSON(w http.ResponseWriter, status int, v any) {
	body, err := json.Marshal(v)
	if err != nil {
		http.Error(w, "encoding the answer", http.StatusInternalServerError)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	_, _ = w.Write(append(body, '\n')) // whoever asked is gone; there is nobody to tell
}

func writeError(w http.ResponseWriter, status int, code, description string) {
	writeJSON(w, status, map[string]string{"error": code, "error_description": description})
}
