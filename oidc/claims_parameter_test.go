package oidc_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/mintyard/mintyard/oauth"
	"github.com/mintyard/mintyard/oidc"
)

// Where claims of scopes go (OpenID Connect Core section 5.4).
func TestScopeClaims(t *testing.T) {
	for _, always := range []bool{false, true} {
		k := newTokens(t, func(_ *tokens, _ *oauth.Config, o *oidc.Config) { o.ClaimsInIDToken = always })
		k.say["birthdate"] = "1990-01-01"
		for _, rt := range []string{oauth.ResponseCode, oauth.ResponseIDToken, oauth.ResponseIDTokenToken, oauth.ResponseCodeIDToken, oauth.ResponseCodeIDTokenToken} {
			v := k.authorize("response_type", rt, "scope", "openid email")
			k.sent(v, "")
			ids, access := []string{v.params.Get("id_token")}, v.params.Get("access_token")
			if v.params.Get("code") != "" {
				a := k.redeem(v)
				require.Equal(t, http.StatusOK, a.status, a.raw)
				ids, access = append(ids, a.text("id_token")), a.text("access_token")
			}
			for _, id := range ids {
				if id == "" {
					continue
				}
				m := k.payload(id)
				require.Equal(t, always || rt == oauth.ResponseIDToken, m["email"] != nil, rt)
				for _, name := range []string{"name", "birthdate"} {
					require.NotContains(t, m, name, rt)
				}
			}
			if access != "" {
				require.Equal(t, map[string]any{"sub": "mia", "email": "mia@example.test", "email_verified": true}, k.userinfo(access).body, rt)
			}
		}
	}
}

func TestClaimsParameter(t *testing.T) {
	address := map[string]any{"locality": "Bern"}
	for _, c := range []struct {
		name, scope, claims string
		id, info            []string // besides sub
	}{
		{"nothing", "openid", `{}`, nil, nil},
		{"at UserInfo", "openid", `{"userinfo":{"name":null,"email":{"essential":true}}}`, nil, []string{"name", "email"}},
		{"in the ID token", "openid", `{"id_token":{"name":{},"auth_time":{"essential":true}}}`, []string{"name"}, nil},
		{"in addition to scopes", "openid email", `{"userinfo":{"name":null}}`, nil, []string{"name", "email", "email_verified"}},
		{"both", "openid", `{"userinfo":{"name":null},"id_token":{"email":null}}`, []string{"email"}, []string{"name"}},
		{"value that it has", "openid", `{"userinfo":{"name":{"value":"Mia"}}}`, nil, []string{"name"}},
		{"value that it has not", "openid", `{"userinfo":{"name":{"value":"Tom","essential":true}}}`, nil, nil},
		{"value of another type", "openid", `{"userinfo":{"email_verified":{"value":"true"}}}`, nil, nil},
		{"value written differently", "openid", `{"userinfo":{"name":{"value":"\u004dia"},"email_verified":{"value": true }}}`, nil, []string{"name", "email_verified"}},
		{"one of values", "openid", `{"userinfo":{"name":{"values":["Tom","Mia"]}}}`, nil, []string{"name"}},
		{"none of values", "openid", `{"userinfo":{"name":{"values":["Tom",null,3,{"a":1}]}}}`, nil, nil},
		{"an object as value", "openid", `{"userinfo":{"address":{"value":{"locality" : "Bern"}}}}`, nil, []string{"address"}},
		{"value for what a scope releases", "openid email", `{"userinfo":{"email":{"value":"x@example.test"}}}`, nil, []string{"email_verified"}},
		{"with a language", "openid", `{"userinfo":{"name#de":null,"nickname#fr":null}}`, nil, []string{"name#de"}},
		{"that no scope releases", "openid", `{"userinfo":{"shop_level":null,"unknown":null},"id_token":{"shop_level":{"essential":true}}}`, nil, nil},
		{"of the protocol", "openid", `{"userinfo":{"iss":null,"acr":null,"client_id":{"value":"x"}},"id_token":{"nonce":{"value":"other"},"aud":{"value":"x"}}}`, nil, nil},
		{"members that are not known", "openid", `{"access_token":{"name":null},"x":[1],"userinfo":{"name":{"purpose":"x"}}}`, nil, []string{"name"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			k := newTokens(t, nil)
			k.say["name#de"], k.say["address"], k.say["aud"] = "Mia (de)", address, "evil"
			a := k.redeem(k.authorize("scope", c.scope, "claims", c.claims))
			require.Equal(t, http.StatusOK, a.status, a.raw)
			id := k.payload(a.text("id_token"))
			require.Equal(t, "app", id["aud"])
			require.Equal(t, "n", id["nonce"])
			for _, name := range []string{"name", "email", "email_verified", "shop_level", "unknown", "name#de", "address"} {
				require.Equal(t, contains(c.id, name), id[name] != nil, name)
			}
			info := k.userinfo(a.text("access_token")).body
			require.Len(t, info, 1+len(c.info), "%v", info)
			for _, name := range c.info {
				require.Contains(t, info, name)
			}
		})
	}
}

