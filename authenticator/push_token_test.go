package authenticator_test

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/stretchr/testify/require"

	"github.com/mintyard/mintyard/authenticator"
	"github.com/mintyard/mintyard/store"
)

// unsigned makes a token of any header and payload.
func unsigned(header string, c claims, signature string) string {
	payload, _ := json.Marshal(c)
	e := base64.RawURLEncoding
	return e.EncodeToString([]byte(header)) + "." + e.EncodeToString(payload) + "." + e.EncodeToString([]byte(signature))
}

// Tokens that are not an answer of the device decide nothing.
func TestPushBadTokens(t *testing.T) {
	k := newClock()
	f, _ := newPush(t, store.NewMemory(), pushClock(k), manyPushes)
	d := newDevice(t, f, k.Now, nil).enrol(tom.Subject)
	second := newDevice(t, f, k.Now, nil).enrol(tom.Subject)       // of the same person
	stranger := newDevice(t, f, k.Now, nil).enrol("somebody else") // of another
	es := newDevice(t, f, k.Now, nil)
	es.key, es.alg = newKey(t, jose.ES256), jose.ES256
	es.enrol(tom.Subject)
	c, err := f.Start(t.Context(), tom, authenticator.Start{AuthenticatorID: d.id})
	require.NoError(t, err)
	p := d.pending()[0]
	require.Empty(t, second.pending(), "another device is not asked")
	require.Empty(t, stranger.pending())

	approve := func(more claims) claims {
		all := claims{"challenge": p.ID, "shown": authenticator.ChoicesDigest(p.Choices), "decision": "approve", "number": c.Number}
		for name, v := range more {
			all[name] = v
		}
		return all
	}
	good := d.sign(answerTyp, approve(nil))
	parts := strings.Split(good, ".")
	head := func(alg string) string { return `{"alg":"` + alg + `","typ":"` + answerTyp + `"}` }
	at := func(offset time.Duration) int64 { return k.Now().Add(offset).Unix() }
	public := publicJWK(t, d.key)
	embedded := func() string {
		s, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.EdDSA, Key: stranger.key},
			(&jose.SignerOptions{EmbedJWK: true}).WithType(answerTyp))
		require.NoError(t, err)
		payload, _ := json.Marshal(d.claims(approve(nil)))
		jws, err := s.Sign(payload)
		require.NoError(t, err)
		token, err := jws.CompactSerialize()
		require.NoError(t, err)
		return token
	}
	dup := func() string {
		jws, err := jose.ParseSignedCompact(good, []jose.SignatureAlgorithm{jose.EdDSA})
		require.NoError(t, err)
		return jws.FullSerialize()
	}
	for name, token := range map[string]string{
		"nothing":                      "",
		"no token":                     "x",
		"two parts":                    parts[0] + "." + parts[1],
		"no signature":                 parts[0] + "." + parts[1] + ".",
		"four parts":                   good + ".x",
		"a blank":                      good[:10] + " " + good[10:],
		"JSON serialisation":           dup(),
		"another signature":            parts[0] + "." + parts[1] + "." + base64.RawURLEncoding.EncodeToString(make([]byte, 64)),
		"alg none":                     unsigned(head("none"), d.claims(approve(nil)), ""),
		"alg None":                     unsigned(head("None"), d.claims(approve(nil)), "x"),
		"no alg":                       unsigned(`{"typ":"`+answerTyp+`"}`, d.claims(approve(nil)), "x"),
		"HS256 under the public key":   sign(t, public, jose.HS256, answerTyp, d.claims(approve(nil))),
		"HS256 under its raw bytes":    sign(t, []byte(d.key.Public().(ed25519.PublicKey)), jose.HS256, answerTyp, d.claims(approve(nil))),
		"ES256 says the header":        unsigned(head("ES256"), d.claims(approve(nil)), strings.Repeat("x", 64)),
		"a key of its own":             sign(t, newKey(t, jose.EdDSA), jose.EdDSA, answerTyp, d.claims(approve(nil))),
		"a key of another algorithm":   sign(t, es.key, jose.ES256, answerTyp, d.claims(approve(nil))),
		"a stranger's key":             sign(t, stranger.key, jose.EdDSA, answerTyp, d.claims(approve(nil))),
		"the person's other device":    sign(t, second.key, jose.EdDSA, answerTyp, d.claims(approve(nil))),
		"the key is in the header":     embedded(),
		"a critical header":            unsigned(`{"alg":"EdDSA","typ":"`+answerTyp+`","crit":["x"],"x":1}`, d.claims(approve(nil)), "x"),
		"no type":                      sign(t, d.key, d.alg, "", d.claims(approve(nil))),
		"type JWT":                     d.sign("JWT", approve(nil)),
		"type of a request":            d.sign(requestTyp, approve(nil)),
		"type of an enrolment":         d.sign(enrolmentTyp, approve(nil)),
		"type in capitals":             d.sign(strings.ToUpper(answerTyp), approve(nil)),
		"another audience":             d.sign(answerTyp, approve(claims{"aud": "https://evil.example.test"})),
		"two audiences":                d.sign(answerTyp, approve(claims{"aud": []string{pushAudience, "https://evil.example.test"}})),
		"no audience":                  d.sign(answerTyp, approve(claims{"aud": nil})),
		"an empty audience":            d.sign(answerTyp, approve(claims{"aud": []string{}})),
		"the audience with a slash":    d.sign(answerTyp, approve(claims{"aud": pushAudience + "/"})),
		"no iat":                       d.sign(answerTyp, approve(claims{"iat": nil})),
		"no exp":                       d.sign(answerTyp, approve(claims{"exp": nil})),
		"over":                         d.sign(answerTyp, approve(claims{"iat": at(-time.Minute), "exp": at(0)})),
		"of tomorrow":                  d.sign(answerTyp, approve(claims{"iat": at(2 * time.Minute), "exp": at(3 * time.Minute)})),
		"good for too long":            d.sign(answerTyp, approve(claims{"exp": at(5*time.Minute + time.Second)})),
		"good for ever":                d.sign(answerTyp, approve(claims{"exp": int64(1) << 62})),
		"iat as text":                  d.sign(answerTyp, approve(claims{"iat": "now"})),
		"exp before iat":               d.sign(answerTyp, approve(claims{"iat": at(30 * time.Second), "exp": at(-time.Second)})),
		"no issuer":                    d.sign(answerTyp, approve(claims{"iss": nil})),
		"no subject":                   d.sign(answerTyp, approve(claims{"sub": nil})),
		"issuer of another":            d.sign(answerTyp, approve(claims{"iss": second.id})),
		"subject of another":           d.sign(answerTyp, approve(claims{"sub": mia.Subject})),
		"the host's device":            d.sign(answerTyp, approve(claims{"iss": "phone", "sub": mia.Subject})),
		"no decision":                  d.sign(answerTyp, approve(claims{"decision": nil})),
		"another decision":             d.sign(answerTyp, approve(claims{"decision": "Approve"})),
		"numbers in another order":     d.sign(answerTyp, approve(claims{"shown": authenticator.ChoicesDigest([]string{p.Choices[1], p.Choices[0], p.Choices[2]})})),
		"other numbers were shown":     d.sign(answerTyp, approve(claims{"shown": authenticator.ChoicesDigest([]string{c.Number})})),
		"nothing was shown":            d.sign(answerTyp, approve(claims{"shown": nil})),
		"a number that is a number":    d.sign(answerTyp, approve(claims{"number": 58})),
		"too long":                     d.sign(answerTyp, approve(claims{"more": strings.Repeat("x", 9000)})),
		"the proof of the activation":  d.proof("x"),
		"a request that was overheard": d.sign(requestTyp, nil),
	} {
		require.Equal(t, authenticator.ErrRefused, f.Answer(t.Context(), token), name)
		require.Equal(t, authenticator.ErrPending, checkPush(t, f, tom, c.ID), name)
	}
	// Devices of the person, and of others, that are not asked.
	for _, other := range []*device{second, stranger, es} {
		for _, decision := range []string{"approve", "deny"} {
			require.Equal(t, authenticator.ErrOver, f.Answer(t.Context(), other.answer(p, decision, c.Number, nil)))
		}
	}
	require.Equal(t, authenticator.ErrOver, f.Answer(t.Context(), d.sign(answerTyp, approve(claims{"challenge": nil}))))
	require.Equal(t, authenticator.ErrPending, checkPush(t, f, tom, c.ID))

	// Requests are judged in the same way.
	for name, token := range map[string]string{
		"": "", "an answer": good, "another audience": d.sign(requestTyp, claims{"aud": "x"}),
		"over": d.sign(requestTyp, claims{"exp": at(0)}), "another's": sign(t, second.key, d.alg, requestTyp, d.claims(nil)),
	} {
		_, err := f.Pending(t.Context(), token)
		require.Equal(t, authenticator.ErrRefused, err, name)
	}

	// The one that is good, and then for another push.
	require.NoError(t, f.Answer(t.Context(), good))
	require.NoError(t, checkPush(t, f, tom, c.ID))
	c, err = f.Start(t.Context(), tom, authenticator.Start{AuthenticatorID: d.id})
	require.NoError(t, err)
	require.NoError(t, f.Answer(t.Context(), good), "it says again what it said before")
	require.Equal(t, authenticator.ErrPending, checkPush(t, f, tom, c.ID))
	p = d.pending()[0]
	old := p
	require.Equal(t, authenticator.ErrRejected, f.Answer(t.Context(), d.answer(p, "approve", "", nil)))
	require.NoError(t, f.Answer(t.Context(), good))
	require.Equal(t, authenticator.ErrRejected, f.Answer(t.Context(), d.answer(old, "approve", c.Number, nil)))
	require.Equal(t, authenticator.ErrRejected, checkPush(t, f, tom, c.ID))
}

