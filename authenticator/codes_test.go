package authenticator_test

import (
	"context"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/mintyard/mintyard/authenticator"
	"github.com/mintyard/mintyard/policy"
	"github.com/mintyard/mintyard/store"
)

func TestCodes(t *testing.T) {
	for channel, to := range map[string]string{
		authenticator.TypeSMS: miasNumber, authenticator.TypeVoice: miasNumber, authenticator.TypeEmail: miasAddress,
	} {
		k := newClock()
		f, box := newCodes(t, store.NewMemory(), withClock(k), func(c *authenticator.CodesConfig) { c.Channel = channel })
		c, err := f.Start(t.Context(), mia, authenticator.Start{App: "The Shop", Addr: netip.MustParseAddr("192.0.2.1")})
		require.NoError(t, err)
		m := box.last(t)
		require.Equal(t, authenticator.Challenge{
			ID: m.ID, Channel: channel, Binding: authenticator.BindingPrompt,
			Expires: k.Now().Add(5 * time.Minute), Interval: 5 * time.Second,
		}, *c)
		require.Len(t, c.ID, 22)
		require.Equal(t, channel, m.Channel)
		require.Equal(t, to, m.To)
		require.Equal(t, mia.Subject, m.Subject)
		require.Equal(t, c.Expires, m.Expires)
		require.Regexp(t, `^[0-9]{6}$`, m.Code)
		require.Contains(t, m.Text, "The Shop")
		if channel != authenticator.TypeVoice {
			require.Contains(t, m.Text, m.Code)
		}

		require.Equal(t, authenticator.ErrRefused, check(f, mia, c.ID, not(m.Code)))
		k.pass(time.Minute)
		method, err := f.Check(t.Context(), mia, c.ID, m.Code)
		require.NoError(t, err)
		available, err := f.Available(t.Context(), mia.Subject)
		require.NoError(t, err)
		require.Equal(t, []policy.Method{{Name: channel, Types: policy.Possession, Device: method.Device}}, available)
		require.Equal(t, k.Now(), method.At)
		require.Len(t, method.Device, 22)
		require.Equal(t, channel, method.Name)
		require.Equal(t, policy.Possession, method.Types)
		for range 20 {
			require.Equal(t, authenticator.ErrOver, check(f, mia, c.ID, m.Code), "once; and nobody is locked")
		}
		list, err := f.Authenticators(t.Context(), mia.Subject)
		require.NoError(t, err)
		require.Equal(t, k.Now(), list[0].Used)
	}
}

// Whatever is not the code is refused, and counted once.
func TestCodesEntries(t *testing.T) {
	for name, entry := range map[string]func(string) string{
		"none":       func(string) string { return "" },
		"blank":      func(c string) string { return c + " " },
		"blanks":     func(c string) string { return c[:3] + " " + c[3:] },
		"sign":       func(c string) string { return "+" + c },
		"short":      func(c string) string { return c[:5] },
		"long":       func(c string) string { return c + c[:1] },
		"twice":      func(c string) string { return c + c },
		"zero byte":  func(c string) string { return c + "\x00" },
		"full width": func(c string) string { return strings.Map(func(r rune) rune { return r - '0' + '０' }, c) },
		"arabic":     func(c string) string { return strings.Map(func(r rune) rune { return r - '0' + '٠' }, c) },
		"1 MiB":      func(c string) string { return c + strings.Repeat("0", 1<<20) },
		"no text":    func(string) string { return "\xff\xfe" },
		"the array":  func(c string) string { return `["` + c + `"]` },
	} {
		f, box := newCodes(t, store.NewMemory())
		id, code := begin(t, f, box, mia)
		for range 4 {
			require.Equal(t, authenticator.ErrRefused, check(f, mia, id, entry(code)), name)
		}
		require.NoError(t, check(f, mia, id, code), "%s: the fifth try", name)

		id, code = begin(t, f, box, mia)
		for range 5 {
			require.Equal(t, authenticator.ErrRefused, check(f, mia, id, entry(code)), name)
		}
		require.Equal(t, authenticator.ErrOver, check(f, mia, id, code), name)
		require.Equal(t, authenticator.ErrOver, check(f, mia, id, entry(code)), name)
	}
}

