package authenticator_test

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/stretchr/testify/require"

	"github.com/mintyard/mintyard/authenticator"
	"github.com/mintyard/mintyard/policy"
	"github.com/mintyard/mintyard/store"
)

// A device is enrolled, asked, and answers, with each kind of key.
func TestPush(t *testing.T) {
	for _, alg := range []jose.SignatureAlgorithm{jose.ES256, jose.EdDSA, jose.RS256} {
		k := newClock()
		f, box := newPush(t, store.NewMemory(), pushClock(k))
		d := newDevice(t, f, k.Now, claims{"platform": "android", "name": "Pixel", "push_token": "token of tom"})
		d.key, d.alg = newKey(t, alg), alg
		d.enrol(tom.Subject)
		list, err := f.Authenticators(t.Context(), tom.Subject)
		require.NoError(t, err)
		require.Equal(t, []authenticator.Authenticator{{
			ID: d.id, Type: "push", Name: "Pixel", Target: "android", Active: true, Created: k.Now(),
		}}, list)
		require.Empty(t, d.pending())

		c, err := f.Start(t.Context(), tom, authenticator.Start{App: "Shop", Addr: netip.MustParseAddr("192.0.2.7")})
		require.NoError(t, err)
		require.Equal(t, authenticator.BindingTransfer, c.Binding)
		require.Regexp(t, "^[1-9][0-9]$", c.Number)
		require.Equal(t, k.Now().Add(5*time.Minute), c.Expires)
		require.Equal(t, 5*time.Second, c.Interval)
		m := box.last(t)
		require.Equal(t, "token of tom", m.To)
		require.Equal(t, tom.Subject, m.Subject)
		require.Equal(t, c.ID, m.ID)

		require.Equal(t, authenticator.ErrPending, checkPush(t, f, tom, c.ID))
		p := d.pending()[0]
		require.Equal(t, authenticator.PendingPush{
			ID: c.ID, Purpose: "sign_in", App: "Shop", From: "192.0.2.7", Title: m.Title, Text: m.Text,
			Number: "choose", Choices: m.Choices, Begun: k.Now().UTC(), Expires: c.Expires.UTC(),
		}, p)
		require.Len(t, p.Choices, 3)
		require.Contains(t, p.Choices, c.Number)
		token := d.answer(p, "approve", c.Number, nil)
		require.NoError(t, f.Answer(t.Context(), token))
		require.NoError(t, f.Answer(t.Context(), token), "the answer may have been lost")
		require.Empty(t, d.pending())

		k.pass(time.Minute)
		method, err := f.Check(t.Context(), tom, c.ID, "")
		require.NoError(t, err)
		require.Equal(t, policy.Method{Name: "push", Types: policy.Possession, At: k.Now(), Device: d.id}, method)
		require.Equal(t, authenticator.ErrOver, checkPush(t, f, tom, c.ID))
		list, err = f.Authenticators(t.Context(), tom.Subject)
		require.NoError(t, err)
		require.Equal(t, k.Now(), list[0].Used)
	}
}

