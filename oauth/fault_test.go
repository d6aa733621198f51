package oauth_test

import (
	"crypto"
	"errors"
	"io"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mintyard/mintyard/oauth"
	"github.com/mintyard/mintyard/oauth/token"
	"github.com/mintyard/mintyard/store"
	"github.com/mintyard/mintyard/store/storetest"
)

// flows are what a client does with one artefact: prepare makes it, use uses it.
var flows = map[string]struct {
	prepare func(k *kit) string
	use     func(k *kit, artefact string) answer
	repeats bool // a second success is the same success (grace), or costs nothing
}{
	"client_credentials": {
		func(k *kit) string { return "" },
		func(k *kit, _ string) answer { return k.token(machineID, "grant_type", "client_credentials") }, true,
	},
	"birth": {
		func(k *kit) string { return "" },
		func(k *kit, _ string) answer {
			return k.token(nativeID, "grant_type", personGrantID, "subject", "mia", "scope", "read offline_access")
		}, true,
	},
	"refresh": {
		func(k *kit) string { return k.signIn(nativeID).text("refresh_token") },
		func(k *kit, tok string) answer { return k.refresh(nativeID, tok) }, true,
	},
	"persistent refresh": {
		func(k *kit) string {
			c := *k.clients[webID]
			c.Refresh = &oauth.RefreshConfig{Persistent: true}
			k.clients[webID] = &c
			tok := k.signIn(webID).text("refresh_token")
			k.clock.advance(24 * 3600e9)
			return tok
		},
		func(k *kit, tok string) answer { return k.refresh(webID, tok) }, true,
	},
	"introspection": {
		func(k *kit) string { return k.signIn(nativeID).text("access_token") },
		func(k *kit, tok string) answer { return k.post("/introspect", apiID, form("token", tok)) }, true,
	},
	"revocation of a refresh token": {
		func(k *kit) string { return k.signIn(nativeID).text("refresh_token") },
		func(k *kit, tok string) answer { return k.post("/revoke", nativeID, form("token", tok)) }, true,
	},
	"revocation of an access token": {
		func(k *kit) string { return k.signIn(nativeID).text("access_token") },
		func(k *kit, tok string) answer { return k.post("/revoke", nativeID, form("token", tok)) }, true,
	},
}

// Every store call of every flow fails in turn, before its effect and after it:
// no answer other than 200 carries a token, no artefact is lost, and the client
// that asks again is served.
func TestEveryStoreCallFails(t *testing.T) {
	for name, flow := range flows {
		for _, fault := range []storetest.Fault{storetest.FailBefore, storetest.FailAfter} {
			t.Run(name+" "+fault.String(), func(t *testing.T) {
				for n := 1; ; n++ {
					faulty := storetest.Faulty(store.NewMemory())
					k := newKit(t, func(c *oauth.Config) { c.Store = faulty })
					artefact := flow.prepare(k)
					faulty.Set(n, fault)
					a := flow.use(k, artefact)
					hit := faulty.Hit()
					faulty.Clear()
					if hit && a.status != http.StatusOK {
						a.requireError(t, http.StatusServiceUnavailable, "temporarily_unavailable")
						require.NotContains(t, a.raw, "storetest", "the cause is not the client's business")
					}
					again := flow.use(k, artefact)
					require.Equal(t, http.StatusOK, again.status, "call %d: the client asks again: %s", n, again.raw)
					if !hit {
						require.Greater(t, n, 0)
						return
					}
				}
			})
		}
	}
}

// brokenSigner is a key service that is down.
type brokenSigner struct{ crypto.Signer }

func (brokenSigner) Sign(io.Reader, []byte, crypto.SignerOpts) ([]byte, error) {
	return nil, errors.New("the key service is down: pin=1234")
}

// A signer that fails burns nothing: the refresh token is as good as before.
func TestSignerFails(t *testing.T) {
	k := newKit(t)
	tok := k.signIn(nativeID).text("refresh_token")
	good := k.config.Keys.Signing.State()
	broken, err := token.NewKey(token.ES256, brokenSigner{mustSigner(t)}, token.KeyOptions{})
	require.NoError(t, err)
	require.NoError(t, k.config.Keys.Signing.Replace(token.RingState{Active: []*token.Key{broken}}))
	for _, a := range []answer{
		k.refresh(nativeID, tok),
		k.token(machineID, "grant_type", "client_credentials"),
		k.token(nativeID, "grant_type", personGrantID, "subject", "mia", "scope", "read"),
	} {
		a.requireError(t, http.StatusServiceUnavailable, "temporarily_unavailable")
		require.NotContains(t, a.raw, "1234")
	}
	require.NoError(t, k.config.Keys.Signing.Replace(good))
	k.clock.advance(3600e9) // far beyond any grace
	require.Equal(t, http.StatusOK, k.refresh(nativeID, tok).status)
}
