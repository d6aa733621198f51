package token_test

import (
	"encoding/json"
	"strings"
	"sync"
	"testing"

	jose "github.com/go-jose/go-jose/v4"
	"github.com/stretchr/testify/require"

	"github.com/mintyard/mintyard/oauth/token"
)

func generate(tb testing.TB, alg token.Algorithm) *token.Key {
	tb.Helper()
	k, err := token.GenerateKey(alg)
	require.NoError(tb, err)
	return k
}

func TestRing(t *testing.T) {
	a1, a2, a3, e1 := generate(t, token.ES256), generate(t, token.ES256), generate(t, token.ES256), generate(t, token.EdDSA)
	r, err := token.NewRing(token.RingState{Active: []*token.Key{e1, a1}})
	require.NoError(t, err)
	require.Equal(t, []token.Algorithm{token.EdDSA, token.ES256}, r.Algorithms())
	require.Same(t, a1, r.Active(token.ES256))
	require.Nil(t, r.Active(token.RS256))

	require.Error(t, r.Rotate(token.ES256, nil), "there is no next key")
	require.Error(t, r.Rotate(token.ES256, e1), "another algorithm")
	require.Error(t, r.Rotate(token.ES256, a1), "it is there already")
	require.Error(t, r.Rotate(token.RS256, nil))
	require.Equal(t, token.RingState{Active: []*token.Key{e1, a1}}, r.State())

	require.NoError(t, r.Rotate(token.ES256, a2))
	require.Equal(t, token.RingState{Active: []*token.Key{e1, a1}, Next: []*token.Key{a2}}, r.State(), "published first")
	require.NoError(t, r.Rotate(token.ES256, a3))
	require.Equal(t, token.RingState{Active: []*token.Key{e1, a2}, Next: []*token.Key{a3}, Retiring: []*token.Key{a1}}, r.State())
	require.NoError(t, r.Rotate(token.ES256, nil))
	require.Equal(t, token.RingState{Active: []*token.Key{e1, a3}, Next: []*token.Key{}, Retiring: []*token.Key{a1, a2}}, r.State())

	tok := mint(t, a1, eightClaims())
	_, _, err = r.KeySet().Verify(token.TypeAccessToken, tok)
	require.NoError(t, err)
	require.Error(t, r.Retire(a3.ID()), "it is active")
	require.Error(t, r.Retire("unknown"))
	require.NoError(t, r.Retire(a1.ID()))
	_, _, err = r.KeySet().Verify(token.TypeAccessToken, tok)
	require.ErrorIs(t, err, token.ErrKey)

	s := r.State()
	s.Active[0], s.Retiring[0] = nil, nil
	require.Same(t, e1, r.Active(token.EdDSA), "what is handed out is a copy")

	empty, err := token.NewRing(token.RingState{})
	require.NoError(t, err)
	require.Equal(t, `{"keys":[]}`, string(empty.JWKS()))
	require.NoError(t, empty.Rotate(token.ES256, a1))
	require.Nil(t, empty.Active(token.ES256))
	require.NoError(t, empty.Rotate(token.ES256, nil))
	require.Same(t, a1, empty.Active(token.ES256))
}

func TestRingRefusals(t *testing.T) {
	a, b, e := generate(t, token.ES256), generate(t, token.ES256), generate(t, token.EdDSA)
	named := func(alg token.Algorithm, id string) *token.Key {
		k, err := token.NewKey(alg, private(t, key(t, alg)), token.KeyOptions{ID: id})
		require.NoError(t, err)
		return k
	}
	good := token.RingState{Active: []*token.Key{a}}
	r, err := token.NewRing(good)
	require.NoError(t, err)
	before := r.JWKS()
	for name, c := range map[string]struct {
		state token.RingState
		names string
	}{
		"nil":             {token.RingState{Active: []*token.Key{a, nil}}, "nil"},
		"two active":      {token.RingState{Active: []*token.Key{a, e, b}}, "ES256"},
		"two next":        {token.RingState{Active: []*token.Key{a}, Next: []*token.Key{named(token.ES256, "n1"), b}}, "ES256"},
		"twice":           {token.RingState{Active: []*token.Key{a}, Retiring: []*token.Key{a}}, a.ID()},
		"one id for two":  {token.RingState{Active: []*token.Key{named(token.ES256, "same"), named(token.EdDSA, "same")}}, "same"},
		"client's secret": {token.RingState{Active: []*token.Key{a, key(t, token.HS256)}}, "HS256"},
	} {
		_, err := token.NewRing(c.state)
		require.ErrorContains(t, err, c.names, name)
		require.ErrorContains(t, r.Replace(c.state), c.names, name)
		require.Equal(t, good, r.State(), "nothing changes")
		require.Equal(t, before, r.JWKS())
	}
}

