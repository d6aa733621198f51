package oidc

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"strings"

	"github.com/mintyard/mintyard/oauth"
)

// DryRun is what tokens would say. Each is a JSON object; nil where there would be none.
type DryRun struct {
	AccessToken json.RawMessage // nil also where it is a handle
	IDToken     json.RawMessage
	UserInfo    json.RawMessage // what UserInfo says, unsigned

	// Events are what would be in the event stream of it: claims that were cut.
	Events []oauth.Event
}

// DryRun says what the tokens of a token request would say, without granting anything:
// nothing is written, and the tokens never come into being outside of it. Client, person,
// scopes, policies and the host's claims are what they would be now; errors are those of
// the token endpoint, and a [*oauth.StepUpError] says what policy wants besides.
func (p *Provider) DryRun(ctx context.Context, re oauth.Rehearsal) (*DryRun, error) {
	run := new(DryRun)
	ctx = context.WithValue(ctx, eventsKey{}, &run.Events)
	err := p.server.Rehearse(ctx, re, func(ctx context.Context, is *oauth.Issue) error {
		a := is.Authorization()
		var err error
		if access := string(is.AccessToken()); strings.Count(access, ".") == 2 {
			if run.AccessToken, err = payload(access); err != nil {
				return err
			}
		}
		if a.Subject == "" || !a.IncludesScope(ScopeOpenID) {
			return nil
		}
		key, t, err := p.idToken(ctx, is)
		if err != nil {
			return claimsFailure(err)
		}
		signed, err := key.IDTokenString(t)
		if err != nil {
			return claimsFailure(err)
		}
		if run.IDToken, err = payload(signed); err != nil {
			return err
		}
		run.UserInfo, err = p.userInfoClaims(ctx, p.fromAuthorization(UseUserInfo, a), a.Claims)
		if err != nil {
			return claimsFailure(err)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return run, nil
}

// payload is what a token of ours says.
func payload(tok string) (json.RawMessage, error) {
	_, rest, _ := strings.Cut(tok, ".")
	part, _, _ := strings.Cut(rest, ".")
	return base64.RawURLEncoding.DecodeString(part)
}
