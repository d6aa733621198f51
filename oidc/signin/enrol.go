package signin

import (
	"cmp"
	"context"
	"encoding/base64"
	"html/template"
	"net/http"
	"slices"
	"strings"

	"github.com/mintyard/mintyard/authenticator"
	"github.com/mintyard/mintyard/authenticator/proving"
	"github.com/mintyard/mintyard/oauth"
)

// add begins to add what was chosen.
func (f *flow) add(ctx context.Context) error {
	if err := f.resume(ctx); err != nil {
		return err
	}
	w, err := f.wanted(ctx)
	if err != nil {
		return err
	}
	name := f.form.Get("factor")
	if !slices.Contains(w.add, name) {
		return f.showWanted(ctx, w, http.StatusUnprocessableEntity, "empty")
	}
	return f.beginAdding(ctx, f.pages.enrol.Managed(name), "", http.StatusOK)
}

// beginAdding begins to give the person a new authenticator. It is the person's, and good
// for anything, once this sign-in has confirmed it. message says why it begins once more.
func (f *flow) beginAdding(ctx context.Context, m authenticator.Manager, message string, status int) error {
	a, err := f.shown(ctx, f.a.Subject)
	if err != nil {
		return err
	}
	account := cmp.Or(a.Detail, a.Name, f.a.Subject)
	if err := f.giveUp(ctx); err != nil {
		return err
	}
	f.step = f.step.over()
	switch e := m.(type) {
	case authenticator.AppEnroller:
		made, err := e.Enrol(ctx, f.a.Subject, account)
		if err != nil {
			return f.notAdded(ctx, err)
		}
		if f.step.Secret, err = f.conceal(made.Secret + " " + made.URI); err != nil {
			return err
		}
		return f.begun(ctx, m, made.ID, message, status)
	case authenticator.PasskeyEnroller:
		options, id, err := e.BeginRegistration(ctx, f.a.Subject, account)
		if err != nil {
			return f.notAdded(ctx, err)
		}
		f.step.Secret = string(options) // what any page may be asked for, and no secret
		return f.begun(ctx, m, id, message, status)
	case authenticator.CodeEnroller:
		return f.begun(ctx, m, "", message, status)
	}
	return f.showCodes(ctx)
}

// begun keeps what waits to be confirmed, and shows where it is.
func (f *flow) begun(ctx context.Context, m authenticator.Manager, id, message string, status int) error {
	f.step.Enrol = proving.ID(authenticator.Authenticator{Type: m.Type(), ID: id})
	if err := f.keep(ctx); err != nil {
		return err
	}
	f.tr.Observe(ctx, oauth.Event{Type: oauth.EventChallenge, Methods: []string{m.Type()}})
	return f.showAdding(ctx, m, message, "", status, 0)
}

// notAdded goes back to the choice: this one cannot be added.
func (f *flow) notAdded(ctx context.Context, err error) error {
	message, status, _ := f.refused(ctx, err)
	w, err := f.wanted(ctx)
	if err != nil {
		return err
	}
	return f.showWanted(ctx, w, status, message)
}

// adding is what this sign-in has begun to add. One that may not be added any more is
// none: the person may have got another one meanwhile, or this one.
func (f *flow) adding(ctx context.Context) (m authenticator.Manager, id string, w wanted, err error) {
	if err := f.resume(ctx); err != nil {
		return nil, "", w, err
	}
	name, id, ok := strings.Cut(f.step.Enrol, "|")
	if !ok {
		return nil, "", w, errStep
	}
	if w, err = f.wanted(ctx); err == nil && slices.Contains(w.add, name) {
		m = f.pages.enrol.Managed(name)
	}
	return m, id, w, err
}

