package oauth_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/mintyard/mintyard/oauth"
	"github.com/mintyard/mintyard/policy"
)

// A11: by default there is nothing but a code, and no way to a token in an address.
func TestFrontIsOff(t *testing.T) {
	d := newDoor(t, func(c *oauth.Config) { c.ResponseTypes = nil })
	require.Equal(t, []string{"code"}, d.server.Metadata()["response_types_supported"])
	require.NotContains(t, d.server.Metadata()["grant_types_supported"], "implicit")
	for _, types := range []string{"token", "id_token", "id_token token", "code token", "code id_token", "code id_token token"} {
		v := d.authorize(frontID, "response_type", types, "nonce", "n", "scope", "openid read")
		v.requireSent(t, "unsupported_response_type")
		require.Equal(t, back+"#", v.to, "where the client looks for it")
	}
}

// What a client may have of the front is said three times: by the server, and by its
// response types and its grant types.
func TestFrontNeedsAllThree(t *testing.T) {
	c := oauth.Client{ID: "x", AuthMethod: oauth.AuthNone, GrantTypes: []string{oauth.GrantImplicit}, RedirectURIs: []string{back}, ResponseTypes: []string{"token"}}
	require.NoError(t, c.Validate())
	for name, edit := range map[string]func(c *oauth.Client){
		"ResponseTypes[0]": func(c *oauth.Client) { c.GrantTypes = []string{oauth.GrantAuthorizationCode} },
		"RedirectURIs":     func(c *oauth.Client) { c.RedirectURIs = nil },
	} {
		bad := c
		edit(&bad)
		require.ErrorContains(t, bad.Validate(), name)
	}
	for _, types := range []string{"", "token code", "tokens", "code code"} {
		bad := c
		bad.ResponseTypes = []string{types}
		require.ErrorContains(t, bad.Validate(), "ResponseTypes[0]")
		d := newDoor(t)
		d.config.ResponseTypes = bad.ResponseTypes
		_, err := oauth.New(d.config)
		require.ErrorContains(t, err, "oauth: Config.ResponseTypes[0]: ")
	}
	d := newDoor(t)
	d.config.Grants = []oauth.Grant{oauth.ClientCredentials()}
	_, err := oauth.New(d.config)
	require.ErrorContains(t, err, "oauth: Config.ResponseTypes[0]: ")
}

// ends are the ways in which tokens that came through the browser end.
var ends = map[string]func(t *testing.T, d *door, sealed, tok string){
	"time": func(_ *testing.T, d *door, _, _ string) { d.clock.advance(10 * time.Minute) },
	"revocation": func(t *testing.T, d *door, _, tok string) {
		require.Equal(t, 200, d.post("/revoke", frontID, form("token", tok)).status)
	},
	"the end of the person": func(t *testing.T, d *door, _, _ string) { require.NoError(t, d.server.EndSubject(t.Context(), "mia")) },
	"a no": func(t *testing.T, d *door, sealed, _ string) {
		d.submit(sealed, "", "deny", "yes").requireSent(t, "access_denied")
	},
	"a suspended person": func(_ *testing.T, d *door, _, _ string) { d.people.set("mia", oauth.Subject{}) },
	"a disabled client": func(_ *testing.T, d *door, _, _ string) {
		d.change(frontID, func(c *oauth.Client) { c.Disabled = true })
	},
	"a client given away": func(_ *testing.T, d *door, _, _ string) {
		d.change(frontID, func(c *oauth.Client) { c.Registered = d.clock.Now().Add(time.Second) })
	},
}

func TestFrontTokensEnd(t *testing.T) {
	for name, end := range ends {
		for _, types := range []string{"token", "code token"} {
			for _, format := range formats {
				t.Run(name+" "+types+" "+format, func(t *testing.T) {
					d := newDoor(t, func(c *oauth.Config) { c.AccessToken.Format = format })
					sealed := d.sealed(frontID, "response_type", types)
					v := d.submit(sealed, "mia")
					tok := v.params.Get("access_token")
					require.True(t, d.active(tok))
					end(t, d, sealed, tok)
					require.False(t, d.active(tok))
				})
			}
		}
	}
}

