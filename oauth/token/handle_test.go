package token_test

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mintyard/mintyard/oauth/token"
)

var handleKinds = []token.HandleKind{
	token.HandleAccess, token.HandleRefresh, token.HandleCode, token.HandleMFA, token.HandleOOB, token.HandleDevice,
	token.HandleRequest, token.HandleCIBA, token.HandleSession, token.HandleWebAuthn, token.HandleRegistration,
}

var salt = [16]byte{9, 9, 9}

func salted(k token.HandleKind) *[16]byte {
	if k == token.HandleRefresh || k == token.HandleCode {
		return &salt
	}
	return nil
}

func newHandles(t testing.TB, server string, keys token.HandleKeys) *token.Handles {
	t.Helper()
	h, err := token.NewHandles(server, keys)
	require.NoError(t, err)
	return h
}

func mintHandle(t testing.TB, h *token.Handles, hd token.Handle) string {
	t.Helper()
	b, err := h.Append(nil, &hd, salted(hd.Kind))
	require.NoError(t, err)
	return string(b)
}

func TestHandleCarries(t *testing.T) {
	h := newHandles(t, "org", token.HandleKeys{Active: token.NewHandleKey()})
	for _, kind := range handleKinds {
		for _, payload := range [][]byte{nil, {0}, []byte(strings.Repeat("p", 500))} {
			in := token.Handle{Kind: kind, Record: [16]byte{1, 2, 3}, Generation: 0xfffffffe, Payload: payload}
			s := mintHandle(t, h, in)
			require.Equal(t, s, mintHandle(t, h, in), "the same input, the same handle")
			out, _, err := h.Parse(nil, kind, s)
			require.NoError(t, err)
			require.Equal(t, in.Record, out.Record)
			require.Equal(t, in.Generation, out.Generation)
			require.Equal(t, h.ActiveKey(), out.KeyID)
			require.Equal(t, string(payload), string(out.Payload))
			require.Equal(t, salted(kind) != nil, h.CheckSalt(&out, &salt))
			require.False(t, h.CheckSalt(&out, &[16]byte{1}))
			got, ok := token.HandleKindOf(s)
			require.True(t, ok)
			require.Equal(t, kind, got)
			require.Equal(t, s, mintHandle(t, h, token.Handle{Kind: kind, KeyID: out.KeyID, Record: out.Record, Generation: out.Generation, Payload: out.Payload}))
		}
	}
	require.Len(t, mintHandle(t, h, token.Handle{Kind: token.HandleRefresh}), len("mint_rt_")+76)
	require.Len(t, mintHandle(t, h, token.Handle{Kind: token.HandleMFA}), len("mint_mfa_")+55)
}

