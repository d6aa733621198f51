package directauth

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/mintyard/mintyard/authenticator/proving"
	"github.com/mintyard/mintyard/oauth"
	"github.com/mintyard/mintyard/oauth/token"
	"github.com/mintyard/mintyard/policy"
)

// ReasonEnrolmentRequired says that the person lacks an authenticator that must be there.
const ReasonEnrolmentRequired oauth.Reason = "enrolment_required"

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
	decision, err := d.enrol.Decide(ctx, r, a)
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
	types, err := d.associable(ctx, r, a)
	if err != nil {
		return err
	}
	var ask [][]string
	for _, name := range types {
		if slices.Contains(decision.Missing, name) {
			ask = append(ask, []string{name})
			proving.OfferAnother(a, name)
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
