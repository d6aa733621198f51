package webauthn_test

import (
	"testing"

	"github.com/descope/virtualwebauthn"
	"github.com/stretchr/testify/require"

	"github.com/mintyard/mintyard/authenticator"
	"github.com/mintyard/mintyard/authenticator/webauthn"
	"github.com/mintyard/mintyard/store"
)

// Another's implementation of an authenticator, so that ours do not merely agree
// with each other.
func TestVirtualAuthenticator(t *testing.T) {
	for _, kind := range []virtualwebauthn.KeyType{virtualwebauthn.KeyTypeEC2, virtualwebauthn.KeyTypeRSA} {
		p := newPasskeys(t, store.NewMemory())
		rp := virtualwebauthn.RelyingParty{ID: rpID, Name: "Test", Origin: origin}
		device, key := virtualwebauthn.NewAuthenticator(), newKey(kind)
		options, id, err := p.BeginRegistration(t.Context(), mia.Subject, "mia")
		require.NoError(t, err)
		asked, err := virtualwebauthn.ParseAttestationOptions(string(options))
		require.NoError(t, err)
		_, err = p.FinishRegistration(t.Context(), mia.Subject, id, []byte(virtualwebauthn.CreateAttestationResponse(rp, device, key, *asked)))
		require.NoError(t, err)
		device.Options.UserHandle = []byte(asked.UserID)
		device.AddCredential(key)
		for _, id := range []authenticator.Identity{mia, nameless} {
			o, err := p.Options(t.Context(), id)
			require.NoError(t, err)
			challenge := newChallenge()
			raw, err := webauthn.RequestOptions(o, challenge)
			require.NoError(t, err)
			asked, err := virtualwebauthn.ParseAssertionOptions(string(raw))
			require.NoError(t, err)
			if id == mia {
				require.NotNil(t, device.FindAllowedCredential(*asked))
			}
			a, err := webauthn.ParseAssertion([]byte(virtualwebauthn.CreateAssertionResponse(rp, device, key, *asked)))
			require.NoError(t, err)
			subject, m, err := p.Verify(t.Context(), id, challenge, a)
			require.NoError(t, err)
			require.Equal(t, mia.Subject, subject)
			require.True(t, m.UserVerified)
		}
	}
}

// newKey makes a key whose coordinates do not begin with a zero: the virtual
// authenticator would leave it out, which makes the key a wrong one.
func newKey(kind virtualwebauthn.KeyType) virtualwebauthn.Credential {
	for {
		c := virtualwebauthn.NewCredential(kind)
		if kind != virtualwebauthn.KeyTypeEC2 || len(c.Key.AttestationData()) == 77 {
			return c
		}
	}
}
