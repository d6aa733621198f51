package signin

import (
	"context"
	"net/http"
	"slices"

	"github.com/mintyard/mintyard/authenticator"
)

// next shows what would satisfy the policy: the one factor that would, or a choice.
func (f *flow) next(ctx context.Context) error {
	w, err := f.wanted(ctx)
	switch {
	case err != nil:
		return err
	case w.nothing: // by now, and not a moment ago: the person presses once more
		return errStep
	case len(w.add) > 0:
		return f.showAdd(ctx, w, "")
	case len(w.choices) == 1:
		return f.further(ctx, w.choices[0])
	}
	f.step = f.step.over()
	if err := f.keep(ctx); err != nil {
		return err
	}
	return f.showChoose(http.StatusOK, w.choices, "")
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
	w, err := f.wanted(ctx)
	if err != nil {
		return err
	}
	if i := slices.IndexFunc(w.choices, func(c factorView) bool { return c.ID == id }); i >= 0 {
		return f.further(ctx, w.choices[i])
	}
	return f.showWanted(ctx, w, http.StatusUnprocessableEntity, "empty")
}

// showWanted shows all the ways in which the sign-in can go on, or goes on, if nothing is
// wanted any more.
func (f *flow) showWanted(ctx context.Context, w wanted, status int, message string) error {
	switch {
	case w.nothing:
		return f.finish(ctx, nil)
	case len(w.add) > 0:
		return f.showAdd(ctx, w, message)
	}
	return f.showChoose(status, w.choices, message)
}

// other shows the other ways.
func (f *flow) other(ctx context.Context) error {
	if f.form.Get("state") != "" {
		if err := f.resume(ctx); err != nil {
			return err
		}
		if len(f.a.Methods) > 0 {
			w, err := f.wanted(ctx)
			if err != nil {
				return err
			}
			return f.showWanted(ctx, w, http.StatusOK, "")
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
		v, err := f.factorPage(ctx, c.Type)
		if err != nil {
			return err
		}
		return f.show(http.StatusOK, v) // nothing is done before it is entered
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
	switch {
	case f.pages.set.OutOfBand[c.Type] != nil:
		if c.ID == c.Type {
			c.ID = ""
		}
		return f.start(ctx, c, "sent")
	case c.Type == authenticator.TypeWebAuthn:
		return f.startPasskey(ctx, "")
	}
	f.step = f.step.over()
	f.step.Channel = c.Type
	if err := f.keep(ctx); err != nil {
		return err
	}
	v, err := f.factorPage(ctx, c.Type)
	if err != nil {
		return err
	}
	return f.show(http.StatusOK, v)
}
