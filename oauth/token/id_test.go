package token_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/mintyard/mintyard/oauth/token"
)

func TestIDTokenClaims(t *testing.T) {
	id := idToken()
	id.Audience, id.AuthorizedParty, id.ID, id.SessionID = []string{clientID, "other"}, clientID, "j-1", "s-1"
	id.AccessTokenHash, id.CodeHash, id.StateHash = "a", "c", "s"
	id.Extra = []byte(`"email":"mia@example.test"`)
	tok, err := key(t, token.RS256).IDTokenString(id)
	require.NoError(t, err)
	require.Equal(t, map[string]any{"alg": "RS256", "typ": "JWT", "kid": key(t, token.RS256).ID()}, decoded(t, tok, 0))
	require.Equal(t, map[string]any{
		"iss": issuer, "sub": person, "aud": []any{clientID, "other"}, "azp": clientID, "jti": "j-1", "sid": "s-1",
		"exp": float64(id.Expires), "iat": float64(id.IssuedAt), "auth_time": float64(id.AuthTime),
		"nonce": id.Nonce, "acr": id.ACR, "amr": []any{"pwd", "otp", "mfa"},
		"at_hash": "a", "c_hash": "c", "s_hash": "s", "email": "mia@example.test",
	}, decoded(t, tok, 1))

	tok, err = key(t, token.HS256).IDTokenString(idToken())
	require.NoError(t, err)
	require.Equal(t, map[string]any{"alg": "HS256", "typ": "JWT"}, decoded(t, tok, 0), "a client has one secret")

	for claim, edit := range map[string]func(*token.IDToken){
		"iss":       func(i *token.IDToken) { i.Issuer = "" },
		"sub":       func(i *token.IDToken) { i.Subject = "" },
		"aud":       func(i *token.IDToken) { i.Audience = nil },
		"iat":       func(i *token.IDToken) { i.IssuedAt = 0 },
		"exp":       func(i *token.IDToken) { i.Expires = i.IssuedAt - 1 },
		"auth_time": func(i *token.IDToken) { i.AuthTime = -5 },
		"nonce":     func(i *token.IDToken) { i.Nonce = "\xff" },
		"at_hash":   func(i *token.IDToken) { i.AccessTokenHash = "\xff" },
	} {
		id := idToken()
		edit(id)
		var bad *token.ClaimError
		out, err := key(t, token.EdDSA).AppendIDToken([]byte("x"), id)
		require.ErrorAs(t, err, &bad)
		require.Equal(t, claim, bad.Claim)
		require.Equal(t, "x", string(out))
	}
}

// The values are those of OpenID Connect Core appendix A.4.
func TestAppendHash(t *testing.T) {
	const access, code = "jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y", "Qcb0Orv1zh30vL1MPRsbm-diHiMwcLyZvn1arpZv-Jxf_11jnpEX3Tgfvk"
	for _, alg := range []token.Algorithm{token.RS256, token.PS256, token.ES256, token.HS256} {
		require.Equal(t, "x77QmUPtjPfzWtF2AnpK9RQ", string(key(t, alg).AppendHash([]byte("x"), []byte(access))))
		require.Equal(t, "LDktKdoQak3Pk0cnXxCltA", string(key(t, alg).AppendHash(nil, []byte(code))))
	}
	require.Len(t, key(t, token.ES384).AppendHash(nil, []byte(access)), 32, "half of SHA-384")
	require.Len(t, key(t, token.EdDSA).AppendHash(nil, []byte(access)), 43, "half of SHA-512")
}