// A wrong number denies at once, and finally; so does no.
func TestPushDenied(t *testing.T) {
	for _, decision := range []string{"a wrong number", "another number", "no number", "deny"} {
		k := newClock()
		f, _ := newPush(t, store.NewMemory(), pushClock(k))
		d := newDevice(t, f, k.Now, nil).enrol(tom.Subject)
		c := startPush(t, f, tom)
		p := d.pending()[0]
		var err error
		switch decision {
		case "a wrong number":
			err = f.Answer(t.Context(), d.answer(p, "approve", otherNumber(p.Choices, c.Number), nil))
		case "another number":
			err = f.Answer(t.Context(), d.answer(p, "approve", " "+c.Number, nil))
		case "no number":
			err = f.Answer(t.Context(), d.answer(p, "approve", "", nil))
		case "deny":
			require.NoError(t, f.Answer(t.Context(), d.answer(p, "deny", "", nil)))
			require.NoError(t, f.Answer(t.Context(), d.answer(p, "deny", "", nil)))
			err = authenticator.ErrRejected
		}
		require.Equal(t, authenticator.ErrRejected, err, decision)
		require.Equal(t, authenticator.ErrRejected, f.Answer(t.Context(), d.answer(p, "approve", c.Number, nil)), "final")
		require.Equal(t, authenticator.ErrRejected, f.Decide(t.Context(), c.ID, authenticator.Decision{Approve: true, Number: c.Number}))
		require.Empty(t, d.pending())
		for range 3 {
			require.Equal(t, authenticator.ErrRejected, checkPush(t, f, tom, c.ID))
		}
		k.pass(5 * time.Minute)
		require.Equal(t, authenticator.ErrOver, checkPush(t, f, tom, c.ID))

		// No new one for ten minutes, from the denial and not from its repetition.
		_, err = f.Start(t.Context(), tom, authenticator.Start{})
		var locked *authenticator.LockedError
		require.ErrorAs(t, err, &locked)
		require.Equal(t, k.Now().Add(5*time.Minute), locked.Until)
		proved := tom
		proved.Proved = true
		_, err = f.Start(t.Context(), proved, authenticator.Start{})
		require.NoError(t, err, "a stranger's pushes are counted apart")
		k.pass(5 * time.Minute)
		_, err = f.Start(t.Context(), tom, authenticator.Start{})
		require.NoError(t, err)
	}
}

func TestPushApprovalStays(t *testing.T) {
	f, _ := newPush(t, store.NewMemory())
	c := startPush(t, f, mia)
	yes := authenticator.Decision{Approve: true, Number: c.Number}
	require.NoError(t, f.Decide(t.Context(), c.ID, yes))
	require.NoError(t, f.Decide(t.Context(), c.ID, yes))
	require.Equal(t, authenticator.ErrOver, f.Decide(t.Context(), c.ID, authenticator.Decision{}))
	require.Equal(t, authenticator.ErrOver, f.Decide(t.Context(), c.ID, authenticator.Decision{Approve: true, Number: "1"}))
	require.Equal(t, authenticator.ErrOver, checkPush(t, f, tom, c.ID), "of somebody else")
	require.NoError(t, checkPush(t, f, mia, c.ID))
	require.NoError(t, f.Decide(t.Context(), c.ID, yes), "used meanwhile: the device hears the same")
	require.Equal(t, authenticator.ErrOver, f.Decide(t.Context(), c.ID, authenticator.Decision{}))
	require.Equal(t, authenticator.ErrOver, checkPush(t, f, mia, c.ID))
	_, err := f.Start(t.Context(), mia, authenticator.Start{})
	require.NoError(t, err, "no cool-down")
	require.Equal(t, authenticator.ErrOver, f.Decide(t.Context(), "no such push", yes))
}

// One push is answered, another asked about: they are not one.
func TestPushBoundToItsOwnRequest(t *testing.T) {
	f, _ := newPush(t, store.NewMemory())
	first, second := startPush(t, f, mia), startPush(t, f, mia)
	require.NoError(t, f.Decide(t.Context(), first.ID, authenticator.Decision{Approve: true, Number: first.Number}))
	require.Equal(t, authenticator.ErrPending, checkPush(t, f, mia, second.ID))
	require.NoError(t, checkPush(t, f, mia, first.ID))
	require.Equal(t, authenticator.ErrPending, checkPush(t, f, mia, second.ID))
}