// A handle is good as what it is, where it was made, and as it was made.
func TestHandleRefusals(t *testing.T) {
	key := token.NewHandleKey()
	h := newHandles(t, "org", token.HandleKeys{Active: key})
	prefixes := make(map[token.HandleKind]string)
	for _, kind := range handleKinds {
		s := mintHandle(t, h, token.Handle{Kind: kind, Payload: []byte("view")})
		prefixes[kind] = s[:strings.LastIndexByte(s[:10], '_')+1]
	}
	for _, kind := range handleKinds {
		s := mintHandle(t, h, token.Handle{Kind: kind, Generation: 7, Payload: []byte("view")})
		body := strings.TrimPrefix(s, prefixes[kind])
		for _, other := range handleKinds {
			if other == kind {
				continue
			}
			_, _, err := h.Parse(nil, other, s)
			require.ErrorIs(t, err, token.ErrHandle)
			_, _, err = h.Parse(nil, other, prefixes[other]+body)
			require.ErrorIs(t, err, token.ErrHandle, "with the prefix of %s", other)
			require.False(t, strings.HasPrefix(prefixes[other], prefixes[kind]), "no prefix begins another")
		}
		for i := range s {
			b := []byte(s)
			for _, c := range []byte("AB_-9\n=") {
				if b[i] = c; string(b) == s {
					continue
				}
				out, _, err := h.Parse(nil, kind, string(b))
				if err == nil && salted(kind) != nil { // the second MAC is checked once the salt is known
					require.False(t, h.CheckSalt(&out, &salt), "%q at %d", c, i)
					continue
				}
				require.Error(t, err, "%q at %d", c, i)
			}
		}
		for n := range s {
			_, _, err := h.Parse(nil, kind, s[:n])
			require.Error(t, err)
		}
		for _, bad := range []string{"", prefixes[kind], s + "A", s + "AAAA", s + "=", s + "\n", " " + s, strings.ToUpper(s), prefixes[kind] + strings.Repeat("A", 6000)} {
			_, _, err := h.Parse(nil, kind, bad)
			require.Error(t, err, bad)
		}
		_, _, err := newHandles(t, "other", token.HandleKeys{Active: key}).Parse(nil, kind, s)
		require.ErrorIs(t, err, token.ErrHandle, "another server with the same key")
		_, _, err = newHandles(t, "org", token.HandleKeys{Active: token.NewHandleKey()}).Parse(nil, kind, s)
		require.ErrorIs(t, err, token.ErrHandleKey, "a key that is not known here")
		forged := token.NewHandleKey()
		forged.ID = key.ID
		_, _, err = newHandles(t, "org", token.HandleKeys{Active: forged}).Parse(nil, kind, s)
		require.ErrorIs(t, err, token.ErrHandle, "another secret under the same id")
	}
	_, _, err := h.Parse(nil, 0, "x")
	require.ErrorIs(t, err, token.ErrHandle)
	_, ok := token.HandleKindOf("mint_xx_AAAA")
	require.False(t, ok)
	require.Equal(t, "unknown", token.HandleKind(99).String())
}

// Whoever has the key and not the salt makes the first MAC and not the second.
func TestHandleSalt(t *testing.T) {
	h := newHandles(t, "org", token.HandleKeys{Active: token.NewHandleKey()})
	for _, kind := range []token.HandleKind{token.HandleRefresh, token.HandleCode} {
		guess := [16]byte{1}
		b, err := h.Append(nil, &token.Handle{Kind: kind}, &guess)
		require.NoError(t, err)
		out, _, err := h.Parse(nil, kind, string(b))
		require.NoError(t, err)
		require.False(t, h.CheckSalt(&out, &salt))
		_, err = h.Append(nil, &token.Handle{Kind: kind}, nil)
		require.Error(t, err, "it needs a salt")
	}
	_, err := h.Append(nil, &token.Handle{Kind: token.HandleMFA}, &salt)
	require.Error(t, err, "it has none")
	_, err = h.Append(nil, &token.Handle{Kind: token.HandleAccess, Payload: make([]byte, 5000)}, nil)
	require.Error(t, err, "too large")
	_, err = h.Append(nil, &token.Handle{Kind: token.HandleAccess, KeyID: 1}, nil)
	require.ErrorIs(t, err, token.ErrHandleKey)
}

func TestHandleRotation(t *testing.T) {
	old, fresh := token.NewHandleKey(), token.NewHandleKey()
	h := newHandles(t, "org", token.HandleKeys{Active: old})
	before := mintHandle(t, h, token.Handle{Kind: token.HandleRefresh, Generation: 3})
	require.NoError(t, h.Replace(token.HandleKeys{Active: fresh, Retiring: []token.HandleKey{old}}))
	_, _, err := h.Parse(nil, token.HandleRefresh, before)
	require.NoError(t, err)
	require.NotEqual(t, before, mintHandle(t, h, token.Handle{Kind: token.HandleRefresh, Generation: 3}))
	require.Equal(t, before, mintHandle(t, h, token.Handle{Kind: token.HandleRefresh, KeyID: old.ID, Generation: 3}), "recomputed under the key of its record")
	require.NoError(t, h.Replace(token.HandleKeys{Active: fresh}))
	_, _, err = h.Parse(nil, token.HandleRefresh, before)
	require.ErrorIs(t, err, token.ErrHandleKey)

	for name, keys := range map[string]token.HandleKeys{
		"no secret": {Active: token.HandleKey{ID: 1}}, "no id": {Active: token.HandleKey{Secret: [32]byte{1}}},
		"twice": {Active: fresh, Retiring: []token.HandleKey{fresh}},
	} {
		require.Error(t, h.Replace(keys), name)
	}
	require.Equal(t, fresh.ID, h.ActiveKey(), "what was refused changed nothing")
	for _, server := range []string{"", strings.Repeat("x", 256)} {
		_, err := token.NewHandles(server, token.HandleKeys{Active: fresh})
		require.Error(t, err)
	}
}

