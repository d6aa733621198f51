package oauth_test

import (
	"context"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mintyard/mintyard/oauth"
	"github.com/mintyard/mintyard/policy"
	"github.com/mintyard/mintyard/store"
)

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
		a.Under(oauth.Parent{Key: parentKey(name), Over: func(v []byte) bool { return string(v) == "over" }})
		resp, err := tr.Answer(ctx, a, req)
		if err == nil {
			code = resp.Params[0].Value
		}
		return err
	})
	return code, err
}

// A grant whose code waits hangs on its parents already, and says what will come of it.
func TestCodeUnderAParent(t *testing.T) {
	memory := store.NewMemory()
	d := newDoor(t, func(c *oauth.Config) { c.Store = memory })
	setParent(t, memory, "one", "alive")
	for scope, offline := range map[string]bool{"read": false, "read offline_access": true} {
		code, err := d.under(d.sealed(spaID, "scope", scope), "one")
		require.NoError(t, err)
		require.NoError(t, d.server.EndUnder(t.Context(), parentKey("one"), oauth.ReasonParentEnded, func(g oauth.GrantUnder) bool { return !g.Offline }))
		require.Equal(t, offline, d.redeem(spaID, visit{params: form("code", code)}).status == http.StatusOK)
	}
}

// Two clicks on one button have made two sessions, and the browser keeps the later one:
// the grant ends with it, too.
func TestGrantUnderTwoSessions(t *testing.T) {
	for _, ends := range []string{"one", "two"} {
		memory := store.NewMemory()
		d := newDoor(t, func(c *oauth.Config) { c.Store = memory })
		setParent(t, memory, "one", "alive")
		setParent(t, memory, "two", "alive")
		sealed := d.sealed(spaID)
		first, err := d.under(sealed, "one")
		require.NoError(t, err)
		second, err := d.under(sealed, "two")
		require.NoError(t, err)
		require.Equal(t, first, second)
		a := d.redeem(spaID, visit{params: form("code", second)})
		require.Equal(t, 200, a.status, a.raw)
		setParent(t, memory, ends, "over")
		require.NoError(t, d.server.EndUnder(t.Context(), parentKey(ends), oauth.ReasonParentEnded, nil))
		require.False(t, d.active(a.text("access_token")))
	}

	// The answer is not given again in a session that is over.
	memory := store.NewMemory()
	d := newDoor(t, func(c *oauth.Config) { c.Store = memory })
	setParent(t, memory, "one", "alive")
	sealed := d.sealed(spaID)
	code, err := d.under(sealed, "one")
	require.NoError(t, err)
	setParent(t, memory, "one", "over")
	_, err = d.under(sealed, "one")
	require.ErrorContains(t, err, "parent_ended")
	d.redeem(spaID, visit{params: form("code", code)}).requireError(t, 400, "invalid_grant")
}
