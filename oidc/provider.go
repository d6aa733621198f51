package oidc

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/mintyard/mintyard/internal/outbox"
	"github.com/mintyard/mintyard/oauth"
	"github.com/mintyard/mintyard/oauth/token"
	"github.com/mintyard/mintyard/policy"
)

// ScopeOpenID asks for an ID token (OpenID Connect Core section 3.1.2.1).
const ScopeOpenID = "openid"

// Scopes are the scopes that OpenID Connect defines, for [oauth.Config].Scopes:
// openid, profile, email, address, phone and offline_access. All are about a person.
func Scopes() []oauth.Scope {
	return []oauth.Scope{
		{Name: ScopeOpenID, Description: "Sign you in", Person: true},
		{Name: "profile", Description: "Know your name and other parts of your profile", Person: true},
		{Name: "email", Description: "Know your email address", Person: true},
		{Name: "address", Description: "Know your postal address", Person: true},
		{Name: "phone", Description: "Know your phone number", Person: true},
		{Name: oauth.ScopeOfflineAccess, Description: "Stay signed in while you are away", Person: true},
	}
}

// Config describes what the provider adds to its server.
type Config struct {
	// Claims tells the claims of a person, or of a client that asks for itself: the one
	// function for every artefact, which the request names. It can never replace a claim
	// of the protocol. Nil: there are none but those.
	Claims func(ctx context.Context, r ClaimsRequest) (Claims, error)

	// ScopeClaims says which claims a scope of the host's own releases. Those of
	// profile, email, address and phone are built in (OpenID Connect Core section 5.4).
	ScopeClaims map[string][]string

	// IDTokenClaims and AccessTokenClaims are claims that these tokens have whatever the
	// scopes, if Claims says them; access tokens if they are no handles (FormatJWT). Nil
	// is none.
	IDTokenClaims     []string
	AccessTokenClaims []string

	// MaxTokenClaims and MaxUserInfoClaims bound the claims of the host in one token, and
	// at UserInfo, in bytes of JSON: 0 is 4 KiB and 64 KiB. Where they are more, all of
	// them are left out, and an event says so.
	MaxTokenClaims    int
	MaxUserInfoClaims int

	// Groups evaluates the expression of a client whose groups are filtered by one
	// (oauth.GroupsExpression) over r.Groups, and returns those that it is to know.
	Groups func(ctx context.Context, r ClaimsRequest, expression string) ([]string, error)

	// PairwiseKey makes the pairwise subjects: 32 random bytes. It is required if there is
	// a client that has them, and stays for ever: under another key every person is
	// somebody else to those clients.
	PairwiseKey []byte

	// IDTokenAlgorithm signs ID tokens, unless a client has an algorithm of its own. "" is RS256, which every client can
	// verify (section 3.1.3.7), if the server has such a key, and else that of its access tokens.
	IDTokenAlgorithm token.Algorithm

	// IDTokenTTL is how long an ID token may be used; 0 is an hour.
	IDTokenTTL time.Duration

	// ClaimsInIDToken also puts the claims of the granted scopes into the ID token.
	// Off, they are at UserInfo only (section 5.4).
	ClaimsInIDToken bool

	// Pages is what people see. Nil: nobody signs in on a page, and the authorization
	// endpoint says so.
	Pages Pages

	// Sessions says how long people stay signed in.
	Sessions SessionConfig

	// Available says what a person could prove, for policies that ask for more than a
	// session has. Nil does not know. Pages that verify factors have one.
	Available func(ctx context.Context, subject string) ([]policy.Method, error)

	// UserInfoPath is where UserInfo is served, on the issuer's origin. "" is
	// /userinfo beside the token endpoint.
	UserInfoPath string

	// CheckSessionPath is where the page for SessionConfig.Monitor is. "" is
	// /check-session beside the token endpoint.
	CheckSessionPath string

	// EndSessionPath is where clients send people who sign out. "" is /logout beside the
	// token endpoint. It is served if there are Pages.
	EndSessionPath string

	// Egress says which addresses of clients the provider may ask.
	Egress Egress

	// The pages of signing out; nil are those of Pages ([LogoutPages]), or plain ones.
	// Each writes the whole answer.
	ConfirmLogout func(w http.ResponseWriter, r *http.Request, page *LogoutConfirmation)
	LoggedOut     func(w http.ResponseWriter, r *http.Request, page *LoggedOut)
	LogoutError   func(w http.ResponseWriter, r *http.Request, page *LogoutError)
}

