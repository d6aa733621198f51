package authenticator_test

import (
	"math"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/mintyard/mintyard/authenticator"
	"github.com/mintyard/mintyard/store"
)

// Each digit at each place, and each code as a whole, is as likely as any other.
func TestCodesAreUniform(t *testing.T) {
	const n = 100_000
	var places [6][10]int
	var whole [100]int
	for range n {
		code := authenticator.NewCode("0123456789", 6)
		value := 0
		for i := range 6 {
			places[i][code[i]-'0']++
			value = value*10 + int(code[i]-'0')
		}
		whole[value/10_000]++
	}
	chi := func(counts []int) (x float64) {
		want := float64(n) / float64(len(counts))
		for _, c := range counts {
			x += (float64(c) - want) * (float64(c) - want) / want
		}
		return x
	}
	// The quantiles of one in ten million.
	for i := range places {
		require.Less(t, chi(places[i][:]), 49.0, "9 degrees of freedom")
	}
	require.Less(t, chi(whole[:]), 190.0, "99 degrees of freedom")
	require.Greater(t, chi(whole[:]), 40.0, "nor is it more even than chance")

	seen := make(map[byte]int)
	for range 10_000 {
		for _, c := range []byte(authenticator.NewCode("ABCDEFGHJKLMNPQRSTUVWXYZ23456789", 10)) {
			seen[c]++
		}
	}
	require.Len(t, seen, 32)
	for _, count := range seen {
		require.InDelta(t, 100_000/32, count, 6*math.Sqrt(100_000/32.0))
	}
}

func TestNumbers(t *testing.T) {
	for s, want := range map[string][3]string{
		" +1 (555) 010-0100 ": {"+15550100100", "1", "+1•••••0100"},
		"+44.7700.900123":     {"+447700900123", "44", "+44•••••0123"},
		"+7 495 000 00 00":    {"+74950000000", "7", "+7•••••0000"},
		"+41446681800":        {"+41446681800", "41", "+41•••••1800"},
		"+2904000":            {"+2904000", "290", "+290•••••00"},
		"+352123456":          {"+352123456", "352", "+352•••••56"},
		"+999123456789012":    {"+999123456789012", "999", "+999•••••9012"},
	} {
		number, err := authenticator.CanonicalNumber(s)
		require.NoError(t, err, s)
		require.Equal(t, want, [3]string{number, authenticator.CountryCode(number), authenticator.MaskNumber(number)})
	}
	for s, want := range map[string][2]string{
		" Mia.X+shop@Example.TEST ": {"Mia.X+shop@example.test", "M•••@example.test"},
		"ö@example.test":            {"ö@example.test", "ö•••@example.test"},
		"o'neill@xn--exmple-cua.co": {"o'neill@xn--exmple-cua.co", "o•••@xn--exmple-cua.co"},
	} {
		address, err := authenticator.CanonicalAddress(s)
		require.NoError(t, err, s)
		require.Equal(t, want, [2]string{address, authenticator.MaskAddress(address)})
	}
}

// FuzzNumber holds that what is accepted is a number in its one form, and masked.
func FuzzNumber(f *testing.F) {
	for _, s := range []string{"+1 (555) 010-0100", "+447700900123", "+(0)", "+٤٤٧٧٠٠٩٠٠١٢٣", "+", "+1\r\n5550100", "+0000000"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		number, err := authenticator.CanonicalNumber(s)
		if err != nil {
			require.Equal(t, authenticator.ErrDestination, err)
			return
		}
		require.Regexp(t, `^\+[1-9][0-9]{6,14}$`, number)
		again, err := authenticator.CanonicalNumber(number)
		require.NoError(t, err)
		require.Equal(t, number, again)
		code, masked := authenticator.CountryCode(number), authenticator.MaskNumber(number)
		require.True(t, strings.HasPrefix(number[1:], code))
		require.True(t, strings.HasPrefix(masked, "+"+code+"•••••"))
		require.LessOrEqual(t, len(strings.ReplaceAll(masked, "•", "")), len(number)-2, "something is hidden")
	})
}

// FuzzAddress holds that what is accepted is one address that breaks no header.
func FuzzAddress(f *testing.F) {
	for _, s := range []string{"mia@example.test", "Mia <mia@example.test>", `"a b"@example.test`, "a@b.c\r\nBcc: x@y.z", "a@[::1]", "ö@example.test", "a@b@c.d", "=?utf-8?q?a?=@b.c"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		address, err := authenticator.CanonicalAddress(s)
		if err != nil {
			require.Equal(t, authenticator.ErrDestination, err)
			return
		}
		require.True(t, utf8.ValidString(address))
		require.LessOrEqual(t, len(address), 254)
		require.NotContains(t, address, " ")
		require.False(t, strings.ContainsAny(address, "\r\n\t\x00<>,;\"()"), "%q", address)
		require.Equal(t, 1, strings.Count(address, "@"))
		again, err := authenticator.CanonicalAddress(address)
		require.NoError(t, err)
		require.Equal(t, address, again)
		require.True(t, strings.HasSuffix(authenticator.MaskAddress(address), address[strings.Index(address, "@"):]))
	})
}

// FuzzCodesEntry holds that of all strings only the code is accepted, once.
func FuzzCodesEntry(f *testing.F) {
	for _, s := range []string{"", "123456", " 123456", "１２３４５６", "\x00"} {
		f.Add(s, "x")
	}
	f.Fuzz(func(t *testing.T, entry, challenge string) {
		codes, box := newCodes(t, store.NewMemory())
		id, code := begin(t, codes, box, mia)
		require.Equal(t, authenticator.ErrOver, check(codes, mia, challenge, code))
		if entry != code {
			require.Equal(t, authenticator.ErrRefused, check(codes, mia, id, entry))
		}
		require.NoError(t, check(codes, mia, id, code))
		require.Equal(t, authenticator.ErrOver, check(codes, mia, id, code))
	})
}

// What a guesser gets who may ask for codes as often as he likes, knows the name
// only, and tries without end for a month: how many guesses are judged.
func TestCodesGuesserInAMonth(t *testing.T) {
	k := newClock()
	codes, box := newCodes(t, store.NewMemory(), withClock(k))
	judged, day := 0, 0
	perDay := make(map[int]int)
	for hour := range 30 * 24 {
		day = hour / 24
		for {
			c, err := codes.Start(t.Context(), mia, authenticator.Start{})
			if err != nil {
				require.ErrorIs(t, err, authenticator.ErrLocked)
				break
			}
			for {
				err := check(codes, mia, c.ID, not(box.last(t).Code))
				if err != authenticator.ErrRefused {
					break
				}
				judged++
				perDay[day]++
			}
		}
		if hour%24 == 12 { // the owner signs in, from a device that is known
			owner := authenticator.Identity{Subject: mia.Subject, Device: "laptop"}
			id, code := begin(t, codes, box, owner)
			require.NoError(t, check(codes, owner, id, code), "day %d", day)
		}
		k.pass(time.Hour)
	}
	for day, n := range perDay {
		require.LessOrEqual(t, n, 50, "day %d", day)
	}
	require.LessOrEqual(t, judged, 200)
	t.Logf("%d guesses of one in a million in 30 days: chance %.1e", judged, float64(judged)/1e6)
}
