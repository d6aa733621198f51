// Package authenticator proves who a person is, one factor at a time.
//
// [NewPassword] makes the factor that people know, [NewTOTP] the one that an
// authenticator app shows. Both are a [Verifier]: asked about an [Identity] with
// what the person entered, it answers with the [policy.Method] that was proved, or
// refuses. Which factors suffice is not decided here but by package policy, and
// how they arrive (a form, a direct grant) is not known here at all.
//
// Three rules hold for every factor.
//
// An attempt is counted, durably, before it is judged. A guess costs a try whether
// or not the guesser waits for the answer, and a thousand parallel ones cost a
// thousand.
//
// What was good once is spent in the write that accepts it. Of any number of
// racers with one code at most one is accepted, on any number of nodes.
//
// Nobody's name is told. For a name that nobody has, a person without this
// factor, and a wrong entry, the same work is done, the same is counted, and the
// answer is the same [ErrRefused]. So a caller passes on an Identity that it could
// not resolve, and does not answer by itself.
package authenticator
