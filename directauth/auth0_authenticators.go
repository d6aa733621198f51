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
	"github.com/mintyard/mintyard/policy"
)

// listAuthenticators tells what the person has, also what is not confirmed yet.
func (d *Direct) listAuthenticators(ctx context.Context, r *oauth.TokenRequest, a *oauth.Authorization) ([]byte, error) {
	if err := d.mayManage(ctx, r, a); err != nil {
		return nil, err
	}
	type entry struct {
		ID       string   `json:"id"`
		Kind     string   `json:"authenticator_type"`
		Active   bool     `json:"active"`
		Channel  string   `json:"oob_channel,omitempty"`
		Channels []string `json:"oob_channels,omitempty"`
		Name     string   `json:"name,omitempty"`
		Type     string   `json:"type"`
	}
	entries := []entry{}
	for _, m := range d.config.Auth0.Authenticators {
		kind, channel := wireType(m.Type())
		if kind == "" {
			continue
		}
		list, err := m.Authenticators(ctx, a.Subject)
		if err != nil {
			return nil, verifyError(err, true)
		}
		for _, one := range list {
			e := entry{ID: proving.ID(one), Kind: kind, Active: one.Active, Channel: channel, Name: one.Target, Type: factorTypes[one.Type]}
			if channel != "" {
				e.Channels = []string{channel}
			}
			if e.Name == "" {
				e.Name = one.Name
			}
			entries = append(entries, e)
		}
	}
	return json.Marshal(entries)
}

// wireType is the authenticator_type of a type, and its channel; "" is none.
func wireType(name string) (kind, channel string) {
	switch name {
	case authenticator.TypeTOTP, authenticator.TypeHOTP:
		return "otp", ""
	case authenticator.TypeSMS, authenticator.TypeVoice, authenticator.TypeEmail:
		return "oob", name
	case authenticator.TypePush:
		return "oob", channelPush
	case authenticator.TypeRecoveryCodes:
		return "recovery-code", ""
	}
	return "", ""
}

// channelPush is what this dialect calls a push.
const channelPush = "auth0"

// removalAge is how old the proofs may be with which something is removed.
const removalAge = 15 * time.Minute

// deleteAuthenticator takes an authenticator from the person, who has proved two
// factors lately; or one that was begun in this sign-in and is not confirmed.
func (d *Direct) deleteAuthenticator(ctx context.Context, r *oauth.TokenRequest, a *oauth.Authorization) ([]byte, error) {
	if err := d.mayManage(ctx, r, a); err != nil {
		return nil, err
	}
	id, err := r.Require("id")
	if err != nil {
		return nil, err
	}
	t, err := load(a)
	if err != nil {
		return nil, err
	}
	lately := slices.DeleteFunc(slices.Clone(a.Methods), func(m policy.Method) bool { return r.Time.Sub(m.At) > removalAge })
	_, two := policy.Satisfies(policy.ACRTwoFactors, lately)
	m, one, found, err := d.enrol.Find(ctx, a.Subject, id)
	switch {
	case err != nil:
		return nil, verifyError(err, true)
	case !two && !(found && !one.Active && t.Associating == id):
		return nil, errRemoval // whether it is there or not
	case !found:
		return nil, errNoSuchID
	}
	if err := m.Remove(ctx, a.Subject, one.ID); errors.Is(err, authenticator.ErrNoAuthenticator) {
		return nil, errNoSuchID.WithCause(err)
	} else if err != nil {
		return nil, verifyError(err, true)
	}
	r.Observe(ctx, oauth.Event{Type: EventRemoved, Methods: []string{one.Type}})
	return nil, nil
}

// mayManage holds the endpoints to what the grants are held to: the client may use
// one that goes on with a sign-in, and the person may sign in.
func (d *Direct) mayManage(ctx context.Context, r *oauth.TokenRequest, a *oauth.Authorization) error {
	if len(a.Methods) == 0 || a.Subject == "" {
		return errOver // a sign-in in which nothing was proved
	}
	var refused error
	for _, grant := range []string{GrantMFAOTP, GrantMFAOOB, GrantMFARecoveryCode} {
		if refused = r.Use(grant); refused == nil {
			r.GrantType = grant // what a policy is asked about
			break
		}
	}
	if refused != nil {
		return refused
	}
	_, err := r.Server.Decide(ctx, a) // for what it says of the person
	return err
}

// names splits a list that a parameter gives.
func names(r *oauth.TokenRequest, param string) []string {
	return slices.Collect(func(yield func(string) bool) {
		for w := range r.Words(param) {
			if !yield(strings.ToLower(w)) {
				return
			}
		}
	})
}
