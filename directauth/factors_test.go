package directauth_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/mintyard/mintyard/authenticator"
	"github.com/mintyard/mintyard/directauth"
	"github.com/mintyard/mintyard/policy"
	"github.com/mintyard/mintyard/store"
)

// Send implements authenticator.Sender.
func (k *kit) Send(_ context.Context, m authenticator.Message) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.undeliverable != nil {
		return k.undeliverable
	}
	k.outbox = append(k.outbox, m)
	return nil
}

// sent is what was delivered last.
func (k *kit) sent() authenticator.Message {
	k.t.Helper()
	k.mu.Lock()
	defer k.mu.Unlock()
	require.NotEmpty(k.t, k.outbox, "nothing was delivered")
	return k.outbox[len(k.outbox)-1]
}

func (k *kit) delivered() int {
	k.mu.Lock()
	defer k.mu.Unlock()
	return len(k.outbox)
}

func (k *kit) buildOutOfBand(sealer *store.Sealer) {
	t := k.t
	codes := func(channel string) *authenticator.Codes {
		c, err := authenticator.NewCodes(authenticator.CodesConfig{
			Channel: channel, Store: k.config.Store, Namespace: "people", Sealer: sealer, Sender: k, Now: k.Now,
		})
		require.NoError(t, err)
		return c
	}
	k.sms, k.email = codes(authenticator.TypeSMS), codes(authenticator.TypeEmail)
	require.NoError(t, k.sms.Import(t.Context(), "mia", "f2", "+15550100"))
	require.NoError(t, k.email.Import(t.Context(), "mia", "f4", "mia@example.test"))
	require.NoError(t, k.sms.Import(t.Context(), "amy", "f2", "+15550101"))
	var err error
	k.push, err = authenticator.NewPush(authenticator.PushConfig{
		Store: k.config.Store, Namespace: "people", Sealer: sealer, Sender: k, Audience: issuer, Now: k.Now,
	})
	require.NoError(t, err)
	require.NoError(t, k.push.Import(t.Context(), "mia", "f5", "Mia's phone"))
}

// passkeys has one passkey, whose signature is the challenge itself. The real ones
// have a module, and tests, of their own.
type passkeys struct {
	owner string
	now   func() time.Time
}

func (p *passkeys) method() policy.Method {
	return policy.Method{Name: authenticator.TypeWebAuthn, Types: policy.Possession | policy.Inherence, PhishingResistant: true, UserVerified: true, Device: "pk"}
}

func (p *passkeys) Options(_ context.Context, id authenticator.Identity) (*authenticator.AssertionOptions, error) {
	return &authenticator.AssertionOptions{
		RPID: "login.example", Timeout: time.Minute, UserVerification: "preferred",
		Allow:      []authenticator.AllowedCredential{{ID: []byte("pk"), Transports: []string{"internal"}}},
		Enrolments: []authenticator.PasskeyEnrolment{{CredentialID: []byte("pk"), Name: "Laptop", AAGUID: "00000000-0000-0000-0000-000000000000"}},
	}, nil
}

func (p *passkeys) Verify(_ context.Context, id authenticator.Identity, challenge []byte, a authenticator.Assertion) (string, policy.Method, error) {
	subject := id.Subject
	if subject == "" && id.Hint == "" {
		subject = string(a.UserHandle)
	}
	if subject != p.owner || string(a.Signature) != "signed "+string(challenge) {
		return "", policy.Method{}, authenticator.ErrRefused
	}
	m := p.method()
	m.At = p.now()
	return subject, m, nil
}

func (p *passkeys) Available(_ context.Context, subject string) ([]policy.Method, error) {
	if subject != p.owner {
		return nil, nil
	}
	return []policy.Method{p.method()}, nil
}

// assertion is what a device answers to a challenge, as form parameters.
func assertion(a answer) []string {
	challenge, _ := a.body["publicKey"].(map[string]any)["challenge"].(string)
	raw, _ := base64.RawURLEncoding.DecodeString(challenge)
	data, _ := json.Marshal(map[string]string{"type": "webauthn.get", "challenge": challenge, "origin": issuer})
	b64 := base64.RawURLEncoding.EncodeToString
	return []string{
		"authenticatorData", b64([]byte("data")), "clientDataJSON", b64(data), "signature", b64([]byte("signed " + string(raw))),
		"userHandle", b64([]byte("zoe")),
	}
}

// start begins a sign-in over another channel.
func (k *kit) start(client, user, channel string, more ...string) answer {
	k.t.Helper()
	return k.post(primaryPath, append([]string{"client_id", client, "challenge_hint", directauth.GrantOOB,
		"login_hint", user, "channel_hint", channel}, more...)...)
}

// oob answers a challenge of a first factor.
func (k *kit) oob(client, code, binding string, more ...string) answer {
	k.t.Helper()
	return k.post(tokenPath, append([]string{"client_id", client, "grant_type", directauth.GrantOOB, "oob_code", code,
		"binding_code", binding, "scope", "openid offline_access"}, more...)...)
}

// challenge begins a further factor.
func (k *kit) challenge(client, mfaToken, kind, channel string, more ...string) answer {
	k.t.Helper()
	return k.post(challengePath, append([]string{"client_id", client, "mfa_token", mfaToken,
		"challenge_types_supported", kind, "channel_hint", channel}, more...)...)
}

func (k *kit) mfaOOB(client, mfaToken, code, binding string, more ...string) answer {
	k.t.Helper()
	return k.post(tokenPath, append([]string{"client_id", client, "grant_type", directauth.GrantMFAOOB,
		"mfa_token", mfaToken, "oob_code", code, "binding_code", binding}, more...)...)
}

// approve answers the push that was delivered last, with the number that the app shows.
func (k *kit) approve(number string) {
	k.t.Helper()
	require.NoError(k.t, k.push.Decide(k.t.Context(), k.sent().ID, authenticator.Decision{Approve: true, Number: number}))
}

// requireOOB checks the answer that begins a challenge.
func (k *kit) requireOOB(a answer, channel, binding string) string {
	k.t.Helper()
	require.Equal(k.t, http.StatusOK, a.status, a.raw)
	require.Equal(k.t, channel, a.text("channel"))
	require.Equal(k.t, binding, a.text("binding_method"))
	require.Equal(k.t, float64(300), a.body["expires_in"])
	require.Equal(k.t, float64(5), a.body["interval"], "whatever the channel")
	_, hasNumber := a.body["binding_code"].(string)
	require.Equal(k.t, binding == "transfer", hasNumber)
	require.NotEmpty(k.t, a.text("oob_code"))
	return a.text("oob_code")
}

// recoveryCodes are mia's.
var recoveryCodes = []string{recoveryCode, "WXYZ7-34567"}

func (k *kit) recover(client, mfaToken, code string) answer {
	k.t.Helper()
	return k.post(tokenPath, "client_id", client, "grant_type", directauth.GrantMFARecoveryCode, "mfa_token", mfaToken, "recovery_code", code)
}
