package directauth

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/mintyard/mintyard/authenticator"
	"github.com/mintyard/mintyard/authenticator/proving"
	"github.com/mintyard/mintyard/oauth"
	"github.com/mintyard/mintyard/oauth/token"
	"github.com/mintyard/mintyard/policy"
)

// serveAuth0Challenge begins the challenge of a further factor as this dialect asks
// for it: by kind, and for one authenticator if the app names one.
func (d *Direct) serveAuth0Challenge(ctx context.Context, r *oauth.TokenRequest) ([]byte, error) {
	answer, err := d.auth0Challenge(ctx, r)
	if err != nil {
		return nil, auth0ChallengeError(err)
	}
	return answer, nil
}

// auth0ChallengeError is as auth0Error, for a client that has authenticated: what is
// wrong is in the body, and not in the header.
func auth0ChallengeError(err error) error {
	err = auth0Error(err)
	var e *oauth.Error
	switch {
	case !errors.As(err, &e):
		return err
	case errors.Is(err, errOtherClient):
		return oauth.RefuseGrant(oauth.ReasonClientMismatch, err)
	case e.Code == oauth.CodeInvalidGrant && e.Status != 0 && e.Rate == nil:
		return oauth.RefuseGrant(e.Reason, err)
	}
	return err
}

func (d *Direct) auth0Challenge(ctx context.Context, r *oauth.TokenRequest) ([]byte, error) {
	handle, err := r.Require("mfa_token")
	if err != nil {
		return nil, err
	}
	kinds := []string{"otp", "oob"}
	if r.Param("challenge_type") != "" {
		kinds = slices.DeleteFunc(names(r, "challenge_type"), func(k string) bool { return k != "otp" && k != "oob" })
	}
	if len(kinds) == 0 {
		return nil, errUnsupported
	}
	a, t, err := d.resume(ctx, r, handle)
	if err != nil {
		return nil, err
	}
	if err := d.mayManage(ctx, r, a); err != nil {
		return nil, err
	}
	var chosen *authenticator.Authenticator
	if id := r.Param("authenticator_id"); id != "" {
		_, one, found, err := d.enrol.Find(ctx, a.Subject, id)
		switch {
		case err != nil:
			return nil, verifyError(err, true)
		case !found || !one.Active:
			return nil, errUnknownID
		}
		chosen = &one
	}
	if err := d.whatElse(ctx, r, a); err != nil {
		return nil, verifyError(err, true)
	}
	for _, kind := range kinds {
		grant := GrantMFAOTP
		if kind == "oob" {
			grant = GrantMFAOOB
		}
		if r.Use(grant) != nil {
			continue
		}
		r.GrantType = grant // what a policy is asked about
		decision, err := r.Server.Decide(ctx, a)
		if err != nil {
			return nil, err
		}
		method := firstOf(decision, grant, chosen)
		switch {
		case method == "":
			continue
		case kind == "otp":
			return d.challengeOTP(ctx, r, a, t)
		}
		return d.challengeOOB(ctx, r, a, t, d.oob[method], chosen)
	}
	types, err := d.associable(ctx, r, a)
	if err != nil {
		return nil, verifyError(err, true)
	}
	if len(types) > 0 {
		return nil, errAssociate
	}
	return nil, errUnsupported
}

// firstOf finds the first method that a grant would prove next, of the chosen
// authenticator if there is one.
func firstOf(decision policy.Decision, grant string, chosen *authenticator.Authenticator) string {
	for _, methods := range decision.Next {
		if len(methods) == 0 || grantOf[methods[0]] != grant {
			continue
		}
		if chosen == nil || chosen.Type == methods[0] {
			return methods[0]
		}
	}
	return ""
}

// challengeOTP has nothing to begin; what was begun is over.
func (d *Direct) challengeOTP(ctx context.Context, r *oauth.TokenRequest, a *oauth.Authorization, t transaction) ([]byte, error) {
	if t.Associating != "" {
		if err := (transaction{Step: proving.Step{Hint: t.Hint}}).save(a); err != nil {
			return nil, err
		}
		if err := r.Spend(ctx, a); err != nil {
			return nil, err
		}
	}
	return []byte(`{"challenge_type":"otp"}`), nil
}

func (d *Direct) challengeOOB(ctx context.Context, r *oauth.TokenRequest, a *oauth.Authorization, t transaction, f authenticator.OutOfBand, chosen *authenticator.Authenticator) ([]byte, error) {
	id := ""
	if chosen != nil {
		id = chosen.ID
	}
	t.choice = id
	c, err := d.beginOOB(ctx, r, a, t, f)
	if err != nil {
		return nil, err
	}
	handle, ends, err := r.Suspend(ctx, a, token.HandleOOB, c.Expires.Sub(r.Time))
	if err != nil {
		return nil, err
	}
	r.Observe(ctx, oauth.Event{Type: oauth.EventChallenge, Methods: []string{c.Channel}})
	_, channel := wireType(c.Channel)
	answer := struct {
		Type        string `json:"challenge_type"`
		Code        string `json:"oob_code"`
		Binding     string `json:"binding_method,omitempty"`
		BindingCode string `json:"binding_code,omitempty"` // the dialect has no number challenge: this is ours
		Channel     string `json:"oob_channel"`
		ExpiresIn   int64  `json:"expires_in"`
		Interval    int64  `json:"interval"`
	}{"oob", handle, strings.TrimPrefix(string(c.Binding), string(authenticator.BindingNone)), "", channel, ends.Unix() - r.Time.Unix(), max(1, int64(c.Interval/time.Second))}
	if c.Binding == authenticator.BindingTransfer {
		answer.BindingCode = c.Number
	}
	return json.Marshal(answer)
}
