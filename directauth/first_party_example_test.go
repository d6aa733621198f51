package directauth_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"

	"github.com/mintyard/mintyard/authenticator"
	"github.com/mintyard/mintyard/directauth"
	"github.com/mintyard/mintyard/oauth"
	"github.com/mintyard/mintyard/oauth/token"
	"github.com/mintyard/mintyard/store"
)

// An app of the operator's own signs a person in at the authorization challenge
// endpoint, and redeems the code that it gets.
func Example_authorizationCode() {
	people, memory := &users{}, store.NewMemory()
	passwords, err := authenticator.NewPassword(authenticator.PasswordConfig{Source: people, Store: memory, Namespace: "users"})
	check(err)
	people.hash, err = passwords.Hash(context.Background(), "correct horse battery staple")
	check(err)
	direct, err := directauth.New(directauth.Config{Users: people, Password: passwords})
	check(err)
	keys, err := oauth.GenerateKeys("main", token.ES256)
	check(err)
	clients, err := oauth.NewClientList(&oauth.Client{
		ID: "app", AuthMethod: oauth.AuthNone, GrantTypes: []string{directauth.GrantPassword, oauth.GrantAuthorizationCode},
	})
	check(err)
	server, err := oauth.New(oauth.Config{
		ID: "main", Issuer: "https://login.example", Store: memory, Keys: keys,
		Clients: clients, Subjects: people, Scopes: []oauth.Scope{{Name: "orders"}},
		Grants: append(direct.Grants(), oauth.AuthorizationCode()), StepUp: direct,
	})
	check(err)
	mux := http.NewServeMux()
	server.Mount(mux)

	post := func(path string, form url.Values) (answer map[string]any) {
		r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(form.Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, r)
		check(json.Unmarshal(w.Body.Bytes(), &answer))
		return answer
	}
	const verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk" // random, and new each time
	const challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
	first := post("/authorize-challenge", url.Values{"client_id": {"app"}, "scope": {"orders"}, "username": {"mia@example.test"},
		"code_challenge": {challenge}, "code_challenge_method": {"S256"}})
	fmt.Println(first["error"], first["factors"])
	second := post("/authorize-challenge", url.Values{"auth_session": {first["auth_session"].(string)}, "password": {"correct horse battery staple"}})
	tokens := post("/token", url.Values{"client_id": {"app"}, "grant_type": {"authorization_code"},
		"code": {second["authorization_code"].(string)}, "code_verifier": {verifier}})
	fmt.Println(tokens["token_type"], tokens["scope"])
	// Output:
	// insufficient_authorization [password]
	// Bearer orders
}
