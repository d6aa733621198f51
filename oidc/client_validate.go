package oidc

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/mintyard/mintyard/oauth"
	"github.com/mintyard/mintyard/oauth/token"
)

// maxDefaultMaxAge bounds [oauth.OpenID].DefaultMaxAge.
const maxDefaultMaxAge = 10 * 365 * 24 * time.Hour

// ValidateClient reports what is wrong with what a client has at an OpenID Provider,
// naming the field: what the provider has no key for, cannot encrypt with or to, or
// cannot tell a sector of. Hosts call it when a client is registered, after
// [oauth.Client.Validate]: the error is an *oauth.ClientError. [New] does so for a fixed list.
func (p *Provider) ValidateClient(c *oauth.Client) error {
	for _, check := range []func(*oauth.Client) (field string, err error){
		p.checkSubjectType, p.checkAlgorithms, p.checkClientGroups, checkURLs, checkDefaults,
	} {
		if field, err := check(c); err != nil {
			return &oauth.ClientError{ID: c.ID, Field: "OpenID." + field, Why: err.Error()}
		}
	}
	return nil
}

// checkClients checks those that are known beforehand.
func (p *Provider) checkClients() error {
	list, ok := p.server.Config().Clients.(oauth.ClientList)
	if !ok {
		return nil
	}
	for _, id := range slices.Sorted(maps.Keys(list)) {
		if err := p.ValidateClient(list[id]); err != nil {
			return err
		}
	}
	return nil
}

func (p *Provider) checkSubjectType(c *oauth.Client) (string, error) {
	switch c.OpenID.SubjectType {
	case "", SubjectPublic:
		return "", nil
	case SubjectPairwise:
		if p.config.PairwiseKey == nil {
			return "SubjectType", errNoPairwiseKey
		}
		_, err := sectorOf(c)
		return "SectorIdentifier", err
	}
	return "SubjectType", fmt.Errorf("%q is neither %q nor %q", c.OpenID.SubjectType, SubjectPublic, SubjectPairwise)
}

func (p *Provider) checkAlgorithms(c *oauth.Client) (string, error) {
	o := &c.OpenID
	for _, of := range []struct {
		artefact   string
		algorithm  token.Algorithm
		encryption oauth.Encryption
	}{{"IDToken", o.IDTokenAlgorithm, o.IDTokenEncryption}, {"UserInfo", o.UserInfoAlgorithm, o.UserInfoEncryption}} {
		if alg := of.algorithm; alg != "" && p.server.Config().Keys.Signing.Active(alg) == nil {
			return of.artefact + "Algorithm", fmt.Errorf("the server has no active key for %s", alg)
		}
		if of.encryption == (oauth.Encryption{}) {
			continue
		}
		if err := checkEncryption(of.encryption); err != nil {
			return of.artefact + "Encryption", err
		}
		if _, err := encryptionKey(o.JWKS, of.encryption.Algorithm); err != nil {
			return "JWKS", err
		}
	}
	if o.UserInfoEncryption != (oauth.Encryption{}) && o.UserInfoAlgorithm == "" {
		return "UserInfoEncryption", errors.New("what is encrypted is signed first: UserInfoAlgorithm is missing")
	}
	if o.JWKS != nil {
		if len(o.JWKS) > maxClientJWKS {
			return "JWKS", fmt.Errorf("more than %d bytes", maxClientJWKS)
		}
		if _, err := parseClientKeys(o.JWKS); err != nil {
			return "JWKS", err
		}
	}
	return "", nil
}

func (p *Provider) checkClientGroups(c *oauth.Client) (string, error) {
	g := c.OpenID.Groups
	switch {
	case g == nil:
		return "", nil
	case protocolClaim(groupsName(g)):
		return "Groups.Name", fmt.Errorf("%q is a claim that only the server says", g.Name)
	case g.Match == oauth.GroupsExpression && p.config.Groups == nil:
		return "Groups.Match", errNoGroups
	case g.Match == oauth.GroupsExpression:
		return "", nil
	}
	_, err := groupMatcher(g)
	if g.Match == oauth.GroupsRegex {
		return "Groups.Value", err
	}
	return "Groups.Match", err
}

func checkURLs(c *oauth.Client) (string, error) {
	o := &c.OpenID
	for _, u := range []struct{ field, value string }{
		{"BackchannelLogoutURI", o.BackchannelLogoutURI}, {"FrontchannelLogoutURI", o.FrontchannelLogoutURI}, {"InitiateLoginURI", o.InitiateLoginURI},
	} {
		if u.value == "" {
			continue
		}
		if err := oauth.CheckWebURL(u.value); err != nil {
			return u.field, err
		}
	}
	for i, u := range o.PostLogoutRedirectURIs {
		if err := c.CheckRedirectURI(u); err != nil {
			return fmt.Sprintf("PostLogoutRedirectURIs[%d]", i), err
		}
	}
	switch {
	case o.BackchannelLogoutSessionRequired && o.BackchannelLogoutURI == "":
		return "BackchannelLogoutSessionRequired", errors.New("there is no BackchannelLogoutURI")
	case o.FrontchannelLogoutSessionRequired && o.FrontchannelLogoutURI == "":
		return "FrontchannelLogoutSessionRequired", errors.New("there is no FrontchannelLogoutURI")
	}
	return "", nil
}

func checkDefaults(c *oauth.Client) (string, error) {
	if age := c.OpenID.DefaultMaxAge; age != nil && (*age < 0 || *age > maxDefaultMaxAge) {
		return "DefaultMaxAge", errors.New("is negative, or more than ten years")
	}
	for i, v := range c.OpenID.DefaultACRValues {
		if v == "" {
			return fmt.Sprintf("DefaultACRValues[%d]", i), errors.New("is empty")
		}
	}
	return "", nil
}
