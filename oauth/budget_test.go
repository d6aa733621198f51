//go:build !race

package oauth_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"io"
	"net/http"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mintyard/mintyard/oauth"
)

// sink is the least that a ResponseWriter must be: what is measured is ours.
type sink struct {
	header http.Header
	status int
	body   []byte
}

func (w *sink) Header() http.Header         { return w.header }
func (w *sink) WriteHeader(status int)      { w.status = status }
func (w *sink) Write(b []byte) (int, error) { w.body = append(w.body[:0], b...); return len(b), nil }

// call is a request that is sent again and again with the same memory.
type call struct {
	handler http.Handler
	request *http.Request
	body    *bytes.Reader
	sink    *sink
}

func newCall(h http.Handler, path string, v url.Values, user, pass string) *call {
	c := &call{handler: h, body: bytes.NewReader(nil), sink: &sink{header: make(http.Header)}}
	c.request, _ = http.NewRequestWithContext(context.Background(), http.MethodPost, path, nil)
	c.request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	c.request.RemoteAddr = "192.0.2.1:1234"
	if user != "" {
		c.request.SetBasicAuth(user, pass)
	}
	c.request.Body = io.NopCloser(c.body)
	c.set([]byte(v.Encode()))
	return c
}

func (c *call) set(body []byte) {
	c.body.Reset(body)
	c.request.ContentLength = int64(len(body))
}

func (c *call) do(body []byte) *sink {
	c.set(body)
	c.handler.ServeHTTP(c.sink, c.request)
	return c.sink
}

// floor is the handler that the budgets are measured against: ParseForm and fixed
// JSON.
func floor(sign bool) http.Handler {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := r.ParseForm(); err != nil {
			panic(err)
		}
		r.Form, r.PostForm = nil, nil
		if sign {
			digest := sha256.Sum256([]byte(`{"iss":"https://as.example","sub":"mia"}`))
			if _, err := ecdsa.SignASN1(rand.Reader, key, digest[:]); err != nil {
				panic(err)
			}
		}
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Cache-Control", "no-store")
		w.WriteHeader(http.StatusOK)
		_, _ = w.Write([]byte(`{"access_token":"2YotnFZFEjr1zCsicMWpAA","token_type":"Bearer","expires_in":3600,"scope":"read write"}`))
	})
}

// work are the rows of the budget.
func work(t testing.TB, format string) map[string]func() {
	k := quietKit(t, format)
	token, introspect := k.server.TokenHandler(), k.server.IntrospectHandler()
	cc := form("grant_type", "client_credentials", "scope", "read write")
	machine := newCall(token, "/token", cc, machineID, k.secrets[machineID])
	ccBody := []byte(cc.Encode())

	first := k.signIn(nativeID)
	refresh := newCall(token, "/token", nil, "", "")
	body := []byte(form("grant_type", "refresh_token", "client_id", nativeID).Encode() + "&refresh_token=" + first.text("refresh_token"))
	size := len(first.text("refresh_token"))

	api := newCall(introspect, "/introspect", nil, apiID, k.secrets[apiID])
	access := []byte(form("token", first.text("access_token")).Encode())
	need := func(s *sink) {
		if s.status != http.StatusOK {
			t.Fatalf("%d %s", s.status, s.body)
		}
	}
	return map[string]func(){
		"client_credentials": func() { need(machine.do(ccBody)) },
		"refresh": func() {
			s := refresh.do(body)
			need(s)
			i := bytes.Index(s.body, member) + len(member)
			copy(body[len(body)-size:], s.body[i:i+size])
		},
		"introspection": func() { need(api.do(access)) },
	}
}

var member = []byte(`"refresh_token":"`)

func quietKit(t testing.TB, format string) *kit {
	k := newKit(t, func(c *oauth.Config) {
		c.AccessToken.Format = format
		c.Observe, c.Now = nil, nil
	})
	return k
}

// limits are the allocations that a row may make; with ES256 the signature's own
// come on top.
var limits = map[string]float64{"client_credentials": 6, "refresh": 8, "introspection": 6}

func TestAllocations(t *testing.T) {
	for name, row := range work(t, oauth.FormatOpaque) {
		row()
		got := testing.AllocsPerRun(500, row)
		t.Logf("%s, opaque: %.0f allocations", name, got)
		require.LessOrEqual(t, got, limits[name], name)
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	digest := sha256.Sum256([]byte("digest"))
	signature := testing.AllocsPerRun(200, func() { _, _ = ecdsa.SignASN1(rand.Reader, key, digest[:]) })
	rows := work(t, oauth.FormatJWT)
	for _, name := range []string{"client_credentials", "refresh"} {
		rows[name]()
		got := testing.AllocsPerRun(200, rows[name])
		t.Logf("%s, ES256: %.0f allocations, %.0f of them the signature's", name, got, signature)
		require.LessOrEqual(t, got, limits[name]+signature, name)
	}
}

func BenchmarkHandler(b *testing.B) {
	for _, format := range formats {
		for name, row := range work(b, format) {
			b.Run(name+"/"+format, func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					row()
				}
			})
		}
	}
	for name, sign := range map[string]bool{"floor": false, "floor and signature": true} {
		v := form("grant_type", "client_credentials", "scope", "read write")
		c, body := newCall(floor(sign), "/token", v, machineID, "secret"), []byte(v.Encode())
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				c.do(body)
			}
		})
	}
}