func TestPushDenyNeedsNoNumbers(t *testing.T) {
	f, _ := newPush(t, store.NewMemory())
	d := newDevice(t, f, nil, nil).enrol(tom.Subject)
	c := startPush(t, f, tom)
	require.NoError(t, f.Answer(t.Context(), d.sign(answerTyp, claims{"challenge": c.ID, "decision": "deny"})))
	require.Equal(t, authenticator.ErrRejected, checkPush(t, f, tom, c.ID))
}

func TestPushActivation(t *testing.T) {
	k := newClock()
	f, _ := newPush(t, store.NewMemory(), pushClock(k))
	a, err := f.BeginEnrolment(t.Context(), tom.Subject, "Tom's phone")
	require.NoError(t, err)
	require.Equal(t, k.Now().Add(15*time.Minute), a.Expires)
	require.Equal(t, "mintyard-push://activate?audience=https%3A%2F%2Flogin.example.test&code="+a.Code, a.URI)
	list, err := f.Authenticators(t.Context(), tom.Subject)
	require.NoError(t, err)
	require.Equal(t, []authenticator.Authenticator{{ID: a.ID, Type: "push", Name: "Tom's phone", Created: k.Now()}}, list)
	available, err := f.Available(t.Context(), tom.Subject)
	require.NoError(t, err)
	require.Empty(t, available, "it can prove nothing yet")
	_, err = f.BeginEnrolment(t.Context(), "", "x")
	require.Error(t, err)

	d := newDevice(t, f, k.Now, nil)
	other := newDevice(t, f, k.Now, nil)
	rsaKey, err := rsa.GenerateKey(rand.Reader, 1024)
	require.NoError(t, err)
	p384, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	require.NoError(t, err)
	private, err := (&jose.JSONWebKey{Key: d.key}).MarshalJSON()
	require.NoError(t, err)
	public := publicJWK(t, d.key)
	with := func(member string) []byte { return append(public[:len(public)-1:len(public)-1], member+"}"...) }
	for name, jwk := range map[string][]byte{
		"none": nil, "null": []byte("null"), "no JWK": []byte("{}"), "text": []byte(`"x"`), "private": private,
		"1024 bits": publicJWK(t, rsaKey), "P-384": publicJWK(t, p384), "symmetric": []byte(`{"kty":"oct","k":"AAAA"}`),
		"another alg": with(`,"alg":"HS256"`), "for encryption": with(`,"use":"enc"`), "long": with(`,"x5u":"` + strings.Repeat("x", 5000) + `"`),
	} {
		_, err := f.Activate(t.Context(), jwk, d.proof(a.Code))
		require.ErrorIs(t, err, authenticator.ErrKey, name)
	}
	proof := func(more claims) string {
		c := d.claims(nil)
		c["code"] = a.Code
		for name, v := range more {
			c[name] = v
		}
		return d.sign(enrolmentTyp, c)
	}
	for name, token := range map[string]string{
		"none": "", "of another key": other.proof(a.Code), "another type": d.sign(answerTyp, claims{"code": a.Code}),
		"another audience": proof(claims{"aud": "x"}), "over": proof(claims{"exp": k.Now().Unix()}),
		"HS256": sign(t, []byte(public), jose.HS256, enrolmentTyp, d.claims(claims{"code": a.Code})),
		"none!": unsigned(`{"alg":"none","typ":"`+enrolmentTyp+`"}`, d.claims(claims{"code": a.Code}), ""),
		"entry": proof(claims{"number_entry": "guess"}), "long": proof(claims{"push_token": strings.Repeat("x", 4097)}),
		"name": proof(claims{"name": "a\nb"}), "platform": proof(claims{"platform": strings.Repeat("x", 101)}),
	} {
		_, err := f.Activate(t.Context(), public, token)
		require.Equal(t, authenticator.ErrRefused, err, name)
	}
	for _, code := range []string{"", "x", a.ID, a.Code + "x", strings.ToUpper(a.Code)} {
		_, err := f.Activate(t.Context(), public, proof(claims{"code": code}))
		require.Equal(t, authenticator.ErrNoAuthenticator, err)
	}
	got, err := f.Activate(t.Context(), public, d.proof(a.Code))
	require.NoError(t, err)
	again, err := f.Activate(t.Context(), with(`,"kid":"1","alg":"EdDSA","use":"sig"`), d.proof(a.Code))
	require.NoError(t, err, "the answer may have been lost")
	require.Equal(t, got, again)
	_, err = f.Activate(t.Context(), publicJWK(t, other.key), other.proof(a.Code))
	require.Equal(t, authenticator.ErrNoAuthenticator, err, "a code is for one device")
	list, err = f.Authenticators(t.Context(), tom.Subject)
	require.NoError(t, err)
	require.Equal(t, "Tom's phone", list[0].Name)
	require.True(t, list[0].Active)
	require.NoError(t, f.Remove(t.Context(), tom.Subject, a.ID))
	_, err = f.Activate(t.Context(), public, d.proof(a.Code))
	require.Equal(t, authenticator.ErrNoAuthenticator, err, "a removed device does not come back")

	a, err = f.BeginEnrolment(t.Context(), tom.Subject, "")
	require.NoError(t, err)
	k.pass(15 * time.Minute)
	_, err = f.Activate(t.Context(), public, d.proof(a.Code))
	require.Equal(t, authenticator.ErrNoAuthenticator, err)
	for range 10 {
		_, err = f.BeginEnrolment(t.Context(), tom.Subject, "")
		require.NoError(t, err)
	}
	_, err = f.BeginEnrolment(t.Context(), tom.Subject, "")
	require.Equal(t, authenticator.ErrTooMany, err)
}
