package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/mintyard/mintyard/authenticator"
	"github.com/mintyard/mintyard/directauth"
	"github.com/mintyard/mintyard/oauth"
	"github.com/mintyard/mintyard/oidc"
	"github.com/mintyard/mintyard/store"
)

// The names under which people and their authenticators are kept, and shown.
const (
	namespace  = "users"
	totpIssuer = "mintyard"
)

// host is the program: what the library needs of its host, put together.
type host struct {
	config  *fileConfig
	plans   []*serverPlan
	auth    *authenticators
	issuer  *issuer
	durable bool
	hash    hashFunc

	store    store.Store
	closer   io.Closer
	sealer   *store.Sealer
	clock    *clock
	events   *events
	users    *users
	password *authenticator.Password
	totp     *authenticator.TOTP
	servers  []*server
}

// server is one running authorization server.
type server struct {
	id       string
	keys     *oauth.Keys
	provider *oidc.Provider
}

// newHost judges everything that can be judged from the command line and the
// configuration. It opens nothing.
func newHost(ctx context.Context, o *options, log *slog.Logger) (*host, error) {
	h := &host{clock: new(clock), events: &events{log: log, keep: o.dev}}
	var err error
	if h.config, err = loadConfig(o.config); err != nil {
		return nil, err
	}
	if h.issuer, err = newIssuer(h.config.Issuer, o.addr, o.tls()); err != nil {
		return nil, err
	}
	if h.durable, err = checkStore(o.store); err != nil {
		return nil, err
	}
	master, err := masterKey(o, h.durable, log)
	if err != nil {
		return nil, err
	}
	h.sealer = store.NewSealer(master)
	n := collect(h.config)
	if h.plans, err = planServers(h.config, n); err != nil {
		return nil, err
	}
	if err := n.checkPolicies(); err != nil {
		return nil, err
	}
	if h.auth, err = planAuthenticators(h.config); err != nil {
		return nil, err
	}
	if err := planUsers(ctx, h.config, h.auth); err != nil {
		return nil, err
	}
	if err := planClients(h.config, n, h.plans); err != nil {
		return nil, err
	}
	if h.hash, err = newHashFunc(); err != nil {
		return nil, err
	}
	return h, hashSecrets(ctx, h.config, h.plans, h.hash)
}

// open opens the store, finds or makes the keys of every server, and brings the
// factors of the file into it.
func (h *host) open(ctx context.Context, o *options) error {
	var err error
	if h.store, h.closer, err = openStore(ctx, o.store); err != nil {
		return err
	}
	if o.dev {
		if h.store, err = newDevStore(h.store); err != nil {
			return err
		}
	}
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	if err := h.openKeys(ctx); err != nil {
		return &storeError{err}
	}
	h.users = newUsers(h.config.Users, h.store, h.sealer, h.hash)
	h.password, err = authenticator.NewPassword(authenticator.PasswordConfig{
		Source: h.users, Store: h.store, Namespace: namespace, Now: h.clock.Now,
	})
	if err != nil {
		return err
	}
	h.totp, err = authenticator.NewTOTP(authenticator.TOTPConfig{
		Store: h.store, Namespace: namespace, Sealer: h.sealer, Issuer: totpIssuer, Now: h.clock.Now,
		Disable: -1, // a code may be a first factor here: strangers must not disable it for good
	})
	if err != nil {
		return err
	}
	if err := h.importFactors(ctx); err != nil {
		return &storeError{err}
	}
	return nil
}

func (h *host) openKeys(ctx context.Context) error {
	vault := &oauth.Vault{Store: h.store, Sealer: h.sealer}
	h.servers = make([]*server, len(h.plans))
	failed := make([]error, len(h.plans))
	var wg sync.WaitGroup
	for i, p := range h.plans { // RSA keys take their time
		wg.Go(func() {
			var keys *oauth.Keys
			keys, failed[i] = vault.Keys(ctx, p.id, p.algorithms...)
			h.servers[i] = &server{id: p.id, keys: keys}
		})
	}
	wg.Wait()
	return errors.Join(failed...)
}

// importFactors gives everybody the authenticators of the file, and no other.
func (h *host) importFactors(ctx context.Context) error {
	if !h.auth.totp {
		return nil
	}
	for _, u := range h.users.list {
		wanted := make(map[string]bool)
		for _, f := range u.Factors {
			wanted[f.ID] = true
			if err := h.totp.Import(ctx, u.ID, f.ID, f.Secret, authenticator.TOTPOptions{}); err != nil {
				return fmt.Errorf("user %q: %w", u.ID, err)
			}
		}
		enrolled, err := h.totp.Enrolled(ctx, u.ID)
		if err != nil {
			return fmt.Errorf("user %q: %w", u.ID, err)
		}
		for _, e := range enrolled {
			if wanted[e.ID] {
				continue
			}
			if err := h.totp.Remove(ctx, u.ID, e.ID); err != nil && !errors.Is(err, authenticator.ErrNoAuthenticator) {
				return fmt.Errorf("user %q: %w", u.ID, err)
			}
		}
	}
	return nil
}

// build makes the servers, now that it is known where we listen, and returns the
// handler of the whole origin.
func (h *host) build(ctx context.Context, addr net.Addr, dev bool) (http.Handler, error) {
	config := directauth.Config{Users: h.users, Password: h.password}
	if h.auth.totp {
		config.OTP = h.totp
	}
	direct, err := directauth.New(config)
	if err != nil {
		return nil, err
	}
	base := oauth.Config{
		Store: h.store, Subjects: h.users, StepUp: direct, Observe: h.events.observe, Now: h.clock.Now,
		Grants: append(direct.Grants(), oauth.RefreshToken(), oauth.ClientCredentials()),
	}
	mux := http.NewServeMux()
	for i, s := range h.servers {
		base.Keys = s.keys
		s.provider, err = h.plans[i].newServer(base, h.issuer.at(addr), oidc.Config{Claims: h.users.claims, ClaimsInIDToken: true})
		if err != nil {
			return nil, err
		}
		s.provider.Mount(mux)
	}
	mux.Handle("/resource", h.resourceHandler())
	if dev {
		mux.Handle("/dev/", h.devHandler())
	}
	if err := h.users.settle(ctx, h.endSubject); err != nil {
		return nil, &storeError{err}
	}
	return mux, nil
}

// endSubject ends every grant of a person, on every server.
func (h *host) endSubject(ctx context.Context, id string) error {
	for _, s := range h.servers {
		if err := s.provider.Server().EndSubject(ctx, id); err != nil {
			return fmt.Errorf("ending the grants of %q on server %q: %w", id, s.id, err)
		}
	}
	return nil
}

// run does the work that can wait, until the context ends.
func (h *host) run(ctx context.Context) {
	var wg sync.WaitGroup
	for _, s := range h.servers {
		wg.Go(func() { s.provider.Server().Run(ctx) })
	}
	wg.Go(func() {
		if err := h.users.hashes.warm(ctx); err != nil && ctx.Err() == nil {
			h.events.log.Error("hashing the passwords of the file", "error", err.Error())
		}
	})
	wg.Wait()
}

func (h *host) close() error {
	if h.closer == nil {
		return nil
	}
	return h.closer.Close()
}

// clock is the time of this process. With -dev it can be moved.
type clock struct{ ahead atomic.Int64 }

// Now is the clock's time.
func (c *clock) Now() time.Time { return time.Now().Add(time.Duration(c.ahead.Load())) }
