package oidctest

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"github.com/mintyard/mintyard/authenticator"
)

// Tokens are what the token endpoint has answered.
type Tokens struct {
	AccessToken  string `json:"access_token"`
	TokenType    string `json:"token_type"`
	ExpiresIn    int    `json:"expires_in"`
	RefreshToken string `json:"refresh_token"`
	IDToken      string `json:"id_token"`
	Scope        string `json:"scope"`
}

// SignIn signs a person in to the app: a code flow with PKCE through the pages, with the
// password and, if policy asks for more, what the person has besides. The first scope is
// openid; offline_access brings a refresh token. What goes wrong fails the test.
func (s *Server) SignIn(t testing.TB, user string, scopes ...string) *Tokens {
	t.Helper()
	tokens, err := s.signIn(user, scopes)
	if err != nil {
		t.Fatalf("oidctest: signing in %q: %v", user, err)
	}
	return tokens
}

// Client is an HTTP client that sends an access token of a person with every request: see
// [Server.SignIn]. When the token has expired by the server's clock the person signs in
// again. It goes to any host, and to the server without a connection.
func (s *Server) Client(t testing.TB, user string, scopes ...string) *http.Client {
	t.Helper()
	var mu sync.Mutex
	tokens := s.SignIn(t, user, scopes...)
	until := s.Now().Add(time.Duration(tokens.ExpiresIn) * time.Second)
	next := func() (string, error) {
		mu.Lock()
		defer mu.Unlock()
		if s.Now().Before(until) {
			return tokens.AccessToken, nil
		}
		fresh, err := s.signIn(user, scopes)
		if err != nil {
			return "", err
		}
		tokens, until = fresh, s.Now().Add(time.Duration(fresh.ExpiresIn)*time.Second)
		return tokens.AccessToken, nil
	}
	return &http.Client{Transport: bearer{next: s.Transport(http.DefaultTransport), token: next}}
}

func (s *Server) signIn(user string, scopes []string) (*Tokens, error) {
	u := s.people.get(user)
	if u == nil {
		return nil, errors.New("there is no such user")
	}
	verifier := rand.Text() + rand.Text()
	sum := sha256.Sum256([]byte(verifier))
	query := url.Values{
		"client_id": {AppID}, "redirect_uri": {RedirectURI}, "response_type": {"code"}, "scope": {scope(scopes)}, "state": {rand.Text()},
		"code_challenge": {base64.RawURLEncoding.EncodeToString(sum[:])}, "code_challenge_method": {"S256"}, "prompt": {"login"},
	}
	w := s.Walker()
	if err := w.Open(s.endpoint("authorization_endpoint") + "?" + query.Encode()); err != nil {
		return nil, err
	}
	if err := s.prove(w, u); err != nil {
		return nil, err
	}
	answer := w.URL.Query()
	switch {
	case answer.Get("code") == "":
		return nil, fmt.Errorf("the server answers %s: %s", answer.Get("error"), answer.Get("error_description"))
	case answer.Get("state") != query.Get("state") || answer.Get("iss") != s.issuer:
		return nil, errors.New("the answer has another state or issuer")
	}
	return s.Exchange(url.Values{
		"grant_type": {"authorization_code"}, "client_id": {AppID}, "redirect_uri": {RedirectURI},
		"code": {answer.Get("code")}, "code_verifier": {verifier},
	})
}

// scope are the scopes of a request. openid goes first.
func scope(scopes []string) string {
	if slices.Contains(scopes, "openid") {
		return strings.Join(scopes, " ")
	}
	return strings.Join(append([]string{"openid"}, scopes...), " ")
}

// prove walks the pages until the browser is sent back to the app.
func (s *Server) prove(w *Walker, u *person) error {
	for range 12 {
		var err error
		switch {
		case !strings.HasPrefix(w.URL.String(), s.issuer+"/"):
			return nil
		case w.Has("username"):
			err = w.Press("continue", "username", u.Username)
		case w.Has("password"):
			err = w.Press("continue", "password", u.Password)
		case w.Has("factor"):
			err = w.Press("continue", "factor", choose(w.Choices("factor"), u))
		case w.Has("otp"):
			var code string
			if code, err = totp.GenerateCode(u.TOTP, s.Now()); err == nil {
				err = w.Press("continue", "otp", code)
			}
		case w.Has("code"):
			err = w.Press("continue", "code", s.lastCode(u.ID))
		case w.Has("approve"):
			err = w.Press("approve")
		default:
			return fmt.Errorf("the page at %s cannot be gone on from: %s", w.URL, w.Text())
		}
		if err != nil {
			return err
		}
		if w.Status >= 400 {
			return fmt.Errorf("status %d at %s: %s", w.Status, w.URL, w.Text())
		}
	}
	return errors.New("there is no end of pages")
}

// choose prefers an authenticator app to what must be delivered.
func choose(choices []string, u *person) string {
	for _, want := range []string{authenticator.TypeTOTP, authenticator.TypeSMS, authenticator.TypeEmail} {
		for _, c := range choices {
			if c == want && (want != authenticator.TypeTOTP || u.TOTP != "") {
				return c
			}
		}
	}
	if len(choices) > 0 {
		return choices[0]
	}
	return ""
}

func (s *Server) lastCode(user string) string {
	for _, d := range slices.Backward(s.Delivered(user, "")) {
		if d.Code != "" {
			return d.Code
		}
	}
	return ""
}

// Exchange posts a form to the token endpoint. An error that the server answers is a
// [*TokenError].
func (s *Server) Exchange(form url.Values) (*Tokens, error) {
	res, err := s.HTTPClient().PostForm(s.endpoint("token_endpoint"), form)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(io.LimitReader(res.Body, 1<<20))
	if err != nil {
		return nil, err
	}
	if res.StatusCode != http.StatusOK {
		e := &TokenError{Status: res.StatusCode}
		_ = json.Unmarshal(body, e) // what is not JSON has no code
		return nil, e
	}
	tokens := new(Tokens)
	return tokens, json.Unmarshal(body, tokens)
}

// TokenError is what the token endpoint answers instead of tokens.
type TokenError struct {
	Status      int    `json:"-"`
	Code        string `json:"error"`
	Description string `json:"error_description"`
}

// Error says the code.
func (e *TokenError) Error() string {
	return "oidctest: the server answers " + e.Code + ": " + e.Description
}

func (s *Server) endpoint(name string) string {
	address, _ := s.Provider.Metadata()[name].(string)
	return address
}

func (p *people) get(id string) *person {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.list[id]
}
