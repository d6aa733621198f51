package webauthn_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/mintyard/mintyard/authenticator"
	"github.com/mintyard/mintyard/authenticator/webauthn"
	"github.com/mintyard/mintyard/store"
)

func TestOptions(t *testing.T) {
	p, d := enrolled(t)
	o, err := p.Options(t.Context(), mia)
	require.NoError(t, err)
	require.Equal(t, &authenticator.AssertionOptions{
		RPID: rpID, Timeout: 5 * time.Minute, UserVerification: "preferred",
		Allow: []authenticator.AllowedCredential{{ID: d.id}},
		Enrolments: []authenticator.PasskeyEnrolment{
			{CredentialID: d.id, Name: "Passkey", AAGUID: "00000000-0000-0000-0000-000000000000"},
		},
	}, o)

	o, err = p.Options(t.Context(), nameless)
	require.NoError(t, err)
	require.Equal(t, &authenticator.AssertionOptions{RPID: rpID, Timeout: 5 * time.Minute, UserVerification: "preferred"}, o)
}

// Strangers are not told what the person calls the devices, nor how they are reached.
func TestOptionsTellNames(t *testing.T) {
	p, d := newPasskeys(t, store.NewMemory()), newDevice(t, es256)
	d.aaguid = [16]byte{1}
	a := register(t, p, mia.Subject, d)
	require.NoError(t, p.Rename(t.Context(), mia.Subject, a.ID, "Mia's laptop"))
	proved := mia
	proved.Proved = true
	for id, want := range map[authenticator.Identity]authenticator.PasskeyEnrolment{
		mia:    {CredentialID: d.id, Name: "Passkey", AAGUID: "00000000-0000-0000-0000-000000000000"},
		proved: {CredentialID: d.id, Name: "Mia's laptop", AAGUID: "01000000-0000-0000-0000-000000000000"},
	} {
		o, err := p.Options(t.Context(), id)
		require.NoError(t, err)
		require.Equal(t, []authenticator.PasskeyEnrolment{want}, o.Enrolments)
		require.Equal(t, id.Proved, o.Allow[0].Transports != nil)
	}
}

// The two helpers of those who have no other wire.
func TestWire(t *testing.T) {
	p, d := enrolled(t)
	proved := mia
	proved.Proved = true
	o, err := p.Options(t.Context(), proved)
	require.NoError(t, err)
	challenge := newChallenge()
	raw, err := webauthn.RequestOptions(o, challenge)
	require.NoError(t, err)
	require.JSONEq(t, `{"challenge":"`+b64.EncodeToString(challenge)+`","timeout":300000,"rpId":"example.test","userVerification":"preferred",
		"allowCredentials":[{"type":"public-key","id":"`+b64.EncodeToString(d.id)+`","transports":["internal","hybrid"]}]}`, string(raw))

	o, err = p.Options(t.Context(), nameless)
	require.NoError(t, err)
	raw, err = webauthn.RequestOptions(o, challenge)
	require.NoError(t, err)
	require.Contains(t, string(raw), `"allowCredentials":[]`)

	a := d.assert(t, challenge)
	response := func(edit func(top, inner map[string]any)) []byte {
		inner := map[string]any{
			"authenticatorData": b64.EncodeToString(a.AuthenticatorData), "clientDataJSON": b64.EncodeToString(a.ClientDataJSON),
			"signature": b64.EncodeToString(a.Signature), "userHandle": b64.EncodeToString(a.UserHandle),
		}
		top := map[string]any{
			"id": b64.EncodeToString(d.id), "rawId": b64.EncodeToString(d.id), "type": "public-key", "response": inner,
			"authenticatorAttachment": "platform", "clientExtensionResults": map[string]any{},
		}
		edit(top, inner)
		raw, err := json.Marshal(top)
		require.NoError(t, err)
		return raw
	}
	parsed, err := webauthn.ParseAssertion(response(func(_, _ map[string]any) {}))
	require.NoError(t, err)
	require.Equal(t, a, parsed)
	parsed, err = webauthn.ParseAssertion(response(func(_, inner map[string]any) { inner["userHandle"] = nil }))
	require.NoError(t, err)
	require.Empty(t, parsed.UserHandle)
	for _, edit := range []func(top, inner map[string]any){
		func(top, _ map[string]any) { top["type"] = "password" },
		func(top, _ map[string]any) { delete(top, "id") },
		func(top, _ map[string]any) { top["rawId"] = "AAAA" },
		func(top, _ map[string]any) { top["response"] = "x" },
		func(top, inner map[string]any) { inner["signature"] = "%" },
		func(top, inner map[string]any) { inner["signature"] = 7 },
		func(top, _ map[string]any) { top["more"] = strings.Repeat("x", 64<<10) },
	} {
		_, err = webauthn.ParseAssertion(response(edit))
		require.Error(t, err)
	}
}
