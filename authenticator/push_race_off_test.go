//go:build !race

package authenticator_test

const raceEnabled = false
