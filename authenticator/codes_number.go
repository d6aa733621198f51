package authenticator

import (
	"errors"
	"strings"
)

// ErrDestination says that something is no telephone number, or no e-mail address,
// to which a code could be sent.
var ErrDestination = errors.New("authenticator: not a number or an address that codes can be sent to")

// Lengths of a number, without the plus sign (ITU-T E.164 section 6.2). No country
// has shorter ones that are reached from abroad.
const (
	minNumber = 7
	maxNumber = 15
)

// canonicalNumber returns a telephone number as a plus sign and digits, the country
// code first. People put blanks, hyphens, points and parentheses between the
// digits; a trunk prefix, as in +44 (0)20, is not part of the number and is
// refused, like all other characters.
func canonicalNumber(s string) (string, error) {
	s = strings.Trim(s, " ")
	if len(s) > 3*maxNumber || !strings.HasPrefix(s, "+") || strings.Contains(s, "(0)") {
		return "", ErrDestination
	}
	b := make([]byte, 1, 1+maxNumber)
	b[0] = '+'
	for i := 1; i < len(s); i++ {
		switch c := s[i]; {
		case c >= '0' && c <= '9':
			b = append(b, c)
		case !strings.ContainsRune(" -.()", rune(c)):
			return "", ErrDestination
		}
	}
	if n := len(b) - 1; n < minNumber || n > maxNumber || b[1] == '0' {
		return "", ErrDestination
	}
	return string(b), nil
}

// countryCode returns the digits of a canonical number that say to which country,
// or group of countries, it belongs: one to three of them (ITU-T E.164 annex D).
func countryCode(number string) string {
	digits := number[1:]
	if digits[0] == '1' || digits[0] == '7' {
		return digits[:1]
	}
	if strings.Contains(twoDigitCodes, " "+digits[:2]+" ") {
		return digits[:2]
	}
	return digits[:3]
}

const twoDigitCodes = " 20 27 30 31 32 33 34 36 39 40 41 43 44 45 46 47 48 49 51 52 53 54 55 56 57 58 " +
	"60 61 62 63 64 65 66 81 82 84 86 90 91 92 93 94 95 98 "

// maskNumber shows the country and the last four digits, or two of a short number.
func maskNumber(number string) string {
	code := countryCode(number)
	shown := 4
	if len(number)-1-len(code) < 8 {
		shown = 2
	}
	return "+" + code + mask + number[len(number)-shown:]
}

// mask is as long for every number, so that it does not count what it hides.
const mask = "•••••"