func TestIDTokenVerifier(t *testing.T) {
	const access, code = "an access token", "a code"
	for _, k := range testKeys(t) {
		v := token.IDTokenVerifier{Issuer: issuer, ClientID: clientID, Keys: k.KeySet(), Now: now}
		if k.Algorithm() == token.HS256 {
			v.Algorithms = []token.Algorithm{token.HS256}
		}
		good := func() *token.IDToken {
			id := idToken()
			id.AccessTokenHash = string(k.AppendHash(nil, []byte(access)))
			id.CodeHash = string(k.AppendHash(nil, []byte(code)))
			return id
		}
		want := token.IDTokenExpectation{Nonce: idToken().Nonce, AccessToken: access, Code: code, Subject: person, MaxAge: time.Minute}
		for _, c := range []struct {
			name string
			edit func(*token.IDToken, *token.IDTokenExpectation, *token.IDTokenVerifier)
			err  error
		}{
			{"good", func(*token.IDToken, *token.IDTokenExpectation, *token.IDTokenVerifier) {}, nil},
			{"nothing expected", func(i *token.IDToken, e *token.IDTokenExpectation, _ *token.IDTokenVerifier) {
				i.Nonce, *e = "", token.IDTokenExpectation{}
			}, nil},
			{"refreshed without nonce", func(i *token.IDToken, e *token.IDTokenExpectation, _ *token.IDTokenVerifier) {
				i.Nonce, e.Refreshed = "", true
			}, nil},
			{"for several", func(i *token.IDToken, _ *token.IDTokenExpectation, _ *token.IDTokenVerifier) {
				i.Audience, i.AuthorizedParty = []string{"other", clientID}, clientID
			}, nil},
			{"last second", func(_ *token.IDToken, e *token.IDTokenExpectation, v *token.IDTokenVerifier) {
				v.Now, e.MaxAge = func() time.Time { return noon.Add(time.Hour - time.Second) }, time.Hour+time.Minute
			}, nil},

			{"for several, without azp", func(i *token.IDToken, _ *token.IDTokenExpectation, _ *token.IDTokenVerifier) {
				i.Audience = []string{"other", clientID}
			}, token.ErrClaim},
			{"azp of another", func(i *token.IDToken, _ *token.IDTokenExpectation, _ *token.IDTokenVerifier) {
				i.AuthorizedParty = "other"
			}, token.ErrClaim},
			{"another issuer", func(i *token.IDToken, _ *token.IDTokenExpectation, _ *token.IDTokenVerifier) { i.Issuer += "/" }, token.ErrIssuer},
			{"another client", func(i *token.IDToken, _ *token.IDTokenExpectation, _ *token.IDTokenVerifier) {
				i.Audience = []string{clientID + "2"}
			}, token.ErrAudience},
			{"expired", func(_ *token.IDToken, _ *token.IDTokenExpectation, v *token.IDTokenVerifier) {
				v.Now = func() time.Time { return noon.Add(time.Hour) }
			}, token.ErrExpired},
			{"another nonce", func(i *token.IDToken, _ *token.IDTokenExpectation, _ *token.IDTokenVerifier) { i.Nonce = "n" }, token.ErrClaim},
			{"no nonce", func(i *token.IDToken, _ *token.IDTokenExpectation, _ *token.IDTokenVerifier) { i.Nonce = "" }, token.ErrClaim},
			{"unasked nonce", func(_ *token.IDToken, e *token.IDTokenExpectation, _ *token.IDTokenVerifier) { e.Nonce = "" }, token.ErrClaim},
			{"refreshed with another nonce", func(i *token.IDToken, e *token.IDTokenExpectation, _ *token.IDTokenVerifier) {
				i.Nonce, e.Refreshed = "n", true
			}, token.ErrClaim},
			{"another access token", func(_ *token.IDToken, e *token.IDTokenExpectation, _ *token.IDTokenVerifier) { e.AccessToken += "x" }, token.ErrClaim},
			{"no at_hash", func(i *token.IDToken, _ *token.IDTokenExpectation, _ *token.IDTokenVerifier) { i.AccessTokenHash = "" }, token.ErrClaim},
			{"another code", func(_ *token.IDToken, e *token.IDTokenExpectation, _ *token.IDTokenVerifier) { e.Code += "x" }, token.ErrClaim},
			{"no c_hash", func(i *token.IDToken, _ *token.IDTokenExpectation, _ *token.IDTokenVerifier) { i.CodeHash = "" }, token.ErrClaim},
			{"another person", func(_ *token.IDToken, e *token.IDTokenExpectation, _ *token.IDTokenVerifier) { e.Subject = "noah" }, token.ErrClaim},
			{"too old", func(i *token.IDToken, _ *token.IDTokenExpectation, _ *token.IDTokenVerifier) { i.AuthTime-- }, token.ErrClaim},
			{"no auth_time", func(i *token.IDToken, _ *token.IDTokenExpectation, _ *token.IDTokenVerifier) { i.AuthTime = 0 }, token.ErrClaim},
			{"not allowed", func(_ *token.IDToken, _ *token.IDTokenExpectation, v *token.IDTokenVerifier) {
				v.Algorithms = []token.Algorithm{token.RS256, token.ES384}
				if k.Algorithm() == token.RS256 || k.Algorithm() == token.ES384 {
					v.Algorithms = []token.Algorithm{token.EdDSA}
				}
			}, token.ErrAlgorithm},
		} {
			i, e, v := good(), want, v
			c.edit(i, &e, &v)
			tok, err := k.IDTokenString(i)
			require.NoError(t, err)
			claims, err := v.Verify(t.Context(), tok, e)
			if c.err == nil {
				require.NoError(t, err, c.name)
				require.Equal(t, person, claims.Subject)
				continue
			}
			require.ErrorIs(t, err, c.err, c.name)
			require.ErrorIs(t, err, token.ErrToken, c.name)
			require.Nil(t, claims)
		}
	}
}

// HS256 is taken only by a client that names it, and has its secret.
func TestHS256MustBeNamed(t *testing.T) {
	k := key(t, token.HS256)
	tok, err := k.IDTokenString(idToken())
	require.NoError(t, err)
	v := token.IDTokenVerifier{Issuer: issuer, ClientID: clientID, Keys: k.KeySet(), Now: now}
	want := token.IDTokenExpectation{Nonce: idToken().Nonce}
	_, err = v.Verify(t.Context(), tok, want)
	require.ErrorIs(t, err, token.ErrAlgorithm)
	v.Algorithms = []token.Algorithm{token.HS256}
	_, err = v.Verify(t.Context(), tok, want)
	require.NoError(t, err)
	other, err := token.NewSecretKey([]byte(strings.Repeat("o", 32)), token.KeyOptions{})
	require.NoError(t, err)
	v.Keys = other.KeySet()
	_, err = v.Verify(t.Context(), tok, want)
	require.ErrorIs(t, err, token.ErrSignature)
}

// OpenID Connect names no type, so other providers leave typ out. Ours say it.
func TestIDTokenOfAnotherProvider(t *testing.T) {
	k := key(t, token.EdDSA)
	payload := `{"iss":"` + issuer + `","sub":"mia","aud":"` + clientID + `","exp":1790000100.5,"iat":1790000000}`
	v := token.IDTokenVerifier{Issuer: issuer, ClientID: clientID, Keys: k.KeySet(), Now: now}
	c, err := v.Verify(t.Context(), forge(t, k, `{"alg":"EdDSA"}`, payload), token.IDTokenExpectation{})
	require.NoError(t, err)
	require.Equal(t, int64(1790000100), c.Expires)
	for _, typ := range []string{"at+jwt", "logout+jwt", "jwt", ""} {
		_, err := v.Verify(t.Context(), forge(t, k, `{"alg":"EdDSA","typ":"`+typ+`"}`, payload), token.IDTokenExpectation{})
		require.ErrorIs(t, err, token.ErrType, typ)
	}
}
