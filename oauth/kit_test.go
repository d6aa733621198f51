package oauth_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/mintyard/mintyard/oauth"
	"github.com/mintyard/mintyard/oauth/token"
	"github.com/mintyard/mintyard/policy"
	"github.com/mintyard/mintyard/store"
)

// The clients of every test server.
const (
	issuer        = "https://as.example"
	audience      = "https://api.example"
	machineID     = "machine"
	webID         = "web"
	nativeID      = "native"
	apiID         = "api"
	personGrantID = "urn:example:person"
)

// kit is an authorization server under test, with its clock, its store and what
// it was heard to say.
type kit struct {
	t       testing.TB
	mux     *http.ServeMux
	server  *oauth.Server
	config  oauth.Config
	clients oauth.ClientList
	people  *people
	clock   *clock
	secrets map[string]string // by client

	mu     sync.Mutex
	events []oauth.Event
}

type clock struct{ at atomic.Int64 }

func newClock() *clock {
	c := new(clock)
	c.at.Store(time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC).UnixNano())
	return c
}
func (c *clock) Now() time.Time          { return time.Unix(0, c.at.Load()) }
func (c *clock) advance(d time.Duration) { c.at.Add(int64(d)) }

// people is the host's table of persons.
type people struct {
	mu   sync.Mutex
	list map[string]oauth.Subject
	err  error
}

func (p *people) Subject(_ context.Context, id string) (oauth.Subject, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.err != nil {
		return oauth.Subject{}, p.err
	}
	s, ok := p.list[id]
	if !ok {
		return oauth.Subject{}, oauth.ErrNoSubject
	}
	return s, nil
}

func (p *people) set(id string, s oauth.Subject) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.list[id] = s
}

// personGrant is a grant of a host's own: whoever sends a subject is that person.
type personGrant struct{}

func (personGrant) Type() string { return personGrantID }

func (personGrant) Authorize(_ context.Context, r *oauth.TokenRequest) (*oauth.Authorization, error) {
	subject, err := r.Require("subject")
	if err != nil {
		return nil, err
	}
	a, err := r.NewAuthorization()
	if err != nil {
		return nil, err
	}
	a.Subject, a.AuthTime = subject, r.Time
	a.Methods = []policy.Method{{Name: "password", Types: policy.Knowledge, At: r.Time}}
	return a, nil
}

// newKit starts a server; edit changes its configuration first.
func newKit(t testing.TB, edit ...func(*oauth.Config)) *kit {
	t.Helper()
	k := &kit{t: t, clock: newClock(), secrets: make(map[string]string)}
	k.people = &people{list: map[string]oauth.Subject{
		"mia": {Active: true, Groups: []string{"staff"}}, "tom": {Active: true},
	}}
	all := []string{personGrantID, oauth.GrantRefreshToken}
	k.clients = make(oauth.ClientList)
	for _, c := range []*oauth.Client{
		{ID: machineID, GrantTypes: []string{oauth.GrantClientCredentials}, Scopes: []string{"read", "write"}},
		{ID: webID, AuthMethod: oauth.AuthPost, GrantTypes: all},
		{ID: nativeID, AuthMethod: oauth.AuthNone, GrantTypes: all},
		{ID: apiID, ResourceServerFor: []string{audience}},
	} {
		if c.AuthMethod != oauth.AuthNone {
			secret, hash := oauth.NewSecret()
			c.Secrets, k.secrets[c.ID] = []oauth.Secret{{Hash: hash}}, secret
		}
		require.NoError(t, c.Validate())
		k.clients[c.ID] = c
	}
	keys, err := oauth.GenerateKeys("test", token.ES256)
	require.NoError(t, err)
	k.config = oauth.Config{
		ID: "test", Issuer: issuer, Audience: audience, Store: store.NewMemory(), Keys: keys,
		Clients: k.clients, Subjects: k.people,
		Grants: []oauth.Grant{oauth.ClientCredentials(), oauth.RefreshToken(), personGrant{}},
		Scopes: []oauth.Scope{{Name: "read", Default: true}, {Name: "write"}, {Name: "admin"},
			{Name: "openid", Person: true}, {Name: oauth.ScopeOfflineAccess, Person: true}},
		Resources: []string{"https://other.example"},
		Now:       k.clock.Now,
		Observe: func(_ context.Context, e oauth.Event) {
			k.mu.Lock()
			defer k.mu.Unlock()
			k.events = append(k.events, e)
		},
	}
	for _, f := range edit {
		f(&k.config)
	}
	k.server, err = oauth.New(k.config)
	require.NoError(t, err)
	k.mux = http.NewServeMux()
	k.server.Mount(k.mux)
	return k
}