func TestJWKS(t *testing.T) {
	var s token.RingState
	for _, alg := range algorithms {
		s.Active = append(s.Active, key(t, alg))
	}
	s.Next = []*token.Key{generate(t, token.ES384)}
	odd, err := token.NewKey(token.EdDSA, private(t, generate(t, token.EdDSA)), token.KeyOptions{ID: `</script>"\` + "\u2028"})
	require.NoError(t, err)
	s.Retiring = []*token.Key{odd}
	// RS256 and PS256 keys are different ones; the same key for both would have one id.
	r, err := token.NewRing(s)
	require.NoError(t, err)

	var doc struct{ Keys []map[string]string }
	require.NoError(t, json.Unmarshal(r.JWKS(), &doc))
	require.Len(t, doc.Keys, 7)
	for i, k := range append(append(s.Active, s.Next...), s.Retiring...) {
		m := doc.Keys[i]
		require.Equal(t, k.ID(), m["kid"])
		require.Equal(t, string(k.Algorithm()), m["alg"])
		require.Equal(t, "sig", m["use"])
		for name := range m {
			require.Contains(t, []string{"kid", "alg", "use", "kty", "crv", "x", "y", "n", "e"}, name)
		}
		require.NotContains(t, string(r.JWKS()), "</")
	}
	var theirs jose.JSONWebKeySet
	require.NoError(t, json.Unmarshal(r.JWKS(), &theirs))
	ours, err := token.ParseKeySet(r.JWKS())
	require.NoError(t, err)
	require.Equal(t, 7, ours.Len())
	for _, k := range append(append(s.Active, s.Next...), s.Retiring...) {
		require.Len(t, theirs.Key(k.ID()), 1)
		require.True(t, theirs.Key(k.ID())[0].Valid())
		require.Equal(t, k.Public(), theirs.Key(k.ID())[0].Key)
		tok := mint(t, k, eightClaims())
		for _, set := range []*token.KeySet{ours, r.KeySet()} {
			_, _, err := set.Verify(token.TypeAccessToken, tok)
			require.NoError(t, err)
		}
	}
	require.Equal(t, len(r.JWKS()), cap(r.JWKS()), "appending to it must not write behind it")
	require.Equal(t, &r.JWKS()[0], &r.JWKS()[0], "made once")
}

// Readers see one state or another, and every token verifies at any time.
func TestRingUnderRotation(t *testing.T) {
	r, err := token.NewRing(token.RingState{Active: []*token.Key{generate(t, token.EdDSA)}, Next: []*token.Key{generate(t, token.EdDSA)}})
	require.NoError(t, err)
	var wg sync.WaitGroup
	stop := make(chan struct{})
	for range 2 {
		wg.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				k := r.Active(token.EdDSA)
				tok, err := k.AccessTokenString(eightClaims())
				if err != nil {
					t.Error(err)
					return
				}
				if _, _, err := r.KeySet().Verify(token.TypeAccessToken, tok); err != nil {
					t.Error(err)
					return
				}
				if n := strings.Count(string(r.JWKS()), `"kid"`); n < 2 || n > 102 {
					t.Errorf("%d keys", n)
					return
				}
			}
		})
	}
	for range 100 {
		require.NoError(t, r.Rotate(token.EdDSA, generate(t, token.EdDSA)))
	}
	close(stop)
	wg.Wait()
	require.Len(t, r.State().Retiring, 100)
}
