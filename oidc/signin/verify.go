package signin

import (
	"context"
	"errors"
	"net/http"
	"slices"

	"github.com/mintyard/mintyard/authenticator"
	"github.com/mintyard/mintyard/policy"
)

// inputs name the input in which each type is entered.
var inputs = map[string]string{
	authenticator.TypePassword:      "password",
	authenticator.TypeTOTP:          "otp",
	authenticator.TypeHOTP:          "otp",
	authenticator.TypeSMS:           "code",
	authenticator.TypeVoice:         "code",
	authenticator.TypeEmail:         "code",
	authenticator.TypeRecoveryCodes: "code",
	authenticator.TypeQuestion:      "answer",
	authenticator.TypePush:          "",
}

// verify judges what was entered for the factor that the form is of.
func (f *flow) verify(ctx context.Context) error {
	factor := f.form.Get("type")
	input, known := inputs[factor]
	if !known || !f.pages.has(factor) {
		return errStep
	}
	entry := f.form.Get(input)
	begun := f.form.Get("state") != ""
	if begun {
		if err := f.resume(ctx); err != nil {
			return err
		}
		if f.step.Channel != factor {
			return errStep // the form of another step
		}
	}
	if input != "" && entry == "" {
		return f.showAgain(ctx, factor, "empty", http.StatusUnprocessableEntity, 0)
	}
	if !begun {
		if f.hint() == "" || !f.mayBeFirst(factor) {
			return errStep
		}
		if _, err := f.begin(ctx, f.hint()); err != nil {
			return err
		}
	}
	if len(f.a.Methods) == 0 && !f.mayBeFirst(factor) || f.a.Recovery && factor == authenticator.TypePassword {
		return errStep
	}
	m, replacement, err := f.ask(ctx, factor, entry)
	if err != nil {
		message, status, retry := f.refused(ctx, err)
		return f.showAgain(ctx, factor, message, status, retry)
	}
	if replacement != "" {
		return f.showNewCode(ctx, m, replacement)
	}
	return f.proved(ctx, m)
}

// ask asks the factor.
func (f *flow) ask(ctx context.Context, factor, entry string) (m policy.Method, replacement string, err error) {
	id := f.pages.set.Identity(ctx, f.tr, f.a, f.step.Hint)
	switch factor {
	case authenticator.TypePassword:
		m, err = f.pages.config.Password.Verify(ctx, id, entry)
	case authenticator.TypeTOTP, authenticator.TypeHOTP:
		m, err = f.pages.config.OTP.Verify(ctx, id, entry)
	case authenticator.TypeQuestion:
		m, err = f.pages.config.Question.Verify(ctx, id, entry)
	case authenticator.TypeRecoveryCodes:
		return f.pages.config.RecoveryCodes.VerifyAndReplace(ctx, id, entry)
	default:
		m, err = f.pages.set.Check(ctx, f.tr, f.a, f.step.Step, entry)
	}
	return m, "", err
}

// showAgain shows the page of a factor once more, with what was wrong. Of nobody, and of a
// name that was typed wrong, the page is the same.
func (f *flow) showAgain(ctx context.Context, factor, message string, status, retry int) error {
	v, err := f.factorPage(ctx, factor)
	if err != nil {
		return err
	}
	v.Error, v.Field, v.Retry = message, inputs[factor], retry
	if message == "refused" && factor != authenticator.TypePassword && factor != authenticator.TypeQuestion {
		v.Error = "refused_code"
	}
	if message == "pending" {
		v.Error, v.Field = "", ""
		v.Notice = "pending"
	}
	return f.show(status, v)
}

// mayBeFirst reports whether a sign-in, or a recovery, may begin with a factor.
func (f *flow) mayBeFirst(factor string) bool {
	if f.form.Get("recovery") != "" || f.a != nil && f.a.Recovery {
		return factor != authenticator.TypePassword && !neverFirst[factor] && f.pages.has(factor)
	}
	return slices.Contains(f.pages.first, factor) || factor == authenticator.TypeWebAuthn && f.pages.config.Passkeys != nil
}

// again sends a code once more, or asks the other device once more.
func (f *flow) again(ctx context.Context) error {
	if err := f.resume(ctx); err != nil {
		return err
	}
	if f.step.Enrol != "" {
		return f.sendAgain(ctx)
	}
	if f.pages.set.OutOfBand[f.step.Channel] == nil {
		return errStep
	}
	return f.start(ctx, factorView{Type: f.step.Channel, ID: f.step.Choice}, "sent_again")
}

// start begins a challenge over another channel and shows where it is answered. Too many
// that were asked for, and what could not be delivered, is said on the same page.
func (f *flow) start(ctx context.Context, c factorView, notice string) error {
	challenge, next, err := f.pages.set.Start(ctx, f.tr, f.a, f.step.Hint, f.pages.set.OutOfBand[c.Type], c.ID)
	if err != nil {
		if f.step.Channel == "" {
			f.step.Channel = c.Type
		}
		message, status, retry := f.refused(ctx, err)
		if f.state == "" { // the page needs something to come back with
			if err := f.keep(ctx); err != nil {
				return err
			}
		}
		return f.showAgain(ctx, c.Type, message, status, retry)
	}
	f.step = step{Step: next, Number: challenge.Number, Target: c.Target, Choice: c.ID, Skip: f.step.Skip}
	if err := f.keep(ctx); err != nil {
		return err
	}
	v, err := f.factorPage(ctx, c.Type)
	if err != nil {
		return err
	}
	v.Notice = notice
	return f.show(http.StatusOK, v)
}

// errNoFactor says that nothing is left with which the person could go on.
var errNoFactor = errors.New("signin: policy asks for what the person cannot prove here")
