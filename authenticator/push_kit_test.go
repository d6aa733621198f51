package authenticator_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/stretchr/testify/require"

	"github.com/mintyard/mintyard/authenticator"
	"github.com/mintyard/mintyard/store"
)

const pushAudience = "https://login.example.test"

// newPush makes the factor; mia has one device, phone, for which the host answers.
func newPush(t testing.TB, s store.Store, edit ...func(*authenticator.PushConfig)) (*authenticator.Push, *outbox) {
	t.Helper()
	var master store.MasterKey
	master[0] = 1
	box := new(outbox)
	c := authenticator.PushConfig{
		Store: s, Namespace: "people", Sealer: store.NewSealer(master), Sender: box, Audience: pushAudience,
	}
	for _, f := range edit {
		f(&c)
	}
	f, err := authenticator.NewPush(c)
	require.NoError(t, err)
	require.NoError(t, f.Import(t.Context(), mia.Subject, "phone", "Mia's phone"))
	return f, box
}

func pushClock(k *clock) func(*authenticator.PushConfig) {
	return func(c *authenticator.PushConfig) { c.Now = k.Now }
}

func manyPushes(c *authenticator.PushConfig) { c.PerTenMinutes, c.PerDay = 100, 100 }

// device is a telephone.
type device struct {
	t        testing.TB
	push     *authenticator.Push
	key      crypto.Signer
	alg      jose.SignatureAlgorithm
	id, sub  string
	now      func() time.Time
	features claims // at activation
}

type claims map[string]any

func newKey(t testing.TB, alg jose.SignatureAlgorithm) crypto.Signer {
	t.Helper()
	var key crypto.Signer
	var err error
	switch alg {
	case jose.ES256:
		key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	case jose.EdDSA:
		_, key, err = ed25519.GenerateKey(rand.Reader)
	case jose.RS256:
		key, err = rsa.GenerateKey(rand.Reader, 2048)
	}
	require.NoError(t, err)
	return key
}

func newDevice(t testing.TB, f *authenticator.Push, now func() time.Time, features claims) *device {
	if now == nil {
		now = time.Now
	}
	return &device{t: t, push: f, key: newKey(t, jose.EdDSA), alg: jose.EdDSA, now: now, features: features}
}

func publicJWK(t testing.TB, key crypto.Signer) []byte {
	b, err := (&jose.JSONWebKey{Key: key.Public()}).MarshalJSON()
	require.NoError(t, err)
	return b
}

func sign(t testing.TB, key any, alg jose.SignatureAlgorithm, typ string, c claims) string {
	t.Helper()
	s, err := jose.NewSigner(jose.SigningKey{Algorithm: alg, Key: key}, (&jose.SignerOptions{}).WithType(jose.ContentType(typ)))
	require.NoError(t, err)
	payload, err := json.Marshal(c)
	require.NoError(t, err)
	jws, err := s.Sign(payload)
	require.NoError(t, err)
	token, err := jws.CompactSerialize()
	require.NoError(t, err)
	return token
}

// claims are those of every token, with others; nil takes one away.
func (d *device) claims(more claims) claims {
	c := claims{
		"iss": d.id, "sub": d.sub, "aud": pushAudience,
		"iat": d.now().Unix(), "exp": d.now().Add(time.Minute).Unix(),
	}
	for name, v := range more {
		if c[name] = v; v == nil {
			delete(c, name)
		}
	}
	return c
}

func (d *device) sign(typ string, more claims) string {
	return sign(d.t, d.key, d.alg, typ, d.claims(more))
}

func (d *device) proof(code string) string {
	c := d.claims(d.features)
	delete(c, "iss")
	delete(c, "sub")
	c["code"] = code
	return sign(d.t, d.key, d.alg, enrolmentTyp, c)
}

const (
	enrolmentTyp = "mintyard-push-enrolment+jwt"
	requestTyp   = "mintyard-push-request+jwt"
	answerTyp    = "mintyard-push-answer+jwt"
)

// enrol makes the device one of the person's.
func (d *device) enrol(subject string) *device {
	d.t.Helper()
	a, err := d.push.BeginEnrolment(d.t.Context(), subject, "")
	require.NoError(d.t, err)
	got, err := d.push.Activate(d.t.Context(), publicJWK(d.t, d.key), d.proof(a.Code))
	require.NoError(d.t, err)
	require.Equal(d.t, authenticator.ActivatedDevice{ID: a.ID, Subject: subject}, got)
	d.id, d.sub = got.ID, got.Subject
	return d
}

func (d *device) pending() []authenticator.PendingPush {
	d.t.Helper()
	list, err := d.push.Pending(d.t.Context(), d.sign(requestTyp, nil))
	require.NoError(d.t, err)
	return list
}

// answer signs an answer to what is pending.
func (d *device) answer(p authenticator.PendingPush, decision, number string, more claims) string {
	c := claims{
		"challenge": p.ID, "shown": authenticator.ChoicesDigest(p.Choices), "decision": decision, "number": number,
	}
	for name, v := range more {
		c[name] = v
	}
	return d.sign(answerTyp, c)
}

func startPush(t testing.TB, f *authenticator.Push, id authenticator.Identity) *authenticator.Challenge {
	t.Helper()
	c, err := f.Start(t.Context(), id, authenticator.Start{App: "Shop"})
	require.NoError(t, err)
	return c
}

func checkPush(t testing.TB, f *authenticator.Push, id authenticator.Identity, challenge string) error {
	_, err := f.Check(t.Context(), id, challenge, "")
	return err
}

// otherNumber is one of those offered that is wrong.
func otherNumber(choices []string, right string) string {
	for _, n := range choices {
		if n != right {
			return n
		}
	}
	return ""
}
