package oidc_test

import (
	"context"
	"fmt"

	"github.com/mintyard/mintyard/oauth"
	"github.com/mintyard/mintyard/oauth/token"
	"github.com/mintyard/mintyard/oidc"
	"github.com/mintyard/mintyard/policy"
	"github.com/mintyard/mintyard/store"
)

// One function says the claims of every artefact, and a dry run shows what comes of it.
func ExampleProvider_DryRun() {
	claims := func(ctx context.Context, r oidc.ClaimsRequest) (oidc.Claims, error) {
		if r.Subject == "" { // a client asks for itself
			return oidc.Claims{"tenant": "of " + r.Client.ID}, nil
		}
		return oidc.Claims{"tenant": "north", "name": "Mia", "sub": "root"}, nil // of r.Subject
	}

	keys, err := oauth.GenerateKeys("login", token.ES256)
	if err != nil {
		panic(err)
	}
	secret, hash := oauth.NewSecret()
	_ = secret // is the client's
	clients, err := oauth.NewClientList(
		&oauth.Client{ID: "shop", AuthMethod: oauth.AuthNone, GrantTypes: []string{oauth.GrantAuthorizationCode},
			RedirectURIs: []string{"https://shop.example/cb"}, OpenID: oauth.OpenID{SubjectType: oidc.SubjectPairwise}},
		&oauth.Client{ID: "robot", Secrets: []oauth.Secret{{Hash: hash}}, GrantTypes: []string{oauth.GrantClientCredentials}},
	)
	if err != nil {
		panic(err)
	}
	server, err := oauth.New(oauth.Config{
		ID: "login", Issuer: "https://login.example", Store: store.NewMemory(), Keys: keys, Clients: clients,
		Subjects: oauth.SubjectFunc(func(context.Context, string) (oauth.Subject, error) { return oauth.Subject{Active: true}, nil }),
		Grants:   []oauth.Grant{oauth.AuthorizationCode(), oauth.ClientCredentials()},
		Scopes:   append(oidc.Scopes(), oauth.Scope{Name: "orders"}),
	})
	if err != nil {
		panic(err)
	}
	provider, err := oidc.New(server, oidc.Config{
		Claims:            claims,
		AccessTokenClaims: []string{"tenant"},                         // access tokens, of persons and of clients
		PairwiseKey:       []byte("32 bytes from a safe of the host"), // for shop, which knows nobody by the host's names
	})
	if err != nil {
		panic(err)
	}

	run, err := provider.DryRun(context.Background(), oauth.Rehearsal{
		ClientID: "shop", GrantType: oauth.GrantAuthorizationCode, Subject: "mia", Scopes: []string{"openid", "profile"},
		Methods: []policy.Method{{Name: "password", Types: policy.Knowledge, At: server.Now()}},
	})
	if err != nil {
		panic(err)
	}
	fmt.Printf("UserInfo: %s\n", run.UserInfo)
	fmt.Println("cut:", run.Events[0].Reason, "in the", run.Events[0].Endpoint)

	run, err = provider.DryRun(context.Background(), oauth.Rehearsal{
		ClientID: "robot", GrantType: oauth.GrantClientCredentials, Scopes: []string{"orders"},
	})
	if err != nil {
		panic(err)
	}
	c, err := token.ParseClaims(run.AccessToken)
	if err != nil {
		panic(err)
	}
	fmt.Println("access token of", c.Subject, "with scope", c.Scope)
	// Output:
	// UserInfo: {"sub":"7vzFco7J4qFRtz53zxE92d4C63DKE7-nWlvFYpHAETM","name":"Mia"}
	// cut: claim_protected in the access_token
	// access token of robot with scope orders
}
