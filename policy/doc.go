// Package policy decides what a sign-in must prove. It is pure data in and
// decision out: no clock, no store, no protocol.
//
// A [Policy] is a list of rules. The first whose conditions hold decides; if none
// does, the answer is no. Conditions are three-valued, and it fails closed: a rule
// that can be neither matched nor skipped, because a fact is unknown, stops the
// evaluation and denies.
//
// Facts are of two kinds. Facts of proof (methods and when they were proved, the
// network and the risk of that moment) are frozen when the person proves them; facts
// of the moment (groups, client, scopes, where this request comes from) are fresh
// at every decision.
//
// Rules are Go values, or JSON; see [Policy.UnmarshalJSON].
package policy
