//go:build !race

package directauth_test

// less is what the simulations are divided by: the race detector costs ten times the
// time, and needs no million requests.
const less = 1
