package webauthn_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/mintyard/mintyard/authenticator"
	"github.com/mintyard/mintyard/authenticator/webauthn"
	"github.com/mintyard/mintyard/store"
)

func TestRegistrationOptions(t *testing.T) {
	p, d := enrolled(t)
	raw, id, err := p.BeginRegistration(t.Context(), mia.Subject, "mia@example.test")
	require.NoError(t, err)
	require.Len(t, id, 22)
	var o map[string]any
	require.NoError(t, json.Unmarshal(raw, &o))
	challenge, err := b64.DecodeString(o["challenge"].(string))
	require.NoError(t, err)
	require.Len(t, challenge, 32)
	delete(o, "challenge")
	want := `{
		"rp": {"id": "example.test", "name": "Test"},
		"user": {"id": "` + b64.EncodeToString([]byte(mia.Subject)) + `", "name": "mia@example.test", "displayName": "mia@example.test"},
		"pubKeyCredParams": [{"type": "public-key", "alg": -8}, {"type": "public-key", "alg": -7}, {"type": "public-key", "alg": -257}],
		"timeout": 300000, "attestation": "none",
		"excludeCredentials": [{"type": "public-key", "id": "` + b64.EncodeToString(d.id) + `", "transports": ["internal", "hybrid"]}],
		"authenticatorSelection": {"residentKey": "preferred", "requireResidentKey": false, "userVerification": "preferred"}
	}`
	got, err := json.Marshal(o)
	require.NoError(t, err)
	require.JSONEq(t, want, string(got))

	for _, account := range []string{"", strings.Repeat("a", 257)} {
		_, _, err = p.BeginRegistration(t.Context(), mia.Subject, account)
		require.ErrorContains(t, err, "account")
	}
	_, _, err = p.BeginRegistration(t.Context(), "", "account")
	require.ErrorContains(t, err, "subject")
}

func TestRegistered(t *testing.T) {
	clk := newClock()
	for _, alg := range []int{es256, eddsa, rs256} {
		p, d := newPasskeys(t, store.NewMemory(), clk.use), newDevice(t, alg)
		d.aaguid = [16]byte{0xde, 0xad, 15: 1}
		d.flags = present | verified | eligible | backedUp
		d.count = 9
		a := register(t, p, mia.Subject, d, func(s *statement) { s.Transports = []string{"usb", "telepathy", "usb", "nfc"} })
		require.Equal(t, authenticator.Authenticator{ID: a.ID, Type: "webauthn", Name: "Passkey", Active: true, Created: clk.now()}, a)
		all, err := p.Credentials(t.Context(), mia.Subject)
		require.NoError(t, err)
		require.Equal(t, []webauthn.Credential{{
			AuthenticatorID: a.ID, ID: d.id, Name: "Passkey", Created: clk.now(), Algorithm: alg,
			AAGUID: "dead0000-0000-0000-0000-000000000001", Transports: []string{"usb", "nfc"}, Format: "none",
			SignCount: 9, UserVerified: true, BackupEligible: true, BackedUp: true,
		}}, all)
	}
}

func TestRegistrationRefusals(t *testing.T) {
	client := func(name string, value any) func(*statement) {
		return func(s *statement) { s.Client[name] = value }
	}
	foreign := newDevice(t, es256)
	for _, c := range []struct {
		name     string
		edit     func(*statement)
		response func([]byte) []byte
	}{
		{name: "another challenge", edit: client("challenge", b64.EncodeToString(make([]byte, 32)))},
		{name: "an assertion", edit: client("type", "webauthn.get")},
		{name: "another origin", edit: client("origin", "https://evil.test")},
		{name: "an origin that only means the same", edit: client("origin", origin+"/")},
		{name: "in a frame", edit: client("crossOrigin", true)},
		{name: "two challenges", edit: func(s *statement) {
			s.RawClient = func(raw []byte) []byte { return bytes.Replace(raw, []byte("{"), []byte(`{"challenge":"x",`), 1) }
		}},
		{name: "another relying party", edit: func(s *statement) { s.RPID = "evil.test" }},
		{name: "nobody present", edit: func(s *statement) { s.Flags &^= present }},
		{name: "backed up, not eligible", edit: func(s *statement) { s.Flags |= backedUp }},
		{name: "no credential", edit: func(s *statement) { s.Flags &^= attested; s.Attested = nil }},
		{name: "another credential's id", edit: func(s *statement) { s.CredID = foreign.id }},
		{name: "an algorithm that was not asked for", edit: func(s *statement) {
			s.Attested = append(s.Attested[:18+32:18+32], withAlgorithm(t, -65535)...)
		}},
		{name: "no key", edit: func(s *statement) { s.Attested = append(s.Attested[:18+32:18+32], 0xa0) }},
		{name: "half a key", edit: func(s *statement) { s.Attested = s.Attested[:len(s.Attested)-10] }},
		{name: "a small RSA key", edit: func(s *statement) {
			s.Attested = append(s.Attested[:18+32:18+32], marshal(t, map[int]any{1: 3, 3: -257, -1: bytes.Repeat([]byte{0xff}, 128), -2: []byte{1, 0, 1}})...)
		}},
		{name: "a huge RSA key", edit: func(s *statement) {
			s.Attested = append(s.Attested[:18+32:18+32], marshal(t, map[int]any{1: 3, 3: -257, -1: bytes.Repeat([]byte{0xff}, 4096), -2: []byte{1, 0, 1}})...)
		}},
		{name: "a point that is not on the curve", edit: func(s *statement) {
			s.Attested = append(s.Attested[:18+32:18+32], marshal(t, map[int]any{1: 2, 3: -7, -1: 1, -2: make([]byte, 32), -3: bytes.Repeat([]byte{1}, 32)})...)
		}},
		{name: "an attestation of nothing", edit: func(s *statement) { s.Statement = map[string]any{"x": 1} }},
		{name: "an attestation that nobody knows", edit: func(s *statement) { s.Format = "mine" }},
		{name: "a self attestation by another key", edit: func(s *statement) {
			s.Format, s.Key, s.Statement = "packed", foreign.key, map[string]any{"alg": es256}
		}},
		{name: "not verified, though required", edit: func(s *statement) { s.Flags &^= verified }},

		{name: "nothing", response: func([]byte) []byte { return nil }},
		{name: "null", response: func([]byte) []byte { return []byte("null") }},
		{name: "an object", response: func([]byte) []byte { return []byte("{}") }},
		{name: "too long", response: func(raw []byte) []byte { return append(bytes.Repeat([]byte(" "), 64<<10), raw...) }},
		{name: "more than one", response: func(raw []byte) []byte { return append(raw, raw...) }},
		{name: "another type", response: func(raw []byte) []byte { return bytes.Replace(raw, []byte("public-key"), []byte("password"), 1) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := newPasskeys(t, store.NewMemory(), func(cf *webauthn.Config) { cf.UserVerification = webauthn.Required })
			d := newDevice(t, es256)
			options, id, err := p.BeginRegistration(t.Context(), mia.Subject, "mia")
			require.NoError(t, err)
			edit := c.edit
			if edit == nil {
				edit = func(*statement) {}
			}
			response := d.create(t, options, edit)
			if c.response != nil {
				response = c.response(response)
			}
			_, err = p.FinishRegistration(t.Context(), mia.Subject, id, response)
			require.ErrorIs(t, err, authenticator.ErrRefused)
			all, err := p.Authenticators(t.Context(), mia.Subject)
			require.NoError(t, err)
			require.Empty(t, all)

			// The challenge is burned by a wrong response too.
			_, err = p.FinishRegistration(t.Context(), mia.Subject, id, d.create(t, options))
			require.ErrorIs(t, err, authenticator.ErrNoAuthenticator)
		})
	}
}