// answer is what came back.
type answer struct {
	status int
	header http.Header
	raw    string
	body   map[string]any
}

func (a answer) text(name string) string { s, _ := a.body[name].(string); return s }

// do sends a request through the router.
func (k *kit) do(r *http.Request) answer {
	k.t.Helper()
	w := httptest.NewRecorder()
	k.mux.ServeHTTP(w, r)
	a := answer{status: w.Code, header: w.Header(), raw: w.Body.String()}
	if a.raw != "" && a.raw[0] == '{' {
		require.NoError(k.t, json.Unmarshal([]byte(a.raw), &a.body), a.raw)
	}
	return a
}

// form makes values of name, value, name, value …
func form(pairs ...string) url.Values {
	v := make(url.Values)
	for i := 0; i < len(pairs); i += 2 {
		v.Add(pairs[i], pairs[i+1])
	}
	return v
}

func newPost(path string, v url.Values) *http.Request {
	r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(v.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return r
}

// post sends a form as a client, in the way the client authenticates.
func (k *kit) post(path, client string, v url.Values) answer {
	k.t.Helper()
	v = cloneValues(v)
	c := k.clients[client]
	switch {
	case c == nil:
	case c.AuthMethod == oauth.AuthPost:
		v.Set("client_id", client)
		v.Set("client_secret", k.secrets[client])
	case c.AuthMethod == oauth.AuthNone:
		v.Set("client_id", client)
	default:
		r := newPost(path, v)
		r.SetBasicAuth(url.QueryEscape(client), url.QueryEscape(k.secrets[client]))
		return k.do(r)
	}
	return k.do(newPost(path, v))
}

func cloneValues(v url.Values) url.Values {
	c := make(url.Values, len(v))
	for name, list := range v {
		c[name] = append([]string(nil), list...)
	}
	return c
}

// token asks the token endpoint.
func (k *kit) token(client string, pairs ...string) answer {
	k.t.Helper()
	return k.post("/token", client, form(pairs...))
}

// signIn gives mia's tokens to a client, with a refresh token.
func (k *kit) signIn(client string) answer {
	k.t.Helper()
	a := k.token(client, "grant_type", personGrantID, "subject", "mia", "scope", "read write offline_access")
	require.Equal(k.t, http.StatusOK, a.status, a.raw)
	require.NotEmpty(k.t, a.text("refresh_token"), a.raw)
	return a
}

func (k *kit) refresh(client, tok string, more ...string) answer {
	k.t.Helper()
	return k.token(client, append([]string{"grant_type", "refresh_token", "refresh_token", tok}, more...)...)
}

// active asks introspection, as the resource server.
func (k *kit) active(tok string) bool {
	k.t.Helper()
	a := k.post("/introspect", apiID, form("token", tok))
	require.Equal(k.t, http.StatusOK, a.status, a.raw)
	on, ok := a.body["active"].(bool)
	require.True(k.t, ok, a.raw)
	if !on {
		require.Equal(k.t, `{"active":false}`, a.raw, "an inactive token says nothing else")
	}
	return on
}

// requireError checks everything that an error answer must be.
func (a answer) requireError(t *testing.T, status int, code string) {
	t.Helper()
	require.Equal(t, status, a.status, a.raw)
	require.Equal(t, code, a.text("error"), a.raw)
	require.Equal(t, "application/json", a.header.Get("Content-Type"))
	require.Equal(t, "no-store", a.header.Get("Cache-Control"))
	for _, name := range []string{"access_token", "refresh_token", "id_token"} {
		require.NotContains(t, a.body, name)
	}
	for _, r := range a.text("error_description") {
		require.True(t, r >= 0x20 && r <= 0x7e && r != '"' && r != '\\', "error_description %q", a.text("error_description"))
	}
}

// reasons are the reasons of the events so far.
func (k *kit) reasons() []oauth.Reason {
	k.mu.Lock()
	defer k.mu.Unlock()
	var list []oauth.Reason
	for _, e := range k.events {
		if e.Reason != "" {
			list = append(list, e.Reason)
		}
	}
	return list
}

func (k *kit) lastReason() oauth.Reason {
	list := k.reasons()
	if len(list) == 0 {
		return ""
	}
	return list[len(list)-1]
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}

func body(v url.Values) io.ReadCloser { return io.NopCloser(strings.NewReader(v.Encode())) }

func decode(r *http.Response) (m map[string]any) {
	defer r.Body.Close()
	check(json.NewDecoder(r.Body).Decode(&m))
	return m
}
