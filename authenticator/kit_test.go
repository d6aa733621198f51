package authenticator_test

import (
	"bytes"
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/pquerna/otp"
	"github.com/pquerna/otp/totp"
	"github.com/stretchr/testify/require"

	"github.com/mintyard/mintyard/authenticator"
	"github.com/mintyard/mintyard/store"
)

// cheap keeps tests fast.
var cheap = authenticator.HashParams{Memory: 64, Time: 1, Threads: 1}

const (
	right = "correct horse battery staple"
	wrong = "incorrect horse battery staple"
)

var (
	mia    = authenticator.Identity{Subject: "00u1", Hint: "mia@example.test"}
	tom    = authenticator.Identity{Subject: "00u2", Hint: "tom@example.test"} // has nothing
	nobody = authenticator.Identity{Hint: "nobody@example.test"}
)

// people is a host's table of password hashes.
type people struct {
	mu     sync.Mutex
	hashes map[string]string
	asked  int
	fail   error
}

func (p *people) PasswordHash(_ context.Context, subject string) (string, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.asked++
	return p.hashes[subject], p.fail
}

func (p *people) SetPasswordHash(_ context.Context, subject, old, new string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.hashes[subject] == old {
		p.hashes[subject] = new
	}
	return p.fail
}

func (p *people) set(subject, hash string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.hashes[subject] = hash
}

func (p *people) hash(subject string) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.hashes[subject]
}

// newPassword makes the factor; mia's password is right.
func newPassword(t testing.TB, s store.Store, edit ...func(*authenticator.PasswordConfig)) (*authenticator.Password, *people) {
	t.Helper()
	host := &people{hashes: make(map[string]string)}
	c := authenticator.PasswordConfig{Source: host, Store: s, Namespace: "people", Params: cheap}
	for _, f := range edit {
		f(&c)
	}
	p, err := authenticator.NewPassword(c)
	require.NoError(t, err)
	hash, err := p.Hash(t.Context(), right)
	require.NoError(t, err)
	host.set(mia.Subject, hash)
	return p, host
}

const secret = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"

// newTOTP makes the factor; mia has one authenticator, phone.
func newTOTP(t testing.TB, s store.Store, edit ...func(*authenticator.TOTPConfig)) *authenticator.TOTP {
	t.Helper()
	var master store.MasterKey
	master[0] = 1
	c := authenticator.TOTPConfig{Store: s, Namespace: "people", Sealer: store.NewSealer(master), Issuer: "Test"}
	for _, f := range edit {
		f(&c)
	}
	f, err := authenticator.NewTOTP(c)
	require.NoError(t, err)
	require.NoError(t, f.Import(t.Context(), mia.Subject, "phone", secret, authenticator.TOTPOptions{}))
	return f
}

// codeAt is what an app shows.
func codeAt(t testing.TB, secret string, at time.Time) string {
	t.Helper()
	code, err := totp.GenerateCode(secret, at)
	require.NoError(t, err)
	return code
}

// codeOf is what an app with options shows now.
func codeOf(t testing.TB, secret string, o authenticator.TOTPOptions) string {
	t.Helper()
	code, err := totp.GenerateCodeCustom(secret, time.Now(), totp.ValidateOpts{
		Period: uint(o.Period / time.Second), Digits: otp.Digits(o.Digits),
		Algorithm: map[authenticator.Algorithm]otp.Algorithm{
			authenticator.SHA1: otp.AlgorithmSHA1, authenticator.SHA256: otp.AlgorithmSHA256, authenticator.SHA512: otp.AlgorithmSHA512,
		}[o.Algorithm],
	})
	require.NoError(t, err)
	return code
}

// wrongCode is a code that is none of those accepted about now.
func wrongCode(t testing.TB, secret string) string {
	for _, code := range []string{"000000", "000001", "000002", "000003"} {
		ok := true
		for step := -2; step <= 2; step++ {
			ok = ok && codeAt(t, secret, time.Now().Add(time.Duration(step)*30*time.Second)) != code
		}
		if ok {
			return code
		}
	}
	require.FailNow(t, "no wrong code")
	return ""
}

// race runs f n times at once.
func race(n int, f func(i int)) {
	start := make(chan struct{})
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			<-start
			f(i)
		})
	}
	close(start)
	wg.Wait()
}

// records returns copies of all that is stored.
func records(t testing.TB, s store.Walker) (all []store.Record) {
	t.Helper()
	for rec, err := range s.Walk(t.Context()) {
		require.NoError(t, err)
		rec.Value, rec.Tags = bytes.Clone(rec.Value), slices.Clone(rec.Tags)
		all = append(all, rec)
	}
	return all
}
