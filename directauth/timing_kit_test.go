package directauth_test

import (
	"context"
	"fmt"
	"iter"
	"net/http"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/mintyard/mintyard/authenticator"
	"github.com/mintyard/mintyard/directauth"
	"github.com/mintyard/mintyard/oauth"
	"github.com/mintyard/mintyard/oidc"
	"github.com/mintyard/mintyard/store"
)

// timed is a kit whose work is written down: the calls of its store and of its host in
// their order, the hashes by the memory that they take, and what is delivered.
type timed struct {
	*kit
	ledger *ledger
	voice  *authenticator.Codes
	delay  time.Duration // that a call takes
}

// Send implements authenticator.Sender, for calls.
func (x *timed) Send(ctx context.Context, m authenticator.Message) error {
	time.Sleep(x.delay)
	return x.kit.Send(ctx, m)
}

// work is what a request costs, apart from what it answers.
type work struct {
	calls     string // of store and host, in their order
	hashed    int    // memory that was allocated, in hashes with the parameters of the kit
	delivered int
}

func (w work) String() string {
	return fmt.Sprintf("%s | %d hashes, %d deliveries", w.calls, w.hashed, w.delivered)
}

// hashMiB is what one hash takes. Nothing else in a request takes as much as one of
// them: so they can be counted from outside. Package authenticator counts the passes too.
const hashMiB = 8

var slow = authenticator.HashParams{Memory: hashMiB << 10, Time: 1, Threads: 1}

// newTimed is a kit with hashes that are worth counting. verifier may replace that of
// passwords, by one that does less.
func newTimed(t *testing.T, replace func(authenticator.Verifier) authenticator.Verifier) *timed {
	l := &ledger{}
	k := newKit(t, func(c *oauth.Config) {
		l.Store, c.Store = c.Store, l
		c.Subjects = knows{c.Subjects, l}
		c.AccessToken.Format = oauth.FormatOpaque
	})
	x := &timed{kit: k, ledger: l}
	config := authenticator.PasswordConfig{Source: looksUp{k.host, l}, Store: l, Namespace: "people", Params: slow, Now: k.Now}
	pw, err := authenticator.NewPassword(config)
	require.NoError(t, err)
	hash, err := pw.Hash(t.Context(), password)
	require.NoError(t, err)
	for id := range k.host.hashes {
		k.host.hashes[id] = hash
	}
	k.host.status["eve"] = true // has no authenticator at all
	x.voice, err = authenticator.NewCodes(authenticator.CodesConfig{
		Channel: authenticator.TypeVoice, Store: l, Namespace: "people", Sealer: sealer(), Sender: x, Now: k.Now,
	})
	require.NoError(t, err)
	require.NoError(t, x.voice.Import(t.Context(), "mia", "f6", "+15550100"))
	require.NoError(t, k.totp.Import(t.Context(), "amy", "f1", secret, authenticator.TOTPOptions{}))
	verifier := authenticator.Verifier(pw)
	if replace != nil {
		verifier = replace(verifier)
	}
	direct, err := directauth.New(directauth.Config{
		Users: resolves{k.host, l}, Password: verifier, OTP: k.totp, OutOfBand: []authenticator.OutOfBand{k.sms, x.voice, k.email, k.push},
		Passkeys: k.passkeys, RecoveryCodes: k.recovery,
	})
	require.NoError(t, err)
	k.config.Grants = append(direct.Grants(), oauth.RefreshToken(), oauth.ClientCredentials(), oauth.AuthorizationCode())
	k.config.StepUp = direct
	k.clients["machine"].ResourceServerFor = []string{issuer}
	for _, id := range []string{"one", "two"} {
		k.clients[id].GrantTypes = append(append([]string(nil), k.clients[id].GrantTypes...), oauth.GrantAuthorizationCode)
	}
	server, err := oauth.New(k.config)
	require.NoError(t, err)
	k.provider, err = oidc.New(server, oidc.Config{})
	require.NoError(t, err)
	k.mux = http.NewServeMux()
	k.provider.Mount(k.mux)
	return x
}

