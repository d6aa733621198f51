package enrolment_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/mintyard/mintyard/internal/enrolment"
	"github.com/mintyard/mintyard/store"
	"github.com/mintyard/mintyard/store/storetest"
)

var start = time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)

type kit struct {
	*enrolment.Book
	faulty *storetest.FaultyStore
	now    time.Time
}

func newBook(t *testing.T, label string) *kit {
	t.Helper()
	var master store.MasterKey
	master[0] = 1
	k := &kit{faulty: storetest.Faulty(store.NewMemory()), now: start}
	k.Book = &enrolment.Book{
		Store: k.faulty, Space: store.Digest("space"), Kind: 'x', Label: label, Person: 'u',
		Sealer: store.NewSealer(master), Now: func() time.Time { return k.now },
	}
	return k
}

func entry(name string) enrolment.Entry {
	return enrolment.Entry{Name: name, Confirmed: start, Data: json.RawMessage(`{"digits":6}`), Secret: []byte("the secret of " + name)}
}

func TestBook(t *testing.T) {
	k := newBook(t, "totp")
	ctx := t.Context()
	first, err := k.Add(ctx, "mia", entry("phone"))
	require.NoError(t, err)
	require.Len(t, first.ID, 22)
	k.now = k.now.Add(time.Second)
	second, err := k.Add(ctx, "mia", entry("tablet"))
	require.NoError(t, err)

	list, err := k.List(ctx, "mia")
	require.NoError(t, err)
	require.Equal(t, []string{"phone", "tablet"}, []string{list[0].Name, list[1].Name}, "oldest first")
	require.Equal(t, "the secret of phone", string(list[0].Secret))

	_, err = k.Change(ctx, "mia", first.ID, func(e *enrolment.Entry) error {
		e.Name, e.Used, e.State = "old phone", k.now, json.RawMessage(`{"step":7}`)
		return nil
	})
	require.NoError(t, err)
	e, err := k.Read(ctx, "mia", first.ID)
	require.NoError(t, err)
	require.Equal(t, "old phone", e.Name)
	require.Equal(t, k.now.Unix(), e.Used.Unix())
	require.JSONEq(t, `{"step":7}`, string(e.State))
	require.JSONEq(t, `{"digits":6}`, string(e.Data))

	require.NoError(t, k.Remove(ctx, "mia", second.ID))
	require.ErrorIs(t, k.Remove(ctx, "mia", second.ID), enrolment.ErrNone)
	list, err = k.List(ctx, "mia")
	require.NoError(t, err)
	require.Len(t, list, 1)
}

// Nobody else's id leads anywhere, and another label's records are another book's.
func TestBooksAreApart(t *testing.T) {
	k := newBook(t, "sms")
	e, err := k.Add(t.Context(), "mia", entry("phone"))
	require.NoError(t, err)
	for name, other := range map[string]func(b *enrolment.Book) string{
		"another person": func(*enrolment.Book) string { return "tom" },
		"another label":  func(b *enrolment.Book) string { b.Label = "voice"; return "mia" },
		"another space":  func(b *enrolment.Book) string { b.Space = store.Digest("other"); return "mia" },
	} {
		b := *k.Book
		subject := other(&b)
		_, err := b.Read(t.Context(), subject, e.ID)
		require.ErrorIs(t, err, enrolment.ErrNone, name)
		require.ErrorIs(t, b.Remove(t.Context(), subject, e.ID), enrolment.ErrNone, name)
		_, err = b.Change(t.Context(), subject, e.ID, func(*enrolment.Entry) error { return nil })
		require.ErrorIs(t, err, enrolment.ErrNone, name)
		list, err := b.List(t.Context(), subject)
		require.NoError(t, err)
		require.Empty(t, list, name)
	}
}

func TestPendingOnesEnd(t *testing.T) {
	k := newBook(t, "totp")
	pending := entry("phone")
	pending.Confirmed, pending.Expires = time.Time{}, start.Add(15*time.Minute)
	e, err := k.Add(t.Context(), "mia", pending)
	require.NoError(t, err)
	k.now = start.Add(15 * time.Minute)
	_, err = k.Read(t.Context(), "mia", e.ID)
	require.ErrorIs(t, err, enrolment.ErrNone)
	_, err = k.Change(t.Context(), "mia", e.ID, func(e *enrolment.Entry) error { e.Confirmed = k.now; return nil })
	require.ErrorIs(t, err, enrolment.ErrNone, "what is over cannot be confirmed")
	list, err := k.List(t.Context(), "mia")
	require.NoError(t, err)
	require.Empty(t, list)
}

