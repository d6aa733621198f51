package oidc_test

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mintyard/mintyard/oauth"
	"github.com/mintyard/mintyard/oidc"
)

var pairwiseKey = bytes.Repeat([]byte{7}, 32)

// newPairwise is a door at which app and other are of two sectors and third is of the
// sector of app.
func newPairwise(t *testing.T, format string) *tokens {
	return newTokens(t, func(k *tokens, c *oauth.Config, o *oidc.Config) {
		o.PairwiseKey, c.AccessToken.Format = pairwiseKey, format
		list := c.Clients.(oauth.ClientList)
		for id, sector := range map[string]string{"app": "", "other": "other.example", "third": "app.example"} {
			list[id].OpenID.SubjectType, list[id].OpenID.SectorIdentifier = oidc.SubjectPairwise, sector
			list[id].ThirdParty = false
		}
	})
}

// U06, and section 8.1: one sub in every artefact of a client, and in none the host's.
func TestPairwise(t *testing.T) {
	for _, format := range []string{oauth.FormatJWT, oauth.FormatOpaque} {
		k := newPairwise(t, format)
		subs := make(map[string]string)
		for _, client := range []string{"app", "other", "third"} {
			v := k.authorize("client_id", client, "response_type", "code id_token token", "scope", "openid email offline_access")
			k.sent(v, "")
			a := k.redeem(v, "client_id", client)
			require.Equal(t, http.StatusOK, a.status, a.raw)
			sub := k.claims(a.text("id_token")).Subject
			require.Len(t, sub, 43, "base64url of 32 bytes")
			require.Equal(t, sub, k.claims(v.params.Get("id_token")).Subject)
			b := k.post("/t1/token", "client_id", client, "grant_type", "refresh_token", "refresh_token", a.text("refresh_token"))
			for _, tok := range []string{v.params.Get("access_token"), a.text("access_token"), b.text("access_token")} {
				require.Equal(t, sub, k.userinfo(tok).text("sub"), "the server itself finds the person by the grant")
				require.Equal(t, "mia@example.test", k.userinfo(tok).text("email"))
				require.Equal(t, sub, k.introspect(tok).text("sub"))
				if format == oauth.FormatJWT {
					require.Equal(t, sub, k.payload(tok)["sub"])
				}
				info, err := k.provider.Server().Inspect(t.Context(), tok)
				require.NoError(t, err)
				require.Equal(t, "mia", info.Subject, "and knows them by the host's name")
			}
			require.Equal(t, sub, k.claims(b.text("id_token")).Subject)
			subs[client] = sub
		}
		require.NotEqual(t, subs["app"], subs["other"])
		require.Equal(t, subs["app"], subs["third"], "one sector")

		mac := hmac.New(sha256.New, pairwiseKey) // what is promised for ever
		mac.Write([]byte("\x00\x00\x00\x00\x00\x00\x00\x0bapp.example\x00\x00\x00\x00\x00\x00\x00\x03mia"))
		require.Equal(t, base64.RawURLEncoding.EncodeToString(mac.Sum(nil)), subs["app"])

		m := k.machine()
		if format == oauth.FormatJWT {
			require.Equal(t, "machine", k.payload(m.text("access_token"))["sub"])
		}
		for _, r := range k.asked {
			require.NotEqual(t, subs["app"], r.Subject, "the claims function knows persons by the host's name")
		}
	}
}

