package main

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"maps"
	"slices"

	"github.com/go-jose/go-jose/v4"
	"github.com/stretchr/testify/require"
)

// protocol are the claims of an ID token that say nothing about the person: OpenID
// Connect Core section 2 and 3.3.2.11, RFC 7519, and those of logout.
var protocol = []string{
	"iss", "sub", "aud", "exp", "iat", "auth_time", "nonce", "acr", "amr", "azp", "at_hash", "c_hash", "s_hash", "nbf", "jti", "sid",
}

// verify verifies an ID token as a client does (OpenID Connect Core section 3.1.3.7), with
// nothing of ours, and returns its claims.
func (m *module) verify(s *signedIn, raw, accessToken, code string) map[string]any {
	m.t.Helper()
	jws, err := jose.ParseSignedCompact(raw, []jose.SignatureAlgorithm{jose.RS256}) // the default for clients
	require.NoError(m.t, err, raw)
	header := jws.Signatures[0].Protected
	keys := m.keys.Key(header.KeyID)
	require.Len(m.t, keys, 1, "kid %q", header.KeyID)
	require.Equal(m.t, string(jose.RS256), keys[0].Algorithm)
	payload, err := jws.Verify(keys[0])
	require.NoError(m.t, err)
	var c map[string]any
	require.NoError(m.t, json.Unmarshal(payload, &c))

	require.Equal(m.t, m.metadata.text("issuer"), c["iss"])
	require.Equal(m.t, "the subject", c["sub"])
	require.Contains(m.t, []any{m.client.id, []any{m.client.id}}, c["aud"])
	if azp, ok := c["azp"]; ok {
		require.Equal(m.t, m.client.id, azp)
	}
	nonce, ok := c["nonce"]
	require.Equal(m.t, s.request.Has("nonce"), ok, "none is invented, and none is lost")
	if ok {
		require.Equal(m.t, s.request.Get("nonce"), nonce)
	}
	iat, exp, now := number(c, "iat"), number(c, "exp"), m.now()
	require.GreaterOrEqual(m.t, iat, s.since-1)
	require.LessOrEqual(m.t, iat, now)
	require.Greater(m.t, exp, now)
	require.Less(m.t, exp, now+7*24*60*60, "seconds, not milliseconds")
	auth := number(c, "auth_time")
	require.LessOrEqual(m.t, auth, iat)
	if s.asked {
		require.GreaterOrEqual(m.t, auth, s.since-1)
	}
	for name, of := range map[string]string{"at_hash": accessToken, "c_hash": code, "s_hash": s.request.Get("state")} {
		if hash, ok := c[name]; ok {
			require.Equal(m.t, leftHalf(of), hash, name)
		}
	}

	// Where there is an access token UserInfo has the claims, and the ID token does not
	// (OpenID Connect Core section 5.4).
	personal := maps.Clone(c)
	maps.DeleteFunc(personal, func(name string, _ any) bool { return slices.Contains(protocol, name) })
	want := map[string]any{}
	if m.responseType == "id_token" {
		want = m.personal(s.wants)
	}
	require.Equal(m.t, want, personal)
	return c
}

// leftHalf is at_hash, and the others, for RS256 (OpenID Connect Core section 3.1.3.6).
func leftHalf(s string) string {
	sum := sha256.Sum256([]byte(s))
	return base64.RawURLEncoding.EncodeToString(sum[:len(sum)/2])
}

// number is a member that is a whole number; 0 if there is none.
func number(body map[string]any, name string) int64 {
	n, _ := body[name].(float64)
	if n != float64(int64(n)) {
		return 0
	}
	return int64(n)
}
