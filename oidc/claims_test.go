package oidc_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mintyard/mintyard/oauth"
	"github.com/mintyard/mintyard/oidc"
)

// everywhere lets the claim "tenant" into every artefact.
func everywhere(_ *tokens, _ *oauth.Config, o *oidc.Config) {
	o.IDTokenClaims, o.AccessTokenClaims = []string{"tenant"}, []string{"tenant"}
	o.ScopeClaims = map[string][]string{"orders": {"tenant"}}
}

func TestClaimsInEveryArtefact(t *testing.T) {
	k := newTokens(t, everywhere)
	k.say["tenant"] = "north"
	a := k.direct("openid orders", "nonce", "n")
	require.Equal(t, "north", k.payload(a.text("id_token"))["tenant"])
	require.Equal(t, "north", k.payload(a.text("access_token"))["tenant"])
	u := k.userinfo(a.text("access_token"))
	require.Equal(t, map[string]any{"sub": "mia", "tenant": "north"}, u.body)

	require.Len(t, k.asked, 3)
	var uses []oidc.Use
	for _, r := range k.asked {
		uses = append(uses, r.Use)
		require.Same(t, k.app, r.Client)
		require.Equal(t, "mia", r.Subject)
		require.Equal(t, []string{"openid", "orders"}, r.Scopes)
		require.Equal(t, []string{"tenant"}, r.Names)
		require.Equal(t, "urn:example:person", r.Grant.Type)
		require.NotEmpty(t, r.Grant.ID)
		require.Equal(t, k.asked[0].Grant.ID, r.Grant.ID)
		require.Equal(t, k.now.Load()-60, r.Grant.AuthTime.Unix())
		require.Equal(t, "password", r.Grant.Methods[0].Name)
		require.Equal(t, []string{issuer}, r.Grant.Audience)
	}
	require.Equal(t, []oidc.Use{oidc.UseAccessToken, oidc.UseIDToken, oidc.UseUserInfo}, uses)

	m := k.machine()
	require.Equal(t, http.StatusOK, m.status, m.raw)
	require.Equal(t, "north", k.payload(m.text("access_token"))["tenant"])
	require.Len(t, k.asked, 1)
	require.Empty(t, k.asked[0].Subject, "a client that asks for itself")
	require.Empty(t, k.asked[0].Grant.ID)
	require.Equal(t, "machine", k.asked[0].Client.ID)
}

// What is not listed stays out, and nobody is asked for it.
func TestClaimsStayOut(t *testing.T) {
	k := newTokens(t, nil)
	a := k.direct("openid profile email")
	require.Empty(t, k.asked)
	for _, name := range []string{"name", "email", "shop_level"} {
		require.NotContains(t, k.payload(a.text("access_token")), name)
		require.NotContains(t, k.payload(a.text("id_token")), name)
	}
	require.Equal(t, map[string]any{"sub": "mia", "name": "Mia", "email": "mia@example.test", "email_verified": true},
		k.userinfo(a.text("access_token")).body, "what is empty or was not asked for is left out")

	opaque := newTokens(t, func(k *tokens, c *oauth.Config, o *oidc.Config) {
		everywhere(k, c, o)
		c.AccessToken.Format = oauth.FormatOpaque
	})
	opaque.direct("orders")
	require.Empty(t, opaque.asked, "a handle has no claims")
}

// A claim of the protocol is the server's to say, however its name is written.
func TestClaimsCannotReplace(t *testing.T) {
	names := strings.Fields("iss sub aud exp iat nbf jti nonce auth_time acr amr azp sid at_hash c_hash s_hash cnf client_id scope act " +
		"may_act events sub_id sub_jwk authorization_details active token_type ISS Sub \u017fub c\u017fcope \u212anf May_Act")
	k := newTokens(t, func(k *tokens, c *oauth.Config, o *oidc.Config) {
		everywhere(k, c, o)
		o.ClaimsInIDToken = true
	})
	for _, name := range names {
		k.say = oidc.Claims{"tenant": "north", name: "evil"}
		a := k.direct("openid orders", "nonce", "n")
		k.verified(a, "n")
		u := k.userinfo(a.text("access_token"))
		protected := name != "c\u017fcope" && name != "\u212anf" // neither is a name of ours in any spelling
		for _, m := range []map[string]any{k.payload(a.text("id_token")), k.payload(a.text("access_token")), u.body} {
			require.Equal(t, "north", m["tenant"], name)
			require.NotContains(t, fmt.Sprint(m), "evil", name)
		}
		want := []oauth.Reason{oidc.ReasonClaimProtected, oidc.ReasonClaimProtected, oidc.ReasonClaimProtected}
		if !protected {
			want = nil
		}
		require.Equal(t, want, k.cuts(), name)
		if protected {
			e := k.events[slices.IndexFunc(k.events, func(e oauth.Event) bool { return e.Type == oidc.EventClaimsCut })]
			require.ErrorContains(t, e.Err, name)
			require.NotContains(t, e.Err.Error(), "evil", "no value is in an event")
			require.Equal(t, []string{"app", "mia", "access_token"}, []string{e.ClientID, e.Subject, e.Endpoint})
		}
	}
}

