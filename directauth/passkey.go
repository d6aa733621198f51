package directauth

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"strings"

	"github.com/mintyard/mintyard/authenticator"
	"github.com/mintyard/mintyard/oauth"
	"github.com/mintyard/mintyard/oauth/token"
)

// primaryPasskey is an assertion as the first factor. The challenge in what the
// device has signed is the handle of the sign-in.
func (d *Direct) primaryPasskey(ctx context.Context, r *oauth.TokenRequest) (*oauth.Authorization, error) {
	at, err := d.assertionAt(r)
	if err != nil {
		return nil, err
	}
	assertion, handle, err := readAssertionAt(r, at)
	if err != nil {
		return nil, err
	}
	if at != "" {
		if assertion.CredentialID, err = decodeBase64(r.Param("authn_response.id")); err != nil || handle != r.Param("auth_session") {
			return nil, errCredential.WithCause(err)
		}
	}
	a, err := r.Resume(ctx, token.HandleWebAuthn, handle)
	if err != nil {
		return nil, translateChallenge(err)
	}
	if len(a.Methods) > 0 {
		return nil, errOtherStep
	}
	if err := d.ask(r, a); err != nil {
		return nil, err
	}
	t, err := load(a)
	if err != nil {
		return nil, err
	}
	return d.assert(ctx, r, a, t, handle, assertion)
}

// mfaPasskey is an assertion as a further factor.
func (d *Direct) mfaPasskey(ctx context.Context, r *oauth.TokenRequest) (*oauth.Authorization, error) {
	mfa, err := r.Require("mfa_token")
	if err != nil {
		return nil, err
	}
	assertion, handle, err := readAssertion(r)
	if err != nil {
		return nil, err
	}
	a, t, err := d.resume(ctx, r, mfa)
	if err != nil {
		return nil, err
	}
	if err := r.Belongs(ctx, a, token.HandleWebAuthn, handle); err != nil {
		return nil, translateChallenge(err)
	}
	return d.assert(ctx, r, a, t, handle, assertion)
}

// assert spends the challenge and verifies the assertion over it.
func (d *Direct) assert(ctx context.Context, r *oauth.TokenRequest, a *oauth.Authorization, t transaction, handle string, assertion authenticator.Assertion) (*oauth.Authorization, error) {
	if t.Channel != authenticator.TypeWebAuthn {
		return nil, errNoChallenge
	}
	if err := r.Spend(ctx, a); err != nil {
		return nil, err
	}
	m, err := d.proof.Assert(ctx, r, a, t.Hint, []byte(handle), assertion)
	var e *oauth.Error
	switch {
	case errors.As(err, &e): // of the server, and not of the factor
		return nil, err
	case err != nil:
		return nil, d.refused(ctx, r, a, err)
	}
	return d.proved(ctx, r, a, m)
}

// translateChallenge says what the refusal of a passkey's challenge becomes.
func translateChallenge(err error) error {
	err = translate(err, errNoChallenge)
	if e, ok := err.(*oauth.Error); ok && e.Reason == oauth.ReasonHandle {
		return errNoChallenge.WithCause(err)
	}
	return err
}

// readAssertion reads the fields of an assertion, and the challenge in what was
// signed. Apps encode them in both alphabets of base64, with and without padding.
func readAssertion(r *oauth.TokenRequest) (a authenticator.Assertion, challenge string, err error) {
	return readAssertionAt(r, "")
}

// readAssertionAt reads them where their names have something before them.
func readAssertionAt(r *oauth.TokenRequest, at string) (a authenticator.Assertion, challenge string, err error) {
	if err := checkSupported(r); err != nil {
		return a, "", err
	}
	for _, f := range []struct {
		name     string
		optional bool
		into     *[]byte
	}{
		{"authenticatorData", false, &a.AuthenticatorData},
		{"clientDataJSON", false, &a.ClientDataJSON},
		{"signature", false, &a.Signature},
		{"userHandle", true, &a.UserHandle},
	} {
		f.name = at + f.name
		text := r.Param(f.name)
		if text == "" && f.optional {
			continue
		}
		if text, err = r.Require(f.name); err != nil {
			return a, "", err
		}
		if *f.into, err = decodeBase64(text); err != nil {
			return a, "", errAssertion.WithCause(err)
		}
	}
	var data struct {
		Challenge string `json:"challenge"`
	}
	if err := json.Unmarshal(a.ClientDataJSON, &data); err != nil || data.Challenge == "" {
		return a, "", errAssertion
	}
	raw, err := decodeBase64(data.Challenge)
	if err != nil {
		return a, "", errNoChallenge
	}
	return a, string(raw), nil
}

var urlAlphabet = strings.NewReplacer("+", "-", "/", "_", " ", "-") // an unescaped "+" of a form is a blank

func decodeBase64(s string) ([]byte, error) {
	return base64.RawURLEncoding.DecodeString(urlAlphabet.Replace(strings.TrimRight(s, "=")))
}
