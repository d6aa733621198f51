package oauth

import (
	"cmp"
	"net/http"
	"net/netip"
	"slices"
	"time"

	"github.com/mintyard/mintyard/internal/password"
	"github.com/mintyard/mintyard/policy"
	"github.com/mintyard/mintyard/store"
)

// Server is an authorization server. It is made by [New], safe for concurrent
// use, and starts no goroutine of its own: [Server.Run] does the work that can wait.
type Server struct {
	config     Config
	grants     map[string]Grant
	scopes     map[string]*Scope
	refresh    RefreshConfig // resolved
	extensions []Extension
	namer      SubjectNamer        // the last one; nil: everybody has one name
	extender   AccessTokenExtender // the last one; nil: access tokens have no claims of the host's
	joined     *joinedExtensions

	space           [16]byte // of this server's keys in the store
	defaultAudience []string
	now             func() time.Time
	clientAddr      func(*http.Request) netip.Addr

	limiter  *limiter
	verified *verifiedSecrets
	hasher   *password.Hasher
	nobody   Client // whose secret nobody knows
}

// defaultSignIn is asked where a client has no policy of its own.
var defaultSignIn = policy.OneFactor()

// New checks the configuration and returns the server that it describes. An
// error names the field that is wrong.
func New(c Config) (*Server, error) {
	if err := c.check(); err != nil {
		return nil, err
	}
	c.Grants, c.Scopes, c.Resources = slices.Clone(c.Grants), slices.Clone(c.Scopes), slices.Clone(c.Resources)
	c.ResponseTypes = slices.Clone(c.ResponseTypes)
	c.AccessToken.Format = cmp.Or(c.AccessToken.Format, FormatJWT)
	c.AccessToken.TTL = cmp.Or(c.AccessToken.TTL, 10*time.Minute)
	if c.AccessToken.Algorithm == "" {
		c.AccessToken.Algorithm = c.Keys.Signing.Algorithms()[0]
	}
	c.CodeTTL = cmp.Or(c.CodeTTL, time.Minute)
	if c.ResponseTypes == nil && c.redeemsCodes() {
		c.ResponseTypes = []string{ResponseCode}
	}
	c.Audience = cmp.Or(c.Audience, c.Issuer)
	c.Paths = cmp.Or(c.Paths, DefaultPaths(c.Issuer))
	s := &Server{
		config:          c,
		grants:          make(map[string]Grant, len(c.Grants)),
		scopes:          make(map[string]*Scope, len(c.Scopes)),
		refresh:         c.Refresh.resolve(),
		space:           store.Digest("server", c.ID),
		defaultAudience: []string{c.Audience},
		now:             c.Now,
		clientAddr:      c.ClientAddr,
		limiter:         newLimiter(20, 3*time.Second),
		verified:        newVerifiedSecrets(),
		hasher:          password.NewHasher(c.ParallelHashes),
		joined:          new(joinedExtensions),
	}
	if s.now == nil {
		s.now = time.Now
	}
	if s.clientAddr == nil {
		s.clientAddr = connectionAddr
	}
	for _, g := range c.Grants {
		s.grants[g.Type()] = g
	}
	for i := range c.Scopes {
		s.scopes[c.Scopes[i].Name] = &s.config.Scopes[i]
	}
	_, hash := NewSecret()
	s.nobody.Secrets = []Secret{{Hash: hash}}
	return s, nil
}

// Config returns the configuration with its defaults filled in. The slices are
// the server's own: they must not be changed.
func (s *Server) Config() Config { return s.config }

// Now is the server's time.
func (s *Server) Now() time.Time { return s.now() }

func (s *Server) scope(name string) *Scope { return s.scopes[name] }

// HasGrant reports whether the server serves the grant type.
func (s *Server) HasGrant(grantType string) bool { return s.grants[grantType] != nil }
