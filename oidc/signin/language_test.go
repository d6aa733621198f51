package signin

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestChooseLanguage(t *testing.T) {
	have := map[string]catalogue{"en": {}, "de": {}, "pt": {}, "zh": {}, "zh-hant": {}, "ar": {}}
	for _, c := range []struct {
		locales []string
		header  string
		want    string
	}{
		{nil, "", "en"},
		{nil, "de-CH,de;q=0.9,en;q=0.8", "de"},
		{nil, "en;q=0.5, ar;q=0.9", "ar"},
		{nil, "it, fr;q=0.9, pt-BR;q=0.8", "pt"},
		{nil, "zh-Hant-TW", "zh-hant"},
		{nil, "zh-CN", "zh"},
		{nil, "DE", "de"},
		{nil, "de;q=0, ar;q=0.1", "ar"},
		{nil, "de;q=2, ar", "ar"},
		{nil, "de;q=NaN, ar", "ar"},
		{nil, "*", "en"},
		{nil, "de-x-private", "de"},
		{[]string{"fr-CA", "pt"}, "de", "pt"},
		{[]string{"nl"}, "de", "de"},
		{[]string{"../../x", "", "a b"}, "de", "de"},
		{nil, strings.Repeat("x,", 5000) + "de", "en"},
		{strings.Split(strings.Repeat("xx ", 100)+"de", " "), "", "en"},
	} {
		require.Equal(t, c.want, choose(have, c.locales, c.header), "%v %s", c.locales, c.header)
	}
}

// FuzzChooseLanguage: whatever is asked for, the answer is a language that there is.
func FuzzChooseLanguage(f *testing.F) {
	f.Add("de-CH,de;q=0.9", "pt-BR")
	f.Add("*;q=,;;,-,a-", "-")
	have := map[string]catalogue{"en": {}, "de": {}, "pt": {}}
	f.Fuzz(func(t *testing.T, header, locale string) {
		require.Contains(t, have, choose(have, []string{locale}, header))
	})
}
