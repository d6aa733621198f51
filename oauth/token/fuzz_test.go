package token_test

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	jose "github.com/go-jose/go-jose/v4"
	"github.com/stretchr/testify/require"

	"github.com/mintyard/mintyard/oauth/token"
)

var joseAlgorithms = []jose.SignatureAlgorithm{jose.RS256, jose.PS256, jose.ES256, jose.ES384, jose.EdDSA, jose.HS256}

// theirs returns what go-jose signs and verifies with.
func theirs(t testing.TB, k *token.Key) (signing, verifying any) {
	if k.Algorithm() == token.HS256 {
		return hs256Secret, hs256Secret
	}
	return private(t, k), k.Public()
}

// FuzzMintVerify holds both halves to go-jose: it reads what we mint, and we what it
// mints, for every algorithm, and all of it means the same.
func FuzzMintVerify(f *testing.F) {
	for i := range uint8(len(joseAlgorithms)) {
		f.Add(i, "mia", "shop", "https://orders.example", "read write", "j-1", `"a":1,"b":["c"]`, int64(60))
	}
	f.Add(uint8(4), "\u2028</script>", "\"\\\x00\x7f", "\U0001F600", "", "\ufffd", `"\u00e9\ud83d\ude00" : { "x" : null } `, int64(1))
	f.Add(uint8(5), "a", "b", "c", "a  b", "d", `"\u0069ss":"x"`, int64(1<<40))
	f.Add(uint8(5), "\xff", "b", "c", "d", "e", `"Exp":1`, int64(-1))
	f.Fuzz(func(t *testing.T, which uint8, subject, client, aud, scope, id, extra string, life int64) {
		i := int(which) % len(joseAlgorithms)
		k, alg := testKeys(t)[i], joseAlgorithms[i]
		at := &token.AccessToken{
			Issuer: issuer, Subject: subject, ClientID: client, ID: id, Audience: []string{aud},
			Scopes: strings.Fields(scope), IssuedAt: noon.Unix(), Expires: noon.Unix() + life, Extra: []byte(extra),
		}
		tok, err := k.AccessTokenString(at)
		if err != nil {
			require.ErrorIs(t, err, token.ErrClaim)
			for _, s := range []string{subject, client, aud, id} {
				if s == "" || !utf8.ValidString(s) {
					return
				}
			}
			if life > 0 && noon.Unix()+life <= 253402300799 && extra == "" && scope == "" {
				t.Fatal(err)
			}
			return
		}

		// What go-jose reads.
		signing, verifying := theirs(t, k)
		parsed, err := jose.ParseSignedCompact(tok, []jose.SignatureAlgorithm{alg})
		require.NoError(t, err)
		payload, err := parsed.Verify(verifying)
		require.NoError(t, err)
		require.Equal(t, k.ID(), parsed.Signatures[0].Protected.KeyID)
		require.Equal(t, token.TypeAccessToken, parsed.Signatures[0].Protected.ExtraHeaders[jose.HeaderType])
		var claims map[string]any
		require.NoError(t, json.Unmarshal(payload, &claims))
		for name, want := range map[string]string{"iss": issuer, "sub": subject, "client_id": client, "jti": id, "aud": aud} {
			require.Equal(t, want, claims[name], name)
		}
		require.Equal(t, float64(at.Expires), claims["exp"])
		if s, ok := claims["scope"]; ok || len(at.Scopes) > 0 {
			require.Equal(t, strings.Join(at.Scopes, " "), s)
		}

		// What we read of it, and of the same claims in the hand of go-jose.
		opts := (&jose.SignerOptions{}).WithType(token.TypeAccessToken)
		if k.ID() != "" {
			opts = opts.WithHeader("kid", k.ID())
		}
		signer, err := jose.NewSigner(jose.SigningKey{Algorithm: alg, Key: signing}, opts)
		require.NoError(t, err)
		rewritten, err := json.Marshal(claims)
		require.NoError(t, err)
		signed, err := signer.Sign(rewritten)
		require.NoError(t, err)
		compact, err := signed.CompactSerialize()
		require.NoError(t, err)
		for _, tok := range []string{tok, compact} {
			v := token.Verifier{Issuer: issuer, Audience: aud, Keys: k.KeySet(), Now: now}
			c, err := v.VerifyAccessToken(t.Context(), tok)
			if k.Algorithm() == token.HS256 {
				require.ErrorIs(t, err, token.ErrAlgorithm)
				v.Algorithms = []token.Algorithm{token.HS256}
				c, err = v.VerifyAccessToken(t.Context(), tok)
			}
			if len(tok) > token.MaxSize {
				require.ErrorIs(t, err, token.ErrMalformed)
				continue
			}
			require.NoError(t, err)
			require.Equal(t, []string{issuer, subject, client, id, aud, strings.Join(at.Scopes, " ")},
				[]string{c.Issuer, c.Subject, c.ClientID, c.ID, c.Audience[0], c.Scope})
			require.Equal(t, at.Expires, c.Expires)
		}
	})
}

