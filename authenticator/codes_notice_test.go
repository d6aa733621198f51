package authenticator_test

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mintyard/mintyard/authenticator"
	"github.com/mintyard/mintyard/store"
)

// Every confirmed destination hears of a change, also if another cannot be reached;
// a pending one, and nobody, hears nothing. A notice asks nothing.
func TestNotify(t *testing.T) {
	var sent []authenticator.Message
	var master store.MasterKey
	master[0] = 1
	down := errors.New("down")
	f, err := authenticator.NewCodes(authenticator.CodesConfig{
		Channel: authenticator.TypeEmail, Store: store.NewMemory(), Namespace: "people", Sealer: store.NewSealer(master),
		Sender: authenticator.SenderFunc(func(_ context.Context, m authenticator.Message) error {
			sent = append(sent, m)
			if m.To == "old@example.test" {
				return down
			}
			return nil
		}),
	})
	require.NoError(t, err)
	ctx := t.Context()
	require.NoError(t, f.Import(ctx, "mia", "f1", "old@example.test"))
	require.NoError(t, f.Import(ctx, "mia", "f2", "mia@example.test"))
	_, _, err = f.Enrol(ctx, "mia", "pending@example.test", "")
	require.NoError(t, err)
	sent = nil

	err = f.Notify(ctx, "mia", authenticator.Notice{Purpose: authenticator.PurposePasswordChanged})
	require.ErrorIs(t, err, authenticator.ErrDelivery)
	require.ErrorIs(t, err, down)
	require.Len(t, sent, 2)
	for _, m := range sent {
		require.NotEqual(t, "pending@example.test", m.To)
		require.Empty(t, m.Code)
		require.Empty(t, m.Link)
		require.NotEmpty(t, m.Title)
		require.Contains(t, m.Text, "password")
	}
	require.NoError(t, f.Remove(ctx, "mia", "f1"))
	sent = nil
	require.NoError(t, f.Notify(ctx, "mia", authenticator.Notice{Purpose: authenticator.PurposeFactorAdded, Factor: authenticator.TypeTOTP}))
	require.Contains(t, sent[0].Text, "authenticator app")
	require.NoError(t, f.Notify(ctx, "nobody", authenticator.Notice{Purpose: authenticator.PurposeNotice}))
	require.Len(t, sent, 1)
	require.Error(t, f.Notify(ctx, "mia", authenticator.Notice{Purpose: authenticator.PurposeSignIn}))
}
