package main

import (
	"context"
	"errors"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/mintyard/mintyard/oauth"
	"github.com/mintyard/mintyard/oauth/token"
)

// planRedirects settles what the client does at the authorization endpoint.
func planRedirects(path string, k *clientConfig, c *oauth.Client) error {
	c.RedirectURIs, c.OptionalPKCE, c.ThirdParty = k.RedirectURIs, k.OptionalPKCE, k.ThirdParty
	c.URI, c.LogoURI, c.PolicyURI, c.TOSURI = k.ClientURI, k.LogoURI, k.PolicyURI, k.TOSURI
	c.Native, c.OpenID.DefaultACRValues = k.ApplicationType == "native", k.DefaultACRValues
	planOpenID(&k.openIDConfig, &c.OpenID)
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

// planOpenID takes what the client has at an OpenID Provider. The provider judges it.
func planOpenID(k *openIDConfig, o *oauth.OpenID) {
	o.SubjectType, o.SectorIdentifier = k.SubjectType, k.SectorIdentifier
	o.IDTokenAlgorithm, o.UserInfoAlgorithm = token.Algorithm(k.IDTokenAlg), token.Algorithm(k.UserInfoAlg)
	o.IDTokenEncryption = oauth.Encryption{Algorithm: k.IDTokenKeyAlg, Content: k.IDTokenEnc}
	o.UserInfoEncryption = oauth.Encryption{Algorithm: k.UserInfoKeyAlg, Content: k.UserInfoEnc}
	if k.JWKS != nil {
		o.JWKS = []byte(*k.JWKS)
	}
	if k.Groups != nil {
		o.Groups = &oauth.GroupsClaim{Name: k.Groups.Name, Match: k.Groups.Match, Value: k.Groups.Value}
	}
	o.PostLogoutRedirectURIs, o.InitiateLoginURI = k.PostLogoutRedirectURIs, k.InitiateLoginURI
	o.FrontchannelLogoutURI, o.FrontchannelLogoutSessionRequired = k.FrontchannelLogoutURI, k.FrontchannelLogoutSessionRequired
	o.BackchannelLogoutURI, o.BackchannelLogoutSessionRequired = k.BackchannelLogoutURI, k.BackchannelLogoutSessionRequired
}

// refuseField says by the path of the file what the library has against a client.
func refuseField(path string, err error) error {
	var e *oauth.ClientError
	if !errors.As(err, &e) {
		return refuse(path, "%v", err)
	}
	name, rest, _ := strings.Cut(strings.TrimPrefix(e.Field, "OpenID."), "[")
	if rest != "" {
		rest = "[" + rest
	}
	known, ok := memberOf[name]
	if !ok {
		known = upper.ReplaceAllString(strings.NewReplacer("URIs", "Uris", "URI", "Uri", "ACR", "Acr", "TOS", "Tos", "PKCE", "Pkce", "JWKS", "Jwks").Replace(name), "_$1")
		known = strings.ToLower(strings.TrimPrefix(known, "_"))
	}
	return refuse(path+"."+known+rest, "%s", e.Why)
}

// memberOf are the members whose names are not those of the library's fields.
var memberOf = map[string]string{
	"URI": "client_uri", "IDTokenAlgorithm": "id_token_signed_response_alg", "IDTokenEncryption": "id_token_encrypted_response_alg",
	"UserInfoAlgorithm": "userinfo_signed_response_alg", "UserInfoEncryption": "userinfo_encrypted_response_alg",
	"Groups.Name": "groups_claim.name", "Groups.Match": "groups_claim.match", "Groups.Value": "groups_claim.value",
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

// origins admits those of the redirect URIs of apps in browsers, whose pages ask for
// tokens themselves.
func origins(clients []*oauth.Client) func(context.Context, string) bool {
	of := make(map[string]bool)
	for _, c := range clients {
		for _, uri := range c.RedirectURIs {
			if u, err := url.Parse(uri); err == nil && strings.HasPrefix(u.Scheme, "http") && c.Public() && !c.Native {
				of[u.Scheme+"://"+u.Host] = true
			}
		}
	}
	return func(_ context.Context, origin string) bool { return of[origin] }
}
