package directauth_test

import (
	"context"
	"crypto/rand"
	"log"
	"net/http"

	"github.com/mintyard/mintyard/authenticator"
	"github.com/mintyard/mintyard/directauth"
	"github.com/mintyard/mintyard/oauth"
	"github.com/mintyard/mintyard/oauth/token"
	"github.com/mintyard/mintyard/oidc"
	"github.com/mintyard/mintyard/policy"
	"github.com/mintyard/mintyard/store"
)

// users is a host's own table: in a service, a query each.
type users struct{ hash string }

func (u *users) Resolve(ctx context.Context, hint string) (string, error) {
	if hint == "mia@example.test" {
		return "00u1", nil
	}
	return "", nil // nobody, or more than one
}
func (u *users) Subject(ctx context.Context, id string) (oauth.Subject, error) {
	return oauth.Subject{Active: true, Groups: []string{"staff"}}, nil
}
func (u *users) PasswordHash(ctx context.Context, id string) (string, error) { return u.hash, nil }
func (u *users) SetPasswordHash(ctx context.Context, id, old, hash string) error {
	u.hash = hash
	return nil
}

// A whole host: one app that asks for two factors, people who have a password, an
// authenticator app and a telephone, and an OpenID Provider, on the host's own router.
func Example() {
	people, memory := &users{}, store.NewMemory()
	var master store.MasterKey // from the environment, in a service
	rand.Read(master[:])
	sealer, gateway := store.NewSealer(master), authenticator.ConsoleSender(nil) // prints; yours sends
	password, err := authenticator.NewPassword(authenticator.PasswordConfig{Source: people, Store: memory, Namespace: "users"})
	check(err)
	totp, err := authenticator.NewTOTP(authenticator.TOTPConfig{Store: memory, Namespace: "users", Sealer: sealer, Issuer: "Shop"})
	check(err)
	sms, err := authenticator.NewCodes(authenticator.CodesConfig{Channel: "sms", Store: memory, Namespace: "users", Sealer: sealer, Sender: gateway})
	check(err)
	direct, err := directauth.New(directauth.Config{Users: people, Password: password, OTP: totp, OutOfBand: []authenticator.OutOfBand{sms}})
	check(err)
	twoFactors, err := policy.New(policy.Rule{Name: "two factors", Then: policy.Outcome{Access: policy.Allow, Factors: 2}})
	check(err)
	clients, err := oauth.NewClientList(&oauth.Client{
		ID: "shop-app", AuthMethod: oauth.AuthNone, SignIn: twoFactors,
		GrantTypes: []string{directauth.GrantPassword, directauth.GrantMFAOTP, directauth.GrantMFAOOB, oauth.GrantRefreshToken},
	})
	check(err)
	vault := oauth.Vault{Store: memory, Sealer: sealer}
	keys, err := vault.Keys(context.Background(), "shop", token.RS256)
	check(err)
	server, err := oauth.New(oauth.Config{
		ID: "shop", Issuer: "https://login.shop.example", Store: memory, Keys: keys,
		Clients: clients, Subjects: people, Scopes: oidc.Scopes(),
		Grants: append(direct.Grants(), oauth.RefreshToken()), StepUp: direct,
		Paths: oauth.OktaPaths("https://login.shop.example"),
	})
	check(err)
	provider, err := oidc.New(server, oidc.Config{})
	check(err)
	mux := http.NewServeMux()
	provider.Mount(mux)
	// log.Fatal(http.ListenAndServeTLS(":443", cert, key, mux))
	// Output:
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
