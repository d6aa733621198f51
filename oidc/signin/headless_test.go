package signin

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// FuzzScriptForm: what a script posts is read or refused, and is never more than texts.
func FuzzScriptForm(f *testing.F) {
	for _, s := range []string{`{"step":"identify","username":"mia"}`, `{"credential":{"id":"x"}}`, `{"a":1}`, `{"a":null}`, `[]`, `null`, `{"a":"\ud800"}`, `{} {}`, ``} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, body string) {
		r := httptest.NewRequest(http.MethodPost, "/signin", strings.NewReader(body))
		r.Header.Set("Content-Type", "application/json")
		x := &flow{w: httptest.NewRecorder(), r: r}
		if err := x.parse(); err != nil {
			require.ErrorContains(t, err, errForm.Error()[:len(errForm.Error())-1])
			return
		}
		require.LessOrEqual(t, len(x.form), maxMembers)
		for name, values := range x.form {
			require.Len(t, values, 1, name)
		}
	})
}

// A script is one that asks for JSON, and not for pages.
func TestAnswering(t *testing.T) {
	for accept, script := range map[string]bool{
		"": false, "*/*": false, "text/html": false, "application/json": true, "Application/JSON;q=0.5": true, "application/json, text/plain, */*": true,
		"text/html,application/xhtml+xml,application/json;q=0.9": false, "application/json, text/html;q=0.1": false, "application/jsonp": false,
		"application/problem+json": false,
	} {
		r := httptest.NewRequest(http.MethodGet, "/signin", nil)
		r.Header.Set("Accept", accept)
		_, got := answering(httptest.NewRecorder(), r).(*headless)
		require.Equal(t, script, got, accept)
	}
}

// Each page, as a template has it, is JSON that a script can read.
func TestEveryPageAsJSON(t *testing.T) {
	for _, p := range gallery() {
		w := httptest.NewRecorder()
		require.NoError(t, newStrict(t, Brand{}).show(&headless{w}, httptest.NewRequest(http.MethodGet, "/", nil), p.status, &p.view, p.show))
		b, err := io.ReadAll(w.Body)
		require.NoError(t, err)
		require.Equal(t, p.status, w.Code)
		require.Contains(t, string(b), `{"page":"`+p.view.Page+`","form":{"action":"/signin","hidden":{`)
		require.NotRegexp(t, `"[A-Z]\w*":`, string(b), "%s: every member has a name of its own", p.name)
	}
}