// withAlgorithm is a key that names another algorithm.
func withAlgorithm(t testing.TB, alg int) []byte {
	d := newDevice(t, rs256)
	d.alg = alg
	return d.cose(t)
}

// A registration is for one person, once, for a while.
func TestRegistrationOnce(t *testing.T) {
	clk := newClock()
	p, d := newPasskeys(t, store.NewMemory(), clk.use), newDevice(t, es256)
	options, id, err := p.BeginRegistration(t.Context(), mia.Subject, "mia")
	require.NoError(t, err)
	response := d.create(t, options)
	_, err = p.FinishRegistration(t.Context(), tom.Subject, id, response)
	require.ErrorIs(t, err, authenticator.ErrNoAuthenticator, "another person's")
	_, err = p.FinishRegistration(t.Context(), mia.Subject, "another", response)
	require.ErrorIs(t, err, authenticator.ErrNoAuthenticator)
	_, err = p.FinishRegistration(t.Context(), mia.Subject, id, response)
	require.NoError(t, err, "neither has burned it")
	_, err = p.FinishRegistration(t.Context(), mia.Subject, id, response)
	require.ErrorIs(t, err, authenticator.ErrNoAuthenticator)

	options, id, err = p.BeginRegistration(t.Context(), mia.Subject, "mia")
	require.NoError(t, err)
	_, err = p.FinishRegistration(t.Context(), mia.Subject, id, d.create(t, options))
	require.ErrorIs(t, err, authenticator.ErrRefused, "the person has it")

	options, id, err = p.BeginRegistration(t.Context(), tom.Subject, "tom")
	require.NoError(t, err)
	clk.sleep(6 * time.Minute)
	_, err = p.FinishRegistration(t.Context(), tom.Subject, id, d.create(t, options))
	require.ErrorIs(t, err, authenticator.ErrNoAuthenticator, "too late")

	_, err = p.FinishRegistration(t.Context(), "", id, response)
	require.ErrorContains(t, err, "subject")
}

func TestTooManyCredentials(t *testing.T) {
	p := newPasskeys(t, store.NewMemory())
	options, id, err := p.BeginRegistration(t.Context(), mia.Subject, "mia")
	require.NoError(t, err)
	for range 10 {
		register(t, p, mia.Subject, newDevice(t, es256))
	}
	_, _, err = p.BeginRegistration(t.Context(), mia.Subject, "mia")
	require.Equal(t, authenticator.ErrTooMany, err)
	_, err = p.FinishRegistration(t.Context(), mia.Subject, id, newDevice(t, es256).create(t, options))
	require.Equal(t, authenticator.ErrTooMany, err, "begun before")
}

// One registration, many racers: one credential.
func TestRaceRegistration(t *testing.T) {
	for range 10 {
		p, d := newPasskeys(t, store.NewMemory()), newDevice(t, es256)
		options, id, err := p.BeginRegistration(t.Context(), mia.Subject, "mia")
		require.NoError(t, err)
		response := d.create(t, options)
		var made, other atomic.Int32
		race(20, func(int) {
			switch _, err := p.FinishRegistration(t.Context(), mia.Subject, id, response); {
			case err == nil:
				made.Add(1)
			case !errors.Is(err, authenticator.ErrNoAuthenticator):
				other.Add(1)
			}
		})
		require.EqualValues(t, 1, made.Load())
		require.Zero(t, other.Load())
	}
}
