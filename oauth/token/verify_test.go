package token_test

import (
	"context"
	"crypto/x509"
	"encoding/json"
	"errors"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/mintyard/mintyard/oauth/token"
)

func verifier(keys token.KeySource) *token.Verifier {
	return &token.Verifier{Issuer: issuer, Audience: audience, Keys: keys, Now: now}
}

// everyKey is a set with a key of every algorithm.
func everyKey(tb testing.TB) *token.KeySet {
	tb.Helper()
	var s token.RingState
	for _, alg := range algorithms {
		s.Active = append(s.Active, key(tb, alg))
	}
	r, err := token.NewRing(s)
	require.NoError(tb, err)
	set, err := token.ParseKeySet(r.JWKS())
	require.NoError(tb, err)
	return set
}

func TestVerifyAccessToken(t *testing.T) {
	v := verifier(everyKey(t))
	for _, alg := range algorithms {
		at := eightClaims()
		at.Audience = []string{"https://stock.example", audience}
		at.AuthTime, at.ACR, at.AMR, at.SessionID = at.IssuedAt-60, "urn:example:mfa", []string{"pwd", "otp"}, "s-1"
		at.Extra = []byte(`"groups":["a"]`)
		tok := mint(t, key(t, alg), at)
		c, err := v.VerifyAccessToken(t.Context(), tok)
		require.NoError(t, err, alg)
		require.Equal(t, &token.Claims{
			Issuer: issuer, Subject: person, ClientID: clientID, ID: at.ID, Audience: at.Audience, Scope: "orders.read orders.write",
			IssuedAt: at.IssuedAt, Expires: at.Expires, AuthTime: at.AuthTime, ACR: at.ACR, AMR: at.AMR, SessionID: "s-1",
			Payload: segment(t, tok, 1),
		}, c)
		require.True(t, c.HasScope("orders.read"))
		require.True(t, c.HasScope("orders.write"))
		for _, scope := range []string{"", "orders", "orders.read orders.write", " ", "ORDERS.READ"} {
			require.False(t, c.HasScope(scope))
		}
		v.Algorithms = []token.Algorithm{alg}
		_, err = v.VerifyAccessToken(t.Context(), tok)
		require.NoError(t, err)
		v.Algorithms = []token.Algorithm{token.HS256}
		_, err = v.VerifyAccessToken(t.Context(), tok)
		require.ErrorIs(t, err, token.ErrAlgorithm)
		v.Algorithms = nil
	}
}

func TestVerifierTimes(t *testing.T) {
	k := key(t, token.EdDSA)
	v := verifier(k.KeySet())
	at := eightClaims()
	tok := mint(t, k, at)
	notBefore := forge(t, k, `{"alg":"EdDSA","typ":"at+jwt"}`, strings.Replace(string(segment(t, tok, 1)), `{`, `{"nbf":`+strconv.FormatInt(noon.Unix()+10, 10)+`,`, 1))
	check := func(tok string, at time.Time, leeway time.Duration) error {
		v.Now, v.Leeway = func() time.Time { return at }, leeway
		_, err := v.VerifyAccessToken(t.Context(), tok)
		return err
	}
	end := time.Unix(at.Expires, 0)
	require.NoError(t, check(tok, end.Add(-time.Nanosecond), 0))
	require.ErrorIs(t, check(tok, end, 0), token.ErrExpired)
	require.NoError(t, check(tok, end.Add(59*time.Second), time.Minute))
	require.ErrorIs(t, check(tok, end.Add(60*time.Second), time.Minute), token.ErrExpired)
	require.NoError(t, check(tok, noon.Add(-time.Hour), 0), "iat is no nbf: clocks differ")
	require.ErrorIs(t, check(notBefore, noon, 0), token.ErrNotYetValid)
	require.NoError(t, check(notBefore, noon.Add(10*time.Second), 0))
	require.NoError(t, check(notBefore, noon, 10*time.Second))
	require.ErrorIs(t, check(notBefore, noon, 9*time.Second), token.ErrNotYetValid)
}