func TestPushExpires(t *testing.T) {
	k := newClock()
	f, _ := newPush(t, store.NewMemory(), pushClock(k))
	d := newDevice(t, f, k.Now, nil).enrol(tom.Subject)
	c := startPush(t, f, tom)
	p := d.pending()[0]
	k.pass(5*time.Minute - time.Second)
	require.Equal(t, authenticator.ErrPending, checkPush(t, f, tom, c.ID))
	require.Len(t, d.pending(), 1)
	k.pass(time.Second)
	require.Empty(t, d.pending())
	for _, decision := range []string{"approve", "deny"} {
		require.Equal(t, authenticator.ErrOver, f.Answer(t.Context(), d.answer(p, decision, c.Number, nil)))
	}
	require.Equal(t, authenticator.ErrOver, checkPush(t, f, tom, c.ID))

	// An approval that nobody asked about in time is over, too.
	c = startPush(t, f, tom)
	require.NoError(t, f.Answer(t.Context(), d.answer(d.pending()[0], "approve", c.Number, nil)))
	k.pass(5 * time.Minute)
	require.Equal(t, authenticator.ErrOver, checkPush(t, f, tom, c.ID))
}

func TestPushNumberChallenge(t *testing.T) {
	for _, test := range []struct {
		when   authenticator.NumberChallenge
		risk   policy.Risk
		number bool
	}{
		{"", policy.RiskLow, true}, {authenticator.NumberAlways, policy.RiskLow, true},
		{authenticator.NumberNever, policy.RiskHigh, false},
		{authenticator.NumberHighRisk, policy.RiskUnknown, true}, {authenticator.NumberHighRisk, policy.RiskHigh, true},
		{authenticator.NumberHighRisk, policy.RiskMedium, false}, {authenticator.NumberHighRisk, policy.RiskLow, false},
		{authenticator.NumberHighRisk, 99, true},
	} {
		for id, real := range map[authenticator.Identity]bool{mia: true, tom: false, nobody: false} {
			f, box := newPush(t, store.NewMemory(), func(c *authenticator.PushConfig) { c.NumberChallenge = test.when })
			c, err := f.Start(t.Context(), id, authenticator.Start{Risk: test.risk})
			require.NoError(t, err)
			require.Equal(t, map[bool]authenticator.Binding{true: "transfer", false: "none"}[test.number], c.Binding)
			require.Equal(t, test.number, c.Number != "")
			if !real {
				continue
			}
			require.Len(t, box.last(t).Choices, map[bool]int{true: 3, false: 0}[test.number])
			require.NoError(t, f.Decide(t.Context(), c.ID, authenticator.Decision{Approve: true, Number: c.Number}))
			require.NoError(t, checkPush(t, f, id, c.ID))
		}
	}
}

// A device on which the number is typed is offered none.
func TestPushTypedNumber(t *testing.T) {
	f, box := newPush(t, store.NewMemory())
	d := newDevice(t, f, nil, claims{"number_entry": "type", "push_token": "x"}).enrol(tom.Subject)
	c := startPush(t, f, tom)
	p := d.pending()[0]
	require.Equal(t, "type", p.Number)
	require.Empty(t, p.Choices)
	require.Empty(t, box.last(t).Choices)
	require.NoError(t, f.Answer(t.Context(), d.answer(p, "approve", c.Number, nil)))
	require.NoError(t, checkPush(t, f, tom, c.ID))
	c = startPush(t, f, tom)
	require.Equal(t, authenticator.ErrRejected, f.Answer(t.Context(), d.answer(d.pending()[0], "approve", "00", nil)))
	require.Equal(t, authenticator.ErrRejected, checkPush(t, f, tom, c.ID))
}

// Each number is as likely right as the others, and where it stands says nothing.
func TestPushNumbersAreEven(t *testing.T) {
	f, box := newPush(t, store.NewMemory(), manyPushes)
	at := make([]int, 3)
	seen := map[string]bool{}
	const n = 900
	for range n {
		c := startPush(t, f, mia)
		choices := box.last(t).Choices
		require.Len(t, slices.Compact(slices.Sorted(slices.Values(choices))), 3)
		for _, number := range choices {
			require.Regexp(t, "^[1-9][0-9]$", number)
			seen[number] = true
		}
		at[slices.Index(choices, c.Number)]++
		require.NoError(t, f.Decide(t.Context(), c.ID, authenticator.Decision{Approve: true, Number: c.Number}))
		require.NoError(t, checkPush(t, f, mia, c.ID))
	}
	require.Len(t, seen, 90)
	for _, times := range at { // five standard deviations: one run in a million
		require.InDelta(t, n/3, times, 71)
	}
}

