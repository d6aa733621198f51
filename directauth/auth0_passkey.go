package directauth

import (
	"context"
	"encoding/base64"
	"encoding/json"

	"github.com/mintyard/mintyard/authenticator"
	"github.com/mintyard/mintyard/oauth"
	"github.com/mintyard/mintyard/oauth/token"
)

// passkeyGrant is the grant of an assertion as the first factor, in both shapes: the
// flat one, and that of Auth0, in which the assertion is an object of JSON.
type passkeyGrant struct{ grant }

// JSONBody implements [oauth.TakesJSON].
func (passkeyGrant) JSONBody() oauth.JSONBody {
	return oauth.JSONBody{
		Objects: []string{"authn_response", "authn_response.response"},
		Skip:    []string{"authn_response.clientExtensionResults"},
	}
}

func (d *Direct) passkeyGrant() oauth.Grant {
	g := grant{GrantWebAuthn, d.primaryPasskey}
	if d.config.Auth0 == nil {
		return g
	}
	return passkeyGrant{g}
}

// assertionAt says where the fields of the assertion are in the request. Of what
// stands there twice, both must say the same.
func (d *Direct) assertionAt(r *oauth.TokenRequest) (prefix string, err error) {
	const at = "authn_response."
	if d.config.Auth0 == nil || r.Param("auth_session") == "" && r.Param(at+"id") == "" {
		return "", nil
	}
	if _, err := r.Require("auth_session"); err != nil {
		return "", err
	}
	id, err := r.Require(at + "id")
	switch {
	case err != nil:
		return "", err
	case r.Param(at+"type") != "public-key", r.Param(at+"rawId") != "" && r.Param(at+"rawId") != id:
		return "", errCredential
	}
	return at + "response.", nil
}

// servePasskeyChallenge begins a sign-in with any passkey of the site.
func (d *Direct) servePasskeyChallenge(ctx context.Context, r *oauth.TokenRequest) ([]byte, error) {
	if err := r.Use(GrantWebAuthn); err != nil {
		return nil, err
	}
	a := r.NewTransaction()
	if err := r.About(ctx, a, ""); err != nil {
		return nil, err
	}
	options, err := d.beginPasskey(ctx, r, a, transaction{})
	if err != nil {
		return nil, err
	}
	handle, _, err := r.Suspend(ctx, a, token.HandleWebAuthn, options.Timeout)
	if err != nil {
		return nil, err
	}
	r.Observe(ctx, oauth.Event{Type: oauth.EventChallenge, Methods: []string{authenticator.TypeWebAuthn}})
	type parameters struct {
		Challenge        string `json:"challenge"`
		Timeout          int64  `json:"timeout"`
		RPID             string `json:"rpId"`
		UserVerification string `json:"userVerification"`
	}
	return json.Marshal(struct {
		Session    string     `json:"auth_session"`
		Parameters parameters `json:"authn_params_public_key"`
	}{handle, parameters{
		base64.RawURLEncoding.EncodeToString([]byte(handle)), options.Timeout.Milliseconds(), options.RPID, options.UserVerification,
	}})
}

// signUpBody is what the client of this dialect sends to sign somebody up.
var signUpBody = oauth.JSONBody{Skip: []string{"user_profile", "user_metadata"}}

// refuseSignUp answers where a passkey would be registered together with an account.
// This server makes no accounts.
func refuseSignUp(context.Context, *oauth.TokenRequest) ([]byte, error) { return nil, errSignUp }
