package oidc

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/mintyard/mintyard/oauth"
)

// The subject types (OpenID Connect Core section 8).
const (
	SubjectPublic   = "public"   // every client knows a person by the same sub, which is the host's
	SubjectPairwise = "pairwise" // clients of two sectors cannot tell by it that they have the same person
)

// pairwiseKeySize is that of Config.PairwiseKey, in bytes.
const pairwiseKeySize = 32

var errNoPairwiseKey = errors.New("oidc: Config.PairwiseKey is required by a client with pairwise subjects")

func pairwise(c *oauth.Client) bool { return c.OpenID.SubjectType == SubjectPairwise }

// SubjectFor is the sub by which a client knows a person: in ID tokens, at UserInfo, in
// access tokens, in logout tokens and at introspection.
//
// A pairwise one is the HMAC of sector and person under Config.PairwiseKey, in base64url:
// nobody without the key can find the person by it, and it is the same as long as the
// key, the sector and the person's id are.
func (p *Provider) SubjectFor(c *oauth.Client, subject string) (string, error) {
	if !pairwise(c) || subject == "" {
		return subject, nil
	}
	if len(p.config.PairwiseKey) != pairwiseKeySize {
		return "", errNoPairwiseKey
	}
	sector, err := sectorOf(c)
	if err != nil {
		return "", fmt.Errorf("oidc: client %q: OpenID.SectorIdentifier: %w", c.ID, err)
	}
	mac := hmac.New(sha256.New, p.config.PairwiseKey)
	for _, part := range []string{sector, subject} { // each with its length, so that no two run together
		var n [8]byte
		binary.BigEndian.PutUint64(n[:], uint64(len(part)))
		mac.Write(n[:])
		mac.Write([]byte(part))
	}
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil)), nil
}

// IsSubject reports whether a sub that a client knows, from a hint, say, is that of a
// person. It is for what cannot be looked up: a pairwise sub does not say whose it is.
func (p *Provider) IsSubject(c *oauth.Client, sub, subject string) (bool, error) {
	own, err := p.SubjectFor(c, subject)
	return err == nil && sub != "" && hmac.Equal([]byte(own), []byte(sub)), err
}

// sectorOf is the host for which the client's subjects are the same (section 8.1): the one that
// was registered, or the one that all its redirect URIs have.
func sectorOf(c *oauth.Client) (string, error) {
	if s := c.OpenID.SectorIdentifier; s != "" {
		if !hostName(s) {
			return "", fmt.Errorf("%q is not a host name in lower case", s)
		}
		return s, nil
	}
	sector := ""
	for _, s := range c.RedirectURIs {
		u, err := url.Parse(s)
		switch {
		case err != nil || !hostName(u.Hostname()):
			return "", fmt.Errorf("is required: the redirect URI %q has no host that could stand for it", s)
		case sector != "" && sector != u.Hostname():
			return "", errors.New("is required: the redirect URIs have more than one host (OpenID Connect Core section 8.1)")
		}
		sector = u.Hostname()
	}
	if sector == "" {
		return "", errors.New("is required: there is no redirect URI whose host could stand for it")
	}
	return sector, nil
}

// hostName reports whether s is a host in its normal form: no port, no pattern.
func hostName(s string) bool {
	if s == "" || len(s) > 253 || strings.HasPrefix(s, ".") || strings.HasSuffix(s, ".") {
		return false
	}
	for i := range len(s) {
		c := s[i]
		if !('a' <= c && c <= 'z' || '0' <= c && c <= '9' || c == '-' || c == '.' || c == ':' || c == '_') {
			return false
		}
	}
	return true
}
