package webauthn_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/mintyard/mintyard/authenticator"
	"github.com/mintyard/mintyard/authenticator/webauthn"
	"github.com/mintyard/mintyard/store"
)

// Hardware is true if a maker that is trusted says so, and the key cannot leave.
func TestAttestation(t *testing.T) {
	aaguid := [16]byte{1, 2, 3}
	trusted, stranger := newMaker(t, aaguid), newMaker(t, aaguid)
	self := func(s *statement) { s.Format, s.Statement = "packed", map[string]any{"alg": es256} }
	for _, c := range []struct {
		name     string
		judged   bool
		flags    byte
		edit     func(*statement)
		ok       bool
		hardware bool
	}{
		{"nobody judges, none", false, 0, func(*statement) {}, true, false},
		{"nobody judges, a maker's", false, 0, trusted.attests, true, false},
		{"a trusted maker", true, 0, trusted.attests, true, true},
		{"a trusted maker, a key that can be copied", true, eligible, trusted.attests, true, false},
		{"a stranger", true, 0, stranger.attests, false, false},
		{"the trusted certificate, another key", true, 0, func(s *statement) { trusted.attests(s); s.Key = stranger.key }, false, false},
		{"by itself", true, 0, self, false, false},
		{"by itself, nobody judges", false, 0, self, true, false},
		{"none", true, 0, func(*statement) {}, false, false},
		{"no certificate", true, 0, func(s *statement) { trusted.attests(s); s.Statement["x5c"] = []any{} }, false, false},
		{"what is no certificate", true, 0, func(s *statement) { trusted.attests(s); s.Statement["x5c"] = []any{"x"} }, false, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := newPasskeys(t, store.NewMemory(), func(cf *webauthn.Config) {
				cf.Conveyance = "direct"
				if c.judged {
					cf.Attestation = webauthn.TrustRoots(trusted.roots)
				}
			})
			d := newDevice(t, es256)
			d.aaguid, d.flags = aaguid, d.flags|c.flags
			options, id, err := p.BeginRegistration(t.Context(), mia.Subject, "mia")
			require.NoError(t, err)
			require.Contains(t, string(options), `"attestation":"direct"`)
			_, err = p.FinishRegistration(t.Context(), mia.Subject, id, d.create(t, options, c.edit))
			if !c.ok {
				require.ErrorIs(t, err, authenticator.ErrRefused)
				return
			}
			require.NoError(t, err)
			challenge := newChallenge()
			_, m, err := p.Verify(t.Context(), mia, challenge, d.assert(t, challenge))
			require.NoError(t, err)
			require.Equal(t, c.hardware, m.Hardware)
			available, err := p.Available(t.Context(), mia.Subject)
			require.NoError(t, err)
			m.At = time.Time{}
			require.Equal(t, m, available[0])
		})
	}
}

// The hook is told what was attested.
func TestAttestationHook(t *testing.T) {
	clk := newClock()
	var heard webauthn.Attested
	p := newPasskeys(t, store.NewMemory(), clk.use, func(cf *webauthn.Config) {
		cf.Attestation = func(_ context.Context, a webauthn.Attested) (webauthn.Verdict, error) {
			heard = a
			return webauthn.Verdict{}, nil
		}
	})
	d := newDevice(t, es256)
	d.aaguid = [16]byte{9}
	m := newMaker(t, d.aaguid)
	register(t, p, mia.Subject, d, m.attests)
	require.Len(t, heard.Chain, 1)
	heard.Chain = nil
	require.Equal(t, webauthn.Attested{
		Subject: mia.Subject, Format: "packed", Type: "basic_full", AAGUID: "09000000-0000-0000-0000-000000000000",
		Algorithm: es256, UserVerified: true, At: clk.now(),
	}, heard)
}
