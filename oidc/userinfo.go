package oidc

import (
	"encoding/json"
	"errors"
	"net/http"
)

var errNoKey = errors.New("oidc: the server has no active key for ID tokens")

// UserInfoHandler is the UserInfo endpoint (OpenID Connect Core section 5.3). It
// takes GET and POST, an access token with openid, and answers with what the
// token's scopes release today.
func (p *Provider) UserInfoHandler() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodPost {
			w.Header().Set("Allow", "GET, POST")
			w.WriteHeader(http.StatusMethodNotAllowed)
			return
		}
		t, ok := p.server.Bearer(w, r, ScopeOpenID)
		if !ok {
			return
		}
		c, err := p.claims(r.Context(), ClaimsRequest{Subject: t.Subject, ClientID: t.ClientID, Scopes: t.Scopes, Use: UseUserInfo})
		var body []byte
		if err == nil {
			c["sub"] = t.Subject // the same as in the ID token (section 5.3.2)
			body, err = json.Marshal(c)
		}
		if err != nil {
			p.server.WriteError(w, r, claimsFailure(err))
			return
		}
		h := w.Header()
		h.Set("Content-Type", "application/json")
		h.Set("Cache-Control", "no-store")
		h.Set("X-Content-Type-Options", "nosniff")
		_, _ = w.Write(body)
	})
}
