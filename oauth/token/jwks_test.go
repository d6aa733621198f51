package token_test

import (
	"encoding/base64"
	"math/big"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mintyard/mintyard/oauth/token"
)

// members returns the JWK of a key, without its last brace.
func members(tb testing.TB, k *token.Key) string {
	tb.Helper()
	r, err := token.NewRing(token.RingState{Active: []*token.Key{k}})
	require.NoError(tb, err)
	doc := string(r.JWKS())
	return strings.TrimSuffix(strings.TrimPrefix(doc, `{"keys":[`), `}]}`)
}

func rsaJWK(n *big.Int, e string, more string) string {
	return `{"kty":"RSA","kid":"r","n":"` + base64.RawURLEncoding.EncodeToString(n.Bytes()) + `","e":"` + e + `"` + more + `}`
}

func TestParseKeySet(t *testing.T) {
	es, ed, es384 := members(t, key(t, token.ES256)), members(t, key(t, token.EdDSA)), members(t, key(t, token.ES384))
	noAlg := strings.Replace(es, `"alg":"ES256",`, "", 1)
	noUse := strings.Replace(noAlg, `"use":"sig",`, "", 1)
	n2048 := rsaOf(2048, 3).N
	with := func(k, old, new string) string {
		require.Contains(t, k, old)
		return strings.Replace(k, old, new, 1)
	}
	x := func(k string) string {
		_, after, _ := strings.Cut(k, `"x":"`)
		return after[:strings.IndexByte(after, '"')]
	}

	for doc, want := range map[string]int{
		`{"keys":[]}`:                        0,
		`{"keys":[` + es + `},` + ed + `}]}`: 2,
		` { "other" : 1 , "keys" : [ ` + es + ` } , ` + ed + `} ] } `:             2,
		`{"keys":[` + noAlg + `}]}`:                                               1,
		`{"keys":[` + noUse + `}]}`:                                               1,
		`{"keys":[` + noUse + `,"key_ops":["verify"]}]}`:                          1,
		`{"keys":[` + es + `,"x5c":["ignored"],"x5t":"y","more":{"d":"inner"}}]}`: 1,
		`{"keys":[` + rsaJWK(n2048, "AQAB", "") + `]}`:                            1,
		`{"keys":[` + rsaJWK(n2048, "Aw", `,"alg":"PS256"`) + `]}`:                1,
		// Not for us:
		`{"keys":[` + with(es, `"use":"sig"`, `"use":"enc"`) + `}]}`:                0,
		`{"keys":[` + noUse + `,"key_ops":["encrypt"]}]}`:                           0,
		`{"keys":[` + noUse + `,"key_ops":[]}]}`:                                    0,
		`{"keys":[{}]}`:                                                             0,
		`{"keys":[{"kty":"XYZ","kid":"x"}]}`:                                        0,
		`{"keys":[{"kty":"EC","crv":"P-521","kid":"x","x":"AA","y":"AA"}]}`:         0,
		`{"keys":[{"kty":"OKP","crv":"X25519","kid":"x","x":"AA"}]}`:                0,
		`{"keys":[{"kty":"ec","crv":"P-256","kid":"x"}]}`:                           0,
		`{"keys":[` + rsaJWK(n2048, "AQAB", `,"alg":"RSA-OAEP"`) + `,` + es + `}]}`: 1,
		`{"keys":[` + rsaJWK(n2048, "AQAB", `,"alg":"RS512"`) + `]}`:                0,
		`{"keys":[` + with(es, `"use":"sig"`, `"use":"enc"`) + `},` + es + `}]}`:    1, // one id, but only one is kept
		`{"keys":[` + with(es, `"kid":"`, `"id":"`) + `},` + ed + `}]}`:             2,
	} {
		set, err := token.ParseKeySet([]byte(doc))
		require.NoError(t, err, doc)
		require.Equal(t, want, set.Len(), doc)
	}
	for _, doc := range []string{
		``, `null`, `[]`, `{}`, `"keys"`, `{"keys":null}`, `{"keys":{}}`, `{"Keys":[]}`, `{"keys":[]}x`, `{"keys":[],"keys":[]}`,
		`{"keys":[1]}`, `{"keys":[null]}`, `{"keys":["x"]}`, `{"keys":[[]]}`, `{"keys":[` + es + `}`, "{\"keys\":[],\"a\":\"\xff\"}",
		`{"keys":[` + es + `},` + es + `}]}`, // one id twice
		`{"keys":[` + with(es, `"kid":"`, `"id":"`) + `},` + with(ed, `"kid":"`, `"id":"`) + `}]}`, // no id twice
		`{"keys":[` + es + `,"d":"AA"}]}`,                                                  // private
		`{"keys":[` + es + `,"\u0064":"AA"}]}`,                                             // private, in disguise
		`{"keys":[` + es + `,"d":null}]}`,                                                  //
		`{"keys":[` + with(es, `"use":"sig"`, `"use":"enc"`) + `,"d":"AA"}]}`,              // private, of no use
		`{"keys":[` + rsaJWK(n2048, "AQAB", `,"p":"AA"`) + `]}`,                            //
		`{"keys":[` + rsaJWK(n2048, "AQAB", `,"oth":[]`) + `]}`,                            //
		`{"keys":[{"kty":"oct","kid":"x","k":"AAAA"}]}`,                                    // secret
		`{"keys":[{"kty":"oct","kid":"x","alg":"HS256","k":"AAAA"},` + es + `}]}`,          //
		`{"keys":[` + rsaJWK(rsaOf(2047, 3).N, "AQAB", "") + `]}`,                          // weak
		`{"keys":[` + rsaJWK(rsaOf(1024, 3).N, "AQAB", "") + `]}`,                          //
		`{"keys":[` + rsaJWK(rsaOf(8193, 3).N, "AQAB", "") + `]}`,                          //
		`{"keys":[` + rsaJWK(n2048, "AQ", "") + `]}`,                                       // e = 1
		`{"keys":[` + rsaJWK(n2048, "Ag", "") + `]}`,                                       // e = 2
		`{"keys":[` + rsaJWK(n2048, "", "") + `]}`,                                         //
		`{"keys":[` + rsaJWK(n2048, "_____w", "") + `]}`,                                   // e = 2^32-1
		`{"keys":[` + rsaJWK(n2048, "AQAAAAE", "") + `]}`,                                  // e = 2^32+1
		`{"keys":[` + rsaJWK(n2048, "AQAB=", "") + `]}`,                                    // padding
		`{"keys":[` + rsaJWK(n2048, "AQAC", "") + `]}`,                                     // even
		`{"keys":[` + rsaJWK(n2048, "AQAB", `,"alg":"ES256"`) + `]}`,                       // at odds
		`{"keys":[` + rsaJWK(n2048, "AQAB", `,"alg":"HS256"`) + `]}`,                       //
		`{"keys":[` + with(es, `"alg":"ES256"`, `"alg":"ES384"`) + `}]}`,                   //
		`{"keys":[` + with(es, `"alg":"ES256"`, `"alg":"EdDSA"`) + `}]}`,                   //
		`{"keys":[` + with(es, `"crv":"P-256"`, `"crv":"P-384"`) + `}]}`,                   //
		`{"keys":[` + with(es, `"x":"`, `"x":"AAAA`) + `}]}`,                               // too long
		`{"keys":[` + with(es, `"x":"`+x(es), `"x":"`+x(es)[:42]) + `}]}`,                  // too short
		`{"keys":[` + with(es, `"x":"`+x(es), `"x":"`+x(ed)) + `}]}`,                       // off the curve
		`{"keys":[` + with(es, `"y":`, `"z":`) + `}]}`,                                     // half
		`{"keys":[` + with(es384, `"y":`, `"z":`) + `}]}`,                                  //
		`{"keys":[` + with(ed, `"x":"`+x(ed), `"x":"`+x(ed)[:40]) + `}]}`,                  //
		`{"keys":[` + with(ed, `"x":"`+x(ed), `"x":"`+x(ed)[:10]+"\\n"+x(ed)[10:]) + `}]}`, // line break
		`{"keys":[` + with(ed, `"kid":"`, `"kid":1,"a":"`) + `}]}`,                         // type
		`{"keys":[` + with(ed, `"use":"sig"`, `"use":["sig"]`) + `}]}`,                     //
		`{"keys":[` + noUse + `,"key_ops":"verify"}]}`,                                     //
		`{"keys":[],"pad":"` + strings.Repeat("x", 1<<20) + `"}`,                           // size
	} {
		set, err := token.ParseKeySet([]byte(doc))
		require.Error(t, err, doc)
		require.Nil(t, set)
		require.Less(t, len(err.Error()), 300)
	}
}

