package token_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mintyard/mintyard/oauth/token"
)

func decoded(t *testing.T, tok string, i int) map[string]any {
	t.Helper()
	var m map[string]any
	require.NoError(t, json.Unmarshal(segment(t, tok, i), &m))
	return m
}

func TestAccessTokenClaims(t *testing.T) {
	at := eightClaims()
	tok := mint(t, key(t, token.ES256), at)
	require.Equal(t, map[string]any{"alg": "ES256", "typ": "at+jwt", "kid": key(t, token.ES256).ID()}, decoded(t, tok, 0))
	want := map[string]any{
		"iss": issuer, "sub": person, "aud": audience, "client_id": clientID, "scope": "orders.read orders.write",
		"exp": float64(at.Expires), "iat": float64(at.IssuedAt), "jti": at.ID,
	}
	require.Equal(t, want, decoded(t, tok, 1), "what is empty is absent")

	at.Audience = []string{audience, "https://stock.example"}
	at.Scopes, at.AuthTime = nil, at.IssuedAt-60
	at.ACR, at.AMR, at.SessionID = "urn:example:mfa", []string{"pwd", "otp"}, "s-1"
	at.JKT, at.X5T = "jkt-value", "x5t-value"
	at.Actor = []byte(`{"sub":"admin"}`)
	at.Extra = []byte(`"groups":["a","b"], "n" : 1`)
	at.AppendExtra = func(dst []byte) ([]byte, error) {
		require.Empty(t, dst)
		return append(dst, `"iss2":{"iss":"inner names are free"}`...), nil
	}
	delete(want, "scope")
	want["aud"] = []any{audience, "https://stock.example"}
	want["auth_time"] = float64(at.AuthTime)
	want["acr"], want["amr"], want["sid"] = "urn:example:mfa", []any{"pwd", "otp"}, "s-1"
	want["cnf"] = map[string]any{"jkt": "jkt-value", "x5t#S256": "x5t-value"}
	want["act"] = map[string]any{"sub": "admin"}
	want["groups"], want["n"] = []any{"a", "b"}, float64(1)
	want["iss2"] = map[string]any{"iss": "inner names are free"}
	require.Equal(t, want, decoded(t, mint(t, key(t, token.EdDSA), at), 1))

	at.JKT, at.Extra = "", nil
	at.AppendExtra = func(dst []byte) ([]byte, error) { return dst, nil }
	delete(want, "groups")
	delete(want, "n")
	delete(want, "iss2")
	want["cnf"] = map[string]any{"x5t#S256": "x5t-value"}
	require.Equal(t, want, decoded(t, mint(t, key(t, token.EdDSA), at), 1))
}

