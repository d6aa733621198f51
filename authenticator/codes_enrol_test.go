package authenticator_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/mintyard/mintyard/authenticator"
	"github.com/mintyard/mintyard/store"
)

var enrolment = authenticator.Start{Purpose: authenticator.PurposeEnrolment}

func TestCodesEnrol(t *testing.T) {
	k := newClock()
	f, box := newCodes(t, store.NewMemory(), withClock(k))
	id, c, err := f.Enrol(t.Context(), tom.Subject, "+44 (7700) 900-123", "my telephone")
	require.NoError(t, err)
	m := box.last(t)
	require.Equal(t, c.ID, m.ID)
	require.Equal(t, authenticator.BindingPrompt, c.Binding)
	require.Equal(t, authenticator.PurposeEnrolment, m.Purpose)
	require.Equal(t, tomsNumber, m.To)

	list := func(subject string) []authenticator.Authenticator {
		all, err := f.Authenticators(t.Context(), subject)
		require.NoError(t, err)
		return all
	}
	want := authenticator.Authenticator{ID: id, Type: "sms", Name: "my telephone", Target: "+44•••••0123", Created: k.Now()}
	require.Equal(t, []authenticator.Authenticator{want}, list(tom.Subject))

	// Nothing is proved with it yet, and its code is good for no sign-in.
	available, err := f.Available(t.Context(), tom.Subject)
	require.NoError(t, err)
	require.Empty(t, available)
	require.Equal(t, authenticator.ErrOver, check(f, tom, c.ID, m.Code))
	_, err = f.Start(t.Context(), tom, authenticator.Start{AuthenticatorID: id})
	require.NoError(t, err)
	require.Equal(t, 1, box.count())

	require.Equal(t, authenticator.ErrRefused, f.Confirm(t.Context(), tom.Subject, id, not(m.Code)))
	require.Equal(t, authenticator.ErrNoAuthenticator, f.Confirm(t.Context(), mia.Subject, id, m.Code))
	require.NoError(t, f.Confirm(t.Context(), tom.Subject, id, m.Code))
	require.NoError(t, f.Confirm(t.Context(), tom.Subject, id, m.Code), "the answer was lost")
	require.Equal(t, authenticator.ErrOver, f.Confirm(t.Context(), tom.Subject, id, not(m.Code)))
	require.Equal(t, authenticator.ErrOver, check(f, tom, c.ID, m.Code))
	want.Active = true
	require.Equal(t, []authenticator.Authenticator{want}, list(tom.Subject))
	challenge, code := begin(t, f, box, tom)
	require.NoError(t, check(f, tom, challenge, code))

	require.NoError(t, f.Rename(t.Context(), tom.Subject, id, "work"))
	require.Equal(t, "work", list(tom.Subject)[0].Name)
	require.Error(t, f.Rename(t.Context(), tom.Subject, id, "a\r\nb"))
	require.Equal(t, authenticator.ErrNoAuthenticator, f.Rename(t.Context(), mia.Subject, id, "x"))
	require.Equal(t, authenticator.ErrNoAuthenticator, f.Remove(t.Context(), mia.Subject, id))
	require.NoError(t, f.Remove(t.Context(), tom.Subject, id))
	require.Empty(t, list(tom.Subject))
}

