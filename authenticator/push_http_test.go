package authenticator_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"github.com/go-jose/go-jose/v4"
	"github.com/stretchr/testify/require"

	"github.com/mintyard/mintyard/authenticator"
	"github.com/mintyard/mintyard/store"
)

func postJSON(t testing.TB, h http.Handler, path string, body any) (int, map[string]any) {
	t.Helper()
	b, err := json.Marshal(body)
	require.NoError(t, err)
	return postRaw(t, h, path, "application/json", string(b))
}

func postRaw(t testing.TB, h http.Handler, path, contentType, body string) (int, map[string]any) {
	t.Helper()
	r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(body))
	r.Header.Set("Content-Type", contentType)
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	require.Equal(t, "no-store", w.Header().Get("Cache-Control"))
	require.Equal(t, "application/json", w.Header().Get("Content-Type"))
	var answer map[string]any
	require.NoError(t, json.Unmarshal(w.Body.Bytes(), &answer), w.Body.String())
	return w.Code, answer
}

func TestPushHandler(t *testing.T) {
	k := newClock()
	f, _ := newPush(t, store.NewMemory(), pushClock(k))
	h := http.StripPrefix("/push", f.Handler())
	a, err := f.BeginEnrolment(t.Context(), tom.Subject, "")
	require.NoError(t, err)
	d := newDevice(t, f, k.Now, nil)
	status, got := postJSON(t, h, "/push/activate", map[string]any{"jwk": json.RawMessage(publicJWK(t, d.key)), "proof": d.proof(a.Code)})
	require.Equal(t, 200, status)
	require.Equal(t, map[string]any{"device_id": a.ID, "subject": tom.Subject}, got)
	d.id, d.sub = a.ID, tom.Subject

	status, got = postJSON(t, h, "/push/challenges", map[string]any{"request": d.sign(requestTyp, nil)})
	require.Equal(t, 200, status)
	require.Equal(t, map[string]any{"challenges": []any{}, "interval": 5.0}, got)
	c := startPush(t, f, tom)
	p := d.pending()[0]
	status, got = postJSON(t, h, "/push/challenges", map[string]any{"request": d.sign(requestTyp, nil)})
	require.Equal(t, 200, status)
	one := got["challenges"].([]any)[0].(map[string]any)
	require.Equal(t, c.ID, one["id"])
	require.Equal(t, "choose", one["number"])
	require.Equal(t, "2023-11-14T22:13:20Z", one["begun"])
	require.Len(t, one["choices"], 3)

	status, got = postJSON(t, h, "/push/answer", map[string]any{"answer": d.answer(p, "approve", c.Number, nil)})
	require.Equal(t, 200, status)
	require.Equal(t, map[string]any{"state": "approved"}, got)
	require.NoError(t, checkPush(t, f, tom, c.ID))
	status, got = postJSON(t, h, "/push/answer", map[string]any{"answer": d.answer(p, "deny", "", nil)})
	require.Equal(t, 410, status)
	require.Equal(t, "challenge_over", got["error"])
	for _, answer := range []string{"deny", "approve"} {
		startPush(t, f, tom)
		status, got = postJSON(t, h, "/push/answer", map[string]any{"answer": d.answer(d.pending()[0], answer, "00", nil)})
		require.Equal(t, 200, status)
		require.Equal(t, map[string]any{"state": "denied"}, got)
		require.NoError(t, f.Unlock(t.Context(), tom.Subject))
	}
}

