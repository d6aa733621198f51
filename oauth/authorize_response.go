package oauth

import (
	"context"
	"encoding/json"
	"html"
	"net/http"
	"net/url"
	"strings"
)

// The response modes (OAuth 2.0 Multiple Response Type Encoding Practices section 2.1,
// OAuth 2.0 Form Post Response Mode).
const (
	ModeQuery    = "query"
	ModeFragment = "fragment"
	ModeFormPost = "form_post"
)

// AuthorizationResponse is what goes back to the client, by way of the browser.
type AuthorizationResponse struct {
	Mode        string
	RedirectURI string
	Params      []Param // in order
}

// Param is one parameter of an authorization response.
type Param struct{ Name, Value string }

// Add appends a parameter, such as OpenID Connect's session_state.
func (resp *AuthorizationResponse) Add(name, value string) {
	resp.Params = append(resp.Params, Param{name, value})
}

// AnswerWriter takes an answer as it is: for a script that has asked in the place of a
// browser, and is told where to go.
type AnswerWriter interface {
	http.ResponseWriter
	WriteAnswer(resp *AuthorizationResponse)
}

// response begins an answer: every one says whose it is (RFC 9207 section 2), and has
// the state as it came.
func (s *Server) response(req *AuthorizationRequest, params ...Param) *AuthorizationResponse {
	resp := &AuthorizationResponse{Mode: req.ResponseMode, RedirectURI: req.RedirectURI, Params: params}
	if req.State != "" {
		resp.Add("state", req.State)
	}
	resp.Add("iss", s.config.Issuer)
	return resp
}

// Refuse is the answer to a request that gets nothing. Errors of the token endpoint that
// a page has met become the nearest that RFC 6749 section 4.1.2.1 has.
func (s *Server) Refuse(ctx context.Context, req *AuthorizationRequest, err error) *AuthorizationResponse {
	e := asError(err)
	s.event(ctx, Event{Type: refusalType(e), ClientID: req.ClientID, Endpoint: "authorize", Grant: req.ID, Reason: e.Reason, Err: err})
	params := []Param{{"error", frontCode(e.Code)}}
	if e.Description != "" {
		params = append(params, Param{"error_description", string(appendDescription(nil, e.Description))})
	}
	return s.response(req, params...)
}

// frontCode is the code of an authorization response for one of the token endpoint.
func frontCode(code string) string {
	switch code {
	case CodeInvalidGrant: // about a person who may not have tokens
		return CodeAccessDenied
	case CodeInvalidClient, CodeUnsupportedGrantType:
		return CodeUnauthorizedClient
	case CodeTooManyRequests:
		return CodeTemporarilyUnavailable
	}
	return code
}

// URL is where the browser is sent, in the modes query and fragment.
func (resp *AuthorizationResponse) URL() string {
	var b strings.Builder
	b.WriteString(resp.RedirectURI)
	switch {
	case resp.Mode == ModeFragment:
		b.WriteByte('#')
	case !strings.Contains(resp.RedirectURI, "?"):
		b.WriteByte('?')
	case !strings.HasSuffix(resp.RedirectURI, "?") && !strings.HasSuffix(resp.RedirectURI, "&"):
		b.WriteByte('&') // what the URI has by itself is kept (RFC 6749 section 3.1.2)
	}
	for i, p := range resp.Params {
		if i > 0 {
			b.WriteByte('&')
		}
		b.WriteString(escapeParam(p.Name))
		b.WriteByte('=')
		b.WriteString(escapeParam(p.Value))
	}
	return b.String()
}

// escapeParam writes a space in the one way that every reader takes back: scripts read
// the fragment, and not all of them as a form.
func escapeParam(s string) string { return strings.ReplaceAll(url.QueryEscape(s), "+", "%20") }