func contains(list []string, s string) bool {
	for _, x := range list {
		if x == s {
			return true
		}
	}
	return false
}

// A client about which people are asked gets by name what they allow it by scope, and
// nobody gets what it could not have had by scope.
func TestClaimsParameterIsNoWayAround(t *testing.T) {
	k := newTokens(t, func(_ *tokens, c *oauth.Config, _ *oidc.Config) {
		list := c.Clients.(oauth.ClientList)
		list["other"].Scopes = []string{"openid", "email"}
	})
	const all = `{"userinfo":{"name":null,"email":null},"id_token":{"name":null,"email":null}}`
	k.authorize() // and is signed in
	for _, c := range []struct {
		client, scope string
		want          bool // email; name never
	}{{"third", "openid", false}, {"third", "openid email", true}, {"other", "openid", true}} {
		k.allow = strings.Fields(c.scope)
		v := k.authorize("client_id", c.client, "scope", c.scope, "claims", all)
		k.sent(v, "")
		a := k.redeem(v, "client_id", c.client)
		require.Equal(t, http.StatusOK, a.status, a.raw)
		for _, m := range []map[string]any{k.payload(a.text("id_token")), k.userinfo(a.text("access_token")).body} {
			require.Equal(t, c.want, m["email"] != nil, c.client)
			require.NotContains(t, m, "name", c.client)
		}
	}
}

// A33: what is not a claims parameter goes back to the client, at once.
func TestClaimsParameterMalformed(t *testing.T) {
	k := newTokens(t, nil)
	many := make([]string, 65)
	for i := range many {
		many[i] = fmt.Sprintf(`"c%d":null`, i)
	}
	for name, s := range map[string]string{
		"not JSON":         `{`,
		"an array":         `[]`,
		"a string":         `"userinfo"`,
		"null":             `null`,
		"more behind it":   `{} {}`,
		"twice":            `{"userinfo":{},"userinfo":{}}`,
		"twice, escaped":   `{"userinfo":{},"user\u0069nfo":{}}`,
		"a claim twice":    `{"userinfo":{"name":null,"name":null}}`,
		"userinfo null":    `{"userinfo":null}`,
		"userinfo array":   `{"userinfo":["name"]}`,
		"claim true":       `{"userinfo":{"name":true}}`,
		"claim a string":   `{"userinfo":{"name":"Mia"}}`,
		"claim an array":   `{"id_token":{"acr":["1"]}}`,
		"essential text":   `{"userinfo":{"name":{"essential":"true"}}}`,
		"values no array":  `{"userinfo":{"name":{"values":"Mia"}}}`,
		"values empty":     `{"userinfo":{"name":{"values":[]}}}`,
		"value and values": `{"userinfo":{"name":{"value":1,"values":[1]}}}`,
		"a name of none":   `{"userinfo":{"":null}}`,
		"a long name":      `{"userinfo":{"` + strings.Repeat("n", 129) + `":null}}`,
		"65 claims":        `{"userinfo":{` + strings.Join(many, ",") + `}}`,
		"half a pair":      `{"userinfo":{"\ud800":null}}`,
		"1000 deep":        `{"x":` + strings.Repeat("[", 1000) + strings.Repeat("]", 1000) + `}`,
		"over 4 KiB":       `{"x":"` + strings.Repeat("x", 4096) + `"}`,
		"sub of a number":  `{"id_token":{"sub":{"value":1}}}`,
		"two subs":         `{"id_token":{"sub":{"values":["mia","tom"]}}}`,
		"subs that differ": `{"id_token":{"sub":{"value":"mia"}},"userinfo":{"sub":{"value":"tom"}}}`,
	} {
		t.Run(name, func(t *testing.T) {
			start := time.Now()
			v := k.authorize("claims", s)
			require.Less(t, time.Since(start), 500*time.Millisecond)
			k.sent(v, "invalid_request")
			require.Equal(t, "s", v.params.Get("state"))
			require.Empty(t, k.needs, "nobody was asked anything")
		})
	}
	v := k.authorize("claims", `{"userinfo":{"name":"`+strings.Repeat("x", 64<<10)+`"}}`)
	require.NotEqual(t, http.StatusOK, v.status)
	require.Empty(t, v.params.Get("code"))
	k.sent(k.authorize("claims", `{"x":"`+strings.Repeat("x", 4096-8)+`"}`), "")
}

