package token_test

import (
	"bytes"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mintyard/mintyard/oauth/token"
)

// Handles that were not made are nil; the zero value knows no key. Neither panics.
func TestHandlesNotMade(t *testing.T) {
	for name, keys := range map[string]token.HandleKeys{"no keys": {}, "no secret": {Active: token.HandleKey{ID: 1}}} {
		h, err := token.NewHandles("org", keys)
		require.Error(t, err, name)
		require.Nil(t, h, name)
	}
	s := mintHandle(t, newHandles(t, "org", token.HandleKeys{Active: token.NewHandleKey()}), token.Handle{Kind: token.HandleMFA})
	var zero token.Handles
	_, _, err := zero.Parse(nil, token.HandleMFA, s)
	require.ErrorIs(t, err, token.ErrHandleKey)
	_, err = zero.Append(nil, &token.Handle{Kind: token.HandleMFA}, nil)
	require.ErrorIs(t, err, token.ErrHandleKey)
	require.False(t, zero.CheckSalt(&token.Handle{}, &salt))
	require.Zero(t, zero.ActiveKey())
}

// A salt that is missing is no salt: a record that lost its own must not open.
func TestSaltMisuse(t *testing.T) {
	h := newHandles(t, "org", token.HandleKeys{Active: token.NewHandleKey()})
	var zeros [16]byte
	for _, kind := range []token.HandleKind{token.HandleRefresh, token.HandleCode} {
		_, err := h.Append(nil, &token.Handle{Kind: kind}, &zeros)
		require.Error(t, err)
		good, _, err := h.Parse(nil, kind, mintHandle(t, h, token.Handle{Kind: kind}))
		require.NoError(t, err)
		require.True(t, h.CheckSalt(&good, &salt))
		require.False(t, h.CheckSalt(&good, nil))
		require.False(t, h.CheckSalt(&good, &zeros))
		for _, other := range []token.HandleKind{0, token.HandleMFA, token.HandleRefresh + token.HandleCode - kind, 200} {
			changed := good
			changed.Kind = other
			require.False(t, h.CheckSalt(&changed, &salt), "as %d", other)
		}
		byHand := token.Handle{Kind: kind, KeyID: h.ActiveKey()}
		require.False(t, h.CheckSalt(&byHand, &salt), "never parsed")
		require.NoError(t, h.Replace(token.HandleKeys{Active: token.NewHandleKey()}))
		require.False(t, h.CheckSalt(&good, &salt), "its key was removed meanwhile")
	}
	for _, kind := range []token.HandleKind{0, 99} {
		_, err := h.Append(nil, &token.Handle{Kind: kind}, nil)
		require.ErrorContains(t, err, "kind")
	}
}

// Parse appends: what is in the buffer stays, also beside an error.
func TestParseKeepsTheBuffer(t *testing.T) {
	h := newHandles(t, "org", token.HandleKeys{Active: token.NewHandleKey()})
	first := mintHandle(t, h, token.Handle{Kind: token.HandleAccess, Payload: []byte("first")})
	second := mintHandle(t, h, token.Handle{Kind: token.HandleAccess, Payload: []byte("second")})
	for _, room := range []int{0, 1 << 10} {
		a, buf, err := h.Parse(make([]byte, 0, room), token.HandleAccess, first)
		require.NoError(t, err)
		held := bytes.Clone(buf)
		b, buf, err := h.Parse(buf, token.HandleAccess, second)
		require.NoError(t, err)
		require.Equal(t, "first", string(a.Payload))
		require.Equal(t, "second", string(b.Payload))
		require.Equal(t, held, buf[:len(held)])
		for _, bad := range []string{"", first + "A", first[:len(first)-2] + "AA"} {
			_, after, err := h.Parse(buf[:len(held)], token.HandleAccess, bad)
			require.ErrorIs(t, err, token.ErrHandle)
			require.Equal(t, held, after)
		}
	}
}

// No verb and no logger shows a secret.
func TestHandleKeyVerbs(t *testing.T) {
	k := token.HandleKey{ID: 7, Secret: [32]byte(bytes.Repeat([]byte{0xab}, 32))}
	var text strings.Builder
	slog.New(slog.NewTextHandler(&text, timeless)).Info("x", "key", k, "keys", token.HandleKeys{Active: k})
	shown := []string{text.String()}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%d", "%x", "%X", "%o", "%b", "%c", "%t"} {
		shown = append(shown, fmt.Sprintf(verb, k), fmt.Sprintf(verb, token.HandleKeys{Active: k, Retiring: []token.HandleKey{k}}))
	}
	for _, s := range shown {
		for _, secret := range []string{"171", "abab", "ABAB", "ab ab", "253 253", "10101011", "«"} {
			require.NotContains(t, s, secret)
		}
	}
	require.Equal(t, "handle key 7", fmt.Sprintf("%d", k))
}

// The wire form, computed by hand: handles live for months, and a later release must
// read what an earlier one made.
func TestHandleWireForm(t *testing.T) {
	key := token.HandleKey{ID: 0x01020304, Secret: [32]byte{1, 2, 3}}
	h := newHandles(t, "org", token.HandleKeys{Active: key})
	for _, kind := range handleKinds {
		hd := token.Handle{Kind: kind, Record: [16]byte{5, 6}, Generation: 0x0708, Payload: []byte("view")}
		derived, err := hkdf.Key(sha256.New, key.Secret[:], nil, "mintyard handle "+kind.String()+"\x00org", 32)
		require.NoError(t, err)
		sum := func(parts ...[]byte) []byte {
			m := hmac.New(sha256.New, derived)
			m.Write(bytes.Join(parts, nil))
			return m.Sum(nil)[:16]
		}
		context := []byte{1, byte(kind), 0, 3, 'o', 'r', 'g'}
		b := append([]byte{1, 1, 2, 3, 4}, hd.Record[:]...)
		b = append(b, 0, 0, 7, 8, 'v', 'i', 'e', 'w')
		b = append(b, sum(context, b)...)
		if salted(kind) != nil {
			b = append(b, sum([]byte("\x00salt"), salt[:], context, b)...)
		}
		s := mintHandle(t, h, hd)
		require.Equal(t, base64.RawURLEncoding.EncodeToString(b), s[strings.LastIndexByte(s[:10], '_')+1:], kind)
	}
}
