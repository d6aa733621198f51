package webauthn_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/mintyard/mintyard/authenticator"
	"github.com/mintyard/mintyard/authenticator/webauthn"
	"github.com/mintyard/mintyard/policy"
	"github.com/mintyard/mintyard/store"
)

func TestImport(t *testing.T) {
	for _, alg := range []int{es256, eddsa, rs256} {
		clk := newClock()
		p, d := newPasskeys(t, store.NewMemory(), clk.use), newDevice(t, alg)
		d.count = 3
		i := webauthn.Imported{CredentialID: d.id, PublicKey: d.cose(t), UserVerified: true, Transports: []string{"usb", "x"}}
		require.NoError(t, p.Import(t.Context(), mia.Subject, "f6", i))
		d.handle = []byte(mia.Subject)
		d.flags |= eligible | backedUp
		for _, id := range []authenticator.Identity{mia, nameless} {
			require.NoError(t, signIn(t, p, id, d))
		}
		want := webauthn.Credential{
			AuthenticatorID: "f6", ID: d.id, Name: "Passkey", Created: clk.now(), Used: clk.now(), Algorithm: alg,
			AAGUID: "00000000-0000-0000-0000-000000000000", Transports: []string{"usb"}, SignCount: 5, UserVerified: true,
			BackupEligible: true, BackedUp: true, // as it said when it was used
		}
		same := func() {
			t.Helper()
			all, err := p.Credentials(t.Context(), mia.Subject)
			require.NoError(t, err)
			require.Equal(t, []webauthn.Credential{want}, all)
		}
		same()
		require.NoError(t, p.Rename(t.Context(), mia.Subject, "f6", "key"))
		want.Name = "key"
		clk.sleep(time.Hour)
		require.NoError(t, p.Import(t.Context(), mia.Subject, "f6", i), "again, at the next start")
		same()
		require.Equal(t, webauthn.ErrCloned, signIn(t, p, mia, d, func(s *statement) { s.Count = 5 }), "the counter stays")
		d.flags = present
		require.Equal(t, authenticator.ErrRefused, signIn(t, p, mia, d), "what it said first stays")

		other := newDevice(t, es256)
		require.NoError(t, p.Import(t.Context(), mia.Subject, "f6", webauthn.Imported{CredentialID: other.id, PublicKey: other.cose(t)}))
		require.Equal(t, authenticator.ErrRefused, signIn(t, p, mia, d), "replaced")
		require.NoError(t, signIn(t, p, mia, other))
	}
}

// Without verification at its making, an imported credential is one factor.
func TestImportedUnverified(t *testing.T) {
	p, d := newPasskeys(t, store.NewMemory()), newDevice(t, es256)
	require.NoError(t, p.Import(t.Context(), mia.Subject, "f6", webauthn.Imported{CredentialID: d.id, PublicKey: d.cose(t)}))
	challenge := newChallenge()
	_, m, err := p.Verify(t.Context(), mia, challenge, d.assert(t, challenge))
	require.NoError(t, err)
	require.Equal(t, policy.Possession, m.Types)
}

func TestImportedHandle(t *testing.T) {
	p, d := newPasskeys(t, store.NewMemory()), newDevice(t, es256)
	d.handle = []byte{0xff, 1, 2, 3}
	i := webauthn.Imported{CredentialID: d.id, PublicKey: d.cose(t), UserHandle: d.handle}
	for range 2 {
		require.NoError(t, p.Import(t.Context(), mia.Subject, "f6", i))
	}
	challenge := newChallenge()
	subject, _, err := p.Verify(t.Context(), nameless, challenge, d.assert(t, challenge))
	require.NoError(t, err)
	require.Equal(t, mia.Subject, subject)
	require.ErrorContains(t, p.Import(t.Context(), tom.Subject, "f6", i), "another person")
	d.handle = []byte(mia.Subject)
	require.Equal(t, authenticator.ErrRefused, signIn(t, p, nameless, d), "the authenticator has another")
}

func TestImportChecks(t *testing.T) {
	p, d := newPasskeys(t, store.NewMemory()), newDevice(t, es256)
	good := webauthn.Imported{CredentialID: d.id, PublicKey: d.cose(t), AAGUID: "01020304-0506-0708-090a-0b0c0d0e0f10"}
	for want, edit := range map[string]func(subject, id *string, i *webauthn.Imported){
		"":                func(*string, *string, *webauthn.Imported) {},
		"subject":         func(s, _ *string, _ *webauthn.Imported) { *s = "" },
		"the id":          func(_, id *string, _ *webauthn.Imported) { *id = "" },
		"CredentialID":    func(_, _ *string, i *webauthn.Imported) { i.CredentialID = nil },
		"at most 64":      func(_, _ *string, i *webauthn.Imported) { i.UserHandle = make([]byte, 65) },
		"Name":            func(_, _ *string, i *webauthn.Imported) { i.Name = strings.Repeat("n", 300) },
		"AAGUID":          func(_, _ *string, i *webauthn.Imported) { i.AAGUID = "1" },
		"no COSE_Key":     func(_, _ *string, i *webauthn.Imported) { i.PublicKey = []byte("x") },
		"too long":        func(_, _ *string, i *webauthn.Imported) { i.PublicKey = make([]byte, 2000) },
		"algorithm":       func(_, _ *string, i *webauthn.Imported) { i.PublicKey = withAlgorithm(t, -65535) },
		"2048 to 8192":    func(_, _ *string, i *webauthn.Imported) { i.PublicKey = smallRSA(t) },
		"1 to 1023 bytes": func(_, _ *string, i *webauthn.Imported) { i.CredentialID = make([]byte, 1024) },
	} {
		subject, id, i := mia.Subject, "f6", good
		edit(&subject, &id, &i)
		err := p.Import(t.Context(), subject, id, i)
		if want == "" {
			require.NoError(t, err)
		} else {
			require.ErrorContains(t, err, want)
		}
	}
}

func smallRSA(t testing.TB) []byte {
	return marshal(t, map[int]any{1: 3, 3: -257, -1: bytes.Repeat([]byte{0xff}, 128), -2: []byte{1, 0, 1}})
}