// A token for one purpose is none for another (RFC 8725 section 3.11).
func TestTypesAreDisjoint(t *testing.T) {
	k := key(t, token.ES256)
	access := mint(t, k, eightClaims())
	id, err := k.IDTokenString(&token.IDToken{Issuer: issuer, Subject: person, Audience: []string{audience}, IssuedAt: noon.Unix(), Expires: noon.Unix() + 60})
	require.NoError(t, err)
	logout, err := k.AppendSigned(nil, token.TypeLogoutToken, segment(t, access, 1))
	require.NoError(t, err)
	intro, err := k.AppendSigned(nil, token.TypeIntrospection, segment(t, access, 1))
	require.NoError(t, err)
	tokens := map[string]string{
		token.TypeAccessToken: access, token.TypeIDToken: id, token.TypeLogoutToken: string(logout), token.TypeIntrospection: string(intro),
	}
	for made, tok := range tokens {
		for asked := range tokens {
			_, _, err := k.KeySet().Verify(asked, tok)
			if made == asked {
				require.NoError(t, err)
			} else {
				require.ErrorIs(t, err, token.ErrType)
			}
		}
		_, err := verifier(k.KeySet()).VerifyAccessToken(t.Context(), tok)
		require.Equal(t, made == token.TypeAccessToken, err == nil)
		v := token.IDTokenVerifier{Issuer: issuer, ClientID: audience, Keys: k.KeySet(), Now: now}
		_, err = v.Verify(t.Context(), tok, token.IDTokenExpectation{})
		require.Equal(t, made == token.TypeIDToken, err == nil, made)
	}
	_, _, err = k.KeySet().Verify("", access)
	require.ErrorIs(t, err, token.ErrType)
}

func TestVerifierConfiguration(t *testing.T) {
	k := key(t, token.EdDSA)
	tok := mint(t, k, eightClaims())
	away := errors.New("the network is down")
	for name, edit := range map[string]func(*token.Verifier){
		"Issuer":     func(v *token.Verifier) { v.Issuer = "" },
		"Audience":   func(v *token.Verifier) { v.Audience = "" },
		"Keys":       func(v *token.Verifier) { v.Keys = nil },
		"Leeway":     func(v *token.Verifier) { v.Leeway = -1 },
		"5m":         func(v *token.Verifier) { v.Leeway = 6 * time.Minute },
		"Algorithms": func(v *token.Verifier) { v.Algorithms = []token.Algorithm{"none"} },
		"not nil":    func(v *token.Verifier) { v.Algorithms = []token.Algorithm{} },
		"network":    func(v *token.Verifier) { v.Keys = sourceFunc(func(string) (*token.KeySet, error) { return nil, away }) },
	} {
		v := verifier(k.KeySet())
		edit(v)
		c, err := v.VerifyAccessToken(t.Context(), tok)
		require.ErrorContains(t, err, name)
		require.NotErrorIs(t, err, token.ErrToken, "not the token's fault")
		require.Nil(t, c)
	}
	id := token.IDTokenVerifier{Issuer: issuer, Keys: k.KeySet()}
	_, err := id.Verify(t.Context(), tok, token.IDTokenExpectation{})
	require.ErrorContains(t, err, "ClientID")
	v := verifier(sourceFunc(func(kid string) (*token.KeySet, error) {
		require.Equal(t, k.ID(), kid)
		return nil, nil
	}))
	_, err = v.VerifyAccessToken(t.Context(), tok)
	require.ErrorIs(t, err, token.ErrKey)
	v.Keys = (*token.KeySet)(nil)
	_, err = v.VerifyAccessToken(t.Context(), tok)
	require.ErrorIs(t, err, token.ErrKey)
	// A real clock, if none is given.
	v.Keys, v.Now = k.KeySet(), nil
	at := eightClaims()
	at.IssuedAt, at.Expires = time.Now().Unix(), time.Now().Unix()+60
	_, err = v.VerifyAccessToken(t.Context(), mint(t, k, at))
	require.NoError(t, err)
}

