package token_test

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mintyard/mintyard/oauth/token"
)

// What a payload that is changed, cut or extended still says, it says in its one spelling.
func TestViewEveryChange(t *testing.T) {
	for name, v := range views() {
		b := v.Append(nil)
		for i := range b {
			changed := bytes.Clone(b)
			for c := range 256 {
				changed[i] = byte(c)
				var got token.View
				if err := token.ParseView(changed, &got); err == nil {
					require.Equal(t, changed, got.Append(nil), "%s: %#x at %d", name, c, i)
				} else {
					require.ErrorIs(t, err, token.ErrView)
					require.Equal(t, token.View{}, got, "%s: %#x at %d", name, c, i)
				}
			}
		}
		for c := range 256 {
			for _, more := range [][]byte{{byte(c)}, {byte(c), 0}, bytes.Repeat([]byte{byte(c)}, 40)} {
				var got token.View
				require.ErrorIs(t, token.ParseView(append(bytes.Clone(b), more...), &got), token.ErrView, "%s and %x", name, more)
			}
		}
	}
}

// Every number has one spelling, wherever it stands.
func TestViewVarints(t *testing.T) {
	join := func(parts ...[]byte) []byte { return bytes.Join(parts, nil) }
	id := make([]byte, 8)
	// Each is the bytes before a number, the number, and the bytes behind it.
	for name, c := range map[string]struct {
		before []byte
		number uint64
		after  []byte
	}{
		"issued at":       {[]byte{3}, 1_790_000_000, join([]byte{5}, id)},
		"issued at zero":  {[]byte{3}, 0, join([]byte{5}, id)},
		"lifetime":        {[]byte{3, 1}, 600, id},
		"lifetime, most":  {[]byte{3, 1}, 1<<32 - 1, id},
		"scope bits":      {join([]byte{2, 1, 1}, id, []byte{1}), 5, nil},
		"scope bits, all": {join([]byte{2, 1, 1}, id, []byte{2, 0}), 1<<64 - 1, nil},
		"resource bits":   {join([]byte{1, 1, 1}, id, []byte{1}), 300, nil},
		"client's length": {join([]byte{3 | 16, 1, 1}, id), 1, []byte("c")},
		"scopes":          {join([]byte{3 | 32, 1, 1}, id), 1, []byte{1, 'a', 0}},
		"no scopes":       {join([]byte{3 | 32, 1, 1}, id), 0, []byte{0}},
		"a scope":         {join([]byte{3 | 32, 1, 1}, id, []byte{1}), 1, []byte{'a', 0}},
		"audience":        {join([]byte{3 | 32, 1, 1}, id, []byte{0}), 1, []byte{1, 'a'}},
		"no audience":     {join([]byte{3 | 32, 1, 1}, id, []byte{0}), 0, nil},
	} {
		var v token.View
		short := binary.AppendUvarint(nil, c.number)
		require.NoError(t, token.ParseView(join(c.before, short, c.after), &v), name)
		for n := 1; len(short)+n <= 10; n++ { // the same number, n bytes longer
			long := bytes.Clone(short)
			long[len(long)-1] |= 0x80
			long = append(append(long, bytes.Repeat([]byte{0x80}, n-1)...), 0)
			require.ErrorIs(t, token.ParseView(join(c.before, long, c.after), &v), token.ErrView, "%s, %d longer", name, n)
		}
		endless := bytes.Repeat([]byte{0x80}, 12)
		require.ErrorIs(t, token.ParseView(join(c.before, endless, c.after), &v), token.ErrView, name)
	}
}

// Of the 256 flag bytes those are good that Append can write.
func TestViewFlags(t *testing.T) {
	written := make(map[byte]bool)
	for n := range 64 {
		bit := func(i int) bool { return n>>i&1 != 0 }
		v := token.View{AllScopes: bit(0), AllResources: bit(1), HasKey: bit(2), KeyIsCertificate: bit(3), Standalone: bit(5)}
		if bit(4) {
			v.Client = "c"
		}
		b := v.Append(nil)
		written[b[0]] = true
		for flags := range 256 {
			changed := bytes.Clone(b)
			changed[0] = byte(flags)
			var got token.View
			if token.ParseView(changed, &got) == nil {
				require.Equal(t, changed, got.Append(nil))
				written[byte(flags)] = true
			}
		}
	}
	// Scopes and resources 4, or 1 for standalone ones; key 3; client 2.
	require.Len(t, written, (4+1)*3*2)
}

