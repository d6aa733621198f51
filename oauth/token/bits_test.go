package token_test

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mintyard/mintyard/oauth/token"
)

// Bits is a set: it has what was added, and nothing else, before and after it was written.
func TestBitsAreASet(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 300 {
		limit := 1 + random.IntN(1024)
		want := make(map[int]bool)
		v := token.View{AllResources: true}
		for range random.IntN(80) {
			i := random.IntN(limit)
			want[i] = true
			v.ScopeBits.Set(i)
		}
		b := v.Append(nil)
		var got token.View
		require.NoError(t, token.ParseView(b, &got))
		require.Equal(t, v.ScopeBits, got.ScopeBits)
		for i := -2; i < 1100; i++ {
			require.Equal(t, want[i], got.ScopeBits.Has(i), i)
		}
	}
}

// Bits of the usual lists are small: a byte for their number, and one for every seven.
func TestBitsSize(t *testing.T) {
	empty := token.View{AllResources: true}
	base := len(empty.Append(nil))
	for index, more := range map[int]int{0: 1, 6: 1, 7: 2, 13: 2, 63: 10, 64: 2, 1023: 25} {
		v := token.View{AllResources: true}
		v.ScopeBits.Set(index)
		require.Len(t, v.Append(nil), base+more, index)
	}
}
