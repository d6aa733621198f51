package webauthn_test

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mintyard/mintyard/authenticator"
	"github.com/mintyard/mintyard/authenticator/webauthn"
	"github.com/mintyard/mintyard/store"
)

// No bytes are accepted but those that were signed, and none make it panic.
func FuzzWebAuthnAssertion(f *testing.F) {
	type key struct {
		p *webauthn.Passkeys
		d *device
	}
	var keys []key
	challenge := make([]byte, 32)
	for _, alg := range []int{es256, eddsa, rs256} {
		p, d := newPasskeys(f, store.NewMemory(), func(c *webauthn.Config) { c.Limit = 100; c.CoolDown = 1 }), newDevice(f, alg)
		register(f, p, mia.Subject, d)
		keys = append(keys, key{p, d})
		a := d.assert(f, challenge)
		f.Add(a.CredentialID, a.AuthenticatorData, a.ClientDataJSON, a.Signature, a.UserHandle)
		a = d.assert(f, challenge, func(s *statement) {
			s.Flags |= extended
			s.Extensions = marshal(f, map[string]any{"credProtect": 2})
		})
		f.Add([]byte(nil), a.AuthenticatorData, a.ClientDataJSON, a.Signature, []byte(nil))
		f.Add(d.id, append(bytes.Clone(a.AuthenticatorData), 1), []byte(`{"type":"webauthn.get"}`), a.Signature, []byte(nil))
	}
	f.Fuzz(func(t *testing.T, id, data, client, signature, handle []byte) {
		a := authenticator.Assertion{CredentialID: id, AuthenticatorData: data, ClientDataJSON: client, Signature: signature, UserHandle: handle}
		for _, k := range keys {
			for _, who := range []authenticator.Identity{mia, nameless, nobody} {
				subject, m, err := k.p.Verify(t.Context(), who, challenge, a)
				if err == nil {
					// Only a seed can be: it was signed.
					require.Equal(t, mia.Subject, subject)
					require.Equal(t, "webauthn", m.Name)
					require.Contains(t, string(client), `"challenge":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"`)
					require.Equal(t, byte(present), data[32]&present)
					require.NotEqual(t, nobody, who)
				}
			}
			require.NoError(t, k.p.Unlock(t.Context(), mia.Subject))
		}
	})
}

func FuzzParseAssertion(f *testing.F) {
	f.Add([]byte(`{"id":"AA","rawId":"AA==","type":"public-key","response":{"authenticatorData":"AA","clientDataJSON":"e30","signature":"AA","userHandle":null}}`))
	f.Add([]byte(`{"id":"+/8=","rawId":"-_8","type":"public-key","response":{}}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		if a, err := webauthn.ParseAssertion(raw); err == nil {
			require.NotEmpty(t, a.CredentialID)
		}
	})
}

func FuzzRegistrationResponse(f *testing.F) {
	p, d := newPasskeys(f, store.NewMemory()), newDevice(f, es256)
	options, _, err := p.BeginRegistration(f.Context(), mia.Subject, "mia")
	require.NoError(f, err)
	f.Add(d.create(f, options))
	f.Add(d.create(f, options, newMaker(f, d.aaguid).attests))
	f.Add([]byte(`{}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		_, id, err := p.BeginRegistration(t.Context(), mia.Subject, "mia")
		require.NoError(t, err)
		_, err = p.FinishRegistration(t.Context(), mia.Subject, id, raw)
		require.ErrorIs(t, err, authenticator.ErrRefused, "it was made for another challenge")
	})
}