// Another code replaces the one before, the tries of a code end, and so does the time.
func TestCodesEnrolAgain(t *testing.T) {
	k := newClock()
	f, box := newCodes(t, store.NewMemory(), withClock(k))
	id, _, err := f.Enrol(t.Context(), tom.Subject, tomsNumber, "")
	require.NoError(t, err)
	first := box.last(t).Code
	again := enrolment
	again.AuthenticatorID = id

	box.breaks(errProvider)
	_, err = f.Start(t.Context(), tom, again)
	require.ErrorIs(t, err, errProvider)
	require.Equal(t, authenticator.ErrRefused, f.Confirm(t.Context(), tom.Subject, id, not(first)), "still good")
	box.breaks(nil)
	c, err := f.Start(t.Context(), tom, again)
	require.NoError(t, err)
	require.Equal(t, tomsNumber, box.last(t).To)
	require.Equal(t, authenticator.ErrOver, check(f, tom, c.ID, box.last(t).Code))
	if second := box.last(t).Code; first != second {
		require.Equal(t, authenticator.ErrRefused, f.Confirm(t.Context(), tom.Subject, id, first))
		for range 4 {
			require.Equal(t, authenticator.ErrRefused, f.Confirm(t.Context(), tom.Subject, id, not(second)))
		}
		require.Equal(t, authenticator.ErrOver, f.Confirm(t.Context(), tom.Subject, id, second))
	}
	for range 3 {
		_, err = f.Start(t.Context(), tom, again)
		require.NoError(t, err)
	}
	_, err = f.Start(t.Context(), tom, again)
	require.ErrorIs(t, err, authenticator.ErrLocked)
	require.Equal(t, 5, box.count())

	k.pass(5 * time.Minute)
	require.Equal(t, authenticator.ErrOver, f.Confirm(t.Context(), tom.Subject, id, box.last(t).Code))
	k.pass(10 * time.Minute)
	require.Equal(t, authenticator.ErrNoAuthenticator, f.Confirm(t.Context(), tom.Subject, id, box.last(t).Code))
	_, err = f.Start(t.Context(), tom, again)
	require.Equal(t, authenticator.ErrNoAuthenticator, err)

	// What is not being enrolled is sent no such code.
	again.AuthenticatorID = "phone"
	for _, who := range []authenticator.Identity{mia, tom} {
		_, err = f.Start(t.Context(), who, again)
		require.Equal(t, authenticator.ErrNoAuthenticator, err)
	}
	_, err = f.Start(t.Context(), nobody, again)
	require.Error(t, err)
	require.Equal(t, 5, box.count())
}

func TestCodesEnrolRefused(t *testing.T) {
	f, box := newCodes(t, store.NewMemory())
	for _, to := range []string{"", "+", "5550100100", "0044 7700 900123", "+44 (0) 7700 900123", "+44 (0)7700 900123", "+4477009001231234", "+155501", "+0447700900123", "+1555010010a", "+１５５５０１００１００", "+1555\r\n0100100", "+1555,0100100", "+1 555 010 0100 x12", "tel:+15550100100", "+" + strings.Repeat("1 ", 1<<20)} {
		_, _, err := f.Enrol(t.Context(), tom.Subject, to, "")
		require.Equal(t, authenticator.ErrDestination, err, "%.40q", to)
		require.Equal(t, authenticator.ErrDestination, f.Import(t.Context(), tom.Subject, "id", to))
	}
	mail, mailbox := newCodes(t, store.NewMemory(), byEmail)
	for _, to := range []string{
		"", "@", "mia", "mia@", "@example.test", "mia@localhost", "mia@example..test", "mia@-example.test", "mia@192.0.2.1", "mia@[192.0.2.1]",
		"Mia <mia@example.test>", "<mia@example.test>", `"mia"@example.test`, "mia (home)@example.test", "mia@example.test, tom@example.test",
		"mia@example.test\r\nBcc: tom@example.test", "mia\r\n@example.test", "mia@example.test\x00", "mi a@example.test", "mia@example.test,", "m\u202eia@example.test",
		"mia@exa\u200bmple.test", "mia@exämple.test", "mia@@example.test", "a@b@example.test", ".mia@example.test", strings.Repeat("a", 65) + "@example.test", "mia@" + strings.Repeat("a.", 200) + "test", "\xff@example.test",
	} {
		_, _, err := mail.Enrol(t.Context(), tom.Subject, to, "")
		require.Equal(t, authenticator.ErrDestination, err, "%q", to)
		require.Equal(t, authenticator.ErrDestination, mail.Import(t.Context(), tom.Subject, "id", to))
	}
	for _, name := range []string{"a\nb", strings.Repeat("n", 101)} {
		_, _, err := f.Enrol(t.Context(), tom.Subject, tomsNumber, name)
		require.Error(t, err)
	}
	_, _, err := f.Enrol(t.Context(), "", tomsNumber, "")
	require.Error(t, err)
	require.Error(t, f.Confirm(t.Context(), "", "phone", "000000"))
	require.Error(t, f.Import(t.Context(), tom.Subject, "", tomsNumber))
	require.Error(t, f.Import(t.Context(), "", "phone", tomsNumber))
	require.Equal(t, authenticator.ErrOver, f.Confirm(t.Context(), mia.Subject, "phone", "000000"), "imported ones need no code")
	for i := range 10 {
		require.NoError(t, f.Import(t.Context(), tom.Subject, string(rune('a'+i)), tomsNumber))
	}
	for range 10 { // and counts not as sent
		_, _, err = f.Enrol(t.Context(), tom.Subject, tomsNumber, "")
		require.Equal(t, authenticator.ErrTooMany, err)
	}
	require.Zero(t, box.count()+mailbox.count())
	require.NoError(t, f.Remove(t.Context(), tom.Subject, "a"))

	// What was not delivered leaves no destination behind.
	box.breaks(errProvider)
	_, _, err = f.Enrol(t.Context(), tom.Subject, tomsNumber, "")
	require.ErrorIs(t, err, authenticator.ErrDelivery)
	all, err := f.Authenticators(t.Context(), tom.Subject)
	require.NoError(t, err)
	require.Len(t, all, 9)
}

