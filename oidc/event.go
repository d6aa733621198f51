package oidc

import (
	"context"

	"github.com/mintyard/mintyard/oauth"
)

// The events of this package.
const (
	EventSessionBegun   oauth.EventType = "session.begun"
	EventSessionEnded   oauth.EventType = "session.ended"
	EventConsentRevoked oauth.EventType = "consent.revoked"
)

func (p *Provider) observe(ctx context.Context, e oauth.Event) {
	if observe := p.server.Config().Observe; observe != nil {
		e.Server, e.Time = p.server.Config().ID, p.server.Now()
		observe(ctx, e)
	}
}
