package oidc

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/mintyard/mintyard/oauth"
)

// maxTokenGroups is how many groups a token carries. Somebody who is in more of them has
// none in tokens, which would be too large for the headers and cookies they travel in
// and must not name some and conceal others: they carry a marker, the name of the claim
// with _overflow after it, whose value is true. All of them are at UserInfo.
const maxTokenGroups = 100

// maxGroupsRegex bounds a pattern, in bytes.
const maxGroupsRegex = 512

// addGroups adds the claim of the person's groups that the client is to know. marker is
// the name of the claim that stands for it if there is no room; "" if there is none.
func (p *Provider) addGroups(ctx context.Context, r *ClaimsRequest, kept map[string]json.RawMessage) (marker string, err error) {
	filter := r.Client.OpenID.Groups
	if filter == nil || r.Subject == "" {
		return "", nil
	}
	name := groupsName(filter)
	if r.Use == UseAccessToken && !slices.Contains(p.config.AccessTokenClaims, name) {
		return "", nil
	}
	groups, err := p.groups(ctx, r, filter)
	if err != nil {
		return "", err
	}
	delete(kept, name)
	switch n := len(groups); {
	case n == 0:
		return "", nil
	case n > maxTokenGroups && r.Use != UseUserInfo:
		p.cut(ctx, r, ReasonGroupsOverflow, fmt.Errorf("oidc: %d groups, and a token carries at most %d", n, maxTokenGroups))
		kept[name+groupsOverflow] = json.RawMessage("true")
	default:
		if kept[name], err = json.Marshal(groups); err != nil {
			return "", err
		}
	}
	return name + groupsOverflow, nil
}

const groupsOverflow = "_overflow"

func groupsName(g *oauth.GroupsClaim) string { return cmp.Or(g.Name, "groups") }

// groups are those that the filter lets through, in the order in which the host has them.
func (p *Provider) groups(ctx context.Context, r *ClaimsRequest, g *oauth.GroupsClaim) ([]string, error) {
	if g.Match == oauth.GroupsExpression {
		if p.config.Groups == nil {
			return nil, errNoGroups
		}
		return p.config.Groups(ctx, *r, g.Value)
	}
	match, err := groupMatcher(g)
	if err != nil {
		return nil, err
	}
	var list []string
	for _, group := range r.Groups {
		if match(group) {
			list = append(list, group)
		}
	}
	return list, nil
}

var errNoGroups = errors.New("oidc: Config.Groups is required by a client whose groups are an expression")

// groupMatcher is the filter as a function.
func groupMatcher(g *oauth.GroupsClaim) (func(string) bool, error) {
	switch g.Match {
	case oauth.GroupsStartsWith:
		return func(s string) bool { return strings.HasPrefix(s, g.Value) }, nil
	case oauth.GroupsEquals:
		return func(s string) bool { return s == g.Value }, nil
	case oauth.GroupsContains:
		return func(s string) bool { return strings.Contains(s, g.Value) }, nil
	case oauth.GroupsRegex:
		if len(g.Value) > maxGroupsRegex {
			return nil, fmt.Errorf("a pattern of more than %d bytes", maxGroupsRegex)
		}
		if _, err := regexp.Compile(g.Value); err != nil { // alone: it must not end the group that anchors it
			return nil, err
		}
		re, err := regexp.Compile(`\A(?:` + g.Value + `)\z`)
		if err != nil {
			return nil, err
		}
		return re.MatchString, nil
	}
	return nil, fmt.Errorf("%q is no way to match a group", g.Match)
}
