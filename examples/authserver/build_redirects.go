package main

import (
	"errors"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/mintyard/mintyard/oauth"
)

// planRedirects settles what the client does at the authorization endpoint.
func planRedirects(path string, k *clientConfig, c *oauth.Client) error {
	c.RedirectURIs, c.OptionalPKCE, c.ThirdParty = k.RedirectURIs, k.OptionalPKCE, k.ThirdParty
	c.URI, c.LogoURI, c.PolicyURI, c.TOSURI = k.ClientURI, k.LogoURI, k.PolicyURI, k.TOSURI
	c.Native, c.OpenID.DefaultACRValues = k.ApplicationType == "native", k.DefaultACRValues
	if k.RedirectURIs != nil && len(k.RedirectURIs) == 0 {
		return refuse(path+".redirect_uris", "is empty; leave it out for a client that has none")
	}
	asks := slices.ContainsFunc(c.GrantTypes, func(g string) bool { return g == oauth.GrantAuthorizationCode || g == oauth.GrantImplicit })
	switch {
	case asks && k.RedirectURIs == nil && !slices.ContainsFunc(c.GrantTypes, isFirst):
		return refuse(path+".redirect_uris", "is required by %q", c.GrantTypes[0])
	case k.DefaultMaxAge != nil:
		age := time.Duration(*k.DefaultMaxAge) * time.Second
		c.OpenID.DefaultMaxAge = &age
	}
	for i, t := range k.ResponseTypes {
		known, ok := oauth.ParseResponseType(t)
		if !ok {
			return refuse(index(path+".response_types", i), "%q is no response type", t)
		}
		c.ResponseTypes = append(c.ResponseTypes, known)
	}
	return nil
}

// refuseField says by the path of the file what the library has against a client.
func refuseField(path string, err error) error {
	var e *oauth.ClientError
	if !errors.As(err, &e) {
		return refuse(path, "%v", err)
	}
	name, rest, _ := strings.Cut(e.Field, "[")
	if rest != "" {
		rest = "[" + rest
	}
	name = upper.ReplaceAllString(strings.NewReplacer("URIs", "Uris", "URI", "Uri", "TOS", "Tos", "PKCE", "Pkce").Replace(name), "_$1")
	name = strings.ToLower(strings.TrimPrefix(name, "_"))
	if name == "uri" {
		name = "client_uri"
	}
	return refuse(path+"."+name+rest, "%s", e.Why)
}

var upper = regexp.MustCompile(`([A-Z])`)

// responseTypes are those that some client has: a server of which no client has one
// answers with none.
func responseTypes(clients []*oauth.Client) []string {
	var all []string
	for _, c := range clients {
		types := c.ResponseTypes
		if types == nil && len(c.RedirectURIs) > 0 {
			types = []string{oauth.ResponseCode}
		}
		for _, t := range types {
			if !slices.Contains(all, t) {
				all = append(all, t)
			}
		}
	}
	return all
}
