package authenticator_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/mintyard/mintyard/authenticator"
	"github.com/mintyard/mintyard/store"
)

// A message goes to what was used or enrolled last: who has lost a telephone and
// enrolled a new number is not asked on the old one for ever.
func TestTheNewestIsAsked(t *testing.T) {
	now := time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)
	var last authenticator.Message
	var master store.MasterKey
	master[0] = 1
	f, err := authenticator.NewCodes(authenticator.CodesConfig{
		Channel: authenticator.TypeSMS, Store: store.NewMemory(), Namespace: "people", Sealer: store.NewSealer(master),
		Sender: authenticator.SenderFunc(func(_ context.Context, m authenticator.Message) error { last = m; return nil }),
		Now:    func() time.Time { return now },
	})
	require.NoError(t, err)
	mia := authenticator.Identity{Subject: "mia"}
	use := func(id string) {
		t.Helper()
		now = now.Add(time.Hour)
		c, err := f.Start(t.Context(), mia, authenticator.Start{AuthenticatorID: id})
		require.NoError(t, err)
		_, err = f.Check(t.Context(), mia, c.ID, last.Code)
		require.NoError(t, err)
	}
	require.NoError(t, f.Import(t.Context(), "mia", "old", "+15550100"))
	use("")
	require.Equal(t, "+15550100", last.To)
	now = now.Add(time.Hour)
	require.NoError(t, f.Import(t.Context(), "mia", "new", "+15550101"))
	use("")
	require.Equal(t, "+15550101", last.To, "enrolled last")
	use("old")
	use("")
	require.Equal(t, "+15550100", last.To, "used last, by choice")
}
