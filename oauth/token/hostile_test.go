package token_test

import (
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mintyard/mintyard/oauth/token"
)

// Headers under a good signature, and what they are refused for.
func TestHostileHeaders(t *testing.T) {
	k := key(t, token.EdDSA)
	id := k.ID()
	payload := string(payloadOf(t, eightClaims()))
	one, many := k.KeySet(), everyKey(t)
	for header, want := range map[string][2]error{ // with one key, with many
		`{"alg":"EdDSA","typ":"at+jwt","kid":"` + id + `"}`:             {nil, nil},
		`{"alg":"EdDSA","typ":"application/at+jwt","kid":"` + id + `"}`: {nil, nil},
		`{"typ":"at+jwt","alg":"EdDSA"}`:                                {nil, token.ErrKey},
		`{"typ":"at+jwt","alg":"EdDSA","kid":""}`:                       {nil, token.ErrKey},
		` {"typ" : "at+jwt","alg":"EdDSA" } `:                           {nil, token.ErrKey},
		`{"alg":"EdDSA","typ":"at+jwt","kid":"` + id + `","jwk":{"kty":"OKP"},"jku":"https://evil.example","x5u":"x","x5c":["x"],"x":null}`: {nil, nil},
		`{"alg":"EdDSA","typ":"at+jwt","kid":"other"}`:                                 {token.ErrKey, token.ErrKey},
		`{"alg":"EdDSA","typ":"at+jwt","kid":"../../etc/passwd"}`:                      {token.ErrKey, token.ErrKey},
		`{"alg":"EdDSA","typ":"at+jwt","kid":"` + strings.Repeat("k", 256) + `"}`:      {token.ErrKey, token.ErrKey},
		`{"alg":"EdDSA","typ":"at+jwt","kid":"` + key(t, token.ES256).ID() + `"}`:      {token.ErrKey, token.ErrAlgorithm},
		`{"alg":"none","typ":"at+jwt","kid":"` + id + `"}`:                             {token.ErrAlgorithm, token.ErrAlgorithm},
		`{"alg":"None","typ":"at+jwt","kid":"` + id + `"}`:                             {token.ErrAlgorithm, token.ErrAlgorithm},
		`{"alg":"nonE","typ":"at+jwt","kid":"` + id + `"}`:                             {token.ErrAlgorithm, token.ErrAlgorithm},
		`{"alg":"","typ":"at+jwt","kid":"` + id + `"}`:                                 {token.ErrAlgorithm, token.ErrAlgorithm},
		`{"alg":"eddsa","typ":"at+jwt","kid":"` + id + `"}`:                            {token.ErrAlgorithm, token.ErrAlgorithm},
		`{"alg":"Ed25519","typ":"at+jwt","kid":"` + id + `"}`:                          {token.ErrAlgorithm, token.ErrAlgorithm},
		`{"alg":"HS256","typ":"at+jwt","kid":"` + id + `"}`:                            {token.ErrAlgorithm, token.ErrAlgorithm},
		`{"alg":"HS512","typ":"at+jwt","kid":"` + id + `"}`:                            {token.ErrAlgorithm, token.ErrAlgorithm},
		`{"alg":"ES256","typ":"at+jwt","kid":"` + id + `"}`:                            {token.ErrAlgorithm, token.ErrAlgorithm},
		`{"alg":"RS256","typ":"at+jwt","kid":"` + id + `"}`:                            {token.ErrAlgorithm, token.ErrAlgorithm},
		`{"typ":"at+jwt","kid":"` + id + `"}`:                                          {token.ErrAlgorithm, token.ErrAlgorithm},
		`{"alg":"EdDSA","kid":"` + id + `"}`:                                           {token.ErrType, token.ErrType},
		`{"alg":"EdDSA","typ":"JWT","kid":"` + id + `"}`:                               {token.ErrType, token.ErrType},
		`{"alg":"EdDSA","typ":"AT+JWT","kid":"` + id + `"}`:                            {token.ErrType, token.ErrType},
		`{"alg":"EdDSA","typ":"at+jwt ","kid":"` + id + `"}`:                           {token.ErrType, token.ErrType},
		`{"alg":"EdDSA","typ":"application/application/at+jwt","kid":"` + id + `"}`:    {token.ErrType, token.ErrType},
		`{"alg":"EdDSA","typ":"","kid":"` + id + `"}`:                                  {token.ErrType, token.ErrType},
		`{"alg":"EdDSA","Typ":"at+jwt","kid":"` + id + `"}`:                            {token.ErrType, token.ErrType},
		`{"alg":"EdDSA","typ":"at+jwt","kid":"` + id + `","crit":["b64"],"b64":false}`: {token.ErrMalformed, token.ErrMalformed},
		`{"alg":"EdDSA","typ":"at+jwt","kid":"` + id + `","crit":[]}`:                  {token.ErrMalformed, token.ErrMalformed},
		`{"alg":"EdDSA","typ":"at+jwt","kid":"` + id + `","cri\u0074":["exp"]}`:        {token.ErrMalformed, token.ErrMalformed},
		`{"alg":"EdDSA","typ":"at+jwt","kid":"` + id + `","alg":"none"}`:               {token.ErrMalformed, token.ErrMalformed},
		`{"alg":"none","typ":"at+jwt","kid":"` + id + `","\u0061lg":"EdDSA"}`:          {token.ErrMalformed, token.ErrMalformed},
		`{"alg":["EdDSA"],"typ":"at+jwt","kid":"` + id + `"}`:                          {token.ErrMalformed, token.ErrMalformed},
		`{"alg":"EdDSA","typ":"at+jwt","kid":1}`:                                       {token.ErrMalformed, token.ErrMalformed},
		`{"alg":"EdDSA","typ":"at+jwt","kid":null}`:                                    {token.ErrMalformed, token.ErrMalformed},
		`{"alg":"EdDSA","typ":null}`:                                                   {token.ErrMalformed, token.ErrMalformed},
		`{"alg":"EdDSA","typ":"at+jwt"}{}`:                                             {token.ErrMalformed, token.ErrMalformed},
		`["EdDSA"]`:                                                                    {token.ErrMalformed, token.ErrMalformed},
		`null`:                                                                         {token.ErrMalformed, token.ErrMalformed},
		``:                                                                             {token.ErrMalformed, token.ErrMalformed},
		"\xff":                                                                         {token.ErrMalformed, token.ErrMalformed},
	} {
		tok := forge(t, k, header, payload)
		for i, set := range []*token.KeySet{one, many} {
			_, err := verifier(set).VerifyAccessToken(t.Context(), tok)
			if want[i] == nil {
				require.NoError(t, err, header)
				continue
			}
			require.ErrorIs(t, err, want[i], header)
			require.ErrorIs(t, err, token.ErrToken, header)
			c := token.Claims{Subject: "left over"}
			require.ErrorIs(t, set.VerifyInto(&c, token.TypeAccessToken, tok), token.ErrToken)
			require.Zero(t, c)
		}
	}
}

