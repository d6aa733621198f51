package oauth_test

import (
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/mintyard/mintyard/oauth"
	"github.com/mintyard/mintyard/policy"
)

// browserRules hold for every way through the browser, when the request is answered and
// when a code is redeemed, whatever was true before. "" is that it is no rule there.
var browserRules = map[string]struct {
	change   func(d *door, c *oauth.Client)
	answered string // status and error
	redeemed string
}{
	"the client is disabled":             {func(_ *door, c *oauth.Client) { c.Disabled = true }, "400 invalid_request", "401 invalid_client"},
	"the client id was given away":       {func(d *door, c *oauth.Client) { c.Registered = d.clock.Now().Add(time.Second) }, "400 invalid_request", "400 invalid_grant"},
	"the client lost the grants":         {func(_ *door, c *oauth.Client) { c.GrantTypes = []string{"another"} }, "400 unauthorized_client", "400 unauthorized_client"},
	"the client lost the response type":  {func(_ *door, c *oauth.Client) { c.ResponseTypes = []string{} }, "400 unauthorized_client", ""},
	"the redirect URI is gone":           {func(_ *door, c *oauth.Client) { c.RedirectURIs = []string{"https://app.example/new"} }, "400 invalid_request", ""},
	"the person is suspended":            {func(d *door, _ *oauth.Client) { d.people.set("mia", oauth.Subject{}) }, "400 invalid_grant", "400 invalid_grant"},
	"the person is gone":                 {func(d *door, _ *oauth.Client) { delete(d.people.list, "mia") }, "400 invalid_grant", "400 invalid_grant"},
	"the person is not assigned":         {func(_ *door, c *oauth.Client) { c.AssignedTo = []string{"others"} }, "400 access_denied", "400 access_denied"},
	"the person has the id of a client":  {func(d *door, _ *oauth.Client) { d.clients["mia"] = &oauth.Client{ID: "mia"} }, "400 invalid_grant", ""},
	"the grants of the person are ended": {func(d *door, _ *oauth.Client) { require.NoError(d.t, d.server.EndSubject(d.t.Context(), "mia")) }, "", "400 invalid_grant"},
	"the server's policy says no":        {func(d *door, _ *oauth.Client) { d.config.ClientAddr = nil }, "403 access_denied", "403 access_denied"},
	"the client's policy says no": {func(_ *door, c *oauth.Client) {
		c.SignIn, _ = policy.New(policy.Rule{Name: "closed", Then: policy.Outcome{Access: policy.Deny}})
	}, "403 access_denied", "403 access_denied"},
	"the client's policy wants more": {func(_ *door, c *oauth.Client) { c.SignIn = twoFactors }, "418", "403 access_denied"},
	"nobody may have the scope":      {func(_ *door, c *oauth.Client) { c.Scopes = []string{"write"} }, "400 invalid_scope", "narrowed"},
}

// newMatrixDoor has a policy that says no to one network, from which requests come once
// config.ClientAddr is nil.
func newMatrixDoor(t *testing.T) *door {
	var d *door
	d = newDoor(t, func(c *oauth.Config) {
		var err error
		c.Policy, err = policy.New(
			policy.Rule{Name: "closed", If: policy.Condition{RequesterNetworks: []netip.Prefix{netip.MustParsePrefix("203.0.113.0/24")}}, Then: policy.Outcome{Access: policy.Deny}},
			policy.Rule{Name: "open", Then: policy.Outcome{Access: policy.Allow}})
		require.NoError(t, err)
		c.ClientAddr = func(*http.Request) netip.Addr {
			if d != nil && d.config.ClientAddr == nil {
				return netip.MustParseAddr("203.0.113.7")
			}
			return netip.MustParseAddr("192.0.2.7")
		}
	})
	return d
}

// Every way crosses every rule, at either end: a rule that is checked in one path and
// missing in another is the commonest hole of this field.
func TestEveryRuleHoldsInTheBrowser(t *testing.T) {
	for _, types := range []string{"code", "token", "code token"} {
		for name, rule := range browserRules {
			for _, again := range []bool{false, true} {
				t.Run(map[bool]string{false: "", true: "again, "}[again]+types+", "+name, func(t *testing.T) {
					d := newMatrixDoor(t)
					sealed := d.sealed(frontID, "response_type", types)
					if again { // the first answer changes nothing
						require.Equal(t, http.StatusSeeOther, d.submit(sealed, "mia").status)
					}
					d.change(frontID, func(c *oauth.Client) { rule.change(d, c) })
					v := d.submit(sealed, "mia")
					status, code, _ := strings.Cut(rule.answered, " ")
					switch {
					case again && name == "the person has the id of a client", again && rule.redeemed == "narrowed": // asked when a grant is born
						require.Equal(t, http.StatusSeeOther, v.status)
						require.Equal(t, rule.redeemed == "narrowed" && types != "code", v.params.Get("scope") == "write")
					case again && name == "the grants of the person are ended":
						v.requireRefused(t, 400, "invalid_request")
					case rule.answered == "":
						require.Equal(t, http.StatusSeeOther, v.status, v.body)
					case code == "":
						require.Equal(t, http.StatusTeapot, v.status)
						require.Empty(t, v.body+v.header.Get("Location"))
					default:
						n, err := strconv.Atoi(status)
						require.NoError(t, err)
						v.requireRefused(t, n, code)
					}
				})
			}
			if types == "token" || rule.redeemed == "" {
				continue
			}
			t.Run(types+", redeemed when "+name, func(t *testing.T) {
				d := newMatrixDoor(t)
				v := d.authorize(frontID, "response_type", types)
				v.code(t)
				d.change(frontID, func(c *oauth.Client) { rule.change(d, c) })
				a := d.redeem(frontID, v)
				if rule.redeemed == "narrowed" {
					require.Equal(t, "write", a.text("scope"), a.raw)
					return
				}
				require.Equal(t, rule.redeemed, strconv.Itoa(a.status)+" "+a.text("error"), a.raw)
				for _, name := range []string{"access_token", "refresh_token", "id_token"} {
					require.NotContains(t, a.body, name)
				}
			})
		}
	}
}

