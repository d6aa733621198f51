package token_test

import (
	"bytes"
	"encoding/base64"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mintyard/mintyard/oauth/token"
)

var handleForms = []struct {
	kind   token.HandleKind
	prefix string
	size   int // without a payload
}{
	{token.HandleAccess, "mint_at_", 63},
	{token.HandleRefresh, "mint_rt_", 84},
	{token.HandleCode, "mint_ac_", 84},
	{token.HandleMFA, "mint_mfa_", 64},
	{token.HandleOOB, "mint_oob_", 64},
	{token.HandleDevice, "mint_dc_", 63},
	{token.HandleRequest, "mint_req_", 64},
	{token.HandleCIBA, "mint_ciba_", 65},
	{token.HandleSession, "mint_ss_", 63},
	{token.HandleWebAuthn, "mint_wa_", 63},
	{token.HandleRegistration, "mint_rat_", 64},
}

// Prefixes, sizes and the alphabet are what scanners and database columns rely on.
func TestHandleForms(t *testing.T) {
	h := newHandles(t, "org", token.HandleKeys{Active: token.NewHandleKey()})
	require.Len(t, handleForms, len(handleKinds))
	for i, f := range handleForms {
		for j, other := range handleForms {
			require.Equal(t, i == j, strings.HasPrefix(f.prefix, other.prefix), "%s and %s", f.prefix, other.prefix)
		}
		macs := 16
		if salted(f.kind) != nil {
			macs = 32
		}
		for _, n := range []int{0, 1, 2, 3, 64, 2000, 4096 - 25 - 32} {
			s := mintHandle(t, h, token.Handle{Kind: f.kind, Record: [16]byte(bytes.Repeat([]byte{0xff}, 16)), Payload: bytes.Repeat([]byte{0xfb}, n)})
			text, ok := strings.CutPrefix(s, f.prefix)
			require.True(t, ok, f.kind)
			require.Len(t, text, (4*(25+macs+n)+2)/3, "%s with a payload of %d", f.kind, n)
			require.Empty(t, strings.Trim(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"))
			if n == 0 {
				require.Len(t, s, f.size, f.kind)
			}
			out, _, err := h.Parse(nil, f.kind, s)
			require.NoError(t, err, "%s with a payload of %d", f.kind, n)
			require.Len(t, out.Payload, n)
		}
		_, err := h.Append(nil, &token.Handle{Kind: f.kind, Payload: make([]byte, 4096-25-32+1)}, salted(f.kind))
		require.ErrorContains(t, err, "too large", "%s over the limit", f.kind)
	}
}

// opens says whether a value is good in both stages.
func opens(h *token.Handles, kind token.HandleKind, s string) bool {
	out, _, err := h.Parse(nil, kind, s)
	return err == nil && (salted(kind) == nil || h.CheckSalt(&out, &salt))
}

// Every other byte at every place, and every byte left out or put in, is refused; what
// lies before the second MAC is refused already by Parse.
func TestHandleEveryChange(t *testing.T) {
	h := newHandles(t, "org", token.HandleKeys{Active: token.NewHandleKey()})
	buf := make([]byte, 0, 512)
	for _, f := range handleForms {
		for _, payload := range []string{"", "a", "ab"} { // 0, 2 and 4 loose bits at the end
			s := mintHandle(t, h, token.Handle{Kind: f.kind, Generation: 7, Payload: []byte(payload)})
			require.True(t, opens(h, f.kind, s))
			firstMAC := len(f.prefix) + (25+len(payload)+16)*4/3
			for i := range s {
				changed := []byte(s)
				for c := range 256 {
					if changed[i] = byte(c); string(changed) == s {
						continue
					}
					out, _, err := h.Parse(buf[:0], f.kind, string(changed))
					if i < firstMAC || salted(f.kind) == nil {
						require.Error(t, err, "%s: %q at %d", f.kind, c, i)
					} else if err == nil {
						require.False(t, h.CheckSalt(&out, &salt), "%s: %q at %d", f.kind, c, i)
					}
				}
				require.False(t, opens(h, f.kind, s[:i]+s[i+1:]), "%s without byte %d", f.kind, i)
			}
			for i := range len(s) + 1 {
				for _, c := range []string{"\n", "\r", "\r\n", "\n\n\n\n", "=", " ", "\x00", "A", "AAAA", "%"} {
					require.False(t, opens(h, f.kind, s[:i]+c+s[i:]), "%s: %q put in at %d", f.kind, c, i)
				}
			}
		}
	}
}

// Of the spellings that decode to the same bytes only the canonical one is a handle.
func TestHandleOneSpelling(t *testing.T) {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	h := newHandles(t, "org", token.HandleKeys{Active: token.NewHandleKey()})
	loose := 0
	for _, f := range handleForms {
		for _, payload := range []string{"", "a", "ab"} {
			s := mintHandle(t, h, token.Handle{Kind: f.kind, Payload: []byte(payload)})
			text := s[len(f.prefix):]
			decoded, err := base64.RawURLEncoding.DecodeString(text)
			require.NoError(t, err)
			for _, c := range alphabet {
				other := text[:len(text)-1] + string(c)
				same, err := base64.RawURLEncoding.DecodeString(other)
				require.NoError(t, err)
				if other == text || string(same) != string(decoded) {
					continue
				}
				loose++
				_, _, err = h.Parse(nil, f.kind, f.prefix+other)
				require.ErrorIs(t, err, token.ErrHandle)
			}
			for name, other := range map[string]string{
				"padded": base64.URLEncoding.EncodeToString(decoded), // or the same, if it needs none
				"twice":  f.prefix + text, "twice the text": text + text, "nothing": "", "without a prefix": strings.TrimPrefix(s, "mint_"),
			} {
				_, _, err = h.Parse(nil, f.kind, f.prefix+other)
				if other != text {
					require.ErrorIs(t, err, token.ErrHandle, name)
				}
			}
			_, _, err = h.Parse(nil, f.kind, f.prefix+strings.Repeat("A", 1<<20))
			require.ErrorIs(t, err, token.ErrHandle, "huge")
		}
	}
	require.Equal(t, len(handleForms)*(3+15), loose, "each kind has one end of 2 and one of 4 loose bits")
}

// The version and the key id are read before the MAC: they must not open anything either.
func TestHandleHead(t *testing.T) {
	key := token.HandleKey{ID: 0x01020304, Secret: [32]byte{1}}
	h := newHandles(t, "org", token.HandleKeys{Active: key, Retiring: []token.HandleKey{{ID: 0x01020305, Secret: [32]byte{2}}}})
	for _, f := range handleForms {
		b, err := base64.RawURLEncoding.DecodeString(mintHandle(t, h, token.Handle{Kind: f.kind})[len(f.prefix):])
		require.NoError(t, err)
		for name, c := range map[string]struct {
			at   int
			to   byte
			want error
		}{
			"version 0":       {0, 0, token.ErrHandle},
			"version 2":       {0, 2, token.ErrHandle},
			"an unknown key":  {4, 9, token.ErrHandleKey},
			"the other key":   {4, 5, token.ErrHandle},
			"the record":      {5, 1, token.ErrHandle},
			"the generation":  {24, 1, token.ErrHandle},
			"a byte of a MAC": {25, b[25] ^ 1, token.ErrHandle},
		} {
			changed := bytes.Clone(b)
			changed[c.at] = c.to
			_, _, err := h.Parse(nil, f.kind, f.prefix+base64.RawURLEncoding.EncodeToString(changed))
			require.ErrorIs(t, err, c.want, "%s: %s", f.kind, name)
		}
	}
}
