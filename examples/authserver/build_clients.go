package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/mintyard/mintyard/directauth"
	"github.com/mintyard/mintyard/oauth"
)

// applicationType sets a client's defaults, and the grants that it may have at all.
type applicationType struct {
	grants       []string // nil: every one
	defaults     []string
	public       bool // may be
	confidential bool // may be
}

var (
	browserGrants = slices.Concat([]string{oauth.GrantAuthorizationCode, oauth.GrantRefreshToken, oauth.GrantImplicit, grantDevice}, directGrants)
	nativeGrants  = slices.Concat([]string{directauth.GrantPassword, grantPasswordRealm, grantSAMLBearer, grantTokenExchange,
		oauth.GrantInteractionCode, grantCIBA}, browserGrants)
	serviceGrants = slices.Concat([]string{oauth.GrantClientCredentials, grantTokenExchange, grantJWTBearer}, directGrants)

	applicationTypes = map[string]applicationType{
		"web":     {nil, []string{oauth.GrantAuthorizationCode}, false, true},
		"browser": {browserGrants, []string{oauth.GrantAuthorizationCode}, true, false},
		"native":  {nativeGrants, []string{oauth.GrantAuthorizationCode}, true, true},
		"service": {serviceGrants, []string{oauth.GrantClientCredentials}, false, true},
	}
)

// planClients gives every server its clients. Secrets that want a slow hash are
// not hashed yet: see hashSecrets.
func planClients(c *fileConfig, n *names, servers []*serverPlan) error {
	seen := make(map[string]bool)
	for i := range c.Clients {
		k, path := &c.Clients[i], index("clients", i)
		switch {
		case k.ClientID == "":
			return refuse(path+".client_id", "is required")
		case seen[k.ClientID]:
			return refuse(path+".client_id", "%q stands twice", k.ClientID)
		case n.users[k.ClientID]:
			return refuse(path+".client_id", "%q is the id of a user: tokens of the one would be taken for the other's", k.ClientID)
		}
		seen[k.ClientID] = true
		client, err := planClient(path, k, n)
		if err != nil {
			return err
		}
		if k.Servers != nil && len(k.Servers) == 0 {
			return refuse(path+".servers", "is empty; leave it out for every server")
		}
		for j, id := range k.Servers {
			if n.servers[id] == nil {
				return refuse(index(path+".servers", j), "no server has the id %q", id)
			}
		}
		scopes := make(map[string]bool)
		for _, s := range servers {
			if k.Servers == nil || slices.Contains(k.Servers, s.id) {
				s.clients, s.paths[client.ID] = append(s.clients, client), path
				for name := range n.servers[s.id] {
					scopes[name] = true
				}
			}
		}
		for _, s := range client.Scopes {
			if !scopes[s] {
				return refuse(path+".scope", "no server of the client has the scope %q", s)
			}
		}
	}
	return nil
}

func planClient(path string, k *clientConfig, n *names) (*oauth.Client, error) {
	c := &oauth.Client{
		ID: k.ClientID, Name: k.ClientName, AccessTokenFormat: k.AccessTokenFormat, ResourceServerFor: k.ResourceServerFor,
	}
	if k.ApplicationType == "" {
		k.ApplicationType = "web" // OpenID Connect Registration section 2
	}
	if err := choose(path+".application_type", k.ApplicationType, []string{"web", "browser", "native", "service"}); err != nil {
		return nil, err
	}
	t := applicationTypes[k.ApplicationType]
	var err error
	if c.GrantTypes, err = planGrants(path+".grant_types", k, t); err != nil {
		return nil, err
	}
	if err := planAuthentication(path, k, t, c); err != nil {
		return nil, err
	}
	if err := planRedirects(path, k, c); err != nil {
		return nil, err
	}
	if k.AccessTokenFormat != "" {
		if err := choose(path+".access_token_format", k.AccessTokenFormat, formats); err != nil {
			return nil, err
		}
	}
	c.Scopes = strings.Fields(k.Scope)
	if k.Scope != "" && len(c.Scopes) == 0 {
		return nil, refuse(path+".scope", "is empty; leave it out for every scope")
	}
	if k.Scope == "" {
		c.Scopes = nil
	}
	if c.SignIn, err = n.policy(path+".sign_in_policy", k.SignInPolicy); err != nil {
		return nil, err
	}
	if c.Recovery, err = n.policy(path+".recovery_policy", k.RecoveryPolicy); err != nil {
		return nil, err
	}
	if k.AssignedTo != nil && len(k.AssignedTo) == 0 {
		return nil, refuse(path+".assigned_to", "is empty; leave it out for everyone")
	}
	for i, g := range k.AssignedTo {
		if !n.groups[g] {
			return nil, refuse(index(path+".assigned_to", i), "no user or policy has the group %q", g)
		}
	}
	if !slices.Contains(k.AssignedTo, everyone) {
		c.AssignedTo = k.AssignedTo
	}
	// What is left of the library's own check, with a secret that is in order.
	probe := *c
	if probe.AuthMethod != oauth.AuthNone {
		probe.Secrets = []oauth.Secret{{Hash: soundHash}}
	}
	if err := probe.Validate(); err != nil {
		return nil, refuseField(path, err)
	}
	return c, nil
}

