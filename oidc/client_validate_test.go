package oidc_test

import (
	"bytes"
	"context"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/mintyard/mintyard/oauth"
	"github.com/mintyard/mintyard/oauth/token"
	"github.com/mintyard/mintyard/oidc"
)

func TestValidateClient(t *testing.T) {
	k := newTokens(t, func(_ *tokens, _ *oauth.Config, o *oidc.Config) { o.PairwiseKey = pairwiseKey })
	keys := jwks(t, jwk("RSA", "a", "enc", ""), jwk("P-256", "b", "sig", ""))
	private := []byte(`{"keys":[{"kty":"oct","k":"c2VjcmV0"}]}`)
	small := []byte(`{"keys":[{"kty":"RSA","n":"` + strings.Repeat("f", 340) + `","e":"AQAB"}]}`)
	signs := bytes.Replace(jwks(t, jwk("RSA", "a", "", "")), []byte(`"kty"`), []byte(`"key_ops":["verify"],"kty"`), 1)
	off := []byte(`{"keys":[{"kty":"EC","crv":"P-256","x":"` + strings.Repeat("A", 43) + `","y":"` + strings.Repeat("A", 43) + `"}]}`)
	encrypt := func(alg, enc string) oauth.Encryption { return oauth.Encryption{Algorithm: alg, Content: enc} }
	age := func(d time.Duration) *time.Duration { return &d }
	groups := func(match, value string) *oauth.GroupsClaim { return &oauth.GroupsClaim{Match: match, Value: value} }
	for _, c := range []struct {
		name, field string
		set         oauth.OpenID
		redirects   []string
	}{
		{"nothing", "", oauth.OpenID{}, nil},
		{"public", "", oauth.OpenID{SubjectType: "public"}, nil},
		{"pairwise of one host", "", oauth.OpenID{SubjectType: "pairwise"}, []string{"https://a.example/1", "https://a.example:8443/2"}},
		{"pairwise of a sector", "", oauth.OpenID{SubjectType: "pairwise", SectorIdentifier: "a.example"}, []string{"https://a.example/1", "https://b.example/2"}},
		{"pairwise of two hosts", "SectorIdentifier", oauth.OpenID{SubjectType: "pairwise"}, []string{"https://a.example/1", "https://b.example/2"}},
		{"pairwise of a scheme", "SectorIdentifier", oauth.OpenID{SubjectType: "pairwise"}, []string{"com.example.app:/cb"}},
		{"pairwise of a pattern", "SectorIdentifier", oauth.OpenID{SubjectType: "pairwise"}, []string{"https://*.a.example/cb"}},
		{"pairwise of nothing", "SectorIdentifier", oauth.OpenID{SubjectType: "pairwise"}, []string{}},
		{"a sector that is a URL", "SectorIdentifier", oauth.OpenID{SubjectType: "pairwise", SectorIdentifier: "https://a.example/x"}, nil},
		{"a sector in upper case", "SectorIdentifier", oauth.OpenID{SubjectType: "pairwise", SectorIdentifier: "A.example"}, nil},
		{"another subject type", "SubjectType", oauth.OpenID{SubjectType: "private"}, nil},
		{"an algorithm without a key", "IDTokenAlgorithm", oauth.OpenID{IDTokenAlgorithm: token.EdDSA}, nil},
		{"HS256", "IDTokenAlgorithm", oauth.OpenID{IDTokenAlgorithm: token.HS256}, nil},
		{"none", "UserInfoAlgorithm", oauth.OpenID{UserInfoAlgorithm: "none"}, nil},
		{"encryption", "", oauth.OpenID{IDTokenEncryption: encrypt("RSA-OAEP-256", ""), JWKS: keys}, nil},
		{"encryption without a key", "JWKS", oauth.OpenID{IDTokenEncryption: encrypt("RSA-OAEP", "")}, nil},
		{"encryption with a key for signatures", "JWKS", oauth.OpenID{IDTokenEncryption: encrypt("ECDH-ES", ""), JWKS: keys}, nil},
		{"encryption with a key whose operations are others", "JWKS", oauth.OpenID{IDTokenEncryption: encrypt("RSA-OAEP", ""), JWKS: signs}, nil},
		{"encryption with one whose operations are these", "", oauth.OpenID{IDTokenEncryption: encrypt("RSA-OAEP", ""),
			JWKS: bytes.Replace(signs, []byte("verify"), []byte("wrapKey"), 1)}, nil},
		{"RSA1_5", "IDTokenEncryption", oauth.OpenID{IDTokenEncryption: encrypt("RSA1_5", ""), JWKS: keys}, nil},
		{"content of no kind", "IDTokenEncryption", oauth.OpenID{IDTokenEncryption: encrypt("RSA-OAEP", "A192GCM"), JWKS: keys}, nil},
		{"content alone", "UserInfoEncryption", oauth.OpenID{UserInfoAlgorithm: token.ES256, UserInfoEncryption: encrypt("", "A128GCM"), JWKS: keys}, nil},
		{"encrypted and not signed", "UserInfoEncryption", oauth.OpenID{UserInfoEncryption: encrypt("RSA-OAEP", ""), JWKS: keys}, nil},
		{"keys that are none", "JWKS", oauth.OpenID{JWKS: []byte(`{"key":[]}`)}, nil},
		{"keys that are no JSON", "JWKS", oauth.OpenID{JWKS: []byte(`{"keys":[}`)}, nil},
		{"a secret key", "JWKS", oauth.OpenID{JWKS: private}, nil},
		{"a weak key", "JWKS", oauth.OpenID{IDTokenEncryption: encrypt("RSA-OAEP", ""), JWKS: small}, nil},
		{"no point of its curve", "JWKS", oauth.OpenID{IDTokenEncryption: encrypt("ECDH-ES", ""), JWKS: off}, nil},
		{"too many keys", "JWKS", oauth.OpenID{JWKS: []byte(`{"keys":[{}` + strings.Repeat(",{}", 32) + `]}`)}, nil},
		{"keys that are too large", "JWKS", oauth.OpenID{JWKS: bytes.Repeat([]byte(" "), 64<<10+1)}, nil},
		{"groups", "", oauth.OpenID{Groups: groups(oauth.GroupsRegex, "a.*")}, nil},
		{"a pattern that is none", "Groups.Value", oauth.OpenID{Groups: groups(oauth.GroupsRegex, "(")}, nil},
		{"a pattern that leaves its group", "Groups.Value", oauth.OpenID{Groups: groups(oauth.GroupsRegex, "a)|(?:b")}, nil},
		{"a pattern that is too long", "Groups.Value", oauth.OpenID{Groups: groups(oauth.GroupsRegex, strings.Repeat("a", 513))}, nil},
		{"a match of no kind", "Groups.Match", oauth.OpenID{Groups: groups("", "a")}, nil},
		{"an expression and nobody for it", "Groups.Match", oauth.OpenID{Groups: groups(oauth.GroupsExpression, "a")}, nil},
		{"groups as sub", "Groups.Name", oauth.OpenID{Groups: &oauth.GroupsClaim{Name: "Sub", Match: oauth.GroupsEquals}}, nil},
		{"a max_age", "", oauth.OpenID{DefaultMaxAge: age(0)}, nil},
		{"a negative max_age", "DefaultMaxAge", oauth.OpenID{DefaultMaxAge: age(-1)}, nil},
		{"an empty acr", "DefaultACRValues[1]", oauth.OpenID{DefaultACRValues: []string{"phr", ""}}, nil},
		{"logout", "", oauth.OpenID{BackchannelLogoutURI: "https://a.example/out", PostLogoutRedirectURIs: []string{"https://a.example/bye"}}, nil},
		{"back-channel in the clear", "BackchannelLogoutURI", oauth.OpenID{BackchannelLogoutURI: "http://a.example/out"}, nil},
		{"front-channel script", "FrontchannelLogoutURI", oauth.OpenID{FrontchannelLogoutURI: "javascript:alert(1)"}, nil},
		{"initiate with a fragment", "InitiateLoginURI", oauth.OpenID{InitiateLoginURI: "https://a.example/#x"}, nil},
		{"post-logout anywhere", "PostLogoutRedirectURIs[0]", oauth.OpenID{PostLogoutRedirectURIs: []string{"http://a.example/"}}, nil},
		{"sid and no address", "BackchannelLogoutSessionRequired", oauth.OpenID{BackchannelLogoutSessionRequired: true}, nil},
		{"sid and no frame", "FrontchannelLogoutSessionRequired", oauth.OpenID{FrontchannelLogoutSessionRequired: true}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			client := *k.app
			client.OpenID = c.set
			if c.redirects != nil {
				client.RedirectURIs = c.redirects
			}
			err := k.provider.ValidateClient(&client)
			if c.field == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, `oauth: client "app": OpenID.`+c.field+": ")

			base := k.server.Config() // and New says so of clients that it is given beforehand
			base.Clients = oauth.ClientList{"app": &client}
			s, err := oauth.New(base)
			require.NoError(t, err)
			_, err = oidc.New(s, k.config)
			require.ErrorContains(t, err, "OpenID."+c.field)
		})
	}
	o := k.config
	o.PairwiseKey, o.Groups = nil, func(context.Context, oidc.ClaimsRequest, string) ([]string, error) { return nil, nil }
	p, err := oidc.New(k.server, o)
	require.NoError(t, err)
	require.ErrorContains(t, p.ValidateClient(&oauth.Client{ID: "x", OpenID: oauth.OpenID{SubjectType: "pairwise", SectorIdentifier: "a.example"}}), "OpenID.SubjectType: ")
	require.NoError(t, p.ValidateClient(&oauth.Client{ID: "x", OpenID: oauth.OpenID{Groups: groups(oauth.GroupsExpression, "a")}}))
}
