package oidc

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mintyard/mintyard/oauth"
)

// FuzzClaimsParameter: whatever comes, no panic; what is taken is what encoding/json
// reads of it, and within the bounds.
func FuzzClaimsParameter(f *testing.F) {
	for _, s := range []string{
		`{}`, ``, `{"userinfo":{"name":null,"email":{"essential":true}},"id_token":{"acr":{"values":["1","2"]},"sub":{"value":"mia"}}}`,
		`{"userinfo":{"http://example.info/claims/groups":null,"name#ja-Kana-JP":{"essential":false}}}`, `{"userinfo":{"a":{"value":{"b":[1.50,"\ud83d\ude00"]}}}}`,
		`{"userinfo":null}`, `{"userinfo":{"a":[]}}`, `{"userinfo":{"a":{"values":[]}}}`, `{"userinfo":{"a":{"value":null}}}`, `{"id_token":{"a":{"values":[null , 1]}}} `,
		`{"userinfo":{},"userinfo":{}}`, `{"x":` + strings.Repeat("[", 40) + strings.Repeat("]", 40) + `}`, `{"userinfo":{"a":{"essential":1}}}`, "{\"userinfo\":{\"\xff\":null}}",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		c, err := parseClaims(s)
		if err != nil {
			var e *oauth.Error
			require.ErrorAs(t, err, &e)
			require.Equal(t, oauth.CodeInvalidRequest, e.Code)
			require.Nil(t, c)
			return
		}
		if s == "" {
			return
		}
		require.LessOrEqual(t, len(s), maxClaimsParameter)
		var oracle struct {
			UserInfo map[string]map[string]json.RawMessage `json:"userinfo"`
			IDToken  map[string]map[string]json.RawMessage `json:"id_token"`
		}
		if hasOtherCase(s) {
			return // encoding/json takes names for equal that differ in case
		}
		require.NoError(t, json.Unmarshal([]byte(s), &oracle))
		for use, want := range map[Use]map[string]map[string]json.RawMessage{UseUserInfo: oracle.UserInfo, UseIDToken: oracle.IDToken} {
			list := c.of(use)
			require.Len(t, list, len(want))
			require.LessOrEqual(t, len(list), maxRequestedClaims)
			for _, r := range list {
				members, ok := want[r.Name]
				require.True(t, ok, "%q", r.Name)
				require.LessOrEqual(t, len(r.Name), maxClaimName)
				require.Equal(t, string(members["essential"]) == "true", r.Essential)
				for _, v := range r.Values {
					require.True(t, json.Valid([]byte(v)), v)
					require.True(t, matches([]byte(v), list, r.Name), "a value that was asked for will do")
				}
				require.Equal(t, members["value"] != nil || members["values"] != nil, r.Values != nil)
			}
		}
		again, err := parseClaims(s)
		require.NoError(t, err)
		require.True(t, reflect.DeepEqual(c, again))
		_ = new(Provider).readRequest(new(oauth.Client), &oauth.AuthorizationRequest{Claims: s})
	})
}

// hasOtherCase reports whether a member of the outermost object is userinfo or id_token in
// another spelling.
func hasOtherCase(s string) bool {
	var m map[string]json.RawMessage
	if json.Unmarshal([]byte(s), &m) != nil {
		return false
	}
	for name := range m {
		if name != "userinfo" && name != "id_token" && slices.ContainsFunc([]string{"userinfo", "id_token"}, func(n string) bool { return strings.EqualFold(n, name) }) {
			return true
		}
	}
	return false
}

// FuzzClientKeys: whatever a client registers as its keys, no panic; a key that is taken
// encrypts, and no set with a private part in it is taken.
func FuzzClientKeys(f *testing.F) {
	rsa := `{"kty":"RSA","use":"enc","kid":"a","n":"` + strings.Repeat("_", 341) + `8","e":"AQAB"}`
	ec := `{"kty":"EC","crv":"P-256","kid":"b","x":"axfR8uEsQkf4vOblY6RA8ncDfYEt6zOg9KE5RdiYwpY","y":"T-NC4v4af5uO5-tKfA-eFivOM1drMV7Oy7ZAaDe_UfU"}`
	for _, keys := range []string{"", rsa, ec, rsa + "," + ec, `{"kty":"oct","k":"AA"}`, `{"kty":"EC","crv":"P-256","x":"AA","y":"AA"}`, `{"kty":"RSA","n":"AQ","e":"AQAB"}`,
		`{"kty":"OKP","crv":"X25519","x":"hSDwCYkwp1R0i33ctD73Wg2_Og0mOBr066SpjqqbTmo"}`, strings.Replace(ec, `"x"`, `"d":"AA","x"`, 1), strings.Replace(rsa, `"kid":"a"`, `"key_ops":["verify"]`, 1),
		strings.Replace(rsa, `"AQAB"`, `"AQ"`, 1), strings.Replace(rsa, `"kid"`, `"x5c":["AAAA"],"x5u":"http://x","kid"`, 1)} {
		for _, alg := range keyAlgorithms {
			f.Add([]byte(`{"keys":[`+keys+`]}`), alg)
		}
	}
	f.Fuzz(func(t *testing.T, jwks []byte, alg string) {
		e := oauth.Encryption{Algorithm: alg}
		c := &oauth.Client{ID: "app", OpenID: oauth.OpenID{JWKS: jwks, IDTokenEncryption: e}}
		out, err := appendEncrypted(nil, c, e, []byte("x.y.z"))
		if err != nil {
			require.Empty(t, out)
			return
		}
		require.Equal(t, 4, strings.Count(string(out), "."))
		require.LessOrEqual(t, len(jwks), maxClientJWKS)
		var set struct{ Keys []map[string]any }
		require.NoError(t, json.Unmarshal(jwks, &set))
		for _, k := range set.Keys {
			for _, private := range []string{"d", "p", "q", "dp", "dq", "qi", "oth", "k"} {
				require.NotContains(t, k, private)
			}
		}
	})
}
