package main

import (
	"bufio"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestDevGuard(t *testing.T) {
	guarded := devGuard(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(http.StatusNoContent) }))
	for _, c := range []struct {
		name         string
		method, from string
		host         string
		header       []string
		want         int
	}{
		{"this machine", "GET", "127.0.0.1:5", "127.0.0.1:8080", nil, 204},
		{"by name", "GET", "127.0.0.1:5", "localhost:8080", nil, 204},
		{"another loopback address", "GET", "127.8.8.8:5", "LOCALHOST", nil, 204},
		{"IPv6", "GET", "[::1]:5", "[::1]:8080", nil, 204},
		{"IPv6 without a port", "GET", "[::1]:5", "[::1]", nil, 204},
		{"IPv4 in IPv6", "GET", "[::ffff:127.0.0.1]:5", "127.0.0.1", nil, 204},
		{"another machine", "GET", "192.0.2.1:5", "127.0.0.1:8080", nil, 403},
		{"another machine that says it is this one", "GET", "192.0.2.1:5", "localhost", []string{"X-Forwarded-For", "127.0.0.1"}, 403},
		{"no address", "GET", "@", "127.0.0.1", nil, 403},
		{"a name that was rebound", "GET", "127.0.0.1:5", "evil.example:8080", nil, 403},
		{"a name that looks like ours", "GET", "127.0.0.1:5", "localhost.evil.example", nil, 403},
		{"an address that looks like ours", "GET", "127.0.0.1:5", "127.0.0.1.evil.example", nil, 403},
		{"no host", "GET", "127.0.0.1:5", "", nil, 403},
		{"through a proxy", "GET", "127.0.0.1:5", "127.0.0.1", []string{"X-Forwarded-For", "192.0.2.1"}, 403},
		{"through another", "GET", "127.0.0.1:5", "127.0.0.1", []string{"Forwarded", "for=192.0.2.1"}, 403},
		{"POST of JSON", "POST", "127.0.0.1:5", "127.0.0.1", []string{"Content-Type", "application/json"}, 204},
		{"POST of JSON in UTF-8", "POST", "127.0.0.1:5", "127.0.0.1", []string{"Content-Type", "application/json; charset=utf-8"}, 204},
		{"POST of nothing", "POST", "127.0.0.1:5", "127.0.0.1", nil, 415},
		{"POST of a form", "POST", "127.0.0.1:5", "127.0.0.1", []string{"Content-Type", "application/x-www-form-urlencoded"}, 415},
		{"POST of text", "POST", "127.0.0.1:5", "127.0.0.1", []string{"Content-Type", "text/plain"}, 415},
		{"PATCH of text", "PATCH", "127.0.0.1:5", "127.0.0.1", []string{"Content-Type", "text/plain;application/json"}, 415},
	} {
		r := httptest.NewRequest(c.method, "/dev/store", nil)
		r.RemoteAddr, r.Host = c.from, c.host
		for i := 0; i < len(c.header); i += 2 {
			r.Header.Add(c.header[i], c.header[i+1])
		}
		w := httptest.NewRecorder()
		guarded.ServeHTTP(w, r)
		require.Equal(t, c.want, w.Code, c.name)
	}
}

func TestDev(t *testing.T) {
	p := start(t, setup{config: standard, args: []string{"-dev"}})
	require.Equal(t, "[]\n", p.get("/dev/outbox?user=00u1&channel=sms").ok(t).raw)

	r := p.request(http.MethodGet, "/dev/store", "")
	r.Host = "evil.example"
	require.Equal(t, http.StatusForbidden, p.do(r).status)
	require.Equal(t, http.StatusUnsupportedMediaType, p.form("/dev/clock", "advance", "5m").status)
	require.Equal(t, http.StatusNotFound, p.dev(http.MethodPost, "push/1", `{"answer":"approve","number":"58"}`).status)
	require.Equal(t, http.StatusBadRequest, p.dev(http.MethodPost, "push/1", `{"answer":"perhaps"}`).status)
	require.Equal(t, http.StatusMethodNotAllowed, p.dev(http.MethodPost, "store", `{}`).status)
	require.Equal(t, http.StatusNotFound, p.get("/dev/nothing").status)

	for _, body := range []string{``, `{}`, `{"advance":5}`, `{"advance":"5"}`, `{"advance":"5m","x":1}`, `{"advance":"5m"} {}`, `{"advance":"900000h"}`, `{"Advance":"5m"}`} {
		require.Equal(t, http.StatusBadRequest, p.dev(http.MethodPost, "clock", body).status, body)
	}
	a := p.dev(http.MethodPost, "clock", `{"advance":"90m"}`).ok(t)
	require.Equal(t, "1h30m0s", a.text("offset"))
	a = p.dev(http.MethodPost, "clock", `{"advance":"-2h"}`).ok(t)
	require.Equal(t, "-30m0s", a.text("offset"))
	now, err := time.Parse(time.RFC3339, a.text("now"))
	require.NoError(t, err)
	require.WithinDuration(t, time.Now().Add(-30*time.Minute), now, 10*time.Second)
}