// Who is signed in must be whom the client means (section 5.5.1, section 3.1.2.2).
func TestClaimsParameterSub(t *testing.T) {
	k := newTokens(t, nil)
	sub := func(s string) string { return `{"id_token":{"sub":{"value":"` + s + `"}}}` }
	k.sent(k.authorize("prompt", "none", "claims", sub("mia")), "login_required")
	k.sent(k.authorize("claims", sub("tom")), "login_required") // mia signs in
	k.sent(k.authorize("claims", sub("mia")), "")
	k.sent(k.authorize("prompt", "none", "claims", sub("mia")), "")
	k.sent(k.authorize("prompt", "none", "claims", `{"userinfo":{"sub":{"value":"mia"}}}`), "")
	k.sent(k.authorize("prompt", "none", "claims", sub("tom")), "login_required")
	k.sent(k.authorize("prompt", "none", "claims", `{"id_token":{"sub":null}}`), "")
	hint := k.redeem(k.authorize("prompt", "none")).text("id_token")
	k.sent(k.authorize("prompt", "none", "id_token_hint", hint, "claims", sub("tom")), "login_required")
	k.sent(k.authorize("prompt", "none", "id_token_hint", hint, "claims", sub("mia")), "")
	k.person = "tom"
	k.sent(k.authorize("prompt", "login"), "")
	v := k.authorize("prompt", "none", "claims", sub("mia")) // both are signed in
	require.Equal(t, "mia", k.claims(k.redeem(v).text("id_token")).Subject)
}

// A context that the client cannot do without is reached, or it is told (section 5.5.1.1).
func TestClaimsParameterACR(t *testing.T) {
	const pwd, two, unknown = "urn:okta:loa:1fa:pwd", "urn:okta:loa:2fa:any", "urn:mace:incommon:iap:silver"
	acr := func(essential bool, values ...string) string {
		return fmt.Sprintf(`{"id_token":{"acr":{"essential":%t,"values":["%s"]}}}`, essential, strings.Join(values, `","`))
	}
	for _, c := range []struct {
		name, claims, acrValues string
		methods                 []string
		code, acr               string
	}{
		{"essential and reached", acr(true, pwd), "", []string{"password"}, "", pwd},
		{"essential, the second of two", acr(true, unknown, pwd), "", []string{"password"}, "", pwd},
		{"essential and nobody knows it", acr(true, unknown), "", []string{"password"}, oauth.CodeUnmet, ""},
		{"essential and known, with two", acr(true, two), "", []string{"password", "totp"}, "", two},
		{"voluntary and nobody knows it", acr(false, unknown), "", []string{"password"}, "", ""},
		{"voluntary and reached", acr(false, pwd), "", []string{"password"}, "", pwd},
		{"before acr_values", acr(false, two), pwd, []string{"password", "totp"}, "", two},
		{"essential without values", `{"id_token":{"acr":{"essential":true}}}`, "", []string{"password"}, "", ""},
		{"one value", `{"id_token":{"acr":{"essential":true,"value":"` + pwd + `"}}}`, "", []string{"password"}, "", pwd},
		{"essential and no text", `{"id_token":{"acr":{"essential":true,"values":[1,null]}}}`, "", []string{"password"}, oauth.CodeUnmet, ""},
		{"at UserInfo it means nothing", `{"userinfo":{"acr":{"essential":true,"value":"` + unknown + `"}}}`, "", []string{"password"}, "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			k := newTokens(t, nil)
			k.methods = c.methods
			v := k.authorize("claims", c.claims, "acr_values", c.acrValues)
			k.sent(v, c.code)
			if c.code == "" {
				require.Equal(t, c.acr, k.claims(k.redeem(v).text("id_token")).ACR)
			}
		})
	}
	k := newTokens(t, func(k *tokens, _ *oauth.Config, _ *oidc.Config) { k.app.OpenID.DefaultACRValues = []string{pwd} })
	require.Equal(t, pwd, k.claims(k.redeem(k.authorize()).text("id_token")).ACR, "what it was registered with")
	require.Empty(t, k.claims(k.redeem(k.authorize("acr_values", unknown)).text("id_token")).ACR, "unless it asks")
	k.sent(k.authorize("prompt", "none", "claims", acr(true, two)), "interaction_required")
	k.sent(k.authorize("prompt", "none", "claims", acr(true, unknown)), oauth.CodeUnmet)
	k.methods = []string{"totp"}
	v := k.authorize("claims", acr(true, two))
	k.sent(v, "")
	require.Equal(t, []oidc.Need{oidc.NeedStepUp}, k.needs, "more is asked for in the session")
	require.Equal(t, two, k.claims(k.redeem(v).text("id_token")).ACR)
}

// What was asked for by name stays with the grant.
func TestClaimsParameterAtRefresh(t *testing.T) {
	k := newTokens(t, nil)
	a := k.redeem(k.authorize("scope", "openid offline_access", "claims", `{"userinfo":{"name":null},"id_token":{"email":null}}`))
	b := k.post("/t1/token", "client_id", "app", "grant_type", "refresh_token", "refresh_token", a.text("refresh_token"))
	require.Equal(t, http.StatusOK, b.status, b.raw)
	require.Equal(t, "mia@example.test", k.payload(b.text("id_token"))["email"])
	require.Equal(t, map[string]any{"sub": "mia", "name": "Mia"}, k.userinfo(b.text("access_token")).body)
	require.Equal(t, []oidc.RequestedClaim{{Name: "name"}}, k.asked[len(k.asked)-1].Requested)
}
