package token_test

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mintyard/mintyard/oauth/token"
)

func scopeList(n int) []string {
	list := make([]string, n)
	for i := range list {
		list[i] = fmt.Sprint("s", i)
	}
	return list
}

func views() map[string]token.View {
	all := scopeList(200)
	views := map[string]token.View{
		"whole":      {IssuedAt: 1764072000, Lifetime: 600, ID: [8]byte{1, 2}, AllScopes: true, AllResources: true},
		"client":     {IssuedAt: 1, Lifetime: 1, AllScopes: true, AllResources: true, Client: "other"},
		"standalone": {IssuedAt: 1, Lifetime: 1, Standalone: true, AllScopes: true, AllResources: true, Client: "c", Scopes: []string{"a", "b"}, Audience: []string{"https://x"}},
	}
	var some token.View
	some.SetScopes(all, []string{"s0", "s63", "s64", "s199"})
	some.SetResources(all, nil)
	views["some scopes"] = some
	var none token.View
	none.SetScopes(all, []string{})
	none.SetResources(all, []string{"s1", "unknown"})
	views["no scopes"] = none
	for _, cert := range []bool{false, true} {
		v := views["whole"]
		v.HasKey, v.KeyIsCertificate, v.Key = true, cert, [32]byte{5}
		views[fmt.Sprint("bound ", cert)] = v
	}
	return views
}

func TestView(t *testing.T) {
	for name, v := range views() {
		t.Run(name, func(t *testing.T) {
			b := v.Append(nil)
			var got token.View
			require.NoError(t, token.ParseView(b, &got))
			require.Equal(t, b, got.Append(nil))
			require.Equal(t, v.SelectScopes(scopeList(200)), got.SelectScopes(scopeList(200)))
			require.Equal(t, v.SelectResources(scopeList(200)), got.SelectResources(scopeList(200)))
			require.Equal(t, v.IssuedAt, got.IssuedAt)
			require.Equal(t, v.Lifetime, got.Lifetime)
			require.Equal(t, v.ID, got.ID)
			require.Equal(t, v.Client, got.Client)
			require.Equal(t, len(v.Scopes), len(got.Scopes))
			require.Equal(t, v.Audience, got.Audience)
			jkt, x5t := v.Confirmation()
			gotJKT, gotX5T := got.Confirmation()
			require.Equal(t, []string{jkt, x5t}, []string{gotJKT, gotX5T})
			for n := range b {
				require.ErrorIs(t, token.ParseView(b[:n], &got), token.ErrView, "cut to %d", n)
			}
			require.ErrorIs(t, token.ParseView(append(bytes.Clone(b), 0), &got), token.ErrView, "one byte more")
		})
	}
	some := views()["some scopes"]
	require.Equal(t, []string{"s0", "s63", "s64", "s199"}, some.SelectScopes(scopeList(200)))
	none := views()["no scopes"]
	require.Empty(t, none.SelectScopes(scopeList(200)))
	require.Equal(t, []string{"s1"}, none.SelectResources(scopeList(200)))
}

func TestViewConfirmation(t *testing.T) {
	thumb := base64.RawURLEncoding.EncodeToString(make([]byte, 32))
	var v token.View
	require.NoError(t, v.SetConfirmation("", ""))
	require.NoError(t, v.SetConfirmation(thumb, ""))
	require.NoError(t, v.SetConfirmation("", thumb))
	for _, c := range [][2]string{{thumb, thumb}, {"short", ""}, {thumb[:42] + "B", ""}, {"", thumb + "A"}, {thumb[:42] + "!", ""}} {
		require.Error(t, v.SetConfirmation(c[0], c[1]), c)
	}
}

func TestBits(t *testing.T) {
	var b token.Bits
	for _, i := range []int{-1, 0, 63, 64, 127, 128, 1023, 1024, 1 << 20} {
		require.False(t, b.Has(i))
		b.Set(i)
		require.Equal(t, i >= 0 && i < 1024, b.Has(i), i)
	}
	require.False(t, b.Has(65))
}

// FuzzView: a payload that is a view is the one spelling of it.
func FuzzView(f *testing.F) {
	for _, v := range views() {
		f.Add(v.Append(nil))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var v token.View
		if token.ParseView(b, &v) == nil {
			require.Equal(t, b, v.Append(nil))
		}
	})
}