func TestAccessTokenRefusals(t *testing.T) {
	for _, c := range []struct {
		claim string
		edit  func(*token.AccessToken)
	}{
		{"iss", func(a *token.AccessToken) { a.Issuer = "" }},
		{"sub", func(a *token.AccessToken) { a.Subject = "" }},
		{"sub", func(a *token.AccessToken) { a.Subject = "mia\xff" }},
		{"client_id", func(a *token.AccessToken) { a.ClientID = "" }},
		{"client_id", func(a *token.AccessToken) { a.ClientID = "\xed\xa0\x80" }},
		{"jti", func(a *token.AccessToken) { a.ID = "" }},
		{"aud", func(a *token.AccessToken) { a.Audience = nil }},
		{"aud", func(a *token.AccessToken) { a.Audience = []string{""} }},
		{"aud", func(a *token.AccessToken) { a.Audience = []string{audience, ""} }},
		{"aud", func(a *token.AccessToken) { a.Audience = []string{audience, "\x80"} }},
		{"iat", func(a *token.AccessToken) { a.IssuedAt = 0 }},
		{"iat", func(a *token.AccessToken) { a.IssuedAt = -1 }},
		{"iat", func(a *token.AccessToken) { a.IssuedAt *= 1000; a.Expires *= 1000 }},
		{"exp", func(a *token.AccessToken) { a.Expires = a.IssuedAt }},
		{"exp", func(a *token.AccessToken) { a.Expires = 0 }},
		{"exp", func(a *token.AccessToken) { a.Expires *= 1000 }},
		{"auth_time", func(a *token.AccessToken) { a.AuthTime = -1 }},
		{"auth_time", func(a *token.AccessToken) { a.AuthTime = a.IssuedAt * 1000 }},
		{"scope", func(a *token.AccessToken) { a.Scopes = []string{"read admin"} }},
		{"scope", func(a *token.AccessToken) { a.Scopes = []string{"read", ""} }},
		{"scope", func(a *token.AccessToken) { a.Scopes = []string{`re"ad`} }},
		{"scope", func(a *token.AccessToken) { a.Scopes = []string{"ré"} }},
		{"amr", func(a *token.AccessToken) { a.AMR = []string{"pwd", ""} }},
		{"acr", func(a *token.AccessToken) { a.ACR = "\xc3" }},
		{"cnf", func(a *token.AccessToken) { a.JKT = "\xff" }},
		{"cnf", func(a *token.AccessToken) { a.X5T = "\xff" }},
		{"act", func(a *token.AccessToken) { a.Actor = []byte{} }},
		{"act", func(a *token.AccessToken) { a.Actor = []byte(`"admin"`) }},
		{"act", func(a *token.AccessToken) { a.Actor = []byte(`{"sub":"a"},"iss":{}`) }},
		{"act", func(a *token.AccessToken) { a.Actor = []byte(`{"sub":"a","sub":"b"}`) }},
	} {
		at := eightClaims()
		c.edit(at)
		for _, k := range testKeys(t) {
			dst := []byte("before")
			out, err := k.AppendAccessToken(dst, at)
			var bad *token.ClaimError
			require.ErrorAs(t, err, &bad, c.claim)
			require.ErrorIs(t, err, token.ErrClaim)
			require.Equal(t, c.claim, bad.Claim)
			require.Equal(t, "before", string(out))
			tok, err := k.AccessTokenString(at)
			require.ErrorIs(t, err, token.ErrClaim)
			require.Empty(t, tok)
		}
	}
}

// What strings have in them changes nothing about the shape of the payload.
func TestStringsCannotBreakOut(t *testing.T) {
	for _, s := range []string{
		`","sub":"root`, "\\", `\"`, "\x00\x1f\x7f", "\u2028\u2029", "</script><!--&", "\U0001F600", "\uFFFD", strings.Repeat("x", 9000) + `"`,
	} {
		at := eightClaims()
		at.Subject, at.ClientID, at.ID, at.ACR, at.SessionID = s, s, s, s, s
		at.Audience, at.AMR, at.JKT, at.X5T = []string{s, audience}, []string{s}, s, s
		m := decoded(t, mint(t, key(t, token.EdDSA), at), 1)
		for _, name := range []string{"sub", "client_id", "jti", "acr", "sid"} {
			require.Equal(t, s, m[name])
		}
		require.Equal(t, []any{s, audience}, m["aud"])
		require.Equal(t, []any{s}, m["amr"])
		require.Equal(t, map[string]any{"jkt": s, "x5t#S256": s}, m["cnf"])
		require.Len(t, m, 12)
	}
}

