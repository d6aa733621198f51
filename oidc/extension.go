package oidc

import (
	"context"
	"net/http"

	"github.com/mintyard/mintyard/oauth"
)

// extension is what the server sees of the provider. It is a type of its own because a
// provider without pages must not look like one that signs people in.
type extension struct{ p *Provider }

func (e extension) Extend(ctx context.Context, is *oauth.Issue) error { return e.p.extend(ctx, is) }
func (e extension) SubjectFor(c *oauth.Client, subject string) (string, error) {
	return e.p.SubjectFor(c, subject)
}
func (e extension) ExtendAccessToken(ctx context.Context, is *oauth.Issue) ([]byte, error) {
	return e.p.accessTokenClaims(ctx, is)
}
func (e extension) ReadRequest(_ context.Context, c *oauth.Client, req *oauth.AuthorizationRequest) error {
	return e.p.readRequest(c, req)
}
func (e extension) EndSubject(ctx context.Context, subject string) error {
	return e.p.endSubject(ctx, subject)
}

// Run carries the notices of logouts.
func (e extension) Run(ctx context.Context) { e.p.run(ctx) }

// pagedExtension is that of a provider with pages.
type pagedExtension struct{ extension }

func (e pagedExtension) Interact(w http.ResponseWriter, r *http.Request, req *oauth.AuthorizationRequest) {
	e.p.interact(w, r, req)
}

func (e pagedExtension) ErrorPage(w http.ResponseWriter, r *http.Request, err *oauth.Error, ref string) {
	e.p.config.Pages.Error(w, r, e.p, err, ref)
}
