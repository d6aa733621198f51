package token

import "math/bits"

// text is what JSON is read from: a string in verifying, a buffer in minting.
type text interface{ string | []byte }

// maxDepth is how deep arrays and objects may be nested, the outermost included.
const maxDepth = 32

func skipSpace[T text](in T, i int) int {
	for i < len(in) && (in[i] == ' ' || in[i] == '\n' || in[i] == '\t' || in[i] == '\r') {
		i++
	}
	return i
}

// member reads a name, a colon and a value; depth is that of the object.
func member[T text](in T, i, depth int) (name T, from, to int, err error) {
	if i >= len(in) || in[i] != '"' {
		return name, 0, 0, errSyntax
	}
	end, plain := skipString(in, i+1)
	if end < 0 {
		return name, 0, 0, errSyntax
	}
	name = in[i+1 : end-1]
	if !plain {
		name = T(appendUnescaped(nil, name))
	}
	if i = skipSpace(in, end); i >= len(in) || in[i] != ':' {
		return name, 0, 0, errSyntax
	}
	from = skipSpace(in, i+1)
	if from < len(in) && in[from] == '"' { // as skipValue does, but this is what most are
		if to, _ = skipString(in, from+1); to < 0 {
			return name, 0, 0, errSyntax
		}
		return name, from, to, nil
	}
	to, err = skipValue(in, from, depth)
	return name, from, to, err
}

// skipValue returns the end of the value that begins at i, inside depth arrays and
// objects.
func skipValue[T text](in T, i, depth int) (int, error) {
	if i >= len(in) {
		return 0, errSyntax
	}
	end := -1
	switch c := in[i]; c {
	case '"':
		end, _ = skipString(in, i+1)
	case '{', '[':
		if depth == maxDepth {
			return 0, errDepth
		}
		if c == '{' {
			return skipObject(in, i+1, depth+1)
		}
		return skipArray(in, i+1, depth+1)
	case 't':
		end = skipWord(in, i, "true")
	case 'f':
		end = skipWord(in, i, "false")
	case 'n':
		end = skipWord(in, i, "null")
	default:
		end = skipNumber(in, i)
	}
	if end < 0 {
		return 0, errSyntax
	}
	return end, nil
}

func skipObject[T text](in T, i, depth int) (int, error) {
	if i = skipSpace(in, i); i < len(in) && in[i] == '}' {
		return i + 1, nil
	}
	var names nameSet[T]
	for {
		name, _, to, err := member(in, i, depth)
		if err != nil {
			return 0, err
		}
		if !names.add(name) {
			return 0, errDuplicate
		}
		i = skipSpace(in, to)
		switch {
		case i == len(in):
			return 0, errSyntax
		case in[i] == ',':
			i = skipSpace(in, i+1)
		case in[i] == '}':
			return i + 1, nil
		default:
			return 0, errSyntax
		}
	}
}

func skipArray[T text](in T, i, depth int) (int, error) {
	if i = skipSpace(in, i); i < len(in) && in[i] == ']' {
		return i + 1, nil
	}
	for {
		end, err := skipValue(in, i, depth)
		if err != nil {
			return 0, err
		}
		i = skipSpace(in, end)
		switch {
		case i == len(in):
			return 0, errSyntax
		case in[i] == ',':
			i = skipSpace(in, i+1)
		case in[i] == ']':
			return i + 1, nil
		default:
			return 0, errSyntax
		}
	}
}

func skipWord[T text](in T, i int, word string) int {
	if len(in)-i < len(word) || string(in[i:i+len(word)]) != word {
		return -1
	}
	return i + len(word)
}

// skipNumber follows the grammar of RFC 8259 section 6.
func skipNumber[T text](in T, i int) int {
	if i < len(in) && in[i] == '-' {
		i++
	}
	start := i
	i = skipDigits(in, i)
	if i == start || in[start] == '0' && i > start+1 {
		return -1
	}
	if i < len(in) && in[i] == '.' {
		start = i + 1
		if i = skipDigits(in, start); i == start {
			return -1
		}
	}
	if i < len(in) && (in[i] == 'e' || in[i] == 'E') {
		if i++; i < len(in) && (in[i] == '+' || in[i] == '-') {
			i++
		}
		start = i
		if i = skipDigits(in, start); i == start {
			return -1
		}
	}
	return i
}

func skipDigits[T text](in T, i int) int {
	for i < len(in) && in[i] >= '0' && in[i] <= '9' {
		i++
	}
	return i
}

// skipString returns the end of the string whose first character is at i, and
// whether it is free of escapes; -1 if it is none.
func skipString[T text](in T, i int) (end int, plain bool) {
	plain = true
	for {
		special := uint64(0)
		for ; special == 0 && len(in)-i >= 8; i += 8 {
			w := word(in, i)
			special = equal(w, '"') | equal(w, '\\') | control(w)
		}
		if special != 0 {
			i += bits.TrailingZeros64(special)/8 - 8
		}
		for special == 0 && i < len(in) && in[i] != '"' && in[i] != '\\' && in[i] >= 0x20 {
			i++
		}
		if i == len(in) {
			return -1, false
		}
		if in[i] == '"' {
			return i + 1, plain
		}
		_, n := unescape(in, i)
		if n == 0 { // also a control character
			return -1, false
		}
		plain = false
		i += n
	}
}
