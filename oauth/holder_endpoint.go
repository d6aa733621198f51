package oauth

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/mintyard/mintyard/oauth/token"
)

// HolderEndpoint describes an endpoint for whoever holds the handle of a pending
// authorization, and shows it as a bearer token (RFC 6750 section 2.1). The client
// that began it is known by the handle, and does not authenticate: what such an
// endpoint does must be safe in the hands of everyone to whom the handle was sent.
type HolderEndpoint struct {
	Name   string           // for events
	Method string           // GET and DELETE have no body, POST has JSON
	Kind   token.HandleKind // of the handle
	Param  string           // the parameter as which Serve finds it
	JSON   JSONBody         // of POST

	// Scope is that of access tokens of a person with which the endpoint may be
	// used too, and "" if there is none. Serve then gets an authorization that cannot
	// go on.
	Scope string

	// Serve returns the JSON of the answer; nil answers 204. For DELETE the last
	// segment of the path is the parameter id.
	Serve func(ctx context.Context, r *TokenRequest, a *Authorization) ([]byte, error)

	// Translate gets every error before it is answered; nil changes none.
	Translate func(error) error
}

var bearerOnly = []string{"Bearer"}

// HolderHandler makes the endpoint.
func (s *Server) HolderHandler(e HolderEndpoint) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		q := requests.Get().(*request)
		defer q.release()
		q.now, q.addr = s.now(), s.clientAddr(r)
		answer, err := s.serveHolder(r, q, &e)
		switch {
		case err == nil && answer == nil:
			writeJSON(w, http.StatusNoContent, nil)
			return
		case err == nil:
			writeJSON(w, http.StatusOK, answer)
			return
		}
		if e.Translate != nil {
			err = e.Translate(err)
		}
		answered := asError(err)
		event := Event{Type: refusalType(answered), Time: q.now, Addr: q.addr, Endpoint: e.Name, Reason: answered.Reason, Err: err}
		if q.tokenReq.Client != nil {
			event.ClientID, event.Subject, event.Grant = q.tokenReq.Client.ID, q.auth.Subject, q.auth.transactionID()
		}
		s.event(r.Context(), event)
		switch answered.HTTPStatus() {
		case http.StatusUnauthorized:
			w.Header()["Www-Authenticate"] = bearerOnly
		case http.StatusMethodNotAllowed:
			w.Header()["Allow"] = []string{e.Method}
			q.out = appendError(q.out[:0], answered)
			writeJSON(w, http.StatusMethodNotAllowed, q.out)
			return
		}
		writeError(w, q, answered)
	})
}

func (s *Server) serveHolder(r *http.Request, q *request, e *HolderEndpoint) ([]byte, error) {
	ctx := r.Context()
	if r.Method != e.Method {
		return nil, NewError(CodeInvalidRequest, ReasonMethod, "Use "+e.Method).WithStatus(http.StatusMethodNotAllowed)
	}
	if e.Method == http.MethodPost {
		if !isJSONType(r.Header["Content-Type"]) {
			return nil, errContentType
		}
		if err := q.read(r, &e.JSON); err != nil {
			return nil, err
		}
	}
	tok, err := headerToken(r)
	if err != nil {
		return nil, err
	}
	if e.Method == http.MethodDelete {
		path := r.URL.EscapedPath()
		id, err := url.PathUnescape(path[strings.LastIndexByte(path, '/')+1:])
		if err != nil {
			return nil, errMalformedForm
		}
		if err := q.form.add("id", id); err != nil {
			return nil, err
		}
	}
	tr := &q.tokenReq
	tr.Server, tr.Time, tr.Addr, tr.q = s, q.now, q.addr, q
	kind, _ := token.HandleKindOf(tok)
	var a *Authorization
	if kind != e.Kind && e.Scope != "" {
		a, err = tr.byAccessToken(ctx, tok, e.Scope)
	} else {
		if q.form.has(e.Param, q.form.n) {
			return nil, errRepeated
		}
		if err := q.form.add(e.Param, tok); err != nil {
			return nil, err
		}
		a, err = tr.byHandle(ctx, tok, e.Kind)
	}
	if err != nil {
		return nil, err
	}
	return e.Serve(ctx, tr, a)
}

// headerToken finds the bearer token in the header, the only place for one here.
func headerToken(r *http.Request) (string, error) {
	h := r.Header["Authorization"]
	switch {
	case len(h) == 0:
		return "", errNoToken
	case len(h) > 1:
		return "", errTwoTokens
	}
	scheme, value, _ := strings.Cut(h[0], " ")
	if !strings.EqualFold(scheme, "Bearer") || value == "" {
		return "", errNoToken
	}
	return value, nil
}

// byHandle resumes the authorization that the handle names, for the client that
// began it.
func (r *TokenRequest) byHandle(ctx context.Context, handle string, kind token.HandleKind) (*Authorization, error) {
	h, err := r.Server.parseHandle(ctx, r.q, kind, handle)
	if err != nil {
		return nil, err
	}
	if err := r.load(ctx, &r.q.auth, h.Record); err != nil {
		return nil, err
	}
	rec := &r.q.auth.origin.record
	if rec.JKT != "" || rec.X5T != "" {
		return nil, errBound
	}
	id := rec.Client
	r.q.auth = Authorization{}
	if err := r.actFor(ctx, id); err != nil {
		return nil, err
	}
	return r.Resume(ctx, kind, handle)
}

// byAccessToken makes an authorization that says what the token does, and from
// which nothing can come.
func (r *TokenRequest) byAccessToken(ctx context.Context, tok, scope string) (*Authorization, error) {
	t := &r.q.info
	if err := r.Server.inspect(ctx, r.q, tok, t); err != nil {
		return nil, err
	}
	switch {
	case t.Kind != token.HandleAccess || t.Subject == "":
		return nil, errInactive
	case t.Confirmation != Confirmation{}:
		return nil, errBound
	case !t.HasScope(scope):
		return nil, errScope
	}
	methods := slices.Clone(t.Methods) // they are in the memory that is cleared now
	r.q.auth = Authorization{}
	if err := r.actFor(ctx, t.ClientID); err != nil {
		return nil, err
	}
	a := r.authorization()
	a.origin.step = stepStateless
	a.Subject, a.Methods, a.Scopes = t.Subject, methods, t.Scopes
	return a, nil
}

// actFor makes the request one of the client.
func (r *TokenRequest) actFor(ctx context.Context, id string) error {
	c, err := r.Server.config.Clients.Client(ctx, id)
	switch {
	case errors.Is(err, ErrNoClient) || err == nil && c.Disabled:
		return errForeign
	case err != nil:
		return errUnavailable.WithCause(err)
	}
	r.Client = c
	return nil
}
