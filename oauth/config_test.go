package oauth_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/mintyard/mintyard/oauth"
	"github.com/mintyard/mintyard/oauth/token"
)

// New names the field that is wrong.
func TestNewNamesTheField(t *testing.T) {
	other, err := oauth.GenerateKeys("other", token.ES256)
	require.NoError(t, err)
	for _, c := range []struct {
		field string
		edit  func(*oauth.Config)
	}{
		{"ID", func(c *oauth.Config) { c.ID = "" }},
		{"ID", func(c *oauth.Config) { c.ID = "ä" }},
		{"Issuer", func(c *oauth.Config) { c.Issuer = "" }},
		{"Issuer", func(c *oauth.Config) { c.Issuer = "http://as.example" }},
		{"Issuer", func(c *oauth.Config) { c.Issuer = "https://as.example/" }},
		{"Issuer", func(c *oauth.Config) { c.Issuer = "https://as.example?x" }},
		{"Issuer", func(c *oauth.Config) { c.Issuer = "https://as.example#x" }},
		{"Issuer", func(c *oauth.Config) { c.Issuer = "https://user@as.example" }},
		{"Issuer", func(c *oauth.Config) { c.Issuer = "as.example" }},
		{"Issuer", func(c *oauth.Config) { c.Issuer = "ftp://127.0.0.1" }},
		{"Store", func(c *oauth.Config) { c.Store = nil }},
		{"Keys", func(c *oauth.Config) { c.Keys = nil }},
		{"Keys", func(c *oauth.Config) { c.Keys = other }},
		{"Clients", func(c *oauth.Config) { c.Clients = nil }},
		{"Subjects", func(c *oauth.Config) { c.Subjects = nil }},
		{"Grants", func(c *oauth.Config) { c.Grants = nil }},
		{"Grants[0]", func(c *oauth.Config) { c.Grants = []oauth.Grant{nil} }},
		{"Grants[1]", func(c *oauth.Config) { c.Grants = []oauth.Grant{oauth.RefreshToken(), oauth.RefreshToken()} }},
		{"Scopes[0].Name", func(c *oauth.Config) { c.Scopes = []oauth.Scope{{Name: "a b"}} }},
		{"Scopes[1].Name", func(c *oauth.Config) { c.Scopes = []oauth.Scope{{Name: "a"}, {Name: "a"}} }},
		{"Resources[0]", func(c *oauth.Config) { c.Resources = []string{"api"} }},
		{"Resources[0]", func(c *oauth.Config) { c.Resources = []string{"https://api#x"} }},
		{"AccessToken.Format", func(c *oauth.Config) { c.AccessToken.Format = "saml" }},
		{"AccessToken.Algorithm", func(c *oauth.Config) { c.AccessToken.Algorithm = token.RS256 }},
		{"AccessToken.TTL", func(c *oauth.Config) { c.AccessToken.TTL = -1 }},
		{"AccessToken.TTL", func(c *oauth.Config) { c.AccessToken.TTL = 25 * time.Hour }},
		{"Refresh.Grace", func(c *oauth.Config) { c.Refresh.Grace = -5 }},
		{"Refresh.Grace", func(c *oauth.Config) { c.Refresh.Grace = 48 * time.Hour }},
		{"Refresh.Idle", func(c *oauth.Config) { c.Refresh.Idle = -5 }},
		{"Refresh.Absolute", func(c *oauth.Config) { c.Refresh.Absolute = -5 }},
		{"Paths", func(c *oauth.Config) { c.Paths.Token = "/token" }},
		{"Paths.Revoke", func(c *oauth.Config) { c.Paths = oauth.DefaultPaths(c.Issuer); c.Paths.Revoke = "/token" }},
		{"Paths.Introspect", func(c *oauth.Config) { c.Paths = oauth.DefaultPaths(c.Issuer); c.Paths.Introspect = "x" }},
		{"ParallelHashes", func(c *oauth.Config) { c.ParallelHashes = -1 }},
	} {
		k := newKit(t)
		config := k.config
		c.edit(&config)
		_, err := oauth.New(config)
		require.ErrorContains(t, err, "oauth: Config."+c.field+": ")
	}
}

func TestIssuersThatAreFine(t *testing.T) {
	for _, issuer := range []string{"https://as.example", "https://as.example:8443/oauth2/default", "http://127.0.0.1:8080", "http://localhost", "http://[::1]:1"} {
		newKit(t, func(c *oauth.Config) { c.Issuer = issuer })
	}
}

func TestClientValidateNamesTheField(t *testing.T) {
	_, hash := oauth.NewSecret()
	secret := []oauth.Secret{{Hash: hash}}
	for _, c := range []struct {
		field  string
		client oauth.Client
	}{
		{"ID", oauth.Client{Secrets: secret}},
		{"ID", oauth.Client{ID: "ä", Secrets: secret}},
		{"Secrets", oauth.Client{ID: "c"}},
		{"Secrets", oauth.Client{ID: "c", Secrets: append(secret, secret[0], secret[0])}},
		{"Secrets[0].Hash", oauth.Client{ID: "c", Secrets: []oauth.Secret{{Hash: "plain text"}}}},
		{"Secrets[0].Hash", oauth.Client{ID: "c", Secrets: []oauth.Secret{{Hash: hash + "A"}}}},
		{"Secrets", oauth.Client{ID: "c", AuthMethod: oauth.AuthNone, Secrets: secret}},
		{"GrantTypes", oauth.Client{ID: "c", AuthMethod: oauth.AuthNone, GrantTypes: []string{oauth.GrantClientCredentials}}},
		{"AuthMethod", oauth.Client{ID: "c", AuthMethod: "magic"}},
		{"AccessTokenFormat", oauth.Client{ID: "c", Secrets: secret, AccessTokenFormat: "saml"}},
		{"AccessTokenTTL", oauth.Client{ID: "c", Secrets: secret, AccessTokenTTL: -1}},
		{"Refresh.Idle", oauth.Client{ID: "c", Secrets: secret, Refresh: &oauth.RefreshConfig{Idle: -9}}},
		{"Scopes", oauth.Client{ID: "c", Secrets: secret, Scopes: []string{"a b"}}},
	} {
		require.ErrorContains(t, c.client.Validate(), ": "+c.field+": ")
	}
	_, err := oauth.NewClientList(&oauth.Client{ID: "c", Secrets: secret}, &oauth.Client{ID: "c", Secrets: secret})
	require.ErrorContains(t, err, "twice")
}

func TestHashSecret(t *testing.T) {
	_, err := oauth.HashSecret("short")
	require.ErrorContains(t, err, "32 bytes")
	hash, err := oauth.HashSecret("a secret that is long enough to be random")
	require.NoError(t, err)
	require.NoError(t, (&oauth.Client{ID: "c", Secrets: []oauth.Secret{{Hash: hash}}}).Validate())
}