func TestClaimsBudget(t *testing.T) {
	const limit = 300
	k := newTokens(t, func(k *tokens, c *oauth.Config, o *oidc.Config) {
		everywhere(k, c, o)
		o.MaxTokenClaims, o.MaxUserInfoClaims = limit, 2*limit
	})
	size := func(n int) string { return strings.Repeat("x", n-len(`{"tenant":""}`)) }
	for _, c := range []struct {
		name             string
		bytes            int
		inTokens, inInfo bool
	}{
		{"at the limit", limit, true, true},
		{"over it", limit + 1, false, true},
		{"at that of UserInfo", 2 * limit, false, true},
		{"over that too", 2*limit + 1, false, false},
		{"far over it", 100 << 10, false, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			k.say = oidc.Claims{"tenant": size(c.bytes)}
			a := k.direct("openid orders", "nonce", "n")
			k.verified(a, "n")
			_, id := k.payload(a.text("id_token"))["tenant"]
			_, access := k.payload(a.text("access_token"))["tenant"]
			_, info := k.userinfo(a.text("access_token")).body["tenant"]
			require.Equal(t, []bool{c.inTokens, c.inTokens, c.inInfo}, []bool{id, access, info})
			var want []oauth.Reason
			for _, in := range []bool{c.inTokens, c.inTokens, c.inInfo} {
				if !in {
					want = append(want, oidc.ReasonClaimsTooLarge)
				}
			}
			require.Equal(t, want, k.cuts(), "never silently")
		})
	}
}

// Claims that cannot be had, or not written, grant nothing and say nothing.
func TestClaimsFailure(t *testing.T) {
	for name, breakIt := range map[string]func(k *tokens){
		"function fails":      func(k *tokens) { k.kit.claims = errors.New("directory: password=x") },
		"not JSON":            func(k *tokens) { k.say["tenant"] = func() {} },
		"sources are no JSON": func(k *tokens) { k.say["_claim_names"] = []string{"x"} },
	} {
		t.Run(name, func(t *testing.T) {
			k := newTokens(t, everywhere)
			k.say["tenant"] = "north"
			good := k.direct("openid orders offline_access")
			breakIt(k)
			for _, a := range []answer{
				k.signIn("openid orders"), k.machine(),
				k.post("/t1/token", "client_id", "app", "grant_type", "refresh_token", "refresh_token", good.text("refresh_token")),
				k.userinfo(good.text("access_token")),
			} {
				require.Equal(t, http.StatusServiceUnavailable, a.status, a.raw)
				require.NotContains(t, a.raw, "password")
				require.NotContains(t, a.body, "access_token")
			}
			k.kit.claims, k.say = nil, oidc.Claims{}
			require.Equal(t, http.StatusOK, k.post("/t1/token", "client_id", "app", "grant_type", "refresh_token", "refresh_token", good.text("refresh_token")).status,
				"the refresh token is as good as before")
		})
	}
}

func TestClaimSources(t *testing.T) {
	k := newTokens(t, nil)
	endpoint := map[string]any{"endpoint": "https://bank.example/claims"}
	k.say = oidc.Claims{
		"email":          "mia@example.test",
		"_claim_names":   map[string]any{"name": "one", "email": "one", "credit": "two", "nickname": "three", "picture": "gone"},
		"_claim_sources": map[string]any{"one": endpoint, "two": map[string]any{"JWT": "x.y.z"}, "three": map[string]any{"JWT": "a.b.c"}},
	}
	a := k.direct("openid profile email")
	u := k.userinfo(a.text("access_token"))
	require.Equal(t, map[string]any{
		"sub": "mia", "email": "mia@example.test", "_claim_names": map[string]any{"name": "one", "nickname": "three"},
		"_claim_sources": map[string]any{"one": endpoint, "three": map[string]any{"JWT": "a.b.c"}},
	}, u.body, "claims that may go out, and are not there themselves, with their sources")
	require.NotContains(t, k.userinfo(k.direct("openid").text("access_token")).body, "_claim_names")
}

// The limit of what a handle of the host may keep of a request: the function gets copies.
func TestClaimsRequestIsKept(t *testing.T) {
	k := newTokens(t, everywhere)
	k.say["tenant"] = "north"
	k.direct("openid orders")
	before, err := json.Marshal(k.asked[0].Grant)
	require.NoError(t, err)
	for range 20 {
		k.signIn("openid profile")
	}
	after, err := json.Marshal(k.asked[0].Grant)
	require.NoError(t, err)
	require.Equal(t, before, after)
	require.Equal(t, []string{"openid", "orders"}, k.asked[0].Scopes)
}
