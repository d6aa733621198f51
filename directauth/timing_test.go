package directauth_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/bcrypt"

	"github.com/mintyard/mintyard/authenticator"
	"github.com/mintyard/mintyard/oauth"
	"github.com/mintyard/mintyard/policy"
	"github.com/mintyard/mintyard/store"
)

// pairs are requests that a stranger must not tell apart by how long they take: each
// makes the same calls of the store and of the host, in the same order, and as many
// hashes, as the first; and but for the handles in it, its answer is the same.
var pairs = []struct {
	name string
	arms map[string]arm
	like string
}{
	{"E1, E3, E4: a password that is refused", map[string]arm{
		"wrong":                     plain(func(x *timed) answer { return x.password("one", "mia", "wrong") }),
		"of a name that nobody has": plain(func(x *timed) answer { return x.password("one", "nobody", "wrong") }),
		"of who has none":           plain(func(x *timed) answer { return x.password("one", "eve", "wrong") }),
		"of who has a passkey": func(x *timed) func() answer {
			delete(x.host.hashes, "zoe")
			return func() answer { return x.password("one", "zoe", "wrong") }
		},
		"of who is suspended, wrong":     plain(func(x *timed) answer { return x.password("one", "amy", "wrong") }),
		"of who is suspended, right":     plain(func(x *timed) answer { return x.password("one", "amy", password) }),
		"E12: of one byte":               plain(func(x *timed) answer { return x.password("one", "mia", "x") }),
		"E12: of 1024 bytes":             plain(func(x *timed) answer { return x.password("one", "mia", strings.Repeat("x", 1024)) }),
		"E12: of 1024 bytes, and nobody": plain(func(x *timed) answer { return x.password("one", "nobody", strings.Repeat("x", 1024)) }),
	}, "wrong"},
	{"E2: a password while it is locked", map[string]arm{
		"wrong":                     lockedPassword("mia", "wrong"),
		"right":                     lockedPassword("mia", password),
		"of a name that nobody has": lockedPassword("nobody", "wrong"),
		"of who has none":           lockedPassword("eve", "wrong"),
		"of who is suspended":       lockedPassword("amy", password),
	}, "wrong"},
	{"E10: a code that is refused", map[string]arm{
		"wrong":                      plain(func(x *timed) answer { return x.otp("one", "mia", wrongCode(x)) }),
		"used":                       usedCode,
		"of a name that nobody has":  plain(func(x *timed) answer { return x.otp("one", "nobody", wrongCode(x)) }),
		"of who has none":            plain(func(x *timed) answer { return x.otp("one", "eve", wrongCode(x)) }),
		"of who is suspended, wrong": plain(func(x *timed) answer { return x.otp("one", "amy", wrongCode(x)) }),
		"of who is suspended, right": plain(func(x *timed) answer { return x.otp("one", "amy", x.code()) }),
		"of 1 digit":                 plain(func(x *timed) answer { return x.otp("one", "mia", "0") }),
	}, "wrong"},
	{"E10: a code that is refused, after the password", map[string]arm{
		"wrong": func(x *timed) func() answer {
			mfa := x.started("two")
			return func() answer { return x.mfa("two", mfa, wrongCode(x)) }
		},
		"used": func(x *timed) func() answer {
			mfa, code := x.started("two"), x.code()
			require.Equal(x.t, http.StatusOK, x.mfa("two", x.started("two"), code).status)
			return func() answer { return x.mfa("two", mfa, code) }
		},
	}, "wrong"},
	{"E9: an mfa_token that is over", map[string]arm{
		"expired": func(x *timed) func() answer {
			mfa := x.started("two")
			return later(x, 6*time.Minute, func() answer { return x.mfa("two", mfa, x.code()) })
		},
		"not there": func(x *timed) func() answer {
			mfa := x.started("two")
			x.forget()
			return func() answer { return x.mfa("two", mfa, x.code()) }
		},
		"done":        doneToken,
		"another one": func(x *timed) func() answer { return newerToken(x) },
	}, "expired"},
	{"E8: an oob_code that is over", map[string]arm{
		"expired": func(x *timed) func() answer {
			c := x.start("one", "mia", "sms").text("oob_code")
			return later(x, 6*time.Minute, func() answer { return x.oob("one", c, "000000") })
		},
		"not there": func(x *timed) func() answer {
			c := x.start("one", "mia", "sms").text("oob_code")
			x.forget()
			return func() answer { return x.oob("one", c, "000000") }
		},
		"expired, of a name that nobody has": func(x *timed) func() answer {
			c := x.start("one", "nobody", "sms").text("oob_code")
			return later(x, 6*time.Minute, func() answer { return x.oob("one", c, "000000") })
		},
	}, "expired"},
	{"E8: an authorization code that is refused", map[string]arm{
		"expired": func(x *timed) func() answer {
			c := x.newCode()
			return later(x, 2*time.Minute, func() answer { return x.redeemCode("one", c) })
		},
		"not there": func(x *timed) func() answer {
			c := x.newCode()
			x.forget()
			return func() answer { return x.redeemCode("one", c) }
		},
		"of another client": func(x *timed) func() answer { c := x.newCode(); return func() answer { return x.redeemCode("two", c) } },
	}, "expired"},
	{"E6: a client that is refused", map[string]arm{
		"wrong secret": plain(func(x *timed) answer { return x.machine("machine", "wrong") }),
		"unknown":      plain(func(x *timed) answer { return x.machine("nobody", "wrong") }),
	}, "wrong secret"},
	{"E11: a token that is inactive", map[string]arm{
		"revoked": func(x *timed) func() answer {
			tok := x.newToken()
			require.Equal(x.t, http.StatusOK, x.post(x.config.Paths.Revoke, "client_id", "one", "token", tok).status)
			return func() answer { return x.introspect(tok) }
		},
		"not there": func(x *timed) func() answer {
			tok := x.newToken()
			x.forget()
			return func() answer { return x.introspect(tok) }
		},
	}, "revoked"},
	// Who has a token can see when it ends, and that a value is no token of this server
	// is no news to whoever made it up.
	{"E11: a token that is refused without a look at the store", map[string]arm{
		"expired": func(x *timed) func() answer {
			tok := x.newToken()
			return later(x, time.Hour, func() answer { return x.introspect(tok) })
		},
		"made up": plain(func(x *timed) answer { return x.introspect("mint_at_AAAA") }),
	}, "expired"},
}

