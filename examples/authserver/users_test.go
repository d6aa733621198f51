package main

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mintyard/mintyard/oauth"
	"github.com/mintyard/mintyard/store"
)

// ender counts whose grants are ended, and fails when it is told to.
type ender struct {
	fail  bool
	ended []string
}

var errDown = errors.New("the store is down")

func (e *ender) end(_ context.Context, id string) error {
	if e.fail {
		return errDown
	}
	e.ended = append(e.ended, id)
	return nil
}

func cheapHash(_ context.Context, plaintext string) (string, error) {
	return "hash of " + plaintext, nil
}

func testUsers(t *testing.T, s store.Store, e *ender, list ...userConfig) *users {
	t.Helper()
	u := newUsers(list, s, store.NewSealer(store.MasterKey{7}), cheapHash)
	require.NoError(t, u.settle(t.Context(), e.end, equipNobody))
	return u
}

var mia = userConfig{ID: "00u1", Username: "Mia@example.test", Password: "p", Status: statusActive, Groups: []string{"staff"}}

// with returns a copy of mia that an edit has changed.
func with(edit func(*userConfig)) userConfig {
	u := mia
	edit(&u)
	return u
}

func TestResolve(t *testing.T) {
	u := testUsers(t, store.NewMemory(), new(ender), mia,
		userConfig{ID: "2", Username: "tom@a.test", Status: statusActive}, userConfig{ID: "3", Username: "tom@b.test", Status: statusActive},
		userConfig{ID: "4", Username: "eve", Status: statusActive}, userConfig{ID: "5", Username: "eve@a.test", Status: statusActive})
	for hint, want := range map[string]string{
		"mia@example.test": "00u1", " MIA@EXAMPLE.TEST ": "00u1", "mia": "00u1", "mia@": "", "@": "", "": "",
		"tom@a.test": "2", "tom@b.test": "3", "tom": "", "eve": "4", "eve@a.test": "5", "mia@other.test": "", "00u1": "",
	} {
		got, err := u.Resolve(t.Context(), hint)
		require.NoError(t, err)
		require.Equal(t, want, got, "%q", hint)
	}
}

func TestPerson(t *testing.T) {
	u := testUsers(t, store.NewMemory(), new(ender), mia)
	s, err := u.Subject(t.Context(), "00u1")
	require.NoError(t, err)
	require.Equal(t, oauth.Subject{Active: true, Groups: []string{"staff", "everyone"}}, s)
	_, err = u.Subject(t.Context(), "nobody")
	require.ErrorIs(t, err, oauth.ErrNoSubject)
	for _, id := range []string{"", "nobody"} {
		hash, err := u.PasswordHash(t.Context(), id)
		require.NoError(t, err)
		require.Empty(t, hash)
	}
}

// A suspension whose grants could not be ended is in force, is told as failed, and
// is finished by whoever tries again or starts next.
func TestInterruptedSuspension(t *testing.T) {
	suspended, active := statusSuspended, statusActive
	for _, how := range []string{"tried again", "another start", "taken back"} {
		t.Run(how, func(t *testing.T) {
			s, e := store.NewMemory(), new(ender)
			u := testUsers(t, s, e, mia)
			e.fail = true
			require.ErrorIs(t, u.change(t.Context(), "00u1", change{status: &suspended}, e.end), errDown)
			p, err := u.person(t.Context(), "00u1")
			require.NoError(t, err)
			require.Equal(t, statusSuspended, p.status)
			switch how {
			case "tried again":
				e.fail = false
				require.NoError(t, u.change(t.Context(), "00u1", change{status: &suspended}, e.end))
			case "another start":
				e.fail = false
				testUsers(t, s, e, mia)
			case "taken back":
				require.ErrorIs(t, u.change(t.Context(), "00u1", change{status: &active}, e.end), errDown, "grants come first")
				e.fail = false
				require.NoError(t, u.change(t.Context(), "00u1", change{status: &active}, e.end))
			}
			require.NotEmpty(t, e.ended)
			r, err := u.read(t.Context(), "00u1")
			require.NoError(t, err)
			require.False(t, r.Ending)
		})
	}
}

