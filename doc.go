// Package mintyard is the root of an OAuth 2.0 and OpenID Connect authorization
// server that is a library. There is nothing in it; start with
//
//   - [github.com/mintyard/mintyard/oauth]: the authorization server,
//   - [github.com/mintyard/mintyard/oidc]: which makes it an OpenID Provider,
//   - [github.com/mintyard/mintyard/directauth]: sign-in without a browser, which is
//     what the rest is for,
//   - [github.com/mintyard/mintyard/authenticator]: the factors,
//   - [github.com/mintyard/mintyard/policy]: what a sign-in must prove, and why,
//   - [github.com/mintyard/mintyard/store]: where grants are kept,
//   - [github.com/mintyard/mintyard/oauth/token]: minting and verifying, for
//     resource servers too.
//
// Passkeys, SMTP and SQL databases are modules of their own: authenticator/webauthn,
// authenticator/smtp and store/sqlstore.
package mintyard
