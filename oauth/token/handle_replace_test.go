package token_test

import (
	"encoding/binary"
	"errors"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mintyard/mintyard/oauth/token"
)

// What is wrong with keys is named, and what was there before still works.
func TestReplaceRefusals(t *testing.T) {
	good, other := token.NewHandleKey(), token.NewHandleKey()
	h := newHandles(t, "org", token.HandleKeys{Active: good, Retiring: []token.HandleKey{other}})
	s := mintHandle(t, h, token.Handle{Kind: token.HandleMFA, KeyID: other.ID})
	for name, c := range map[string]struct {
		keys token.HandleKeys
		want string
	}{
		"none":                {token.HandleKeys{}, "no id"},
		"active without id":   {token.HandleKeys{Active: token.HandleKey{Secret: good.Secret}}, "no id"},
		"active of zeros":     {token.HandleKeys{Active: token.HandleKey{ID: 7}}, "key 7 has no secret"},
		"retiring without id": {token.HandleKeys{Active: good, Retiring: []token.HandleKey{other, {Secret: other.Secret}}}, "no id"},
		"retiring of zeros":   {token.HandleKeys{Active: good, Retiring: []token.HandleKey{other, {ID: 7}}}, "key 7 has no secret"},
		"active twice":        {token.HandleKeys{Active: good, Retiring: []token.HandleKey{other, good}}, "two handle keys"},
		"retiring twice":      {token.HandleKeys{Active: good, Retiring: []token.HandleKey{other, other}}, "two handle keys"},
		"only the id twice":   {token.HandleKeys{Active: good, Retiring: []token.HandleKey{{ID: good.ID, Secret: other.Secret}}}, "two handle keys"},
	} {
		require.ErrorContains(t, h.Replace(c.keys), c.want, name)
		made, err := token.NewHandles("org", c.keys)
		require.ErrorContains(t, err, c.want, name)
		require.Nil(t, made, name)
		require.Equal(t, good.ID, h.ActiveKey(), name)
		_, _, err = h.Parse(nil, token.HandleMFA, s)
		require.NoError(t, err, name)
	}
}

// The server's id is bounded, and every byte of it counts.
func TestHandlesServer(t *testing.T) {
	keys := token.HandleKeys{Active: token.NewHandleKey()}
	for server, ok := range map[string]bool{"": false, "o": true, strings.Repeat("x", 255): true, strings.Repeat("x", 256): false, strings.Repeat("x", 1<<20): false} {
		h, err := token.NewHandles(server, keys)
		if !ok {
			require.ErrorContains(t, err, "server")
			require.Nil(t, h)
			continue
		}
		for _, kind := range handleKinds {
			s := mintHandle(t, h, token.Handle{Kind: kind})
			for _, other := range []string{server + "x", "x" + server, server + "\x00", server[1:] + "y"} {
				if len(other) > 255 {
					continue
				}
				_, _, err := newHandles(t, other, keys).Parse(nil, kind, s)
				require.ErrorIs(t, err, token.ErrHandle)
			}
			require.True(t, opens(newHandles(t, server, keys), kind, s), "another node of the same server")
		}
	}
}

// The caller's list may change afterwards.
func TestReplaceTakesCopies(t *testing.T) {
	keys := token.HandleKeys{Active: token.NewHandleKey(), Retiring: make([]token.HandleKey, 1, 4)}
	keys.Retiring[0] = token.NewHandleKey()
	hd := token.Handle{Kind: token.HandleMFA, KeyID: keys.Retiring[0].ID}
	h := newHandles(t, "org", keys)
	before := mintHandle(t, h, hd)
	keys.Retiring[0] = token.HandleKey{ID: 1}
	require.Equal(t, before, mintHandle(t, h, hd))
}

// Each step of a rotation: made under the new key, read under both, recomputed under the
// key that the record names, and gone with the key.
func TestRotationOfEveryKind(t *testing.T) {
	first, second, third := token.NewHandleKey(), token.NewHandleKey(), token.NewHandleKey()
	for _, kind := range handleKinds {
		h := newHandles(t, "org", token.HandleKeys{Active: first})
		hd := token.Handle{Kind: kind, Record: [16]byte{1}, Generation: 5, Payload: []byte("p")}
		a := mintHandle(t, h, hd)
		require.NoError(t, h.Replace(token.HandleKeys{Active: second, Retiring: []token.HandleKey{first}}))
		b := mintHandle(t, h, hd)
		require.NoError(t, h.Replace(token.HandleKeys{Active: third, Retiring: []token.HandleKey{first, second}}))
		for id, s := range map[uint32]string{first.ID: a, second.ID: b} {
			require.True(t, opens(h, kind, s), kind)
			out, _, err := h.Parse(nil, kind, s)
			require.NoError(t, err)
			require.Equal(t, id, out.KeyID)
			again := hd
			again.KeyID = id
			require.Equal(t, s, mintHandle(t, h, again), kind)
		}
		require.NoError(t, h.Replace(token.HandleKeys{Active: third, Retiring: []token.HandleKey{second}}))
		require.True(t, opens(h, kind, b))
		_, _, err := h.Parse(nil, kind, a)
		require.ErrorIs(t, err, token.ErrHandleKey)
		hd.KeyID = first.ID
		dst, err := h.Append([]byte("kept"), &hd, salted(kind))
		require.ErrorIs(t, err, token.ErrHandleKey)
		require.Equal(t, "kept", string(dst))
	}
}

// Keys come and go while handles of every kind are made and read: a handle is read as
// what it was made, or its key is gone; there is nothing between.
func TestRotationRace(t *testing.T) {
	ring := []token.HandleKey{token.NewHandleKey(), token.NewHandleKey(), token.NewHandleKey()}
	h := newHandles(t, "org", token.HandleKeys{Active: ring[0]})
	done := make(chan struct{})
	var wg sync.WaitGroup
	for worker := range 4 {
		wg.Go(func() {
			var buf, scratch []byte
			for i := uint32(0); ; i++ {
				select {
				case <-done:
					return
				default:
				}
				in := token.Handle{Kind: handleKinds[int(i)%len(handleKinds)], Generation: i, Payload: binary.BigEndian.AppendUint32(nil, i)}
				in.Record[0] = byte(worker)
				var err error
				if buf, err = h.Append(buf[:0], &in, salted(in.Kind)); err != nil {
					t.Error("the active key is always there: ", err)
					return
				}
				var out token.Handle
				out, scratch, err = h.Parse(scratch[:0], in.Kind, string(buf))
				if errors.Is(err, token.ErrHandleKey) {
					continue
				}
				if err != nil || out.Record != in.Record || out.Generation != i || string(out.Payload) != string(in.Payload) {
					t.Error("read as another: ", err)
					return
				}
				h.CheckSalt(&out, &salt) // false if the key has gone since
			}
		})
	}
	for i := range 300 {
		keys := token.HandleKeys{Active: ring[i%3]}
		if i%2 == 0 {
			keys.Retiring = []token.HandleKey{ring[(i+2)%3]}
		}
		require.NoError(t, h.Replace(keys))
		require.Error(t, h.Replace(token.HandleKeys{}))
	}
	close(done)
	wg.Wait()
}

func TestNewHandleKey(t *testing.T) {
	seen := make(map[token.HandleKey]bool)
	for range 100 {
		k := token.NewHandleKey()
		require.NotZero(t, k.ID)
		require.NotZero(t, k.Secret)
		require.False(t, seen[k])
		seen[k] = true
	}
}
