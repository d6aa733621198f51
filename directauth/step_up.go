package directauth

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/mintyard/mintyard/oauth"
	"github.com/mintyard/mintyard/oauth/token"
	"github.com/mintyard/mintyard/policy"
)

// StepUp implements [oauth.StepUp]: what was proved is kept, and the app is told
// mfa_required with an mfa_token and the grants that would go on from here. If
// none of them is possible for this app, or for this person, it is told so now,
// with access_denied, and not after the next factor.
func (d *Direct) StepUp(ctx context.Context, a *oauth.Authorization, decision policy.Decision) error {
	r := a.Request()
	if len(a.Methods) == 0 {
		return errDenied // nobody has proved anything: there is no step to go on from
	}
	grants := next(r, a, decision)
	requirements, enrol := d.requirements(a, decision)
	if len(grants) == 0 && !enrol {
		return errCannot.WithCause(fmt.Errorf("directauth: policy rule %q wants %v, and client %q has no grant for it",
			decision.Rule, decision.Next, r.Client.ID))
	}
	handle, _, err := r.Suspend(ctx, a, token.HandleMFA, d.config.TransactionTTL)
	if err != nil {
		return err
	}
	members := []oauth.Member{oauth.StringMember("mfa_token", handle)}
	if len(grants) > 0 {
		// Not documented by the dialect, and the only way in which an app learns what
		// may come next; apps that do not know it ignore it.
		members = append(members, oauth.StringMember("supported_challenge_types", strings.Join(grants, " ")))
	}
	return &oauth.Error{
		Code: CodeMFARequired, Status: http.StatusForbidden, Reason: oauth.ReasonStepUp,
		Description: "More verification is needed", Extra: slices.Concat(members, requirements, a.Answer),
	}
}

// checkSupported refuses a list that names what cannot be a grant type.
func checkSupported(r *oauth.TokenRequest) error {
	for g := range r.Words("grant_types_supported") {
		if strings.ContainsAny(g, "\"\\<>,[]") {
			return errSupported
		}
	}
	return nil
}
