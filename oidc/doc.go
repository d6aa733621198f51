// Package oidc makes an authorization server an OpenID Provider: it wraps an
// [oauth.Server], sees every grant, and adds what OpenID Connect adds: an ID token
// beside the access token, discovery, UserInfo.
//
//	server, err := oauth.New(oauth.Config{…})
//	provider, err := oidc.New(server, oidc.Config{Claims: claims})
//	provider.Mount(mux) // the endpoints of both
//
// Whatever the grant, if openid is granted there is an ID token: it is added in
// the one place through which all grants go.
//
// What tokens and UserInfo say besides comes from one function ([Config].Claims), and
// [Provider.DryRun] shows what comes of it. Clients differ in how they know persons
// ([Provider.SubjectFor]), and in how tokens are signed and encrypted for them
// ([Provider.ValidateClient]).
package oidc
