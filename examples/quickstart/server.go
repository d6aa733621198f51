package main

import (
	"context"
	"crypto/rand"
	"time"

	"github.com/mintyard/mintyard/authenticator"
	"github.com/mintyard/mintyard/directauth"
	"github.com/mintyard/mintyard/oauth"
	"github.com/mintyard/mintyard/oauth/token"
	"github.com/mintyard/mintyard/oidc"
	"github.com/mintyard/mintyard/policy"
	"github.com/mintyard/mintyard/store"
)

// The one person of this server, and her password.
const (
	personID = "00u1"
	username = "mia@example.test"
	secret   = "correct horse battery staple"
)

// server is the host's side: the provider, and what stands for an account page.
type server struct {
	provider *oidc.Provider
	totp     *authenticator.TOTP
}

// people is the host's table of users. A host reads its data base instead.
type people struct{ hash string }

func (p *people) Resolve(_ context.Context, hint string) (string, error) {
	if hint == username {
		return personID, nil
	}
	return "", nil
}

func (p *people) Subject(_ context.Context, id string) (oauth.Subject, error) {
	if id != personID {
		return oauth.Subject{}, oauth.ErrNoSubject
	}
	return oauth.Subject{Active: true, Groups: []string{"staff"}}, nil
}

func (p *people) PasswordHash(_ context.Context, id string) (string, error) {
	if id != personID {
		return "", nil
	}
	return p.hash, nil
}

func (p *people) SetPasswordHash(_ context.Context, id, old, new string) error {
	if id == personID && p.hash == old {
		p.hash = new
	}
	return nil
}

func (p *people) claims(context.Context, oidc.ClaimsRequest) (oidc.Claims, error) {
	return oidc.Claims{"name": "Mia", "preferred_username": username, "email": username, "email_verified": true}, nil
}

func newServer(ctx context.Context, issuer string, now func() time.Time) (*server, error) {
	var master store.MasterKey
	rand.Read(master[:])
	memory, sealer := store.NewMemory(), store.NewSealer(master)
	users := new(people)

	password, err := authenticator.NewPassword(authenticator.PasswordConfig{Source: users, Store: memory, Namespace: "people", Now: now})
	if err != nil {
		return nil, err
	}
	if users.hash, err = password.Hash(ctx, secret); err != nil {
		return nil, err
	}
	totp, err := authenticator.NewTOTP(authenticator.TOTPConfig{Store: memory, Namespace: "people", Sealer: sealer, Issuer: "Quickstart", Now: now})
	if err != nil {
		return nil, err
	}
	direct, err := directauth.New(directauth.Config{Users: users, Password: password, OTP: totp})
	if err != nil {
		return nil, err
	}

	twoFactors, err := policy.New(policy.Rule{Name: "two factors", Then: policy.Outcome{Access: policy.Allow, Factors: 2}})
	if err != nil {
		return nil, err
	}
	directGrants := []string{directauth.GrantPassword, directauth.GrantOTP, directauth.GrantMFAOTP, oauth.GrantRefreshToken}
	clients, err := oauth.NewClientList(
		&oauth.Client{ID: "terminal", Name: "An app that asks for one factor", AuthMethod: oauth.AuthNone, GrantTypes: directGrants},
		&oauth.Client{ID: "bank", Name: "An app that asks for two", AuthMethod: oauth.AuthNone, GrantTypes: directGrants, SignIn: twoFactors},
		&oauth.Client{ID: "orders", Name: "A resource server", Secrets: []oauth.Secret{{Hash: resourceHash}},
			GrantTypes: []string{oauth.GrantClientCredentials}, ResourceServerFor: []string{"https://orders.example"}},
	)
	if err != nil {
		return nil, err
	}
	keys, err := oauth.GenerateKeys("quickstart", token.ES256, token.RS256)
	if err != nil {
		return nil, err
	}
	base, err := oauth.New(oauth.Config{
		ID: "quickstart", Issuer: issuer, Audience: "https://orders.example",
		Store: memory, Keys: keys, Clients: clients, Subjects: users,
		Grants: append(direct.Grants(), oauth.RefreshToken(), oauth.ClientCredentials()), StepUp: direct,
		Scopes: append(oidc.Scopes(), oauth.Scope{Name: "orders:read", Default: true}),
		Paths:  oauth.OktaPaths(issuer), Now: now,
	})
	if err != nil {
		return nil, err
	}
	provider, err := oidc.New(base, oidc.Config{Claims: users.claims})
	if err != nil {
		return nil, err
	}
	return &server{provider, totp}, nil
}

// The resource server's secret, and the hash that is all the server knows of it.
var resourceSecret, resourceHash = oauth.NewSecret()
