package oidc

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/mintyard/mintyard/oauth"
	"github.com/mintyard/mintyard/oauth/token"
)

// logout is a request to sign out that is in order (OpenID Connect RP-Initiated Logout
// section 2). Sealed, it is what a page carries along.
type logout struct {
	Issued  int64    `json:"t"` // Unix seconds
	Client  string   `json:"c,omitempty"`
	To      string   `json:"r,omitempty"` // registered for the client
	State   string   `json:"s,omitempty"`
	Locales []string `json:"u,omitempty"`

	// What a verified ID token says of the session that is meant.
	Hinted bool   `json:"h,omitempty"`
	Sub    string `json:"b,omitempty"`
	SID    string `json:"i,omitempty"`

	Hint string `json:"l,omitempty"` // logout_hint

	// Ask are the sessions that the person is asked about. They are in the browser of
	// whom the page was shown: nobody makes another person's browser confirm it.
	Ask []string `json:"e,omitempty"`
}

// Bounds of the parameters, in bytes.
const (
	maxLogoutForm = 64 << 10
	maxLogoutHint = 8 << 10
	maxLogoutText = 2 << 10
	maxLogoutAge  = time.Hour
)

var logoutParams = []string{"id_token_hint", "logout_hint", "client_id", "post_logout_redirect_uri", "state", "ui_locales", "logout"}

var (
	errLogoutMethod   = oauth.NewError(oauth.CodeInvalidRequest, oauth.ReasonMethod, "Use GET or POST").WithStatus(http.StatusMethodNotAllowed)
	errLogoutForm     = oauth.NewError(oauth.CodeInvalidRequest, oauth.ReasonMalformedForm, "The request is not well-formed")
	errLogoutLarge    = oauth.NewError(oauth.CodeInvalidRequest, oauth.ReasonBodyTooLarge, "The request is too large").WithStatus(http.StatusRequestEntityTooLarge)
	errLogoutRepeated = oauth.NewError(oauth.CodeInvalidRequest, oauth.ReasonRepeated, "A parameter is repeated")
	errLogoutLong     = oauth.NewError(oauth.CodeInvalidRequest, oauth.ReasonRequestTooLong, "A parameter is too long")
	errLogoutClient   = oauth.NewError(oauth.CodeInvalidRequest, oauth.ReasonUnknownClient, "The server does not know this client")
	errLogoutMismatch = oauth.NewError(oauth.CodeInvalidRequest, oauth.ReasonClientMismatch, "id_token_hint is one of another client than client_id")
	errLogoutNoClient = oauth.NewError(oauth.CodeInvalidRequest, ReasonLogoutRedirect, "post_logout_redirect_uri is nobody's: send id_token_hint or client_id with it")
	errLogoutRedirect = oauth.NewError(oauth.CodeInvalidRequest, ReasonLogoutRedirect, "post_logout_redirect_uri is not registered for the client")
	errLogoutSealed   = oauth.NewError(oauth.CodeInvalidRequest, oauth.ReasonHandle, "This page is not one of this server's; sign out again")
	errLogoutExpired  = oauth.NewError(oauth.CodeInvalidRequest, oauth.ReasonExpired, "This page is too old; sign out again")
)

// readLogout reads a request, or what a page has sent back.
func (p *Provider) readLogout(w http.ResponseWriter, r *http.Request) (*logout, error) {
	form, err := readLogoutForm(w, r)
	if err != nil {
		return nil, err
	}
	if sealed := form.Get("logout"); sealed != "" {
		return p.openLogout(r.Context(), sealed)
	}
	return p.parseLogout(r.Context(), form)
}

// readLogoutForm reads the query of a GET, or the form of a POST, and refuses what two
// readers would read in two ways.
func readLogoutForm(w http.ResponseWriter, r *http.Request) (url.Values, error) {
	text := r.URL.RawQuery
	switch r.Method {
	case http.MethodGet:
		if len(text) > maxLogoutForm {
			return nil, errLogoutLarge
		}
	case http.MethodPost:
		if mediaType, _, _ := strings.Cut(r.Header.Get("Content-Type"), ";"); strings.TrimSpace(strings.ToLower(mediaType)) != "application/x-www-form-urlencoded" {
			return nil, errLogoutForm
		}
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxLogoutForm))
		if tooLarge := new(http.MaxBytesError); errors.As(err, &tooLarge) {
			return nil, errLogoutLarge
		} else if err != nil {
			return nil, errLogoutForm.WithCause(err)
		}
		text = string(body)
	default:
		return nil, errLogoutMethod
	}
	form, err := url.ParseQuery(text)
	if err != nil {
		return nil, errLogoutForm.WithCause(err)
	}
	for _, name := range logoutParams {
		if len(form[name]) > 1 {
			return nil, errLogoutRepeated
		}
		most := maxLogoutText
		if name == "id_token_hint" || name == "logout" {
			most = maxLogoutHint
		}
		if len(form.Get(name)) > most {
			return nil, errLogoutLong
		}
		if strings.ContainsFunc(form.Get(name), func(c rune) bool { return c < ' ' || c == 0x7f || c == 0xfffd }) {
			return nil, errLogoutForm
		}
	}
	return form, nil
}

