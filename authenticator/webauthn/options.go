package webauthn

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/mintyard/mintyard/authenticator"
)

// Options returns what a client needs to make an assertion, but for the challenge.
// Somebody who has no passkey, and nobody, is shown one or two that do not exist,
// for the sake of those who have. An id with neither Subject nor Hint is a sign-in
// without a name: nothing is listed then, and the client offers what it has.
//
// Names, models and transports are told only if the person has Proved another factor:
// what is made up has no transports that are right beside those of all others.
func (p *Passkeys) Options(ctx context.Context, id authenticator.Identity) (*authenticator.AssertionOptions, error) {
	o := &authenticator.AssertionOptions{
		RPID: p.config.RPID, Timeout: p.config.Timeout, UserVerification: string(p.config.UserVerification),
	}
	if discoverable(id) {
		return o, nil
	}
	have, err := p.list(ctx, id.Subject)
	if err != nil {
		return nil, err
	}
	decoys, err := p.decoys(id)
	if err != nil {
		return nil, err
	}
	if id.Subject == "" || len(have) == 0 {
		have = decoys
	}
	for i := range have {
		c := &have[i]
		allowed := authenticator.AllowedCredential{ID: c.ID}
		if id.Proved {
			allowed.Transports = c.Transports
		}
		o.Allow = append(o.Allow, allowed)
		e := authenticator.PasskeyEnrolment{CredentialID: c.ID, Name: newName, AAGUID: formatAAGUID(nil)}
		if id.Proved && c.entry.Name != "" {
			e.Name, e.AAGUID = c.entry.Name, formatAAGUID(c.AAGUID)
		}
		o.Enrolments = append(o.Enrolments, e)
	}
	return o, nil
}

// RequestOptions writes options with a challenge as a
// PublicKeyCredentialRequestOptionsJSON (Level 3, section 5.1.9): what a page gives
// to PublicKeyCredential.parseRequestOptionsFromJSON.
func RequestOptions(o *authenticator.AssertionOptions, challenge []byte) (json.RawMessage, error) {
	type descriptor struct {
		Type       string   `json:"type"`
		ID         string   `json:"id"`
		Transports []string `json:"transports,omitempty"`
	}
	allow := make([]descriptor, 0, len(o.Allow))
	for _, c := range o.Allow {
		allow = append(allow, descriptor{Type: "public-key", ID: base64url.EncodeToString(c.ID), Transports: c.Transports})
	}
	return json.Marshal(struct {
		Challenge        string       `json:"challenge"`
		Timeout          int64        `json:"timeout"`
		RPID             string       `json:"rpId"`
		AllowCredentials []descriptor `json:"allowCredentials"`
		UserVerification string       `json:"userVerification"`
	}{base64url.EncodeToString(challenge), o.Timeout.Milliseconds(), o.RPID, allow, o.UserVerification})
}

// ParseAssertion reads an AuthenticationResponseJSON (Level 3, section 5.1.8): what a
// page got from navigator.credentials.get, by toJSON. It judges nothing.
func ParseAssertion(response []byte) (authenticator.Assertion, error) {
	if len(response) > maxResponse {
		return authenticator.Assertion{}, errors.New("webauthn: ParseAssertion: the response is too long")
	}
	var r struct {
		ID       encoded `json:"id"`
		RawID    encoded `json:"rawId"`
		Type     string  `json:"type"`
		Response struct {
			AuthenticatorData encoded `json:"authenticatorData"`
			ClientDataJSON    encoded `json:"clientDataJSON"`
			Signature         encoded `json:"signature"`
			UserHandle        encoded `json:"userHandle"`
		} `json:"response"`
	}
	if err := json.Unmarshal(response, &r); err != nil {
		return authenticator.Assertion{}, fmt.Errorf("webauthn: ParseAssertion: %w", err)
	}
	switch {
	case r.Type != "public-key":
		return authenticator.Assertion{}, errors.New("webauthn: ParseAssertion: the type is not public-key")
	case len(r.ID) == 0 || string(r.ID) != string(r.RawID):
		return authenticator.Assertion{}, errors.New("webauthn: ParseAssertion: id and rawId are missing, or differ")
	}
	return authenticator.Assertion{
		CredentialID: r.ID, AuthenticatorData: r.Response.AuthenticatorData, ClientDataJSON: r.Response.ClientDataJSON,
		Signature: r.Response.Signature, UserHandle: r.Response.UserHandle,
	}, nil
}

// encoded is base64 of either alphabet, padded or not: clients differ.
type encoded []byte

func (e *encoded) UnmarshalText(text []byte) error {
	s := strings.TrimRight(strings.NewReplacer("+", "-", "/", "_").Replace(string(text)), "=")
	raw, err := base64.RawURLEncoding.DecodeString(s)
	if err != nil {
		return errors.New("a field is not base64")
	}
	*e = raw
	return nil
}
