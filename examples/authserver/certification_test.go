package main

import (
	"crypto/tls"
	"encoding/json"
	"net/http"
	"slices"
	"testing"

	"github.com/go-jose/go-jose/v4"
	"github.com/stretchr/testify/require"

	"github.com/mintyard/mintyard/oidc/oidctest"
)

// What the certification profiles ask of an OpenID Provider whose clients are known
// beforehand, by the names of the plans and modules of the OpenID Foundation's suite:
//
//	go test -run 'TestCertification/oidcc-hybrid-certification-test-plan/code_id_token/oidcc-server$'
//
// Every module has a browser of its own. What the suite only warns about fails here.
func TestCertification(t *testing.T) {
	c := newCertification(t)
	for _, plan := range plans {
		t.Run(plan.name, func(t *testing.T) {
			for _, responseType := range plan.types {
				t.Run(responseType, func(t *testing.T) {
					for _, m := range modulesOf(responseType) {
						t.Run(m.name, func(t *testing.T) { c.run(t, responseType, plan.mode, m.run) })
					}
				})
			}
		})
	}
	t.Run("oidcc-config-certification-test-plan/oidcc-discovery-endpoint-verification", c.discovery)
}

// TestCertificationPlans counts: no module of a plan has been left out.
func TestCertificationPlans(t *testing.T) {
	for _, plan := range plans {
		runs := 0
		for _, responseType := range plan.types {
			runs += len(modulesOf(responseType))
		}
		require.Equal(t, plan.runs, runs, plan.name)
	}
}

var plans = []struct {
	name  string
	types []string
	mode  string
	runs  int // of modules, as many as the suite has
}{
	{"oidcc-basic-certification-test-plan", []string{"code"}, "", 35},
	{"oidcc-implicit-certification-test-plan", withoutCode, "", 54},
	{"oidcc-hybrid-certification-test-plan", hybrid, "", 96},
	{"oidcc-formpost-basic-certification-test-plan", []string{"code"}, "form_post", 35},
	{"oidcc-formpost-implicit-certification-test-plan", withoutCode, "form_post", 54},
	{"oidcc-formpost-hybrid-certification-test-plan", hybrid, "form_post", 96},
}

func modulesOf(responseType string) []planned {
	return slices.DeleteFunc(slices.Clone(modules), func(m planned) bool { return m.types != nil && !slices.Contains(m.types, responseType) })
}

var (
	hybrid        = []string{"code id_token", "code token", "code id_token token"}
	withCode      = append([]string{"code"}, hybrid...)
	withoutCode   = []string{"id_token", "id_token token"}
	frontIDToken  = []string{"id_token", "id_token token", "code id_token", "code id_token token"}
	withUserInfo  = append([]string{"id_token token"}, withCode...)
	withAlternate = append([]string{"code", "code id_token"}, withoutCode...)
)

// planned is a module of the plans, with the response types that it is run for; nil is
// every one.
type planned struct {
	name  string
	types []string
	run   func(m *module)
}

var modules = []planned{
	{"oidcc-server", nil, (*module).server},
	{"oidcc-response-type-missing", []string{"code", "id_token token", "code id_token"}, (*module).responseTypeMissing},
	{"oidcc-userinfo-get", withUserInfo, (*module).userinfoGet},
	{"oidcc-userinfo-post-header", withUserInfo, (*module).userinfoPostHeader},
	{"oidcc-userinfo-post-body", withUserInfo, (*module).userinfoPostBody},
	{"oidcc-ensure-request-without-nonce-succeeds-for-code-flow", []string{"code", "code token"}, (*module).withoutNonceSucceeds},
	{"oidcc-ensure-request-without-nonce-fails", frontIDToken, (*module).withoutNonceFails},
	{"oidcc-scope-profile", nil, func(m *module) { m.scopes("profile") }},
	{"oidcc-scope-email", nil, func(m *module) { m.scopes("email") }},
	{"oidcc-scope-address", nil, func(m *module) { m.scopes("address") }},
	{"oidcc-scope-phone", nil, func(m *module) { m.scopes("phone") }},
	{"oidcc-scope-all", nil, func(m *module) { m.scopes("profile", "email", "address", "phone") }},
	{"oidcc-alternate-happy-flow", withAlternate, (*module).alternate},
	{"oidcc-display-page", nil, func(m *module) { m.succeeds("display", "page") }},
	{"oidcc-display-popup", nil, func(m *module) { m.succeeds("display", "popup") }},
	{"oidcc-prompt-login", nil, (*module).promptLogin},
	{"oidcc-prompt-none-not-logged-in", nil, (*module).promptNoneNotLoggedIn},
	{"oidcc-prompt-none-logged-in", nil, (*module).promptNoneLoggedIn},
	{"oidcc-max-age-1", nil, (*module).maxAge1},
	{"oidcc-max-age-10000", nil, (*module).maxAge10000},
	{"oidcc-ensure-request-with-unknown-parameter-succeeds", nil, func(m *module) { m.succeeds("extra", "foobar") }},
	{"oidcc-id-token-hint", nil, (*module).idTokenHint},
	{"oidcc-login-hint", nil, func(m *module) { m.succeeds("login_hint", "alice") }},
	{"oidcc-ui-locales", nil, func(m *module) { m.succeeds("ui_locales", "se") }},
	{"oidcc-claims-locales", nil, func(m *module) { m.succeeds("claims_locales", "se") }},
	{"oidcc-ensure-request-with-acr-values-succeeds", nil, (*module).acrValues},
	{"oidcc-codereuse", withCode, (*module).codeReuse},
	{"oidcc-codereuse-30seconds", withCode, (*module).codeReuse30Seconds},
	{"oidcc-ensure-registered-redirect-uri", nil, (*module).registeredRedirectURI},
	{"oidcc-ensure-post-request-succeeds", []string{"code"}, (*module).postRequest},
	{"oidcc-server-client-secret-post", withCode, (*module).serverClientSecretPost},
	{"oidcc-unsigned-request-object-supported-correctly-or-rejected-as-unsupported", nil, (*module).unsignedRequestObject},
	{"oidcc-claims-essential", nil, (*module).claimsEssential},
	{"oidcc-ensure-request-object-with-redirect-uri", nil, (*module).requestObjectRedirectURI},
	{"oidcc-refresh-token", withCode, (*module).refreshToken},
	{"oidcc-ensure-request-with-valid-pkce-succeeds", []string{"code", "code id_token"}, (*module).validPKCE},
}