// parseLogout judges a request. Nobody is sent anywhere but where the client has
// registered, and only if it is known which client that is (sections 2 and 3).
func (p *Provider) parseLogout(ctx context.Context, form url.Values) (*logout, error) {
	l := &logout{
		Issued: p.server.Now().Unix(), Client: form.Get("client_id"), State: form.Get("state"), Hint: form.Get("logout_hint"),
		Locales: strings.Fields(form.Get("ui_locales")),
	}
	if hint := form.Get("id_token_hint"); hint != "" {
		if err := p.takeLogoutHint(ctx, l, hint); err != nil {
			return nil, err
		}
	}
	l.To = form.Get("post_logout_redirect_uri")
	return l, p.checkLogout(ctx, l)
}

// takeLogoutHint verifies an ID token. It may have expired; whose it is, and of which
// session, is what counts.
func (p *Provider) takeLogoutHint(ctx context.Context, l *logout, hint string) error {
	c, err := p.parseHint(ctx, hint)
	switch {
	case err != nil:
		return errHint.WithCause(err)
	case l.Client != "" && !slices.Contains(c.Audience, l.Client):
		return errLogoutMismatch
	case l.Client == "" && len(c.Audience) == 1:
		l.Client = c.Audience[0]
	case l.Client == "":
		l.Client = c.AuthorizedParty
	}
	client, err := p.logoutClient(ctx, l.Client)
	switch {
	case errors.Is(err, errLogoutClient):
	case err != nil:
		return err
	case !client.Registered.IsZero() && c.IssuedAt < client.Registered.Unix():
		return errHint // of whom the client was before
	}
	l.Hinted, l.Sub, l.SID = true, c.Subject, c.SessionID
	return nil
}

// checkLogout holds the address to what is registered now.
func (p *Provider) checkLogout(ctx context.Context, l *logout) error {
	switch {
	case l.To == "":
		l.State = "" // there is nobody to give it back to
		return nil
	case l.Client == "":
		return errLogoutNoClient
	}
	c, err := p.logoutClient(ctx, l.Client)
	if err != nil {
		return err
	}
	if !c.HasRedirect(c.OpenID.PostLogoutRedirectURIs, l.To) || !mayBeSentTo(l.To) {
		return errLogoutRedirect
	}
	return nil
}

// mayBeSentTo refuses, whoever has registered it, what browsers run instead of going
// there.
func mayBeSentTo(uri string) bool {
	scheme, _, _ := strings.Cut(uri, ":")
	return oauth.CheckWebURL(uri) == nil || strings.Contains(scheme, ".") && !strings.Contains(uri, "#")
}

// logoutClient is a client that people can be sent back to.
func (p *Provider) logoutClient(ctx context.Context, id string) (*oauth.Client, error) {
	c, err := p.server.Config().Clients.Client(ctx, id)
	switch {
	case errors.Is(err, oauth.ErrNoClient):
		return nil, errLogoutClient
	case err != nil:
		return nil, err
	case c.Disabled:
		return nil, errLogoutClient
	}
	return c, nil
}

// sealLogout makes a text of the request, for a hidden field, that openLogout takes back
// for an hour.
func (p *Provider) sealLogout(l *logout) (string, error) {
	payload, err := json.Marshal(l)
	if err != nil {
		return "", err
	}
	out, err := p.server.Config().Keys.Handles.Append(nil, &token.Handle{Kind: token.HandleLogout, Payload: payload}, nil)
	if err != nil {
		return "", errLogoutLong.WithCause(err)
	}
	return string(out), nil
}

func (p *Provider) openLogout(ctx context.Context, sealed string) (*logout, error) {
	h, err := p.parseHandle(ctx, token.HandleLogout, sealed)
	if err != nil {
		return nil, errLogoutSealed.WithCause(err)
	}
	l := new(logout)
	if err := json.Unmarshal(h.Payload, l); err != nil {
		return nil, errLogoutSealed.WithCause(err)
	}
	if age := p.server.Now().Unix() - l.Issued; age > int64(maxLogoutAge/time.Second) || age < -5 {
		return nil, errLogoutExpired
	}
	return l, p.checkLogout(ctx, l)
}
