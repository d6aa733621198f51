package signin

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/mintyard/mintyard/authenticator"
	"github.com/mintyard/mintyard/authenticator/proving"
	"github.com/mintyard/mintyard/oauth"
	"github.com/mintyard/mintyard/policy"
)

// EventEnrolled says that a person has a new authenticator. Package directauth names it so.
const EventEnrolled oauth.EventType = "authenticator.associated"

// ReasonEnrolmentRequired says that the person lacks an authenticator that must be there,
// and that cannot be added here.
const ReasonEnrolmentRequired oauth.Reason = "enrolment_required"

// enrolAge is how old the proofs may be with which something is added: a session may be
// days old, and the person no longer the one before the browser.
const enrolAge = 15 * time.Minute

var errEnrolment = oauth.NewError(oauth.CodeAccessDenied, ReasonEnrolmentRequired, "An authenticator must be enrolled first")

// enrolment is what people have, in the order in which it is offered.
func (p *Pages) enrolment() (*proving.Enrolment, error) {
	e := &proving.Enrolment{Policy: p.config.Enrolment, Factors: p.factors()}
	have := func(f any) {
		if m, ok := f.(authenticator.Manager); ok {
			e.Managers = append(e.Managers, m)
		}
	}
	have(p.config.Passkeys)
	have(p.config.OTP)
	for _, f := range p.config.OutOfBand {
		have(f)
	}
	have(p.config.RecoveryCodes)
	have(p.config.Question)
	for i, m := range p.config.Others {
		if m == nil {
			return nil, fmt.Errorf("signin: Config.Others[%d]: is nil", i)
		}
		if e.Managed(m.Type()) == nil {
			e.Managers = append(e.Managers, m)
		}
	}
	return e, nil
}

// adds reports whether there is a page on which a factor is added.
func (p *Pages) adds(m authenticator.Manager) bool {
	switch m.(type) {
	case authenticator.AppEnroller, authenticator.CodeEnroller, authenticator.PasskeyEnroller, authenticator.RecoveryEnroller:
		return p.has(m.Type())
	}
	return false
}

// Offer implements [oidc.Enrolling]. Recovery codes are not offered: whoever has just been
// shown them proves nothing with them.
func (p *Pages) Offer(ctx context.Context, tr *oauth.TokenRequest, a *oauth.Authorization) error {
	types, err := p.enrol.Allowed(ctx, tr, a, a.Methods, func(m authenticator.Manager) bool {
		return p.adds(m) && m.Type() != authenticator.TypeRecoveryCodes
	})
	proving.Offer(a, types...)
	return err
}

// Lacks implements [oidc.Enrolling].
func (p *Pages) Lacks(ctx context.Context, tr *oauth.TokenRequest, a *oauth.Authorization) ([]string, error) {
	if p.config.Enrolment == nil || a.Recovery {
		return nil, nil
	}
	d, err := p.enrol.Decide(ctx, tr, a)
	return d.Missing, err
}

// lacking is how a sign-in goes on that policy allows: with what must be added.
func (f *flow) lacking(ctx context.Context) (w wanted, err error) {
	if f.pages.config.Enrolment == nil || f.a.Recovery {
		w.nothing = true
		return w, nil
	}
	d, err := f.pages.enrol.Decide(ctx, f.tr, f.a)
	switch {
	case err != nil:
		return w, err
	case len(d.Missing) == 0:
		w.nothing = true
		return w, nil
	}
	w.required = true
	for _, name := range d.Missing {
		if m := f.pages.enrol.Managed(name); m != nil && f.pages.adds(m) && d.Of(name).MayEnrol {
			w.add = append(w.add, name)
		}
	}
	if len(w.add) == 0 {
		return w, errEnrolment.WithCause(fmt.Errorf("signin: policy requires %v", d.Missing))
	}
	return f.assured(ctx, w)
}

// assured holds what is to be added to what was proved: all that the person has, or two
// factors, and lately. What lacks of that is proved first.
func (f *flow) assured(ctx context.Context, w wanted) (wanted, error) {
	lately := f.lately()
	ok, err := f.pages.enrol.Assured(ctx, f.a.Subject, lately, "")
	if ok || err != nil {
		return w, err
	}
	w.add = nil
	for _, m := range f.a.Available {
		if m.Name == authenticator.TypeQuestion || proving.Has(lately, m.Name) {
			continue
		}
		if err := f.also(ctx, &w, m.Name); err != nil {
			return w, err
		}
	}
	if len(w.choices) == 0 {
		return w, errEnrolment.WithCause(errors.New("signin: the person has what no page can ask for"))
	}
	return w, nil
}

// lately are the methods that were proved not long ago.
func (f *flow) lately() []policy.Method {
	return slices.DeleteFunc(slices.Clone(f.a.Methods), func(m policy.Method) bool { return f.tr.Time.Sub(m.At) > enrolAge })
}

// showAdd offers what can be added. What this sign-in had begun to add is given up.
func (f *flow) showAdd(ctx context.Context, w wanted, message string) error {
	if err := f.giveUp(ctx); err != nil {
		return err
	}
	f.step = f.step.over()
	if err := f.keep(ctx); err != nil {
		return err
	}
	person, err := f.person(ctx)
	if err != nil {
		return err
	}
	data := enrolChooseView{Required: w.required}
	for _, name := range w.add {
		data.Factors = append(data.Factors, factorView{ID: name, Type: name})
	}
	v := &view{Page: "enrol_choose", Form: f.hidden("step", "enrol"), Person: person, Error: message, Field: "factor", Data: data}
	return f.show(statusOf(message, 422), v)
}

// giveUp removes what this sign-in has begun to add.
func (f *flow) giveUp(ctx context.Context) error {
	if f.step.Enrol == "" {
		return nil
	}
	return f.pages.enrol.DropPending(ctx, f.a.Subject, func(id string) bool { return id == f.step.Enrol })
}

// skip goes on without adding anything, if policy lets it.
func (f *flow) skip(ctx context.Context) error {
	if err := f.resume(ctx); err != nil {
		return err
	}
	w, err := f.wanted(ctx)
	if err != nil {
		return err
	}
	if w.required || len(w.add) == 0 {
		return f.showWanted(ctx, w, 200, "")
	}
	f.step = f.step.over()
	f.step.Skip = true
	return f.finish(ctx, nil)
}