// Which change of the file takes back what was changed at run time, and which ends
// grants.
func TestSettle(t *testing.T) {
	for _, c := range []struct {
		name        string
		file        userConfig
		wins, grant bool // the file wins, and grants are ended
	}{
		{"nothing", mia, false, false},
		{"claims", with(func(u *userConfig) { u.Claims = map[string]any{"name": "Mia"} }), true, false},
		{"groups", with(func(u *userConfig) { u.Groups = nil }), true, false},
		{"password", with(func(u *userConfig) { u.Password = "q" }), true, true},
		{"password hash", with(func(u *userConfig) { u.Password, u.PasswordHash = "", "h" }), true, true},
		{"status", with(func(u *userConfig) { u.Status = statusSuspended }), true, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, e := store.NewMemory(), new(ender)
			u := testUsers(t, s, e, mia)
			groups, hash := []string{"changed"}, "changed"
			require.NoError(t, u.change(t.Context(), "00u1", change{groups: &groups}, e.end))
			require.NoError(t, u.SetPasswordHash(t.Context(), "00u1", "hash of p", hash))
			require.Empty(t, e.ended, "groups, and a better hash of the same password, end nothing")

			u = testUsers(t, s, e, c.file)
			p, err := u.person(t.Context(), "00u1")
			require.NoError(t, err)
			require.Equal(t, !c.wins, p.passwordHash == "changed")
			require.Equal(t, !c.wins, p.groups[0] == "changed")
			require.Equal(t, c.grant, len(e.ended) == 1)
			require.Equal(t, c.file.Status, p.status)
		})
	}
}

// A record that another master key sealed is no entry that has changed.
func TestSettleUnderAnotherKey(t *testing.T) {
	s, e := store.NewMemory(), new(ender)
	testUsers(t, s, e, mia)
	u := newUsers([]userConfig{mia}, s, store.NewSealer(store.MasterKey{8}), cheapHash)
	require.ErrorIs(t, u.settle(t.Context(), e.end, equipNobody), store.ErrSeal)
}

func TestSetPasswordHash(t *testing.T) {
	u := testUsers(t, store.NewMemory(), new(ender), mia)
	for _, c := range []struct{ old, new, want string }{
		{"not it", "a", "hash of p"}, {"hash of p", "b", "b"}, {"hash of p", "c", "b"}, {"b", "d", "d"},
	} {
		require.NoError(t, u.SetPasswordHash(t.Context(), "00u1", c.old, c.new))
		hash, err := u.PasswordHash(t.Context(), "00u1")
		require.NoError(t, err)
		require.Equal(t, c.want, hash)
	}
}

// While hashes are pending every look-up makes one, whoever it is for; afterwards
// none does. A password is hashed once.
func TestFileHashes(t *testing.T) {
	var made sync.Map
	var count atomic.Int64
	hash := func(ctx context.Context, plaintext string) (string, error) {
		count.Add(1)
		if _, twice := made.LoadOrStore(plaintext, true); twice && plaintext != "nobody's" {
			return "", errors.New("hashed twice")
		}
		return cheapHash(ctx, plaintext)
	}
	var list []userConfig
	for _, id := range strings.Split("abcdefgh", "") {
		list = append(list, userConfig{ID: id, Username: id, Password: "of " + id})
	}
	list = append(list, userConfig{ID: "z", Username: "z", PasswordHash: "ready"})
	h := newFileHashes(list, hash)
	for _, c := range []struct{ id, want string }{{"a", "hash of of a"}, {"a", "hash of of a"}, {"z", "ready"}, {"", ""}} {
		before := count.Load()
		got, err := h.of(t.Context(), c.id)
		require.NoError(t, err)
		require.Equal(t, c.want, got)
		require.Equal(t, before+1, count.Load())
	}
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			if err := h.warm(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	done := count.Load()
	for id, want := range map[string]string{"h": "hash of of h", "z": "ready", "": ""} {
		got, err := h.of(t.Context(), id)
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
	require.Equal(t, done, count.Load())
	require.Zero(t, h.pending.Load())
}

// equipNobody is for tests of what is not about factors.
func equipNobody(context.Context, *userConfig) error { return nil }
