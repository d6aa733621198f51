package oidc

import "context"

// Notices are what carries logout tokens.
type Notices = notices

// SetNotices lets a test carry them.
func (p *Provider) SetNotices(n Notices) { p.notices = n }

// Tell makes one attempt at a notice.
func (p *Provider) Tell(ctx context.Context, payload []byte, f func(ctx context.Context, url, contentType string, body []byte) error) error {
	return p.tell(ctx, payload, f)
}
