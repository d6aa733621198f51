package authenticator_test

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// What ISO/IEC 18004 says about symbols of level M up to version 15: where the
// centres of alignment patterns are, how many bytes of each block correct errors,
// and how many blocks there are of how many bytes of data.
var qrVersions = [16]struct {
	centres    []int
	correction int
	blocks     []int
}{
	1: {nil, 10, []int{16}},
	2: {[]int{6, 18}, 16, []int{28}}, 3: {[]int{6, 22}, 26, []int{44}}, 4: {[]int{6, 26}, 18, []int{32, 32}},
	5: {[]int{6, 30}, 24, []int{43, 43}}, 6: {[]int{6, 34}, 16, []int{27, 27, 27, 27}},
	7: {[]int{6, 22, 38}, 18, []int{31, 31, 31, 31}}, 8: {[]int{6, 24, 42}, 22, []int{38, 38, 39, 39}},
	9: {[]int{6, 26, 46}, 22, []int{36, 36, 36, 37, 37}}, 10: {[]int{6, 28, 50}, 26, []int{43, 43, 43, 43, 44}},
	11: {[]int{6, 30, 54}, 30, []int{50, 51, 51, 51, 51}}, 12: {[]int{6, 32, 58}, 22, []int{36, 36, 36, 36, 36, 36, 37, 37}},
	13: {[]int{6, 34, 62}, 22, []int{37, 37, 37, 37, 37, 37, 37, 37, 38}},
	14: {[]int{6, 26, 46, 66}, 24, []int{40, 40, 40, 40, 41, 41, 41, 41, 41}},
	15: {[]int{6, 26, 48, 70}, 24, []int{41, 41, 41, 41, 41, 42, 42, 42, 42, 42}},
}

// decodeQR reads a flawless symbol.
func decodeQR(t *testing.T, code [][]bool) string {
	t.Helper()
	n := len(code)
	version := (n - 17) / 4
	require.True(t, version >= 1 && version <= 15 && n == 17+4*version, "%d modules", n)
	v := qrVersions[version]

	// Fifteen bits beside the mark tell the level and the mask.
	format := 0
	for _, at := range [][2]int{{8, 0}, {8, 1}, {8, 2}, {8, 3}, {8, 4}} {
		format <<= 1
		if code[at[0]][at[1]] {
			format |= 1
		}
	}
	format ^= 0b10101
	require.Equal(t, 0, format>>3, "level M")
	mask := format & 7

	reserved := func(x, y int) bool {
		corner := x < 9 && (y < 9 || y >= n-8) || x >= n-8 && y < 9
		versions := version >= 7 && (x < 6 && y >= n-11 || y < 6 && x >= n-11)
		if corner || versions || x == 6 || y == 6 {
			return true
		}
		for i, cy := range v.centres {
			for j, cx := range v.centres {
				last := len(v.centres) - 1
				inMark := i == 0 && (j == 0 || j == last) || i == last && j == 0
				if !inMark && x >= cx-2 && x <= cx+2 && y >= cy-2 && y <= cy+2 {
					return true
				}
			}
		}
		return false
	}
	var raw []byte
	bits := 0
	for right, up := n-1, true; right > 0; right, up = right-2, !up {
		if right == 6 {
			right--
		}
		for i := range n {
			y := i
			if up {
				y = n - 1 - i
			}
			for _, x := range []int{right, right - 1} {
				if reserved(x, y) {
					continue
				}
				if bits%8 == 0 {
					raw = append(raw, 0)
				}
				if code[y][x] != masked(mask, x, y) {
					raw[len(raw)-1] |= 0x80 >> (bits % 8)
				}
				bits++
			}
		}
	}

	// The bytes of the blocks stand in turn, those of the shorter ones first.
	blocks := make([][]byte, len(v.blocks))
	longest := v.blocks[len(v.blocks)-1]
	next := 0
	for i := range longest {
		for b, size := range v.blocks {
			if i < size {
				blocks[b] = append(blocks[b], raw[next])
				next++
			}
		}
	}
	var data []byte
	for _, b := range blocks {
		data = append(data, b...)
	}
	at := 0
	read := func(count int) (value int) {
		for range count {
			value = value<<1 | int(data[at/8]>>(7-at%8)&1)
			at++
		}
		return value
	}
	require.Equal(t, 0b0100, read(4), "bytes")
	width := 8
	if version >= 10 {
		width = 16
	}
	text := make([]byte, read(width))
	for i := range text {
		text[i] = byte(read(8))
	}
	return string(text)
}

// masked reports whether the mask inverts a module.
func masked(mask, x, y int) bool {
	switch mask {
	case 0:
		return (x+y)%2 == 0
	case 1:
		return y%2 == 0
	case 2:
		return x%3 == 0
	case 3:
		return (x+y)%3 == 0
	case 4:
		return (y/2+x/3)%2 == 0
	case 5:
		return x*y%2+x*y%3 == 0
	case 6:
		return (x*y%2+x*y%3)%2 == 0
	}
	return ((x+y)%2+x*y%3)%2 == 0
}