// TestEqualWork makes each request in a kit of its own.
func TestEqualWork(t *testing.T) {
	for _, p := range pairs {
		t.Run(p.name, func(t *testing.T) {
			want, answered := p.arms[p.like].cost(t, nil)
			t.Logf("%s: %v, answered with %s", p.like, want, masked(answered))
			require.GreaterOrEqual(t, answered.status, 200)
			for name, a := range p.arms {
				t.Run(name, func(t *testing.T) {
					got, a := a.cost(t, nil)
					require.Equal(t, want.String(), got.String(), "as much work as %s", p.like)
					require.Equal(t, masked(answered), masked(a))
					require.Equal(t, answered.header, a.header)
				})
			}
		})
	}
}

// The beginning of a sign-in by channel: a name that nobody has looks like one that
// somebody has, except that nothing is delivered.
func TestEqualWorkOfChallenges(t *testing.T) {
	for _, channel := range []string{"sms", "voice", "email", "push"} {
		t.Run("E7: "+channel, func(t *testing.T) {
			begin := func(user string) arm { return plain(func(x *timed) answer { return x.start("one", user, channel) }) }
			want, answered := begin("mia").cost(t, nil)
			require.Equal(t, http.StatusOK, answered.status, answered.raw)
			require.Equal(t, 1, want.delivered)
			want.delivered = 0
			t.Logf("%v, answered with %s", want, masked(answered))
			for _, user := range []string{"nobody", "eve", "amy", "tom"} {
				got, a := begin(user).cost(t, nil)
				require.Equal(t, want.String(), got.String(), user)
				require.Equal(t, masked(answered), masked(a), user)
				require.Equal(t, answered.header, a.header, user)
			}
		})
		t.Run("E7: wrong answers over "+channel, func(t *testing.T) {
			guessed := func(user string) arm {
				return func(x *timed) func() answer {
					code := x.start("one", user, channel).text("oob_code")
					return func() answer { return x.oob("one", code, "no code") }
				}
			}
			want, answered := guessed("mia").cost(t, nil)
			for _, user := range []string{"nobody", "eve", "amy", "tom"} {
				got, a := guessed(user).cost(t, nil)
				require.Equal(t, want.String(), got.String(), user)
				require.Equal(t, masked(answered), masked(a), user)
			}
		})
	}
}

// What is not delivered takes as long as what is.
func TestEqualTimeOfDeliveries(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		x := newTimed(t, nil)
		x.delay = 300 * time.Millisecond
		for _, user := range []string{"mia", "nobody", "eve", "amy"} {
			begin := time.Now()
			require.Equal(t, http.StatusOK, x.start("one", user, "voice").status)
			require.Equal(t, x.delay, time.Since(begin), user)
		}
		require.Equal(t, 1, x.delivered())
	})
}

// A hash of another class than those that are made now shows until it is replaced, at
// its owner's next sign-in: a refusal costs what the record asks for. Nothing else
// differs. Package authenticator says so where it documents Verify.
func TestOldHashes(t *testing.T) {
	old, err := bcrypt.GenerateFromPassword([]byte(password), bcrypt.MinCost)
	require.NoError(t, err)
	withBcrypt := func(pass string) arm {
		return func(x *timed) func() answer {
			x.host.hashes["mia"] = string(old)
			return func() answer { return x.password("one", "mia", pass) }
		}
	}
	now, answered := plain(func(x *timed) answer { return x.password("one", "mia", "wrong") }).cost(t, nil)
	then, a := withBcrypt("wrong").cost(t, nil)
	require.Equal(t, now.calls, then.calls)
	require.Equal(t, masked(answered), masked(a))
	require.Equal(t, 1, now.hashed)
	require.Zero(t, then.hashed, "of argon2id: bcrypt takes no memory")

	x := newTimed(t, nil)
	require.Equal(t, http.StatusOK, withBcrypt(password)(x)().status)
	require.True(t, strings.HasPrefix(x.host.hashes["mia"], "$argon2id$"), "replaced")
	after, _ := x.spent(func() answer { return x.password("one", "mia", "wrong") })
	require.Equal(t, now.String(), after.String())
}

