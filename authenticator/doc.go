// Package authenticator proves who a person is, one factor at a time.
//
// There is a type for each factor, and each is usable alone:
//
//   - typed in, one call, a [Verifier]: [Password], [TOTP], [HOTP], [RecoveryCodes],
//     [Question];
//   - over another channel, begun and answered, an [OutOfBand]: [Codes] by text
//     message, call and e-mail, and [Push] on a device;
//   - signed, [Passkeys]: package webauthn, a module of its own, has them.
//
// Asked about an [Identity], a factor answers with the [policy.Method] that was proved,
// or refuses. Which factors suffice is not decided here but by package policy, and how
// they arrive (a form, a direct grant) is not known here at all. What a person has is
// enrolled, listed, renamed and removed by the factor itself, a [Manager]. Messages go
// to a [Sender], in the words of [Templates].
//
// Three rules hold for every factor.
//
// An attempt is counted, durably, before it is judged. A guess costs a try whether
// or not the guesser waits for the answer, and a thousand parallel ones cost a
// thousand.
//
// What was good once is spent in the write that accepts it. Of any number of
// racers with one code at most one is accepted, on any number of nodes. A challenge
// is bound to who began it.
//
// Nobody's name is told. For a name that nobody has, a person without this
// factor, and a wrong entry, the same work is done, the same is counted, and the
// answer is the same [ErrRefused]; a challenge begins for nobody too, and nothing is
// delivered. So a caller passes on an Identity that it could
// not resolve, and does not answer by itself.
package authenticator
