package store_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mintyard/mintyard/store"
)

func TestSeal(t *testing.T) {
	one, two := store.MasterKey{1}, store.MasterKey{2}
	key := numbered('k', 1)
	s := store.NewSealer(one)
	for _, plain := range []string{"", "x", strings.Repeat("long", 1000)} {
		sealed := s.Seal(nil, key, "field", []byte(plain))
		if len(plain) > 10 {
			require.NotContains(t, string(sealed), plain[:10])
		}
		got, err := s.Open([]byte("before "), key, "field", sealed)
		require.NoError(t, err)
		require.Equal(t, "before "+plain, string(got))
		require.NotEqual(t, sealed, s.Seal(nil, key, "field", []byte(plain)), "a nonce of its own")

		got, err = store.NewSealer(two, one).Open(nil, key, "field", sealed)
		require.NoError(t, err, "a retiring key opens")
		require.Equal(t, plain, string(got))

		for why, open := range map[string]func() ([]byte, error){
			"another record": func() ([]byte, error) { return s.Open(nil, numbered('k', 2), "field", sealed) },
			"another kind":   func() ([]byte, error) { return s.Open(nil, numbered('g', 1), "field", sealed) },
			"another field":  func() ([]byte, error) { return s.Open(nil, key, "fields", sealed) },
			"another master": func() ([]byte, error) { return store.NewSealer(two).Open(nil, key, "field", sealed) },
		} {
			_, err := open()
			require.ErrorIs(t, err, store.ErrSeal, why)
		}
		for i := range min(len(sealed), 60) {
			bad := append([]byte(nil), sealed...)
			bad[i] ^= 1
			out, err := s.Open([]byte("kept"), key, "field", bad)
			require.ErrorIs(t, err, store.ErrSeal, i)
			require.Equal(t, "kept", string(out))
			_, err = s.Open(nil, key, "field", sealed[:i])
			require.ErrorIs(t, err, store.ErrSeal, i)
		}
	}
}

func TestMasterKey(t *testing.T) {
	raw := make([]byte, 32)
	for i := range raw {
		raw[i] = byte(250 + i)
	}
	for _, e := range []*base64.Encoding{base64.StdEncoding, base64.RawStdEncoding, base64.URLEncoding, base64.RawURLEncoding} {
		k, err := store.ParseMasterKey(e.EncodeToString(raw))
		require.NoError(t, err)
		require.Equal(t, raw, k[:])
	}
	for _, bad := range []string{"", "x", base64.StdEncoding.EncodeToString(raw[:31]), strings.Repeat("A", 64)} {
		_, err := store.ParseMasterKey(bad)
		require.Error(t, err)
	}
	k := store.MasterKey(raw)
	var log strings.Builder
	timeless := &slog.HandlerOptions{ReplaceAttr: func(groups []string, a slog.Attr) slog.Attr {
		if len(groups) == 0 && a.Key == slog.TimeKey {
			return slog.Attr{} // its digits may be those of the key
		}
		return a
	}}
	slog.New(slog.NewJSONHandler(&log, timeless)).Info("x", "key", k, "in", struct{ K store.MasterKey }{k})
	slog.New(slog.NewTextHandler(&log, timeless)).Info("x", "key", k, "in", struct{ K store.MasterKey }{k})
	encoded, err := json.Marshal(struct{ K store.MasterKey }{k})
	require.NoError(t, err)
	for _, s := range []string{fmt.Sprintf("%v %+v %#v %s %d %x", k, k, k, k, k, k), log.String(), string(encoded)} {
		require.NotContains(t, s, "250")
		require.NotContains(t, s, "fafb")
	}
}

func FuzzSeal(f *testing.F) {
	s, key := store.NewSealer(store.MasterKey{1}), numbered('k', 1)
	f.Add([]byte("x"), "label")
	f.Add(s.Seal(nil, key, "label", []byte("plain")), "label")
	f.Fuzz(func(t *testing.T, b []byte, label string) {
		if out, err := s.Open(nil, key, label, b); err != nil {
			require.ErrorIs(t, err, store.ErrSeal)
			require.Empty(t, out)
		}
		out, err := s.Open(nil, key, label, s.Seal(nil, key, label, b))
		require.NoError(t, err)
		require.Equal(t, string(b), string(out))
	})
}
