package directauth_test

import (
	"encoding/json"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/mintyard/mintyard/directauth"
	"github.com/mintyard/mintyard/oauth"
	"github.com/mintyard/mintyard/policy"
)

// way is one way to tokens: begin does what comes before the last request, and
// finish is that request.
type way struct {
	client string
	begin  func(k *kit) string
	finish func(k *kit, artefact string) answer
}

var ways = map[string]way{
	"client_credentials": {"machine",
		func(*kit) string { return "" },
		func(k *kit, _ string) answer {
			return k.post(tokenPath, "client_id", "machine", "client_secret", k.secret, "grant_type", oauth.GrantClientCredentials, "scope", "orders:read")
		}},
	"password": {"one",
		func(*kit) string { return "" },
		func(k *kit, _ string) answer {
			return k.password("one", "mia", password, "scope", "openid orders:read")
		}},
	"otp": {"one",
		func(*kit) string { return "" },
		func(k *kit, _ string) answer { return k.otp("one", "mia", k.code(), "scope", "openid orders:read") }},
	"mfa-otp": {"two",
		func(k *kit) string {
			return k.password("two", "mia", password, "scope", "openid orders:read").text("mfa_token")
		},
		func(k *kit, tok string) answer { return k.mfa("two", tok, k.code()) }},
	"oob": {"one",
		func(k *kit) string { return k.start("one", "mia", "sms").text("oob_code") },
		func(k *kit, code string) answer {
			return k.oob("one", code, k.sent().Code, "scope", "openid orders:read")
		}},
	"oob by push": {"one",
		func(k *kit) string {
			a := k.start("one", "mia", "push")
			k.approve(a.text("binding_code"))
			return a.text("oob_code")
		},
		func(k *kit, code string) answer { return k.oob("one", code, "", "scope", "openid orders:read") }},
	"mfa-oob": {"two",
		func(k *kit) string {
			mfa := k.password("two", "mia", password, "scope", "openid orders:read").text("mfa_token")
			return mfa + " " + k.challenge("two", mfa, directauth.GrantMFAOOB, "sms").text("oob_code")
		},
		func(k *kit, both string) answer {
			mfa, oob, _ := strings.Cut(both, " ")
			return k.mfaOOB("two", mfa, oob, k.sent().Code)
		}},
	"webauthn": {"one",
		func(k *kit) string { return k.startPasskey("one", "zoe").raw },
		func(k *kit, raw string) answer {
			return k.passkey("one", assertion(parsed(k.t, raw)), "scope", "openid orders:read")
		}},
	"webauthn without a name": {"one",
		func(k *kit) string { return k.startPasskey("one", "").raw },
		func(k *kit, raw string) answer {
			return k.passkey("one", assertion(parsed(k.t, raw)), "scope", "openid orders:read")
		}},
	"mfa-webauthn": {"two",
		func(k *kit) string {
			mfa := k.password("two", "zoe", password, "scope", "openid orders:read").text("mfa_token")
			return mfa + " " + k.challenge("two", mfa, directauth.GrantMFAWebAuthn, "").raw
		},
		func(k *kit, both string) answer {
			mfa, raw, _ := strings.Cut(both, " ")
			return k.mfaPasskey("two", mfa, assertion(parsed(k.t, raw)))
		}},
	"mfa-recovery-code": {"two",
		func(k *kit) string {
			return k.password("two", "mia", password, "scope", "openid orders:read").text("mfa_token")
		},
		func(k *kit, mfa string) answer {
			return k.recover("two", mfa, recoveryCode)
		}},
	"password last": {"two",
		func(k *kit) string {
			return k.otp("two", "mia", k.code(), "scope", "openid orders:read").text("mfa_token")
		},
		func(k *kit, mfa string) answer {
			return k.post(tokenPath, "client_id", "two", "grant_type", directauth.GrantPassword, "mfa_token", mfa, "password", password)
		}},
	"refresh_token": {"one",
		func(k *kit) string {
			return k.password("one", "mia", password, "scope", "openid orders:read offline_access").text("refresh_token")
		},
		func(k *kit, tok string) answer {
			return k.post(tokenPath, "client_id", "one", "grant_type", "refresh_token", "refresh_token", tok)
		}},
}

