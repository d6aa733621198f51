package oidc

import (
	"context"
	"errors"

	"github.com/mintyard/mintyard/oauth"
)

// frames are the addresses that a page loads so that the clients of sessions that are
// over forget the person in this browser (OpenID Connect Front-Channel Logout section 3):
// each with the issuer and the client's own id of the session.
func (p *Provider) frames(ctx context.Context, over []*sessionRecord) ([]string, error) {
	var list []string
	for _, was := range over {
		for _, sc := range was.Clients {
			c, err := p.logoutClient(ctx, sc.ID)
			switch {
			case errors.Is(err, errLogoutClient): // it is not there any more
				continue
			case err != nil:
				return nil, err
			case oauth.CheckWebURL(c.OpenID.FrontchannelLogoutURI) != nil || origin(c.OpenID.FrontchannelLogoutURI) == "":
				continue // there is none, or none that a frame can be given
			}
			list = append(list, withParams(c.OpenID.FrontchannelLogoutURI,
				oauth.Param{Name: "iss", Value: p.server.Config().Issuer}, oauth.Param{Name: "sid", Value: sc.SID}))
		}
	}
	return list, nil
}
