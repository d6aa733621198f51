package oidc_test

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/mintyard/mintyard/oauth"
	"github.com/mintyard/mintyard/oidc"
	"github.com/mintyard/mintyard/policy"
	"github.com/mintyard/mintyard/store"
)

func object(t *testing.T, raw json.RawMessage) map[string]any {
	t.Helper()
	if raw == nil {
		return nil
	}
	var m map[string]any
	require.NoError(t, json.Unmarshal(raw, &m))
	return m
}

// without leaves out what differs between two tokens of one kind.
func without(m map[string]any, names ...string) map[string]any {
	m = maps.Clone(m)
	for _, name := range names {
		delete(m, name)
	}
	return m
}

// A dry run says what the real request then gets.
func TestDryRun(t *testing.T) {
	k := newTokens(t, func(k *tokens, c *oauth.Config, o *oidc.Config) {
		everywhere(k, c, o)
		k.app.OpenID = oauth.OpenID{IDTokenEncryption: oauth.Encryption{Algorithm: "RSA-OAEP"}, JWKS: jwks(t, jwk("RSA", "a", "enc", "")),
			Groups: &oauth.GroupsClaim{Match: oauth.GroupsStartsWith}}
	})
	k.say["tenant"], k.groups = "north", []string{"hr"}
	re := oauth.Rehearsal{
		ClientID: "app", GrantType: "urn:example:person", Subject: "mia", Scopes: []string{"openid", "orders", "email"},
		AuthTime: k.time().Add(-time.Minute), Methods: []policy.Method{{Name: "password", Types: policy.Knowledge, At: k.time().Add(-time.Minute)}},
		ACRValues: []string{"urn:okta:loa:1fa:pwd"}, Nonce: "n",
	}
	run, err := k.provider.DryRun(t.Context(), re)
	require.NoError(t, err)
	a := k.direct("openid orders email", "nonce", "n", "acr_values", "urn:okta:loa:1fa:pwd")
	require.Equal(t, without(k.payload(a.text("access_token")), "jti"), without(object(t, run.AccessToken), "jti"))
	id := k.payload(open(t, a.text("id_token"), "RSA-OAEP", "A128CBC-HS256", "a", clientSecrets()["RSA"]))
	require.Equal(t, without(id, "at_hash"), without(object(t, run.IDToken), "at_hash"))
	require.Equal(t, "north", id["tenant"])
	require.Equal(t, k.userinfo(a.text("access_token")).body, object(t, run.UserInfo))
	require.Empty(t, run.Events)

	run, err = k.provider.DryRun(t.Context(), oauth.Rehearsal{ClientID: "machine", GrantType: oauth.GrantClientCredentials, Scopes: []string{"orders"}})
	require.NoError(t, err)
	require.Equal(t, without(k.payload(k.machine().text("access_token")), "jti"), without(object(t, run.AccessToken), "jti"))
	require.Nil(t, run.IDToken)
	require.Nil(t, run.UserInfo)

	re.Claims = `{"id_token":{"name":null},"userinfo":{"name":{"value":"Tom"}}}`
	run, err = k.provider.DryRun(t.Context(), re)
	require.NoError(t, err)
	require.Equal(t, "Mia", object(t, run.IDToken)["name"])
	require.NotContains(t, object(t, run.UserInfo), "name")
}

// Nothing is written and nothing is in the event stream: what is cut is in the result.
func TestDryRunLeavesNothing(t *testing.T) {
	for _, format := range []string{oauth.FormatJWT, oauth.FormatOpaque} {
		writes := 0
		k := newTokens(t, func(k *tokens, c *oauth.Config, o *oidc.Config) {
			everywhere(k, c, o)
			c.AccessToken.Format, c.Store = format, countingStore{c.Store, &writes}
		})
		k.say = oidc.Claims{"tenant": "north", "iss": "evil"}
		before := k.events
		run, err := k.provider.DryRun(t.Context(), oauth.Rehearsal{ClientID: "app", GrantType: "urn:example:person", Subject: "mia",
			Scopes: []string{"openid", "orders", "offline_access"}, Methods: []policy.Method{{Name: "password", Types: policy.Knowledge, At: k.time()}}})
		require.NoError(t, err)
		require.Equal(t, format == oauth.FormatJWT, run.AccessToken != nil)
		require.Zero(t, writes)
		require.Equal(t, before, k.events)
		require.NotEmpty(t, run.Events)
		for _, e := range run.Events {
			require.Equal(t, oidc.ReasonClaimProtected, e.Reason)
		}
		require.NotContains(t, string(run.IDToken), "evil")

		err = k.provider.Server().Rehearse(t.Context(), oauth.Rehearsal{ClientID: "app", GrantType: "urn:example:person", Subject: "mia",
			Scopes: []string{"openid"}, Methods: []policy.Method{{Name: "password", Types: policy.Knowledge, At: k.time()}}},
			func(ctx context.Context, is *oauth.Issue) error {
				_, err := k.provider.Server().Commit(ctx, is)
				return err
			})
		require.Error(t, err, "and who gets hold of it cannot grant it")
		err = k.provider.Server().Rehearse(t.Context(), oauth.Rehearsal{ClientID: "machine", GrantType: oauth.GrantClientCredentials, Scopes: []string{"orders"}},
			func(ctx context.Context, is *oauth.Issue) error {
				_, err := k.provider.Server().Commit(ctx, is)
				return err
			})
		require.Error(t, err)
		require.Zero(t, writes)
	}
}

