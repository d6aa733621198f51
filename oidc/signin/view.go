package signin

import "html/template"

// view is what every page shows; the embedded page says what is particular to one.
// Texts that are ours are keys of the catalogue; what comes from elsewhere (names,
// addresses, hosts) is shown as it is, escaped.
type view struct {
	Page   string // the template
	Base   string // path of the pages, under which the files are
	Form   form
	Client clientView
	Person string // the name that was entered, or of who is signed in; "" before
	Error  string // key of the message that says what was wrong; "" is none
	Field  string // name of the input that the error is about; "" is the whole form
	Retry  int    // seconds to wait, for the message; 0: does not matter
	Notice string // key of a message that is no error; "" is none

	Data any // one of the structs below
}

// form is where a page posts to, and what it carries along.
type form struct {
	Action string
	Hidden []field // request, state, step, username…
}

type field struct{ Name, Value string }

// clientView is the app that asks.
type clientView struct {
	Name    string // or its id
	Host    string // of the redirect URI: where the person goes back to; for an app of the machine, its scheme
	Local   bool   // the host is the person's own machine
	LogoURI string
	URI     string
	Policy  string
	TOS     string
	Third   bool // not the operator's own
}

// identifyView is the first page: who is it. Passkey says that there is a button for
// one, and PasskeyURL where a script gets what to ask the device for.
type identifyView struct {
	Username   string
	Fixed      bool // the client means this person: the name cannot be changed
	Passkey    bool
	PasskeyURL string
	Accounts   bool // others are signed in: the person can choose among them
	Recover    bool // who cannot sign in can be helped
}

// passwordView asks for the password.
type passwordView struct {
	Other   bool // there are other ways
	Recover bool // a lost password can be replaced
}

// codeView asks for a one-time code. Type is totp, hotp, sms, voice, email,
// recovery_codes; Target is where it was sent, masked; Again lets it be sent again.
type codeView struct {
	Type   string
	Target string
	Digits int // 0: not known
	Again  bool
	Other  bool
}

// pushView waits for another device. Number is what the person must choose there.
type pushView struct {
	Number string
	Poll   string // where a script asks whether it was answered
	Other  bool
}

// passkeyView asks for a passkey. Options is JSON for navigator.credentials.get.
type passkeyView struct {
	Options string
	Other   bool
}

// questionView asks the person's own question.
type questionView struct {
	Question string
	Other    bool
}

// chooseView offers several factors.
type chooseView struct{ Factors []factorView }

type factorView struct {
	ID     string
	Type   string
	Name   string // that the person gave it
	Target string // where it is reached, masked
}

// consentView asks what the client may have.
type consentView struct {
	Scopes []scopeView
	Switch bool // the person can say that it is somebody else
}

type scopeView struct{ Name, Description string }

// accountsView is who is signed in in this browser.
// SignOut lets each be signed out: a button sign_out with the account's ID.
type accountsView struct {
	Accounts []accountView
	SignOut  bool
}

type accountView struct{ ID, Name, Detail string }

// newPasswordView sets a new password; Rules are keys, Suggested is not shown by us.
type newPasswordView struct{ MinLength int }

// newCodeView shows the recovery code that replaces the one that was used.
type newCodeView struct{ Code string }

// enrolChooseView offers what can be added; Required says that the sign-in goes on only
// with one of them.
type enrolChooseView struct {
	Factors  []factorView
	Required bool
}

// enrolTOTPView shows the key of an authenticator app.
type enrolTOTPView struct {
	QR  template.URL // a data: URL
	Key string       // in groups of four
	URI template.URL // otpauth:
}

// enrolAddressView asks for a number (sms, voice) or an address (email).
type enrolAddressView struct{ Type string }

// enrolPasskeyView makes a passkey. Options is JSON for navigator.credentials.create.
type enrolPasskeyView struct{ Options string }

// recoveryCodesView shows a person's recovery codes, once.
type recoveryCodesView struct{ Codes []string }

// deviceView asks for the code that a device shows. Confirm is the page after it: is
// this the device, and may it have that.
type deviceView struct {
	Code    string
	Confirm bool
	Device  string // what it says it is
	Place   string // where it asked from
	Scopes  []scopeView
}

// deviceDoneView says that the device may go on, or that it was refused.
type deviceDoneView struct{ Denied bool }

// signOutView asks whether to sign out, or says that it was done.
type signOutView struct {
	Done     bool
	Continue string   // where it goes on; "" is nowhere
	Leave    bool     // by itself, when the frames are loaded
	Frames   []string // of clients, that are told by loading them
}

// errorView says that a request cannot be answered. Code and Ref are shown small.
type errorView struct {
	Code    string
	Message string // key
	Ref     string
	Restart string // a link to begin again; "" is none
}
