package signin_test

import (
	"context"
	"encoding/json"
	"errors"
	"regexp"
	"strings"
	"time"

	"github.com/pquerna/otp/totp"
	"github.com/stretchr/testify/require"

	"github.com/mintyard/mintyard/authenticator"
	"github.com/mintyard/mintyard/oauth"
	"github.com/mintyard/mintyard/oidc"
	"github.com/mintyard/mintyard/oidc/signin"
	"github.com/mintyard/mintyard/policy"
)

// requires is an enrolment policy, and codes by e-mail, which nobody has yet.
func requires(document string) edit {
	return func(h *house, c *oauth.Config, _ *oidc.Config, sc *signin.Config) {
		sc.Enrolment = new(policy.Enrolment)
		require.NoError(h.t, json.Unmarshal([]byte(document), sc.Enrolment))
		email, err := authenticator.NewCodes(authenticator.CodesConfig{Channel: "email", Store: h.memory, Namespace: "users", Sealer: h.sealer,
			Sender: authenticator.SenderFunc(h.send), Now: h.now})
		require.NoError(h.t, err)
		sc.OutOfBand = append(sc.OutOfBand, email)
	}
}

func (b *browser) asTom(pairs ...string) *browser { return b.as("tom", pairs...) }

func (b *browser) as(who string, pairs ...string) *browser {
	b.h.t.Helper()
	return b.open(pairs...).press("continue", "username", who+"@example.test").press("continue", "password", password)
}

// key is the key that the page shows.
func (b *browser) key() string {
	b.h.t.Helper()
	b.requirePage("key")
	if b.h.script {
		require.Contains(b.h.t, b.page.Data.QR, "data:image/svg+xml;base64,")
		return strings.ReplaceAll(b.page.Data.Key, " ", "")
	}
	require.Contains(b.h.t, b.body, `src="data:image/svg`)
	return strings.ReplaceAll(regexp.MustCompile(`id="key" dir="ltr">([^<]+)<`).FindStringSubmatch(b.body)[1], " ", "")
}

// kept are the recovery codes that the page shows.
func (b *browser) kept() []string {
	b.h.t.Helper()
	b.requirePage("codes")
	if b.h.script {
		return b.page.Data.Codes
	}
	var codes []string
	for _, m := range regexp.MustCompile(`<li>([A-Z2-7-]+)</li>`).FindAllStringSubmatch(b.body, -1) {
		codes = append(codes, m[1])
	}
	return codes
}

func (b *browser) offers() []string {
	_, _, inputs := b.fields()
	return inputs
}

func (h *house) codeOf(key string) string {
	code, err := totp.GenerateCode(key, h.now())
	require.NoError(h.t, err)
	return code
}

func (h *house) happened(event oauth.EventType) (methods []string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, e := range h.events {
		if e.Type == event {
			methods = append(methods, e.Methods...)
		}
	}
	return methods
}

// keychain stands for passkeys, without their signatures.
type keychain struct{ made map[string]bool }

func (k *keychain) Options(context.Context, authenticator.Identity) (*authenticator.AssertionOptions, error) {
	return &authenticator.AssertionOptions{RPID: "op.example", Timeout: time.Minute}, nil
}
func (k *keychain) Verify(context.Context, authenticator.Identity, []byte, authenticator.Assertion) (string, policy.Method, error) {
	return "", policy.Method{}, authenticator.ErrRefused
}
func (k *keychain) Available(_ context.Context, subject string) (list []policy.Method, _ error) {
	if k.made[subject] {
		list = append(list, policy.Method{Name: "webauthn", Types: policy.Possession | policy.Inherence, PhishingResistant: true, UserVerified: true, Device: "k"})
	}
	return list, nil
}
func (k *keychain) Type() string { return "webauthn" }
func (k *keychain) Authenticators(_ context.Context, subject string) (list []authenticator.Authenticator, _ error) {
	if k.made[subject] {
		list = append(list, authenticator.Authenticator{ID: "k", Type: "webauthn", Active: true})
	}
	return list, nil
}
func (k *keychain) Rename(context.Context, string, string, string) error { return nil }
func (k *keychain) Remove(_ context.Context, subject, id string) error {
	delete(k.made, subject)
	return nil
}
func (k *keychain) BeginRegistration(_ context.Context, subject, account string) (json.RawMessage, string, error) {
	return json.RawMessage(`{"challenge":"AAAA","user":{"name":"` + account + `"}}`), "r1", nil
}
func (k *keychain) FinishRegistration(_ context.Context, subject, id string, response []byte) (authenticator.Authenticator, error) {
	if id != "r1" || !json.Valid(response) || !strings.Contains(string(response), `"good"`) {
		return authenticator.Authenticator{}, errors.Join(authenticator.ErrRefused, errors.New("test: not good"))
	}
	k.made[subject] = true
	return authenticator.Authenticator{ID: "k", Type: "webauthn", Active: true}, nil
}
