package oauth_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/mintyard/mintyard/oauth"
	"github.com/mintyard/mintyard/store"
)

// What a code of the authorization endpoint is refused for: the rows C03 to C08, and
// those of the catalogue. The owner redeems it afterwards: nothing was spent.
func TestAuthorizeCodeRefused(t *testing.T) {
	for _, c := range []struct {
		row, client string // who redeems it
		pairs       []string
		status      int
		code        string
	}{
		{"C03 no code", spaID, []string{"code", ""}, 400, "invalid_request"},
		{"C04 unknown", spaID, []string{"code", "SplxlOBeZQQYbYS6WxSbIA"}, 400, "invalid_grant"},
		{"C04 like one", spaID, []string{"code", "mint_ac_" + strings.Repeat("A", 76)}, 400, "invalid_grant"},
		{"C06 C07 #1 #3 another public client", phoneID, nil, 400, "invalid_grant"},
		{"C07 #1 #7 another client that authenticates", frontID, nil, 400, "invalid_grant"},
		{"#2 under the other name of the grant", otherID, []string{"grant_type", oauth.GrantInteractionCode, "interaction_code", "?"}, 400, "invalid_grant"},
		{"C08 no redirect_uri", spaID, []string{"redirect_uri", ""}, 400, "invalid_grant"},
		{"C08 another one of the client", spaID, []string{"redirect_uri", "https://app.example/other?x=1"}, 400, "invalid_grant"},
		{"C08 in capitals", spaID, []string{"redirect_uri", "HTTPS://app.example/cb"}, 400, "invalid_grant"},
		{"C08 a slash more", spaID, []string{"redirect_uri", back + "/"}, 400, "invalid_grant"},
		{"C17 a resource that was not asked for", spaID, []string{"resource", "https://other.example"}, 400, "invalid_target"},
	} {
		t.Run(c.row, func(t *testing.T) {
			d := newDoor(t)
			v := d.authorize(spaID)
			pairs := append([]string(nil), c.pairs...)
			for i := range pairs {
				if pairs[i] == "?" {
					pairs[i] = v.code(t)
				}
			}
			a := d.redeem(c.client, v, pairs...)
			a.requireError(t, c.status, c.code)
			if c.code == "invalid_grant" {
				require.Equal(t, "The grant or the credentials are not valid", a.text("error_description"), "all alike")
			}
			owner := d.redeem(spaID, v)
			require.Equal(t, http.StatusOK, owner.status, owner.raw)
			if c.code == "invalid_grant" {
				d.redeem(c.client, v, pairs...).requireError(t, 400, "invalid_grant")
				require.True(t, d.active(owner.text("access_token")), "no stranger ends what the owner has")
			}
		})
	}
}

// C05: a code is used once, and a second use ends what came of the first.
func TestAuthorizeCodeReplayed(t *testing.T) {
	for _, format := range formats {
		d := newDoor(t, func(c *oauth.Config) { c.AccessToken.Format = format })
		v := d.authorize(spaID, "scope", "read offline_access")
		first := d.redeem(spaID, v)
		next := d.refresh(spaID, first.text("refresh_token"))
		require.Equal(t, http.StatusOK, next.status, next.raw)
		d.redeem(spaID, v).requireError(t, 400, "invalid_grant")
		for _, a := range []answer{first, next} {
			require.False(t, d.active(a.text("access_token")))
			require.False(t, d.active(a.text("refresh_token")))
		}
	}
}

// #4, #5, #6, #17: a code cannot be edited, and nothing else that the server gave out is one.
func TestAuthorizeCodeEdited(t *testing.T) {
	d := newDoor(t, func(c *oauth.Config) { c.AccessToken.Format = oauth.FormatOpaque })
	v, other := d.authorize(spaID), d.authorize(phoneID, "redirect_uri", "com.example.app:/cb")
	code := v.code(t)
	try := func(code string) {
		t.Helper()
		d.redeem(spaID, v, "code", code).requireError(t, 400, "invalid_grant")
	}
	for i := len("mint_ac_"); i < len(code); i++ {
		edited := "A"
		if code[i] == 'A' {
			edited = "B"
		}
		try(code[:i] + edited + code[i+1:])
	}
	try(code[:40] + other.code(t)[40:])
	try(code[:len(code)-1])
	try(code + "A")
	try(strings.ToUpper(code))
	try(d.sealed(spaID))
	d.person = "mia"
	tokens := d.redeem(spaID, v)
	require.Equal(t, http.StatusOK, tokens.status, tokens.raw)
	try(tokens.text("access_token"))
	require.True(t, d.active(tokens.text("access_token")))
}

// #34: a client that authenticates does, in the one way that is its own.
func TestAuthorizeCodeWithoutTheSecret(t *testing.T) {
	d := newDoor(t)
	v := d.authorize(frontID)
	good := form("grant_type", oauth.GrantAuthorizationCode, "code", v.code(t), "redirect_uri", back, "code_verifier", verifier, "client_id", frontID)
	d.do(newPost("/token", good)).requireError(t, 401, "invalid_client")
	with := func(pairs ...string) *http.Request {
		f := cloneValues(good)
		for i := 0; i < len(pairs); i += 2 {
			f.Set(pairs[i], pairs[i+1])
		}
		return newPost("/token", f)
	}
	d.do(with("client_secret", "wrong")).requireError(t, 401, "invalid_client")
	d.do(with("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer", "client_assertion", "eyJhbGciOiJub25lIn0.e30.")).requireError(t, 401, "invalid_client")
	twice := with("client_secret", d.secrets[frontID])
	twice.SetBasicAuth(frontID, d.secrets[frontID])
	d.do(twice).requireError(t, 400, "invalid_request")
	basic := with()
	basic.SetBasicAuth(frontID, d.secrets[frontID])
	d.do(basic).requireError(t, 401, "invalid_client")
	require.Equal(t, http.StatusOK, d.redeem(frontID, v).status)
}

// A30: a code is good for a minute, or for what the operator says.
func TestAuthorizeCodeExpires(t *testing.T) {
	for ttl, want := range map[time.Duration]time.Duration{0: time.Minute, 10 * time.Minute: 10 * time.Minute} {
		d := newDoor(t, func(c *oauth.Config) { c.CodeTTL = ttl })
		good, late := d.authorize(spaID), d.authorize(spaID)
		d.clock.advance(want - time.Second)
		require.Equal(t, http.StatusOK, d.redeem(spaID, good).status)
		d.clock.advance(time.Second)
		d.redeem(spaID, late).requireError(t, 400, "invalid_grant")
	}
}

// A29: of 10,000 codes no two have a part in common that would let one be told from another.
func TestAuthorizeCodesAreRandom(t *testing.T) {
	d := newDoor(t, quiet)
	seen := make(map[string]bool)
	for range 10_000 {
		code := d.authorize(spaID).code(t)
		id, mac := code[8+6:8+6+22], code[len(code)-42:]
		require.False(t, seen[id] || seen[mac])
		seen[id], seen[mac] = true, true
	}
}

// The store holds nothing that could be presented.
func TestAuthorizeCodeIsNotAtRest(t *testing.T) {
	memory := store.NewMemory()
	d := newDoor(t, func(c *oauth.Config) { c.Store = memory })
	code := d.authorize(spaID).code(t)
	records := 0
	for rec, err := range memory.Walk(t.Context()) {
		require.NoError(t, err)
		records++
		for i := 0; i+20 < len(code); i++ {
			require.NotContains(t, string(rec.Value), code[i:i+20])
		}
	}
	require.Positive(t, records)
	for _, e := range d.events {
		require.NotContains(t, e.Grant, "mint_")
	}
}