// Payloads under a good signature: strict JSON, strict types, everything required.
func TestHostilePayloads(t *testing.T) {
	k := key(t, token.EdDSA)
	v := verifier(k.KeySet())
	base := string(payloadOf(t, eightClaims()))
	replace := func(old, new string) string {
		require.Contains(t, base, old)
		return strings.Replace(base, old, new, 1)
	}
	add := func(members string) string { return strings.TrimSuffix(base, "}") + "," + members + "}" }
	exp := `"exp":` + strconv.FormatInt(eightClaims().Expires, 10)
	iat := `"iat":` + strconv.FormatInt(eightClaims().IssuedAt, 10)
	for payload, want := range map[string]error{
		base: nil, " " + base + "\n": nil,
		replace(exp, exp+".75"):                                   nil,
		replace(exp, `"exp":1.7900003e9`):                         nil,
		replace(exp, `"exp":253402300799`):                        nil,
		add(`"nbf":0`):                                            nil,
		add(`"x":{"exp":"inner"},"expires":"x","ISSUER":1`):       nil,
		replace(`"aud":"`+audience+`"`, `"aud":["`+audience+`"]`): nil,

		add(`"exp":9999999999`):      token.ErrMalformed,
		add(`"\u0065xp":9999999999`): token.ErrMalformed,
		add(`"EXP":9999999999`):      token.ErrMalformed,
		add(`"Sub":"root"`):          token.ErrMalformed,
		add("\"\u017fub\":\"root\""): token.ErrMalformed,
		add(`"x":{"a":1,"a":2}`):     token.ErrMalformed,
		add(`"x":"\ud800"`):          token.ErrMalformed,
		add("\"x\":\"\xff\""):        token.ErrMalformed,
		add(`"x":` + strings.Repeat("[", 33) + strings.Repeat("]", 33)): token.ErrMalformed,
		base + "{}": token.ErrMalformed, "[" + base + "]": token.ErrMalformed, "": token.ErrMalformed, "null": token.ErrMalformed, base[:len(base)-1]: token.ErrMalformed,
		replace(exp, `"exp":"1790000300"`):                          token.ErrMalformed,
		replace(exp, `"exp":-1`):                                    token.ErrMalformed,
		replace(exp, `"exp":-0`):                                    token.ErrMalformed,
		replace(exp, `"exp":-1790000300.5`):                         token.ErrMalformed,
		replace(exp, `"exp":1e400`):                                 token.ErrMalformed,
		replace(exp, `"exp":NaN`):                                   token.ErrMalformed,
		replace(exp, `"exp":null`):                                  token.ErrMalformed,
		replace(exp, `"exp":true`):                                  token.ErrMalformed,
		replace(exp, `"exp":[1790000300]`):                          token.ErrMalformed,
		replace(exp, exp+"000"):                                     token.ErrMalformed, // milliseconds
		replace(exp, `"exp":99999999999999999999`):                  token.ErrMalformed,
		replace(iat, `"iat":"now"`):                                 token.ErrMalformed,
		add(`"nbf":"0"`):                                            token.ErrMalformed,
		add(`"auth_time":-1`):                                       token.ErrMalformed,
		add(`"acr":1`):                                              token.ErrMalformed,
		add(`"amr":"pwd"`):                                          token.ErrMalformed,
		add(`"amr":[1]`):                                            token.ErrMalformed,
		add(`"sid":{}`):                                             token.ErrMalformed,
		add(`"cnf":"x"`):                                            token.ErrMalformed,
		add(`"cnf":{"jkt":1}`):                                      token.ErrMalformed,
		add(`"cnf":{"jkt":"a","jkt":"b"}`):                          token.ErrMalformed,
		replace(`"aud":"`+audience+`"`, `"aud":null`):               token.ErrMalformed,
		replace(`"aud":"`+audience+`"`, `"aud":["`+audience+`",1]`): token.ErrMalformed,
		replace(`"aud":"`+audience+`"`, `"aud":{}`):                 token.ErrMalformed,
		replace(`"sub":"`+person+`"`, `"sub":7`):                    token.ErrMalformed,
		replace(`"scope":"orders.read orders.write"`, `"scope":["orders.read"]`): token.ErrMalformed,

		replace(`"aud":"`+audience+`"`, `"aud":[]`):                       token.ErrAudience,
		replace(`"aud":"`+audience+`"`, `"aud":""`):                       token.ErrAudience,
		replace(`"aud":"`+audience+`"`, `"aud":"`+audience+`/"`):          token.ErrAudience,
		replace(`"aud":"`+audience+`"`, `"aud":"HTTPS://orders.example"`): token.ErrAudience,
		replace(`"aud":"`+audience+`"`, `"aud":"`+audience+` x"`):         token.ErrAudience,
		replace(`"iss":"`+issuer+`"`, `"iss":"`+issuer+`/"`):              token.ErrIssuer,
		replace(`"iss":"`+issuer+`",`, ``):                                token.ErrIssuer,
		replace(exp, `"exp":1`):                                           token.ErrExpired,
		replace(exp+",", ``):                                              token.ErrClaim,
		replace(iat+",", ``):                                              token.ErrClaim,
		replace(`"sub":"`+person+`",`, ``):                                token.ErrClaim,
		replace(`"sub":"`+person+`"`, `"sub":""`):                         token.ErrClaim,
		replace(`"client_id":"`+clientID+`",`, ``):                        token.ErrClaim,
		replace(`"jti":"`+eightClaims().ID+`",`, ``):                      token.ErrClaim,
		add(`"nbf":1790000001`):                                           token.ErrNotYetValid,
	} {
		c, err := v.VerifyAccessToken(t.Context(), forge(t, k, `{"alg":"EdDSA","typ":"at+jwt"}`, payload))
		if want == nil {
			require.NoError(t, err, payload)
			require.Equal(t, payload, string(c.Payload))
			continue
		}
		require.ErrorIs(t, err, want, payload)
		require.ErrorIs(t, err, token.ErrToken, payload)
		require.Nil(t, c, "no claims beside an error")
	}
}
