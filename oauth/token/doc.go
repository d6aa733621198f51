// Package token is the minting core: signing keys, JSON Web Tokens, opaque handles,
// and the verification of both. It imports the standard library only.
//
// A [Key] signs with one algorithm. A [Ring] holds the keys of a server, those to
// come, those in use and those on their way out, and the JWKS document that
// publishes them. [Key.AppendAccessToken] mints an access token (RFC 9068) and
// [Key.AppendIDToken] an ID token (OpenID Connect Core section 2), both into the
// caller's buffer: apart from what the signature itself needs, nothing is allocated.
//
// A resource server needs a [Verifier] and a [KeySet], a client that signs people
// in an [IDTokenVerifier]. Whatever is wrong with a JWT is an error that matches
// [ErrToken], and there are no claims beside an error. Handles are for the server that
// made them: [Handles] makes and reads them.
//
// Do not write claims by hand and sign them with [Key.AppendSigned] where one of
// the other two fits: they refuse what their specification forbids.
package token
