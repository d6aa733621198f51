package signin

import "html/template"

// view is what every page shows; the embedded page says what is particular to one. For a
// script it is JSON.
// Texts that are ours are keys of the catalogue; what comes from elsewhere (names,
// addresses, hosts) is shown as it is, escaped.
type view struct {
	Page   string     `json:"page"` // the template
	Base   string     `json:"-"`    // path of the pages, under which the files are
	Form   form       `json:"form"`
	Client clientView `json:"client,omitzero"`
	Person string     `json:"person,omitempty"` // the name that was entered, or of who is signed in; "" before
	Error  string     `json:"error,omitempty"`  // key of the message that says what was wrong; "" is none
	Field  string     `json:"field,omitempty"`  // name of the input that the error is about; "" is the whole form
	Retry  int        `json:"retry,omitempty"`  // seconds to wait, for the message; 0: does not matter
	Notice string     `json:"notice,omitempty"` // key of a message that is no error; "" is none

	Data any `json:"data"` // one of the structs below
}

// form is where a page posts to, and what it carries along.
type form struct {
	Action string
	Hidden []field // request, state, step, username…
}

type field struct{ Name, Value string }

// clientView is the app that asks.
type clientView struct {
	Name    string `json:"name,omitempty"`  // or its id
	Host    string `json:"host,omitempty"`  // of the redirect URI: where the person goes back to; for an app of the machine, its scheme
	Local   bool   `json:"local,omitempty"` // the host is the person's own machine
	LogoURI string `json:"logo_uri,omitempty"`
	URI     string `json:"uri,omitempty"`
	Policy  string `json:"policy_uri,omitempty"`
	TOS     string `json:"tos_uri,omitempty"`
	Third   bool   `json:"third_party,omitempty"` // not the operator's own
}

// identifyView is the first page: who is it. Passkey says that there is a button for
// one, and PasskeyURL where a script gets what to ask the device for.
type identifyView struct {
	Username   string `json:"username,omitempty"`
	Fixed      bool   `json:"fixed,omitempty"` // the client means this person: the name cannot be changed
	Passkey    bool   `json:"passkey,omitempty"`
	PasskeyURL string `json:"passkey_url,omitempty"`
	Accounts   bool   `json:"choose_account,omitempty"` // others are signed in: the person can choose among them
	Recover    bool   `json:"recover,omitempty"`        // who cannot sign in can be helped
}

// passwordView asks for the password.
type passwordView struct {
	Other   bool `json:"other,omitempty"`   // there are other ways
	Recover bool `json:"recover,omitempty"` // a lost password can be replaced
}

// codeView asks for a one-time code. Type is totp, hotp, sms, voice, email,
// recovery_codes; Target is where it was sent, masked; Again lets it be sent again.
type codeView struct {
	Type   string `json:"type,omitempty"`
	Target string `json:"target,omitempty"`
	Digits int    `json:"digits,omitempty"` // 0: not known
	Again  bool   `json:"again,omitempty"`
	Other  bool   `json:"other,omitempty"`
}

// pushView waits for another device. Number is what the person must choose there.
type pushView struct {
	Number string `json:"number,omitempty"`
	Poll   string `json:"poll,omitempty"` // where a script asks whether it was answered
	Other  bool   `json:"other,omitempty"`
}

// passkeyView asks for a passkey. Options is JSON for navigator.credentials.get.
type passkeyView struct {
	Options jsonText `json:"options,omitempty"`
	Other   bool     `json:"other,omitempty"`
}

// questionView asks the person's own question.
type questionView struct {
	Question string `json:"question,omitempty"`
	Other    bool   `json:"other,omitempty"`
}

// chooseView offers several factors.
type chooseView struct {
	Factors []factorView `json:"factors,omitempty"`
}

type factorView struct {
	ID     string `json:"id,omitempty"`
	Type   string `json:"type,omitempty"`
	Name   string `json:"name,omitempty"`   // that the person gave it
	Target string `json:"target,omitempty"` // where it is reached, masked
}

// consentView asks what the client may have.
type consentView struct {
	Scopes []scopeView `json:"scopes,omitempty"`
	Switch bool        `json:"switch,omitempty"` // the person can say that it is somebody else
}

type scopeView struct {
	Name        string `json:"name,omitempty"`
	Description string `json:"description,omitempty"`
}

// accountsView is who is signed in in this browser.
// SignOut lets each be signed out: a button sign_out with the account's ID.
type accountsView struct {
	Accounts []accountView `json:"accounts,omitempty"`
	SignOut  bool          `json:"sign_out,omitempty"`
}

type accountView struct {
	ID     string `json:"id,omitempty"`
	Name   string `json:"name,omitempty"`
	Detail string `json:"detail,omitempty"`
}

// newPasswordView sets a new password; Rules are keys, Suggested is not shown by us.
type newPasswordView struct {
	MinLength int `json:"min_length,omitempty"`
}

// newCodeView shows the recovery code that replaces the one that was used.
type newCodeView struct {
	Code string `json:"code,omitempty"`
}

// enrolChooseView offers what can be added; Required says that the sign-in goes on only
// with one of them.
type enrolChooseView struct {
	Factors  []factorView `json:"factors,omitempty"`
	Required bool         `json:"required,omitempty"`
}

// enrolTOTPView shows the key of an authenticator app.
type enrolTOTPView struct {
	QR  template.URL `json:"qr,omitempty"`  // a data: URL
	Key string       `json:"key,omitempty"` // in groups of four
	URI template.URL `json:"uri,omitempty"` // otpauth:
}

// enrolAddressView asks for a number (sms, voice) or an address (email).
type enrolAddressView struct {
	Type string `json:"type,omitempty"`
}

// enrolPasskeyView makes a passkey. Options is JSON for navigator.credentials.create.
type enrolPasskeyView struct {
	Options jsonText `json:"options,omitempty"`
}

// recoveryCodesView shows a person's recovery codes, once.
type recoveryCodesView struct {
	Codes []string `json:"codes,omitempty"`
}

// deviceView asks for the code that a device shows. Confirm is the page after it: is
// this the device, and may it have that.
type deviceView struct {
	Code    string      `json:"code,omitempty"`
	Confirm bool        `json:"confirm,omitempty"`
	Device  string      `json:"device,omitempty"` // what it says it is
	Place   string      `json:"place,omitempty"`  // where it asked from
	Scopes  []scopeView `json:"scopes,omitempty"`
}

// deviceDoneView says that the device may go on, or that it was refused.
type deviceDoneView struct {
	Denied bool `json:"denied,omitempty"`
}

// signOutView asks whether to sign out, or says that it was done.
type signOutView struct {
	Done     bool     `json:"done,omitempty"`
	Continue string   `json:"continue,omitempty"` // where it goes on; "" is nowhere
	Leave    bool     `json:"leave,omitempty"`    // by itself, when the frames are loaded
	Frames   []string `json:"frames,omitempty"`   // of clients, that are told by loading them
}

// errorView says that a request cannot be answered. Code and Ref are shown small.
type errorView struct {
	Code    string `json:"code,omitempty"`
	Message string `json:"message,omitempty"` // key
	Ref     string `json:"ref,omitempty"`
	Restart string `json:"restart,omitempty"` // a link to begin again; "" is none
}