// A host imports at every start: what was used and renamed since stays, unless it
// is another thing that is imported.
func TestImport(t *testing.T) {
	k := newBook(t, "totp")
	imported := entry("phone")
	imported.ID = "f1"
	require.NoError(t, k.Import(t.Context(), "mia", imported))
	_, err := k.Change(t.Context(), "mia", "f1", func(e *enrolment.Entry) error {
		e.Name, e.State = "mine", json.RawMessage(`{"step":7}`)
		return nil
	})
	require.NoError(t, err)
	k.now = k.now.Add(time.Hour)
	imported.Data = json.RawMessage(`{ "digits": 6 }`) // the same
	require.NoError(t, k.Import(t.Context(), "mia", imported))
	e, err := k.Read(t.Context(), "mia", "f1")
	require.NoError(t, err)
	require.Equal(t, "mine", e.Name)
	require.JSONEq(t, `{"step":7}`, string(e.State))

	imported.Secret = []byte("another")
	require.NoError(t, k.Import(t.Context(), "mia", imported))
	e, err = k.Read(t.Context(), "mia", "f1")
	require.NoError(t, err)
	require.Equal(t, "another", string(e.Secret))
	require.Nil(t, e.State)
}

func TestTooMany(t *testing.T) {
	k := newBook(t, "totp")
	for i := range enrolment.DefaultMax {
		_, err := k.Add(t.Context(), "mia", entry(fmt.Sprint(i)))
		require.NoError(t, err)
	}
	_, err := k.Add(t.Context(), "mia", entry("one more"))
	require.ErrorIs(t, err, enrolment.ErrTooMany)
	_, err = k.Add(t.Context(), "", entry("nobody's"))
	require.Error(t, err)
}

// Every change counts, however many are made at once.
func TestChangesAtOnce(t *testing.T) {
	k := newBook(t, "totp")
	e, err := k.Add(t.Context(), "mia", entry("phone"))
	require.NoError(t, err)
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			_, err := k.Change(t.Context(), "mia", e.ID, func(e *enrolment.Entry) error {
				var n int
				if e.State != nil {
					if err := json.Unmarshal(e.State, &n); err != nil {
						return err
					}
				}
				e.State = json.RawMessage(fmt.Sprint(n + 1))
				return nil
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	e, err = k.Read(t.Context(), "mia", e.ID)
	require.NoError(t, err)
	require.Equal(t, "20", string(e.State))

	stop := errors.New("stop")
	_, err = k.Change(t.Context(), "mia", e.ID, func(e *enrolment.Entry) error { e.Name = "no"; return stop })
	require.ErrorIs(t, err, stop)
	e, err = k.Read(t.Context(), "mia", e.ID)
	require.NoError(t, err)
	require.Equal(t, "phone", e.Name)
}

// What is at rest shows no secret, opens in its own place alone, keeps what a newer
// version wrote, and is never taken for something else when it is damaged.
func TestAtRest(t *testing.T) {
	k := newBook(t, "totp")
	ctx := t.Context()
	a, err := k.Add(ctx, "mia", entry("phone"))
	require.NoError(t, err)
	b, err := k.Add(ctx, "tom", entry("tablet"))
	require.NoError(t, err)
	get := func(key store.Key) store.Record {
		recs := []store.Record{{Key: key}}
		_, err := k.Store.Get(ctx, nil, recs)
		require.NoError(t, err)
		return recs[0]
	}
	put := func(key store.Key, value string) {
		rec := get(key)
		require.NoError(t, store.Swap(ctx, k.Store, store.Record{Key: key, Version: store.NewVersion(), Value: []byte(value)}, rec.Version))
	}
	mine := string(get(a.Key()).Value)
	require.NotContains(t, mine, "secret of")

	put(a.Key(), strings.Replace(mine, `{"v":1,`, `{"v":1,"later":{"x":1},`, 1))
	_, err = k.Change(ctx, "mia", a.ID, func(e *enrolment.Entry) error { e.Name = "n"; return nil })
	require.NoError(t, err)
	require.Contains(t, string(get(a.Key()).Value), `"later":{"x":1}`)

	put(b.Key(), mine) // mia's, at tom's place
	_, err = k.Read(ctx, "tom", b.ID)
	require.ErrorIs(t, err, store.ErrSeal)
	for _, damaged := range []string{"{", `{"v":2,"f":"totp"}`, `[]`} {
		put(b.Key(), damaged)
		_, err = k.Read(ctx, "tom", b.ID)
		require.Error(t, err, damaged)
		require.NotErrorIs(t, err, enrolment.ErrNone, damaged)
		_, err = k.List(ctx, "tom")
		require.Error(t, err, damaged)
	}
	require.NoError(t, k.Remove(ctx, "tom", b.ID), "a damaged one can be removed")
}

// Nobody is asked about as often as somebody, and a store that fails is an error.
func TestStoreCalls(t *testing.T) {
	k := newBook(t, "totp")
	_, err := k.Add(t.Context(), "mia", entry("phone"))
	require.NoError(t, err)
	calls := func(subject string) (n int) {
		k.faulty.Before = func(storetest.Call) { n++ }
		defer func() { k.faulty.Before = nil }()
		_, err := k.List(t.Context(), subject)
		require.NoError(t, err)
		return n
	}
	require.Equal(t, calls("mia"), calls("nobody"))
	for n := 1; n <= 2; n++ {
		k.faulty.Set(n, storetest.FailBefore)
		_, err := k.List(t.Context(), "mia")
		require.Error(t, err)
		k.faulty.Clear()
	}
}
