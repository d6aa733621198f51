package authenticator

import (
	"fmt"
	"time"

	"github.com/mintyard/mintyard/store"
)

// CodesConfig says how codes are sent over one channel.
type CodesConfig struct {
	Channel   string        // required: TypeSMS, TypeVoice or TypeEmail
	Store     store.Store   // required: keeps destinations and challenges, counts attempts and deliveries
	Namespace string        // required: people of one name space share their destinations
	Sealer    *store.Sealer // required: seals numbers, addresses and what codes are compared with
	Sender    Sender        // required: delivers

	// Templates write the messages; nil means those of [NewTemplates] without a
	// configuration.
	Templates *Templates

	// Digits is the length of a code; 0 is 6. Alphabet is what it is made of: "" is
	// the ten digits. Other alphabets, of letters and digits, are for e-mail, where
	// a code may have up to 10 characters. Upper and lower case are not the same.
	Digits   int
	Alphabet string

	TTL   time.Duration // how long a code is good; 0 is 5 minutes, and the most is 10
	Tries int           // wrong entries that end a code, at most Limit; 0 is 5

	// PerHour and PerDay are how many codes are sent to a person over the channel,
	// and to a number or an address, whoever has it, in any hour and any day; 0 is
	// 5 and 10. Asking again, signing in and starting anew do not make it more.
	// Requests that come with a proof, or from a device of the person's, and
	// enrolments are counted apart from those of people who only know a name.
	PerHour, PerDay int

	// PerCountry is how many are sent to all numbers with one country code in an
	// hour, against fraud with numbers that cost; 0 is no cap.
	PerCountry int

	// MagicLink makes the link that an e-mail carries beside the code; nil is none.
	// What it leads to must ask the person before it enters the code, because
	// programs that look at mail open links.
	MagicLink func(challengeID, code string) string

	Limits // of wrong codes of a person, whatever the number of codes sent

	Now func() time.Time // nil means time.Now
}

// The caps of NIST SP 800-63B-4 section 3.1.3.2 and of this package.
const (
	defaultCodeTTL   = 5 * time.Minute
	maxCodeTTL       = 10 * time.Minute
	minCode          = 6 // characters; maxCode is the other end
	defaultCodeTries = 5
	defaultPerHour   = 5
	defaultPerDay    = 10
	maxPerDay        = 100
	digitAlphabet    = "0123456789"
)

// complete checks a configuration, and fills in what is zero.
func (c *CodesConfig) complete() error {
	switch c.Channel {
	case TypeSMS, TypeVoice, TypeEmail:
	default:
		return fieldError("Channel", `must be "sms", "voice" or "email"`)
	}
	switch {
	case c.Store == nil:
		return fieldError("Store", "is required")
	case c.Namespace == "":
		return fieldError("Namespace", "is required")
	case c.Sealer == nil:
		return fieldError("Sealer", "is required")
	case c.Sender == nil:
		return fieldError("Sender", "is required")
	case c.MagicLink != nil && c.Channel != TypeEmail:
		return fieldError("MagicLink", "is for e-mail")
	case c.PerCountry != 0 && c.Channel == TypeEmail:
		return fieldError("PerCountry", "is for numbers")
	case c.PerCountry < 0:
		return fieldError("PerCountry", "is negative")
	}
	if err := c.Limits.complete(limits); err != nil {
		return fmt.Errorf("Limits.%w", err)
	}
	for _, f := range []struct {
		name           string
		value          *int
		least, most, n int
	}{
		{"Digits", &c.Digits, minCode, maxCode, minCode},
		{"Tries", &c.Tries, 1, 10, min(defaultCodeTries, c.Limit)},
		{"PerHour", &c.PerHour, 1, maxPerDay, defaultPerHour},
		{"PerDay", &c.PerDay, 1, maxPerDay, max(defaultPerDay, c.PerHour)},
	} {
		if *f.value == 0 {
			*f.value = f.n
		}
		if *f.value < f.least || *f.value > f.most {
			return fieldError(f.name, "must be between %d and %d, or 0 for %d", f.least, f.most, f.n)
		}
	}
	switch {
	case c.PerDay < c.PerHour:
		return fieldError("PerDay", "is less than PerHour")
	case c.TTL < 0 || c.TTL > maxCodeTTL:
		return fieldError("TTL", "must be at most %v, or 0 for %v", maxCodeTTL, defaultCodeTTL)
	case c.TTL == 0:
		c.TTL = defaultCodeTTL
	case c.TTL < time.Second:
		return fieldError("TTL", "must be at least a second")
	}
	if c.Alphabet == "" {
		c.Alphabet = digitAlphabet
	} else if !isAlphabet(c.Alphabet) {
		return fieldError("Alphabet", "must be 10 or more different letters and digits of ASCII")
	}
	if c.Alphabet != digitAlphabet && c.Channel != TypeEmail {
		return fieldError("Alphabet", "is for e-mail")
	}
	if c.Tries > c.Limit {
		return fieldError("Tries", "is more than Limit")
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Templates == nil {
		var err error
		if c.Templates, err = plainTemplates(); err != nil {
			return fmt.Errorf("Templates: %w", err)
		}
	}
	return nil
}
