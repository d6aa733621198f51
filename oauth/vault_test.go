package oauth_test

import (
	"context"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mintyard/mintyard/oauth"
	"github.com/mintyard/mintyard/oauth/token"
	"github.com/mintyard/mintyard/store"
)

func vault(s store.Store, b byte) *oauth.Vault {
	var master store.MasterKey
	master[0] = b
	return &oauth.Vault{Store: s, Sealer: store.NewSealer(master)}
}

// Twenty nodes that start at once use one set of keys.
func TestVaultMakesKeysOnce(t *testing.T) {
	memory := store.NewMemory()
	ids := make([]string, 20)
	handles := make([]uint32, 20)
	var wg sync.WaitGroup
	for i := range ids {
		wg.Go(func() {
			k, err := vault(memory, 1).Keys(context.Background(), "org", token.ES256)
			if err == nil {
				ids[i], handles[i] = k.Signing.Active(token.ES256).ID(), k.Handles.ActiveKey()
			}
		})
	}
	wg.Wait()
	for i := range ids {
		require.NotEmpty(t, ids[i])
		require.Equal(t, ids[0], ids[i])
		require.Equal(t, handles[0], handles[i])
	}
}

func TestVaultNeedsItsMasterKey(t *testing.T) {
	memory := store.NewMemory()
	_, err := vault(memory, 1).Keys(t.Context(), "org", token.ES256)
	require.NoError(t, err)
	_, err = vault(memory, 2).Keys(t.Context(), "org", token.ES256)
	require.ErrorIs(t, err, store.ErrSeal)
	for r, err := range memory.Walk(t.Context()) {
		require.NoError(t, err)
		require.NotContains(t, string(r.Value), "pkcs8")
	}
	_, err = (&oauth.Vault{}).Keys(t.Context(), "org", token.ES256)
	require.Error(t, err)
	_, err = vault(memory, 1).Keys(t.Context(), "empty")
	require.Error(t, err, "no algorithm")
}

func TestVaultAddsAlgorithms(t *testing.T) {
	memory := store.NewMemory()
	one, err := vault(memory, 1).Keys(t.Context(), "org", token.ES256)
	require.NoError(t, err)
	two, err := vault(memory, 1).Keys(t.Context(), "org", token.ES256, token.RS256)
	require.NoError(t, err)
	require.Equal(t, one.Signing.Active(token.ES256).ID(), two.Signing.Active(token.ES256).ID())
	require.NotNil(t, two.Signing.Active(token.RS256))
}

// A key that one node has begun to use is good at another that has not heard of
// it; and a rotation on one is signed on both.
func TestNodesShareKeys(t *testing.T) {
	memory := store.NewMemory()
	node := func() *kit {
		return newKit(t, func(c *oauth.Config) {
			var err error
			c.Store = memory
			c.Keys, err = vault(memory, 1).Keys(t.Context(), "test", token.ES256)
			require.NoError(t, err)
		})
	}
	one, two := node(), node()
	two.secrets = one.secrets
	for id, c := range one.clients {
		two.clients[id] = c
	}
	require.NoError(t, one.config.Keys.RotateHandles(t.Context()))
	a := one.signIn(nativeID)
	b := two.refresh(nativeID, a.text("refresh_token"))
	require.Equal(t, 200, b.status, "an unknown handle key is looked up: %s", b.raw)

	require.NoError(t, one.config.Keys.Rotate(t.Context(), token.ES256))
	require.NoError(t, two.config.Keys.Reload(t.Context()))
	require.Equal(t, one.config.Keys.Signing.Active(token.ES256).ID(), two.config.Keys.Signing.Active(token.ES256).ID())

	var wg sync.WaitGroup
	for _, k := range []*kit{one, two} {
		wg.Go(func() { check(k.config.Keys.Rotate(context.Background(), token.ES256)) })
	}
	wg.Wait()
	require.NoError(t, one.config.Keys.Reload(t.Context()))
	require.NoError(t, two.config.Keys.Reload(t.Context()))
	require.Equal(t, one.config.Keys.Signing.JWKS(), two.config.Keys.Signing.JWKS())
	require.Len(t, one.config.Keys.Signing.State().Retiring, 3, "two rotations at once are two")
	for _, key := range one.config.Keys.Signing.State().Retiring {
		require.NoError(t, one.config.Keys.Retire(t.Context(), key.ID()))
	}
	require.Error(t, one.config.Keys.Retire(t.Context(), "nothing"))
	require.Error(t, one.config.Keys.Rotate(t.Context(), token.PS256))
}

// A token that another node has signed with a key of two rotations later is good here.
func TestNodesFindNewSigningKeys(t *testing.T) {
	memory := store.NewMemory()
	node := func() *kit {
		return newKit(t, func(c *oauth.Config) {
			var err error
			c.Store = memory
			c.Keys, err = vault(memory, 1).Keys(t.Context(), "test", token.ES256)
			require.NoError(t, err)
		})
	}
	one, two := node(), node()
	for range 2 {
		require.NoError(t, one.config.Keys.Rotate(t.Context(), token.ES256))
	}
	require.True(t, two.active(one.signIn(nativeID).text("access_token")))
}

// Keys of the host's own are the host's to change.
func TestHostKeys(t *testing.T) {
	key, err := token.GenerateKey(token.ES256)
	require.NoError(t, err)
	ring, err := token.NewRing(token.RingState{Active: []*token.Key{key}})
	require.NoError(t, err)
	keys, err := oauth.NewKeys("test", ring, token.HandleKeys{Active: token.NewHandleKey()})
	require.NoError(t, err)
	require.Error(t, keys.Rotate(t.Context(), token.ES256))
	require.NoError(t, keys.Reload(t.Context()))
	k := newKit(t, func(c *oauth.Config) { c.Keys = keys })
	require.Equal(t, 200, k.signIn(nativeID).status)
}

func TestRunSweeps(t *testing.T) {
	memory := store.NewMemory()
	k := newKit(t, func(c *oauth.Config) { c.Store = memory })
	k.signIn(nativeID)
	k.clock.advance(8 * 24 * 3600e9)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { k.server.Run(ctx); close(done) }()
	require.Eventually(t, func() bool {
		for range memory.Walk(t.Context()) {
			return false
		}
		return true
	}, 5e9, 1e6)
	cancel()
	<-done
}
