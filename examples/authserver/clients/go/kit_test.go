// Package clients runs clients of others, unmodified and at exact versions, against the
// authserver: relying parties written in Go.
package clients

import (
	"crypto/tls"
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/mintyard/mintyard/examples/authserver/servertest"
	"github.com/mintyard/mintyard/oidc/oidctest"
)

func TestMain(m *testing.M) { os.Exit(servertest.Main(m, "../..")) }

type object = map[string]any

const (
	clientID = "app"
	secret   = "a secret of the app's: more than 32 bytes"
	password = "correct horse battery"
)

// house is an authserver with TLS, one client and one person.
type house struct {
	*servertest.Process
	ca string // the file of the certificate
}

// newHouse starts the authserver with a client that comes back to an address. What the
// client has besides, or has not (nil), is in more.
func newHouse(t *testing.T, redirect string, more object) *house {
	t.Helper()
	dir := t.TempDir()
	pool := servertest.Certificate(t, dir)
	cert, key := filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	client := object{
		"client_id": clientID, "client_secret": secret, "redirect_uris": []string{redirect},
		"grant_types": []string{"authorization_code", "refresh_token"},
	}
	maps.Copy(client, more)
	maps.DeleteFunc(client, func(_ string, v any) bool { return v == nil })
	config, err := json.Marshal(object{
		"scopes":  []object{{"name": "orders:read"}},
		"clients": []object{client},
		"users": []object{{
			"id": "mia", "username": "mia@example.test", "password": password,
			"claims": object{"name": "Mia", "preferred_username": "mia", "email": "mia@example.test", "email_verified": true},
		}},
	})
	require.NoError(t, err)
	trusting := &http.Client{Timeout: 30 * time.Second, Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}}}
	p := servertest.Start(t, servertest.Setup{Config: string(config), Args: []string{"-tls-cert", cert, "-tls-key", key}, Client: trusting})
	return &house{Process: p, ca: cert}
}

// walker is a browser without cookies, that goes wherever it is sent.
func (h *house) walker() *oidctest.Walker { return oidctest.NewWalker(h.Client.Transport, "") }

// signIn goes to an address that leads to the pages, and signs Mia in.
func signIn(t *testing.T, w *oidctest.Walker, address string) {
	t.Helper()
	require.NoError(t, w.Open(address))
	require.NoError(t, w.Press("continue", "username", "mia@example.test"))
	require.NoError(t, w.Press("continue", "password", password))
}

// app is a relying party that is listened for: its handlers come once the server is there.
func app(t *testing.T) (mux *http.ServeMux, origin string) {
	t.Helper()
	mux = http.NewServeMux()
	s := httptest.NewServer(mux)
	t.Cleanup(s.Close)
	return mux, s.URL
}

// answer writes what a relying party has found out, for the test to read in the browser.
func answer(t *testing.T, w http.ResponseWriter, v any) {
	b, err := json.Marshal(v)
	if err != nil {
		t.Error(err)
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(b)
}

// read reads it.
func read(t *testing.T, w *oidctest.Walker, v any) {
	t.Helper()
	require.Equal(t, http.StatusOK, w.Status, w.Body)
	require.NoError(t, json.Unmarshal([]byte(w.Body), v), w.Body)
}
