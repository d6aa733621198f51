package token_test

import (
	"encoding/base64"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mintyard/mintyard/oauth/token"
)

// hostileForms changes a good token into others that must not be taken for it.
func hostileForms(tok string) map[string]string {
	head, rest, _ := strings.Cut(tok, ".")
	payload, sig, _ := strings.Cut(rest, ".")
	other := func(s string, i int) string {
		b := []byte(s)
		if b[i] == 'A' {
			b[i] = 'B'
		} else {
			b[i] = 'A'
		}
		return string(b)
	}
	std := strings.NewReplacer("-", "+", "_", "/")
	forms := map[string]string{
		"empty": "", "dots": "..", "dot": ".", "no signature": head + "." + payload + ".", "two segments": head + "." + payload,
		"four segments": tok + ".", "five": tok + ".a.b", "leading dot": "." + tok, "no header": "." + payload + "." + sig, "no payload": head + ".." + sig,
		"signature twice": tok + sig, "space": " " + tok, "trailing space": tok + " ", "line": tok + "\n", "line in the payload": head + "." + payload[:4] + "\n" + payload[4:] + "." + sig,
		"return in the signature": head + "." + payload + "." + sig[:4] + "\r" + sig[4:], "line in the header": head[:4] + "\r\n" + head[4:] + "." + payload + "." + sig,
		"padding": tok + "=", "more padding": tok + "==", "padded header": head + "=." + payload + "." + sig, "nul": tok + "\x00", "bearer": "Bearer " + tok,
		"changed payload": head + "." + other(payload, 10) + "." + sig, "changed signature": head + "." + payload + "." + other(sig, 10), "short signature": tok[:len(tok)-4],
		"longer signature": tok + "AAAA", "JSON": `{"payload":"` + payload + `","protected":"` + head + `","signature":"` + sig + `"}`,
		"zero signature": head + "." + payload + "." + strings.Repeat("A", len(sig)), "many dots": strings.Repeat(".", 16<<10), "dots around": strings.Repeat(".", 100) + tok,
		"large": head + "." + payload + "." + sig + strings.Repeat("A", 16<<10), "unicode": "\u00e9" + tok,
		"stripped": base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none","typ":"at+jwt"}`)) + "." + payload + ".",
		"swapped":  head + "." + payload + "." + payload,
	}
	if s := std.Replace(tok); s != tok {
		forms["standard alphabet"] = s
	}
	// Other characters for the same bytes, in what is left of the last one.
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	for name, part := range map[string]string{"signature": sig, "payload": payload, "header": head} {
		if len(part)%4 == 0 {
			continue
		}
		i := strings.IndexByte(alphabet, part[len(part)-1])
		twin := part[:len(part)-1] + string(alphabet[i^1])
		forms["other spelling of the "+name] = strings.Replace(tok, part, twin, 1)
	}
	return forms
}

func TestHostileForms(t *testing.T) {
	set := everyKey(t)
	for _, alg := range algorithms {
		tok := mint(t, key(t, alg), eightClaims())
		for name, bad := range hostileForms(tok) {
			c, err := verifier(set).VerifyAccessToken(t.Context(), bad)
			require.ErrorIs(t, err, token.ErrToken, "%s %s", alg, name)
			require.Nil(t, c)
			payload, _, err := key(t, alg).KeySet().Verify(token.TypeAccessToken, bad)
			require.ErrorIs(t, err, token.ErrToken, "%s %s", alg, name)
			require.Nil(t, payload)
		}
		// One bit of the signature, everywhere.
		sig := segment(t, tok, 2)
		for i := range sig {
			bad := append([]byte(nil), sig...)
			bad[i] ^= 1 << (i % 8)
			_, _, err := set.Verify(token.TypeAccessToken, tok[:strings.LastIndexByte(tok, '.')+1]+base64.RawURLEncoding.EncodeToString(bad))
			require.ErrorIs(t, err, token.ErrSignature)
		}
		// Of another key of the algorithm.
		k, err := token.NewKey(alg, private(t, generate(t, alg)), token.KeyOptions{ID: key(t, alg).ID()})
		require.NoError(t, err)
		_, _, err = set.Verify(token.TypeAccessToken, mint(t, k, eightClaims()))
		require.ErrorIs(t, err, token.ErrSignature)
	}
	at := eightClaims()
	at.Extra = []byte(`"x":"` + strings.Repeat("x", 20<<10) + `"`)
	_, _, err := set.Verify(token.TypeAccessToken, mint(t, key(t, token.EdDSA), at))
	require.ErrorIs(t, err, token.ErrMalformed, "too large, though well signed")
}
