package signin_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mintyard/mintyard/oauth"
	"github.com/mintyard/mintyard/oidc"
	"github.com/mintyard/mintyard/oidc/signin"
)

// bothWays walks the pages as a person does, and as a script that asks for JSON.
func bothWays(t *testing.T, test func(t *testing.T, h *house), edits ...edit) {
	t.Run("page", func(t *testing.T) { test(t, newHouse(t, edits...)) })
	t.Run("script", func(t *testing.T) {
		h := newHouse(t, edits...)
		h.script = true
		test(t, h)
	})
}

// jsonPage is what a script gets in the place of a page, or of being sent somewhere.
type jsonPage struct {
	Page string `json:"page"`
	Form struct {
		Action string            `json:"action"`
		Hidden map[string]string `json:"hidden"`
	} `json:"form"`
	Error, Field, Notice string
	Retry                int
	Data                 struct {
		Factors  []struct{ ID, Type string }
		Accounts []struct{ ID string }
		Scopes   []struct{ Name string }
		Key, QR  string
		Codes    []string
		Required bool
		Options  map[string]any
		Ref      string
	}
	Location string
	Params   map[string]string
}

func (p *jsonPage) fields() (hidden url.Values, _ map[string][2]string, inputs []string) {
	hidden = make(url.Values)
	for name, value := range p.Form.Hidden {
		hidden.Set(name, value)
	}
	for _, f := range p.Data.Factors {
		inputs = append(inputs, f.ID)
	}
	return hidden, nil, inputs
}

// pageElements are what tells the pages apart.
var pageElements = map[string][]string{
	"username": {"identify"}, "password": {"password"}, "otp": {"code", "enrol_totp"}, "code": {"code"}, "approve": {"consent"},
	"another": {"accounts"}, "new_password": {"new_password"}, "answer": {"question"}, "email": {"enrol_address"},
	"phone_number": {"enrol_address"}, "key": {"enrol_totp"}, "codes": {"recovery_codes"}, "skip": {"enrol_choose"},
	"factor": {"choose", "enrol_choose"}, "credential": {"enrol_passkey", "passkey"},
}

func (p *jsonPage) has(id string) bool {
	if id == "continue" {
		return p.Page != ""
	}
	return slices.Contains(pageElements[id], p.Page) && (id != "skip" || !p.Data.Required)
}

func (b *browser) scriptRequest(method string, u *url.URL, form url.Values) *http.Request {
	members := make(map[string]any)
	for name := range form {
		members[name] = form.Get(name)
	}
	body, err := json.Marshal(members)
	require.NoError(b.h.t, err)
	r := httptest.NewRequest(method, u.String(), bytes.NewReader(body))
	r.Header.Set("Accept", "application/json")
	if form != nil {
		r.Header.Set("Content-Type", "application/json; charset=utf-8")
		r.Header.Set("Sec-Fetch-Site", "same-origin")
	}
	return r
}

// read reads what a script gets, and says where it goes on.
func (b *browser) read(location string) string {
	b.h.t.Helper()
	b.page = new(jsonPage)
	if location != "" { // of the authorization endpoint, which scripts follow
		return location
	}
	require.Equal(b.h.t, "application/json", b.header.Get("Content-Type"), b.body)
	require.Equal(b.h.t, "no-store", b.header.Get("Cache-Control"))
	require.NoError(b.h.t, json.Unmarshal([]byte(b.body), b.page), b.body)
	require.NotEqual(b.h.t, b.page.Page == "", b.page.Location == "", b.body)
	return b.page.Location
}

// passwordPage is a page after a wrong password.
const passwordPage = `
{
  "page": "password",
  "form": {
    "action": "/signin",
    "hidden": {"step": "verify", "type": "password", "username": "mia@example.test", "request": "REQUEST"}
  },
  "client": {"name": "Shop", "host": "app.example"},
  "person": "mia@example.test",
  "error": "refused",
  "field": "password",
  "data": {"other": true, "recover": true}
}
`

