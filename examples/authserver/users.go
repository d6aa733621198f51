package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/mintyard/mintyard/directauth"
	"github.com/mintyard/mintyard/oauth"
	"github.com/mintyard/mintyard/oidc"
	"github.com/mintyard/mintyard/store"
)

// users is what stands for a host's own table of people. The file has what a
// person is to begin with; what changes while the server runs is a record in the
// store (users_record.go) and wins over the file.
//
// The library sees it through six small methods: Resolve, Subject, PasswordHash,
// SetPasswordHash, claims and account.
type users struct {
	store  store.Store
	sealer *store.Sealer
	hashes *fileHashes

	ids   map[string]*userConfig
	list  []*userConfig
	names map[string]string // user name → id
	local map[string]string // what stands before the @ → id; "" if it is several people's

	domain string // of everybody's user name; "" if there are several
}

func newUsers(list []userConfig, s store.Store, sealer *store.Sealer, hash hashFunc) *users {
	u := &users{
		store: s, sealer: sealer, hashes: newFileHashes(list, hash),
		ids: make(map[string]*userConfig), names: make(map[string]string), local: make(map[string]string),
	}
	for i := range list {
		p := &list[i]
		u.ids[p.ID] = p
		u.list = append(u.list, p)
		name := foldName(p.Username)
		u.names[name] = p.ID
		before, domain, _ := strings.Cut(name, "@")
		if u.domain == "" && i == 0 {
			u.domain = domain
		} else if u.domain != domain {
			u.domain = ""
		}
		if _, taken := u.local[before]; taken {
			u.local[before] = ""
		} else {
			u.local[before] = p.ID
		}
	}
	return u
}

// Resolve implements directauth.Users. A name is a user name in any case, or what
// stands before its @ if that is one person's alone.
func (u *users) Resolve(_ context.Context, hint string) (string, error) {
	name := foldName(hint)
	if id := u.names[name]; id != "" {
		return id, nil
	}
	if strings.Contains(name, "@") {
		return "", nil
	}
	return u.local[name], nil
}

// Canonical implements directauth.Canonical: a bare name means the same as the whole
// one, also of nobody.
func (u *users) Canonical(hint string) string {
	name := foldName(hint)
	switch {
	case strings.Contains(name, "@"):
	case u.local[name] != "":
		return foldName(u.ids[u.local[name]].Username)
	case u.domain != "":
		return name + "@" + u.domain
	}
	return name
}

// Subject implements oauth.Subjects.
func (u *users) Subject(ctx context.Context, id string) (oauth.Subject, error) {
	p, err := u.person(ctx, id)
	switch {
	case err != nil:
		return oauth.Subject{}, err
	case p == nil:
		return oauth.Subject{}, oauth.ErrNoSubject
	}
	return oauth.Subject{Active: p.status == statusActive, Groups: p.groups}, nil
}

// PasswordHash implements authenticator.Passwords. It does the same for nobody as
// for somebody.
func (u *users) PasswordHash(ctx context.Context, id string) (string, error) {
	p, err := u.person(ctx, id)
	if err != nil {
		return "", err
	}
	if p != nil && p.passwordHash != "" {
		id = "" // the file's does not count any more
	}
	hash, err := u.hashes.of(ctx, id)
	if p == nil || err != nil {
		return "", err
	}
	if p.passwordHash != "" {
		return p.passwordHash, nil
	}
	return hash, nil
}

// SetPasswordHash implements authenticator.Passwords: a hash of the file that is
// weak, or bcrypt, was replaced at sign-in.
func (u *users) SetPasswordHash(ctx context.Context, id, old, hash string) error {
	base := ""
	if u.ids[id] != nil {
		var err error
		if base, err = u.hashes.of(ctx, id); err != nil {
			return err
		}
	}
	return u.update(ctx, id, func(r *userRecord) error {
		if current := r.PasswordHash; old != current && (current != "" || old != base) {
			return errNothing // it was changed meanwhile
		}
		r.PasswordHash = hash
		return nil
	})
}

// claims are the file's. Clients of direct authentication compare
// preferred_username with what was entered, so it is there in any case.
func (u *users) claims(_ context.Context, r oidc.ClaimsRequest) (oidc.Claims, error) {
	p := u.ids[r.Subject]
	if p == nil {
		return nil, fmt.Errorf("users: nobody has the id %q", r.Subject)
	}
	c := oidc.Claims{"preferred_username": p.Username}
	for name, v := range p.Claims {
		c[name] = v
	}
	if r.Use == oidc.UseIDToken && !namedInIDToken(r) {
		delete(c, "preferred_username")
	}
	return c, nil
}

// namedInIDToken reports whether an ID token says the user name. Of a session of a
// browser it says what was asked for, and no more: what scopes ask for is at UserInfo if
// there is an access token (OpenID Connect Core section 5.4).
func namedInIDToken(r oidc.ClaimsRequest) bool {
	if r.Grant.SessionID == "" || slices.ContainsFunc(r.Requested, func(c oidc.RequestedClaim) bool { return c.Name == "preferred_username" }) {
		return true
	}
	return slices.Contains(r.Scopes, "profile") && slices.Contains(r.Names, "name")
}

// account is what an authenticator that somebody adds is told of the person.
func (u *users) account(_ context.Context, id string) (directauth.Account, error) {
	p := u.ids[id]
	if p == nil {
		return directauth.Account{}, fmt.Errorf("users: nobody has the id %q", id)
	}
	email, _ := p.Claims["email"].(string) // or there is none
	return directauth.Account{Name: p.Username, Email: email}, nil
}

// person is somebody as of now.
type person struct {
	status       string
	groups       []string
	passwordHash string // that was set while the server ran; "" is the file's
}

// person returns somebody, or nil. It reads the store for everybody and nobody.
func (u *users) person(ctx context.Context, id string) (*person, error) {
	r, err := u.read(ctx, id)
	base := u.ids[id]
	if err != nil || base == nil {
		return nil, err
	}
	p := &person{status: base.Status, groups: base.Groups, passwordHash: r.PasswordHash}
	if r.Status != "" {
		p.status = r.Status
	}
	if r.Groups != nil {
		p.groups = *r.Groups
	}
	p.groups = append(slices.Clip(p.groups), everyone)
	return p, nil
}
