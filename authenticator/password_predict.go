package authenticator

import (
	"cmp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	// minJudged is the least length that is judged: what is shorter was admitted by
	// a host that wants it so.
	minJudged = 8

	// minLeft is how many different characters must be left when all that is
	// predictable is taken out.
	minLeft = 5

	minWord       = 3   // characters of a name that is looked for
	maxJudgedName = 256 // bytes; no name and no address is longer
	minRun        = 3   // of a sequence
)

// predictable says why a password is one that a guesser comes to early: take out
// the names that go with the account, common passwords and sequences, and
// there is hardly anything left. It does so with the password as it is, and as it
// is without the usual substitutions, p4$$w0rd for password.
func predictable(plaintext string, names []string) error {
	if utf8.RuneCountInString(plaintext) < minJudged {
		return nil
	}
	lower := strings.ToLower(plaintext)
	for _, fold := range []func(string) string{func(s string) string { return s }, unleet} {
		if why := judge(fold(lower), names, fold); why != nil {
			return why
		}
	}
	return nil
}

func judge(s string, names []string, fold func(string) string) error {
	why := &PasswordError{Err: ErrPasswordRepeats}
	for _, common := range commonPasswords {
		if cut := strings.ReplaceAll(s, fold(common), "\x00"); cut != s {
			s, why.Err = cut, ErrPasswordBlocked
		}
	}
	for _, n := range pieces(names) {
		if cut := strings.ReplaceAll(s, fold(n.piece), "\x00"); cut != s {
			s, why.Err, why.Word = cut, ErrPasswordContext, n.name
		}
	}
	if left(s) < minLeft {
		return why
	}
	return nil
}

// piece is part of a name, and the name.
type piece struct{ piece, name string }

// pieces are the names and the words in them, the longest first: an address, what
// stands before its sign, and the labels of its domain.
func pieces(names []string) (all []piece) {
	for _, name := range names {
		if len(name) > maxJudgedName {
			continue
		}
		lower := strings.ToLower(strings.TrimSpace(name))
		parts := strings.FieldsFunc(lower, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
		for _, p := range append(parts, lower) {
			if utf8.RuneCountInString(p) >= minWord {
				all = append(all, piece{p, name})
			}
		}
	}
	slices.SortStableFunc(all, func(a, b piece) int { return cmp.Compare(len(b.piece), len(a.piece)) })
	return all
}

// left counts the different characters that are not in a sequence.
func left(s string) int {
	runes := []rune(s)
	seen := make(map[rune]bool)
	for i := 0; i < len(runes); {
		run := 1
		for _, next := range []func(a, b rune) bool{same, above, below, beside} {
			n := 1
			for i+n < len(runes) && next(runes[i+n-1], runes[i+n]) {
				n++
			}
			run = max(run, n)
		}
		if run < minRun {
			run = 1
			if r := runes[i]; r != 0 && !unicode.IsSpace(r) {
				seen[r] = true
			}
		}
		i += run
	}
	return len(seen)
}

func same(a, b rune) bool  { return a == b }
func above(a, b rune) bool { return b == a+1 || a == '9' && b == '0' }
func below(a, b rune) bool { return above(b, a) }

// beside reports whether two keys are neighbours in a row of a keyboard, of any of
// the three usual layouts.
func beside(a, b rune) bool {
	for _, row := range []string{"qwertyuiop", "qwertzuiop", "azertyuiop", "asdfghjkl", "qsdfghjklm", "zxcvbnm", "yxcvbnm", "wxcvbn"} {
		i, j := strings.IndexRune(row, a), strings.IndexRune(row, b)
		if i >= 0 && j >= 0 && (i-j == 1 || j-i == 1) {
			return true
		}
	}
	return false
}

// unleet undoes the substitutions that everybody knows. What stands for two
// letters becomes one of them, on both sides of a comparison.
func unleet(s string) string { return leet.Replace(s) }

var leet = strings.NewReplacer("0", "o", "1", "i", "!", "i", "|", "i", "l", "i", "3", "e", "4", "a", "@", "a", "5", "s", "$", "s", "7", "t", "+", "t", "8", "b")
