// Package directauth lets a trusted app sign a person in without a browser: the
// app sends what the person proves, factor by factor and in the order it likes,
// to the token endpoint, and gets tokens once the sign-in policy is satisfied.
// Until then it is told mfa_required, and what would do.
//
//	direct, err := directauth.New(directauth.Config{Users: users, Password: password, OTP: totp, OutOfBand: codes})
//	server, err := oauth.New(oauth.Config{
//		Grants: append(direct.Grants(), oauth.RefreshToken()),
//		StepUp: direct,
//		…
//	})
//
// The wire is Okta's: existing clients of its direct authentication work
// unchanged where the server uses [oauth.OktaPaths]. [Direct.Grants] are its grants:
// password, one-time codes, codes and pushes over another channel, passkeys, each
// as a first and as a further factor, and recovery codes. [Direct.Routes] are the
// endpoints that begin a challenge, /challenge, /primary-authenticate and
// /oob-authenticate, mounted with the server's. docs/direct-authentication.md shows
// all of it on the wire.
//
// Before a first factor is proved, an app is told the same of everybody. After it
// refusals carry one of the Reason constants. With [Config].Enrolment a sign-in
// wants the authenticators that must be there.
//
// intent=recovery begins the recovery of a password: it proves anything else, and
// grants scopes that are marked [oauth.Scope].Recovery and no others.
//
// RFC 9700 section 2.4 says that the password grant must not be used, for good
// reasons: the app sees the password. Direct grants are for apps that are as
// trusted as the server itself. A client has none of them unless its GrantTypes
// list them.
//
// # Auth0's dialect
//
// [Config].Auth0 turns on the paths and shapes of Auth0's MFA API, for the same
// sign-ins under the same mfa_token: see [Auth0Config].
//
// # Ending in a code
//
// A server that has [oauth.AuthorizationCode] besides has the authorization challenge
// endpoint of OAuth 2.0 for First-Party Applications
// (draft-ietf-oauth-first-party-apps): the same sign-in in another dialect, which
// ends in an authorization code. It is beside the token endpoint as
// authorize-challenge, and in metadata as authorization_challenge_endpoint.
//
// It is for a client of the operator's own that lists authorization_code (or
// interaction_code) and the direct grants of the factors that it sends: what a client
// may not prove at the token endpoint it may not prove here. Policies are asked about
// both grant types.
//
// The first request says what the code is for, as at an authorization endpoint:
// client_id, scope, resource, acr_values, nonce, and code_challenge with
// code_challenge_method=S256. No response_type is needed, and no redirect_uri is
// looked at: nothing is redirected. Each request may prove or begin one factor:
//
//	username or login_hint   who it is about; once is enough
//	password, otp            a password, a code of an authenticator app
//	recovery_code            after another factor
//	channel_hint             begins a challenge: push, sms, voice, email, webauthn
//	binding_code             the code that was sent; with nothing at all it is a poll
//	authenticatorData, clientDataJSON, signature, userHandle
//
// The answer is 200 with authorization_code, or insufficient_authorization with an
// auth_session for the next request, and either the factors that would do or the
// challenge that was begun. A later request of a public client needs no client_id.
// Every step has a new auth_session and ends the one before; a refused factor and a
// poll leave it as it is, so that a lost answer costs nothing. Errors of factors are
// those of the token endpoint, and an auth_session that is not good is invalid_session.
package directauth
