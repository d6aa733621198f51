package oauth

import "encoding/base64"

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