// What cannot be looked up is compared: hints, and sub in the claims parameter.
func TestPairwiseHints(t *testing.T) {
	k := newPairwise(t, oauth.FormatJWT)
	mia := k.redeem(k.authorize()).text("id_token")
	sub := k.claims(mia).Subject
	asked := func(s string) string { return `{"id_token":{"sub":{"value":"` + s + `"}}}` }
	k.sent(k.authorize("prompt", "none", "id_token_hint", mia), "")
	k.sent(k.authorize("prompt", "none", "claims", asked(sub)), "")
	k.sent(k.authorize("prompt", "none", "claims", asked("mia")), "login_required") // the host's name is not the client's
	k.sent(k.authorize("client_id", "other", "prompt", "none", "claims", asked(sub)), "login_required")

	k.person = "tom"
	k.sent(k.authorize("prompt", "login"), "")
	v := k.authorize("prompt", "none", "id_token_hint", mia)
	require.Equal(t, sub, k.claims(k.redeem(v).text("id_token")).Subject, "mia is signed in as well")

	require.NoError(t, k.provider.Server().EndSubject(t.Context(), "mia"))
	k.sent(k.authorize("prompt", "none", "id_token_hint", mia), "login_required")
	k.sent(k.authorize("id_token_hint", mia), "login_required") // tom signs in, and is not meant
	require.Equal(t, []oidc.Need{oidc.NeedLogin}, k.needs)
	require.Empty(t, k.last.Subject, "nobody can tell who it was")
	k.person = "mia"
	k.sent(k.authorize("id_token_hint", mia), "")

	ok, err := k.provider.IsSubject(k.app, sub, "mia")
	require.NoError(t, err)
	require.True(t, ok)
	for _, wrong := range [][2]string{{sub, "tom"}, {"mia", "mia"}, {"", "mia"}, {"", ""}} {
		ok, err := k.provider.IsSubject(k.app, wrong[0], wrong[1])
		require.NoError(t, err)
		require.False(t, ok, "%q", wrong)
	}
}

// Sector and person do not run together, and the key counts.
func TestPairwiseIsInjective(t *testing.T) {
	k := newPairwise(t, oauth.FormatJWT)
	seen := make(map[string]string)
	for _, key := range [][]byte{pairwiseKey, bytes.Repeat([]byte{8}, 32)} {
		o := k.config
		o.PairwiseKey = key
		p, err := oidc.New(k.server, o)
		require.NoError(t, err)
		for _, sector := range []string{"a.example", "a.examplem", "a", "aa.example"} {
			for _, subject := range []string{"mia", "ia", "m", "\x00mia", "a.example"} {
				sub, err := p.SubjectFor(&oauth.Client{ID: "x", OpenID: oauth.OpenID{SubjectType: oidc.SubjectPairwise, SectorIdentifier: sector}}, subject)
				require.NoError(t, err)
				at := string(key[:1]) + sector + "|" + subject
				require.Empty(t, seen[sub], at)
				seen[sub] = at
			}
		}
	}
	require.Len(t, seen, 40)
}

// A client that cannot be served is refused, and never told the host's name for somebody.
func TestPairwiseUnserved(t *testing.T) {
	for name, spoil := range map[string]func(c *oauth.Client, o *oidc.Config){
		"no key":    func(c *oauth.Client, o *oidc.Config) { o.PairwiseKey = nil },
		"two hosts": func(c *oauth.Client, o *oidc.Config) { c.RedirectURIs = append(c.RedirectURIs, "https://b.example/cb") },
		"no host":   func(c *oauth.Client, o *oidc.Config) { c.RedirectURIs = nil },
	} {
		t.Run(name, func(t *testing.T) {
			var spoiled oauth.Client
			k := newTokens(t, func(k *tokens, c *oauth.Config, o *oidc.Config) {
				o.PairwiseKey = pairwiseKey
				spoiled = *k.app
				spoiled.OpenID.SubjectType = oidc.SubjectPairwise
				spoil(&spoiled, o)
				c.Clients = oneClient{&spoiled}
			})
			for _, scope := range []string{"openid", "orders"} {
				a := k.signIn(scope)
				require.Equal(t, http.StatusServiceUnavailable, a.status, a.raw)
				require.NotContains(t, a.raw, "mia")
			}
			require.Error(t, k.provider.ValidateClient(&spoiled))
		})
	}
}
