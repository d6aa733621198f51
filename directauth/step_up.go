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
	next := d.next(r, decision)
	if len(next) == 0 {
		return errCannot.WithCause(fmt.Errorf("directauth: policy rule %q wants %v, and client %q has no grant for it",
			decision.Rule, decision.Next, r.Client.ID))
	}
	handle, err := r.Suspend(ctx, a, token.HandleMFA, d.config.TransactionTTL)
	if err != nil {
		return err
	}
	return &oauth.Error{
		Code: CodeMFARequired, Status: http.StatusForbidden, Reason: oauth.ReasonStepUp,
		Description: "More verification is needed",
		Extra: []oauth.Member{
			oauth.StringMember("mfa_token", handle),
			// Not documented by the dialect, and the only way in which an app
			// learns what may come next; apps that do not know it ignore it.
			oauth.StringMember("supported_challenge_types", strings.Join(next, " ")),
		},
	}
}

// next are the grants with which this app could prove what is missing, in the
// order of the policy's preference.
func (d *Direct) next(r *oauth.TokenRequest, decision policy.Decision) []string {
	var grants []string
	for _, methods := range decision.Next {
		if len(methods) == 0 {
			continue
		}
		g, ok := grantOf[methods[0]]
		if ok && canUse(r, g) && !slices.Contains(grants, g) {
			grants = append(grants, g)
		}
	}
	return grants
}

// grantOf names the grant that proves a method as a further factor.
var grantOf = map[string]string{"totp": GrantMFAOTP}

// canUse reports whether the server has the grant, the client may use it, and
// the app says that it can: an app that says nothing is not asked.
func canUse(r *oauth.TokenRequest, grant string) bool {
	if !r.Server.HasGrant(grant) || !slices.Contains(r.Client.GrantTypes, grant) {
		return false
	}
	if r.Param("grant_types_supported") == "" {
		return true
	}
	for g := range r.Words("grant_types_supported") {
		if g == grant {
			return true
		}
	}
	return false
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