func TestPushHandlerErrors(t *testing.T) {
	w := &watched{Store: store.NewMemory()}
	f, _ := newPush(t, w)
	h := f.Handler()
	d := newDevice(t, f, nil, nil)
	proof := d.proof("no such code")
	jwk := string(publicJWK(t, d.key))
	const jsonType = "application/json"
	for _, test := range []struct {
		name, path, contentType, body string
		status                        int
		code                          string
	}{
		{"no body", "/activate", jsonType, "", 400, "invalid_request"},
		{"no object", "/answer", jsonType, "[]", 400, "invalid_request"},
		{"null", "/answer", jsonType, "null", 400, "invalid_request"},
		{"two objects", "/answer", jsonType, "{}{}", 400, "invalid_request"},
		{"a number", "/answer", jsonType, `{"answer":1}`, 400, "invalid_request"},
		{"a form", "/answer", "application/x-www-form-urlencoded", "answer=x", 415, "unsupported_media_type"},
		{"no type", "/answer", "", "{}", 415, "unsupported_media_type"},
		{"long", "/answer", jsonType, `{"answer":"` + strings.Repeat("x", 20000) + `"}`, 413, "request_too_large"},
		{"nothing", "/answer", jsonType + "; charset=utf-8", "{}", 401, "invalid_token"},
		{"nothing", "/challenges", jsonType, "{}", 401, "invalid_token"},
		{"no key", "/activate", jsonType, "{}", 400, "invalid_key"},
		{"no proof", "/activate", jsonType, `{"jwk":` + jwk + `}`, 401, "invalid_token"},
		{"unknown", "/activate", jsonType, `{"jwk":` + jwk + `,"proof":"` + proof + `"}`, 404, "invalid_activation"},
		{"unknown path", "/", jsonType, "{}", 404, "not_found"},
		{"unknown path", "/answers", jsonType, "{}", 404, "not_found"},
	} {
		status, got := postRaw(t, h, test.path, test.contentType, test.body)
		require.Equal(t, test.status, status, test)
		require.Equal(t, test.code, got["error"], test)
		require.NotEmpty(t, got["error_description"])
	}
	r := httptest.NewRecorder()
	h.ServeHTTP(r, httptest.NewRequest(http.MethodGet, "/answer", nil))
	require.Equal(t, 405, r.Code)
	require.Equal(t, "POST", r.Header().Get("Allow"))
	require.Contains(t, r.Body.String(), "method_not_allowed")

	broken := httptest.NewRequest(http.MethodPost, "/answer", io.MultiReader(strings.NewReader("{"), brokenReader{}))
	broken.Header.Set("Content-Type", jsonType)
	r = httptest.NewRecorder()
	h.ServeHTTP(r, broken)
	require.Equal(t, 400, r.Code)

	d.enrol(tom.Subject)
	w.take()
	w.faultK = 1
	status, got := postJSON(t, h, "/challenges", map[string]string{"request": d.sign(requestTyp, nil)})
	require.Equal(t, 503, status)
	require.Equal(t, "temporarily_unavailable", got["error"])
	require.NotContains(t, got["error_description"], errFault.Error())
}

type brokenReader struct{}

func (brokenReader) Read([]byte) (int, error) { return 0, errFault }

// Of everything that reaches the device, before it answers and after, nothing tells
// which number is right: bytes of two pushes with the same numbers are the same.
func TestPushNumberStaysWithTheApp(t *testing.T) {
	k := newClock()
	for _, entry := range []string{"choose", "type"} {
		var f *authenticator.Push
		var box *outbox
		var h http.Handler
		var d *device
		first := map[string]int{}
		for i := range 300 {
			if i%20 == 0 { // the store is not swept here
				f, box = newPush(t, store.NewMemory(), pushClock(k), manyPushes)
				h = f.Handler()
				d = newDevice(t, f, k.Now, claims{"number_entry": entry, "push_token": "x"}).enrol(tom.Subject)
			}
			c := startPush(t, f, tom)
			b, err := json.Marshal(map[string]string{"request": d.sign(requestTyp, nil)})
			require.NoError(t, err)
			r := httptest.NewRequest(http.MethodPost, "/challenges", bytes.NewReader(b))
			r.Header.Set("Content-Type", "application/json")
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			message, err := json.Marshal(box.last(t))
			require.NoError(t, err)
			for _, received := range []string{w.Body.String(), string(message)} {
				received = strings.ReplaceAll(received, c.ID, "")
				received = regexp.MustCompile(`"[^"]*\d\d\d\d-\d\d-[^"]*"`).ReplaceAllString(received, "") // times
				times := len(regexp.MustCompile(`\b`+c.Number+`\b`).FindAllString(received, -1))
				if entry == "type" {
					require.Zero(t, times, received)
					continue
				}
				// Each of the three is there once, and in the list.
				require.Equal(t, 1, times, received)
				for _, n := range box.last(t).Choices {
					require.Len(t, regexp.MustCompile(`\b`+n+`\b`).FindAllString(received, -1), 1)
				}
			}
			if entry == "choose" {
				for i, n := range box.last(t).Choices {
					if n == c.Number {
						first[string(rune('a'+i))]++
					}
				}
			}
			require.NoError(t, f.Decide(t.Context(), c.ID, authenticator.Decision{Approve: true, Number: c.Number}))
			require.NoError(t, checkPush(t, f, tom, c.ID))
		}
		for _, n := range first {
			require.InDelta(t, 100, n, 41, "five standard deviations")
		}
	}
}

