package main

import (
	"context"
	"strings"
)

// The statuses of a user.
const (
	statusActive    = "active"
	statusSuspended = "suspended"
)

var statuses = []string{statusActive, statusSuspended}

// planUsers checks the users, and fills in what they leave out.
func planUsers(ctx context.Context, c *fileConfig) error {
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
		if err := planFactors(ctx, path, u, trial); err != nil {
			return err
		}
	}
	return nil
}

// foldName is how names are compared: people do not type them in one way.
func foldName(s string) string { return strings.ToLower(strings.TrimSpace(s)) }
