package token

import "strings"

// HandleKind is what a handle is good for. It enters the MAC, so that no handle
// can be used as one of another kind.
type HandleKind byte

// The kinds of handle.
const (
	HandleAccess       HandleKind = iota + 1 // an opaque access token
	HandleRefresh                            // a refresh token
	HandleCode                               // an authorization code
	HandleMFA                                // an mfa_token: a sign-in that goes on
	HandleOOB                                // an oob_code
	HandleDevice                             // a device_code
	HandleRequest                            // a request_uri of PAR
	HandleCIBA                               // an auth_req_id
	HandleSession                            // a session's cookie
	HandleWebAuthn                           // the challenge of a passkey
	HandleRegistration                       // a registration access token
	HandleAuthorize                          // an authorization request that waits for the person
	HandleSignIn                             // a sign-in on pages that goes on
	HandleLogout                             // a request to sign out that waits for the person

	handleKinds
)

// handlePrefixes let scanners for leaked secrets recognize a handle, and say what
// kind it is.
var handlePrefixes = [handleKinds]string{
	HandleAccess:       "mint_at_",
	HandleRefresh:      "mint_rt_",
	HandleCode:         "mint_ac_",
	HandleMFA:          "mint_mfa_",
	HandleOOB:          "mint_oob_",
	HandleDevice:       "mint_dc_",
	HandleRequest:      "mint_req_",
	HandleCIBA:         "mint_ciba_",
	HandleSession:      "mint_ss_",
	HandleWebAuthn:     "mint_wa_",
	HandleRegistration: "mint_rat_",
	HandleAuthorize:    "mint_az_",
	HandleSignIn:       "mint_si_",
	HandleLogout:       "mint_lo_",
}

var handleNames = [handleKinds]string{
	HandleAccess: "access", HandleRefresh: "refresh", HandleCode: "code", HandleMFA: "mfa", HandleOOB: "oob",
	HandleDevice: "device", HandleRequest: "request", HandleCIBA: "ciba", HandleSession: "session",
	HandleWebAuthn: "webauthn", HandleRegistration: "registration",
	HandleAuthorize: "authorize", HandleSignIn: "sign_in", HandleLogout: "logout",
}

func (k HandleKind) valid() bool { return k > 0 && k < handleKinds }

// salted reports whether the kind has a second MAC.
func (k HandleKind) salted() bool { return k == HandleRefresh || k == HandleCode }

// String names the kind.
func (k HandleKind) String() string {
	if !k.valid() {
		return "unknown"
	}
	return handleNames[k]
}

// HandleKindOf says of which kind a value would be, by its prefix alone.
func HandleKindOf(s string) (HandleKind, bool) {
	for k, prefix := range handlePrefixes {
		if prefix != "" && strings.HasPrefix(s, prefix) {
			return HandleKind(k), true
		}
	}
	return 0, false
}
