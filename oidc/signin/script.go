package signin

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"

	"github.com/mintyard/mintyard/authenticator"
	"github.com/mintyard/mintyard/authenticator/proving"
	"github.com/mintyard/mintyard/oauth"
	"github.com/mintyard/mintyard/oidc"
)

// scriptHandler answers a script of a page with JSON. It takes the form that the page
// would post, from the same browser.
func (p *Pages) scriptHandler(op *oidc.Provider, serve func(ctx context.Context, f *flow) (any, error)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		f := &flow{pages: p, op: op, w: w, r: r}
		answer, err := f.script(serve)
		if err != nil {
			op.Server().WriteError(w, r, err)
			return
		}
		body, err := json.Marshal(answer)
		if err != nil {
			op.Server().WriteError(w, r, err)
			return
		}
		writeJSON(w, http.StatusOK, body)
	})
}

func (f *flow) script(serve func(ctx context.Context, f *flow) (any, error)) (answer any, err error) {
	if f.r.Method != http.MethodPost {
		return nil, errMethod
	}
	if err := f.parse(); err != nil {
		return nil, err
	}
	f.sealed = f.form.Get("request")
	if f.req, err = f.op.Server().Open(f.sealed); err != nil {
		return nil, err
	}
	if !f.bound() {
		return nil, errCookie
	}
	err = f.op.Server().Visit(f.r, f.req, func(ctx context.Context, tr *oauth.TokenRequest) (err error) {
		f.tr = tr
		answer, err = serve(ctx, f)
		return err
	})
	return answer, err
}

// pushStatus is what a script hears that asks whether a push was answered. When it was
// the script posts the form with the new state.
type pushStatus struct {
	Status string `json:"status"` // pending, done, over
	State  string `json:"state,omitempty"`
}

// pushHandler tells a script whether a push was answered. An approval is good once: it is
// taken here, and what was proved is kept under a new handle, with which the page goes on.
func (p *Pages) pushHandler(op *oidc.Provider) http.Handler {
	return p.scriptHandler(op, func(ctx context.Context, f *flow) (any, error) {
		if err := f.resume(ctx); err != nil {
			return nil, err
		}
		if f.step.Channel != authenticator.TypePush {
			return nil, errStep
		}
		m, err := p.set.Check(ctx, f.tr, f.a, f.step.Step, "")
		if errors.Is(err, authenticator.ErrPending) {
			return pushStatus{Status: "pending"}, nil
		}
		if err != nil {
			message, _, _ := f.refused(ctx, err)
			return pushStatus{Status: message}, nil
		}
		if err := proving.Add(f.a, m); err != nil {
			return nil, err
		}
		f.tr.Observe(ctx, oauth.Event{Type: oauth.EventFactorProved, Methods: []string{m.Name}})
		f.step = f.step.over()
		if err := f.keep(ctx); err != nil {
			return nil, err
		}
		return pushStatus{Status: "done", State: f.state}, nil
	})
}