// A server that does less for a name that nobody has would be found out.
func TestUnequalWorkIsFound(t *testing.T) {
	noDummy := func(v authenticator.Verifier) authenticator.Verifier { return withoutDummy{v} }
	e1 := pairs[0].arms
	known, _ := e1["wrong"].cost(t, noDummy)
	unknown, a := e1["of a name that nobody has"].cost(t, noDummy)
	require.Equal(t, http.StatusBadRequest, a.status, "the answers are alike")
	require.NotEqual(t, known.hashed, unknown.hashed)
	require.NotEqual(t, known.calls, unknown.calls)
}

// withoutDummy refuses nobody at once.
type withoutDummy struct{ authenticator.Verifier }

func (v withoutDummy) Verify(ctx context.Context, id authenticator.Identity, secret string) (policy.Method, error) {
	if id.Subject == "" {
		return policy.Method{}, authenticator.ErrRefused
	}
	return v.Verifier.Verify(ctx, id, secret)
}

func lockedPassword(user, pass string) arm {
	return func(x *timed) func() answer {
		for range 10 {
			x.password("one", user, "wrong")
		}
		return func() answer { return x.password("one", user, pass) }
	}
}

func usedCode(x *timed) func() answer {
	code := x.code()
	require.Equal(x.t, http.StatusOK, x.otp("one", "mia", code).status)
	return func() answer { return x.otp("one", "mia", code) }
}

func doneToken(x *timed) func() answer {
	mfa := x.started("two")
	require.Equal(x.t, http.StatusOK, x.mfa("two", mfa, x.code()).status)
	x.advance(30 * time.Second)
	return func() answer { return x.mfa("two", mfa, x.code()) }
}

// newerToken is a token after which the sign-in had another one.
func newerToken(x *timed) func() answer {
	three, err := policy.New(policy.Rule{Name: "three", Then: policy.Outcome{Access: policy.Allow, Factors: 2,
		Require: []policy.Requirement{{Methods: []string{"push"}}}}})
	require.NoError(x.t, err)
	x.clients["two"].SignIn = three
	mfa := x.started("two")
	require.Equal(x.t, http.StatusForbidden, x.mfa("two", mfa, x.code()).status)
	x.advance(30 * time.Second)
	return func() answer { return x.mfa("two", mfa, x.code()) }
}

// wrongCode is six digits that are no code of these steps.
func wrongCode(x *timed) string {
	for _, c := range []string{"000000", "111111", "222222", "333333"} {
		good := false
		for _, d := range []time.Duration{-30, 0, 30} {
			x.advance(d * time.Second)
			good = good || c == x.code()
			x.advance(-d * time.Second)
		}
		if !good {
			return c
		}
	}
	x.t.Fatal("no wrong code")
	return ""
}

// forget drops every grant, as a sweep drops those that have expired.
func (x *timed) forget() {
	x.t.Helper()
	var keys []store.Record
	for rec, err := range x.ledger.Store.(store.Walker).Walk(x.t.Context()) {
		require.NoError(x.t, err)
		if rec.Key.Kind == 'g' {
			keys = append(keys, store.Record{Key: rec.Key, Version: rec.Version})
		}
	}
	require.NotEmpty(x.t, keys)
	for _, rec := range keys {
		require.NoError(x.t, x.ledger.Store.Delete(x.t.Context(), rec.Key, rec.Version))
	}
}

func (x *timed) newCode() string {
	x.t.Helper()
	return x.authorizationCode(x.begin("one", "username", "mia", "password", password))
}

func (x *timed) machine(id, pass string) answer {
	x.t.Helper()
	return x.post(tokenPath, "client_id", id, "client_secret", pass, "grant_type", oauth.GrantClientCredentials, "scope", "orders:read")
}

// newToken is an opaque access token.
func (x *timed) newToken() string {
	x.t.Helper()
	a := x.password("one", "mia", password)
	require.Equal(x.t, http.StatusOK, a.status, a.raw)
	tok := a.text("access_token")
	require.True(x.t, strings.HasPrefix(tok, "mint_"))
	require.Equal(x.t, true, x.introspect(tok).body["active"])
	return tok
}

func (x *timed) introspect(tok string) answer {
	x.t.Helper()
	return x.post(x.config.Paths.Introspect, "client_id", "machine", "client_secret", x.secret, "token", tok)
}
