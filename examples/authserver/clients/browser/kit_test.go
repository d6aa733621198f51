// Package browser signs people in with Chromium: the pages as a browser shows them, and
// clients that run in one.
package browser

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"github.com/mintyard/mintyard/examples/authserver/servertest"
)

func TestMain(m *testing.M) {
	code := servertest.Main(m, "../..")
	if stopChromium != nil {
		stopChromium()
	}
	os.Exit(code)
}

var stopChromium context.CancelFunc

// chromium is the one browser of all tests; each has a profile of its own in it.
var chromium = sync.OnceValues(func() (context.Context, error) {
	command, err := exec.LookPath("chromium")
	if err != nil {
		return nil, fmt.Errorf("%w; install Chromium (Debian: apt-get install chromium) and run the test again", err)
	}
	allocator, stop := chromedp.NewExecAllocator(context.Background(), append(slices.Clone(chromedp.DefaultExecAllocatorOptions[:]),
		chromedp.ExecPath(command), chromedp.Flag("headless", "new"), chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.Flag("disable-dev-shm-usage", true), chromedp.Flag("disable-background-networking", true),
		chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-features", "OptimizationHints,MediaRouter"),
		chromedp.WSURLReadTimeout(time.Minute))...)
	browser, cancel := chromedp.NewContext(allocator)
	stopChromium = func() {
		cancel()
		stop()
	}
	return browser, chromedp.Do(browser)
})

type object = map[string]any

const (
	password = "correct horse battery"
	totpKey  = "JBSWY3DPEHPK3PXP"
)

// house is an authserver on localhost, which passkeys can belong to, and an app on
// another port.
type house struct {
	*servertest.Process
	app string // origin
	mux *http.ServeMux
}

// newHouse starts them. People are Mia, who has every factor, and Tom, who has a password.
func newHouse(t *testing.T, more object, factors ...object) *house {
	t.Helper()
	h := &house{mux: http.NewServeMux()}
	h.mux.HandleFunc("/callback", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprint(w, `<!doctype html><title>App</title><link rel="icon" href="data:,"><p id="app">the app</p>`)
	})
	listening := httptest.NewServer(h.mux)
	t.Cleanup(listening.Close)
	h.app = strings.Replace(listening.URL, "127.0.0.1", "localhost", 1)
	client := func(id string, more object) object {
		o := object{"client_id": id, "client_name": "The Shop", "application_type": "browser", "redirect_uris": []string{h.app + "/callback"},
			"grant_types": []string{"authorization_code", "refresh_token"}}
		for name, v := range more {
			o[name] = v
		}
		return o
	}
	claims := func(id string) object {
		return object{"name": strings.ToUpper(id[:1]) + id[1:], "email": id + "@example.test", "email_verified": true}
	}
	config := object{
		"issuer": "http://localhost:8080",
		"scopes": []object{{"name": "orders:read", "description": "Read your orders", "consent": "required"}},
		"clients": []object{
			client("app", nil), client("spa", object{
				"redirect_uris": []string{h.app + "/spa/", h.app + "/spa/silent"}, "post_logout_redirect_uris": []string{h.app + "/spa/back"},
			}),
			client("two", object{"sign_in_policy": "two"}), client("third", object{"third_party": true, "client_name": "Somebody Else's", "application_type": "web", "client_secret": "a secret of somebody else's, with 32 bytes"}),
		},
		"users": []object{
			{"id": "mia", "username": "mia@example.test", "password": password, "claims": claims("mia"), "factors": append([]object{}, factors...)},
			{"id": "tom", "username": "tom@example.test", "password": password, "claims": claims("tom")},
		},
		"policies": object{"two": object{"rules": []object{{"name": "two", "then": object{"access": "allow", "factors": 2}}}}},
	}
	for name, v := range more {
		config[name] = v
	}
	b, err := json.Marshal(config)
	require.NoError(t, err)
	h.Process = servertest.Start(t, servertest.Setup{Config: string(b), Args: []string{"-dev"}})
	return h
}

// page is a browser that knows the server and the app.
func (h *house) page(t *testing.T) *page {
	t.Helper()
	return newPage(t, h.Issuer, h.app)
}

// authorize is an authorization request of a client, with parameters in turn.
func (h *house) authorize(client string, more ...string) string {
	q := url.Values{
		"client_id": {client}, "redirect_uri": {h.app + "/callback"}, "response_type": {"code"}, "scope": {"openid"}, "state": {"the state"},
		"code_challenge": {"E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"}, "code_challenge_method": {"S256"}, // RFC 7636 appendix B
	}
	for i := 0; i+1 < len(more); i += 2 {
		q.Set(more[i], more[i+1])
	}
	return h.Issuer + "/oauth2/v1/authorize?" + q.Encode()
}