// Write sends the browser back to the client: by 303, which turns every request into a
// GET (RFC 9700 section 4.12), or with a form that posts itself. An [AnswerWriter] takes
// the answer itself.
func (resp *AuthorizationResponse) Write(w http.ResponseWriter, _ *http.Request) {
	h := w.Header()
	h["Cache-Control"] = noStore
	h["Pragma"] = noCache
	h["X-Content-Type-Options"] = nosniff
	h["Referrer-Policy"] = []string{"no-referrer"}
	if aw, ok := w.(AnswerWriter); ok {
		aw.WriteAnswer(resp)
		return
	}
	if resp.Mode != ModeFormPost {
		h["Location"] = []string{resp.URL()}
		w.WriteHeader(http.StatusSeeOther)
		return
	}
	h["Content-Type"] = []string{"text/html; charset=utf-8"}
	// The page may post to where the answer goes, and wherever that sends the browser on.
	h["Content-Security-Policy"] = []string{"default-src 'none'; script-src '" + submitHash + "'; base-uri 'none'; frame-ancestors 'none'"}
	h["X-Frame-Options"] = []string{"DENY"}
	w.WriteHeader(http.StatusOK)
	_, _ = w.Write(resp.formPost())
}

// submit is the one script of the page; submitHash is its SHA-256, in the form that a
// content security policy names it by.
const (
	submit     = "document.forms[0].submit()"
	submitHash = "sha256-ePniVEkSivX/c7XWBGafqh8tSpiRrKiqYeqbG7N1TOE="
)

// formPost is the page of Form Post Response Mode section 2. Who has no script presses
// the button.
func (resp *AuthorizationResponse) formPost() []byte {
	b := append([]byte(`<!doctype html><html lang="en"><meta charset="utf-8"><title>Continue</title>`+
		`<form method="post" action="`), html.EscapeString(resp.RedirectURI)...)
	b = append(b, `">`...)
	for _, p := range resp.Params {
		b = append(append(b, `<input type="hidden" name="`...), html.EscapeString(p.Name)...)
		b = append(append(b, `" value="`...), html.EscapeString(p.Value)...)
		b = append(b, `">`...)
	}
	return append(b, `<noscript><button id="continue">Continue</button></noscript></form><script>`+submit+`</script></html>`...)
}

// writeErrorPage is for who has no page of their own. Its texts do not change: software
// looks for them.
func writeErrorPage(w http.ResponseWriter, e *Error, ref string) {
	h := w.Header()
	h["Cache-Control"] = noStore
	h["Content-Type"] = []string{"text/html; charset=utf-8"}
	h["Content-Security-Policy"] = []string{"default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"}
	h["X-Frame-Options"] = []string{"DENY"}
	h["X-Content-Type-Options"] = nosniff
	h["Referrer-Policy"] = []string{"no-referrer"}
	w.WriteHeader(e.HTTPStatus())
	b := append([]byte(`<!doctype html><html lang="en"><meta charset="utf-8"><title>Error</title><h1>This request cannot be answered</h1><p>`),
		html.EscapeString(e.Description)...)
	b = append(append(b, `</p><p>`...), html.EscapeString(e.Code)...)
	b = append(append(append(b, ` · `...), ref...), `</p></html>`...)
	_, _ = w.Write(b)
}

// frontParams are the members of a token response as parameters.
func frontParams(body []byte) ([]Param, error) {
	var m struct {
		AccessToken string      `json:"access_token"`
		TokenType   string      `json:"token_type"`
		ExpiresIn   json.Number `json:"expires_in"`
		Scope       string      `json:"scope"`
		IDToken     string      `json:"id_token"`
	}
	if err := json.Unmarshal(body, &m); err != nil {
		return nil, err
	}
	var params []Param
	for _, p := range []Param{
		{"access_token", m.AccessToken}, {"token_type", m.TokenType}, {"expires_in", m.ExpiresIn.String()}, {"id_token", m.IDToken},
	} {
		if p.Value != "" {
			params = append(params, p)
		}
	}
	if m.AccessToken != "" && m.Scope != "" {
		params = append(params, Param{"scope", m.Scope})
	}
	return params, nil
}