// What a device says about itself counts only if the host trusts it.
func TestPushTrustDevices(t *testing.T) {
	for _, trust := range []bool{false, true} {
		f, _ := newPush(t, store.NewMemory(), func(c *authenticator.PushConfig) { c.TrustDevices = trust })
		d := newDevice(t, f, nil, claims{"hardware": true, "user_verification": true}).enrol(tom.Subject)
		want := policy.Method{Name: "push", Types: policy.Possession, Device: d.id}
		if trust {
			want.Hardware, want.UserVerified, want.Types = true, true, policy.Possession|policy.Inherence
		}
		available, err := f.Available(t.Context(), tom.Subject)
		require.NoError(t, err)
		require.Equal(t, []policy.Method{want}, available)
		for _, uv := range []bool{true, false} {
			c := startPush(t, f, tom)
			require.NoError(t, f.Answer(t.Context(), d.answer(d.pending()[0], "approve", c.Number, claims{"uv": uv})))
			m, err := f.Check(t.Context(), tom, c.ID, "")
			require.NoError(t, err)
			if m.At = (time.Time{}); !uv {
				want.UserVerified, want.Types = false, policy.Possession
			}
			require.Equal(t, want, m)
		}
	}
	// Whoever is trusted anyway may say so.
	f, _ := newPush(t, store.NewMemory())
	c := startPush(t, f, mia)
	require.NoError(t, f.Decide(t.Context(), c.ID, authenticator.Decision{Approve: true, Number: c.Number, UserVerified: true}))
	m, err := f.Check(t.Context(), mia, c.ID, "")
	require.NoError(t, err)
	require.True(t, m.UserVerified)
}

func TestPushChoosesTheDevice(t *testing.T) {
	k := newClock()
	f, box := newPush(t, store.NewMemory(), pushClock(k), manyPushes)
	k.pass(time.Minute)
	require.NoError(t, f.Import(t.Context(), mia.Subject, "tablet", "Tablet"))
	to := func(id string) string {
		c, err := f.Start(t.Context(), mia, authenticator.Start{AuthenticatorID: id})
		require.NoError(t, err)
		require.NoError(t, f.Decide(t.Context(), c.ID, authenticator.Decision{Approve: true, Number: c.Number}))
		k.pass(time.Minute)
		m, err := f.Check(t.Context(), mia, c.ID, "")
		require.NoError(t, err)
		require.Equal(t, m.Device, box.last(t).To)
		return m.Device
	}
	require.Equal(t, "tablet", to(""), "enrolled last")
	require.Equal(t, "phone", to("phone"))
	require.Equal(t, "phone", to(""), "used last")
	available, err := f.Available(t.Context(), mia.Subject)
	require.NoError(t, err)
	require.Len(t, available, 2)
	available, err = f.Available(t.Context(), "")
	require.NoError(t, err)
	require.Empty(t, available)
	_, err = f.Start(t.Context(), mia, authenticator.Start{Purpose: authenticator.PurposeEnrolment})
	require.Error(t, err)
}

