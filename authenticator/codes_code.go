package authenticator

import (
	"crypto/rand"
	"math/big"
)

// newCode makes a code, each as likely as any other.
func newCode(alphabet string, n int) string {
	most := big.NewInt(int64(len(alphabet)))
	code := make([]byte, n)
	for i := range code {
		at, err := rand.Int(rand.Reader, most)
		if err != nil {
			panic(err) // never, by the contract of rand.Reader
		}
		code[i] = alphabet[at.Int64()]
	}
	return string(code)
}

// isAlphabet reports whether codes can be made of these characters: as many as there
// are digits, so that six of them are a million at least, and none twice.
func isAlphabet(s string) bool {
	var seen [128]bool
	for _, r := range s {
		switch {
		case r >= '0' && r <= '9', r >= 'A' && r <= 'Z', r >= 'a' && r <= 'z':
		default:
			return false
		}
		if seen[r] {
			return false
		}
		seen[r] = true
	}
	return len(s) >= len(digitAlphabet)
}
