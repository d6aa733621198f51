package signin

import (
	"context"
	"net/http"
	"slices"
	"strconv"

	"github.com/mintyard/mintyard/oauth"
	"github.com/mintyard/mintyard/oidc"
)

// arrive is the browser coming to the page, or coming back to it: what its sessions can
// answer by now is answered, and otherwise the page of what is missing is shown.
func (f *flow) arrive(ctx context.Context) error {
	in, err := f.op.Continue(f.w, f.r, f.req)
	switch {
	case err != nil || in == nil:
		return err
	case in.Need == oidc.NeedAccount:
		return f.showAccounts(ctx)
	case in.Need == oidc.NeedStepUp || in.Need == oidc.NeedEnrolment || in.Need == oidc.NeedConsent:
		return f.op.Server().Visit(f.r, f.req, func(ctx context.Context, tr *oauth.TokenRequest) (err error) {
			f.tr = tr
			if f.a, err = f.op.Resume(ctx, f.r, tr, f.req, in.Subject); err != nil {
				return err
			}
			if f.a == nil { // the session has ended between the two looks
				return f.showIdentify(ctx, "", "")
			}
			return f.need(ctx, in)
		})
	}
	return f.showIdentify(ctx, "", "")
}

// post takes the step that the form is of.
func (f *flow) post(ctx context.Context) error {
	switch f.form.Get("action") {
	case "deny", "cancel":
		return f.deny()
	case "other":
		return f.other(ctx)
	case "again":
		return f.again(ctx)
	case "recover":
		return f.recover(ctx)
	case "switch":
		return f.switchAccount()
	case "skip":
		return f.skip(ctx)
	case "approve", "continue", "":
	default:
		return errStep
	}
	switch f.form.Get("step") {
	case "identify":
		return f.identify(ctx)
	case "choose":
		return f.choose(ctx)
	case "verify":
		return f.verify(ctx)
	case "passkey":
		return f.passkey(ctx)
	case "consent":
		return f.approve(ctx)
	case "account":
		return f.account(ctx)
	case "goon":
		return f.goOn(ctx)
	case "new_password":
		return f.newPassword(ctx)
	case "enrol":
		return f.add(ctx)
	case "enrol_address":
		return f.address(ctx)
	case "enrol_confirm":
		return f.confirm(ctx, f.form.Get(inputs[f.form.Get("type")]))
	case "enrol_passkey":
		return f.confirm(ctx, f.form.Get("credential"))
	case "recovery_codes":
		return f.keptCodes(ctx)
	}
	return errStep
}

// deny sends the browser back: the person does not want to.
func (f *flow) deny() error { return f.op.Server().Deny(f.w, f.r, f.req, nil) }

// identify is the first page: the name says which page comes next, the same one for
// everybody.
func (f *flow) identify(ctx context.Context) error {
	if f.hint() == "" {
		return f.showIdentify(ctx, "empty", "username")
	}
	if f.form.Get("recovery") != "" {
		return f.recover(ctx)
	}
	return f.first(ctx, factorView{Type: f.pages.first[0]})
}

// approve is the person saying yes to everything that was asked.
func (f *flow) approve(ctx context.Context) error {
	if err := f.resume(ctx); err != nil {
		return err
	}
	return f.finish(ctx, slices.Clone(f.a.Scopes))
}

// goOn goes on after a page that only told something.
func (f *flow) goOn(ctx context.Context) error {
	if err := f.resume(ctx); err != nil {
		return err
	}
	return f.finish(ctx, nil)
}

// account is the choice among those who are signed in.
func (f *flow) account(ctx context.Context) error {
	next := oidc.Chosen(f.req, oauth.PromptSelectAccount)
	if id := f.form.Get("account"); id != "" {
		sessions, err := f.op.SignedIn(f.r)
		if err != nil {
			return err
		}
		i := slices.IndexFunc(sessions, func(s *oidc.Session) bool { return s.ID() == id })
		if i < 0 {
			return f.showAccounts(ctx)
		}
		next.Subject = sessions[i].Subject()
	} else if !next.Wants(oauth.PromptLogin) {
		next.Prompt = append(next.Prompt, oauth.PromptLogin)
	}
	f.req = next
	return f.forward()
}

// switchAccount goes from the consent page to the choice of accounts.
func (f *flow) switchAccount() error {
	next := oidc.Chosen(f.req, oauth.PromptSelectAccount)
	next.Prompt = append(next.Prompt, oauth.PromptSelectAccount)
	f.req = next
	return f.forward()
}

// show shows a page of the flow.
func (f *flow) show(status int, v *view) error {
	v.Form.Action, v.Base = path(f.op), path(f.op)
	v.Form.Hidden = append(v.Form.Hidden, field{"request", f.sealed})
	if f.state != "" {
		v.Form.Hidden = append(v.Form.Hidden, field{"state", f.state})
	}
	if f.form.Get("recovery") != "" {
		v.Form.Hidden = append(v.Form.Hidden, field{"recovery", "1"})
	}
	o := show{}
	if f.req != nil {
		o.Locales = f.req.UILocales
		o.FormAction, o.Popup = []string{f.req.RedirectURI}, f.req.Display == "popup"
		v.Client = f.client(&o)
	}
	if v.Retry > 0 {
		f.w.Header().Set("Retry-After", strconv.Itoa(v.Retry))
	}
	return f.pages.render.show(f.w, f.r, status, v, o)
}

// statusOf is the status of a page that may say what was wrong.
func statusOf(message string, status int) int {
	if message == "" {
		return http.StatusOK
	}
	return status
}
