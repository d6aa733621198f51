package main

import (
	"crypto/tls"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mintyard/mintyard/oidc/oidctest"
)

// partyOrigin is where the relying parties of the scripts get their answers. Nobody is
// there: what was sent is read off the browser.
const (
	partyOrigin   = "https://app.example"
	partyRedirect = partyOrigin + "/callback"
	partyGoodbye  = partyOrigin + "/goodbye"
)

// runParty starts a server, and runs a script of a relying party against it.
func runParty(t *testing.T, node, script string) {
	t.Helper()
	cert, pool, args := certified(t)
	p := start(t, setup{config: partyConfig(t), args: args, client: &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}}}})
	b := httptest.NewServer(&browsers{p: p, open: make(map[string]*oidctest.Walker)})
	t.Cleanup(b.Close)
	runScript(t, node, script, cert, map[string]any{
		"origin": p.Issuer, "clientSecret": npmSecret, "redirect": partyRedirect, "goodbye": partyGoodbye, "browser": b.URL,
	})
}

// partyConfig has three clients: web and posting authenticate, each in its way, and spa
// does not.
func partyConfig(t *testing.T) string {
	t.Helper()
	type object = map[string]any
	client := func(id, method string, more ...string) object {
		o := object{
			"client_id": id, "token_endpoint_auth_method": method, "redirect_uris": []string{partyRedirect},
			"post_logout_redirect_uris": []string{partyGoodbye},
			"grant_types":               append([]string{"authorization_code", "refresh_token"}, more...),
		}
		if method == "none" {
			o["application_type"] = "browser"
		} else {
			o["client_secret"] = npmSecret
		}
		return o
	}
	web := client("web", "client_secret_basic", "implicit")
	web["response_types"] = []string{"code", "id_token", "code id_token"}
	web["resource_server_for"] = []string{"api://shop"}
	b, err := json.Marshal(object{
		"audience": "api://shop",
		"clients":  []object{web, client("posting", "client_secret_post"), client("spa", "none")},
		"users": []object{{
			"id": "mia", "username": "mia@example.test", "password": miaPassword,
			"claims": object{"name": "Mia", "email": "mia@example.test", "email_verified": true},
		}},
	})
	require.NoError(t, err)
	return string(b)
}

// browsers are browsers of Mia's, by name, for a script that has none.
type browsers struct {
	p    *process
	open map[string]*oidctest.Walker // a script has one request at a time
}

// ServeHTTP goes where a script wants a browser to go, and answers where it was sent.
func (b *browsers) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var visit struct{ URL, Browser string }
	err := json.NewDecoder(r.Body).Decode(&visit)
	var sent sentTo
	if err == nil {
		if b.open[visit.Browser] == nil {
			b.open[visit.Browser] = oidctest.NewWalker(b.p.Client.Transport, b.p.Issuer+"/")
		}
		sent, err = b.visit(b.open[visit.Browser], visit.URL)
	}
	if err == nil {
		err = json.NewEncoder(w).Encode(sent)
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
	}
}

// sentTo is what a client gets.
type sentTo struct {
	URL   string `json:"url"`
	Form  string `json:"form,omitempty"`
	Asked bool   `json:"asked"` // there were pages
}

func (b *browsers) visit(w *oidctest.Walker, address string) (sent sentTo, err error) {
	if err := w.Open(address); err != nil {
		return sent, err
	}
	if w.Has("username") {
		sent.Asked = true
		if err := w.Press("continue", "username", "mia@example.test"); err != nil {
			return sent, err
		}
		if err := w.Press("continue", "password", miaPassword); err != nil {
			return sent, err
		}
	}
	if w.Has("approve") { // signing out without a hint
		sent.Asked = true
		if err := w.Press("approve"); err != nil {
			return sent, err
		}
	}
	to := w.URL
	if strings.HasPrefix(to.String(), b.p.Issuer+"/") {
		var form url.Values
		if to, form, err = w.Form(); err != nil {
			return sent, err
		}
		sent.Form = form.Encode()
	}
	if sent.URL = to.String(); !strings.HasPrefix(sent.URL, partyOrigin+"/") {
		return sent, fmt.Errorf("status %d, and the browser is at %s: %s", w.Status, w.URL, w.Body)
	}
	return sent, nil
}
