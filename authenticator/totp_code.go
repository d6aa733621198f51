package authenticator

import (
	"crypto/subtle"
	"encoding/base32"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/pquerna/otp"
	"github.com/pquerna/otp/hotp"

	"github.com/mintyard/mintyard/policy"
)

// Algorithm is the hash function under the HMAC (RFC 6238 section 1.2).
type Algorithm string

// The algorithms, as they are written in otpauth URIs. Many apps know only SHA1,
// and some ignore what the URI says.
const (
	SHA1   Algorithm = "SHA1"
	SHA256 Algorithm = "SHA256"
	SHA512 Algorithm = "SHA512"
)

// TOTPOptions are the parameters of an authenticator (RFC 6238 section 4). The
// zero value is SHA1, 6 digits and 30 seconds.
type TOTPOptions struct {
	Algorithm Algorithm
	Digits    int           // 6 or 8
	Period    time.Duration // 30 or 60 seconds
}

// complete fills in what is zero. An error names the option that is wrong.
func (o *TOTPOptions) complete() error {
	if o.Algorithm == "" {
		o.Algorithm = SHA1
	}
	if o.Digits == 0 {
		o.Digits = 6
	}
	if o.Period == 0 {
		o.Period = 30 * time.Second
	}
	switch _, known := o.otpAlgorithm(); {
	case !known:
		return fieldError("Algorithm", "must be SHA1, SHA256 or SHA512")
	case o.Digits != 6 && o.Digits != 8:
		return fieldError("Digits", "must be 6 or 8")
	case o.Period != 30*time.Second && o.Period != time.Minute:
		return fieldError("Period", "must be 30s or 60s")
	}
	return nil
}

// secretSize is as long as the hash function's output (RFC 6238 appendix A).
func (o *TOTPOptions) secretSize() int {
	switch o.Algorithm {
	case SHA256:
		return 32
	case SHA512:
		return 64
	}
	return 20
}

func (o *TOTPOptions) otpAlgorithm() (a otp.Algorithm, known bool) {
	switch o.Algorithm {
	case SHA1:
		return otp.AlgorithmSHA1, true
	case SHA256:
		return otp.AlgorithmSHA256, true
	case SHA512:
		return otp.AlgorithmSHA512, true
	}
	return 0, false
}

// seconds is the period.
func (o *TOTPOptions) seconds() int64 { return int64(o.Period / time.Second) }

// skew is how many steps before and after the present one are accepted, for slow
// typists and apps whose clock is off.
const skew = 1

// match fills in matched: when the step began of which code is the code, in Unix
// seconds, and the latest of those that are accepted now; 0 if there is none. It
// computes and compares as much in either case.
func (a *authenticator) match(code string, now time.Time) error {
	if !wellFormed(code, a.Digits) {
		code = wrongCode[:a.Digits] // compared like any other, and never equal
	}
	algorithm, known := a.otpAlgorithm()
	if !known {
		return errRecord
	}
	a.matched = 0
	secret := base32.StdEncoding.EncodeToString(a.secret)
	present := now.Unix() / a.seconds()
	for s := present - skew; s <= present+skew; s++ {
		want, err := hotp.GenerateCodeCustom(secret, uint64(max(s, 0)), hotp.ValidateOpts{Digits: otp.Digits(a.Digits), Algorithm: algorithm})
		if err != nil {
			return fmt.Errorf("authenticator: one-time code: %w", err)
		}
		if subtle.ConstantTimeCompare([]byte(want), []byte(code)) == 1 && s > 0 {
			a.matched = s * a.seconds()
		}
	}
	return nil
}

const wrongCode = "--------"

// wellFormed reports whether code is exactly so many ASCII digits: no sign, no
// blank, no digit of another script. Two strings that mean one code would be two
// tries for one, and two uses of one.
func wellFormed(code string, digits int) bool {
	if len(code) != digits {
		return false
	}
	for i := range len(code) {
		if code[i] < '0' || code[i] > '9' {
			return false
		}
	}
	return true
}

// method is what the authenticator proves.
func (a *authenticator) method() policy.Method {
	return policy.Method{Name: "totp", Types: policy.Possession, Device: a.id}
}

// spend makes the state of the person's counter after a code was accepted: when
// the last accepted step of each authenticator began. If two authenticators show
// the same code, having the same secret, it is spent for both. What is remembered
// of authenticators that are no longer there goes when it is long past.
func spend(state []byte, all []authenticator, found *authenticator, now time.Time) ([]byte, error) {
	used, err := decodeUsed(state)
	if err != nil {
		return nil, err
	}
	if found.matched <= used[found.id] {
		return nil, errUsed
	}
	maps.DeleteFunc(used, func(id string, last int64) bool {
		there := slices.ContainsFunc(all, func(a authenticator) bool { return a.id == id })
		return !there && last < now.Add(-forgetUsed).Unix()
	})
	for i := range all {
		if a := &all[i]; a.matched > used[a.id] {
			used[a.id] = a.matched
		}
	}
	return json.Marshal(used)
}

// forgetUsed is long after a code could be accepted, even by a clock that was set
// back.
const forgetUsed = 24 * time.Hour

// decodeUsed reads the state of a person's counter.
func decodeUsed(state []byte) (map[string]int64, error) {
	used := make(map[string]int64)
	if state == nil {
		return used, nil
	}
	if err := json.Unmarshal(state, &used); err != nil || used == nil {
		return nil, errRecord
	}
	return used, nil
}