// After a removal nothing of the device is good any more.
func TestPushRemove(t *testing.T) {
	f, _ := newPush(t, store.NewMemory())
	d := newDevice(t, f, nil, nil).enrol(tom.Subject)
	answered, waiting := startPush(t, f, tom), startPush(t, f, tom)
	p := d.pending()
	require.Len(t, p, 2)
	for _, one := range p {
		if one.ID == answered.ID {
			require.NoError(t, f.Answer(t.Context(), d.answer(one, "approve", answered.Number, nil)))
		}
	}
	require.NoError(t, f.Rename(t.Context(), tom.Subject, d.id, "Old phone"))
	require.Error(t, f.Rename(t.Context(), tom.Subject, d.id, strings.Repeat("x", 101)))
	require.Equal(t, authenticator.ErrNoAuthenticator, f.Rename(t.Context(), mia.Subject, d.id, "mine"))
	require.Equal(t, authenticator.ErrNoAuthenticator, f.Remove(t.Context(), mia.Subject, d.id))
	require.NoError(t, f.Remove(t.Context(), tom.Subject, d.id))
	require.Equal(t, authenticator.ErrNoAuthenticator, f.Remove(t.Context(), tom.Subject, d.id))

	require.Equal(t, authenticator.ErrOver, checkPush(t, f, tom, answered.ID))
	require.Equal(t, authenticator.ErrPending, checkPush(t, f, tom, waiting.ID))
	_, err := f.Pending(t.Context(), d.sign(requestTyp, nil))
	require.Equal(t, authenticator.ErrRefused, err)
	require.Equal(t, authenticator.ErrRefused, f.Answer(t.Context(), d.answer(p[0], "approve", waiting.Number, nil)))
	require.Equal(t, authenticator.ErrRefused, f.Answer(t.Context(), d.answer(p[1], "approve", waiting.Number, nil)))
	// A host that answers late does no harm.
	require.NoError(t, f.Decide(t.Context(), waiting.ID, authenticator.Decision{Approve: true, Number: waiting.Number}))
	require.Equal(t, authenticator.ErrOver, checkPush(t, f, tom, waiting.ID))
}

func TestPushImport(t *testing.T) {
	k := newClock()
	f, _ := newPush(t, store.NewMemory(), pushClock(k))
	c := startPush(t, f, mia)
	require.NoError(t, f.Decide(t.Context(), c.ID, authenticator.Decision{Approve: true, Number: c.Number}))
	require.NoError(t, checkPush(t, f, mia, c.ID))
	require.NoError(t, f.Rename(t.Context(), mia.Subject, "phone", "New name"))
	before, err := f.Authenticators(t.Context(), mia.Subject)
	require.NoError(t, err)
	k.pass(time.Hour)
	require.NoError(t, f.Import(t.Context(), mia.Subject, "phone", "Mia's phone"))
	after, err := f.Authenticators(t.Context(), mia.Subject)
	require.NoError(t, err)
	require.Equal(t, before, after, "a host may do it at every start")
	require.Error(t, f.Import(t.Context(), mia.Subject, "", "x"))
	require.Error(t, f.Import(t.Context(), mia.Subject, strings.Repeat("x", 257), "x"))
	require.Error(t, f.Import(t.Context(), mia.Subject, "y", "a\nb"))
	require.Error(t, f.Import(t.Context(), "", "phone", "x"))
}

func TestNewPushNamesTheField(t *testing.T) {
	good := authenticator.PushConfig{
		Store: store.NewMemory(), Namespace: "n", Sealer: store.NewSealer(store.MasterKey{}), Audience: pushAudience,
	}
	_, err := authenticator.NewPush(good)
	require.NoError(t, err)
	for field, edit := range map[string]func(*authenticator.PushConfig){
		"Store":           func(c *authenticator.PushConfig) { c.Store = nil },
		"Namespace":       func(c *authenticator.PushConfig) { c.Namespace = "" },
		"Sealer":          func(c *authenticator.PushConfig) { c.Sealer = nil },
		"Audience":        func(c *authenticator.PushConfig) { c.Audience = "" },
		"TTL":             func(c *authenticator.PushConfig) { c.TTL = 11 * time.Minute },
		"NumberChallenge": func(c *authenticator.PushConfig) { c.NumberChallenge = "sometimes" },
		"PerTenMinutes":   func(c *authenticator.PushConfig) { c.PerTenMinutes = -1 },
		"PerDay":          func(c *authenticator.PushConfig) { c.PerTenMinutes, c.PerDay = 5, 4 },
		"DenialCoolDown":  func(c *authenticator.PushConfig) { c.DenialCoolDown = 25 * time.Hour },
	} {
		c := good
		edit(&c)
		_, err := authenticator.NewPush(c)
		require.ErrorContains(t, err, "authenticator: PushConfig."+field, field)
	}
}