// The shape of a page, whole.
func TestJSON(t *testing.T) {
	h := newHouse(t)
	h.script = true
	b := h.browser()
	b.open("state", "s<t").press("continue", "username", "mia@example.test").press("continue", "password", "wrong").requireError(422)
	request := b.page.Form.Hidden["request"]
	require.NotEmpty(t, request)
	require.JSONEq(t, strings.ReplaceAll(passwordPage, "REQUEST", request), b.body)
	require.Equal(t, "Accept", b.header.Get("Vary"))

	form, _, _ := b.fields()
	form.Set("password", password)
	u, err := b.url.Parse("/signin")
	require.NoError(t, err)
	send := func(edit func(r *http.Request)) *httptest.ResponseRecorder {
		r := b.scriptRequest(http.MethodPost, u, form)
		for _, c := range b.jar.Cookies(u) {
			r.AddCookie(c)
		}
		edit(r)
		w := httptest.NewRecorder()
		h.mux.ServeHTTP(w, r)
		return w
	}
	for name, edit := range map[string]func(r *http.Request){
		"another site":  func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "cross-site") },
		"no cookie":     func(r *http.Request) { r.Header.Del("Cookie") },
		"not an object": func(r *http.Request) { r.Body = body(`[]`) },
		"null":          func(r *http.Request) { r.Body = body(`null`) },
		"a number":      func(r *http.Request) { r.Body = body(`{"request":1}`) },
		"more":          func(r *http.Request) { r.Body = body(`{"request":"` + request + `"} {}`) },
		"cut off":       func(r *http.Request) { r.Body = body(`{"request":"`) },
		"too long":      func(r *http.Request) { r.Body = body(`{"request":"` + strings.Repeat("x", 70<<10) + `"}`) },
		"text":          func(r *http.Request) { r.Header.Set("Content-Type", "text/plain") },
	} {
		w := send(edit)
		require.GreaterOrEqual(t, w.Code, 400, name)
		p := new(jsonPage)
		require.NoError(t, json.Unmarshal(w.Body.Bytes(), p), "%s: %s", name, w.Body)
		require.Contains(t, []string{"error", "cookies"}, p.Page, name)
		require.NotEmpty(t, p.Data.Ref, name)
	}
	w := send(func(r *http.Request) { r.Header.Set("Accept", "text/html,application/json") })
	require.Equal(t, http.StatusSeeOther, w.Code, "a browser is no script, whatever it takes")
	w = send(func(r *http.Request) {})
	require.Equal(t, 200, w.Code)
	p := new(jsonPage)
	require.NoError(t, json.Unmarshal(w.Body.Bytes(), p))
	require.Contains(t, p.Location, "https://app.example/cb?code=")
	require.Contains(t, p.Location, "state=s%3Ct&")
	require.NotEmpty(t, w.Header()["Set-Cookie"], "the session is the browser's")
}

func body(s string) io.ReadCloser { return io.NopCloser(strings.NewReader(s)) }

// A host's own page takes the place of ours: it is where the browser is sent.
func TestAppPath(t *testing.T) {
	h := newHouse(t, func(_ *house, _ *oauth.Config, _ *oidc.Config, sc *signin.Config) { sc.AppPath = "/login" })
	h.mux.HandleFunc("/login", func(w http.ResponseWriter, r *http.Request) { _, _ = w.Write([]byte("the app")) })
	b := h.browser().open()
	require.Equal(t, "the app", b.body)
	h.script = true
	b.do(http.MethodGet, "/signin?"+b.url.RawQuery, nil).requirePage("username")
	b.press("continue", "username", "mia@example.test").press("continue", "password", password).requireCode()
	h.script = false
	b.open("response_mode", "form_post", "prompt", "select_account")
	require.Equal(t, "the app", b.body)
	h.script = true
	b.do(http.MethodGet, "/signin?"+b.url.RawQuery, nil).requirePage("another")
	form, _, _ := b.fields()
	form.Set("account", b.accounts()[0])
	h.script = false
	b.do(http.MethodPost, "/signin", form)
	require.Equal(t, "the app", b.body)
	h.script = true
	b.do(http.MethodGet, "/signin?"+b.url.RawQuery, nil)
	require.Equal(t, "https://app.example/cb", b.page.Location)
	require.NotEmpty(t, b.page.Params["code"])
	require.Equal(t, "s", b.page.Params["state"])
}