// certification is the provider that is certified.
type certification struct {
	*process
	metadata answer
	keys     jose.JSONWebKeySet // that its metadata lead to
	claims   map[string]any     // of alice, who has every standard one
	codes    map[string]bool    // that were seen
}

// party is a client of the plans.
type party struct{ id, secret, method string }

var parties = []party{
	{"party-1", "the first secret that everybody knows!", "client_secret_basic"},
	{"party-2", "the second secret that everybody knows!", "client_secret_basic"},
	{"party-3", "the third secret that everybody knows!", "client_secret_post"},
}

func newCertification(t *testing.T) *certification {
	t.Helper()
	_, pool, args := certified(t)
	c := &certification{codes: make(map[string]bool)}
	require.NoError(t, json.Unmarshal([]byte(everyClaim), &c.claims))
	type object = map[string]any
	var clients []object
	for _, p := range parties {
		clients = append(clients, object{
			"client_id": p.id, "client_secret": p.secret, "token_endpoint_auth_method": p.method, "redirect_uris": []string{partyRedirect},
			"grant_types":    []string{"authorization_code", "implicit", "refresh_token"},
			"response_types": []string{"code", "id_token", "id_token token", "code id_token", "code token", "code id_token token"},
			"optional_pkce":  true, // the profiles are older than it
		})
	}
	config, err := json.Marshal(object{
		"clients": clients,
		"users":   []object{{"id": "the subject", "username": "alice", "password": miaPassword, "claims": c.claims}},
	})
	require.NoError(t, err)
	trusting := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}}}
	c.process = start(t, setup{config: string(config), args: args, client: trusting})
	c.metadata = c.get("/.well-known/openid-configuration").ok(t)
	keys := c.do(mustGet(t, c.metadata.text("jwks_uri"))).ok(t)
	require.NoError(t, json.Unmarshal([]byte(keys.raw), &c.keys))
	return c
}

// run runs a module in a browser of its own.
func (c *certification) run(t *testing.T, responseType, mode string, test func(m *module)) {
	p := *c.process
	p.t = t
	m := &module{certification: c, process: &p, responseType: responseType, mode: mode, client: parties[0]}
	m.browser = oidctest.NewWalker(c.Client.Transport, c.Issuer+"/")
	defer func() { c.ahead = p.ahead }()
	test(m)
}

// everyClaim are the standard claims (OpenID Connect Core section 5.1) but for the
// subject, which the provider sets.
const everyClaim = `{
	"name": "Alice Adams", "given_name": "Alice", "family_name": "Adams", "middle_name": "B", "nickname": "al",
	"preferred_username": "alice", "profile": "https://example.test/alice", "picture": "https://example.test/alice.png",
	"website": "https://alice.example", "gender": "female", "birthdate": "1990-01-02", "zoneinfo": "Europe/Zurich",
	"locale": "en-US", "updated_at": 1700000000,
	"email": "alice@example.test", "email_verified": true,
	"phone_number": "+1 555 0100", "phone_number_verified": true,
	"address": {"formatted": "1 Main Street\nSpringfield", "street_address": "1 Main Street", "locality": "Springfield",
		"region": "IL", "postal_code": "62701", "country": "US"}
}`