func TestDevUsers(t *testing.T) {
	p := start(t, setup{config: standard, args: []string{"-dev"}})
	for path, body := range map[string]string{
		"users/00u2":   `{"status":"locked"}`,
		"users/00u2?a": `{"status":null}`,
		"users/00u2?b": `{"password":""}`,
		"users/00u2?c": `{"username":"x"}`,
		"users/00u2?d": `{"groups":[""]}`,
	} {
		require.Equal(t, http.StatusBadRequest, p.dev(http.MethodPatch, path, body).status, body)
	}
	require.Equal(t, http.StatusNotFound, p.dev(http.MethodPatch, "users/nobody", `{"status":"suspended"}`).status)

	tok := p.tom(defaultToken).ok(t)
	a := p.dev(http.MethodPatch, "users/00u2", `{"status":"suspended","groups":["a","b"]}`).ok(t)
	require.JSONEq(t, `{"id":"00u2","username":"tom@example.test","status":"suspended","groups":["a","b"]}`, a.raw)
	p.tom(defaultToken).is(t, http.StatusBadRequest, "invalid_grant")
	p.refresh(defaultToken, "plain", tok.text("refresh_token")).is(t, http.StatusBadRequest, "invalid_grant")
	require.False(t, p.active(tok.text("access_token")))
	p.dev(http.MethodPatch, "users/00u2", `{"status":"active"}`).ok(t)
	p.refresh(defaultToken, "plain", tok.text("refresh_token")).is(t, http.StatusBadRequest, "invalid_grant")
	require.False(t, p.active(tok.text("access_token")), "what ended stays ended")

	tok = p.tom(defaultToken).ok(t)
	pending := p.begin(orgToken)
	p.dev(http.MethodPatch, "users/00u2", `{"password":"x"}`).ok(t)
	p.dev(http.MethodPatch, "users/00u1", `{"password":"another one"}`).ok(t)
	p.refresh(defaultToken, "plain", tok.text("refresh_token")).is(t, http.StatusBadRequest, "invalid_grant")
	p.tom(defaultToken).is(t, http.StatusBadRequest, "invalid_grant")
	p.password(defaultToken, "plain", "tom", "x").ok(t)
	p.mfa(orgToken, "app", pending, p.code()).is(t, http.StatusForbidden, "access_denied")
}

func TestDevEvents(t *testing.T) {
	p := start(t, setup{config: standard, args: []string{"-dev"}})
	p.tom(defaultToken).ok(t)
	p.password(orgToken, "plain", "tom", "wrong").is(t, http.StatusBadRequest, "invalid_grant")
	p.dev(http.MethodPatch, "users/00u2", `{"status":"suspended"}`).ok(t)
	var types []string
	for lines := bufio.NewScanner(strings.NewReader(p.get("/dev/events").ok(t).raw)); lines.Scan(); {
		var e map[string]any
		require.NoError(t, json.Unmarshal(lines.Bytes(), &e))
		require.NotEmpty(t, e["at"])
		types = append(types, e["type"].(string))
	}
	require.Equal(t, []string{"factor.proved", "token.issued", "factor.refused", "token.refused", "subject.ended", "grant.ended", "subject.ended", "user.changed"}, types)
}

