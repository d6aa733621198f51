package oidc

import "github.com/mintyard/mintyard/oauth"

// SubjectFor is the sub by which a client knows a person: in ID tokens and in logout
// tokens.
func (p *Provider) SubjectFor(_ *oauth.Client, subject string) (string, error) { return subject, nil }

// IsSubject reports whether a sub that a client knows, from a hint, say, is that of a
// person.
func (p *Provider) IsSubject(c *oauth.Client, sub, subject string) (bool, error) {
	own, err := p.SubjectFor(c, subject)
	return err == nil && sub != "" && own == sub, err
}
