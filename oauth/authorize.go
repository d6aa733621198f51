package oauth

import (
	"context"
	"crypto/rand"
	"errors"
	"net/http"
	"slices"
	"strings"
)

// Interactor is implemented by an [Extension] that stands between the authorization
// endpoint and the host's pages. Package oidc is one: it knows who is signed in. The
// last one counts, and [Config].Interact is then not asked.
type Interactor interface {
	Interact(w http.ResponseWriter, r *http.Request, req *AuthorizationRequest)
}

// ErrorPager is implemented by an [Extension] that has a page for [Config].ErrorPage.
type ErrorPager interface {
	ErrorPage(w http.ResponseWriter, r *http.Request, err *Error, ref string)
}

var (
	errNoResponseType = NewError(CodeUnsupportedResponseType, ReasonResponseType, "This server signs nobody in on a page; its metadata lists no response type")
	errGetOrPost      = NewError(CodeInvalidRequest, ReasonMethod, "Use GET or POST").WithStatus(http.StatusMethodNotAllowed)
)

// AuthorizeHandler is the authorization endpoint (RFC 6749 section 3.1). Until client
// and redirect URI are proven whoever comes is told here what is wrong, and nobody is
// sent anywhere (section 4.1.2.1); from then on errors go back to the client.
//
// Where there is nobody to sign people in it is served all the same, and says so:
// clients of the direct grants that read metadata stop where it names none.
func (s *Server) AuthorizeHandler() http.Handler {
	interact := s.interact()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if interact == nil {
			s.WriteError(w, r, errNoResponseType)
			return
		}
		req, client, err := s.readAuthorization(r)
		switch {
		case err == nil:
			interact(w, r, req)
		case req == nil:
			s.showError(w, r, client, err)
		default:
			s.Refuse(r.Context(), req, err).Write(w, r)
		}
	})
}

// readAuthorization reads a request and judges it. With an error it returns the request
// as well, if client and redirect URI are proven: then the client is told. claimed is the
// client that the request says it is from.
func (s *Server) readAuthorization(r *http.Request) (req *AuthorizationRequest, claimed string, err error) {
	q := requests.Get().(*request)
	defer q.release()
	q.now, q.addr = s.now(), s.clientAddr(r)
	// What stands twice is the client's mistake, which it is told, unless it is what would
	// say whom to tell, and of what (RFC 6749 sections 3.1 and 4.1.2.1).
	if err := q.readBrowser(r); err != nil && (!q.form.repeated || q.form.repeats("client_id", "redirect_uri", "state")) {
		return nil, "", err
	}
	claimed = q.form.value("client_id")
	c, err := s.requestClient(r.Context(), claimed)
	if err != nil {
		return nil, claimed[:min(len(claimed), maxClientID)], err
	}
	tr := &q.tokenReq
	tr.Server, tr.Client, tr.Time, tr.Addr, tr.q = s, c, q.now, q.addr, q
	if req, err = tr.parseAuthorization(); err == nil {
		err = s.readRequest(r.Context(), c, req)
	}
	return req, claimed, err
}

// readBrowser parses the query of a GET, or the form of a POST (OpenID Connect Core
// section 3.1.2.1); the query of a POST is no source of parameters.
func (q *request) readBrowser(r *http.Request) error {
	switch r.Method {
	case http.MethodPost:
		return q.read(r, nil)
	case http.MethodGet, http.MethodHead:
		if len(r.URL.RawQuery) > maxBody {
			return errTooLarge
		}
		q.body = append(q.body[:0], r.URL.RawQuery...)
		return q.form.parse(q.body)
	}
	return errGetOrPost
}

var (
	errClientMissing  = NewError(CodeInvalidRequest, ReasonMissing, "Parameter client_id is missing")
	errClientUnknown  = NewError(CodeInvalidRequest, ReasonUnknownClient, "The server does not know this client")
	errClientDisabled = NewError(CodeInvalidRequest, ReasonDisabledClient, "The server does not know this client")
)

// requestClient finds the client that a request names.
func (s *Server) requestClient(ctx context.Context, id string) (*Client, error) {
	switch {
	case id == "":
		return nil, errClientMissing
	case len(id) > maxClientID: // nobody has it
		return nil, errClientUnknown
	}
	c, err := s.config.Clients.Client(ctx, id)
	switch {
	case errors.Is(err, ErrNoClient):
		return nil, errClientUnknown
	case err != nil:
		return nil, errUnavailable.WithCause(err)
	case c.Disabled:
		return nil, errClientDisabled
	}
	return c, nil
}

// interact is who takes over a request that is in order; nil is nobody.
func (s *Server) interact() func(http.ResponseWriter, *http.Request, *AuthorizationRequest) {
	if len(s.config.ResponseTypes) == 0 || s.config.Paths.Authorize == "" {
		return nil
	}
	for _, e := range slices.Backward(s.extensions) {
		if i, ok := e.(Interactor); ok {
			return i.Interact
		}
	}
	return s.config.Interact
}

// signsIn reports whether people can sign in on pages.
func (s *Server) signsIn() bool { return s.interact() != nil }

// responseTypes are those that are served.
func (s *Server) responseTypes() []string {
	if !s.signsIn() {
		return []string{} // metadata must have the member (RFC 8414 section 2)
	}
	return s.config.ResponseTypes
}

// ShowError answers a browser with a page that says what is wrong, and what does not say
// that it shows pages, as a browser does in Accept, with the JSON of the other endpoints.
// It is for what cannot be answered by sending the person back. The page carries a
// reference, which the event carries too, and nothing internal.
func (s *Server) ShowError(w http.ResponseWriter, r *http.Request, err error) {
	s.showError(w, r, "", err)
}

func (s *Server) showError(w http.ResponseWriter, r *http.Request, client string, err error) {
	e := asError(err)
	ref := rand.Text()[:10]
	now := s.now()
	s.event(r.Context(), Event{Type: browserRefusal(e), Time: now, Addr: s.clientAddr(r), ClientID: client, Endpoint: "authorize", Reason: e.Reason, Ref: ref, Err: err})
	h := w.Header()
	if e.header(h, now); e.HTTPStatus() == http.StatusMethodNotAllowed {
		h["Allow"] = []string{"GET, POST"}
	}
	page := s.config.ErrorPage
	for _, x := range s.extensions {
		if p, ok := x.(ErrorPager); ok {
			page = p.ErrorPage
		}
	}
	switch {
	case !showsPages(r):
		writeJSON(w, e.HTTPStatus(), appendError(nil, e))
	case page != nil:
		page(w, r, e, ref)
	default:
		writeErrorPage(w, e, ref)
	}
}

// showsPages reports whether the sender of a request takes HTML (RFC 9110 section 12.5.1).
func showsPages(r *http.Request) bool {
	return slices.ContainsFunc(r.Header["Accept"], func(v string) bool { return strings.Contains(strings.ToLower(v), "text/html") })
}

func browserRefusal(e *Error) EventType {
	if e.HTTPStatus() >= 500 {
		return EventFailure
	}
	return EventRequestRefused
}