func TestDevRotate(t *testing.T) {
	p := start(t, setup{config: standard, args: []string{"-dev"}})
	tok, opaque := p.tom(defaultToken).ok(t), p.tom(orgToken).ok(t)
	published := p.get("/oauth2/default/v1/keys").raw
	a := p.dev(http.MethodPost, "keys/rotate?server=default", "").ok(t)
	require.Len(t, a.body["rotated"], 2, "ES256 and RS256")
	for _, k := range a.body["rotated"].([]any) {
		require.Contains(t, published, k.(map[string]any)["kid"], "it was published before it signs")
	}
	require.True(t, p.active(tok.text("access_token")), "the former key still verifies")
	require.NotEqual(t, jwtHeader(tok.text("access_token")), jwtHeader(p.tom(defaultToken).ok(t).text("access_token")))

	a = p.dev(http.MethodPost, "keys/rotate?kind=handle", `{}`).ok(t)
	require.Len(t, a.body["rotated"], 2, "both servers")
	p.bearer("/resource", opaque.text("access_token")).ok(t)
	p.refresh(orgToken, "plain", opaque.text("refresh_token")).ok(t)
	p.refresh(defaultToken, "plain", tok.text("refresh_token")).ok(t)

	for _, path := range []string{"keys/rotate?server=x", "keys/rotate?kind=x"} {
		require.Equal(t, http.StatusBadRequest, p.dev(http.MethodPost, path, "").status, path)
	}
	require.Equal(t, http.StatusBadRequest, p.dev(http.MethodPost, "keys/rotate", `{"server":"org"}`).status)
}

func TestDevPolicy(t *testing.T) {
	p := start(t, setup{config: standard, args: []string{"-dev"}})
	for _, c := range []struct{ name, query, facts, want string }{
		{"nothing proved", "?policy=two-factor", `{"user":"00u1"}`,
			`{"access":"step_up","rule":"two factors","reasons":["unsatisfied","\"contractors need a passkey\": skipped: groups does not hold","\"two factors\": matched"],"next":[["password","totp"],["totp","password"]]}`},
		{"password proved", "?policy=two-factor", `{"user":"00u1","methods":[{"method":"password"}]}`,
			`{"access":"step_up","rule":"two factors","reasons":["unsatisfied","\"contractors need a passkey\": skipped: groups does not hold","\"two factors\": matched"],"next":[["totp"]]}`},
		{"of the client", "", `{"client":"app","user":"00u1","methods":[{"method":"password"},{"method":"totp"}]}`,
			`{"access":"allow","rule":"two factors","reasons":["satisfied","\"contractors need a passkey\": skipped: groups does not hold","\"two factors\": matched"],"next":[]}`},
		{"of a client without one", "", `{"client":"plain","user":"00u2","methods":[{"method":"password"}]}`,
			`{"access":"allow","rule":"one factor","reasons":["satisfied","\"one factor\": matched"],"next":[]}`},
		{"too old", "?policy=two-factor", `{"user":"00u1","methods":[{"method":"password","at":"2020-01-01T00:00:00Z"},{"method":"totp"}]}`,
			`{"access":"step_up","rule":"two factors","reasons":["unsatisfied","\"contractors need a passkey\": skipped: groups does not hold","\"two factors\": matched"],"next":[["password"]]}`},
		{"a passkey is out of reach", "?policy=two-factor", `{"user":"00u1","groups":["contractors"]}`,
			`{"access":"deny","rule":"contractors need a passkey","reasons":["unreachable","\"contractors need a passkey\": matched"],"next":[]}`},
		{"acr", "?policy=api", `{"user":"00u2","methods":[{"method":"password"}],"acr_values":["urn:okta:loa:1fa:pwd","phr","x"]}`,
			`{"access":"allow","rule":"anyone","reasons":["satisfied","\"anyone\": matched","urn:okta:loa:1fa:pwd: reached","phr: not reached","x: is not known"],"next":[]}`},
	} {
		a := p.dev(http.MethodPost, "policy"+c.query, c.facts).ok(t)
		var got, want struct {
			Access, Rule string
			Reasons      []string
			Next         [][]string
		}
		require.NoError(t, json.Unmarshal([]byte(a.raw), &got))
		require.NoError(t, json.Unmarshal([]byte(c.want), &want))
		require.Subset(t, got.Reasons, want.Reasons, "%s: %s", c.name, a.raw)
		require.Equal(t, want.Reasons[0], got.Reasons[0])
		got.Reasons, want.Reasons = nil, nil
		require.Equal(t, want, got, c.name)
	}
	for query, facts := range map[string]string{
		"": `{}`, "?policy=x": `{}`, "?a": `{"client":"x"}`, "?policy=api&a": `{"network":"x"}`, "?policy=api&b": `{"risk":"none"}`,
		"?policy=api&c": `{"methods":[{"method":"fax"}]}`, "?policy=api&d": `{"methods":[{"method":"totp","at":"now"}]}`, "?policy=api&e": `{"usr":"x"}`,
	} {
		require.Equal(t, http.StatusBadRequest, p.dev(http.MethodPost, "policy"+query, facts).status, facts)
	}
}

// jwtHeader is the part of a JWT that names its key.
func jwtHeader(jwt string) string {
	header, _, _ := strings.Cut(jwt, ".")
	return header
}