// The same import again changes nothing; another number replaces the old one.
func TestCodesImport(t *testing.T) {
	s := store.NewMemory()
	f, box := newCodes(t, s)
	before := records(t, s)
	require.NoError(t, f.Import(t.Context(), mia.Subject, "phone", "+1 (555) 010-0100"))
	require.Equal(t, before, records(t, s))
	require.NoError(t, f.Import(t.Context(), mia.Subject, "phone", tomsNumber))
	begin(t, f, box, mia)
	require.Equal(t, tomsNumber, box.last(t).To)
}

// Every call of the store fails in turn while a number is enrolled. It ends enrolled
// or not, and if not then another code, or the same one again, finishes it.
func TestCodesEnrolFaults(t *testing.T) {
	for _, after := range []bool{false, true} {
		for call := 1; call <= 20; call++ {
			w := &watched{Store: store.NewMemory(), after: after}
			f, box := newCodes(t, w)
			w.take()
			w.faultK = call
			id, _, err := f.Enrol(t.Context(), tom.Subject, tomsNumber, "")
			if err != nil {
				require.ErrorIs(t, err, authenticator.ErrUnavailable)
				require.Zero(t, box.count(), "what is not stored is not sent")
				w.paused.Store(true)
				id, _, err = f.Enrol(t.Context(), tom.Subject, tomsNumber, "")
				require.NoError(t, err)
				w.paused.Store(false)
			}
			code := box.last(t).Code
			err = f.Confirm(t.Context(), tom.Subject, id, code)
			w.paused.Store(true)
			if err != nil {
				require.ErrorIs(t, err, authenticator.ErrUnavailable)
				err = f.Confirm(t.Context(), tom.Subject, id, code)
				require.NoError(t, err, "after %v call %d", after, call)
			}
			available, err := f.Available(t.Context(), tom.Subject)
			require.NoError(t, err)
			require.Len(t, available, 1)
		}
	}
}

func TestCodesRaceConfirm(t *testing.T) {
	for range 20 {
		f, box := newCodes(t, store.NewMemory())
		id, _, err := f.Enrol(t.Context(), tom.Subject, tomsNumber, "")
		require.NoError(t, err)
		code := box.last(t).Code
		race(9, func(i int) {
			entry := code
			if i > 4 {
				entry = not(code)
			}
			err := f.Confirm(t.Context(), tom.Subject, id, entry)
			if err != nil && !errors.Is(err, authenticator.ErrOver) {
				require.Equal(t, authenticator.ErrRefused, err)
			}
		})
		available, err := f.Available(t.Context(), tom.Subject)
		require.NoError(t, err)
		require.LessOrEqual(t, len(available), 1)
	}
}
