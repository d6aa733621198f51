package directauth

import (
	"context"

	"github.com/mintyard/mintyard/authenticator"
	"github.com/mintyard/mintyard/authenticator/proving"
	"github.com/mintyard/mintyard/oauth"
)

// servePrimary begins the challenge of a first factor. With an mfa_token it begins
// that of a passkey as a further one, since one client looks for it here.
func (d *Direct) servePrimary(ctx context.Context, r *oauth.TokenRequest) ([]byte, error) {
	hint, err := r.Require("challenge_hint")
	if err != nil {
		return nil, err
	}
	if mfa := r.Param("mfa_token"); mfa != "" {
		if hint != GrantWebAuthn && hint != GrantMFAWebAuthn {
			return nil, errChallengeHint
		}
		return d.furtherChallenge(ctx, r, mfa, []string{GrantMFAWebAuthn})
	}
	return d.firstChallenge(ctx, r, hint)
}

// serveOOBAuthenticate is the older name, for other channels only.
func (d *Direct) serveOOBAuthenticate(ctx context.Context, r *oauth.TokenRequest) ([]byte, error) {
	if hint := r.Param("challenge_hint"); hint != "" && hint != GrantOOB {
		return nil, errChallengeHint
	}
	return d.firstChallenge(ctx, r, GrantOOB)
}

// firstChallenge begins a sign-in with a challenge. Nothing has been proved: whoever
// is named, also nobody, somebody who is suspended or who has no such factor, the
// same is done and answered.
//
// scope and the like are not read: they come with the answer to the challenge, and
// two clients send some of them here too.
func (d *Direct) firstChallenge(ctx context.Context, r *oauth.TokenRequest, grant string) ([]byte, error) {
	if grant != GrantOOB && grant != GrantWebAuthn {
		return nil, errChallengeHint
	}
	if err := r.Use(grant); err != nil {
		return nil, err
	}
	if err := checkSupported(r); err != nil {
		return nil, err
	}
	recovery, _, err := intent(r)
	if err != nil {
		return nil, err
	}
	var f authenticator.OutOfBand
	if grant == GrantOOB {
		channel, err := r.Require("channel_hint")
		if err != nil {
			return nil, err
		}
		if f = d.oob[channel]; f == nil {
			return nil, errChannel
		}
	}
	hint := r.Param("login_hint")
	if hint == "" && grant == GrantOOB {
		_, err := r.Require("login_hint")
		return nil, err
	}
	a := r.NewTransaction()
	a.Recovery = recovery
	subject, named := "", ""
	if hint != "" { // a passkey can be asked for without a name
		if subject, named, err = d.proof.Resolve(ctx, r, hint); err != nil {
			return nil, err
		}
	}
	if err := r.About(ctx, a, subject); err != nil {
		return nil, err
	}
	t := transaction{Step: proving.Step{Hint: d.proof.Canonical(hint)}, named: named}
	if grant == GrantWebAuthn {
		return d.startPasskey(ctx, r, a, t, grant)
	}
	return d.startOOB(ctx, r, a, t, f, "")
}
