package oauth

import (
	"encoding/base64"
	"encoding/json"
	"strings"
)

var (
	errRequestObject = NewError("request_not_supported", ReasonRequestObject, "The server takes no request objects")
	errRequestURI    = NewError("request_uri_not_supported", ReasonRequestObject, "The server takes no request objects by reference")
	errRegistration  = NewError("registration_not_supported", ReasonRequestObject, "The server takes no registration with a request")
)

// refuseObjects refuses by name what would change what is asked for, and is not there
// (OpenID Connect Core section 3.1.2.6): to leave it out would answer another request.
func (r *TokenRequest) refuseObjects(req *AuthorizationRequest) error {
	switch {
	case r.Param("request") != "":
		req.answerAs(r.Param("request"))
		return errRequestObject
	case r.Param("request_uri") != "":
		return errRequestURI
	case r.Param("registration") != "":
		return errRegistration
	}
	return nil
}

// answerAs lets a client that is refused hear it in the way that its request object asks
// for, and with its state: it may have put both there alone (section 6.1). Nobody has
// verified the object, and nothing else of it is read: the answer is an error, and goes
// where the parameters have proven.
func (req *AuthorizationRequest) answerAs(object string) {
	_, payload, _ := strings.Cut(object, ".")
	payload, _, _ = strings.Cut(payload, ".")
	b, err := base64.RawURLEncoding.DecodeString(payload)
	if err != nil {
		return
	}
	var in struct {
		Mode  string `json:"response_mode"`
		State string `json:"state"`
	}
	if json.Unmarshal(b, &in) != nil {
		return
	}
	if req.mayAnswerIn(in.Mode) {
		req.ResponseMode = in.Mode
	}
	if req.State == "" && len(in.State) <= maxState {
		req.State = in.State
	}
}

// mayAnswerIn reports whether a response mode is one for the request: a token in a query
// ends up in logs.
func (req *AuthorizationRequest) mayAnswerIn(mode string) bool {
	switch mode {
	case ModeFragment:
		return true
	case ModeFormPost:
		return webURL(req.RedirectURI)
	case ModeQuery:
		return req.ResponseType == "" || req.ResponseType == ResponseCode
	}
	return false
}
