package oauth_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/mintyard/mintyard/oauth"
	"github.com/mintyard/mintyard/oauth/token"
	"github.com/mintyard/mintyard/store"
)

// A request is good for an hour, on a clock that nodes do not quite agree about.
func TestSealExpires(t *testing.T) {
	d := newDoor(t)
	for _, c := range []struct {
		at   time.Duration
		good bool
	}{{0, true}, {time.Hour, true}, {time.Hour + time.Second, false}, {-5 * time.Second, true}, {-6 * time.Second, false}} {
		sealed := d.sealed(spaID)
		d.clock.advance(c.at)
		v := d.submit(sealed, "mia")
		if c.good {
			v.code(t)
		} else {
			v.requireRefused(t, 400, "invalid_request")
			require.Equal(t, oauth.ReasonExpired, d.lastReason())
		}
		d.clock.advance(-c.at)
	}
}

// Whoever carries a request cannot change it, and a piece of another one is no help.
func TestSealEdited(t *testing.T) {
	d := newDoor(t)
	sealed, other := d.sealed(spaID), d.sealed(spaID, "scope", "admin")
	for i := range sealed {
		for _, by := range []string{"A", "B", ""} {
			if edited := sealed[:i] + by + sealed[i+1:]; edited != sealed {
				_, err := d.server.Open(edited)
				require.Error(t, err)
			}
		}
	}
	for _, s := range []string{"", sealed + "A", sealed + "=", sealed + "\n", " " + sealed, strings.ToUpper(sealed), sealed[:60] + other[60:]} {
		_, err := d.server.Open(s)
		require.Error(t, err)
	}
	_, err := d.server.Open(sealed)
	require.NoError(t, err)
}

// It is of one server and of one kind, whatever keys and stores are shared (#20, #58).
func TestSealForeign(t *testing.T) {
	ring, err := token.NewRing(token.RingState{Active: []*token.Key{newKey(t)}})
	require.NoError(t, err)
	handles := token.HandleKeys{Active: token.NewHandleKey()}
	memory := store.NewMemory()
	start := func(id string) *door {
		return newDoor(t, func(c *oauth.Config) {
			c.ID, c.Store = id, memory
			c.Keys, err = oauth.NewKeys(id, ring, handles)
			require.NoError(t, err)
		})
	}
	one, two, node := start("one"), start("two"), start("one")
	sealed := one.sealed(spaID)
	two.submit(sealed, "mia").requireRefused(t, 400, "invalid_request")
	code := one.submit(sealed, "mia").code(t)
	require.Equal(t, code, node.submit(sealed, "mia").code(t), "any node of the server")
	_, err = one.server.Open(code)
	require.Error(t, err)
	two.redeem(spaID, visit{params: form("code", code)}).requireError(t, 400, "invalid_grant")
	require.Equal(t, http.StatusOK, node.redeem(spaID, visit{params: form("code", code)}).status)
}

func newKey(t testing.TB) *token.Key {
	t.Helper()
	k, err := token.GenerateKey(token.ES256)
	require.NoError(t, err)
	return k
}

// What another node has sealed under a new key is good here at once.
func TestSealUnderANewKey(t *testing.T) {
	memory := store.NewMemory()
	vault := oauth.Vault{Store: memory, Sealer: store.NewSealer(store.MasterKey{1})}
	start := func() *door {
		return newDoor(t, func(c *oauth.Config) {
			keys, err := vault.Keys(t.Context(), c.ID, token.ES256)
			require.NoError(t, err)
			c.Keys, c.Store = keys, memory
		})
	}
	one, two := start(), start()
	old := one.sealed(spaID)
	require.NoError(t, one.config.Keys.RotateHandles(t.Context()))
	two.submit(one.sealed(spaID), "mia").code(t)
	two.submit(old, "mia").code(t)
}

// A page finds in it what the host has put there, and goes on where the state is of any
// length that is taken.
func TestSealData(t *testing.T) {
	d := newDoor(t)
	for _, state := range states {
		d.sealed(spaID, "state", state, "nonce", "n", "login_hint", "mia@example.test", "acr_values", "phr")
		d.last.Data = `<&> "the digest of a cookie"`
		sealed, err := d.server.Seal(d.last)
		require.NoError(t, err)
		require.Regexp(t, `^[A-Za-z0-9_-]+$`, sealed, "good in a URL and in a form")
		req, err := d.server.Open(sealed)
		require.NoError(t, err)
		require.Equal(t, d.last, req)
	}
	d.last.Data = strings.Repeat("x", 4096)
	_, err := d.server.Seal(d.last)
	var e *oauth.Error
	require.ErrorAs(t, err, &e)
	require.Equal(t, oauth.ReasonRequestTooLong, e.Reason)
	for _, id := range []string{"", "AAAA", strings.Repeat("A", 22), strings.Repeat("_", 22)} {
		_, err = d.server.Seal(&oauth.AuthorizationRequest{ID: id})
		require.Error(t, err)
	}
}

// #20, #21: what is sealed is judged again when a page comes back with it. Client and
// redirect URI must be what they were; then the browser is sent nowhere.
func TestSealedMeanwhile(t *testing.T) {
	for name, edit := range map[string]func(d *door, c *oauth.Client){
		"disabled":    func(_ *door, c *oauth.Client) { c.Disabled = true },
		"another URI": func(_ *door, c *oauth.Client) { c.RedirectURIs = []string{"https://app.example/new"} },
		"no URI":      func(_ *door, c *oauth.Client) { c.RedirectURIs = nil },
		"given away":  func(d *door, c *oauth.Client) { c.Registered = d.clock.Now().Add(time.Second) },
		"a pattern too wide": func(_ *door, c *oauth.Client) {
			c.RedirectURIs = []string{"https://*.example/cb"}
			c.WildcardRedirects = true
		},
	} {
		t.Run(name, func(t *testing.T) {
			for _, deny := range []string{"", "yes"} {
				d := newDoor(t)
				sealed := d.sealed(spaID)
				d.change(spaID, func(c *oauth.Client) { edit(d, c) })
				d.submit(sealed, "mia", "deny", deny).requireRefused(t, 400, "invalid_request")
			}
		})
	}
	d := newDoor(t)
	sealed := d.sealed(spaID)
	delete(d.clients, spaID)
	d.submit(sealed, "mia").requireRefused(t, 400, "invalid_request")

	// One that was left out stays the one that there is.
	d = newDoor(t)
	d.redirected(back, "")
	sealed = d.sealed(redirectID, "redirect_uri", "")
	d.change(redirectID, func(c *oauth.Client) { c.RedirectURIs = []string{"https://app.example/new"} })
	d.submit(sealed, "mia").requireRefused(t, 400, "invalid_request")
	d.change(redirectID, func(c *oauth.Client) { c.RedirectURIs = []string{back, "https://app.example/new"} })
	d.submit(sealed, "mia").requireRefused(t, 400, "invalid_request")
	d.change(redirectID, func(c *oauth.Client) { c.RedirectURIs = []string{back} })
	d.submit(sealed, "mia").code(t)
}
