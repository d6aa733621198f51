package token_test

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/mintyard/mintyard/oauth/token"
)

// checkScanner compares with encoding/json, which is less strict in four things.
func checkScanner(t *testing.T, in string) {
	var sc token.Scanner
	raws, order := map[string]string{}, 0
	for sc.Scan(in); sc.Next(); order++ {
		raws[sc.Name] = sc.Raw
		checkValue(t, &sc)
	}
	var want map[string]json.RawMessage
	err := json.Unmarshal([]byte(in), &want)
	valid := err == nil && want != nil && utf8.ValidString(in) && !halfSurrogate(in) && uniqueAndShallow(in)
	if valid != (sc.Err() == nil) {
		t.Fatalf("%q: the scanner says %v, encoding/json %v", in, sc.Err(), err)
	}
	if !valid {
		return
	}
	require.Len(t, want, order)
	require.True(t, maps.EqualFunc(raws, want, func(a string, b json.RawMessage) bool { return a == string(b) }), in)
}

// checkValue reads the value with the method of its type. It is judged already, so
// encoding/json has to take it too, even if the object turns out to be broken further on.
func checkValue(t *testing.T, sc *token.Scanner) {
	raw := sc.Raw
	switch raw[0] {
	case '"':
		var want string
		require.NoError(t, json.Unmarshal([]byte(raw), &want))
		require.Equal(t, want, sc.String())
	case 't', 'f':
		require.Equal(t, raw == "true", sc.Bool())
	case '[':
		var want []json.RawMessage
		require.NoError(t, json.Unmarshal([]byte(raw), &want))
		i := 0
		for el := range sc.Elements() {
			require.Equal(t, string(want[i]), el)
			i++
		}
		require.Len(t, want, i)
		var list []string
		if json.Unmarshal([]byte(raw), &list) == nil && !slices.ContainsFunc(want, func(r json.RawMessage) bool { return r[0] != '"' }) {
			require.Equal(t, list, sc.Strings([]string{}))
		}
	case '{', 'n':
	default:
		if want, err := strconv.ParseInt(raw, 10, 64); err == nil {
			require.Equal(t, want, sc.Int())
		}
	}
}

// halfSurrogate reports an escape of half a surrogate pair, in JSON that is valid.
func halfSurrogate(in string) bool {
	for i := 0; i+1 < len(in); i++ {
		if in[i] != '\\' {
			continue
		}
		if in[i+1] != 'u' {
			i++
			continue
		}
		u := func(j int) int64 {
			if j+6 > len(in) || in[j:j+2] != `\u` {
				return 0
			}
			n, _ := strconv.ParseInt(in[j+2:j+6], 16, 32)
			return n
		}
		switch n := u(i); {
		case n >= 0xDC00 && n <= 0xDFFF:
			return true
		case n >= 0xD800 && n <= 0xDBFF:
			if low := u(i + 6); low < 0xDC00 || low > 0xDFFF {
				return true
			}
			i += 6
		}
		i += 5
	}
	return false
}

// uniqueAndShallow walks through JSON that is valid.
func uniqueAndShallow(in string) bool {
	type level struct {
		names map[string]bool // nil in an array
		value bool            // a value is next, not a name
	}
	d := json.NewDecoder(strings.NewReader(in))
	d.UseNumber()
	var stack []level
	for {
		tok, err := d.Token()
		if err != nil {
			return true
		}
		top := len(stack) - 1
		if top >= 0 && stack[top].names != nil && !stack[top].value {
			if name, ok := tok.(string); ok {
				if stack[top].names[name] {
					return false
				}
				stack[top].names[name], stack[top].value = true, true
				continue
			}
		} else if top >= 0 {
			stack[top].value = false
		}
		switch tok {
		case json.Delim('{'):
			stack = append(stack, level{names: map[string]bool{}})
		case json.Delim('['):
			stack = append(stack, level{})
		case json.Delim('}'), json.Delim(']'):
			stack = stack[:top]
		}
		if len(stack) > 32 {
			return false
		}
	}
}
