package authenticator_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/mintyard/mintyard/authenticator"
	"github.com/mintyard/mintyard/store"
)

const (
	miasNumber  = "+15550100100"
	tomsNumber  = "+447700900123"
	miasAddress = "mia.private@example.test"
)

// outbox is a Sender that keeps what it was given.
type outbox struct {
	mu    sync.Mutex
	sent  []authenticator.Message
	fail  error
	takes time.Duration
}

func (o *outbox) Send(ctx context.Context, m authenticator.Message) error {
	o.mu.Lock()
	takes, fail := o.takes, o.fail
	o.mu.Unlock()
	if takes > 0 {
		select {
		case <-time.After(takes):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if fail == nil {
		o.sent = append(o.sent, m)
	}
	return fail
}

func (o *outbox) breaks(err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.fail = err
}

func (o *outbox) count() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return len(o.sent)
}

func (o *outbox) last(t testing.TB) authenticator.Message {
	t.Helper()
	o.mu.Lock()
	defer o.mu.Unlock()
	require.NotEmpty(t, o.sent)
	return o.sent[len(o.sent)-1]
}

var errProvider = errors.New("the provider is down")

// clock is a clock that is moved by hand.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func newClock() *clock { return &clock{now: time.Unix(1_700_000_000, 0)} }

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// newCodes makes the factor of text messages; mia has one number, phone.
func newCodes(t testing.TB, s store.Store, edit ...func(*authenticator.CodesConfig)) (*authenticator.Codes, *outbox) {
	t.Helper()
	var master store.MasterKey
	master[0] = 1
	box := new(outbox)
	c := authenticator.CodesConfig{
		Channel: authenticator.TypeSMS, Store: s, Namespace: "people", Sealer: store.NewSealer(master), Sender: box,
	}
	for _, f := range edit {
		f(&c)
	}
	f, err := authenticator.NewCodes(c)
	require.NoError(t, err)
	to := miasNumber
	if c.Channel == authenticator.TypeEmail {
		to = miasAddress
	}
	require.NoError(t, f.Import(context.Background(), mia.Subject, "phone", to))
	return f, box
}

func byEmail(c *authenticator.CodesConfig) { c.Channel = authenticator.TypeEmail }
func byVoice(c *authenticator.CodesConfig) { c.Channel = authenticator.TypeVoice }

func withClock(k *clock) func(*authenticator.CodesConfig) {
	return func(c *authenticator.CodesConfig) { c.Now = k.Now }
}

// begin starts a challenge and returns its id, and the code that was delivered.
func begin(t testing.TB, f *authenticator.Codes, box *outbox, id authenticator.Identity) (challenge, code string) {
	t.Helper()
	c, err := f.Start(context.Background(), id, authenticator.Start{})
	require.NoError(t, err)
	return c.ID, box.last(t).Code
}

// check is Check without its method.
func check(f *authenticator.Codes, id authenticator.Identity, challenge, entry string) error {
	_, err := f.Check(context.Background(), id, challenge, entry)
	return err
}

// not returns a code of the same length that is another.
func not(code string) string {
	b := []byte(code)
	b[len(b)-1] ^= 1 // digits and letters stay digits and letters
	return string(b)
}
