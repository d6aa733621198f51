package signin

import (
	"context"
	"net/http"
	"slices"

	"github.com/mintyard/mintyard/authenticator"
	"github.com/mintyard/mintyard/oauth"
	"github.com/mintyard/mintyard/policy"
)

// next shows what would satisfy the policy: the one factor that would, or a choice.
func (f *flow) next(ctx context.Context, d policy.Decision) error {
	list, err := f.choices(ctx, d)
	switch {
	case err != nil:
		return err
	case len(list) == 0:
		return oauth.NewError(oauth.CodeAccessDenied, oauth.ReasonStepUp, "Policy asks for what the person cannot prove here").WithCause(errNoFactor)
	case len(list) == 1:
		return f.further(ctx, list[0])
	}
	f.step = step{Step: f.step.Step}
	f.step.Channel, f.step.Challenge = "", ""
	if err := f.keep(ctx); err != nil {
		return err
	}
	return f.showChoose(http.StatusOK, list, "")
}

// choices are the authenticators that the person has of the types that policy asks for.
func (f *flow) choices(ctx context.Context, d policy.Decision) ([]factorView, error) {
	var list []factorView
	var types []string
	for _, methods := range d.Next {
		if len(methods) == 0 || slices.Contains(types, methods[0]) || !f.pages.has(methods[0]) {
			continue
		}
		types = append(types, methods[0])
		more, err := f.pages.of(ctx, methods[0], f.a.Subject)
		if err != nil {
			return nil, err
		}
		list = append(list, more...)
	}
	return list, nil
}

// of are a person's authenticators of a type. Codes, pushes and calls go to one that is
// chosen; of the others any will do.
func (p *Pages) of(ctx context.Context, factor, subject string) ([]factorView, error) {
	m, ok := p.set.OutOfBand[factor].(authenticator.Manager)
	if !ok {
		return []factorView{{ID: factor, Type: factor}}, nil
	}
	all, err := m.Authenticators(ctx, subject)
	if err != nil {
		return nil, err
	}
	var list []factorView
	for _, a := range all {
		if a.Active {
			list = append(list, factorView{ID: a.ID, Type: factor, Name: a.Name, Target: a.Target})
		}
	}
	return list, nil
}

// choose takes what was chosen. Before anything is proved the choice is among what
// everybody is offered, and afterwards among what policy asks for.
func (f *flow) choose(ctx context.Context) error {
	id := f.form.Get("factor")
	if f.form.Get("state") == "" {
		if f.hint() == "" || !f.mayBeFirst(id) {
			return errStep
		}
		return f.first(ctx, factorView{ID: id, Type: id})
	}
	if err := f.resume(ctx); err != nil {
		return err
	}
	if len(f.a.Methods) == 0 { // a first factor that waits is given up for another one
		if !f.mayBeFirst(id) {
			return errStep
		}
		return f.further(ctx, factorView{ID: id, Type: id})
	}
	list, err := f.offered(ctx)
	if err != nil {
		return err
	}
	for _, c := range list {
		if c.ID == id {
			return f.further(ctx, c)
		}
	}
	return f.showChoose(http.StatusUnprocessableEntity, list, "empty")
}

// offered are the factors that policy asks for now.
func (f *flow) offered(ctx context.Context) (list []factorView, err error) {
	if f.a.Available, err = f.pages.Available(ctx, f.a.Subject); err != nil {
		return nil, err
	}
	f.a.AvailableKnown = true
	d, err := f.tr.Server.Decide(ctx, f.a)
	if err != nil {
		return nil, err
	}
	return f.choices(ctx, d)
}

// other shows the other ways.
func (f *flow) other(ctx context.Context) error {
	if f.form.Get("state") != "" {
		if err := f.resume(ctx); err != nil {
			return err
		}
		if len(f.a.Methods) > 0 {
			list, err := f.offered(ctx)
			if err != nil {
				return err
			}
			return f.showChoose(http.StatusOK, list, "")
		}
	}
	return f.showChoose(http.StatusOK, f.firstChoices(), "")
}

// firstChoices are what everybody is offered to begin with.
func (f *flow) firstChoices() []factorView {
	var list []factorView
	for _, t := range []string{authenticator.TypePassword, authenticator.TypeWebAuthn, authenticator.TypeTOTP, authenticator.TypeHOTP,
		authenticator.TypePush, authenticator.TypeSMS, authenticator.TypeVoice, authenticator.TypeEmail} {
		if f.pages.has(t) && f.mayBeFirst(t) {
			list = append(list, factorView{ID: t, Type: t})
		}
	}
	return list
}

// first begins with a factor, of somebody of whom only a name is known.
func (f *flow) first(ctx context.Context, c factorView) error {
	if inputs[c.Type] != "" && f.pages.set.OutOfBand[c.Type] == nil {
		return f.show(http.StatusOK, f.factorPage(c.Type)) // nothing is done before it is entered
	}
	named, err := f.begin(ctx, f.hint())
	if err != nil {
		return err
	}
	if c.Type == authenticator.TypeWebAuthn {
		return f.startPasskey(ctx, named)
	}
	c.ID = ""
	return f.start(ctx, c, "sent")
}

// further goes on with a factor, of somebody who has proved something, or who has begun
// with another first factor.
func (f *flow) further(ctx context.Context, c factorView) error {
	hint := f.step.Hint
	switch {
	case f.pages.set.OutOfBand[c.Type] != nil:
		if c.ID == c.Type {
			c.ID = ""
		}
		return f.start(ctx, c, "sent")
	case c.Type == authenticator.TypeWebAuthn:
		return f.startPasskey(ctx, "")
	}
	f.step = step{}
	f.step.Hint, f.step.Channel = hint, c.Type
	if err := f.keep(ctx); err != nil {
		return err
	}
	return f.show(http.StatusOK, f.factorPage(c.Type))
}
