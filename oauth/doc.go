// Package oauth is an authorization server (RFC 6749) to be mounted on a host's
// own router.
//
// Start with [Config] and [New]: a literal says what the server is like, and New
// names the field that is wrong. [Server.Mount] mounts it; each endpoint can also
// be mounted alone ([Server.TokenHandler] and its siblings). The host tells about
// its apps and its people through [Clients] and [Subjects].
//
// A way to tokens is a [Grant], two methods; being listed in the Config is what
// serves and advertises it. Built in are [ClientCredentials], [RefreshToken] and
// [AuthorizationCode]; package directauth has those by which people sign in, and from
// which codes come.
//
// # One path to a token
//
// Every grant ends in an [Authorization]: who, for which client, what, and how it
// was proved. [Server.Prepare] checks it against what is true now, asks the
// policies and mints; [Server.Commit] makes the one write that grants, and it is
// the last thing that can fail. An [Extension] adds to the answer between the two.
//
// # Many steps
//
// A sign-in that goes on later is kept by [TokenRequest.Suspend] and found again by
// [TokenRequest.Resume]; it is the same record that becomes the grant. A [Module] is a
// step-up with endpoints of its own.
//
// # Pages
//
// [Server.AuthorizeHandler] proves client and redirect URI and hands the request to
// [Config].Interact. Pages carry it along, sealed by [Server.Seal], and end with
// [Server.Approve] or [Server.Deny]; docs/authorization.md shows one.
//
// # What is kept
//
// One record for each grant of a person, none for a token, nothing that could be
// presented. Servers and processes may share a store; see [Config].ID and [Vault].
package oauth
