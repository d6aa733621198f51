package directauth

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/json"
	"slices"
	"time"

	"github.com/mintyard/mintyard/authenticator"
	"github.com/mintyard/mintyard/authenticator/proving"
	"github.com/mintyard/mintyard/oauth"
	"github.com/mintyard/mintyard/oauth/token"
	"github.com/mintyard/mintyard/policy"
)

// association is the answer of /mfa/associate.
type association struct {
	Kind          string   `json:"authenticator_type"`
	ID            string   `json:"id"`
	Secret        string   `json:"secret,omitempty"`
	URI           string   `json:"barcode_uri,omitempty"`
	Channel       string   `json:"oob_channel,omitempty"`
	Code          string   `json:"oob_code,omitempty"`
	Binding       string   `json:"binding_method,omitempty"`
	ExpiresIn     int64    `json:"expires_in,omitempty"`
	Interval      int64    `json:"interval,omitempty"`
	RecoveryCodes []string `json:"recovery_codes,omitempty"`
}

// associate begins to give the person a new authenticator. It is the person's, and
// good for anything, once the mfa-otp or mfa-oob grant of this sign-in has proved it.
func (d *Direct) associate(ctx context.Context, r *oauth.TokenRequest, a *oauth.Authorization) ([]byte, error) {
	if err := d.mayManage(ctx, r, a); err != nil {
		return nil, err
	}
	t, err := load(a)
	if err != nil {
		return nil, err
	}
	wanted, err := associationTypes(r)
	if err != nil {
		return nil, err
	}
	m, err := d.mayAssociate(ctx, r, a, wanted)
	if err != nil {
		return nil, err
	}
	if err := d.enrol.DropPending(ctx, a.Subject, func(id string) bool { return id == t.Associating }); err != nil {
		return nil, verifyError(err, true)
	}
	t = transaction{Step: proving.Step{Hint: t.Hint}}
	account, err := d.config.Auth0.Account(ctx, a.Subject)
	if err != nil {
		return nil, err
	}
	answer := &association{}
	answer.Kind, answer.Channel = wireType(m.Type())
	var ends time.Time
	switch e := m.(type) {
	case AppEnroller:
		enrolment, err := e.Enrol(ctx, a.Subject, cmp.Or(account.Name, a.Subject))
		if err != nil {
			return nil, associateError(err)
		}
		t.Associating = m.Type() + "|" + enrolment.ID
		answer.Secret, answer.URI = enrolment.Secret, enrolment.URI
	case CodeEnroller:
		to := r.Param("phone_number")
		if m.Type() == authenticator.TypeEmail {
			to = cmp.Or(r.Param("email"), account.Email)
		}
		id, c, err := e.Enrol(ctx, a.Subject, to, "")
		if err != nil {
			return nil, associateError(err)
		}
		t.Associating, t.Channel, t.Challenge, t.Binding = m.Type()+"|"+id, c.Channel, c.ID, c.Binding
		answer.Binding, answer.Interval, ends = string(c.Binding), int64(c.Interval/time.Second), c.Expires
	case DeviceEnroller:
		activation, err := e.BeginEnrolment(ctx, a.Subject, "")
		if err != nil {
			return nil, associateError(err)
		}
		t.Associating, t.Channel = m.Type()+"|"+activation.ID, m.Type()
		answer.URI, answer.Interval, ends = activation.URI, 5, activation.Expires
	}
	answer.ID = t.Associating
	if err := d.newRecoveryCodes(ctx, r, a, &t, answer); err != nil {
		return nil, err
	}
	if err := t.save(a); err != nil {
		return nil, err
	}
	if answer.Channel == "" {
		err = r.Spend(ctx, a) // challenges that were begun are over
	} else if answer.Code, ends, err = r.Suspend(ctx, a, token.HandleOOB, ends.Sub(r.Time)); err == nil {
		answer.ExpiresIn = ends.Unix() - r.Time.Unix()
	}
	if err != nil {
		return nil, err
	}
	r.Observe(ctx, oauth.Event{Type: oauth.EventChallenge, Methods: []string{m.Type()}})
	return json.Marshal(answer)
}

