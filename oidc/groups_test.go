package oidc_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mintyard/mintyard/oauth"
	"github.com/mintyard/mintyard/oidc"
)

func TestGroupsFilter(t *testing.T) {
	all := []string{"app-admins", "app-users", "hr", "HR", "app", "x-app-y", "app-admins\nhr"}
	for _, c := range []struct {
		filter *oauth.GroupsClaim
		want   []any
	}{
		{nil, nil},
		{&oauth.GroupsClaim{Match: oauth.GroupsStartsWith, Value: "app-"}, []any{"app-admins", "app-users", "app-admins\nhr"}},
		{&oauth.GroupsClaim{Match: oauth.GroupsEquals, Value: "hr"}, []any{"hr"}},
		{&oauth.GroupsClaim{Match: oauth.GroupsContains, Value: "app"}, []any{"app-admins", "app-users", "app", "x-app-y", "app-admins\nhr"}},
		{&oauth.GroupsClaim{Match: oauth.GroupsRegex, Value: "app|hr"}, []any{"hr", "app"}},
		{&oauth.GroupsClaim{Match: oauth.GroupsRegex, Value: "app-.*"}, []any{"app-admins", "app-users"}},
		{&oauth.GroupsClaim{Match: oauth.GroupsRegex, Value: "(?i)hr"}, []any{"hr", "HR"}},
		{&oauth.GroupsClaim{Match: oauth.GroupsEquals, Value: "nobody's"}, nil},
		{&oauth.GroupsClaim{Match: oauth.GroupsExpression, Value: "upper"}, []any{"APP-ADMINS"}},
		{&oauth.GroupsClaim{Name: "roles", Match: oauth.GroupsEquals, Value: "hr"}, []any{"hr"}},
	} {
		k := newTokens(t, func(k *tokens, _ *oauth.Config, o *oidc.Config) {
			k.app.OpenID.Groups = c.filter
			o.AccessTokenClaims = []string{"groups"}
			o.Groups = func(_ context.Context, r oidc.ClaimsRequest, expression string) ([]string, error) {
				require.Equal(t, "upper", expression)
				return []string{strings.ToUpper(r.Groups[0])}, nil
			}
		})
		k.groups = all
		a := k.direct("openid orders")
		name := "groups"
		if c.filter != nil && c.filter.Name != "" {
			name = c.filter.Name
		}
		for what, m := range map[string]map[string]any{
			"id": k.payload(a.text("id_token")), "info": k.userinfo(a.text("access_token")).body, "access": k.payload(a.text("access_token")),
		} {
			want := any(c.want)
			if c.want == nil || what == "access" && name == "roles" { // that claim is not for access tokens
				want = nil
			}
			require.Equal(t, want, m[name], "%s %+v", what, c.filter)
		}
		require.Empty(t, k.cuts())
	}
}

// Above a hundred groups tokens have a marker, and UserInfo has all of them.
func TestGroupsOverflow(t *testing.T) {
	k := newTokens(t, func(k *tokens, _ *oauth.Config, o *oidc.Config) {
		k.app.OpenID.Groups = &oauth.GroupsClaim{Match: oauth.GroupsStartsWith, Value: "g"}
		o.AccessTokenClaims = []string{"groups"}
	})
	for _, n := range []int{0, 1, 99, 100, 101, 600} {
		k.groups = []string{"other"}
		for i := range n {
			k.groups = append(k.groups, fmt.Sprintf("g%03d", i))
		}
		a := k.direct("openid")
		for _, m := range []map[string]any{k.payload(a.text("id_token")), k.payload(a.text("access_token"))} {
			list, _ := m["groups"].([]any)
			if n > 100 {
				require.Equal(t, true, m["groups_overflow"])
				require.Nil(t, m["groups"], "not some of them")
			} else {
				require.Len(t, list, n)
				require.NotContains(t, m, "groups_overflow")
			}
		}
		require.Less(t, len(a.text("id_token")), 4096)
		want := []oauth.Reason(nil)
		if n > 100 {
			want = []oauth.Reason{oidc.ReasonGroupsOverflow, oidc.ReasonGroupsOverflow}
		}
		require.Equal(t, want, k.cuts())
		list, _ := k.userinfo(a.text("access_token")).body["groups"].([]any)
		require.Len(t, list, n)
	}
}

// Groups with long names are too large for a token before they are too many.
func TestGroupsTooLarge(t *testing.T) {
	k := newTokens(t, func(k *tokens, _ *oauth.Config, _ *oidc.Config) {
		k.app.OpenID.Groups = &oauth.GroupsClaim{Match: oauth.GroupsStartsWith}
	})
	for range 50 {
		k.groups = append(k.groups, strings.Repeat("g", 100))
	}
	a := k.direct("openid")
	m := k.payload(a.text("id_token"))
	require.Equal(t, true, m["groups_overflow"])
	require.NotContains(t, m, "groups")
	require.Equal(t, []oauth.Reason{oidc.ReasonClaimsTooLarge}, k.cuts())
	require.Len(t, k.userinfo(a.text("access_token")).body["groups"], 50)
}

// The host's function cannot say groups past the filter, and an expression that cannot be
// evaluated grants nothing.
func TestGroupsAreTheServers(t *testing.T) {
	fails := false
	k := newTokens(t, func(k *tokens, _ *oauth.Config, o *oidc.Config) {
		k.app.OpenID.Groups = &oauth.GroupsClaim{Match: oauth.GroupsExpression, Value: "x"}
		o.IDTokenClaims = []string{"groups"}
		o.Groups = func(context.Context, oidc.ClaimsRequest, string) ([]string, error) {
			if fails {
				return nil, errors.New("no such function: secret")
			}
			return nil, nil
		}
	})
	k.say["groups"] = []string{"root"}
	require.NotContains(t, k.payload(k.direct("openid").text("id_token")), "groups")
	fails = true
	a := k.signIn("openid")
	require.Equal(t, http.StatusServiceUnavailable, a.status)
	require.NotContains(t, a.raw, "secret")
}
