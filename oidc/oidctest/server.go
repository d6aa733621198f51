// Package oidctest is an authorization server and OpenID Provider for the tests of
// others: the production code, in memory, with people and apps from a struct literal.
//
//	as := oidctest.NewServer(t, oidctest.Config{Scopes: []string{"orders:read"}})
//	client := as.Client(t, "mia", "orders:read") // an *http.Client that holds a token
//	res, err := client.Get(api.URL + "/orders")
//
// Everything is as strict as it is in service: a token that [Server.Client] sends came
// of a code flow with PKCE, walked through the real pages. Time is the test's to move
// ([Server.Advance]), what is delivered can be read ([Server.Delivered]), any token can
// be minted, good or not ([Server.Mint]), and the store can be made to fail
// ([Server.FailNext]).
package oidctest

import (
	"context"
	"crypto/rand"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/mintyard/mintyard/oauth"
	"github.com/mintyard/mintyard/oauth/token"
	"github.com/mintyard/mintyard/oidc"
	"github.com/mintyard/mintyard/oidc/signin"
	"github.com/mintyard/mintyard/store"
	"github.com/mintyard/mintyard/store/storetest"
)

// Server is a running server. It is made by [NewServer], and closed when the test ends.
type Server struct {
	// Provider is the production code that answers.
	Provider *oidc.Provider

	// Keys are its keys.
	Keys *oauth.Keys

	issuer string
	mux    *http.ServeMux
	store  *storetest.FaultyStore
	people *people

	mu     sync.Mutex
	ahead  time.Duration
	events []oauth.Event
}

// NewServer starts a server; it is ready when it returns. A configuration that cannot be
// honoured fails the test. Any number may run at once.
func NewServer(t testing.TB, config ...Config) *Server {
	t.Helper()
	if len(config) > 1 {
		t.Fatal("oidctest: NewServer takes one Config")
	}
	var c Config
	if len(config) == 1 {
		c = config[0]
	}
	c.resolve()
	s := &Server{mux: http.NewServeMux(), issuer: "https://as.test", store: storetest.Faulty(store.NewMemory())}
	if !c.InProcess {
		listening := httptest.NewServer(s.mux)
		t.Cleanup(listening.Close)
		s.issuer = listening.URL
	}
	if err := s.build(t.Context(), &c); err != nil {
		t.Fatalf("oidctest: %v", err)
	}
	return s
}

// build puts the production code together, as a host does.
func (s *Server) build(ctx context.Context, c *Config) (err error) {
	var master store.MasterKey
	rand.Read(master[:])
	sealer := store.NewSealer(master)
	if s.people, err = newPeople(ctx, s, c.Users, sealer); err != nil {
		return err
	}
	clients, err := newClients(c)
	if err != nil {
		return err
	}
	// ES256 keys are made in no time, and every client can verify them.
	if s.Keys, err = oauth.GenerateKeys("test", token.ES256); err != nil {
		return err
	}
	direct, err := s.people.direct()
	if err != nil {
		return err
	}
	oc := oauth.Config{
		ID: "test", Issuer: s.issuer, Audience: c.Audience, Store: s.store, Keys: s.Keys, Clients: clients, Subjects: s.people,
		Grants: append(direct.Grants(), oauth.AuthorizationCode(), oauth.RefreshToken(), oauth.ClientCredentials()),
		StepUp: direct, Scopes: oidc.Scopes(), Now: s.Now, Observe: s.observe,
	}
	for _, name := range c.Scopes {
		oc.Scopes = append(oc.Scopes, oauth.Scope{Name: name, Description: name})
	}
	pc := oidc.Config{Claims: s.people.claims}
	sc := s.people.pages()
	if c.Edit != nil {
		c.Edit(&oc, &pc, &sc)
	}
	pages, err := signin.New(sc)
	if err != nil {
		return err
	}
	pc.Pages, pc.Available = pages, pages.Available
	server, err := oauth.New(oc)
	if err != nil {
		return err
	}
	if s.Provider, err = oidc.New(server, pc); err != nil {
		return err
	}
	s.Provider.Mount(s.mux)
	return nil
}

// newClients fills in what the clients leave out. One with the id of the app replaces it.
func newClients(c *Config) (oauth.ClientList, error) {
	list := []*oauth.Client{{ID: AppID, Name: "App", SignIn: c.Policy}}
	for _, k := range c.Clients {
		if k.ID == AppID {
			list = list[1:]
		}
		list = append(list, k)
	}
	for i, k := range list {
		filled := *k
		if filled.AuthMethod == "" && filled.Secrets == nil {
			filled.AuthMethod = oauth.AuthNone
		}
		if filled.GrantTypes == nil {
			filled.GrantTypes = append([]string{oauth.GrantAuthorizationCode, oauth.GrantRefreshToken}, directGrants...)
		}
		if filled.RedirectURIs == nil && slices.Contains(filled.GrantTypes, oauth.GrantAuthorizationCode) {
			filled.RedirectURIs = []string{RedirectURI}
		}
		list[i] = &filled
	}
	return oauth.NewClientList(list...)
}

// Issuer is the issuer, and the address of the server unless it is InProcess.
func (s *Server) Issuer() string { return s.issuer }

// Metadata is what discovery says, for tests that need an endpoint.
func (s *Server) Metadata() map[string]any { return maps.Clone(map[string]any(s.Provider.Metadata())) }

// ServeHTTP serves one request, so that the server can be mounted on a listener or a
// router of the test's own.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.mux.ServeHTTP(w, r) }

// Transport reaches the server without a connection: it works inside of
// testing/synctest, and whatever the issuer is. Requests to other hosts go to next;
// nil refuses them.
func (s *Server) Transport(next http.RoundTripper) http.RoundTripper { return transport{s, next} }

// HTTPClient is a client that reaches the server, and nothing else.
func (s *Server) HTTPClient() *http.Client { return &http.Client{Transport: s.Transport(nil)} }

// Now is the server's time.
func (s *Server) Now() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return time.Now().Add(s.ahead)
}

// Advance moves the server's clock, and nobody else's: tokens expire, sessions end,
// codes of authenticator apps change.
func (s *Server) Advance(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ahead += d
}

// Events are what the server has said so far, oldest first.
func (s *Server) Events() []oauth.Event {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.events)
}

func (s *Server) observe(_ context.Context, e oauth.Event) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.events = append(s.events, e)
}

// FailNext makes the next call of the store fail, before it has an effect: of the
// method "Get", "Put", "Delete" or "List", or any for "". The server then answers 503.
func (s *Server) FailNext(method string) { s.store.FailNext(method) }
