package token_test

import (
	"bytes"
	"encoding/base64"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mintyard/mintyard/oauth/token"
)

var saltedForms = map[token.HandleKind]string{token.HandleRefresh: "mint_rt_", token.HandleCode: "mint_ac_"}

func rawHandle(t testing.TB, prefix, s string) []byte {
	t.Helper()
	b, err := base64.RawURLEncoding.Strict().DecodeString(s[len(prefix):])
	require.NoError(t, err)
	return b
}

// Whoever has the key and the record's id, from an access token, and guesses the salt, makes
// a handle that differs in nothing but the second MAC; and so it stays shut.
func TestSecondMACNeedsTheSalt(t *testing.T) {
	key := token.NewHandleKey()
	server, thief := newHandles(t, "org", token.HandleKeys{Active: key}), newHandles(t, "org", token.HandleKeys{Active: key})
	for kind, prefix := range saltedForms {
		hd := token.Handle{Kind: kind, Record: [16]byte{4}, Generation: 3}
		real := rawHandle(t, prefix, mintHandle(t, server, hd))
		for bit := range 128 {
			guess := salt
			guess[bit/8] ^= 1 << (bit % 8)
			made, err := thief.Append(nil, &hd, &guess)
			require.NoError(t, err)
			forged := rawHandle(t, prefix, string(made))
			require.Equal(t, real[:41], forged[:41], "the first MAC is right")
			require.NotEqual(t, real[41:], forged[41:], "bit %d", bit)
			out, _, err := server.Parse(nil, kind, string(made))
			require.NoError(t, err)
			require.False(t, server.CheckSalt(&out, &salt), "bit %d", bit)
		}
	}
}

// A second MAC belongs to one kind, record and generation.
func TestSecondMACIsNotMoved(t *testing.T) {
	h := newHandles(t, "org", token.HandleKeys{Active: token.NewHandleKey()})
	for kind, prefix := range saltedForms {
		hd := token.Handle{Kind: kind, Record: [16]byte{4}, Generation: 3, Payload: []byte("p")}
		own := rawHandle(t, prefix, mintHandle(t, h, hd))
		cut := len(own) - 16
		for name, other := range map[string]token.Handle{
			"generation": {Kind: kind, Record: [16]byte{4}, Generation: 4, Payload: []byte("p")},
			"record":     {Kind: kind, Record: [16]byte{5}, Generation: 3, Payload: []byte("p")},
			"payload":    {Kind: kind, Record: [16]byte{4}, Generation: 3, Payload: []byte("q")},
			"kind":       {Kind: token.HandleRefresh + token.HandleCode - kind, Record: [16]byte{4}, Generation: 3, Payload: []byte("p")},
		} {
			borrowed := rawHandle(t, saltedForms[other.Kind], mintHandle(t, h, other))
			mixed := append(bytes.Clone(own[:cut]), borrowed[cut:]...)
			out, _, err := h.Parse(nil, kind, prefix+base64.RawURLEncoding.EncodeToString(mixed))
			require.NoError(t, err, name)
			require.False(t, h.CheckSalt(&out, &salt), "the second MAC of another %s", name)
		}
		for i := range 16 { // and its bytes count, each of them
			changed := bytes.Clone(own)
			changed[cut+i] ^= 0x80
			out, _, err := h.Parse(nil, kind, prefix+base64.RawURLEncoding.EncodeToString(changed))
			require.NoError(t, err)
			require.False(t, h.CheckSalt(&out, &salt), i)
		}
		first := append(bytes.Clone(own[:cut]), own[cut-16:cut]...)
		out, _, err := h.Parse(nil, kind, prefix+base64.RawURLEncoding.EncodeToString(first))
		require.NoError(t, err)
		require.False(t, h.CheckSalt(&out, &salt), "the first MAC in place of the second")
	}
}

// A salt is needed for two kinds, and refused for the others; what stood in dst stays.
func TestSaltPerKind(t *testing.T) {
	h := newHandles(t, "org", token.HandleKeys{Active: token.NewHandleKey()})
	for _, kind := range handleKinds {
		given := &salt
		if salted(kind) != nil {
			given = nil
		}
		dst, err := h.Append([]byte("kept"), &token.Handle{Kind: kind}, given)
		require.ErrorContains(t, err, "salt", kind)
		require.Equal(t, "kept", string(dst))
		dst, err = h.Append([]byte("kept"), &token.Handle{Kind: kind}, salted(kind))
		require.NoError(t, err)
		require.Equal(t, "kept"+mintHandle(t, h, token.Handle{Kind: kind}), string(dst))
		out, _, err := h.Parse(nil, kind, string(dst[4:]))
		require.NoError(t, err)
		require.Equal(t, salted(kind) != nil, h.CheckSalt(&out, &salt), kind)
	}
}

// Whoever appends to the payload that Parse returned does not write over the MACs behind it,
// and a handle may be written into the very buffer it was read into.
func TestPayloadIsCapped(t *testing.T) {
	h := newHandles(t, "org", token.HandleKeys{Active: token.NewHandleKey()})
	s := mintHandle(t, h, token.Handle{Kind: token.HandleRefresh, Payload: []byte("pay")})
	out, buf, err := h.Parse(make([]byte, 0, 512), token.HandleRefresh, s)
	require.NoError(t, err)
	_ = append(out.Payload, bytes.Repeat([]byte{1}, 32)...)
	require.True(t, h.CheckSalt(&out, &salt))
	again, err := h.Append(buf[:0], &out, &salt)
	require.NoError(t, err)
	require.Equal(t, s, string(again))
}

// FuzzHandleFields: what goes in comes out, and one flipped bit anywhere opens nothing.
func FuzzHandleFields(f *testing.F) {
	h := newHandles(f, "org", token.HandleKeys{Active: token.HandleKey{ID: 7, Secret: [32]byte{1}}})
	f.Add(uint8(1), []byte("record"), uint32(1), []byte("payload"), uint16(80))
	f.Add(uint8(2), []byte{}, uint32(1<<32-1), []byte{}, uint16(600))
	f.Fuzz(func(t *testing.T, which uint8, record []byte, generation uint32, payload []byte, flip uint16) {
		in := token.Handle{Kind: handleKinds[int(which)%len(handleKinds)], Generation: generation, Payload: payload}
		copy(in.Record[:], record)
		if len(payload) > 4000 {
			return
		}
		s := mintHandle(t, h, in)
		out, _, err := h.Parse(nil, in.Kind, s)
		require.NoError(t, err)
		require.Equal(t, []any{in.Kind, uint32(7), in.Record, in.Generation, string(in.Payload)},
			[]any{out.Kind, out.KeyID, out.Record, out.Generation, string(out.Payload)})
		require.True(t, opens(h, in.Kind, s))
		changed := []byte(s)
		changed[int(flip)/8%len(s)] ^= 1 << (flip % 8)
		require.False(t, opens(h, in.Kind, string(changed)))
	})
}
