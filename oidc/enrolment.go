package oidc

import (
	"context"

	"github.com/mintyard/mintyard/oauth"
	"github.com/mintyard/mintyard/policy"
)

// Enrolling is implemented by [Pages] on which people add authenticators. It is asked
// about every answer, also one that a session gives: who lacks what must be there is
// asked for it at the next request, and not at the next sign-in only.
type Enrolling interface {
	// Offer adds to what the person could prove what could be added first. It is asked
	// where policy wants more than there is.
	Offer(ctx context.Context, tr *oauth.TokenRequest, a *oauth.Authorization) error

	// Lacks returns the types of the authenticators that the person must have and has not.
	Lacks(ctx context.Context, tr *oauth.TokenRequest, a *oauth.Authorization) ([]string, error)
}

// decide asks the policies, once more with what the person could add where nothing that
// is there would do.
func (p *Provider) decide(ctx context.Context, tr *oauth.TokenRequest, a *oauth.Authorization) (policy.Decision, error) {
	d, err := tr.Server.Decide(ctx, a)
	pages, ok := p.config.Pages.(Enrolling)
	if err != nil || !ok || d.Access != policy.Deny || d.Reason != policy.ReasonUnreachable {
		return d, err
	}
	if err := pages.Offer(ctx, tr, a); err != nil {
		return d, err
	}
	return tr.Server.Decide(ctx, a)
}

// lacks are the types of authenticators that are missing.
func (p *Provider) lacks(ctx context.Context, tr *oauth.TokenRequest, a *oauth.Authorization) ([]string, error) {
	if pages, ok := p.config.Pages.(Enrolling); ok {
		return pages.Lacks(ctx, tr, a)
	}
	return nil, nil
}
