package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"sort"
	"strings"
	"time"
)

// app is the client's side. It knows the issuer and speaks HTTP; nothing here
// uses the server's code.
type app struct {
	issuer string
	now    func() time.Time
	step   int
	meta   map[string]any // discovery document
}

// answer is the status and the JSON of an answer.
type answer struct {
	status int
	body   map[string]any
}

func (a answer) text(name string) string {
	s, _ := a.body[name].(string)
	return s
}

// title begins a step of the story.
func (c *app) title(format string, args ...any) {
	c.step++
	fmt.Printf("\n%d. %s\n", c.step, fmt.Sprintf(format, args...))
}

// endpoint finds an endpoint in the discovery document.
func (c *app) endpoint(name string) string {
	s, _ := c.meta[name].(string)
	return s
}

// post sends a form, prints both sides and checks the status.
func (c *app) post(want int, target string, form url.Values, edit func(*http.Request)) (answer, error) {
	req, err := http.NewRequest(http.MethodPost, target, strings.NewReader(form.Encode()))
	if err != nil {
		return answer{}, err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if edit != nil {
		edit(req)
	}
	return c.send(want, req, form)
}

// get reads a document or asks a protected resource.
func (c *app) get(want int, target, accessToken string) (answer, error) {
	req, err := http.NewRequest(http.MethodGet, target, nil)
	if err != nil {
		return answer{}, err
	}
	if accessToken != "" {
		req.Header.Set("Authorization", "Bearer "+accessToken)
	}
	return c.send(want, req, nil)
}

func (c *app) send(want int, req *http.Request, form url.Values) (answer, error) {
	fmt.Printf("   > %s %s\n", req.Method, req.URL.Path)
	for _, name := range []string{"Authorization"} {
		if v := req.Header.Get(name); v != "" {
			fmt.Printf("   >   %s: %s\n", name, short(v))
		}
	}
	names := make([]string, 0, len(form))
	for name := range form {
		names = append(names, name)
	}
	sort.Strings(names)
	for _, name := range names {
		fmt.Printf("   >   %s=%s\n", name, short(form.Get(name)))
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return answer{}, err
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	if err != nil {
		return answer{}, err
	}
	got := answer{status: resp.StatusCode}
	if len(raw) > 0 {
		if err := json.Unmarshal(raw, &got.body); err != nil {
			return got, fmt.Errorf("%s answered with what is not JSON: %q", req.URL.Path, raw)
		}
	}
	fmt.Printf("   < %s\n", resp.Status)
	names = names[:0]
	for name := range got.body {
		names = append(names, name)
	}
	sort.Strings(names)
	for _, name := range names {
		v, _ := json.Marshal(got.body[name])
		fmt.Printf("   <   %s: %s\n", name, short(string(v)))
	}
	if got.status != want {
		return got, fmt.Errorf("%s answered %d, and should have answered %d", req.URL.Path, got.status, want)
	}
	return got, nil
}

// short cuts what is too long to read; tokens are.
func short(s string) string {
	const most = 76
	if len(s) <= most {
		return s
	}
	return s[:most-3] + "..."
}
