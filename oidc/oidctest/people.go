package oidctest

import (
	"context"
	"fmt"
	"strings"
	"sync"

	"github.com/mintyard/mintyard/authenticator"
	"github.com/mintyard/mintyard/directauth"
	"github.com/mintyard/mintyard/oauth"
	"github.com/mintyard/mintyard/oidc"
	"github.com/mintyard/mintyard/oidc/signin"
	"github.com/mintyard/mintyard/store"
)

// people is the host's table of persons, and what they can prove.
type people struct {
	s        *Server
	password *authenticator.Password
	totp     *authenticator.TOTP
	codes    []authenticator.OutOfBand

	mu   sync.Mutex
	list map[string]*person
	sent []Delivery
}

type person struct {
	User
	hash string
}

// Delivery is a message that somebody got.
type Delivery struct {
	User    string // id
	Channel string // sms, email
	To      string
	Code    string // in it, if any
	Text    string
}

// namespace is where people are kept.
const namespace = "users"

func newPeople(ctx context.Context, s *Server, users []User, sealer *store.Sealer) (*people, error) {
	p := &people{s: s, list: make(map[string]*person)}
	var err error
	// Hashes cost next to nothing: a test must not wait for them.
	p.password, err = authenticator.NewPassword(authenticator.PasswordConfig{
		Source: p, Store: s.store, Namespace: namespace, Now: s.Now, DangerouslyAcceptAny: true,
		Params: authenticator.HashParams{Memory: 8, Time: 1, Threads: 1},
	})
	if err != nil {
		return nil, err
	}
	p.totp, err = authenticator.NewTOTP(authenticator.TOTPConfig{Store: s.store, Namespace: namespace, Sealer: sealer, Issuer: "oidctest", Now: s.Now})
	if err != nil {
		return nil, err
	}
	channels := make(map[string]*authenticator.Codes)
	for _, channel := range []string{authenticator.TypeSMS, authenticator.TypeEmail} {
		c, err := authenticator.NewCodes(authenticator.CodesConfig{
			Channel: channel, Store: s.store, Namespace: namespace, Sealer: sealer, Sender: authenticator.SenderFunc(p.deliver), Now: s.Now,
		})
		if err != nil {
			return nil, err
		}
		channels[channel], p.codes = c, append(p.codes, c)
	}
	for _, u := range users {
		if u.ID == "" || p.list[u.ID] != nil {
			return nil, fmt.Errorf("Config.Users: the id %q is empty, or stands twice", u.ID)
		}
		p.list[u.ID] = &person{User: u}
		if u.TOTP != "" {
			if err := p.totp.Import(ctx, u.ID, "totp", u.TOTP, authenticator.TOTPOptions{}); err != nil {
				return nil, fmt.Errorf("Config.Users: %q: TOTP: %w", u.ID, err)
			}
		}
		for channel, to := range map[string]string{authenticator.TypeSMS: u.Phone, authenticator.TypeEmail: u.Email} {
			if to == "" {
				continue
			}
			if err := channels[channel].Import(ctx, u.ID, channel, to); err != nil {
				return nil, fmt.Errorf("Config.Users: %q: %s: %w", u.ID, channel, err)
			}
		}
	}
	return p, nil
}

// Resolve implements [authenticator.Users].
func (p *people) Resolve(_ context.Context, hint string) (string, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for id, u := range p.list {
		if strings.EqualFold(hint, u.Username) || hint == id {
			return id, nil
		}
	}
	return "", nil
}

// Subject implements [oauth.Subjects].
func (p *people) Subject(_ context.Context, id string) (oauth.Subject, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	u := p.list[id]
	if u == nil {
		return oauth.Subject{}, oauth.ErrNoSubject
	}
	return oauth.Subject{Active: !u.Suspended, Groups: u.Groups}, nil
}

// PasswordHash implements [authenticator.Passwords]: a hash is made when it is first
// asked for.
func (p *people) PasswordHash(ctx context.Context, id string) (string, error) {
	p.mu.Lock()
	u := p.list[id]
	p.mu.Unlock()
	if u == nil || u.hash != "" {
		if u == nil {
			return "", nil
		}
		return u.hash, nil
	}
	hash, err := p.password.Hash(ctx, u.Password)
	if err != nil {
		return "", err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	u.hash = hash
	return hash, nil
}

// SetPasswordHash implements [authenticator.Passwords].
func (p *people) SetPasswordHash(_ context.Context, id, old, hash string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if u := p.list[id]; u != nil && u.hash == old {
		u.hash = hash
	}
	return nil
}

func (p *people) claims(_ context.Context, r oidc.ClaimsRequest) (oidc.Claims, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	u := p.list[r.Subject]
	if u == nil {
		return nil, nil
	}
	return u.Claims, nil
}

func (p *people) deliver(_ context.Context, m authenticator.Message) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.sent = append(p.sent, Delivery{User: m.Subject, Channel: m.Channel, To: m.To, Code: m.Code, Text: m.Text})
	return nil
}

func (p *people) direct() (*directauth.Direct, error) {
	return directauth.New(directauth.Config{Users: p, Password: p.password, OTP: p.totp, OutOfBand: p.codes})
}

var directGrants = []string{
	directauth.GrantPassword, directauth.GrantOTP, directauth.GrantOOB, directauth.GrantMFAOTP, directauth.GrantMFAOOB,
}

func (p *people) pages() signin.Config {
	return signin.Config{
		Users: p, Password: p.password, OTP: p.totp, OutOfBand: p.codes,
		First: []string{authenticator.TypePassword, authenticator.TypeTOTP, authenticator.TypeSMS, authenticator.TypeEmail},
		Account: func(_ context.Context, id string) (signin.Account, error) {
			p.mu.Lock()
			defer p.mu.Unlock()
			if u := p.list[id]; u != nil {
				name, _ := u.Claims["name"].(string)
				return signin.Account{Name: name, Detail: u.Username}, nil
			}
			return signin.Account{}, nil
		},
		SetPassword: p.setPassword,
	}
}

func (p *people) setPassword(ctx context.Context, id, plaintext string) error {
	hash, err := p.password.Hash(ctx, plaintext)
	if err != nil {
		return err
	}
	p.mu.Lock()
	if u := p.list[id]; u != nil {
		u.Password, u.hash = plaintext, hash
	}
	p.mu.Unlock()
	return p.s.Provider.Server().EndSubject(ctx, id)
}

// Delivered is what a person got over a channel, oldest first. "" is any channel.
func (s *Server) Delivered(user, channel string) []Delivery {
	s.people.mu.Lock()
	defer s.people.mu.Unlock()
	var list []Delivery
	for _, d := range s.people.sent {
		if d.User == user && (channel == "" || d.Channel == channel) {
			list = append(list, d)
		}
	}
	return list
}

// Suspend suspends a person: whatever they were granted is ended.
func (s *Server) Suspend(ctx context.Context, user string) error {
	s.people.suspend(user, true)
	return s.Provider.Server().EndSubject(ctx, user)
}

// Activate lets a person in again.
func (s *Server) Activate(user string) { s.people.suspend(user, false) }

func (p *people) suspend(id string, suspended bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if u := p.list[id]; u != nil {
		u.Suspended = suspended
	}
}

// SetPassword sets a person's password; what they were granted is ended.
func (s *Server) SetPassword(ctx context.Context, user, password string) error {
	return s.people.setPassword(ctx, user, password)
}