func TestExtraMembers(t *testing.T) {
	long := strings.Repeat("n", 200)
	many := &strings.Builder{}
	for i := range 100 {
		if i > 0 {
			many.WriteByte(',')
		}
		many.WriteString(`"m` + strings.Repeat("x", i) + `":1`)
	}
	for _, good := range []string{
		`"a":1`, ` "a" : null `, `"":""`, `"a":[],"b":{},"A":true`, `"roles":[{"iss":1}]`, `"issuer":"x"`, `"` + long + `":1`,
		`"ıss":1`, `"\u00e9":1`, many.String(),
	} {
		at := eightClaims()
		at.Extra = []byte(good)
		tok, err := key(t, token.EdDSA).AccessTokenString(at)
		require.NoError(t, err, good)
		require.Greater(t, len(decoded(t, tok, 1)), 8)
	}
	for bad, claim := range map[string]string{
		`"iss":"x"`: "iss", `"sub":"x"`: "sub", `"aud":[]`: "aud", `"exp":9999999999`: "exp", `"nbf":1`: "nbf", `"iat":1`: "iat",
		`"jti":"x"`: "jti", `"client_id":"x"`: "client_id", `"scope":"admin"`: "scope", `"auth_time":1`: "auth_time",
		`"acr":"x"`: "acr", `"amr":[]`: "amr", `"sid":"x"`: "sid", `"cnf":{}`: "cnf", `"act":{}`: "act", `"nonce":"x"`: "nonce",
		`"azp":"x"`: "azp", `"at_hash":"x"`: "at_hash", `"c_hash":"x"`: "c_hash", `"s_hash":"x"`: "s_hash",
		`"\u0069ss":"x"`: "iss", `"\u0069\u0073\u0073":1`: "iss", `"ISS":1`: "iss", `"Sub":1`: "sub", `"\u0053COPE":1`: "scope",
		"\"i\u017fs\":1": "iss", `"\u017fcope":1`: "scope", "\"\u017f\u017f\":1,\"AUTH_TIME\":1": "auth_time",
		`"a":1,"b":2,"exp":3`: "exp", `"a":1,"a":2`: "a", `"a":1,"\u0061":2`: "a", many.String() + `,"m` + strings.Repeat("x", 99) + `":2`: "m" + strings.Repeat("x", 63),
		`a`: "", `{"a":1}`: "", `"a"`: "a", `"a":`: "a", `"a":1,`: "", `,"a":1`: "", `"a":1}`: "", `"a":1},"iss":{"x":1`: "",
		`"a":1 "b":2`: "", ` `: "", "\"a\":\"\xff\"": "", "\"\xff\":1": "", `"a":01`: "a", `"a":"\ud800"`: "a", `"a":{"b":1,"b":2}`: "a",
		`"a":` + strings.Repeat("[", 32) + strings.Repeat("]", 32): "a", "\"a\":\"\n\"": "a", `"a":1/**/`: "", `"a":NaN`: "a", `"a":'x'`: "a",
	} {
		at, id := eightClaims(), idToken()
		at.Extra, id.Extra = []byte(bad), []byte(bad)
		for range 2 {
			var claimErr *token.ClaimError
			out, err := key(t, token.HS256).AppendAccessToken([]byte("x"), at)
			require.ErrorAs(t, err, &claimErr, bad)
			require.Equal(t, claim, claimErr.Claim, bad)
			require.Equal(t, "x", string(out))
			_, err = key(t, token.HS256).AppendIDToken(nil, id)
			require.ErrorIs(t, err, token.ErrClaim, bad)
			// The same from the function, which cannot end what Extra has begun either.
			add := func(dst []byte) ([]byte, error) { return append(dst, bad...), nil }
			at.Extra, at.AppendExtra, id.Extra, id.AppendExtra = nil, add, nil, add
		}
	}
	at := eightClaims()
	at.Extra = []byte(`"a":1`)
	at.AppendExtra = func(dst []byte) ([]byte, error) { return append(dst, `"a":2`...), nil }
	_, err := key(t, token.HS256).AccessTokenString(at)
	require.ErrorIs(t, err, token.ErrClaim, "a duplicate of the other half")

	failure := errors.New("no directory")
	at.AppendExtra = func(dst []byte) ([]byte, error) { return append(dst, `"b":1`...), failure }
	out, err := key(t, token.HS256).AppendAccessToken([]byte("x"), at)
	require.ErrorIs(t, err, failure)
	require.Equal(t, "x", string(out))
}

// A function that does more than append changes nothing but its own members.
func TestAppendExtraOwnsItsMembersOnly(t *testing.T) {
	at := eightClaims()
	at.Extra = []byte(`"a":1`)
	at.AppendExtra = func(dst []byte) ([]byte, error) {
		all := dst[:cap(dst)]
		for i := range all {
			all[i] = 'x'
		}
		return []byte(`"b":2`), nil
	}
	for range 3 {
		m := decoded(t, mint(t, key(t, token.EdDSA), at), 1)
		require.Equal(t, float64(1), m["a"])
		require.Equal(t, float64(2), m["b"])
		require.Equal(t, person, m["sub"])
	}
	require.Equal(t, `"a":1`, string(at.Extra))
}

func TestAppendKeepsWhatIsThere(t *testing.T) {
	for _, k := range testKeys(t) {
		for _, room := range []int{0, 10, 300, 4000} {
			dst := append(make([]byte, 0, room), `{"access_token":"`...)
			out, err := k.AppendAccessToken(dst, eightClaims())
			require.NoError(t, err)
			tok, ok := strings.CutPrefix(string(out), `{"access_token":"`)
			require.True(t, ok)
			_, _, err = k.KeySet().Verify(token.TypeAccessToken, tok)
			require.NoError(t, err)
		}
	}
}
