package main

import (
	"errors"
	"net/http"
	"net/netip"

	"github.com/mintyard/mintyard/authenticator"
	"github.com/mintyard/mintyard/oauth"
)

// accountPassword is PUT /idp/myaccount/password: who has recovered an account sets a
// new password with the token of that recovery. It ends all grants of the person,
// that token's too, unlocks the password, and tells the person, since it may have
// been somebody else (NIST SP 800-63B-4 section 4.6).
func (h *host) accountPassword(w http.ResponseWriter, r *http.Request) {
	subject, ok := h.recovering(w, r)
	if !ok {
		return
	}
	var body struct {
		Profile struct {
			Password string `json:"password"`
		} `json:"profile"`
	}
	if !readStrict(w, r, &body) {
		return
	}
	ctx := r.Context()
	var weak *authenticator.PasswordError
	err := h.setPassword(ctx, subject, body.Profile.Password)
	if errors.As(err, &weak) {
		writeError(w, http.StatusBadRequest, "invalid_request", weak.Advice())
		return
	}
	if err != nil {
		h.failed(w, r, err)
		return
	}
	h.events.observe(ctx, oauth.Event{Type: eventUserChanged, Time: h.clock.Now(), Subject: subject})
	h.notify(r, subject, authenticator.PurposePasswordChanged)
	writeJSON(w, http.StatusOK, map[string]string{"id": subject, "status": statusActive})
}

// recovering is the person whose recovery the bearer token is from. If there is none
// it has written the answer.
func (h *host) recovering(w http.ResponseWriter, r *http.Request) (subject string, ok bool) {
	bearer, refused := bearerToken(r)
	if refused == "" {
		refused = "The token is not one of a recovery"
		answered := inspect(w, r, h.servers, bearer, func(_ *server, t *oauth.TokenInfo) bool {
			ok = t.HasScope(scopeRecovery) && t.Confirmation == oauth.Confirmation{} && h.users.ids[t.Subject] != nil
			if ok {
				subject = t.Subject
			}
			return ok
		})
		if answered {
			return subject, ok
		}
	}
	w.Header().Set("WWW-Authenticate", `Bearer error="invalid_token", scope="`+scopeRecovery+`"`)
	writeError(w, http.StatusUnauthorized, "invalid_token", refused)
	return "", false
}

// notify tells a person by e-mail of what was changed. It is no reason to undo the
// change that nobody can be told.
func (h *host) notify(r *http.Request, subject string, purpose authenticator.Purpose) {
	n := authenticator.Notice{Purpose: purpose}
	if from, err := netip.ParseAddrPort(r.RemoteAddr); err == nil {
		n.Addr = from.Addr()
	}
	if err := h.factors.codes[authenticator.TypeEmail].Notify(r.Context(), subject, n); err != nil {
		h.events.log.ErrorContext(r.Context(), "telling of a change", "subject", subject, "error", err.Error())
	}
}