// spent is what a request costs, and what it answers.
func (x *timed) spent(request func() answer) (work, answer) {
	var before, after runtime.MemStats
	x.ledger.take()
	delivered := x.delivered()
	runtime.ReadMemStats(&before)
	a := request()
	runtime.ReadMemStats(&after)
	const hash = hashMiB << 20
	return work{x.ledger.take(), int((after.TotalAlloc - before.TotalAlloc) / hash), x.delivered() - delivered}, a
}

// arm is one side of a pair: it prepares something and returns the request.
type arm func(x *timed) func() answer

// plain is an arm that needs no preparation.
func plain(request func(x *timed) answer) arm {
	return func(x *timed) func() answer { return func() answer { return request(x) } }
}

// cost is what the request of an arm costs, in a kit of its own.
func (a arm) cost(t *testing.T, replace func(authenticator.Verifier) authenticator.Verifier) (work, answer) {
	x := newTimed(t, replace)
	return x.spent(a(x))
}

// ledger is a store that writes its calls down, by the kinds of records. A call that
// reads several of one kind, such as the three numbers of a person, is one call.
type ledger struct {
	store.Store
	mu    sync.Mutex
	calls []string
}

func (l *ledger) note(format string, args ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.calls = append(l.calls, fmt.Sprintf(format, args...))
}

func (l *ledger) take() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := strings.Join(l.calls, " ")
	l.calls = nil
	return s
}

func (l *ledger) Get(ctx context.Context, buf []byte, recs []store.Record) ([]byte, error) {
	kinds := make([]rune, len(recs))
	for i := range recs {
		kinds[i] = rune(recs[i].Key.Kind)
	}
	l.note("get:%s", string(slices.Compact(kinds)))
	return l.Store.Get(ctx, buf, recs)
}

func (l *ledger) Put(ctx context.Context, rec store.Record, old uint64) error {
	l.note("put:%c", rune(rec.Key.Kind))
	return l.Store.Put(ctx, rec, old)
}

func (l *ledger) Delete(ctx context.Context, key store.Key, version uint64) error {
	l.note("delete:%c", rune(key.Kind))
	return l.Store.Delete(ctx, key, version)
}

func (l *ledger) List(ctx context.Context, tag store.Key) iter.Seq2[store.Key, error] {
	l.note("list:%c", rune(tag.Kind))
	return l.Store.List(ctx, tag)
}

// What the host is asked is written down too.
type (
	resolves struct {
		directauth.Users
		ledger *ledger
	}
	looksUp struct {
		authenticator.Passwords
		ledger *ledger
	}
	knows struct {
		oauth.Subjects
		ledger *ledger
	}
)

func (u resolves) Resolve(ctx context.Context, hint string) (string, error) {
	u.ledger.note("resolve")
	return u.Users.Resolve(ctx, hint)
}

func (p looksUp) PasswordHash(ctx context.Context, subject string) (string, error) {
	p.ledger.note("hash?")
	return p.Passwords.PasswordHash(ctx, subject)
}

func (s knows) Subject(ctx context.Context, id string) (oauth.Subject, error) {
	s.ledger.note("subject")
	return s.Subjects.Subject(ctx, id)
}

// masked is an answer with what differs in every one of them taken out, as long as it was.
func masked(a answer) string {
	text := secrets.ReplaceAllStringFunc(a.raw, func(s string) string { return strings.Repeat("x", len(s)) })
	return fmt.Sprintf("%d %s", a.status, text)
}

var secrets = regexp.MustCompile(`mint_[a-z]+_[A-Za-z0-9_-]+|"binding_code":"\d\d"`)

// later lets time go by before the request.
func later(x *timed, d time.Duration, request func() answer) func() answer {
	x.advance(d)
	return request
}
