package signin

import (
	"context"
	"slices"

	"github.com/mintyard/mintyard/authenticator"
	"github.com/mintyard/mintyard/authenticator/proving"
	"github.com/mintyard/mintyard/oauth"
	"github.com/mintyard/mintyard/policy"
)

// wanted is how a sign-in goes on that is not enough: with what the person has, or by
// adding something.
type wanted struct {
	choices  []factorView
	add      []string // types
	required bool     // that one of them is added
	nothing  bool     // is wanted any more
}

// wanted asks the policies, as they are now. What can be proved comes before what can be
// added. The error says that the person can do nothing here.
func (f *flow) wanted(ctx context.Context) (w wanted, err error) {
	if err := f.available(ctx); err != nil {
		return w, err
	}
	if err := f.offer(ctx); err != nil {
		return w, err
	}
	d, err := f.tr.Server.Decide(ctx, f.a)
	switch {
	case err != nil:
		return w, err
	case d.Access == policy.Allow:
		return f.lacking(ctx)
	}
	for _, methods := range d.Next {
		switch {
		case len(methods) == 0:
		case proving.IsOffered(f.a, methods[0]):
			if !slices.Contains(w.add, methods[0]) {
				w.add = append(w.add, methods[0])
			}
		default:
			if err := f.also(ctx, &w, methods[0]); err != nil {
				return w, err
			}
		}
	}
	switch {
	case len(w.choices) > 0:
		w.add = nil
		return w, nil
	case len(w.add) == 0:
		return w, errNothing.WithCause(errNoFactor)
	}
	f.a.Available = proving.WithoutOffers(f.a.Available)
	if d, err = f.tr.Server.Decide(ctx, f.a); err != nil {
		return w, err
	}
	w.required = d.Access != policy.Allow
	return f.assured(ctx, w)
}

// offer adds to what the person could prove what could be added first, unless that was
// left out before.
func (f *flow) offer(ctx context.Context) error {
	if f.step.Skip {
		return nil
	}
	return f.pages.Offer(ctx, f.tr, f.a)
}

// also adds the person's authenticators of a type to the choices.
func (f *flow) also(ctx context.Context, w *wanted, factor string) error {
	if !f.pages.has(factor) || slices.ContainsFunc(w.choices, func(c factorView) bool { return c.Type == factor }) {
		return nil
	}
	more, err := f.pages.of(ctx, factor, f.a.Subject)
	w.choices = append(w.choices, more...)
	return err
}

// available finds out what the person could prove.
func (f *flow) available(ctx context.Context) (err error) {
	if f.a.Available, err = f.pages.Available(ctx, f.a.Subject); err != nil {
		return err
	}
	f.a.AvailableKnown = true
	if f.a.Recovery { // the password is what is lost
		f.a.Available = slices.DeleteFunc(f.a.Available, func(m policy.Method) bool { return m.Name == authenticator.TypePassword })
	}
	return nil
}

var errNothing = oauth.NewError(oauth.CodeAccessDenied, oauth.ReasonStepUp, "Policy asks for what the person cannot prove here")
