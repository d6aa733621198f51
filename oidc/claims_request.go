package oidc

import (
	"context"
	"slices"

	"github.com/mintyard/mintyard/oauth"
	"github.com/mintyard/mintyard/policy"
)

var (
	errUnmetACR = oauth.NewError(oauth.CodeUnmet, oauth.ReasonUnmetACR, "None of the contexts that the client needs was reached")
	errSubClaim = oauth.NewError(oauth.CodeInvalidRequest, ReasonClaims, "The claims parameter asks for more than one sub, or for one that is no text")
)

// readRequest judges the claims parameter, and takes from it what the request has
// members for: the person whom the client means, and the contexts that it wants (OpenID
// Connect Core section 5.5.1.1), which count before those of acr_values; where neither
// names any, those that the client was registered with hold.
func (p *Provider) readRequest(c *oauth.Client, req *oauth.AuthorizationRequest) error {
	wanted, err := parseClaims(req.Claims)
	if err != nil {
		return err
	}
	for _, list := range [][]RequestedClaim{wanted.idToken, wanted.userinfo} {
		for _, r := range list {
			if r.Name != "sub" || r.Values == nil {
				continue
			}
			sub := r.text()
			if len(r.Values) != 1 || len(sub) != 1 || sub[0] == "" || req.Sub != "" && req.Sub != sub[0] {
				return errSubClaim
			}
			req.Sub = sub[0]
		}
	}
	if r := wanted.find("acr"); r != nil {
		values := r.text()
		for _, v := range req.ACRValues {
			if !slices.Contains(values, v) {
				values = append(values, v)
			}
		}
		req.ACRValues = values
	}
	if len(req.ACRValues) == 0 {
		req.ACRValues = slices.Clone(c.OpenID.DefaultACRValues)
	}
	return nil
}

// unmet says that the client cannot use the authentication that there is: it needs one of
// several contexts (essential), and what was proved is none of them.
func unmet(a *oauth.Authorization, req *oauth.AuthorizationRequest) error {
	wanted, err := parseClaims(req.Claims)
	if err != nil {
		return err
	}
	r := wanted.find("acr")
	if r == nil || !r.Essential || r.Values == nil {
		return nil
	}
	reached := slices.ContainsFunc(r.text(), func(v string) bool {
		_, ok := policy.Satisfies(v, a.Methods)
		return ok
	})
	if !reached {
		return errUnmetACR
	}
	return nil
}

// takeSub finds out whom the client means by a sub: for whom every client has the same
// name it says so, and otherwise it may be one of those who are signed in. Whoever signs
// in is held to it in any case.
func (p *Provider) takeSub(ctx context.Context, b *browser, req *oauth.AuthorizationRequest) error {
	if req.Sub == "" || req.Subject != "" {
		return nil
	}
	c, err := p.server.Config().Clients.Client(ctx, req.ClientID)
	if err != nil {
		return err
	}
	if !pairwise(c) {
		req.Subject = req.Sub
		return nil
	}
	for _, s := range b.sessions {
		same, err := p.IsSubject(c, req.Sub, s.rec.Subject)
		if err != nil {
			return err
		}
		if same {
			req.Subject = s.rec.Subject
			return nil
		}
	}
	return nil
}