// A view that was used before keeps nothing of what it was.
func TestViewIsUsedAgain(t *testing.T) {
	all := views()
	for first, a := range all {
		for second, b := range all {
			var used, fresh token.View
			require.NoError(t, token.ParseView(a.Append(nil), &used))
			require.NoError(t, token.ParseView(b.Append(nil), &used))
			require.NoError(t, token.ParseView(b.Append(nil), &fresh))
			require.Equal(t, fresh, used, "%s after %s", second, first)
		}
	}
}

// Any choice of a long list comes back through a handle, in the order of the list.
func TestViewThroughHandle(t *testing.T) {
	h := newHandles(t, "org", token.HandleKeys{Active: token.NewHandleKey()})
	all := scopeList(1024)
	for name, some := range map[string][]string{
		"none": {}, "the first": all[:1], "64": all[:64], "65": all[:65], "the last": all[1023:], "every one": all,
		"by words": {"s63", "s64", "s127", "s128", "s960"}, "in another order": {"s900", "s1"}, "unknown": {"nobody's", "s7", "s7"},
	} {
		var v token.View
		v.SetScopes(all, some)
		v.SetResources(all, nil)
		v.IssuedAt, v.Lifetime, v.ID = noon.Unix(), 300, [8]byte{1, 2, 3, 4, 5, 6, 7, 8}
		out, _, err := h.Parse(nil, token.HandleAccess, mintHandle(t, h, token.Handle{Kind: token.HandleAccess, Payload: v.Append(nil)}))
		require.NoError(t, err, name)
		var got token.View
		require.NoError(t, token.ParseView(out.Payload, &got), name)
		require.Equal(t, v, got, name)
		var want []string
		for i, s := range all {
			if v.ScopeBits.Has(i) {
				want = append(want, s)
			}
		}
		require.Equal(t, want, got.SelectScopes(all), name)
		for _, s := range got.SelectScopes(all) {
			require.Contains(t, some, s, name)
		}
		require.Equal(t, all, got.SelectResources(all), name)
		require.Len(t, got.SelectScopes(append(all, "granted later")), len(want), "the list grows, the token does not")
	}
	var v token.View
	v.SetScopes(scopeList(2000), []string{"s1023", "s1024", "s1999"})
	require.Equal(t, []string{"s1023"}, v.SelectScopes(scopeList(2000)), "what is over the bound is left out, not wrapped")
}

// Standalone views are not narrowed by bits: those that are set are not written.
func TestViewStandalone(t *testing.T) {
	v := token.View{Standalone: true, Client: "c", Scopes: scopeList(200), Audience: []string{"https://a", "https://b"}, HasKey: true, Key: [32]byte{1}}
	v.ScopeBits.Set(3)
	var got token.View
	require.NoError(t, token.ParseView(v.Append(nil), &got))
	require.Equal(t, v.Scopes, got.Scopes)
	require.Equal(t, v.Audience, got.Audience)
	require.True(t, got.Standalone && got.AllScopes && got.AllResources && got.HasKey)
	require.Equal(t, token.Bits{}, got.ScopeBits)
	// Times that cannot be written are refused when they are read.
	v.IssuedAt = -1
	require.ErrorIs(t, token.ParseView(v.Append(nil), &got), token.ErrView)
}

// A thumbprint that is none leaves the view as it was, and "" takes all of a key away.
func TestViewConfirmationIsWhole(t *testing.T) {
	key := base64.RawURLEncoding.EncodeToString(bytes.Repeat([]byte{0xee}, 32))
	other := base64.RawURLEncoding.EncodeToString(bytes.Repeat([]byte{0x11}, 32))
	for _, certificate := range []bool{false, true} {
		var v token.View
		if certificate {
			require.NoError(t, v.SetConfirmation("", key))
		} else {
			require.NoError(t, v.SetConfirmation(key, ""))
		}
		before := v
		for _, c := range [][2]string{
			{other, other}, {other[:42] + "!", ""}, {"", other[:42] + "F"}, {other[:42], ""}, {other + "A", ""},
			{other[:20], other[20:]}, {other[:41] + "\n" + other[41:42], ""}, {"", "\r\n" + other[:41]}, {other[:42] + "=", ""},
		} {
			require.ErrorIs(t, v.SetConfirmation(c[0], c[1]), token.ErrView, "%q", c)
			require.Equal(t, before, v, "%q", c)
		}
		var got token.View
		require.NoError(t, token.ParseView(v.Append(nil), &got))
		jkt, x5t := got.Confirmation()
		require.Equal(t, certificate, jkt == "")
		require.Equal(t, key, jkt+x5t)
		require.NoError(t, v.SetConfirmation("", ""))
		require.Equal(t, token.View{}, v)
	}
}
