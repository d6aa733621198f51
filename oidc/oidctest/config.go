package oidctest

import (
	"cmp"
	"slices"
	"strings"

	"github.com/mintyard/mintyard/oauth"
	"github.com/mintyard/mintyard/oidc"
	"github.com/mintyard/mintyard/oidc/signin"
	"github.com/mintyard/mintyard/policy"
)

// Config says what is particular to a test. The zero value is a server with one person,
// Mia, and one app that everybody may use.
type Config struct {
	// Users are the persons. Nil is Mia alone, whose id is "mia" and whose user name is
	// "mia@example.test".
	Users []User

	// Clients are the apps besides the one that [Server.Client] and [Server.SignIn] use,
	// whose id is "app". What a client leaves out is filled in: it is public, may use the
	// code, the refresh token and the direct grants, and comes back to [RedirectURI].
	Clients []*oauth.Client

	// Scopes are what can be asked for besides those of OpenID Connect.
	Scopes []string

	// Audience is the "aud" of access tokens; "" is the issuer.
	Audience string

	// Policy is what signing in to the app must satisfy; nil asks for one factor.
	Policy *policy.Policy

	// InProcess opens no port: only HTTP clients of the server's own reach it, and it
	// works inside of testing/synctest.
	InProcess bool

	// Edit changes what the production code is given, for whatever else a test needs.
	Edit func(*oauth.Config, *oidc.Config, *signin.Config)
}

// User is a person. What is empty is left out, or filled in where it says so.
type User struct {
	ID       string // "" is the part of the user name before the @
	Username string // "" is the id @example.test
	Password string // "" is [Password]
	Groups   []string
	Claims   oidc.Claims // "" is an e-mail address and a name

	TOTP  string // key of an authenticator app, base32
	Phone string // gets codes by text message, as +15550100
	Email string // gets codes by e-mail; "" is the user name

	Suspended bool
}

// What is filled in.
const (
	Password    = "correct horse battery"
	RedirectURI = "https://app.example/callback"
	AppID       = "app"
)

func (c *Config) resolve() {
	if c.Users == nil {
		c.Users = []User{{ID: "mia", Claims: oidc.Claims{"name": "Mia"}}}
	}
	c.Users = slices.Clone(c.Users)
	for i := range c.Users {
		u := &c.Users[i]
		before, _, _ := strings.Cut(u.Username, "@")
		u.ID = cmp.Or(u.ID, before)
		u.Username = cmp.Or(u.Username, u.ID+"@example.test")
		u.Password, u.Email = cmp.Or(u.Password, Password), cmp.Or(u.Email, u.Username)
		claims := oidc.Claims{"email": u.Email, "email_verified": true, "name": u.ID, "preferred_username": u.Username}
		for name, v := range u.Claims {
			claims[name] = v
		}
		u.Claims = claims
	}
}