// Minting and checking go on while keys change.
func TestHandlesConcurrently(t *testing.T) {
	keys := []token.HandleKey{token.NewHandleKey(), token.NewHandleKey()}
	h := newHandles(t, "org", token.HandleKeys{Active: keys[0], Retiring: keys[1:]})
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 500 {
				b, err := h.Append(nil, &token.Handle{Kind: token.HandleRefresh}, &salt)
				if err != nil {
					t.Error(err)
				}
				out, _, err := h.Parse(nil, token.HandleRefresh, string(b))
				if err != nil || !h.CheckSalt(&out, &salt) {
					t.Error(err)
				}
			}
		})
	}
	for i := range 200 {
		require.NoError(t, h.Replace(token.HandleKeys{Active: keys[i%2], Retiring: keys[1-i%2 : 2-i%2]}))
	}
	wg.Wait()
}

func TestHandleKeysDoNotPrint(t *testing.T) {
	k := token.NewHandleKey()
	secret := fmt.Sprintf("%d", k.Secret[5:9]) // as a printed array would show it
	secret = strings.Trim(secret, "[]")
	var log strings.Builder
	slog.New(slog.NewJSONHandler(&log, timeless)).Info("x", "key", k, "keys", token.HandleKeys{Active: k})
	encoded, err := json.Marshal(token.HandleKeys{Active: k, Retiring: []token.HandleKey{k}})
	require.NoError(t, err)
	for _, s := range []string{fmt.Sprintf("%v %+v %#v %s %d %x", k, k, k, k, k, k), fmt.Sprintf("%v %+v %#v", token.HandleKeys{Active: k}, &token.HandleKeys{Active: k}, []token.HandleKey{k}), log.String(), string(encoded)} {
		require.NotContains(t, s, secret)
		require.NotContains(t, s, strings.ReplaceAll(secret, " ", ","))
	}
}

// FuzzHandleParse: what is accepted is written again as the same string.
func FuzzHandleParse(f *testing.F) {
	h := newHandles(f, "org", token.HandleKeys{Active: token.HandleKey{ID: 7, Secret: [32]byte{1}}})
	for _, kind := range handleKinds {
		f.Add(mintHandle(f, h, token.Handle{Kind: kind, Generation: 1, Payload: []byte("x")}))
	}
	f.Add("mint_rt_")
	f.Fuzz(func(t *testing.T, s string) {
		for _, kind := range handleKinds {
			out, _, err := h.Parse(nil, kind, s)
			if err != nil || salted(kind) != nil && !h.CheckSalt(&out, &salt) {
				continue
			}
			require.Equal(t, s, mintHandle(t, h, out))
		}
	})
}

func ExampleHandles() {
	h, err := token.NewHandles("org", token.HandleKeys{Active: token.NewHandleKey()})
	if err != nil {
		panic(err)
	}
	b, err := h.Append(nil, &token.Handle{Kind: token.HandleMFA, Record: [16]byte{1}, Generation: 2}, nil)
	if err != nil {
		panic(err)
	}
	in, _, err := h.Parse(nil, token.HandleMFA, string(b))
	fmt.Println(in.Record[0], in.Generation, err)
	_, _, err = h.Parse(nil, token.HandleOOB, string(b))
	fmt.Println(err)
	// Output:
	// 1 2 <nil>
	// token: not a handle of this server and kind
}
