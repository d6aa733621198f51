package signin

import (
	"net/http"
	"strings"

	"github.com/mintyard/mintyard/oidc"
)

// ConfirmLogout implements [oidc.LogoutPages].
func (p *Pages) ConfirmLogout(w http.ResponseWriter, r *http.Request, op *oidc.Provider, page *oidc.LogoutConfirmation) {
	v := &view{Page: "sign_out", Form: form{Action: page.Action, Hidden: []field{{"logout", page.Request}}}, Data: signOutView{}}
	if page.Client != nil {
		v.Client = clientView{Name: page.Client.Name}
		if v.Client.Name == "" {
			v.Client.Name = page.Client.ID
		}
	}
	if len(page.Sessions) == 1 {
		a, err := (&flow{pages: p, op: op}).shown(r.Context(), page.Sessions[0].Subject())
		if err == nil { // without it the page is as good
			v.Person = strings.TrimSpace(a.Name + " " + a.Detail)
		}
	}
	o := show{Locales: page.UILocales}
	if page.Next != "" {
		o.FormAction = []string{page.Next}
	}
	p.signOutPage(w, r, op, http.StatusOK, v, o)
}

// LoggedOut implements [oidc.LogoutPages].
func (p *Pages) LoggedOut(w http.ResponseWriter, r *http.Request, op *oidc.Provider, page *oidc.LoggedOut) {
	d := signOutView{Done: true, Continue: page.Next, Frames: page.Frames, Leave: page.GoOn}
	p.signOutPage(w, r, op, http.StatusOK, &view{Page: "sign_out", Data: d}, show{Locales: page.UILocales, Frames: page.FrameSources()})
}

// LogoutError implements [oidc.LogoutPages].
func (p *Pages) LogoutError(w http.ResponseWriter, r *http.Request, op *oidc.Provider, page *oidc.LogoutError) {
	restart := ""
	if page.Confirmation != nil {
		restart = page.Confirmation.Action // without what was wrong: it asks
	}
	f := &flow{pages: p, op: op, w: w, r: r}
	f.showError(page.Error, page.Ref, restart)
}

func (p *Pages) signOutPage(w http.ResponseWriter, r *http.Request, op *oidc.Provider, status int, v *view, o show) {
	v.Base = path(op)
	if err := p.render.show(w, r, status, v, o); err != nil {
		op.Server().WriteError(w, r, err)
	}
}
