package oauth

import "strconv"

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
