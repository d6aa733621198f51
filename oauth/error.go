package oauth

import (
	"errors"
	"net/http"
	"time"
)

// Error is what a client is told. It is a value of the protocol: its text is
// safe to send, and its cause is for the operator alone (errors.Unwrap, [Event]).
type Error struct {
	// Code is the "error" member: RFC 6749 section 5.2 or an extension's.
	Code string

	// Description is the "error_description" member, for the client's developer.
	// Characters outside RFC 6749's set are replaced when it is written.
	Description string

	// Status is the HTTP status; 0 is the one that goes with Code.
	Status int

	// Reason says more precisely than Code what was wrong. It is stable, goes to
	// the event stream, and is not sent.
	Reason Reason

	// Rate says when to come back; it becomes Retry-After and the x-rate-limit
	// headers that direct-authentication clients look for. Nil: nothing is said.
	Rate *Rate

	// Extra are further members, in order. They cannot replace error,
	// error_description or error_uri.
	Extra []Member

	cause error
}

// Member is one member of a JSON object. Value is JSON already encoded; make
// one from text with [StringMember].
type Member struct{ Name, Value string }

// Rate tells a client that was too fast when it may try again.
type Rate struct {
	Limit int       // attempts that are allowed
	Reset time.Time // when the next one is
}

// Reason is a stable name for a cause of refusal. The names are listed in
// reason.go.
type Reason string

// The codes of RFC 6749 section 5.2 and of the extensions that are built in.
const (
	CodeInvalidRequest           = "invalid_request"
	CodeInvalidClient            = "invalid_client"
	CodeInvalidGrant             = "invalid_grant"
	CodeUnauthorizedClient       = "unauthorized_client"
	CodeUnsupportedGrantType     = "unsupported_grant_type"
	CodeInvalidScope             = "invalid_scope"
	CodeInvalidTarget            = "invalid_target" // RFC 8707 section 2
	CodeAccessDenied             = "access_denied"
	CodeUnsupportedResponseType  = "unsupported_response_type" // RFC 6749 section 4.1.2.1
	CodeLoginRequired            = "login_required"            // OpenID Connect Core section 3.1.2.6
	CodeInteractionRequired      = "interaction_required"
	CodeConsentRequired          = "consent_required"
	CodeAccountSelectionRequired = "account_selection_required"
	CodeUnmet                    = "unmet_authentication_requirements" // OpenID Connect Unmet Authentication Requirements
	CodeInvalidToken             = "invalid_token"                     // RFC 6750 section 3.1
	CodeInsufficientScope        = "insufficient_scope"                // RFC 6750 section 3.1
	CodeServerError              = "server_error"
	CodeTemporarilyUnavailable   = "temporarily_unavailable"
	CodeTooManyRequests          = "too_many_requests"
)

// refusedGrant is what every refusal of a grant or of a credential says: who asks
// learns the same from an unknown name, a wrong password, a person who was
// suspended and a token that was used. The reason tells the operator.
const refusedGrant = "The grant or the credentials are not valid"

// RefuseGrant returns the invalid_grant error that says nothing more; for grants
// of a host's own, so that theirs cannot be told from those that are built in.
func RefuseGrant(reason Reason, cause error) *Error {
	return &Error{Code: CodeInvalidGrant, Reason: reason, Description: refusedGrant, cause: cause}
}

// NewError returns an error whose status goes with its code.
func NewError(code string, reason Reason, description string) *Error {
	return &Error{Code: code, Reason: reason, Description: description}
}

// Error says the code, the reason and the cause; it is for logs, not for clients.
func (e *Error) Error() string {
	s := "oauth: " + e.Code
	if e.Reason != "" {
		s += " (" + string(e.Reason) + ")"
	}
	if e.cause != nil {
		s += ": " + e.cause.Error()
	}
	return s
}

// Unwrap returns the cause, or nil.
func (e *Error) Unwrap() error { return e.cause }

// WithCause returns a copy of e that carries the cause.
func (e *Error) WithCause(cause error) *Error {
	c := *e
	c.cause = cause
	return &c
}

// WithStatus returns a copy of e with the HTTP status.
func (e *Error) WithStatus(status int) *Error {
	c := *e
	c.Status = status
	return &c
}

// HTTPStatus is Status, or the one that goes with the code.
func (e *Error) HTTPStatus() int {
	if e.Status != 0 {
		return e.Status
	}
	switch e.Code {
	case CodeInvalidClient, CodeInvalidToken:
		return http.StatusUnauthorized
	case CodeAccessDenied, CodeInsufficientScope:
		return http.StatusForbidden
	case CodeServerError:
		return http.StatusInternalServerError
	case CodeTemporarilyUnavailable:
		return http.StatusServiceUnavailable
	case CodeTooManyRequests:
		return http.StatusTooManyRequests
	}
	return http.StatusBadRequest
}

// asError decides, in one place, what an error becomes for the client: an
// *Error is itself, anything else is a failure of ours that says nothing. It is
// 503 and not 500 because what fails here is a store, a key service or a host's
// function: the client did nothing wrong and may try again.
func asError(err error) *Error {
	var e *Error
	if errors.As(err, &e) {
		return e
	}
	return errUnavailable.WithCause(err)
}

var errUnavailable = NewError(CodeTemporarilyUnavailable, ReasonUnavailable, "The server cannot answer now; try again")
