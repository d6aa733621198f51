package oauth_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"

	"github.com/mintyard/mintyard/oauth"
	"github.com/mintyard/mintyard/oauth/token"
	"github.com/mintyard/mintyard/policy"
	"github.com/mintyard/mintyard/store"
)

// A server that gives services tokens for themselves.
func Example() {
	secret, hash := oauth.NewSecret() // the secret goes to the client, the hash is kept
	clients, err := oauth.NewClientList(&oauth.Client{
		ID: "reports", Secrets: []oauth.Secret{{Hash: hash}}, GrantTypes: []string{oauth.GrantClientCredentials},
	})
	check(err)
	keys, err := oauth.GenerateKeys("internal", token.EdDSA)
	check(err)
	server, err := oauth.New(oauth.Config{
		ID: "internal", Issuer: "http://127.0.0.1:8080", Audience: "https://orders.example",
		Store: store.NewMemory(), Keys: keys, Clients: clients,
		Grants: []oauth.Grant{oauth.ClientCredentials()},
		Scopes: []oauth.Scope{{Name: "orders:read"}},
	})
	check(err)
	mux := http.NewServeMux()
	server.Mount(mux)

	// What a client sees.
	web := httptest.NewServer(mux)
	defer web.Close()
	request, err := http.NewRequest(http.MethodPost, web.URL+"/token", nil)
	check(err)
	request.SetBasicAuth("reports", secret)
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.Body = body(url.Values{"grant_type": {"client_credentials"}, "scope": {"orders:read"}})
	response, err := http.DefaultClient.Do(request)
	check(err)
	fmt.Println(response.Status)

	// What a resource server does with the token.
	answer := decode(response)
	verifier := token.Verifier{Issuer: "http://127.0.0.1:8080", Audience: "https://orders.example", Keys: keys.Signing.KeySet()}
	claims, err := verifier.VerifyAccessToken(context.Background(), answer["access_token"].(string))
	check(err)
	fmt.Println(claims.ClientID, claims.Scope)
	// Output:
	// 200 OK
	// reports orders:read
}

// badgeGrant is a grant of a host's own: a reader at the door sends the number of
// a badge. Everything but the judgement of the badge is done by the server.
type badgeGrant struct{ badges map[string]string }

func (badgeGrant) Type() string { return "urn:example:badge" }

func (g badgeGrant) Authorize(_ context.Context, r *oauth.TokenRequest) (*oauth.Authorization, error) {
	badge, err := r.Require("badge")
	if err != nil {
		return nil, err
	}
	person, ok := g.badges[badge]
	if !ok {
		return nil, oauth.RefuseGrant("badge_unknown", nil)
	}
	a, err := r.NewAuthorization()
	if err != nil {
		return nil, err
	}
	a.Subject, a.AuthTime = person, r.Time
	a.Methods = []policy.Method{{Name: "badge", Types: policy.Possession, At: r.Time}}
	return a, nil
}

// A grant type of one's own needs two methods.
func ExampleGrant() {
	var grant oauth.Grant = badgeGrant{badges: map[string]string{"4711": "mia"}}
	fmt.Println(grant.Type())
	// Output: urn:example:badge
}

// Several processes share the keys that are sealed in their store.
func ExampleVault() {
	var master store.MasterKey // 32 random bytes, from the environment
	vault := oauth.Vault{Store: store.NewMemory(), Sealer: store.NewSealer(master)}
	one, err := vault.Keys(context.Background(), "org", token.ES256)
	check(err)
	two, err := vault.Keys(context.Background(), "org", token.ES256) // another process
	check(err)
	fmt.Println(one.Signing.Active(token.ES256).ID() == two.Signing.Active(token.ES256).ID())
	// Output: true
}
