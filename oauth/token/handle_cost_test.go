//go:build !race

package token_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mintyard/mintyard/oauth/token"
)

func TestHandleAllocations(t *testing.T) {
	h := newHandles(t, "org", token.HandleKeys{Active: token.NewHandleKey()})
	v := views()["whole"]
	payload, buf, scratch := v.Append(nil), make([]byte, 0, 512), make([]byte, 0, 512)
	access := token.Handle{Kind: token.HandleAccess, Payload: payload}
	refresh := token.Handle{Kind: token.HandleRefresh}
	s := mintHandle(t, h, access)
	r := mintHandle(t, h, refresh)
	parsed, _, err := h.Parse(nil, token.HandleRefresh, r)
	require.NoError(t, err)
	alone := views()["standalone"]
	some := views()["some scopes"] // on both sides of 64
	standalone, chosen := alone.Append(nil), some.Append(nil)
	var view, lists token.View
	for name, c := range map[string]struct {
		want float64
		do   func()
	}{
		"append":        {0, func() { buf, _ = h.Append(buf[:0], &refresh, &salt) }},
		"append access": {0, func() { buf, _ = h.Append(buf[:0], &access, nil) }},
		"string":        {1, func() { buf, _ = h.Append(buf[:0], &refresh, &salt); sinkString = string(buf) }},
		"parse":         {0, func() { _, scratch, _ = h.Parse(scratch[:0], token.HandleAccess, s) }},
		"salt":          {0, func() { h.CheckSalt(&parsed, &salt) }},
		"garbage":       {0, func() { _, scratch, _ = h.Parse(scratch[:0], token.HandleAccess, "mint_at_AAAA") }},
		"view":          {0, func() { _ = token.ParseView(payload, &view) }},
		"scopes":        {0, func() { _ = token.ParseView(chosen, &view) }},
		"standalone":    {1, func() { _ = token.ParseView(standalone, &lists) }}, // one string for all of its text
	} {
		c.do()
		require.Equal(t, c.want, testing.AllocsPerRun(200, c.do), name)
	}
}

var sinkString string

func BenchmarkHandle(b *testing.B) {
	h := newHandles(b, "org", token.HandleKeys{Active: token.NewHandleKey()})
	refresh, buf, scratch := token.Handle{Kind: token.HandleRefresh}, make([]byte, 0, 512), make([]byte, 0, 512)
	s := mintHandle(b, h, refresh)
	b.Run("mint", func(b *testing.B) {
		for b.Loop() {
			buf, _ = h.Append(buf[:0], &refresh, &salt)
		}
	})
	b.Run("validate", func(b *testing.B) {
		for b.Loop() {
			_, scratch, _ = h.Parse(scratch[:0], token.HandleRefresh, s)
		}
	})
}
