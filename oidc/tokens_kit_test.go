package oidc_test

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"math/big"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/mintyard/mintyard/oauth"
	"github.com/mintyard/mintyard/oauth/token"
	"github.com/mintyard/mintyard/oidc"
)

// tokens is a door whose provider is asked for what is in its artefacts: the app may
// also use a grant of the host's own, and a machine asks for itself.
type tokens struct {
	*door
	app    *oauth.Client
	secret string // of the machine, which answers for the server's audience too
	asked  []oidc.ClaimsRequest
	say    oidc.Claims
	groups []string
}

func newTokens(t *testing.T, edit func(k *tokens, c *oauth.Config, o *oidc.Config)) *tokens {
	k := &tokens{say: oidc.Claims{"name": "Mia", "email": "mia@example.test", "email_verified": true, "shop_level": 3, "nickname": "", "locale": nil}}
	var keys *oauth.Keys
	k.door = newDoor(t, func(c *oauth.Config, o *oidc.Config) {
		list := c.Clients.(oauth.ClientList)
		k.app = list["app"]
		k.app.GrantTypes = append([]string{"urn:example:person"}, k.app.GrantTypes...)
		var s oauth.Secret
		k.secret, s.Hash = oauth.NewSecret()
		list["machine"] = &oauth.Client{ID: "machine", Secrets: []oauth.Secret{s}, GrantTypes: []string{oauth.GrantClientCredentials}, ResourceServerFor: []string{issuer}}
		c.Grants = append(c.Grants, personGrant{}, oauth.ClientCredentials())
		c.Subjects = oauth.SubjectFunc(func(_ context.Context, id string) (oauth.Subject, error) {
			return oauth.Subject{Active: k.active, Groups: k.groups}, nil
		})
		o.Claims = func(_ context.Context, r oidc.ClaimsRequest) (oidc.Claims, error) {
			k.asked = append(k.asked, r)
			return k.say, k.kit.claims
		}
		if edit != nil {
			edit(k, c, o)
		}
		keys = c.Keys
	})
	k.keys = keys
	return k
}

// direct signs mia in with the host's own grant.
func (k *tokens) direct(scope string, more ...string) answer {
	k.t.Helper()
	k.asked, k.events = nil, nil
	a := k.signIn(scope, more...)
	require.Equal(k.t, http.StatusOK, a.status, a.raw)
	return a
}

func (k *tokens) machine() answer { return k.machineFor("orders") }

func (k *tokens) machineFor(scope string) answer {
	k.asked, k.events = nil, nil
	r := httptest.NewRequest(http.MethodPost, "/t1/token", strings.NewReader("grant_type=client_credentials&scope="+scope))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.SetBasicAuth("machine", k.secret)
	return k.do(r)
}

func (k *tokens) introspect(tok string) answer {
	r := httptest.NewRequest(http.MethodPost, "/t1/introspect", strings.NewReader(url.Values{"token": {tok}}.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.SetBasicAuth("machine", k.secret)
	return k.do(r)
}

// verified is an ID token that its client has verified, as it must.
func (k *tokens) verified(a answer, nonce string) *token.Claims {
	k.t.Helper()
	v := token.IDTokenVerifier{Issuer: issuer, ClientID: "app", Keys: k.keys.Signing.KeySet(), Now: k.time}
	c, err := v.Verify(k.t.Context(), a.text("id_token"), token.IDTokenExpectation{Nonce: nonce, AccessToken: a.text("access_token")})
	require.NoError(k.t, err)
	return c
}

func (k *tokens) time() time.Time { return time.Unix(k.now.Load(), 0) }

// raw asks UserInfo, whatever the form of its answer.
func (k *tokens) raw(tok string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodGet, "/t1/userinfo", nil)
	r.Header.Set("Authorization", "Bearer "+tok)
	w := httptest.NewRecorder()
	k.mux.ServeHTTP(w, r)
	return w
}

// part reads the header (0) or the payload (1) of a JWT, without verifying it.
func (k *tokens) part(tok string, i int) map[string]any {
	k.t.Helper()
	parts := strings.Split(tok, ".")
	require.Len(k.t, parts, 3, tok)
	b, err := base64.RawURLEncoding.DecodeString(parts[i])
	require.NoError(k.t, err)
	var m map[string]any
	require.NoError(k.t, json.Unmarshal(b, &m))
	return m
}

func (k *tokens) payload(tok string) map[string]any { k.t.Helper(); return k.part(tok, 1) }

// cuts are the reasons of the events that something was cut.
func (k *tokens) cuts() []oauth.Reason {
	var list []oauth.Reason
	for _, e := range k.events {
		if e.Type == oidc.EventClaimsCut {
			list = append(list, e.Reason)
		}
	}
	return list
}

// oneClient are clients that the server cannot know beforehand.
type oneClient struct{ client *oauth.Client }

func (o oneClient) Client(_ context.Context, id string) (*oauth.Client, error) {
	if id != o.client.ID {
		return nil, oauth.ErrNoClient
	}
	return o.client, nil
}

func mustURL(t *testing.T, s string) *url.URL {
	u, err := url.Parse(s)
	require.NoError(t, err)
	return u
}

func emptyJar() http.CookieJar {
	jar, err := cookiejar.New(nil)
	if err != nil {
		panic(err)
	}
	return jar
}

// nextInAlphabet changes the bits that base64url leaves over at the end.
func nextInAlphabet(c byte) byte {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	return alphabet[(strings.IndexByte(alphabet, c)+1)%64]
}

// sign makes a JWT with any header and payload under a key of the server.
func sign(t *testing.T, key *token.Key, header, payload string) string {
	t.Helper()
	der, err := key.PKCS8()
	require.NoError(t, err)
	private, err := x509.ParsePKCS8PrivateKey(der)
	require.NoError(t, err)
	in := base64.RawURLEncoding.EncodeToString([]byte(header)) + "." + base64.RawURLEncoding.EncodeToString([]byte(payload))
	digest := sha256.Sum256([]byte(in))
	var sig []byte
	switch private := private.(type) {
	case *rsa.PrivateKey:
		sig, err = rsa.SignPKCS1v15(nil, private, crypto.SHA256, digest[:])
	case *ecdsa.PrivateKey:
		var r, s *big.Int
		r, s, err = ecdsa.Sign(rand.Reader, private, digest[:])
		sig = make([]byte, 64)
		r.FillBytes(sig[:32])
		s.FillBytes(sig[32:])
	}
	require.NoError(t, err)
	return in + "." + base64.RawURLEncoding.EncodeToString(sig)
}