// countingStore counts what is written.
type countingStore struct {
	store.Store
	writes *int
}

func (s countingStore) Put(ctx context.Context, rec store.Record, old uint64) error {
	*s.writes++
	return s.Store.Put(ctx, rec, old)
}

// What would be refused is refused, for the same reason.
func TestDryRunRefusals(t *testing.T) {
	k := newTokens(t, func(_ *tokens, c *oauth.Config, _ *oidc.Config) {
		c.Clients.(oauth.ClientList)["other"].Scopes = []string{"openid"}
		c.Clients.(oauth.ClientList)["strict"].GrantTypes = []string{"urn:example:person"}
		c.Clients.(oauth.ClientList)["strict"].ResponseTypes = nil
		c.Clients.(oauth.ClientList)["other"].GrantTypes = []string{"urn:example:person"}
	})
	proved := []policy.Method{{Name: "password", Types: policy.Knowledge, At: k.time()}}
	for name, c := range map[string]struct {
		re   oauth.Rehearsal
		code string
	}{
		"unknown client":     {oauth.Rehearsal{ClientID: "nobody"}, oauth.CodeInvalidRequest},
		"grant not for it":   {oauth.Rehearsal{ClientID: "app", GrantType: oauth.GrantClientCredentials}, oauth.CodeUnauthorizedClient},
		"unknown grant":      {oauth.Rehearsal{ClientID: "app", GrantType: "x"}, oauth.CodeUnsupportedGrantType},
		"scope not for it":   {oauth.Rehearsal{ClientID: "other", Scopes: []string{"orders"}}, oauth.CodeInvalidScope},
		"unknown scope":      {oauth.Rehearsal{ClientID: "app", Scopes: []string{"x"}}, oauth.CodeInvalidScope},
		"unknown target":     {oauth.Rehearsal{ClientID: "app", Resources: []string{"https://x.example"}}, oauth.CodeInvalidTarget},
		"nothing was proved": {oauth.Rehearsal{ClientID: "app", Methods: []policy.Method{}}, ""},
		"a second factor":    {oauth.Rehearsal{ClientID: "strict"}, ""},
		"claims":             {oauth.Rehearsal{ClientID: "app", Claims: "{"}, oauth.CodeInvalidRequest},
	} {
		t.Run(name, func(t *testing.T) {
			re := c.re
			re.Subject = "mia"
			if re.GrantType == "" {
				re.GrantType = "urn:example:person"
			}
			if re.Methods == nil {
				re.Methods = proved
			}
			if re.Scopes == nil {
				re.Scopes = []string{"openid"}
			}
			run, err := k.provider.DryRun(t.Context(), re)
			require.Nil(t, run)
			if c.code == "" {
				var more *oauth.StepUpError
				require.ErrorAs(t, err, &more)
				return
			}
			var e *oauth.Error
			require.ErrorAs(t, err, &e)
			require.Equal(t, c.code, e.Code)
		})
	}
	k.active = false
	_, err := k.provider.DryRun(t.Context(), oauth.Rehearsal{ClientID: "app", GrantType: "urn:example:person", Subject: "mia", Scopes: []string{"openid"}, Methods: proved})
	var e *oauth.Error
	require.ErrorAs(t, err, &e)
	require.Equal(t, oauth.ReasonInactiveSubject, e.Reason)
	k.active, k.kit.claims = true, errors.New("down")
	_, err = k.provider.DryRun(t.Context(), oauth.Rehearsal{ClientID: "app", GrantType: "urn:example:person", Subject: "mia", Scopes: []string{"openid", "email"}, Methods: proved})
	require.ErrorAs(t, err, &e)
	require.Equal(t, oauth.CodeTemporarilyUnavailable, e.Code)
}