var _, soundHash = oauth.NewSecret()

func planGrants(path string, k *clientConfig, t applicationType) ([]string, error) {
	if k.GrantTypes == nil {
		for _, g := range t.defaults {
			if !slices.Contains(grantsThere, g) {
				return nil, refuse(path, "is required: what it would be without, %q, is not there yet", g)
			}
		}
		return t.defaults, nil
	}
	for i, g := range k.GrantTypes {
		switch {
		case !slices.Contains(grantsKnown, g):
			return nil, refuse(index(path, i), "%q is no grant type", g)
		case t.grants != nil && !slices.Contains(t.grants, g):
			return nil, refuse(index(path, i), "%q is not for an application of type %q", g, k.ApplicationType)
		case !slices.Contains(grantsThere, g):
			return nil, refuse(index(path, i), "%q is not there yet", g)
		case g == oauth.GrantInteractionCode && k.RedirectURIs == nil && !slices.ContainsFunc(k.GrantTypes, isFirst):
			return nil, refuse(index(path, i), "%q needs redirect_uris, or a grant of a first factor such as %q", g, directauth.GrantPassword)
		case slices.Contains(k.GrantTypes[:i], g):
			return nil, refuse(index(path, i), "%q stands twice", g)
		}
	}
	return k.GrantTypes, nil
}

// isFirst reports whether a grant proves a first factor.
func isFirst(grant string) bool { return slices.Contains(firstGrants, grant) }

// planAuthentication settles how the client authenticates, and with what.
func planAuthentication(path string, k *clientConfig, t applicationType, c *oauth.Client) error {
	secret := k.ClientSecret != "" || k.ClientSecretHash != ""
	c.AuthMethod = k.TokenEndpointAuthMethod
	if c.AuthMethod == "" {
		c.AuthMethod = oauth.AuthBasic
		if t.public && !secret {
			c.AuthMethod = oauth.AuthNone
		}
	}
	method := path + ".token_endpoint_auth_method"
	if err := choose(method, c.AuthMethod, []string{oauth.AuthBasic, oauth.AuthPost, oauth.AuthNone}, laterAuthMethods...); err != nil {
		return err
	}
	switch {
	case c.AuthMethod == oauth.AuthNone && !t.public:
		return refuse(method, "an application of type %q authenticates", k.ApplicationType)
	case c.AuthMethod != oauth.AuthNone && !t.confidential:
		return refuse(method, "an application of type %q cannot keep a secret", k.ApplicationType)
	case c.AuthMethod == oauth.AuthNone && k.ClientSecret != "":
		return refuse(path+".client_secret", "a client that does not authenticate has none")
	case c.AuthMethod == oauth.AuthNone && k.ClientSecretHash != "":
		return refuse(path+".client_secret_hash", "a client that does not authenticate has none")
	case c.AuthMethod == oauth.AuthNone:
		return nil
	case !secret:
		return refuse(path+".client_secret", "is required by %s", c.AuthMethod)
	case k.ClientSecret != "" && k.ClientSecretHash != "":
		return refuse(path+".client_secret_hash", "stands beside client_secret: one of them is enough")
	case len(k.ClientSecret) > 1024:
		return refuse(path+".client_secret", "has more than 1024 bytes")
	case k.ClientSecretHash != "" && !isSlowHash(k.ClientSecretHash):
		return refuse(path+".client_secret_hash", "is neither an argon2id PHC string nor bcrypt, or costs too much")
	}
	// A secret in the clear stands here until hashSecrets.
	c.Secrets = []oauth.Secret{{Hash: k.ClientSecretHash}}
	return nil
}

// isSlowHash reports whether the library can verify the hash of a secret or a
// password.
func isSlowHash(hash string) bool {
	if !strings.HasPrefix(hash, "$argon2id$") && !strings.HasPrefix(hash, "$2") {
		return false
	}
	probe := oauth.Client{ID: "probe", Secrets: []oauth.Secret{{Hash: hash}}}
	return probe.Validate() == nil
}

// hashSecrets hashes what stands in the file in the clear: the fast way if it is as
// long as a random secret, and else as slowly as a password.
func hashSecrets(ctx context.Context, c *fileConfig, servers []*serverPlan, slow func(context.Context, string) (string, error)) error {
	secrets := make(map[string]string)
	for _, k := range c.Clients {
		secrets[k.ClientID] = k.ClientSecret
	}
	todo := make(map[*oauth.Client]bool)
	for _, s := range servers {
		for _, client := range s.clients {
			todo[client] = secrets[client.ID] != ""
		}
	}
	var wg sync.WaitGroup
	failed := make(chan error, len(todo))
	for client, clear := range todo {
		if !clear {
			continue
		}
		wg.Go(func() {
			hash, err := oauth.HashSecret(secrets[client.ID])
			if err != nil {
				hash, err = slow(ctx, secrets[client.ID])
			}
			if err != nil {
				failed <- fmt.Errorf("hashing the secret of client %q: %w", client.ID, err)
			}
			client.Secrets[0].Hash = hash
		})
	}
	wg.Wait()
	close(failed)
	return <-failed
}
