package signin

import (
	"context"
	"crypto/rand"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/mintyard/mintyard/authenticator"
	"github.com/mintyard/mintyard/authenticator/proving"
	"github.com/mintyard/mintyard/oauth"
	"github.com/mintyard/mintyard/policy"
)

// client is what is shown of the app that asks.
func (f *flow) client(o *show) clientView {
	v := clientView{Name: f.req.ClientID, Host: f.req.RedirectURI}
	if u, err := url.Parse(f.req.RedirectURI); err == nil {
		v.Host, v.Local = u.Host, oauth.Loopback(u.Hostname())
		if u.Host == "" {
			v.Host = u.Scheme + ":"
		}
	}
	c, err := f.op.Server().Config().Clients.Client(f.r.Context(), f.req.ClientID)
	if err != nil {
		return v // the page shows what it knows
	}
	if c.Name != "" {
		v.Name = c.Name
	}
	v.LogoURI, v.URI, v.Policy, v.TOS, v.Third = c.LogoURI, c.URI, c.PolicyURI, c.TOSURI, c.ThirdParty
	if v.LogoURI != "" && !c.ThirdParty { // who else has put a picture there would hear of every sign-in
		o.Images = append(o.Images, v.LogoURI)
	}
	return v
}

func (f *flow) hidden(pairs ...string) form {
	var h form
	for i := 0; i < len(pairs); i += 2 {
		h.Hidden = append(h.Hidden, field{pairs[i], pairs[i+1]})
	}
	return h
}

func (f *flow) showIdentify(ctx context.Context, message, field string) error {
	v, err := f.identifyPage(ctx)
	if err != nil {
		return err
	}
	v.Error, v.Field = message, field
	return f.show(statusOf(message, http.StatusUnprocessableEntity), v)
}

func (f *flow) showIdentifyWith(ctx context.Context, status int, message, notice string, retry int) error {
	v, err := f.identifyPage(ctx)
	if err != nil {
		return err
	}
	v.Error, v.Notice, v.Retry = message, notice, retry
	return f.show(status, v)
}

func (f *flow) identifyPage(ctx context.Context) (*view, error) {
	f.state = ""
	name := f.hint()
	if name == "" {
		name = f.req.LoginHint
	}
	data := identifyView{Username: name, Recover: f.pages.config.SetPassword != nil && f.form.Get("recovery") == "",
		Passkey: f.pages.config.Passkeys != nil && f.form.Get("recovery") == "", PasskeyURL: path(f.op) + "/passkey"}
	if f.req.Subject != "" {
		a, err := f.shown(ctx, f.req.Subject)
		if err != nil {
			return nil, err
		}
		if a.Detail != "" {
			data.Username, data.Fixed = a.Detail, true
		}
	}
	sessions, err := f.op.SignedIn(f.r)
	if err != nil {
		return nil, err
	}
	data.Accounts = len(sessions) > 0 && f.req.Subject == ""
	v := &view{Page: "identify", Form: f.hidden("step", "identify"), Data: data}
	return v, nil
}

// factorPage is the page on which a factor is entered.
func (f *flow) factorPage(ctx context.Context, factor string) (*view, error) {
	v := &view{Form: f.hidden("step", "verify", "type", factor), Person: f.hint()}
	if f.state == "" {
		v.Form.Hidden = append(v.Form.Hidden, field{"username", f.hint()})
	} else if f.form.Get("username") != "" {
		v.Form.Hidden = append(v.Form.Hidden, field{"username", f.hint()}) // to be shown
	}
	other := len(f.firstChoices()) > 1 || f.a != nil && len(f.a.Methods) > 0
	switch factor {
	case authenticator.TypePassword:
		v.Page = "password"
		v.Data = passwordView{Other: other, Recover: f.pages.config.SetPassword != nil && (f.a == nil || len(f.a.Methods) == 0)}
	case authenticator.TypePush:
		v.Page = "push"
		v.Data = pushView{Number: f.step.Number, Poll: path(f.op) + "/push", Other: other}
	case authenticator.TypeQuestion:
		text, err := f.pages.config.Question.Text(ctx, f.a.Subject)
		if err != nil {
			return nil, err
		}
		v.Page = "question"
		v.Data = questionView{Question: text, Other: other}
	default:
		v.Page = "code"
		v.Data = codeView{Type: factor, Target: f.step.Target, Again: f.pages.set.OutOfBand[factor] != nil, Other: other}
	}
	return v, nil
}

