package oidctest

import (
	"cmp"
	"crypto/rand"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/mintyard/mintyard/oauth"
	"github.com/mintyard/mintyard/oauth/token"
)

// Token says what is in an access token that is minted without asking anybody. What is
// empty is what a good token of Mia's would have.
type Token struct {
	Issuer    string
	Subject   string // "" is mia
	ClientID  string // "" is the app
	Audience  []string
	Scopes    []string
	ExpiresIn time.Duration  // 0 is 10 minutes; negative has expired
	Extra     map[string]any // further claims

	// ForeignKey signs with a key that the server does not have.
	ForeignKey bool
}

// Mint signs a token, good or not, for tests of what must be refused:
//
//	as.Mint(t, oidctest.Token{ExpiresIn: -time.Minute})
//	as.Mint(t, oidctest.Token{Issuer: "https://evil.example"})
//	as.Mint(t, oidctest.Token{Audience: []string{"https://other.example"}})
//	as.Mint(t, oidctest.Token{ForeignKey: true})
//
// The server itself does not know it: introspection says that it is not active.
func (s *Server) Mint(t testing.TB, tok Token) string {
	t.Helper()
	c, now := s.Provider.Server().Config(), s.Now()
	if tok.ExpiresIn == 0 {
		tok.ExpiresIn = 10 * time.Minute
	}
	if tok.Audience == nil {
		tok.Audience = []string{c.Audience}
	}
	a := token.AccessToken{
		Issuer: cmp.Or(tok.Issuer, s.issuer), Subject: cmp.Or(tok.Subject, "mia"), ClientID: cmp.Or(tok.ClientID, AppID), Audience: tok.Audience,
		Scopes: tok.Scopes, ID: rand.Text(), Expires: now.Add(tok.ExpiresIn).Unix(), IssuedAt: min(now.Unix(), now.Add(tok.ExpiresIn-time.Minute).Unix()),
	}
	if tok.Extra != nil {
		b, err := json.Marshal(tok.Extra)
		if err != nil {
			t.Fatalf("oidctest: Token.Extra: %v", err)
		}
		a.Extra = []byte(strings.TrimSuffix(strings.TrimPrefix(string(b), "{"), "}"))
	}
	keys := s.Keys
	if tok.ForeignKey {
		var err error
		if keys, err = oauth.GenerateKeys("foreign", token.ES256); err != nil {
			t.Fatalf("oidctest: %v", err)
		}
	}
	out, err := keys.Signing.Active(token.ES256).AppendAccessToken(nil, &a)
	if err != nil {
		t.Fatalf("oidctest: minting: %v", err)
	}
	return string(out)
}
