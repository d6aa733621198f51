package token_test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mintyard/mintyard/oauth/token"
)

// timeless leaves the time out of a log: its digits may be those of a secret.
var timeless = &slog.HandlerOptions{ReplaceAttr: func(groups []string, a slog.Attr) slog.Attr {
	if len(groups) == 0 && a.Key == slog.TimeKey {
		return slog.Attr{}
	}
	return a
}}

// shownBy returns what package fmt, the handlers of slog and the encoders make of a value.
func shownBy(t *testing.T, v any) (shown []string) {
	t.Helper()
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%d", "%x", "% x", "%X", "%#x", "%o", "%b", "%c", "%U", "%t", "%e"} {
		shown = append(shown, fmt.Sprintf(verb, v))
	}
	var log bytes.Buffer
	slog.New(slog.NewTextHandler(&log, timeless)).Info("x", "v", v)
	slog.New(slog.NewJSONHandler(&log, timeless)).With("v", v).WithGroup("g").Info("x", slog.Any("v", v))
	j, err := json.Marshal(v)
	require.NoError(t, err)
	x, err := xml.Marshal(v)
	require.NoError(t, err)
	return append(shown, log.String(), string(j), string(x))
}

// A secret is shown by nothing that shows keys, however they are held.
func TestKeysInsideDoNotPrint(t *testing.T) {
	k := token.HandleKey{ID: 7, Secret: [32]byte(bytes.Repeat([]byte{0xab}, 32))}
	keys := token.HandleKeys{Active: k, Retiring: []token.HandleKey{k, k}}
	type Config struct {
		Name string
		Keys token.HandleKeys
		Own  *token.HandleKey
		Any  any
	}
	for name, v := range map[string]any{
		"key": k, "pointer": &k, "list": []token.HandleKey{k}, "array": [2]token.HandleKey{k, k},
		"keys": keys, "pointer to keys": &keys, "list of keys": []token.HandleKeys{keys},
		"config": Config{Keys: keys, Own: &k, Any: k}, "pointer to config": &Config{Keys: keys, Own: &k, Any: keys},
	} {
		for _, s := range shownBy(t, v) {
			for _, secret := range []string{"171", "ab ab", "abab", "ABAB", "AB AB", "0xab", "253", "10101011", "«", "\\u00ab", "U+00AB", "q6ur", "\xab"} {
				require.NotContains(t, s, secret, name)
			}
		}
	}
	j, err := json.Marshal(map[token.HandleKey]int{k: 1})
	require.NoError(t, err)
	require.JSONEq(t, `{"7":1}`, string(j))
	var log strings.Builder
	slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "key", k)
	require.Contains(t, log.String(), `"key":"handle key 7"`, "it says which key it is")
}

// A Handles has its keys behind pointers, and a parsed handle does not show its MACs, with
// which it could be put together again.
func TestHandlesDoNotPrint(t *testing.T) {
	k := token.HandleKey{ID: 7, Secret: [32]byte(bytes.Repeat([]byte{0xab}, 32))}
	h := newHandles(t, "org", token.HandleKeys{Active: k})
	s := mintHandle(t, h, token.Handle{Kind: token.HandleRefresh, Record: [16]byte{0xcd, 0xcd, 0xcd}, Generation: 5})
	out, _, err := h.Parse(nil, token.HandleRefresh, s)
	require.NoError(t, err)
	raw := rawHandle(t, "mint_rt_", s)
	type Holder struct{ Handle *token.Handle }
	for _, v := range []any{out, &out, []token.Handle{out}, Holder{&out}} {
		for _, shown := range shownBy(t, v) {
			for _, mac := range [][]byte{raw[25:29], raw[41:45]} {
				require.NotContains(t, shown, strings.Trim(fmt.Sprint(mac), "[]"))
				require.NotContains(t, strings.ToLower(shown), hex.EncodeToString(mac))
			}
		}
	}
	require.Equal(t, "refresh handle, key 7, generation 5", fmt.Sprintf("%+v", out))
	for _, verb := range []string{"%v", "%+v", "%#v", "%x"} {
		shown := fmt.Sprintf(verb, h)
		require.NotContains(t, shown, "171 171")
		require.NotContains(t, shown, "abab")
		require.NotContains(t, shown, "0xab, 0xab")
	}
}