// A challenge is good for who began it, over its channel, for a while, and until the
// next one.
func TestCodesBinding(t *testing.T) {
	s, k := store.NewMemory(), newClock()
	f, box := newCodes(t, s, withClock(k))
	require.NoError(t, f.Import(t.Context(), tom.Subject, "phone", tomsNumber))
	voice, _ := newCodes(t, s, withClock(k), byVoice)
	other, _ := newCodes(t, s, withClock(k), func(c *authenticator.CodesConfig) { c.Namespace = "others" })
	id, code := begin(t, f, box, mia)
	for range 20 { // none of this costs mia anything
		require.Equal(t, authenticator.ErrOver, check(f, tom, id, code))
		require.Equal(t, authenticator.ErrOver, check(f, nobody, id, code))
		require.Equal(t, authenticator.ErrOver, check(f, authenticator.Identity{Hint: mia.Hint}, id, code))
		require.Equal(t, authenticator.ErrOver, check(voice, mia, id, code))
		require.Equal(t, authenticator.ErrOver, check(other, mia, id, code))
		for _, unknown := range []string{"", "x", id + "=", id[:21], strings.Repeat("A", 1<<20)} {
			require.Equal(t, authenticator.ErrOver, check(f, mia, unknown, code))
		}
	}
	// Another one does not end it, whoever has asked for that.
	begin(t, f, box, tom)
	require.Equal(t, authenticator.ErrRefused, check(f, mia, id, not(code)))
	next, nextCode := begin(t, f, box, mia)
	require.NoError(t, check(f, mia, id, code))
	require.NoError(t, check(f, mia, next, nextCode))

	id, code = begin(t, f, box, mia)
	k.pass(5*time.Minute - time.Second)
	require.Equal(t, authenticator.ErrRefused, check(f, mia, id, not(code)))
	k.pass(time.Second)
	for range 20 {
		require.Equal(t, authenticator.ErrOver, check(f, mia, id, code), "expired")
	}
	id, code = begin(t, f, box, mia)
	require.NoError(t, check(f, mia, id, code))
}

// What one knows of the same telephone over two channels is one device.
func TestCodesDevice(t *testing.T) {
	s := store.NewMemory()
	sms, _ := newCodes(t, s)
	voice, _ := newCodes(t, s, byVoice)
	mail, _ := newCodes(t, s, byEmail)
	require.NoError(t, sms.Import(t.Context(), mia.Subject, "second", tomsNumber))
	require.NoError(t, sms.Import(t.Context(), tom.Subject, "phone", miasNumber))
	devices := func(f *authenticator.Codes, subject string) (all []string) {
		methods, err := f.Available(t.Context(), subject)
		require.NoError(t, err)
		for _, m := range methods {
			require.Zero(t, m.At)
			all = append(all, m.Device)
		}
		return all
	}
	text, call, address, toms := devices(sms, mia.Subject), devices(voice, mia.Subject), devices(mail, mia.Subject), devices(sms, tom.Subject)
	require.Len(t, text, 2)
	require.Contains(t, text, call[0])
	require.NotContains(t, text, address[0])
	require.NotContains(t, text, toms[0], "who sees grants cannot tell who shares a number")
	require.Empty(t, devices(sms, ""))
	require.Empty(t, devices(sms, "somebody else"))

	again, _ := newCodes(t, s) // another node, or a restart
	require.Equal(t, text, devices(again, mia.Subject))
	elsewhere, _ := newCodes(t, store.NewMemory())
	require.NotContains(t, text, devices(elsewhere, mia.Subject)[0], "nobody can compute it of the number")
}

// The destination is the one that is named, else the one used or enrolled last.
func TestCodesChoice(t *testing.T) {
	k := newClock()
	f, box := newCodes(t, store.NewMemory(), withClock(k), func(c *authenticator.CodesConfig) { c.PerHour, c.PerDay = 50, 50 })
	k.pass(time.Minute)
	require.NoError(t, f.Import(t.Context(), mia.Subject, "second", tomsNumber))
	to := func(s authenticator.Start) string {
		n := box.count()
		_, err := f.Start(t.Context(), mia, s)
		require.NoError(t, err)
		if box.count() == n {
			return "nobody"
		}
		return box.last(t).To
	}
	require.Equal(t, tomsNumber, to(authenticator.Start{}))
	require.Equal(t, tomsNumber, to(authenticator.Start{AuthenticatorID: "second"}))
	c, err := f.Start(t.Context(), mia, authenticator.Start{AuthenticatorID: "second", Purpose: authenticator.PurposeRecovery})
	require.NoError(t, err)
	require.Equal(t, authenticator.PurposeRecovery, box.last(t).Purpose)
	require.NoError(t, check(f, mia, c.ID, box.last(t).Code))
	require.Equal(t, tomsNumber, to(authenticator.Start{}))
	require.Equal(t, "nobody", to(authenticator.Start{AuthenticatorID: "third"}))
	require.NoError(t, f.Remove(t.Context(), mia.Subject, "second"))
	require.Equal(t, miasNumber, to(authenticator.Start{}))
}

