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
	EventNoticeDelayed  oauth.EventType = "logout_notice.delayed" // a client could not be told; it is tried again
	EventNoticeLost     oauth.EventType = "logout_notice.lost"    // and will not be
)

func (p *Provider) observe(ctx context.Context, e oauth.Event) {
	if observe := p.server.Config().Observe; observe != nil {
		e.Server, e.Time = p.server.Config().ID, p.server.Now()
		observe(ctx, e)
	}
}
