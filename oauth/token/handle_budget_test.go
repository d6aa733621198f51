//go:build !race

package token_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/mintyard/mintyard/oauth/token"
)

// Every kind is made and read without allocating, and so is what is of the right form and
// refused.
func TestHandleAllocationsOfEveryKind(t *testing.T) {
	old := token.NewHandleKey()
	h := newHandles(t, "org", token.HandleKeys{Active: token.NewHandleKey(), Retiring: []token.HandleKey{old}})
	other := newHandles(t, "other", token.HandleKeys{Active: old})
	stranger := newHandles(t, "org", token.HandleKeys{Active: token.NewHandleKey()})
	buf, scratch := make([]byte, 0, 1024), make([]byte, 0, 1024)
	for _, kind := range handleKinds {
		hd, retired := token.Handle{Kind: kind, Payload: make([]byte, 200)}, token.Handle{Kind: kind, KeyID: old.ID}
		s := mintHandle(t, h, hd)
		foreign, unknown := mintHandle(t, other, hd), mintHandle(t, stranger, hd)
		parsed, _, err := h.Parse(nil, kind, s)
		require.NoError(t, err)
		parse := func(s string, kind token.HandleKind, want error) func() {
			return func() {
				var err error
				if _, scratch, err = h.Parse(scratch[:0], kind, s); err != want {
					t.Fatal(err)
				}
			}
		}
		for name, c := range map[string]struct {
			want float64
			do   func()
		}{
			"append":         {0, func() { buf, _ = h.Append(buf[:0], &hd, salted(kind)) }},
			"append retired": {0, func() { buf, _ = h.Append(buf[:0], &retired, salted(kind)) }},
			"string":         {1, func() { buf, _ = h.Append(buf[:0], &hd, salted(kind)); sinkString = string(buf) }},
			"parse":          {0, parse(s, kind, nil)},
			"foreign":        {0, parse(foreign, kind, token.ErrHandle)},
			"unknown key":    {0, parse(unknown, kind, token.ErrHandleKey)},
			"check salt":     {0, func() { h.CheckSalt(&parsed, &salt) }},
			"kind":           {0, func() { token.HandleKindOf(s) }},
		} {
			require.Equal(t, c.want, testing.AllocsPerRun(100, c.do), "%s %s", kind, name)
		}
	}
}

// Views of grants, whatever is in them, are read without allocating; all text of the
// others is one string.
func TestViewAllocations(t *testing.T) {
	dst := make([]byte, 0, 4096)
	for name, v := range views() {
		want := 0.0
		if v.Client != "" || v.Standalone {
			want = 1
		}
		b, view := v.Append(nil), token.View{Scopes: make([]string, 0, 8), Audience: make([]string, 0, 8)}
		require.Equal(t, want, testing.AllocsPerRun(100, func() {
			if err := token.ParseView(b, &view); err != nil {
				t.Fatal(err)
			}
		}), name)
		require.Zero(t, testing.AllocsPerRun(100, func() { dst = v.Append(dst[:0]) }), name)
	}
}

// TestHandleBudgets bounds what a handle costs, by the fastest of many turns: the
// machine may be busy.
func TestHandleBudgets(t *testing.T) {
	if testing.Short() {
		t.Skip("measures time")
	}
	h := newHandles(t, "org", token.HandleKeys{Active: token.NewHandleKey()})
	v := views()["whole"]
	payload, buf, scratch := v.Append(nil), make([]byte, 0, 512), make([]byte, 0, 512)
	var view token.View
	access, refresh := token.Handle{Kind: token.HandleAccess, Payload: payload}, token.Handle{Kind: token.HandleRefresh}
	a, r := mintHandle(t, h, access), mintHandle(t, h, refresh)
	for _, c := range []struct {
		name           string
		mint, validate func()
	}{
		{"access and view", func() { buf, _ = h.Append(buf[:0], &access, nil) }, func() {
			var hd token.Handle
			hd, scratch, _ = h.Parse(scratch[:0], token.HandleAccess, a)
			if token.ParseView(hd.Payload, &view) != nil {
				t.Fatal("refused")
			}
		}},
		{"refresh, before the store", func() { buf, _ = h.Append(buf[:0], &refresh, &salt) }, func() {
			var err error
			if _, scratch, err = h.Parse(scratch[:0], token.HandleRefresh, r); err != nil {
				t.Fatal(err)
			}
		}},
	} {
		const mintBudget, validateBudget = 2500 * time.Nanosecond, 800 * time.Nanosecond
		var mint, validate time.Duration
		for range 8 {
			mint, validate = least(200, c.mint, c.validate)
			if mint <= mintBudget && validate <= validateBudget {
				break
			}
		}
		t.Logf("%s: made in %v, read in %v", c.name, mint, validate)
		if mint > mintBudget || validate > validateBudget {
			t.Errorf("%s: %v of %v to make, %v of %v to read", c.name, mint, mintBudget, validate, validateBudget)
		}
	}
}

func BenchmarkHandleStages(b *testing.B) {
	h := newHandles(b, "org", token.HandleKeys{Active: token.NewHandleKey()})
	v := views()["whole"]
	payload, buf, scratch := v.Append(nil), make([]byte, 0, 512), make([]byte, 0, 512)
	access := token.Handle{Kind: token.HandleAccess, Payload: payload}
	a, r := mintHandle(b, h, access), mintHandle(b, h, token.Handle{Kind: token.HandleRefresh})
	parsed, _, err := h.Parse(nil, token.HandleRefresh, r)
	require.NoError(b, err)
	var view token.View
	for name, do := range map[string]func(){
		"mint access":     func() { buf, _ = h.Append(buf[:0], &access, nil) },
		"validate access": func() { _, scratch, _ = h.Parse(scratch[:0], token.HandleAccess, a) },
		"check salt":      func() { h.CheckSalt(&parsed, &salt) },
		"append view":     func() { buf = v.Append(buf[:0]) },
		"parse view":      func() { _ = token.ParseView(payload, &view) },
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				do()
			}
		})
	}
}
