package oidc

import (
	"context"
	"net/http"

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

// noticeEnd tells the clients of a session that it ends.
func (p *Provider) noticeEnd(context.Context, *sessionRecord) error { return nil }

// writeState sets the cookie that pages of the clients watch.
func (p *Provider) writeState(http.ResponseWriter, *browser) error { return nil }

// sessionState is the session_state of an answer.
func (p *Provider) sessionState(*http.Request, *browser, *oauth.AuthorizationRequest) string {
	return ""
}
