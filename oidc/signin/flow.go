package signin

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/mintyard/mintyard/authenticator/proving"
	"github.com/mintyard/mintyard/oauth"
	"github.com/mintyard/mintyard/oauth/token"
	"github.com/mintyard/mintyard/oidc"
	"github.com/mintyard/mintyard/policy"
)

// flow is one request of a sign-in.
type flow struct {
	pages *Pages
	op    *oidc.Provider
	w     http.ResponseWriter
	r     *http.Request
	form  url.Values

	req    *oauth.AuthorizationRequest
	sealed string
	state  string // handle of what was proved; "" before

	tr   *oauth.TokenRequest
	a    *oauth.Authorization
	step step
}

// step is what a sign-in remembers between two pages besides what was proved.
type step struct {
	proving.Step
	Number string `json:"n,omitempty"` // that a push shows
	Target string `json:"t,omitempty"` // where a code went, masked
	Choice string `json:"x,omitempty"` // the authenticator that was chosen

	// Enrol is the authenticator that waits to be confirmed, as type and id, and Secret
	// what its page shows, concealed. Salt goes into recovery codes that are shown. Skip
	// says that the person does not want to add anything.
	Enrol  string `json:"e,omitempty"`
	Secret string `json:"o,omitempty"`
	Salt   string `json:"s,omitempty"`
	Skip   bool   `json:"k,omitempty"`
}

// over is what stays of a step when the next one begins.
func (s step) over() step { return step{Step: proving.Step{Hint: s.Hint}, Skip: s.Skip} }

// handler is the page.
func (p *Pages) handler(op *oidc.Provider) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		f := &flow{pages: p, op: op, w: answering(w, r), r: r}
		switch r.Method {
		case http.MethodGet, http.MethodHead:
			f.form = r.URL.Query()
			f.run(f.arrive)
		case http.MethodPost:
			if err := f.parse(); err != nil {
				f.fail(err)
				return
			}
			f.run(f.post)
		default:
			w.Header().Set("Allow", "GET, HEAD, POST")
			f.fail(errMethod)
		}
	})
}

// maxForm bounds what a page posts, in bytes: a sealed request and an assertion.
const maxForm = 64 << 10

// parse reads the form of a POST. One that another site has sent is refused, whatever
// cookies came with it.
func (f *flow) parse() error {
	if err := http.NewCrossOriginProtection().Check(f.r); err != nil {
		return errForeign.WithCause(err)
	}
	f.r.Body = http.MaxBytesReader(f.w, f.r.Body, maxForm)
	if isJSON(f.r.Header.Get("Content-Type")) {
		return f.parseJSON()
	}
	if err := f.r.ParseForm(); err != nil {
		return errForm.WithCause(err)
	}
	f.form = f.r.PostForm
	return nil
}

// run opens the request that came with the page, holds it to the browser, and takes the
// step. What a step returns is an error that ends the sign-in, or nil if it has answered.
func (f *flow) run(step func(ctx context.Context) error) {
	f.sealed = f.form.Get("request")
	req, err := f.op.Server().Open(f.sealed)
	if err != nil {
		f.fail(err)
		return
	}
	f.req = req
	if !f.bound() {
		f.fail(errCookie)
		return
	}
	if f.r.Method != http.MethodPost {
		err = step(f.r.Context()) // which visits by itself, if it must
	} else {
		err = f.op.Server().Visit(f.r, req, func(ctx context.Context, tr *oauth.TokenRequest) error {
			f.tr = tr
			return step(ctx)
		})
	}
	if err != nil {
		f.end(err)
	}
}

// begin starts the sign-in of the person whom a name means.
func (f *flow) begin(ctx context.Context, hint string) (named string, err error) {
	if f.a, err = f.tr.Begin(ctx, f.req); err != nil {
		return "", err
	}
	f.a.Recovery = f.form.Get("recovery") != ""
	subject, named, err := f.pages.set.Resolve(ctx, f.tr, hint)
	if err != nil {
		return "", err
	}
	if f.req.Subject != "" && subject != f.req.Subject {
		subject = "" // the client means somebody else: whoever this is proves nothing here
	}
	f.step = step{Step: proving.Step{Hint: f.pages.set.Canonical(hint)}}
	return named, f.tr.About(ctx, f.a, subject)
}

// resume goes on with a sign-in that was kept.
func (f *flow) resume(ctx context.Context) (err error) {
	f.state = f.form.Get("state")
	if f.a, err = f.tr.ResumeSignIn(ctx, f.req, f.state); err != nil {
		return err
	}
	f.step = step{}
	if f.a.Data == "" {
		return nil
	}
	return json.Unmarshal([]byte(f.a.Data), &f.step)
}

// keep keeps what was proved, and what waits for an answer.
func (f *flow) keep(ctx context.Context) error {
	b, err := json.Marshal(f.step)
	if err != nil {
		return err
	}
	f.a.Data = string(b)
	f.state, _, err = f.tr.Suspend(ctx, f.a, token.HandleSignIn, f.pages.config.StepTTL)
	return err
}

// proved adds a method, and goes on to whatever is missing, or to the answer.
func (f *flow) proved(ctx context.Context, m policy.Method) error {
	if err := proving.Add(f.a, m); err != nil {
		return err
	}
	f.tr.Observe(ctx, oauth.Event{Type: oauth.EventFactorProved, Methods: []string{m.Name}})
	return f.finish(ctx, nil)
}

// finish answers, if nothing is missing; otherwise it shows the page of what is.
func (f *flow) finish(ctx context.Context, allowed []string) (err error) {
	if err := f.available(ctx); err != nil {
		return err
	}
	if f.a.Recovery {
		return f.recovered(ctx)
	}
	if err := f.offer(ctx); err != nil {
		return err
	}
	err = f.op.Complete(ctx, f.w, f.r, f.tr, f.a, f.req, allowed)
	var need *oidc.NeedError
	if !errors.As(err, &need) {
		return err
	}
	return f.need(ctx, &need.Interaction)
}

// need shows the page of what is missing, for an authorization that has begun.
func (f *flow) need(ctx context.Context, in *oidc.Interaction) error {
	switch in.Need {
	case oidc.NeedStepUp, oidc.NeedEnrolment:
		return f.next(ctx)
	case oidc.NeedConsent:
		f.step = f.step.over()
		if err := f.keep(ctx); err != nil {
			return err
		}
		return f.showConsent(ctx, in.Consent)
	}
	return f.showIdentify(ctx, "", "") // what was proved is too old by now
}

// hint is the name that came with the form.
func (f *flow) hint() string {
	h := strings.TrimSpace(f.form.Get("username"))
	return h[:min(len(h), 256)]
}
