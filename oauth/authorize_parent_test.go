package oauth_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mintyard/mintyard/oauth"
	"github.com/mintyard/mintyard/policy"
	"github.com/mintyard/mintyard/store"
	"github.com/mintyard/mintyard/store/storetest"
)

// session is a parent as an extension would have one.
func session(name string) store.Key { return store.Key{Kind: 'T', ID: store.Digest("session", name)} }

func over(value []byte) bool { return string(value) == `"over"` }

func put(t *testing.T, s store.Store, name, value string) {
	t.Helper()
	_, err := store.Update(t.Context(), s, session(name), func(cur store.Record) (store.Record, error) {
		cur.Value = []byte(value)
		return cur, nil
	})
	require.NoError(t, err)
}

// under answers a sealed request in a session.
func (d *door) under(sealed, name string) (code string, err error) {
	err = d.visit(sealed, func(ctx context.Context, tr *oauth.TokenRequest, req *oauth.AuthorizationRequest) error {
		a, err := tr.Begin(ctx, req)
		if err != nil {
			return err
		}
		if err := tr.About(ctx, a, "mia"); err != nil {
			return err
		}
		a.AuthTime, a.SessionID = tr.Time, name
		a.Methods = []policy.Method{{Name: "password", Types: policy.Knowledge, At: tr.Time}}
		a.Under(oauth.Parent{Key: session(name), Over: over})
		resp, err := tr.Answer(ctx, a, req)
		if err == nil {
			code = resp.Params[0].Value
		}
		return err
	})
	return code, err
}

// A grant ends with what it hangs on, and only with that; whoever ends it says which.
func TestGrantUnderAParent(t *testing.T) {
	memory := store.NewMemory()
	d := newDoor(t, func(c *oauth.Config) { c.Store = memory })
	_, err := d.under(d.sealed(spaID), "none")
	require.ErrorContains(t, err, "parent_ended", "one that is not there is over")

	put(t, memory, "one", `"on"`)
	put(t, memory, "two", `"on"`)
	var tokens []answer
	for _, c := range [][]string{{"one", "read"}, {"one", "read offline_access"}, {"two", "read"}} {
		code, err := d.under(d.sealed(spaID, "scope", c[1]), c[0])
		require.NoError(t, err)
		tokens = append(tokens, d.redeem(spaID, visit{params: form("code", code)}))
	}
	waiting, err := d.under(d.sealed(spaID, "scope", "read offline_access"), "one")
	require.NoError(t, err)
	put(t, memory, "one", `"over"`)
	seen := 0
	require.NoError(t, d.server.EndUnder(t.Context(), session("one"), "signed_out", func(g oauth.GrantUnder) bool {
		seen++
		require.Equal(t, []string{spaID, "mia"}, []string{g.ClientID, g.Subject})
		require.Equal(t, len(g.Scopes) == 2, g.Offline)
		return !g.Offline
	}))
	require.Equal(t, 3, seen)
	require.False(t, d.active(tokens[0].text("access_token")))
	require.True(t, d.active(tokens[1].text("access_token")), "it is to outlive the session")
	require.True(t, d.active(tokens[2].text("access_token")))
	require.Equal(t, 200, d.redeem(spaID, visit{params: form("code", waiting)}).status)
	require.NoError(t, d.server.EndUnder(t.Context(), session("one"), "signed_out", nil))
	require.False(t, d.active(tokens[1].text("access_token")))
	require.True(t, d.active(tokens[2].text("access_token")))
	require.Panics(t, func() {
		a := new(oauth.Authorization)
		a.Under(oauth.Parent{})
		a.Under(oauth.Parent{})
		a.Under(oauth.Parent{})
	})
}

// A parent that ends while the grant is made takes it along (INV27).
func TestParentEndsMeanwhile(t *testing.T) {
	for _, when := range []string{"before", "after"} {
		faulty := storetest.Faulty(store.NewMemory())
		d := newDoor(t, func(c *oauth.Config) { c.Store = faulty })
		put(t, faulty, "one", `"on"`)
		sealed := d.sealed(spaID)
		hook := func(c storetest.Call) {
			if c.Method == "Put" && c.Key.Kind == 'g' {
				faulty.Before, faulty.After = nil, nil
				put(t, faulty, "one", `"over"`)
				require.NoError(t, d.server.EndUnder(context.Background(), session("one"), "signed_out", nil))
			}
		}
		if faulty.Before = hook; when == "after" {
			faulty.Before, faulty.After = nil, hook
		}
		_, err := d.under(sealed, "one")
		require.ErrorContains(t, err, "parent_ended")
		_, err = d.under(sealed, "one")
		require.ErrorIs(t, err, oauth.ErrAnswered)
	}
}

// Two clicks on one button have made two sessions, and the browser keeps the later one:
// the grant ends with it, too.
func TestGrantUnderTwoSessions(t *testing.T) {
	for _, ends := range []string{"one", "two"} {
		memory := store.NewMemory()
		d := newDoor(t, func(c *oauth.Config) { c.Store = memory })
		put(t, memory, "one", `"on"`)
		put(t, memory, "two", `"on"`)
		sealed := d.sealed(spaID)
		first, err := d.under(sealed, "one")
		require.NoError(t, err)
		second, err := d.under(sealed, "two")
		require.NoError(t, err)
		require.Equal(t, first, second)
		a := d.redeem(spaID, visit{params: form("code", second)})
		require.Equal(t, 200, a.status, a.raw)
		put(t, memory, ends, `"over"`)
		require.NoError(t, d.server.EndUnder(t.Context(), session(ends), "signed_out", nil))
		require.False(t, d.active(a.text("access_token")))
	}

	// The answer is not given again in a session that is over.
	memory := store.NewMemory()
	d := newDoor(t, func(c *oauth.Config) { c.Store = memory })
	put(t, memory, "one", `"on"`)
	sealed := d.sealed(spaID)
	code, err := d.under(sealed, "one")
	require.NoError(t, err)
	put(t, memory, "one", `"over"`)
	_, err = d.under(sealed, "one")
	require.ErrorContains(t, err, "parent_ended")
	d.redeem(spaID, visit{params: form("code", code)}).requireError(t, 400, "invalid_grant")
}