// The code and the tokens that come with it are one grant. Whichever of them ends first
// leaves the other as it is.
func TestFrontWithCode(t *testing.T) {
	for _, format := range formats {
		for _, refresh := range []bool{false, true} {
			d := newDoor(t, func(c *oauth.Config) { c.AccessToken.Format = format })
			scope := map[bool]string{false: "read write", true: "read write offline_access"}[refresh]
			ask := []string{"response_type", "code token", "scope", scope}
			v := d.authorize(frontID, ask...)
			front := v.params.Get("access_token")
			require.Equal(t, "600", v.params.Get("expires_in"))
			require.Equal(t, "Bearer", v.params.Get("token_type"))
			d.clock.advance(time.Minute)
			d.redeem(frontID, v).requireError(t, 400, "invalid_grant")
			require.True(t, d.active(front), "the code is over, and nothing else")

			v = d.authorize(frontID, ask...)
			front = v.params.Get("access_token")
			d.clock.advance(30 * time.Second)
			a := d.redeem(frontID, v)
			require.Equal(t, 200, a.status, a.raw)
			require.Equal(t, refresh, a.text("refresh_token") != "")
			require.True(t, d.active(front) && d.active(a.text("access_token")))
			d.clock.advance(9*time.Minute + 29*time.Second)
			require.True(t, d.active(front))
			d.clock.advance(time.Second)
			require.False(t, d.active(front))
			require.True(t, d.active(a.text("access_token")))
			if refresh {
				next := d.refresh(frontID, a.text("refresh_token"))
				require.Equal(t, 200, next.status, next.raw)
				d.redeem(frontID, v).requireError(t, 400, "invalid_grant")
				require.False(t, d.active(next.text("access_token")))
			}
		}
	}
}

// Nothing that comes through the browser is refreshed, and what shortens the life of a
// token shortens that of these.
func TestFrontLifetimes(t *testing.T) {
	short, err := policy.New(policy.Rule{Name: "short", Then: policy.Outcome{Access: policy.Allow, Factors: 1, AccessTokenTTL: 2 * time.Minute}})
	require.NoError(t, err)
	for want, edit := range map[string]func(c *oauth.Client){
		"600": func(*oauth.Client) {},
		"300": func(c *oauth.Client) { c.AccessTokenTTL = 5 * time.Minute },
		"120": func(c *oauth.Client) { c.SignIn = short },
		"60":  func(c *oauth.Client) { c.Refresh = &oauth.RefreshConfig{Absolute: time.Minute} },
	} {
		d := newDoor(t)
		d.change(frontID, edit)
		v := d.authorize(frontID, "response_type", "code token", "scope", "read offline_access")
		require.Equal(t, want, v.params.Get("expires_in"))
		require.False(t, v.params.Has("refresh_token"))
	}
}

// A second answer is never worth more than the first.
func TestFrontAgain(t *testing.T) {
	for _, format := range formats {
		for _, types := range []string{"token", "code token"} {
			d := newDoor(t, func(c *oauth.Config) { c.AccessToken.Format = format })
			sealed := d.sealed(frontID, "response_type", types, "scope", "read write admin")
			first := d.submit(sealed, "mia", "allow", "write read")
			require.Equal(t, "write read", first.params.Get("scope"))
			d.clock.advance(20 * time.Second)
			second := d.submit(sealed, "mia")
			require.Equal(t, "write read", second.params.Get("scope"), "what the person allowed then")
			require.Equal(t, "580", second.params.Get("expires_in"))
			require.Equal(t, first.params.Get("code"), second.params.Get("code"))
			for _, v := range []visit{first, second} {
				i, err := d.server.Inspect(t.Context(), v.params.Get("access_token"))
				require.NoError(t, err)
				require.Equal(t, []string{"write", "read"}, i.Scopes)
			}
			d.change(frontID, func(c *oauth.Client) { c.Scopes = []string{"write"} })
			third := d.submit(sealed, "mia")
			require.Equal(t, "write", third.params.Get("scope"), "what was taken from the client is gone")
			d.submit(sealed, "mia", "deny", "yes").requireSent(t, "access_denied")
			for _, v := range []visit{first, second, third} {
				require.False(t, d.active(v.params.Get("access_token")))
			}
			d.submit(sealed, "mia").requireRefused(t, http.StatusBadRequest, "invalid_request")
		}
	}
}

// An operator sees which way a token went.
func TestFrontEvents(t *testing.T) {
	for types, want := range map[string]oauth.EventType{"token": oauth.EventTokenIssued, "code": oauth.EventCodeIssued, "code token": oauth.EventCodeIssued} {
		d := newDoor(t)
		v := d.authorize(frontID, "response_type", types)
		require.Len(t, d.events, 1)
		e := d.events[0]
		require.Equal(t, want, e.Type)
		require.Equal(t, []string{frontID, "mia", "authorize", "password"}, []string{e.ClientID, e.Subject, e.Endpoint, e.Methods[0]})
		require.Equal(t, types != "token", e.GrantType == oauth.GrantAuthorizationCode)
		require.Equal(t, d.last.ID, e.Grant)
		for _, secret := range []string{v.params.Get("code"), v.params.Get("access_token")} {
			require.True(t, secret == "" || e.Grant != secret)
		}
	}
}
