package oidc_test

import (
	"context"
	"fmt"

	"github.com/mintyard/mintyard/oauth"
	"github.com/mintyard/mintyard/oauth/token"
	"github.com/mintyard/mintyard/oidc"
	"github.com/mintyard/mintyard/store"
)

// A provider wraps a server; the claims come from the host.
func Example() {
	keys, err := oauth.GenerateKeys("login", token.RS256)
	if err != nil {
		panic(err)
	}
	server, err := oauth.New(oauth.Config{
		ID: "login", Issuer: "https://login.example", Store: store.NewMemory(), Keys: keys, Clients: oauth.ClientList{},
		Subjects: oauth.SubjectFunc(func(context.Context, string) (oauth.Subject, error) { return oauth.Subject{Active: true}, nil }),
		Grants:   []oauth.Grant{oauth.RefreshToken()},
		Scopes:   oidc.Scopes(),
	})
	if err != nil {
		panic(err)
	}
	provider, err := oidc.New(server, oidc.Config{
		Claims: func(ctx context.Context, r oidc.ClaimsRequest) (oidc.Claims, error) {
			return oidc.Claims{"name": "Mia", "email": "mia@example.test"}, nil // of r.Subject; others than r.Names are dropped
		},
	})
	if err != nil {
		panic(err)
	}
	fmt.Println(provider.Metadata()["userinfo_endpoint"])
	// Output: https://login.example/userinfo
}
