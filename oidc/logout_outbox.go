package oidc

import (
	"context"
	"crypto/x509"
	"encoding/json"
	"errors"
	"net/url"
	"time"

	"github.com/mintyard/mintyard/internal/egress"
	"github.com/mintyard/mintyard/internal/outbox"
	"github.com/mintyard/mintyard/oauth"
)

// Egress says which addresses of clients the provider may ask, when it tells them that
// somebody has signed out. The zero value is the strict one: https, and no address that
// is not public, whatever its name.
type Egress struct {
	// Roots are what certificates must lead to; nil is the system's.
	Roots *x509.CertPool

	// AllowPrivate admits addresses of private networks and of this machine, there by
	// http too. Whoever registers a client can then have the server reach what listens
	// there: it is for tests, and for clients that are all the operator's own.
	AllowPrivate bool

	// Proxy is the forward proxy through which everything goes. It must itself refuse
	// addresses that are not public. Nil is none, whatever the environment says.
	Proxy *url.URL
}

// openOutbox makes what carries the notices.
func (p *Provider) openOutbox() error {
	e := p.config.Egress
	client, err := egress.New(egress.Config{Roots: e.Roots, AllowPrivate: e.AllowPrivate, Proxy: e.Proxy})
	if err != nil {
		return err
	}
	post := func(ctx context.Context, url, contentType string, body []byte) error {
		_, err := client.Post(ctx, url, contentType, body)
		return err
	}
	p.outbox, err = outbox.New(outbox.Config{
		Store: p.server.Config().Store, Space: p.server.Space(), Name: "back-channel logout", Now: p.server.Now,
		Send:    func(ctx context.Context, w outbox.Work) error { return p.send(ctx, w, post) },
		Observe: p.undelivered,
	})
	p.notices = carrier{p.outbox, p.server.Now}
	return err
}

// run carries notices until the context ends.
func (p *Provider) run(ctx context.Context) {
	if p.outbox != nil {
		p.outbox.Run(ctx)
	}
}

// send makes one attempt. What no further attempt can change is given up.
func (p *Provider) send(ctx context.Context, w outbox.Work, post post) error {
	err := p.tell(ctx, w.Payload, post)
	var refused *egress.Error
	if errors.Is(err, errNoticeDamaged) || errors.As(err, &refused) && refused.Problem == egress.BadURL {
		return outbox.Permanent(err)
	}
	return err // 400 also says that the logout has failed (section 2.8), and may not the next time
}

// undelivered tells the host what did not go as it should.
func (p *Provider) undelivered(ctx context.Context, e outbox.Event) {
	var n notice
	_ = json.Unmarshal(e.Work.Payload, &n) // and else it is not known whose it was
	event := oauth.Event{Type: oauth.EventFailure, Reason: oauth.ReasonUnavailable, ClientID: n.Client, Subject: n.Subject, Err: e.Err}
	switch e.Type {
	case outbox.Retry:
		event.Type, event.Reason = EventNoticeDelayed, ReasonNotice
	case outbox.GaveUp:
		event.Type, event.Reason = EventNoticeLost, ReasonNotice
	}
	p.observe(ctx, event)
}

// carrier is the outbox as this package uses it.
type carrier struct {
	outbox *outbox.Outbox
	now    func() time.Time
}

var _ [outbox.MaxReceiver - maxReceiver]struct{} // does not compile if it takes less

// head is how long a notice waits for the end that it belongs to, if nobody says before
// that it may go.
const head = 10 * time.Second

// Keep implements notices.
func (c carrier) Keep(ctx context.Context, id [16]byte, receiver string, payload []byte) error {
	_, err := c.outbox.Enqueue(ctx, outbox.Work{ID: id, Receiver: receiver, Payload: payload, Due: c.now().Add(head)})
	return err
}

// Send implements notices.
func (c carrier) Send(ids ...[16]byte) {
	list := make([]outbox.ID, len(ids))
	for i, id := range ids {
		list[i] = id
	}
	c.outbox.Wake(list...)
}