// FuzzPushHandler holds that nothing a device can post panics, or decides anything.
func FuzzPushHandler(f *testing.F) {
	for _, seed := range []string{
		`{}`, `{"answer":"a.b.c"}`, `{"request":""}`, `{"jwk":{"kty":"OKP","crv":"Ed25519","x":"AA"},"proof":"e30.e30.AA"}`,
		`{"jwk":{"kty":"RSA","n":"AQAB","e":"AQAB"}}`, `{"jwk":{"kty":"EC","crv":"P-256","x":"AA","y":"AA"},"proof":"x"}`,
		`{"answer":"` + unsigned(`{"alg":"none","typ":"`+answerTyp+`"}`, claims{"iss": "phone", "sub": "00u1"}, "") + `"}`,
		`{"answer":"` + unsigned(`{"alg":"EdDSA","typ":"`+answerTyp+`","crit":["b64"],"b64":false}`, claims{"iss": "phone", "sub": "00u1", "exp": 1e300}, "x") + `"}`,
	} {
		for _, path := range []string{"/activate", "/challenges", "/answer"} {
			f.Add(path, seed)
		}
	}
	push, _ := newPush(f, store.NewMemory())
	d := newDevice(f, push, nil, nil).enrol(mia.Subject)
	c, err := push.Start(f.Context(), mia, authenticator.Start{AuthenticatorID: d.id})
	require.NoError(f, err)
	h := push.Handler()
	f.Fuzz(func(t *testing.T, path, body string) {
		if !strings.HasPrefix(path, "/") || strings.ContainsAny(path, " ?#%\x00") {
			return
		}
		r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(body))
		r.URL.Path = path
		r.Header.Set("Content-Type", "application/json")
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code == 200 {
			t.Errorf("%s %s: %s", path, body, w.Body)
		}
		if err := checkPush(t, push, mia, c.ID); err != authenticator.ErrPending && err != authenticator.ErrOver {
			t.Error(err)
		}
	})
}

// FuzzPushClaims holds that of the claims that a device signs none panics, and only an
// approval with the right number approves.
func FuzzPushClaims(f *testing.F) {
	f.Add([]byte(`{"decision":"approve","number":"58"}`))
	f.Add([]byte(`{"iat":1e18,"exp":-1e18,"aud":[null],"shown":{}}`))
	f.Add([]byte(`{"aud":"https://login.example.test","iat":1700000000,"exp":1700000060,"decision":"deny"}`))
	f.Fuzz(func(t *testing.T, payload []byte) {
		k := newClock()
		push, _ := newPush(t, store.NewMemory(), pushClock(k))
		d := newDevice(t, push, k.Now, nil).enrol(tom.Subject)
		c := startPush(t, push, tom)
		s, err := jose.NewSigner(jose.SigningKey{Algorithm: d.alg, Key: d.key}, (&jose.SignerOptions{}).WithType(answerTyp))
		require.NoError(t, err)
		own := d.claims(claims{"challenge": c.ID})
		var more claims
		if json.Unmarshal(payload, &more) == nil {
			for name, v := range more {
				own[name] = v
			}
			if payload, err = json.Marshal(own); err != nil {
				return
			}
		}
		jws, err := s.Sign(payload)
		require.NoError(t, err)
		token, err := jws.CompactSerialize()
		require.NoError(t, err)
		_ = push.Answer(t.Context(), token)
		require.Error(t, checkPush(t, push, tom, c.ID), "what was shown cannot be guessed")
	})
}