// associationTypes are the types that the app proposes, in its order.
func associationTypes(r *oauth.TokenRequest) ([]string, error) {
	if _, err := r.Require("authenticator_types"); err != nil {
		return nil, err
	}
	var types []string
	for _, kind := range names(r, "authenticator_types") {
		switch kind {
		case "otp":
			types = append(types, authenticator.TypeTOTP, authenticator.TypeHOTP)
		case authenticator.TypeEmail: // an older spelling of a channel
			types = append(types, authenticator.TypeEmail)
		case "oob":
			for _, channel := range names(r, "oob_channels") {
				switch channel {
				case channelPush:
					types = append(types, authenticator.TypePush)
				case authenticator.TypeSMS, authenticator.TypeVoice, authenticator.TypeEmail:
					types = append(types, channel)
				}
			}
		}
	}
	if len(types) == 0 {
		return nil, errType
	}
	return types, nil
}

// mayAssociate finds the first of the types that the person may associate, and that
// would bring this sign-in on.
func (d *Direct) mayAssociate(ctx context.Context, r *oauth.TokenRequest, a *oauth.Authorization, types []string) (authenticator.Manager, error) {
	if d.config.Enrolment == nil || a.Recovery {
		return nil, errEnrolment
	}
	if ok, err := d.enrol.Assured(ctx, a.Subject, a.Methods, ""); err != nil {
		return nil, verifyError(err, true)
	} else if !ok {
		return nil, errAssurance
	}
	for _, name := range types {
		if grantOf[name] == "" || r.Use(grantOf[name]) != nil {
			continue
		}
		r.GrantType = grantOf[name] // what a policy is asked about
		allowed, err := d.associable(ctx, r, a)
		if err != nil {
			return nil, verifyError(err, true)
		}
		if !slices.Contains(allowed, name) {
			continue
		}
		if err := d.whatElse(ctx, r, a); err != nil {
			return nil, verifyError(err, true)
		}
		proving.OfferAnother(a, name)
		decision, err := r.Server.Decide(ctx, a)
		if err != nil {
			return nil, err
		}
		if slices.ContainsFunc(decision.Next, func(methods []string) bool { return len(methods) > 0 && methods[0] == name }) {
			return d.enrol.Managed(name), nil
		}
		if decision.Access == policy.Allow { // nothing more is to be proved, but it may have to be there
			required, err := d.enrol.Decide(ctx, r, a)
			if err != nil {
				return nil, verifyError(err, true)
			}
			if slices.Contains(required.Missing, name) {
				return d.enrol.Managed(name), nil
			}
		}
	}
	return nil, errEnrolment
}

// newRecoveryCodes gives out codes with the first authenticator. They are made from
// the mfa_token, which comes again with the proof, and a salt that is forgotten then:
// until then they are nobody's, and they are in no store.
func (d *Direct) newRecoveryCodes(ctx context.Context, r *oauth.TokenRequest, a *oauth.Authorization, t *transaction, answer *association) error {
	if d.config.RecoveryCodes == nil || r.Use(GrantMFARecoveryCode) != nil {
		return nil
	}
	if _, ok := d.recoveryEnroller(); !ok {
		return nil
	}
	have, err := d.config.RecoveryCodes.Available(ctx, a.Subject)
	if err != nil {
		return verifyError(err, true)
	}
	if len(have) > 0 {
		return nil
	}
	t.Salt = rand.Text()
	answer.RecoveryCodes = proving.RecoveryCodes(r.Param("mfa_token"), t.Salt)
	return nil
}

func (d *Direct) recoveryEnroller() (RecoveryEnroller, bool) {
	e, ok := d.enrol.Managed(authenticator.TypeRecoveryCodes).(RecoveryEnroller)
	return e, ok
}