func (f *flow) passkeyPage(options string) *view {
	return &view{Page: "passkey", Form: f.hidden("step", "passkey", "username", f.hint()), Person: f.hint(),
		Data: passkeyView{Options: jsonText(options), Other: len(f.firstChoices()) > 1 || len(f.a.Methods) > 0}}
}

func (f *flow) showChoose(status int, list []factorView, message string) error {
	return f.show(status, &view{Page: "choose", Form: f.hidden("step", "choose", "username", f.hint()), Person: f.hint(), Error: message,
		Field: "factor", Data: chooseView{Factors: list}})
}

// showNewCode shows the code that replaces the one that was used, and goes on then.
func (f *flow) showNewCode(ctx context.Context, m policy.Method, code string) error {
	if err := proving.Add(f.a, m); err != nil {
		return err
	}
	f.step = f.step.over()
	if err := f.keep(ctx); err != nil {
		return err
	}
	f.tr.Observe(ctx, oauth.Event{Type: oauth.EventFactorProved, Methods: []string{m.Name}})
	return f.show(http.StatusOK, &view{Page: "new_code", Form: f.hidden("step", "goon"), Data: newCodeView{Code: code}})
}

func (f *flow) newPasswordPage(message string) *view {
	v := &view{Page: "new_password", Form: f.hidden("step", "new_password"), Error: message, Data: newPasswordView{}}
	if message != "" {
		v.Field = "new_password"
	}
	return v
}

// showConsent asks what the client may have, in words.
func (f *flow) showConsent(ctx context.Context, scopes []string) error {
	person, err := f.person(ctx)
	if err != nil {
		return err
	}
	data := consentView{Switch: f.req.Subject == ""}
	for _, s := range f.op.Server().Config().Scopes {
		if slices.Contains(scopes, s.Name) {
			data.Scopes = append(data.Scopes, scopeView{s.Name, s.Description})
		}
	}
	return f.show(http.StatusOK, &view{Page: "consent", Form: f.hidden("step", "consent"), Person: person, Data: data})
}

// showAccounts shows who is signed in in this browser.
func (f *flow) showAccounts(ctx context.Context) error {
	sessions, err := f.op.SignedIn(f.r)
	if err != nil {
		return err
	}
	var data accountsView
	for _, s := range sessions {
		a, err := f.shown(ctx, s.Subject())
		if err != nil {
			return err
		}
		data.Accounts = append(data.Accounts, accountView{s.ID(), a.Name, a.Detail})
	}
	return f.show(http.StatusOK, &view{Page: "accounts", Form: f.hidden("step", "account"), Data: data})
}

// shown is what is shown of a person.
func (f *flow) shown(ctx context.Context, subject string) (Account, error) {
	if f.pages.config.Account == nil {
		return Account{Name: subject}, nil
	}
	return f.pages.config.Account(ctx, subject)
}

// person is what the pages say of who is signing in, when that is known.
func (f *flow) person(ctx context.Context) (string, error) {
	a, err := f.shown(ctx, f.a.Subject)
	return strings.TrimSpace(a.Name + " " + a.Detail), err
}

// fail shows a page for what ends the sign-in here.
func (f *flow) fail(err error) {
	r := f.r
	if _, ok := f.w.(*headless); ok { // the page of an error has the shape of all others
		r = r.Clone(r.Context())
		r.Header.Set("Accept", "text/html")
	}
	f.op.Server().ShowError(f.w, r, err)
}

// showError is that page. ref names the event, and restart is where to begin anew.
func (f *flow) showError(e *oauth.Error, ref, restart string) {
	if ref == "" {
		ref = rand.Text()[:10]
	}
	v := &view{Page: "error", Data: errorView{Code: e.Code, Message: string(e.Reason), Ref: ref, Restart: restart}}
	if e.Reason == ReasonCookie {
		v.Page = "cookies"
	}
	_ = f.show(e.HTTPStatus(), v) // it has said what it could
}