// A code that is under way dies with its destination.
func TestCodesRemoved(t *testing.T) {
	f, box := newCodes(t, store.NewMemory())
	id, code := begin(t, f, box, mia)
	require.NoError(t, f.Remove(t.Context(), mia.Subject, "phone"))
	require.Equal(t, authenticator.ErrOver, check(f, mia, id, code))
	require.Equal(t, authenticator.ErrNoAuthenticator, f.Remove(t.Context(), mia.Subject, "phone"))
	available, err := f.Available(t.Context(), mia.Subject)
	require.NoError(t, err)
	require.Empty(t, available)

	// So does one whose destination became another number.
	require.NoError(t, f.Import(t.Context(), mia.Subject, "phone", miasNumber))
	id, code = begin(t, f, box, mia)
	require.NoError(t, f.Import(t.Context(), mia.Subject, "phone", tomsNumber))
	require.Equal(t, authenticator.ErrOver, check(f, mia, id, code))
}

func TestCodesEmail(t *testing.T) {
	f, box := newCodes(t, store.NewMemory(), byEmail, func(c *authenticator.CodesConfig) {
		c.Digits, c.Alphabet = 10, "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
		c.MagicLink = func(challenge, code string) string {
			return "https://login.example.test/enter?challenge=" + challenge + "&code=" + code
		}
	})
	id, code := begin(t, f, box, mia)
	require.Regexp(t, `^[A-Z2-9]{10}$`, code)
	m := box.last(t)
	require.Equal(t, "https://login.example.test/enter?challenge="+id+"&code="+code, m.Link)
	require.Contains(t, m.Text, m.Link)
	require.Equal(t, authenticator.ErrRefused, check(f, mia, id, strings.ToLower(code)+"x"))
	if lower := strings.ToLower(code); lower != code {
		require.Equal(t, authenticator.ErrRefused, check(f, mia, id, lower))
	}
	require.NoError(t, check(f, mia, id, code))
}

// The counter of wrong codes outlives codes, and ends with a lock.
func TestCodesLock(t *testing.T) {
	k := newClock()
	f, box := newCodes(t, store.NewMemory(), withClock(k))
	for range 2 {
		id, code := begin(t, f, box, mia)
		for range 5 {
			require.Equal(t, authenticator.ErrRefused, check(f, mia, id, not(code)))
		}
	}
	id, code := begin(t, f, box, mia)
	require.ErrorIs(t, check(f, mia, id, code), authenticator.ErrLocked)
	require.NoError(t, f.Unlock(t.Context(), mia.Subject))
	require.NoError(t, check(f, mia, id, code))

	// A device of the owner's, and a sign-in with another factor, are counted apart.
	for range 2 {
		k.pass(time.Hour)
		id, code = begin(t, f, box, mia)
		for range 5 {
			require.Equal(t, authenticator.ErrRefused, check(f, mia, id, not(code)))
		}
	}
	require.ErrorIs(t, lockedAfterBegin(t, f, box, mia), authenticator.ErrLocked)
	for _, owner := range []authenticator.Identity{{Subject: mia.Subject, Device: "laptop"}, {Subject: mia.Subject, Proved: true}} {
		require.NoError(t, lockedAfterBegin(t, f, box, owner))
	}
}

func lockedAfterBegin(t *testing.T, f *authenticator.Codes, box *outbox, id authenticator.Identity) error {
	challenge, code := begin(t, f, box, id)
	return check(f, id, challenge, code)
}

// A caller that hangs up neither saves a guess nor loses a delivery.
func TestCodesDisconnect(t *testing.T) {
	gone, cancel := context.WithCancel(context.Background())
	cancel()
	f, box := newCodes(t, store.NewMemory())
	for range 5 {
		_, err := f.Start(gone, mia, authenticator.Start{})
		require.NoError(t, err)
	}
	_, err := f.Start(gone, mia, authenticator.Start{})
	require.ErrorIs(t, err, authenticator.ErrLocked)
	require.Equal(t, 5, box.count())

	m := box.last(t)
	for range 5 {
		_, err := f.Check(gone, mia, m.ID, not(m.Code))
		require.Equal(t, authenticator.ErrRefused, err)
	}
	require.Equal(t, authenticator.ErrOver, check(f, mia, m.ID, m.Code))
}

// Nothing is remembered by a process: a new one on the same store goes on.
func TestCodesRestart(t *testing.T) {
	s, k := store.NewMemory(), newClock()
	f, box := newCodes(t, s, withClock(k))
	id, code := begin(t, f, box, mia)
	for range 4 {
		f, _ = newCodes(t, s, withClock(k))
		require.Equal(t, authenticator.ErrRefused, check(f, mia, id, not(code)))
	}
	f, _ = newCodes(t, s, withClock(k))
	require.NoError(t, check(f, mia, id, code))
	f, box = newCodes(t, s, withClock(k))
	require.Equal(t, authenticator.ErrOver, check(f, mia, id, code))
	require.Zero(t, box.count())
	for range 4 {
		f, box = newCodes(t, s, withClock(k))
		begin(t, f, box, mia)
	}
	f, box = newCodes(t, s, withClock(k))
	_, err := f.Start(t.Context(), mia, authenticator.Start{})
	require.ErrorIs(t, err, authenticator.ErrLocked)
	require.Zero(t, box.count())
}
