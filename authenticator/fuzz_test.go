package authenticator_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mintyard/mintyard/authenticator"
	"github.com/mintyard/mintyard/store"
)

// FuzzOTPInput holds that of all strings only the three codes themselves are
// accepted, and none panics.
func FuzzOTPInput(f *testing.F) {
	codes := map[string]bool{frozenCode(f, -1): true, frozenCode(f, 0): true, frozenCode(f, 1): true}
	for code := range codes {
		for _, seed := range []string{code, " " + code, code + "\x00", "+" + code[1:], "0" + code} {
			f.Add(seed)
		}
	}
	f.Add("")
	f.Add("１２３４５６")
	f.Fuzz(func(t *testing.T, entry string) {
		totp := newTOTP(t, store.NewMemory(), frozen)
		m, err := totp.Verify(t.Context(), mia, entry)
		if codes[entry] {
			require.NoError(t, err)
			require.Equal(t, "phone", m.Device)
		} else {
			require.Equal(t, authenticator.ErrRefused, err)
			require.Zero(t, m)
		}
		_, err = totp.Verify(t.Context(), mia, entry)
		require.Equal(t, authenticator.ErrRefused, err, "once")
	})
}

// FuzzTOTPRecord holds that no stored record panics, or lets anybody in who does
// not have the secret that is sealed in it.
func FuzzTOTPRecord(f *testing.F) {
	f.Add([]byte(`{"v":1,"f":"totp","id":"phone","cr":1,"co":1,"sealed":"AAAA","data":{"alg":"SHA1","digits":6,"period":30,"next":-1}}`))
	f.Add([]byte(`{"v":1,"f":"totp","id":null,"sealed":null,"data":{"digits":8,"period":60}}`))
	f.Add([]byte(`{}`))
	f.Fuzz(func(t *testing.T, value []byte) {
		s := store.NewMemory()
		totp := newTOTP(t, s, frozen)
		rec := records(t, s)[0]
		old := rec.Version
		rec.Version, rec.Tags, rec.Value = store.NewVersion(), nil, value
		if s.Put(t.Context(), rec, old) != nil {
			return
		}
		_, err := totp.Verify(t.Context(), mia, frozenCode(t, 0))
		require.Error(t, err)
		_, err = totp.Available(t.Context(), mia.Subject)
		_ = totp.Confirm(t.Context(), mia.Subject, "phone", frozenCode(t, 0))
		if err == nil {
			_, err = totp.Authenticators(t.Context(), mia.Subject)
			require.NoError(t, err)
		}
	})
}
