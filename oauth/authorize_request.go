package oauth

import (
	"encoding/base64"
	"strconv"
)

// AuthorizationRequest is a request to the authorization endpoint that is in order: its
// client and its redirect URI are proven, and everything it asks for is checked as far
// as it can be before anybody has signed in. It is plain data, good on any node:
// [Server.Seal] makes it a text that pages carry along.
type AuthorizationRequest struct {
	ID     string `json:"i"` // 128 random bits, base64url: of the grant that may come of it
	Issued int64  `json:"t"` // Unix seconds

	ClientID     string `json:"c"`
	RedirectURI  string `json:"r"`           // where the answer goes
	RedirectSent bool   `json:"s,omitempty"` // and not left out, so that the code is bound to it
	ResponseType string `json:"rt"`          // one of the Response constants
	ResponseMode string `json:"rm"`          // one of the Mode constants

	Scopes    []string `json:"sc,omitempty"` // that the server knows and the client may have
	Resources []string `json:"rs,omitempty"` // RFC 8707 section 2
	State     string   `json:"st,omitempty"`
	Nonce     string   `json:"n,omitempty"`

	// CodeChallenge is what the code will be held to (RFC 7636 section 4.2).
	CodeChallenge string `json:"cc,omitempty"`

	// What OpenID Connect Core section 3.1.2.1 and RFC 9470 add. MaxAge is in seconds,
	// and nil where it was not sent.
	Prompt        []string `json:"p,omitempty"`
	MaxAge        *int64   `json:"ma,omitempty"`
	ACRValues     []string `json:"av,omitempty"`
	Display       string   `json:"d,omitempty"`
	UILocales     []string `json:"ul,omitempty"`
	ClaimsLocales []string `json:"cl,omitempty"`
	LoginHint     string   `json:"lh,omitempty"`
	IDTokenHint   string   `json:"ih,omitempty"`
	Claims        string   `json:"cm,omitempty"` // as it was sent

	// Subject is the person whom the client means, if an extension has found that out.
	Subject string `json:"su,omitempty"`

	// Sub is the sub that the client means, if an extension has read one: the person as
	// this client knows them.
	Sub string `json:"sb,omitempty"`

	// Data is what the host wants to find again when its pages come back: text, which is
	// sealed with the rest.
	Data string `json:"x,omitempty"`
}

// Wants reports whether the request has a word in prompt.
func (req *AuthorizationRequest) Wants(prompt string) bool { return contains(req.Prompt, prompt) }

// HasScope reports whether a scope is asked for.
func (req *AuthorizationRequest) HasScope(scope string) bool { return contains(req.Scopes, scope) }

// Yields reports whether the answer has a "code", a "token" or an "id_token".
func (req *AuthorizationRequest) Yields(what string) bool { return yields(req.ResponseType, what) }

// id is the id of the grant's record.
func (req *AuthorizationRequest) id() (id [16]byte, ok bool) {
	var src [22]byte
	if len(req.ID) != len(src) {
		return id, false
	}
	copy(src[:], req.ID)
	n, err := base64.RawURLEncoding.Strict().Decode(id[:], src[:])
	return id, err == nil && n == len(id) && id != [16]byte{}
}

// The values of prompt (OpenID Connect Core section 3.1.2.1, and Initiating User
// Registration via OpenID Connect section 4 for the last).
const (
	PromptNone          = "none"
	PromptLogin         = "login"
	PromptConsent       = "consent"
	PromptSelectAccount = "select_account"
	PromptCreate        = "create"
)

var prompts = []string{PromptNone, PromptLogin, PromptConsent, PromptSelectAccount, PromptCreate}

// Bounds of what a client may have kept, in bytes.
const (
	maxState = 2048
	maxHint  = 1024
	maxToken = 8192 // an id_token_hint
	maxWords = 512  // a list of languages
)

var (
	errResponseTypeMissing = NewError(CodeInvalidRequest, ReasonMissing, "Parameter response_type is missing")
	errResponseType        = NewError(CodeUnsupportedResponseType, ReasonResponseType, "The server does not have this response type")
	errResponseTypeNotFor  = NewError(CodeUnauthorizedClient, ReasonResponseType, "The client may not use this response type")
	errResponseMode        = NewError(CodeInvalidRequest, ReasonResponseMode, "The response_mode is not one for this request")
	errPrompt              = NewError(CodeInvalidRequest, ReasonMalformedValue, "prompt has a word that is not known, or none together with others")
	errNonceMissing        = NewError(CodeInvalidRequest, ReasonMissing, "Parameter nonce is missing: an ID token comes through the browser")
	errOpenIDMissing       = NewError(CodeInvalidScope, ReasonScopeMissing, "An ID token is asked for without scope openid")
	errTooLong             = NewError(CodeInvalidRequest, ReasonRequestTooLong, "A parameter is too long")
)

