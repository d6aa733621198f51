// Package webauthn is the factor of passkeys and security keys: Web Authentication
// Level 3, on top of github.com/go-webauthn/webauthn. It is a module of its own, so
// that whoever needs no passkeys does not carry its dependencies.
//
// [New] makes the factor. [Passkeys.BeginRegistration] and
// [Passkeys.FinishRegistration] give a person a credential; [Passkeys.Options] says
// what a client needs to make an assertion, and [Passkeys.Verify] judges one. The
// challenge of an assertion is the caller's: at least 16 random bytes, bound to
// whatever is being signed in, and burned by the first assertion that is presented
// with it, right or wrong. Package directauth does that. A host without an
// authorization server does it by itself: see the example.
//
// What package authenticator promises of every factor holds here too. Attempts are
// counted before they are judged; somebody who has no passkey is shown credentials
// that do not exist, always the same, and refused like anybody else.
//
// A credential is always looked up by its person first, never by its id alone, so
// that an id that somebody copied leads nowhere. For the same reason it is not
// checked at registration whether another person has a credential of that id: who
// could ask that could tell the ids that exist from those that were made up.
package webauthn