type sourceFunc func(kid string) (*token.KeySet, error)

func (f sourceFunc) KeySet(_ context.Context, kid string) (*token.KeySet, error) { return f(kid) }

func TestSenderBoundTokens(t *testing.T) {
	k := key(t, token.EdDSA)
	v := verifier(k.KeySet())
	at := eightClaims()
	at.JKT = "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"
	tok := mint(t, k, at)
	_, err := v.VerifyAccessToken(t.Context(), tok)
	require.ErrorIs(t, err, token.ErrConfirmation)
	v.SenderBound = true
	c, err := v.VerifyAccessToken(t.Context(), tok)
	require.NoError(t, err)
	require.Equal(t, at.JKT, c.JKT)
	at.JKT, at.X5T = "", "bwcK0esc3ACC3DB2Y5_lESsXE8o9ltc05O89jdN-dg2"
	c, err = v.VerifyAccessToken(t.Context(), mint(t, k, at))
	require.NoError(t, err)
	require.Equal(t, at.X5T, c.X5T)
	c, err = v.VerifyAccessToken(t.Context(), mint(t, k, eightClaims()))
	require.NoError(t, err)
	require.Empty(t, c.JKT+c.X5T)
	for _, cnf := range []string{`{}`, `{"jkt":""}`, `{"jwk":{}}`, `{"JKT":"x"}`, `{"x5t":"x"}`} {
		bad := strings.Replace(string(segment(t, tok, 1)), `"cnf":{"jkt":"0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"}`, `"cnf":`+cnf, 1)
		_, err := v.VerifyAccessToken(t.Context(), forge(t, k, `{"alg":"EdDSA","typ":"at+jwt"}`, bad))
		require.ErrorIs(t, err, token.ErrConfirmation, "a binding that nobody checks: %s", cnf)
	}
}

// The public key as an HMAC secret: the oldest trick (RFC 8725 section 2.1).
func TestPublicKeyAsSecret(t *testing.T) {
	rs := key(t, token.RS256)
	der, err := x509.MarshalPKIXPublicKey(rs.Public())
	require.NoError(t, err)
	k, err := token.NewSecretKey(der, token.KeyOptions{ID: rs.ID()})
	require.NoError(t, err)
	tok := mint(t, k, eightClaims())
	for _, set := range []*token.KeySet{rs.KeySet(), everyKey(t)} {
		_, _, err := set.Verify(token.TypeAccessToken, tok)
		require.ErrorIs(t, err, token.ErrAlgorithm)
	}
}

func TestParseClaims(t *testing.T) {
	c, err := token.ParseClaims([]byte(`{"sub":"a\"b","aud":["x","y"],"nonce":"n","azp":"z","at_hash":"h","c_hash":"i","amr":["pwd"],"cnf":{"x5t#S256":"t"},"mine":[1,2]}`))
	require.NoError(t, err)
	require.Equal(t, `a"b`, c.Subject)
	require.Equal(t, []string{"x", "y"}, c.Audience)
	require.Equal(t, []string{"n", "z", "h", "i", "t"}, []string{c.Nonce, c.AuthorizedParty, c.AccessTokenHash, c.CodeHash, c.X5T})
	var own struct{ Mine []int }
	require.NoError(t, json.Unmarshal(c.Payload, &own))
	require.Equal(t, []int{1, 2}, own.Mine)
	c, err = token.ParseClaims([]byte(`{"iss":1}`))
	require.ErrorIs(t, err, token.ErrMalformed)
	require.ErrorIs(t, err, token.ErrJSON)
	require.Nil(t, c)
	_, err = token.ParseClaims([]byte(`{"Iss":"x"}`))
	require.ErrorIs(t, err, token.ErrClaim)
	require.Contains(t, err.Error(), `"iss"`)
}