// Three in ten minutes, ten a day, unless one is approved.
func TestPushCaps(t *testing.T) {
	k := newClock()
	f, box := newPush(t, store.NewMemory(), pushClock(k))
	recognised, proved := mia, mia
	recognised.Device, proved.Proved = "laptop", true
	for _, id := range []authenticator.Identity{mia, tom, nobody, recognised, proved} {
		before, refused := box.count(), 0
		for range 20 { // in one minute
			if _, err := f.Start(t.Context(), id, authenticator.Start{}); err != nil {
				var locked *authenticator.LockedError
				require.ErrorAs(t, err, &locked)
				require.Equal(t, 3, locked.Limit)
				refused++
			}
			k.pass(3 * time.Second)
		}
		require.Equal(t, 17, refused)
		require.Equal(t, map[bool]int{true: 3, false: 0}[id.Subject == mia.Subject], box.count()-before)
	}
	// Eleven hours of trying: seven more.
	before := box.count()
	for range 11 * 60 {
		_, _ = f.Start(t.Context(), mia, authenticator.Start{})
		k.pass(time.Minute)
	}
	require.Equal(t, 7, box.count()-before)
	require.NoError(t, f.Unlock(t.Context(), mia.Subject))
	// An approved one begins the count anew.
	for range 5 {
		for range 2 {
			startPush(t, f, mia)
		}
		c := startPush(t, f, mia)
		require.NoError(t, f.Decide(t.Context(), c.ID, authenticator.Decision{Approve: true, Number: c.Number}))
		require.NoError(t, checkPush(t, f, mia, c.ID))
	}
	for range 3 {
		startPush(t, f, mia)
	}
	_, err := f.Start(t.Context(), mia, authenticator.Start{})
	require.ErrorIs(t, err, authenticator.ErrLocked)
	// A restart changes nothing; see also the other node.
	// An approval does not end the cool-down of a denial.
	k.pass(24 * time.Hour)
	good, bad := startPush(t, f, mia), startPush(t, f, mia)
	require.NoError(t, f.Decide(t.Context(), bad.ID, authenticator.Decision{}))
	require.NoError(t, f.Decide(t.Context(), good.ID, authenticator.Decision{Approve: true, Number: good.Number}))
	require.NoError(t, checkPush(t, f, mia, good.ID))
	_, err = f.Start(t.Context(), mia, authenticator.Start{})
	require.ErrorIs(t, err, authenticator.ErrLocked)
	require.NoError(t, f.Unlock(t.Context(), mia.Subject))
	startPush(t, f, mia)
}

// Everything that matters is in the store: another process goes on.
func TestPushRestart(t *testing.T) {
	s, k := store.NewMemory(), newClock()
	f, _ := newPush(t, s, pushClock(k))
	d := newDevice(t, f, k.Now, nil)
	a, err := f.BeginEnrolment(t.Context(), tom.Subject, "Phone")
	require.NoError(t, err)
	again := func() { f, _ = newPush(t, s, pushClock(k)); d.push = f }
	again()
	got, err := f.Activate(t.Context(), publicJWK(t, d.key), d.proof(a.Code))
	require.NoError(t, err)
	d.id, d.sub = got.ID, got.Subject
	again()
	c := startPush(t, f, tom)
	again()
	p := d.pending()[0]
	again()
	require.NoError(t, f.Answer(t.Context(), d.answer(p, "approve", c.Number, nil)))
	again()
	require.NoError(t, checkPush(t, f, tom, c.ID))
	again()
	require.Equal(t, authenticator.ErrOver, checkPush(t, f, tom, c.ID))
	for range 3 {
		again()
		startPush(t, f, tom)
	}
	again()
	_, err = f.Start(t.Context(), tom, authenticator.Start{})
	require.ErrorIs(t, err, authenticator.ErrLocked)
	k.pass(time.Hour)
	c = startPush(t, f, tom)
	require.NoError(t, f.Decide(t.Context(), c.ID, authenticator.Decision{}))
	again()
	_, err = f.Start(t.Context(), tom, authenticator.Start{})
	require.ErrorIs(t, err, authenticator.ErrLocked)
}

