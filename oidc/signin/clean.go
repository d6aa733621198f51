package signin

import (
	"strings"
	"unicode"
)

const maxShown = 120 // characters of a name that came from elsewhere

// clean takes out of a text that came from elsewhere what could make it look like
// another one: control characters, and those that change the direction of what follows.
func clean(s string) string {
	var b strings.Builder
	n := 0
	for _, r := range s {
		if unicode.Is(unicode.Cc, r) || unicode.Is(unicode.Bidi_Control, r) || r == unicode.ReplacementChar {
			continue
		}
		if n++; n > maxShown {
			b.WriteRune('…')
			break
		}
		b.WriteRune(r)
	}
	return strings.TrimSpace(b.String())
}

// initial is the first letter of a name.
func initial(name string) string {
	for _, r := range clean(name) {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return string(unicode.ToUpper(r))
		}
	}
	return "•"
}