// Provider is an OpenID Provider. It is made by [New].
type Provider struct {
	server  *oauth.Server
	config  Config
	notices notices // nil: nobody signs in, and so nobody signs out
	outbox  *outbox.Outbox
}

// New wraps the server. An error names the field that is wrong.
func New(s *oauth.Server, c Config) (*Provider, error) {
	if s == nil {
		return nil, errors.New("oidc: New: the server is nil")
	}
	base := s.Config()
	if !hasScope(base.Scopes, ScopeOpenID) {
		return nil, errors.New("oidc: the server's Config.Scopes lack openid: add oidc.Scopes()")
	}
	ring := base.Keys.Signing
	switch {
	case c.IDTokenAlgorithm == "" && ring.Active(token.RS256) != nil:
		c.IDTokenAlgorithm = token.RS256
	case c.IDTokenAlgorithm == "":
		c.IDTokenAlgorithm = base.AccessToken.Algorithm
	case ring.Active(c.IDTokenAlgorithm) == nil:
		return nil, fmt.Errorf("oidc: Config.IDTokenAlgorithm: the server has no active key for %s", c.IDTokenAlgorithm)
	}
	if c.IDTokenTTL < 0 || c.IDTokenTTL > 24*time.Hour {
		return nil, errors.New("oidc: Config.IDTokenTTL: must be between 0 and 24h")
	}
	c.IDTokenTTL = cmp.Or(c.IDTokenTTL, time.Hour)
	if err := c.resolveClaims(&base); err != nil {
		return nil, err
	}
	c.UserInfoPath = cmp.Or(c.UserInfoPath, base.Paths.Beside("userinfo"))
	c.CheckSessionPath = cmp.Or(c.CheckSessionPath, base.Paths.Beside("check-session"))
	c.EndSessionPath = cmp.Or(c.EndSessionPath, base.Paths.Beside("logout"))
	if err := c.Sessions.resolve(base.Issuer); err != nil {
		return nil, err
	}
	p := &Provider{config: c, server: s}
	p.resolveLogout()
	if err := p.checkClients(); err != nil {
		return nil, err
	}
	if c.Pages == nil {
		p.server = s.With(extension{p})
	} else {
		if err := p.openOutbox(); err != nil {
			return nil, err
		}
		p.server = s.With(pagedExtension{extension{p}})
	}
	return p, nil
}

// Server returns the authorization server as the provider extends it.
func (p *Provider) Server() *oauth.Server { return p.server }

// Mount mounts every endpoint, the server's included.
func (p *Provider) Mount(mux oauth.Mux) {
	p.server.Mount(mux)
	mux.Handle(p.config.UserInfoPath, p.UserInfoHandler())
	mux.Handle(p.discoveryPath(), p.DiscoveryHandler())
	if p.config.Sessions.Monitor {
		mux.Handle(p.config.CheckSessionPath, p.CheckSessionHandler())
	}
	if p.config.Pages != nil {
		mux.Handle(p.config.EndSessionPath, p.EndSessionHandler())
		for path, h := range p.config.Pages.Routes(p) {
			mux.Handle(path, h)
		}
	}
}

// DiscoveryHandler serves the provider's metadata (OpenID Connect Discovery section 4).
func (p *Provider) DiscoveryHandler() http.Handler { return p.server.DocumentHandler(p.Metadata()) }

func hasScope(scopes []oauth.Scope, name string) bool {
	for i := range scopes {
		if scopes[i].Name == name {
			return true
		}
	}
	return false
}
