package signin_test

import (
	"html"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"

	"github.com/stretchr/testify/require"

	"github.com/mintyard/mintyard/oauth/token"
)

// browser walks the pages as a person does who has no script.
type browser struct {
	h      *house
	jar    http.CookieJar
	status int
	header http.Header
	url    *url.URL
	body   string
	page   *jsonPage // where the browser is a script
}

func (h *house) browser() *browser {
	jar, _ := cookiejar.New(nil)
	return &browser{h: h, jar: jar}
}

func (b *browser) do(method, target string, form url.Values) *browser {
	b.h.t.Helper()
	for range 10 {
		u, err := url.Parse(target)
		require.NoError(b.h.t, err)
		if b.url != nil {
			u = b.url.ResolveReference(u)
		}
		r := b.request(method, u, form)
		for _, c := range b.jar.Cookies(u) {
			r.AddCookie(c)
		}
		w := httptest.NewRecorder()
		b.h.mux.ServeHTTP(w, r)
		b.jar.SetCookies(u, w.Result().Cookies())
		b.status, b.header, b.body, b.url = w.Code, w.Header(), w.Body.String(), u
		to := w.Header().Get("Location")
		if b.h.script {
			to = b.read(to)
		}
		if to == "" {
			return b
		}
		if next, err := u.Parse(to); err == nil && next.Host != u.Host {
			b.url = next // at the app
			return b
		}
		method, target, form = http.MethodGet, to, nil
	}
	b.h.t.Fatal("the browser is sent around in circles")
	return nil
}

// request is what the browser sends.
func (b *browser) request(method string, u *url.URL, form url.Values) *http.Request {
	if b.h.script {
		return b.scriptRequest(method, u, form)
	}
	var body io.Reader
	if form != nil {
		body = strings.NewReader(form.Encode())
	}
	r := httptest.NewRequest(method, u.String(), body)
	r.Header.Set("Accept", "text/html")
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Sec-Fetch-Site", "same-origin")
	}
	return r
}

// open begins at the app.
func (b *browser) open(pairs ...string) *browser {
	v := url.Values{"client_id": {"app"}, "redirect_uri": {back}, "response_type": {"code"}, "scope": {"openid profile"}, "state": {"s"},
		"code_challenge": {challenge}, "code_challenge_method": {"S256"}}
	for i := 0; i < len(pairs); i += 2 {
		v.Set(pairs[i], pairs[i+1])
	}
	b.url = nil
	return b.do(http.MethodGet, issuer+"/authorize?"+v.Encode(), nil)
}

var (
	inputTag  = regexp.MustCompile(`<(?:input|button)\b[^>]*>`)
	attribute = regexp.MustCompile(`([a-z-]+)(?:="([^"]*)")?`)
	formTag   = regexp.MustCompile(`<form\b[^>]*action="([^"]*)"`)
)

// fields are the inputs and buttons of the page, by id or else by name.
func (b *browser) fields() (hidden url.Values, buttons map[string][2]string, inputs []string) {
	if b.h.script {
		return b.page.fields()
	}
	hidden, buttons = make(url.Values), make(map[string][2]string)
	for _, tag := range inputTag.FindAllString(b.body, -1) {
		at := make(map[string]string)
		for _, m := range attribute.FindAllStringSubmatch(tag[1:len(tag)-1], -1) {
			at[m[1]] = html.UnescapeString(m[2])
		}
		switch {
		case strings.HasPrefix(tag, "<button"):
			buttons[at["id"]] = [2]string{at["name"], at["value"]}
		case at["type"] == "hidden":
			hidden.Add(at["name"], at["value"])
		case at["type"] == "radio":
			inputs = append(inputs, at["value"])
		default:
			inputs = append(inputs, at["name"])
		}
	}
	return hidden, buttons, inputs
}

// press presses a button, with what was entered besides.
func (b *browser) press(button string, pairs ...string) *browser {
	b.h.t.Helper()
	form, buttons, _ := b.fields()
	at, ok := buttons[button]
	if b.h.script {
		at, ok = [2]string{"action", button}, true
		if button == "another" {
			at = [2]string{"account", ""}
		}
	}
	require.True(b.h.t, ok, "no button %q on this page: %s", button, b.body)
	form.Set(at[0], at[1])
	for i := 0; i < len(pairs); i += 2 {
		form.Set(pairs[i], pairs[i+1])
	}
	if b.h.script {
		return b.do(http.MethodPost, b.page.Form.Action, form)
	}
	return b.do(http.MethodPost, html.UnescapeString(formTag.FindStringSubmatch(b.body)[1]), form)
}

// requirePage asserts that the page has an input or a button of that id.
func (b *browser) requirePage(id string) *browser {
	b.h.t.Helper()
	if b.h.script {
		require.True(b.h.t, b.page.has(id), "no %q: status %d at %s: %s", id, b.status, b.url, b.body)
		return b
	}
	require.Contains(b.h.t, b.body, `id="`+id+`"`, "status %d at %s: %s", b.status, b.url, b.body)
	return b
}

// requireError asserts that the page says what was wrong.
func (b *browser) requireError(status int) *browser {
	b.h.t.Helper()
	require.Equal(b.h.t, status, b.status, b.body)
	if b.h.script {
		require.NotEmpty(b.h.t, b.page.Error, b.body)
		return b
	}
	require.Contains(b.h.t, b.body, `role="alert"`)
	return b
}

// requireCode asserts that the browser is back at the app with a code.
func (b *browser) requireCode() string {
	b.h.t.Helper()
	require.Equal(b.h.t, "app.example", b.url.Host, "status %d at %s: %s", b.status, b.url, b.body)
	code := b.url.Query().Get("code")
	require.NotEmpty(b.h.t, code, b.url.String())
	return code
}

func (b *browser) requireRefusal(code string) {
	b.h.t.Helper()
	require.Equal(b.h.t, "app.example", b.url.Host, "status %d at %s: %s", b.status, b.url, b.body)
	require.Equal(b.h.t, code, b.url.Query().Get("error"), b.url.String())
}

func (b *browser) claims(client string) *token.Claims {
	b.h.t.Helper()
	form := url.Values{"client_id": {client}, "grant_type": {"authorization_code"}, "code": {b.requireCode()}, "redirect_uri": {back}, "code_verifier": {verifier}}
	r := httptest.NewRequest(http.MethodPost, issuer+"/token", strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	w := httptest.NewRecorder()
	b.h.mux.ServeHTTP(w, r)
	require.Equal(b.h.t, 200, w.Code, w.Body.String())
	m := regexp.MustCompile(`"id_token":"([^"]+)"`).FindStringSubmatch(w.Body.String())
	require.NotNil(b.h.t, m, w.Body.String())
	c := new(token.Claims)
	require.NoError(b.h.t, b.h.provider.Server().Config().Keys.Signing.KeySet().VerifyInto(c, token.TypeIDToken, m[1]))
	return c
}

var accountTag = regexp.MustCompile(`name="account" value="([^"]*)"`)

// accounts are the ids of those who can be chosen, the one in use first.
func (b *browser) accounts() (ids []string) {
	if b.h.script {
		for _, a := range b.page.Data.Accounts {
			ids = append(ids, a.ID)
		}
		return ids
	}
	for _, tag := range inputTag.FindAllString(b.body, -1) {
		if m := accountTag.FindStringSubmatch(tag); m != nil && m[1] != "" {
			ids = append(ids, m[1])
		}
	}
	return ids
}