// FuzzVerify: whatever comes, no panic; what is taken is what go-jose takes too, and
// strict JSON. The header and the payload also come under a good signature.
func FuzzVerify(f *testing.F) {
	payload := string(payloadOf(f, eightClaims()))
	for _, alg := range algorithms {
		tok := mint(f, key(f, alg), eightClaims())
		f.Add(tok, `{"alg":"EdDSA","typ":"at+jwt"}`, payload)
		for _, bad := range hostileForms(tok) {
			if len(bad) < 4096 {
				f.Add(bad, `{"alg":"EdDSA","typ":"application/at+jwt","crit":["x"]}`, payload)
			}
		}
	}
	f.Add("", `{"alg":"EdDSA","typ":"at+jwt","kid":"x"}`, `{"exp":1e400}`)
	f.Add("..", ` {"typ":"at+jwt","alg":"EdDSA","kid":""}`, `{"cnf":{"jkt":"x"},"aud":["a"],"EXP":1}`)
	set, ed := everyKey(f), key(f, token.EdDSA)
	all := joseAlgorithms[:5]
	public := make(map[token.Algorithm]any)
	for _, alg := range algorithms {
		public[alg] = key(f, alg).Public()
	}
	f.Fuzz(func(t *testing.T, tok, header, payload string) {
		for i, tok := range []string{tok, forge(t, ed, header, payload)} {
			set := set
			if i == 1 {
				set = ed.KeySet()
			}
			for _, typ := range []string{token.TypeAccessToken, token.TypeIDToken, "x"} {
				got, alg, err := set.Verify(typ, tok)
				if err != nil {
					require.ErrorIs(t, err, token.ErrToken)
					require.Nil(t, got)
					continue
				}
				theirs, err := jose.ParseSignedCompact(tok, all)
				require.NoError(t, err)
				checked, err := theirs.Verify(public[alg])
				require.NoError(t, err)
				require.Equal(t, checked, got)
				var object map[string]json.RawMessage
				require.NoError(t, json.Unmarshal(got, &object))
				require.Equal(t, string(alg), theirs.Signatures[0].Protected.Algorithm)
			}
			v := verifier(set)
			if c, err := v.VerifyAccessToken(t.Context(), tok); err == nil {
				require.Equal(t, []string{issuer, audience}, []string{c.Issuer, audience})
				require.Contains(t, c.Audience, audience)
				require.Greater(t, c.Expires, noon.Unix())
			} else {
				require.ErrorIs(t, err, token.ErrToken)
			}
			id := token.IDTokenVerifier{Issuer: issuer, ClientID: clientID, Keys: set, Now: now}
			if _, err := id.Verify(t.Context(), tok, token.IDTokenExpectation{AccessToken: "a", Code: "c", MaxAge: 1 << 62}); err != nil {
				require.ErrorIs(t, err, token.ErrToken)
			}
		}
	})
}

// FuzzExtra: extra members are either refused, or they are there and nothing else has
// changed.
func FuzzExtra(f *testing.F) {
	for _, s := range []string{`"a":1`, `"a":1,"a":2`, `"Iss":1`, `"\u0069ss":1`, `"a":{"iss":1}} `, "\"i\u017fs\":1", `"":0`, `"a":1}`, `"a":1,`, "\"\u212a\":1"} {
		f.Add(s)
	}
	k := key(f, token.HS256)
	f.Fuzz(func(t *testing.T, extra string) {
		at := eightClaims()
		at.Extra = []byte(extra)
		tok, err := k.AccessTokenString(at)
		if err != nil {
			require.ErrorIs(t, err, token.ErrClaim)
			return
		}
		// A struct, since encoding/json is lax about the case of its names.
		var lax struct {
			ISS, SUB, AUD, CLIENT_ID, SCOPE, JTI string
			EXP, IAT, NBF                        int64
			CNF, ACT                             any
		}
		payload := segment(t, tok, 1)
		require.NoError(t, json.Unmarshal(payload, &lax))
		require.Equal(t, []any{at.Issuer, at.Subject, audience, at.ClientID, "orders.read orders.write", at.ID, at.Expires, at.IssuedAt, int64(0), nil, nil},
			[]any{lax.ISS, lax.SUB, lax.AUD, lax.CLIENT_ID, lax.SCOPE, lax.JTI, lax.EXP, lax.IAT, lax.NBF, lax.CNF, lax.ACT})
		var whole, added map[string]json.RawMessage
		require.NoError(t, json.Unmarshal(payload, &whole))
		require.NoError(t, json.Unmarshal([]byte("{"+extra+"}"), &added))
		require.Len(t, whole, 8+len(added))
		for name, value := range added {
			require.Equal(t, value, whole[name])
		}
	})
}
