package authenticator

import (
	"crypto/subtle"
	"encoding/base32"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/pquerna/otp"
	"github.com/pquerna/otp/hotp"

	"github.com/mintyard/mintyard/internal/enrolment"
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

// otpOptions are the parameters of an authenticator; period is 0 for one that counts.
type otpOptions struct {
	algorithm Algorithm
	digits    int
	period    int64 // seconds
}

// complete fills in algorithm and digits. An error names the option that is wrong.
func (o *otpOptions) complete() error {
	if o.algorithm == "" {
		o.algorithm = SHA1
	}
	if o.digits == 0 {
		o.digits = 6
	}
	switch _, known := o.library(); {
	case !known:
		return fieldError("Algorithm", "must be SHA1, SHA256 or SHA512")
	case o.digits != 6 && o.digits != 8:
		return fieldError("Digits", "must be 6 or 8")
	}
	return nil
}

// secretSize is as long as the hash function's output (RFC 6238 appendix A).
func (o *otpOptions) secretSize() int {
	switch o.algorithm {
	case SHA256:
		return 32
	case SHA512:
		return 64
	}
	return 20
}

func (o *otpOptions) library() (a otp.Algorithm, known bool) {
	switch o.algorithm {
	case SHA1:
		return otp.AlgorithmSHA1, true
	case SHA256:
		return otp.AlgorithmSHA256, true
	case SHA512:
		return otp.AlgorithmSHA512, true
	}
	return 0, false
}

// otpEntry is an authenticator with its parameters.
type otpEntry struct {
	enrolment.Entry
	otpOptions
	next   int64 // the first moving factor that is still good
	off    bool  // it is being removed
	moving int64 // after find: the one of the code
}

// maxMoving is beyond every counter and time step.
const maxMoving = 1 << 62

// otpData is what an entry holds of it.
type otpData struct {
	Algorithm Algorithm `json:"alg"`
	Digits    int       `json:"digits"`
	Period    int64     `json:"period,omitempty"`
	Next      int64     `json:"next,omitempty"`
	Off       bool      `json:"off,omitempty"`
}

// errRecord does not say what stands in the record.
var errRecord = errors.New("authenticator: the record is damaged, or a newer version wrote it")

func encodeOTP(o otpOptions, next int64) json.RawMessage {
	data, err := json.Marshal(otpData{Algorithm: o.algorithm, Digits: o.digits, Period: o.period, Next: next})
	if err != nil {
		return nil // strings and numbers have a form
	}
	return data
}

// decode reads an entry: of time steps or of counters, as the factor is.
func (o *oneTime) decode(e enrolment.Entry) (otpEntry, error) {
	var d otpData
	if json.Unmarshal(e.Data, &d) != nil {
		return otpEntry{}, errRecord
	}
	a := otpEntry{Entry: e, otpOptions: otpOptions{d.Algorithm, d.Digits, d.Period}, next: d.Next, off: d.Off}
	_, known := a.library()
	period := a.period == 0
	if o.defaults.period != 0 {
		period = a.period == 30 || a.period == 60
	}
	if !known || !period || a.digits != 6 && a.digits != 8 || len(a.Secret) == 0 || a.next < 0 || a.next > maxMoving {
		return otpEntry{}, errRecord
	}
	return a, nil
}

// moveOn makes an entry good from next on. Members of a newer version stay.
func moveOn(e *enrolment.Entry, next int64) error { return setData(e, "next", next) }

// setData sets one member of the entry's data.
func setData(e *enrolment.Entry, name string, value any) error {
	var all map[string]json.RawMessage
	if json.Unmarshal(e.Data, &all) != nil || all == nil {
		return errRecord
	}
	raw, err := json.Marshal(value)
	if err != nil {
		return err
	}
	all[name] = raw
	e.Data, err = json.Marshal(all)
	return err
}

// find looks for the moving factor from first to last, both of them, of which
// code is the code: the latest, if there are several. It computes and compares as
// much in either case.
func (a *otpEntry) find(code string, first, last int64) (found bool, err error) {
	if !wellFormed(code, a.digits) {
		code = wrongCode[:a.digits] // compared like any other, and never equal
	}
	algorithm, known := a.library()
	if !known {
		return false, errRecord
	}
	secret := base32.StdEncoding.EncodeToString(a.Secret)
	for m := first; m <= last; m++ {
		want, err := hotp.GenerateCodeCustom(secret, uint64(max(m, 0)), hotp.ValidateOpts{Digits: otp.Digits(a.digits), Algorithm: algorithm})
		if err != nil {
			return false, fmt.Errorf("authenticator: one-time code: %w", err)
		}
		if subtle.ConstantTimeCompare([]byte(want), []byte(code)) == 1 && m >= 0 {
			a.moving, found = m, true
		}
	}
	return found, nil
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

// steps is the [spread] of time steps: the present one, and one on either side for
// slow typists and apps whose clock is off (RFC 6238 section 5.2).
func steps(o *otpOptions, _ int64, now time.Time) (first, last int64) {
	present := now.Unix() / o.period
	return present - 1, present + 1
}
