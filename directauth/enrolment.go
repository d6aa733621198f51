package directauth

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/mintyard/mintyard/oauth"
	"github.com/mintyard/mintyard/oauth/token"
	"github.com/mintyard/mintyard/policy"
)

// ReasonEnrolmentRequired says that the person lacks an authenticator that must be there.
const ReasonEnrolmentRequired oauth.Reason = "enrolment_required"

// enrolment asks the enrolment policy about the person of a sign-in, who has what
// any app could prove.
func (d *Direct) enrolment(ctx context.Context, r *oauth.TokenRequest, a *oauth.Authorization) (policy.EnrolmentDecision, error) {
	subject, err := r.Server.Config().Subjects.Subject(ctx, a.Subject)
	if err != nil {
		return policy.EnrolmentDecision{}, err
	}
	f := policy.Facts{
		Subject: a.Subject, Groups: subject.Groups, Client: r.Client.ID, GrantType: r.GrantType, Scopes: a.Scopes,
		Network: a.Network, RequesterNetwork: r.Addr, Risk: a.Risk, Device: a.Device,
		Methods: a.Methods, AuthTime: a.AuthTime, Now: r.Time, AvailableKnown: true,
	}
	for _, x := range d.factors() {
		m, err := x.Available(ctx, a.Subject)
		if err != nil {
			return policy.EnrolmentDecision{}, err
		}
		f.Available = append(f.Available, m...)
	}
	return d.config.Enrolment.Decide(&f), nil
}

// lacks refuses a sign-in that policy allows, as long as the person lacks an
// authenticator that is required. An app that can add one is asked to. Which are
// missing is told, since everything else was proved.
func (d *Direct) lacks(ctx context.Context, r *oauth.TokenRequest, a *oauth.Authorization) error {
	if d.config.Enrolment == nil || a.Recovery || a.Attestation {
		return nil
	}
	signIn, err := r.Server.Decide(ctx, a)
	if err != nil || signIn.Access != policy.Allow {
		return err // what is missing is a proof, or nothing helps
	}
	decision, err := d.enrolment(ctx, r, a)
	if err != nil || len(decision.Missing) == 0 {
		return err
	}
	e := &oauth.Error{
		Code: oauth.CodeAccessDenied, Reason: ReasonEnrolmentRequired, Description: "An authenticator must be enrolled first",
		Extra: []oauth.Member{
			oauth.StringMember("reason", string(ReasonEnrolmentRequired)),
			oauth.StringMember("required_authenticators", strings.Join(decision.Missing, " ")),
		},
	}
	if !d.associates(r) {
		return e
	}
	types, err := d.associable(ctx, r, a, "")
	if err != nil {
		return err
	}
	var ask [][]string
	for _, name := range types {
		if slices.Contains(decision.Missing, name) {
			ask = append(ask, []string{name})
			a.Available = append(a.Available, policy.Method{Name: name, Types: policy.Possession, Device: offered})
		}
	}
	members, enrol := d.requirements(a, policy.Decision{Next: ask})
	if !enrol {
		return e
	}
	handle, _, err := r.Suspend(ctx, a, token.HandleMFA, d.config.TransactionTTL)
	if err != nil {
		return err
	}
	return &oauth.Error{
		Code: CodeMFARequired, Status: http.StatusForbidden, Reason: ReasonEnrolmentRequired, Description: e.Description,
		Extra: slices.Concat([]oauth.Member{oauth.StringMember("mfa_token", handle)}, members, e.Extra),
	}
}