// A code that came through the browser takes the key that it is redeemed under, and what
// comes of it is held to that.
func TestAuthorizeSenderKey(t *testing.T) {
	d := newDoor(t)
	v := d.authorize(spaID)
	a := d.redeem(spaID, v, "test_key", s256("key"))
	require.Equal(t, "DPoP", a.text("token_type"), a.raw)
	d.redeem(spaID, v, "test_key", s256("thief")).requireError(t, 400, "invalid_grant")
	d.redeem(spaID, v).requireError(t, 400, "invalid_grant")
	require.True(t, d.active(a.text("access_token")), "who does not have the key ends nothing")
	d.redeem(spaID, v, "test_key", s256("key")).requireError(t, 400, "invalid_grant")
	require.False(t, d.active(a.text("access_token")), "and who has is its client, or has all of it")
}

// RFC 8707, from one end to the other: what was asked for is what the grant is for, each
// token is for that or for less, and for nothing else.
func TestAuthorizeResources(t *testing.T) {
	const other, evil = "https://other.example", "https://evil.example"
	d := newDoor(t)
	audienceOf := func(tok string) []string {
		i, err := d.server.Inspect(t.Context(), tok)
		require.NoError(t, err)
		return i.Audience
	}
	authorize := func(resources ...string) visit {
		q := d.query(spaID, "scope", "read offline_access")
		q["resource"] = resources
		return d.browse(http.MethodGet, "/authorize?"+q.Encode(), "")
	}
	redeem := func(v visit, resources ...string) answer {
		f := form("grant_type", oauth.GrantAuthorizationCode, "code", v.params.Get("code"), "redirect_uri", back, "code_verifier", verifier)
		f["resource"] = resources
		return d.post("/token", spaID, f)
	}
	for _, c := range []struct {
		asked, narrowed, got []string
		redeemed             string
	}{
		{nil, nil, []string{audience}, ""},
		{[]string{other}, nil, []string{other}, ""},
		{[]string{audience, other}, nil, []string{audience, other}, ""},
		{[]string{audience, other, other}, []string{other}, []string{other}, ""},
		{[]string{audience}, []string{other}, nil, "invalid_target"},
		{nil, []string{other}, nil, "invalid_target"},
		{[]string{other}, []string{evil}, nil, "invalid_target"},
	} {
		v := authorize(c.asked...)
		a := redeem(v, c.narrowed...)
		if c.redeemed != "" {
			a.requireError(t, 400, c.redeemed)
			a = redeem(v)
			require.Equal(t, 200, a.status, "nothing was spent")
			continue
		}
		require.Equal(t, 200, a.status, a.raw)
		require.Equal(t, c.got, audienceOf(a.text("access_token")))
		b := d.refresh(spaID, a.text("refresh_token"), "resource", evil)
		b.requireError(t, 400, "invalid_target")
		b = d.refresh(spaID, a.text("refresh_token"))
		if len(c.asked) > 1 {
			require.Len(t, audienceOf(b.text("access_token")), 2, "the grant is for all of it")
		}
	}
	for _, list := range [][]string{{evil}, {audience, evil}, {other + "/"}, {other + "#x"}, {strings.ToUpper(other)}} {
		authorize(list...).requireSent(t, "invalid_target")
	}
	v := d.authorize(frontID, "response_type", "token", "resource", other)
	require.Equal(t, []string{other}, audienceOf(v.params.Get("access_token")))
}

// What shortens the life of tokens does so for those that a code is redeemed for.
func TestAuthorizeLifetimes(t *testing.T) {
	short, err := policy.New(policy.Rule{Name: "short", Then: policy.Outcome{Access: policy.Allow, Factors: 1, AccessTokenTTL: 2 * time.Minute, RefreshTokenTTL: time.Hour}})
	require.NoError(t, err)
	d := newDoor(t)
	d.change(spaID, func(c *oauth.Client) { c.SignIn, c.AccessTokenTTL = short, time.Minute })
	a := d.redeem(spaID, d.authorize(spaID, "scope", "read offline_access"))
	require.EqualValues(t, 60, a.body["expires_in"])
	d.change(spaID, func(c *oauth.Client) { c.AccessTokenTTL = time.Hour })
	a = d.redeem(spaID, d.authorize(spaID, "scope", "read offline_access"))
	require.EqualValues(t, 120, a.body["expires_in"])
	d.clock.advance(time.Hour)
	d.refresh(spaID, a.text("refresh_token")).requireError(t, 400, "invalid_grant")
	require.Equal(t, oauth.ReasonExpired, d.lastReason())
}