// rules hold for every way, at its last request, whatever was true before.
var rules = map[string]struct {
	change   func(k *kit, c *oauth.Client)
	machines bool // the rule is about clients of their own too
	refused  func(a answer) bool
}{
	"the client is disabled": {func(k *kit, c *oauth.Client) { c.Disabled = true }, true,
		func(a answer) bool { return a.status == 401 && a.text("error") == "invalid_client" }},
	"the client lost the grant": {func(k *kit, c *oauth.Client) { c.GrantTypes = []string{"another"} }, true,
		func(a answer) bool { return a.status == 400 && a.text("error") == "unauthorized_client" }},
	"the server's policy says no": {func(k *kit, c *oauth.Client) { k.deny.Store(true) }, true,
		func(a answer) bool { return a.status == 403 && a.text("error") == "access_denied" }},
	"the client is somebody else's": {func(k *kit, c *oauth.Client) { c.ThirdParty = true }, false,
		func(a answer) bool { return a.status == 400 && a.text("error") == "unauthorized_client" }},
	"the person is suspended": {func(k *kit, c *oauth.Client) { k.host.suspend("mia", false); k.host.suspend("zoe", false) }, false,
		func(a answer) bool { return a.status == 400 && a.text("error") == "invalid_grant" }},
	"the person is not assigned": {func(k *kit, c *oauth.Client) { c.AssignedTo = []string{"others"} }, false,
		func(a answer) bool { return a.status == 400 && a.text("error") == "access_denied" }},
	"the client's policy says no": {func(k *kit, c *oauth.Client) {
		c.SignIn, _ = policy.New(policy.Rule{Name: "closed", Then: policy.Outcome{Access: policy.Deny}})
	}, false,
		func(a answer) bool { return a.status == 403 && a.text("error") == "access_denied" }},
}

// TestEveryRuleHoldsForEveryGrant crosses the grants with the rules: a rule that is
// checked in one path and missing in another is the commonest hole of this field.
func TestEveryRuleHoldsForEveryGrant(t *testing.T) {
	for wayName, w := range ways {
		t.Run(wayName+" without a rule", func(t *testing.T) {
			k := newMatrixKit(t)
			a := w.finish(k, w.begin(k))
			require.Equal(t, http.StatusOK, a.status, a.raw)
			require.Equal(t, wayName != "client_credentials", a.body["id_token"] != nil, "an ID token for every person, and for nobody else")
		})
		for ruleName, rule := range rules {
			if w.client == "machine" && !rule.machines || wayName == "refresh_token" && strings.Contains(ruleName, "somebody else") {
				continue // a refresh token shows the app nothing of a person
			}
			t.Run(wayName+" when "+ruleName, func(t *testing.T) {
				k := newMatrixKit(t)
				artefact := w.begin(k)
				changed := *k.clients[w.client]
				rule.change(k, &changed)
				k.clients[w.client] = &changed
				a := w.finish(k, artefact)
				require.True(t, rule.refused(a), "%d %s", a.status, a.raw)
				for _, name := range []string{"access_token", "refresh_token", "id_token", "mfa_token"} {
					require.NotContains(t, a.body, name)
				}
			})
		}
		t.Run(wayName+" when a scope is taken away", func(t *testing.T) {
			k := newMatrixKit(t)
			artefact := w.begin(k)
			changed := *k.clients[w.client]
			changed.Scopes = []string{"openid", oauth.ScopeOfflineAccess}
			k.clients[w.client] = &changed
			a := w.finish(k, artefact)
			require.NotContains(t, a.text("scope"), "orders:read", a.raw)
		})
		t.Run(wayName+" when the client id was given away", func(t *testing.T) {
			k := newMatrixKit(t)
			artefact := w.begin(k)
			changed := *k.clients[w.client]
			changed.Registered = k.Now().Add(time.Second)
			k.clients[w.client] = &changed
			a := w.finish(k, artefact)
			require.Equal(t, artefact == "", a.status == http.StatusOK, "what the former owner began is not finished: %s", a.raw)
		})
	}
}

// newMatrixKit is a kit whose server has a policy that says no to one network, and
// where requests come from that network once k.deny is set.
func newMatrixKit(t *testing.T) *kit {
	var k *kit
	k = newKit(t, func(c *oauth.Config) {
		var err error
		c.Policy, err = policy.New(
			policy.Rule{Name: "closed", If: policy.Condition{RequesterNetworks: []netip.Prefix{netip.MustParsePrefix("203.0.113.0/24")}}, Then: policy.Outcome{Access: policy.Deny}},
			policy.Rule{Name: "open", Then: policy.Outcome{Access: policy.Allow}},
		)
		require.NoError(t, err)
		c.ClientAddr = func(*http.Request) netip.Addr {
			if k != nil && k.deny.Load() {
				return netip.MustParseAddr("203.0.113.7")
			}
			return netip.MustParseAddr("192.0.2.7")
		}
	})
	return k
}

// parsed is an answer whose body is known.
func parsed(t *testing.T, raw string) (a answer) {
	require.NoError(t, json.Unmarshal([]byte(raw), &a.body), raw)
	return a
}