// address takes the number or the address that is to be added, and sends a code there.
func (f *flow) address(ctx context.Context) error {
	m, _, w, err := f.adding(ctx)
	if err != nil {
		return err
	}
	e, ok := m.(authenticator.CodeEnroller)
	if !ok {
		return f.showWanted(ctx, w, http.StatusOK, "")
	}
	to := strings.TrimSpace(f.form.Get(addressInput(m.Type())))
	if to == "" {
		return f.showAdding(ctx, m, "empty", "", http.StatusUnprocessableEntity, 0)
	}
	id, _, err := e.Enrol(ctx, f.a.Subject, to, "")
	if err != nil {
		message, status, retry := f.refused(ctx, err)
		return f.showAdding(ctx, m, message, "", status, retry)
	}
	f.step.Enrol = proving.ID(authenticator.Authenticator{Type: m.Type(), ID: id})
	if _, one, found, err := f.pages.enrol.Find(ctx, f.a.Subject, f.step.Enrol); err != nil {
		return err
	} else if found {
		f.step.Target = one.Target
	}
	if err := f.keep(ctx); err != nil {
		return err
	}
	f.tr.Observe(ctx, oauth.Event{Type: oauth.EventChallenge, Methods: []string{m.Type()}})
	return f.showAdding(ctx, m, "", "sent", http.StatusOK, 0)
}

func addressInput(factor string) string {
	if factor == authenticator.TypeEmail {
		return "email"
	}
	return "phone_number"
}

// sendAgain sends another code to what is to be added.
func (f *flow) sendAgain(ctx context.Context) error {
	m, id, w, err := f.adding(ctx)
	if err != nil {
		return err
	}
	if m == nil {
		return f.showWanted(ctx, w, http.StatusOK, "")
	}
	channel := f.pages.set.OutOfBand[m.Type()]
	if channel == nil || id == "" {
		return errStep
	}
	_, err = channel.Start(ctx, f.pages.set.Identity(ctx, f.tr, f.a, f.step.Hint), authenticator.Start{
		AuthenticatorID: id, App: f.tr.Client.Name, Purpose: authenticator.PurposeEnrolment, Addr: f.tr.Addr, Risk: f.a.Risk,
	})
	if err != nil {
		message, status, retry := f.refused(ctx, err)
		return f.showAdding(ctx, m, message, "", status, retry)
	}
	return f.showAdding(ctx, m, "", "sent_again", http.StatusOK, 0)
}

// showAdding shows the page of what is being added: where a number or an address is
// entered, and where it is confirmed.
func (f *flow) showAdding(ctx context.Context, m authenticator.Manager, message, notice string, status, retry int) error {
	person, err := f.person(ctx)
	if err != nil {
		return err
	}
	name, id, _ := strings.Cut(f.step.Enrol, "|")
	v := &view{Form: f.hidden("step", "enrol_confirm", "type", name), Person: person, Error: message, Notice: notice, Retry: retry}
	switch m.(type) {
	case authenticator.AppEnroller:
		secret, uri, err := f.shownSecret()
		if err != nil {
			return err
		}
		v.Page, v.Field, v.Data = "enrol_totp", "otp", enrolTOTPView{QR: qr(uri), Key: inFours(secret), URI: template.URL(uri)}
	case authenticator.PasskeyEnroller:
		v.Page, v.Form, v.Data = "enrol_passkey", f.hidden("step", "enrol_passkey"), enrolPasskeyView{Options: jsonText(f.step.Secret)}
	case authenticator.CodeEnroller:
		if id == "" {
			v.Page, v.Form, v.Field = "enrol_address", f.hidden("step", "enrol_address"), addressInput(name)
			v.Data = enrolAddressView{Type: name}
			break
		}
		v.Page, v.Field, v.Data = "code", "code", codeView{Type: name, Target: f.step.Target, Again: true, Other: true}
	}
	if message == "refused" && v.Page != "enrol_address" {
		v.Error = "refused_code"
	}
	return f.show(status, v)
}

// shownSecret is the secret of an app that is being set up.
func (f *flow) shownSecret() (secret, uri string, err error) {
	text, err := f.reveal(f.step.Secret)
	secret, uri, _ = strings.Cut(text, " ")
	return secret, uri, err
}

// qr is a picture of an otpauth: address; without one the key is entered by hand.
func qr(uri string) template.URL {
	svg, err := (&authenticator.Enrolment{URI: uri}).SVG()
	if err != nil {
		return ""
	}
	return template.URL("data:image/svg+xml;base64," + base64.StdEncoding.EncodeToString([]byte(svg)))
}

func inFours(s string) string {
	var b strings.Builder
	for part := range slices.Chunk([]byte(s), 4) {
		if b.Len() > 0 {
			b.WriteByte(' ')
		}
		b.Write(part)
	}
	return b.String()
}
