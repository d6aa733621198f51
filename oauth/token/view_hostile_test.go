package token_test

import (
	"bytes"
	"encoding/binary"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mintyard/mintyard/oauth/token"
)

// What is not the one spelling of a view is refused, and nothing of it is left.
func TestViewRefusals(t *testing.T) {
	const allScopes, allResources, key, certificate, client, standalone = 1, 2, 4, 8, 16, 32
	payload := func(flags byte, rest ...byte) []byte {
		return append([]byte{flags, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0}, rest...)
	}
	huge := binary.AppendUvarint(nil, 1<<63)
	for name, b := range map[string][]byte{
		"empty":                          nil,
		"an unknown flag":                payload(allScopes | allResources | 64),
		"a certificate without a key":    payload(allScopes | allResources | certificate),
		"a key that is cut":              payload(allScopes|allResources|key, make([]byte, 31)...),
		"a client without a name":        payload(allScopes|allResources|client, 0),
		"a client longer than the rest":  payload(allScopes|allResources|client, 5, 'a'),
		"standalone with scopes by bits": payload(allResources|standalone, 0, 0, 0),
		"standalone without lists":       payload(allScopes | allResources | standalone),
		"a list longer than the rest":    payload(allScopes|allResources|standalone, 0xff, 0x1f),
		"a length over the cap":          payload(allScopes|allResources|client, append(huge, 'a')...),
		"a time in two bytes for one":    append([]byte{allScopes | allResources, 0x81, 0}, make([]byte, 9)...),
		"a negative time":                append(append([]byte{allScopes | allResources}, huge...), make([]byte, 9)...),
		"a lifetime over 32 bits":        append(append([]byte{allScopes | allResources, 1}, binary.AppendUvarint(nil, 1<<32)...), make([]byte, 8)...),
		"bits that end in a zero word":   payload(allResources, 1, 0),
		"too many words of bits":         payload(allResources, append([]byte{17}, bytes.Repeat([]byte{1}, 17)...)...),
		"a word over 64 bits":            payload(allResources, append([]byte{1}, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f)...),
		"larger than a handle":           payload(allScopes|allResources, make([]byte, 5000)...),
	} {
		v := token.View{HasKey: true, Client: "left over", Scopes: []string{"left over"}}
		require.ErrorIs(t, token.ParseView(b, &v), token.ErrView, name)
		require.Equal(t, token.View{}, v, name)
	}
	var v token.View
	require.NoError(t, token.ParseView(payload(allScopes|allResources), &v), "the table begins where views do")
}

// A view is a value: a copy does not share the bits of the original.
func TestBitsAreCopied(t *testing.T) {
	var a token.Bits
	a.Set(70)
	b := a
	b.Set(71)
	require.False(t, a.Has(71))
	require.True(t, b.Has(70))
}

// Every text of a view survives, whatever is in it and wherever it ends.
func TestViewTexts(t *testing.T) {
	for _, list := range [][]string{nil, {""}, {"", ""}, {"a", "", "b"}, {"ü", "\x00", strings.Repeat("x", 500)}} {
		for _, client := range []string{"", "c"} {
			in := token.View{Standalone: true, Client: client, Scopes: list, Audience: list}
			b := in.Append(nil)
			var out token.View
			require.NoError(t, token.ParseView(b, &out))
			clear(b) // what was read does not point into the payload
			require.Equal(t, client, out.Client)
			require.Equal(t, len(list), len(out.Scopes))
			for i := range list {
				require.Equal(t, []string{list[i], list[i]}, []string{out.Scopes[i], out.Audience[i]})
			}
		}
	}
}
