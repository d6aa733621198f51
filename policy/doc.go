// Package policy decides what a sign-in must prove, and what a person may enrol to
// prove it with. It is pure data in and decision out: no clock, no store, no protocol.
//
// A [Policy] is a list of rules. The first whose conditions hold decides; if none
// does, the answer is no. Conditions are three-valued, and it fails closed: a rule
// that can be neither matched nor skipped, because a fact is unknown, stops the
// evaluation and denies.
//
// Facts are of two kinds. Facts of proof (methods and when they were proved, the
// network, the device and the risk of that moment) are frozen when the person proves
// them; facts of the moment (groups, client, scopes, where this request comes from,
// the time) are fresh at every decision.
//
// An [Enrolment] is the policy about authenticators: which types are optional,
// required or disabled for a person, by rules with the same conditions.
//
// Rules are Go values, or JSON; see [Policy.UnmarshalJSON], and [Loader] for what only a
// host can say. [Policy.Explain] says of a request, be it one that nobody made, what
// became of each rule, what is missing, and which of the person's authenticators would do.
package policy
