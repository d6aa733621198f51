package signin_test

import (
	"context"
	"crypto/rand"
	"fmt"
	"log"
	"net/http"

	"github.com/mintyard/mintyard/authenticator"
	"github.com/mintyard/mintyard/oauth"
	"github.com/mintyard/mintyard/oauth/token"
	"github.com/mintyard/mintyard/oidc"
	"github.com/mintyard/mintyard/oidc/signin"
	"github.com/mintyard/mintyard/store"
)

// users is a host's own table: in a service, a query each.
type users struct{ hash string }

func (u *users) Resolve(ctx context.Context, hint string) (string, error) { return "00u1", nil }
func (u *users) Subject(ctx context.Context, id string) (oauth.Subject, error) {
	return oauth.Subject{Active: true}, nil
}
func (u *users) PasswordHash(ctx context.Context, id string) (string, error) { return u.hash, nil }
func (u *users) SetPasswordHash(ctx context.Context, id, old, hash string) error {
	u.hash = hash
	return nil
}

// An OpenID Provider with pages, on the host's own router.
func Example() {
	people, memory := &users{}, store.NewMemory()
	var master store.MasterKey // from the environment, in a service
	rand.Read(master[:])
	password, err := authenticator.NewPassword(authenticator.PasswordConfig{Source: people, Store: memory, Namespace: "users"})
	check(err)
	pages, err := signin.New(signin.Config{Users: people, Password: password, Brand: signin.Brand{Name: "Shop"}})
	check(err)
	clients, err := oauth.NewClientList(&oauth.Client{
		ID: "shop-web", Name: "Shop", AuthMethod: oauth.AuthNone, RedirectURIs: []string{"https://shop.example/callback"},
		GrantTypes: []string{oauth.GrantAuthorizationCode, oauth.GrantRefreshToken},
	})
	check(err)
	vault := oauth.Vault{Store: memory, Sealer: store.NewSealer(master)}
	keys, err := vault.Keys(context.Background(), "shop", token.RS256)
	check(err)
	server, err := oauth.New(oauth.Config{
		ID: "shop", Issuer: "https://login.shop.example", Store: memory, Keys: keys, Clients: clients, Subjects: people,
		Scopes: oidc.Scopes(), Grants: []oauth.Grant{oauth.AuthorizationCode(), oauth.RefreshToken()},
	})
	check(err)
	provider, err := oidc.New(server, oidc.Config{Pages: pages, Available: pages.Available})
	check(err)
	mux := http.NewServeMux()
	provider.Mount(mux) // endpoints and pages
	// go provider.Server().Run(ctx)
	// log.Fatal(http.ListenAndServeTLS(":443", cert, key, mux))
	fmt.Println(provider.Metadata()["authorization_endpoint"])
	// Output: https://login.shop.example/authorize
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
