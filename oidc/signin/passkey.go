package signin

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"

	"github.com/mintyard/mintyard/authenticator"
	"github.com/mintyard/mintyard/oauth"
	"github.com/mintyard/mintyard/oauth/token"
	"github.com/mintyard/mintyard/oidc"
)

// startPasskey asks for a passkey on a page of its own: the handle is what is signed.
func (f *flow) startPasskey(ctx context.Context, named string) error {
	options, err := f.passkeyOptions(ctx, named, len(f.a.Methods) > 0)
	if err != nil {
		if e := (*oauth.Error)(nil); errors.As(err, &e) {
			return err
		}
		message, status, retry := f.refused(ctx, err)
		v := f.passkeyPage("")
		v.Error, v.Retry = message, retry
		return f.show(status, v)
	}
	return f.show(http.StatusOK, f.passkeyPage(options))
}

// passkeyOptions are JSON for navigator.credentials.get
// (PublicKeyCredentialRequestOptionsJSON, Web Authentication Level 3 section 5.1.8).
// What was proved is kept under a handle of its own, for other ways to go on.
func (f *flow) passkeyOptions(ctx context.Context, named string, proved bool) (string, error) {
	options, next, err := f.pages.set.Options(ctx, f.tr, f.a, f.step.Hint, named)
	if err != nil {
		return "", err
	}
	f.step = step{Step: next, Skip: f.step.Skip}
	if proved {
		if err := f.keep(ctx); err != nil {
			return "", err
		}
	} else {
		b, err := json.Marshal(f.step)
		if err != nil {
			return "", err
		}
		f.a.Data = string(b)
	}
	challenge, _, err := f.tr.Suspend(ctx, f.a, token.HandleWebAuthn, options.Timeout)
	if err != nil {
		return "", err
	}
	type credential struct {
		Type       string   `json:"type"`
		ID         string   `json:"id"`
		Transports []string `json:"transports,omitempty"`
	}
	allow := make([]credential, len(options.Allow))
	for i, c := range options.Allow {
		allow[i] = credential{"public-key", base64.RawURLEncoding.EncodeToString(c.ID), c.Transports}
	}
	out, err := json.Marshal(map[string]any{
		"challenge": base64.RawURLEncoding.EncodeToString([]byte(challenge)), "rpId": options.RPID,
		"timeout": options.Timeout.Milliseconds(), "userVerification": options.UserVerification, "allowCredentials": allow,
	})
	return string(out), err
}

// passkeyHandler gives a script the options for the first page, on which any passkey of
// the site may be used.
func (p *Pages) passkeyHandler(op *oidc.Provider) http.Handler {
	return p.scriptHandler(op, func(ctx context.Context, f *flow) (any, error) {
		if f.form.Get("state") != "" || p.config.Passkeys == nil {
			return nil, errStep
		}
		var err error
		if f.a, err = f.tr.Begin(ctx, f.req); err != nil {
			return nil, err
		}
		options, err := f.passkeyOptions(ctx, "", false)
		return json.RawMessage(options), err
	})
}

// passkey judges an assertion. Its challenge is the handle of the sign-in that it is of.
func (f *flow) passkey(ctx context.Context) error {
	if f.pages.config.Passkeys == nil {
		return errStep
	}
	assertion, challenge, err := readAssertion(f.form.Get("credential"))
	if err != nil {
		return f.passkeyFailed(ctx)
	}
	if f.a, err = f.tr.Resume(ctx, token.HandleWebAuthn, challenge); err != nil {
		return err
	}
	if f.a, err = f.tr.OfRequest(f.a, f.req); err != nil {
		return err
	}
	f.step = step{}
	if err := json.Unmarshal([]byte(f.a.Data), &f.step); err != nil || f.step.Channel != authenticator.TypeWebAuthn {
		return errStep
	}
	if err := f.tr.Spend(ctx, f.a); err != nil {
		return err
	}
	m, err := f.pages.set.Assert(ctx, f.tr, f.a, f.step.Hint, []byte(challenge), assertion)
	if e := (*oauth.Error)(nil); errors.As(err, &e) {
		return err
	}
	if err == nil && f.req.Subject != "" && f.a.Subject != f.req.Subject {
		err = authenticator.ErrRefused
	}
	if err != nil {
		message, status, retry := f.refused(ctx, err)
		if message == "refused" {
			message = "passkey_failed"
		}
		return f.showAfterPasskey(ctx, message, status, retry)
	}
	return f.proved(ctx, m)
}

// passkeyFailed is for a browser that has brought none.
func (f *flow) passkeyFailed(ctx context.Context) error {
	if f.form.Get("state") != "" {
		if err := f.resume(ctx); err != nil {
			return err
		}
	}
	return f.showAfterPasskey(ctx, "passkey_failed", http.StatusUnprocessableEntity, 0)
}

// showAfterPasskey offers the other ways: those of the first page, or those that policy
// asks for.
func (f *flow) showAfterPasskey(ctx context.Context, message string, status, retry int) error {
	if f.a == nil || len(f.a.Methods) == 0 {
		f.a, f.state = nil, ""
		return f.showIdentifyWith(ctx, status, message, "", retry)
	}
	w, err := f.wanted(ctx)
	if err != nil {
		return err
	}
	f.step = f.step.over()
	if err := f.keep(ctx); err != nil {
		return err
	}
	return f.showWanted(ctx, w, status, message)
}

var errAssertion = errors.New("signin: not the JSON of an assertion")

// readAssertion reads an AuthenticationResponseJSON (Web Authentication Level 3 section
// 5.1), and the challenge in what was signed.
func readAssertion(s string) (a authenticator.Assertion, challenge string, err error) {
	type bytes = base64URL
	var c struct {
		RawID    bytes `json:"rawId"`
		Response struct {
			AuthenticatorData bytes `json:"authenticatorData"`
			ClientDataJSON    bytes `json:"clientDataJSON"`
			Signature         bytes `json:"signature"`
			UserHandle        bytes `json:"userHandle"`
		} `json:"response"`
	}
	if err := json.Unmarshal([]byte(s), &c); err != nil {
		return a, "", errAssertion
	}
	a = authenticator.Assertion{
		CredentialID: c.RawID, AuthenticatorData: c.Response.AuthenticatorData, ClientDataJSON: c.Response.ClientDataJSON,
		Signature: c.Response.Signature, UserHandle: c.Response.UserHandle,
	}
	var data struct {
		Challenge base64URL `json:"challenge"`
	}
	if json.Unmarshal(a.ClientDataJSON, &data) != nil || len(data.Challenge) == 0 || len(a.Signature) == 0 {
		return a, "", errAssertion
	}
	return a, string(data.Challenge), nil
}

// base64URL is bytes as browsers write them in JSON.
type base64URL []byte

// UnmarshalText implements encoding.TextUnmarshaler.
func (b *base64URL) UnmarshalText(text []byte) (err error) {
	*b, err = base64.RawURLEncoding.AppendDecode(nil, text)
	return err
}
