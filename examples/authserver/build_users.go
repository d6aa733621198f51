package main

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/mintyard/mintyard/authenticator"
	"github.com/mintyard/mintyard/store"
)

// The statuses of a user.
const (
	statusActive    = "active"
	statusSuspended = "suspended"
)

var statuses = []string{statusActive, statusSuspended}

// planUsers checks the users, and fills in what they leave out.
func planUsers(ctx context.Context, c *fileConfig, auth *authenticators) error {
	ids, usernames := make(map[string]bool), make(map[string]int)
	trial, err := newTrial()
	if err != nil {
		return err
	}
	for i := range c.Users {
		u, path := &c.Users[i], index("users", i)
		name := foldName(u.Username)
		switch {
		case u.ID == "":
			return refuse(path+".id", "is required")
		case len(u.ID) > 255:
			return refuse(path+".id", "has more than 255 bytes")
		case ids[u.ID]:
			return refuse(path+".id", "%q stands twice", u.ID)
		case u.Username == "":
			return refuse(path+".username", "is required")
		case name == "":
			return refuse(path+".username", "is empty")
		case u.Password != "" && u.PasswordHash != "":
			return refuse(path+".password_hash", "stands beside password: one of them is enough")
		case len(u.Password) > 1024:
			return refuse(path+".password", "has more than 1024 bytes")
		case u.PasswordHash != "" && !isSlowHash(u.PasswordHash):
			return refuse(path+".password_hash", "is neither an argon2id PHC string nor bcrypt, or costs too much")
		}
		if other, twice := usernames[name]; twice {
			return refuse(path+".username", "%q is that of users[%d]", u.Username, other)
		}
		ids[u.ID], usernames[name] = true, i
		if u.Status == "" {
			u.Status = statusActive
		}
		if err := choose(path+".status", u.Status, statuses); err != nil {
			return err
		}
		if err := planFactors(ctx, path, u, auth, trial); err != nil {
			return err
		}
	}
	return nil
}

func planFactors(ctx context.Context, path string, u *userConfig, auth *authenticators, trial *authenticator.TOTP) error {
	seen := make(map[string]bool)
	for i, f := range u.Factors {
		where := index(path+".factors", i)
		switch {
		case f.ID == "":
			return refuse(where+".id", "is required")
		case seen[f.ID]:
			return refuse(where+".id", "%q stands twice", f.ID)
		case f.Type == "":
			return refuse(where+".type", "is required")
		}
		seen[f.ID] = true
		if err := choose(where+".type", f.Type, []string{"totp"}, laterFactors...); err != nil {
			return err
		}
		if f.Secret == "" {
			return refuse(where+".secret", "is required")
		}
		if err := trial.Import(ctx, u.ID, f.ID, f.Secret, authenticator.TOTPOptions{}); err != nil {
			return refuse(where+".secret", "must be base32 of 10 to 128 bytes, and the id of at most 256")
		}
	}
	if auth.totpRequired && len(u.Factors) == 0 {
		return refuse(path+".factors", `authenticators.totp is "required", and enrolment at sign-in is not there yet`)
	}
	return nil
}

// newTrial is the factor on a store that is thrown away: what it takes will be
// taken.
func newTrial() (*authenticator.TOTP, error) {
	return authenticator.NewTOTP(authenticator.TOTPConfig{
		Store: store.NewMemory(), Namespace: "trial", Sealer: store.NewSealer(randomMasterKey()), Issuer: totpIssuer,
	})
}

// authenticators are the factors that are offered.
type authenticators struct{ totp, totpRequired bool }

func planAuthenticators(c *fileConfig) (*authenticators, error) {
	a := &authenticators{totp: true}
	for _, name := range slices.Sorted(maps.Keys(c.Authenticators)) {
		config, path := c.Authenticators[name], join("authenticators", name)
		enrolment := config.Enrolment
		if enrolment == "" {
			enrolment = "optional"
		}
		var err error
		switch {
		case name != "totp" && !slices.Contains(laterFactors, name):
			err = refuse(path, "is not known")
		case config.NumberChallenge != "" && name == "push":
			err = refuse(path+".number_challenge", "is not there yet")
		case config.NumberChallenge != "":
			err = refuse(path+".number_challenge", "is for push alone")
		case name == "totp":
			err = choose(path, enrolment, []string{"optional", "required", "disabled"})
			a.totp, a.totpRequired = enrolment != "disabled", enrolment == "required"
		default: // what is not there can be disabled
			err = choose(path, enrolment, []string{"disabled"}, "optional", "required")
		}
		if err != nil {
			return nil, err
		}
	}
	return a, nil
}

// foldName is how names are compared: people do not type them in one way.
func foldName(s string) string { return strings.ToLower(strings.TrimSpace(s)) }
