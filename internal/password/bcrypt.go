package password

import (
	"strings"

	"golang.org/x/crypto/bcrypt"
)

// What bcrypt covers, and what a record may cost: each step doubles the time, and
// 15 is a second or two.
const (
	bcryptCovers  = 72 // bytes
	bcryptLength  = 60
	maxBcryptCost = 15
)

// isBcrypt reports whether s is a record such as $2b$12$ and 53 characters. 2a,
// 2b and 2y are one function by three names; 2x stands for a broken one, and the
// unnamed $2$ for an older one.
func isBcrypt(s string) bool {
	if len(s) != bcryptLength {
		return false
	}
	switch s[:4] {
	case "$2a$", "$2b$", "$2y$":
	default:
		return false
	}
	tens, ones := s[4]-'0', s[5]-'0'
	if tens > 9 || ones > 9 || s[6] != '$' {
		return false
	}
	if cost := 10*int(tens) + int(ones); cost < bcrypt.MinCost || cost > maxBcryptCost {
		return false
	}
	const alphabet = "./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
	return strings.Trim(s[7:], alphabet) == ""
}

// matchesBcrypt compares exactly what bcrypt does not. It reads 72 bytes and
// ignores the rest, and it reads the password as a ring that is closed by a zero
// byte, so that "a" and "a\x00a" are one to it. What goes beyond that is hashed,
// for the sake of time, and never matches: a password of more than 72 bytes that
// was cut when its record was made has to be set anew.
func matchesBcrypt(hash, plaintext string) bool {
	covered := len(plaintext) <= bcryptCovers && strings.IndexByte(plaintext, 0) < 0
	input := []byte(plaintext[:min(len(plaintext), bcryptCovers)])
	return bcrypt.CompareHashAndPassword([]byte(hash), input) == nil && covered
}
