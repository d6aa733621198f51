package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/mintyard/mintyard/authenticator"
	"github.com/mintyard/mintyard/directauth"
	"github.com/mintyard/mintyard/oauth"
	"github.com/mintyard/mintyard/oidc"
	"github.com/mintyard/mintyard/oidc/signin"
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
	issuer  *issuer
	durable bool
	hash    hashFunc
	egress  oidc.Egress

	store   store.Store
	closer  io.Closer
	sealer  *store.Sealer
	clock   *clock
	events  *events
	outbox  *outbox
	users   *users
	factors *factors
	servers []*server
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
	h.outbox = &outbox{keep: o.dev, now: h.clock.Now}
	var err error
	if h.config, err = loadConfig(o.config); err != nil {
		return nil, err
	}
	if h.issuer, err = newIssuer(h.config.Issuer, o.addr, o.tls()); err != nil {
		return nil, err
	}
	if h.egress, err = newEgress(o); err != nil {
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
	if err := planAuthenticators(h.config); err != nil {
		return nil, err
	}
	if h.outbox.next, err = planDelivery(h.config); err != nil {
		return nil, err
	}
	if err := planUsers(ctx, h.config); err != nil {
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

// open opens the store, and finds or makes the keys of every server.
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

// openFactors makes the factors, now that it is known under which origin.
func (h *host) openFactors(ctx context.Context, origin string) error {
	decoys, err := permanentKey(ctx, h.store, h.sealer, "passkeys that are none")
	if err != nil {
		return &storeError{err}
	}
	o := factorOptions{
		store: h.store, sealer: h.sealer, decoys: decoys, source: h.users, sender: h.outbox,
		audience: origin, domain: h.issuer.host, now: h.clock.Now,
	}
	o.rpID, o.origins = h.relyingParty(origin)
	if c := h.config.Authenticators[authenticator.TypePush]; c != nil {
		o.numberChallenge = authenticator.NumberChallenge(c.NumberChallenge)
	}
	h.factors, err = newFactors(o)
	return err
}

// build makes the servers, now that it is known where we listen, and returns the
// handler of the whole origin.
func (h *host) build(ctx context.Context, addr net.Addr, dev bool) (http.Handler, error) {
	origin := h.issuer.at(addr)
	if err := h.openFactors(ctx, origin); err != nil {
		return nil, err
	}
	enrolment, err := h.config.enrolment()
	if err != nil {
		return nil, err
	}
	direct := h.factors.direct(h.users, h.config.offered, enrolment)
	stepUp, err := directauth.New(direct)
	if err != nil {
		return nil, err
	}
	sectors, err := permanentKey(ctx, h.store, h.sealer, "pairwise subjects")
	if err != nil {
		return nil, &storeError{err}
	}
	pages, err := signin.New(h.factors.pages(h, direct))
	if err != nil {
		return nil, err
	}
	base := oauth.Config{
		Store: h.store, Subjects: h.users, StepUp: stepUp, Observe: h.events.observe, Now: h.clock.Now,
		Grants: append(stepUp.Grants(), oauth.RefreshToken(), oauth.ClientCredentials()),
	}
	mux := http.NewServeMux()
	for i, s := range h.servers {
		base.Keys = s.keys
		s.provider, err = h.plans[i].newServer(base, origin, oidc.Config{
			Claims: h.users.claims, IDTokenClaims: []string{"preferred_username"}, PairwiseKey: sectors[:], Pages: pages, Available: pages.Available,
			Egress:   h.egress,
			Sessions: oidc.SessionConfig{Monitor: true, CrossSite: strings.HasPrefix(origin, "https:")},
		})
		if err != nil {
			return nil, err
		}
		s.provider.Mount(mux)
	}
	mux.Handle("/resource", h.resourceHandler())
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) { // clients read JSON, also of what is not there
		writeError(w, http.StatusNotFound, "not_found", "There is nothing at this path")
	})
	mux.HandleFunc("PUT /idp/myaccount/password", h.accountPassword)
	mux.Handle("/push/", http.StripPrefix("/push", h.factors.push.Handler())) // for devices
	if dev {
		mux.Handle("/dev/", h.devHandler())
	}
	if err := h.users.settle(ctx, h.endSubject, h.factors.equip); err != nil {
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
