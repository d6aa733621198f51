package oauth

import (
	"net/url"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
)

// FuzzForm holds the form reader to net/url: where both accept, they read the
// same; and what the reader refuses is on the list of what it is meant to refuse.
func FuzzForm(f *testing.F) {
	for _, s := range []string{
		"", "a", "a=", "=a", "a=b", "a=b&c=d", "a=b&a=c", "resource=a&resource=b", "a=%41%2b+x", "a=%", "a=%4", "a=%zz", "a;b",
		"a=b;c=d", "&&", "a=b&", "&a=b", "a==b", "a=%00", "a=%09", "a=%7f", "a=%ff", "%c3=%a4", "a=%c3%a4", "a=ä", "a=\x00",
		strings.Repeat("a=&", 100), strings.Repeat("b=c&", 3),
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		var got form
		err := got.parse([]byte(s))
		want, uerr := url.ParseQuery(s)
		if err == nil {
			require.NoError(t, uerr)
			n := 0
			for name, values := range want {
				var kept []string
				for _, v := range values {
					if v != "" {
						kept = append(kept, v)
					}
				}
				n += len(kept)
				require.Equal(t, kept, got.appendValues(nil, name), name)
				if len(kept) > 1 {
					require.Contains(t, []string{"resource", "audience"}, name)
				}
			}
			require.Equal(t, n, got.n)
			return
		}
		// It was refused: for one of these reasons.
		repeated, control := false, strings.ContainsFunc(s, func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f })
		pairs := 0
		for name, values := range want {
			full := 0
			for _, v := range values {
				control = control || !cleanText(name) || !cleanText(v)
				if v != "" {
					full++
				}
			}
			pairs += full
			repeated = repeated || full > 1
		}
		require.True(t, uerr != nil || repeated || control || pairs > maxParams || !utf8.ValidString(s), "refused %q: %v", s, err)
	})
}

func cleanText(s string) bool {
	return utf8.ValidString(s) && !strings.ContainsFunc(s, func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f })
}

// FuzzBasic: no header makes it panic, and what it accepts it has read as RFC 6749
// section 2.3.1 says.
func FuzzBasic(f *testing.F) {
	for _, s := range []string{"Basic YTpi", "basic YTpi", "Basic ", "Basic", "Basic YQ==", "Basic YSUzQTpi", "Basic OmI=", "Bearer x", "Basic YTpi\n"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		var q request
		user, pass, ok := q.basic(s)
		if !ok {
			require.Empty(t, user+pass)
			return
		}
		require.NotEmpty(t, user)
		require.NotContains(t, user+pass, "\x00")
	})
}

// FuzzDescription: whatever a description says, the characters are those of RFC
// 6749 section 5.2.
func FuzzDescription(f *testing.F) {
	f.Add("a \"quoted\" \\ ä \x00 text")
	f.Fuzz(func(t *testing.T, s string) {
		for _, c := range appendDescription(nil, s) {
			require.True(t, c >= 0x20 && c <= 0x7e && c != '"' && c != '\\')
		}
	})
}