// parseAuthorization judges a request in the order that never sends anybody away before
// client and redirect URI are proven.
func (r *TokenRequest) parseAuthorization() (*AuthorizationRequest, error) {
	sent := r.Param("redirect_uri")
	scopes := unique(fields(nil, r.Param("scope")))
	openid := contains(scopes, scopeOpenID)
	to, err := r.Client.redirectURI(sent, openid)
	if err != nil {
		return nil, err
	}
	req := &AuthorizationRequest{
		ID: encodeID(newID()), Issued: r.Time.Unix(), ClientID: r.Client.ID, RedirectURI: to, RedirectSent: sent != "",
		ResponseType: responseType(r.Param("response_type")), ResponseMode: ModeQuery, State: r.Param("state"),
	}
	if len(req.State) > maxState {
		req.State = ""
		return nil, errTooLong // without its state it is no answer to the client
	}
	if err := r.parseResponse(req); err != nil {
		return req, err
	}
	if r.q.form.repeated {
		return req, errRepeated
	}
	if err := r.refuseObjects(req); err != nil {
		return req, err
	}
	if err := r.parseScopes(req, scopes); err != nil {
		return req, err
	}
	req.Resources = unique(r.q.form.appendValues(nil, "resource"))
	if err := r.Server.checkTargets(req.Resources); err != nil {
		return req, err
	}
	if req.Yields("code") {
		if req.CodeChallenge, err = r.codeChallenge(); err != nil {
			return req, err
		}
		if req.CodeChallenge == "" && r.Client.needsPKCE() {
			return req, errChallengeMissing
		}
	}
	return req, r.parseOpenID(req)
}

// scopeOpenID decides whether a redirect URI may be left out, here, and whether there is
// an ID token, in package oidc.
const scopeOpenID = "openid"

// parseResponse finds out how the client is to be answered; errors go there too.
func (r *TokenRequest) parseResponse(req *AuthorizationRequest) error {
	sent := r.Param("response_type")
	if req.ResponseType != "" && req.ResponseType != ResponseCode {
		req.ResponseMode = ModeFragment // its default (Multiple Response Type Encoding Practices section 5)
	}
	if mode := r.Param("response_mode"); mode != "" {
		if !req.mayAnswerIn(mode) {
			return errResponseMode
		}
		req.ResponseMode = mode
	}
	if sent == "" {
		return errResponseTypeMissing
	}
	return r.mayAnswer(req.ResponseType)
}

// mayAnswer reports whether the server has a response type, and the client may use it.
func (r *TokenRequest) mayAnswer(responseType string) error {
	switch {
	case !contains(r.Server.config.ResponseTypes, responseType):
		return errResponseType
	case !r.Client.mayAskFor(responseType), responseType != ResponseCode && !contains(r.Client.GrantTypes, GrantImplicit):
		return errResponseTypeNotFor
	case yields(responseType, "code"):
		return r.mayRedeem()
	}
	return nil
}

// parseScopes keeps the scopes that the server knows: others are ignored, unless there
// is nothing else (OpenID Connect Core section 3.1.2.1).
func (r *TokenRequest) parseScopes(req *AuthorizationRequest, asked []string) error {
	if len(asked) == 0 {
		a := r.authorization()
		if err := r.requestedScopes(a); err != nil {
			return err
		}
		asked = a.Scopes
	}
	for _, name := range asked {
		switch scope := r.Server.scope(name); {
		case scope == nil:
		case scope.Recovery:
			return errScopeRecovery
		case !r.Client.mayHave(name):
			return errScopeNotAllowed
		case name == ScopeOfflineAccess && !req.Yields("code"): // OpenID Connect Core section 11
		default:
			req.Scopes = append(req.Scopes, name)
		}
	}
	switch {
	case len(req.Scopes) == 0:
		return errScopeUnknown
	case req.Yields("id_token") && !req.HasScope(scopeOpenID):
		return errOpenIDMissing
	}
	return nil
}

// parseOpenID reads what OpenID Connect adds. What it means is for package oidc to say.
func (r *TokenRequest) parseOpenID(req *AuthorizationRequest) error {
	for _, f := range []struct {
		name string
		max  int
		into *string
	}{
		{"nonce", maxNonce, &req.Nonce}, {"display", maxWords, &req.Display}, {"login_hint", maxHint, &req.LoginHint},
		{"id_token_hint", maxToken, &req.IDTokenHint}, {"claims", maxToken, &req.Claims},
	} {
		if *f.into = r.Param(f.name); len(*f.into) > f.max {
			*f.into = ""
			return errTooLong
		}
	}
	if req.Nonce == "" && req.Yields("id_token") {
		return errNonceMissing // sections 3.2.2.1 and 3.3.2.11
	}
	for _, f := range []struct {
		name string
		max  int
		into *[]string
	}{
		{"prompt", maxWords, &req.Prompt}, {"acr_values", maxACRValues, &req.ACRValues},
		{"ui_locales", maxWords, &req.UILocales}, {"claims_locales", maxWords, &req.ClaimsLocales},
	} {
		if len(r.Param(f.name)) > f.max {
			return errTooLong
		}
		*f.into = unique(fields(nil, r.Param(f.name)))
	}
	if !subset(req.Prompt, prompts) || req.Wants(PromptNone) && len(req.Prompt) > 1 {
		return errPrompt
	}
	if v := r.Param("max_age"); v != "" {
		n, err := strconv.ParseUint(v, 10, 31)
		if err != nil {
			return errMaxAge
		}
		age := int64(n)
		req.MaxAge = &age
	}
	return nil
}