// An RSA key without alg is for RS256: not for PS256 as well, whatever a token says.
func TestRSAKeyWithoutAlgorithm(t *testing.T) {
	rs := key(t, token.RS256)
	doc := `{"keys":[` + strings.Replace(members(t, rs), `"alg":"RS256",`, "", 1) + `}]}`
	set, err := token.ParseKeySet([]byte(doc))
	require.NoError(t, err)
	_, _, err = set.Verify(token.TypeAccessToken, mint(t, rs, eightClaims()))
	require.NoError(t, err)
	ps, err := token.NewKey(token.PS256, private(t, rs), token.KeyOptions{ID: rs.ID()})
	require.NoError(t, err)
	_, _, err = set.Verify(token.TypeAccessToken, mint(t, ps, eightClaims()))
	require.ErrorIs(t, err, token.ErrAlgorithm)
}

func FuzzParseKeySet(f *testing.F) {
	f.Add([]byte(`{"keys":[` + members(f, key(f, token.ES256)) + `},` + members(f, key(f, token.RS256)) + `}]}`))
	f.Add([]byte(`{"keys":[` + members(f, key(f, token.EdDSA)) + `,"key_ops":["verify","x"],"use":"sig"}]}`))
	f.Fuzz(func(t *testing.T, doc []byte) {
		set, err := token.ParseKeySet(doc)
		if (set == nil) == (err == nil) {
			t.Fatal(set, err)
		}
	})
}