// A delivery that fails is the server's fault, and counts nothing.
func TestPushDeliveryFails(t *testing.T) {
	k := newClock()
	f, box := newPush(t, store.NewMemory(), pushClock(k))
	d := newDevice(t, f, k.Now, claims{"push_token": "x"}).enrol(tom.Subject)
	box.breaks(errProvider)
	for range 5 {
		_, err := f.Start(t.Context(), tom, authenticator.Start{})
		require.ErrorIs(t, err, authenticator.ErrDelivery)
		require.ErrorIs(t, err, errProvider)
	}
	require.Empty(t, d.pending(), "nobody waits for an answer")
	box.breaks(nil)
	for range 3 {
		startPush(t, f, tom)
	}
	_, err := f.Start(t.Context(), tom, authenticator.Start{})
	require.ErrorIs(t, err, authenticator.ErrLocked)
}

// Without a sender, or without a push token, the device asks by itself; its token
// comes and goes.
func TestPushToken(t *testing.T) {
	f, box := newPush(t, store.NewMemory(), manyPushes)
	d := newDevice(t, f, nil, nil).enrol(tom.Subject)
	startPush(t, f, tom)
	require.Zero(t, box.count())
	for i, token := range []string{"one", "two", ""} {
		_, err := f.Pending(t.Context(), d.sign(requestTyp, claims{"push_token": token}))
		require.NoError(t, err)
		require.Len(t, d.pending(), i+1)
		startPush(t, f, tom)
		if token != "" {
			require.Equal(t, token, box.last(t).To)
		}
	}
	require.Equal(t, 2, box.count())
	_, err := f.Pending(t.Context(), d.sign(requestTyp, claims{"push_token": strings.Repeat("x", 5000)}))
	require.Equal(t, authenticator.ErrRefused, err)

	f, _ = newPush(t, store.NewMemory(), func(c *authenticator.PushConfig) { c.Sender = nil })
	d = newDevice(t, f, nil, claims{"push_token": "x"}).enrol(tom.Subject)
	startPush(t, f, tom)
	startPush(t, f, nobody)
	require.Len(t, d.pending(), 1)
}

// A poll of a push that waits reads one record, writes nothing, and costs little.
func TestPushPollIsCheap(t *testing.T) {
	w := &watched{Store: store.NewMemory()}
	f, _ := newPush(t, w)
	for _, id := range []authenticator.Identity{mia, tom, nobody} {
		c := startPush(t, f, id)
		w.take()
		for range 20 {
			require.Equal(t, authenticator.ErrPending, checkPush(t, f, id, c.ID))
			require.Equal(t, "Get", w.take())
		}
	}
	if raceEnabled {
		return
	}
	f, _ = newPush(t, store.NewMemory())
	c := startPush(t, f, mia)
	allocs := testing.AllocsPerRun(100, func() {
		if _, err := f.Check(t.Context(), mia, c.ID, ""); err != authenticator.ErrPending {
			t.Error(err)
		}
	})
	require.LessOrEqual(t, allocs, 20.0, fmt.Sprint(allocs))
}

func BenchmarkPushPoll(b *testing.B) {
	f, _ := newPush(b, store.NewMemory())
	c := startPush(b, f, mia)
	b.ReportAllocs()
	for b.Loop() {
		_, _ = f.Check(b.Context(), mia, c.ID, "")
	}
}
