package authenticator_test

import (
	"context"
	"encoding/base32"
	"encoding/base64"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/mintyard/mintyard/authenticator"
	"github.com/mintyard/mintyard/store"
)

// What is at rest is neither a secret nor the name of anybody.
func TestAtRest(t *testing.T) {
	s := store.NewMemory()
	p, _ := newPassword(t, s)
	f := newTOTP(t, s)
	_, err := p.Verify(t.Context(), mia, right)
	require.NoError(t, err)
	_, err = p.Verify(t.Context(), nobody, wrong)
	require.Error(t, err)
	e, err := f.Enrol(t.Context(), tom.Subject, "tom@example.test")
	require.NoError(t, err)
	code := codeAt(t, e.Secret, time.Now())
	require.NoError(t, f.Confirm(t.Context(), tom.Subject, e.ID, code))
	var all strings.Builder
	stored := records(t, s)
	for _, rec := range stored {
		all.Write(rec.Value)
	}
	require.Len(t, stored, 5)
	raw, err := base32.StdEncoding.DecodeString(secret)
	require.NoError(t, err)
	for _, never := range []string{secret, e.Secret, string(raw), base64.StdEncoding.EncodeToString(raw), right, wrong, `"` + code + `"`, "example.test", mia.Subject} {
		require.NotContains(t, all.String(), never)
	}

	// A sealed secret is good in its own place only: who can write the store, but
	// has no key, cannot give one person another's authenticator.
	var phone store.Record
	for _, rec := range stored {
		if strings.Contains(string(rec.Value), `"id":"phone"`) {
			phone = rec
		}
	}
	require.NotZero(t, phone.Version)
	for _, rec := range stored {
		if strings.Contains(string(rec.Value), e.ID) {
			moved := rec
			moved.Value, moved.Version, moved.Tags = phone.Value, store.NewVersion(), nil
			require.NoError(t, s.Put(context.Background(), moved, rec.Version))
		}
	}
	_, err = f.Verify(t.Context(), tom, codeAt(t, secret, time.Now()))
	require.ErrorIs(t, err, authenticator.ErrUnavailable)
}
