package password_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/bcrypt"

	"github.com/mintyard/mintyard/internal/password"
)

var cheap = password.Params{Memory: 64, Time: 1, Threads: 1}

func newHasher(t testing.TB, c password.Config) *password.Hasher {
	t.Helper()
	if c.Params == (password.Params{}) {
		c.Params = cheap
	}
	h, err := password.New(c)
	require.NoError(t, err)
	return h
}

// verify judges and demands that there was no error.
func verify(t testing.TB, h *password.Hasher, hash, plaintext string) (ok, rehash bool) {
	t.Helper()
	ok, rehash, err := h.Verify(t.Context(), hash, plaintext)
	require.NoError(t, err)
	return ok, rehash
}

func TestHashRoundTrip(t *testing.T) {
	h := newHasher(t, password.Config{})
	for _, s := range []string{"", "x", "correct horse battery staple", "ünï\x00cödé", strings.Repeat("é", 512)} {
		hash, err := h.Hash(t.Context(), s)
		require.NoError(t, err)
		require.NoError(t, password.Check(hash))
		ok, rehash := verify(t, h, hash, s)
		require.True(t, ok)
		require.False(t, rehash)
	}
	a, err := h.Hash(t.Context(), "same")
	require.NoError(t, err)
	b, err := h.Hash(t.Context(), "same")
	require.NoError(t, err)
	require.NotEqual(t, a, b, "the salt must be new each time")
}

func TestDefaultParams(t *testing.T) {
	h := password.NewHasher(0)
	hash, err := h.Hash(t.Context(), "correct horse battery staple")
	require.NoError(t, err)
	require.True(t, strings.HasPrefix(hash, "$argon2id$v=19$m=19456,t=2,p=1$"), hash)
	ok, rehash := verify(t, h, hash, "correct horse battery staple")
	require.True(t, ok)
	require.False(t, rehash)
}

// Another implementation made these.
func TestForeignRecords(t *testing.T) {
	h := newHasher(t, password.Config{})
	// From the tests of the PHC winner's reference implementation, test.c.
	const reference = "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4"
	ok, _ := verify(t, h, reference, "password")
	require.True(t, ok)
	ok, _ = verify(t, h, reference, "Password")
	require.False(t, ok)
	// From the bcrypt vectors of Openwall's crypt_blowfish, wrapper.c.
	const openwall = "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"
	ok, rehash := verify(t, h, openwall, "U*U")
	require.True(t, ok)
	require.True(t, rehash)
	for _, name := range []string{"$2b$", "$2y$"} {
		ok, _ = verify(t, h, name+openwall[4:], "U*U")
		require.True(t, ok, name)
	}
}

func TestPasswordsAreComparedExactly(t *testing.T) {
	h := newHasher(t, password.Config{})
	long := strings.Repeat("0123456789abcdef", 64) // 1024 bytes
	argon, err := h.Hash(t.Context(), long)
	require.NoError(t, err)
	for name, wrong := range map[string]string{
		"73rd byte": long[:72] + "X" + long[73:], "last byte": long[:1023] + "X", "cut at 72": long[:72],
		"trailing blank": long[:1023] + " ", "case": strings.ToUpper(long), "one more": long + "0",
		"one megabyte": strings.Repeat(long, 1024), "zero byte": long[:1000] + "\x00", "empty": "",
	} {
		ok, _ := verify(t, h, argon, wrong)
		require.False(t, ok, name)
	}
	before, _ := h.Computed()
	_, _ = verify(t, h, argon, long+"0")
	after, _ := h.Computed()
	require.Equal(t, before, after, "too long an input is not hashed")
	_, err = h.Hash(t.Context(), long+"0")
	require.ErrorIs(t, err, password.ErrTooLong)
}

func TestBcryptMatchesNothingThatItDoesNotCover(t *testing.T) {
	h := newHasher(t, password.Config{})
	seventyTwo := strings.Repeat("0123456789abcdef", 5)[:72]
	make := func(s string) string {
		hash, err := bcrypt.GenerateFromPassword([]byte(s), bcrypt.MinCost)
		require.NoError(t, err)
		return string(hash)
	}
	for name, test := range map[string]struct {
		record, input string
		ok            bool
	}{
		"72 bytes":                  {make(seventyTwo), seventyTwo, true},
		"73 bytes, the first equal": {make(seventyTwo), seventyTwo + "x", false},
		"1024 bytes":                {make(seventyTwo), seventyTwo + strings.Repeat("x", 952), false},
		"71 bytes":                  {make(seventyTwo), seventyTwo[:71], false},
		"the ring":                  {make("a"), "a\x00a", false},
		"the ring, closed":          {make("a"), "a\x00", false},
		"empty":                     {make(""), "", true},
	} {
		ok, _ := verify(t, h, test.record, test.input)
		require.Equal(t, test.ok, ok, name)
	}
}

func TestRehash(t *testing.T) {
	strong := newHasher(t, password.Config{Params: password.Params{Memory: 256, Time: 2, Threads: 1}})
	for name, test := range map[string]struct {
		params password.Params
		want   bool
	}{
		"same":           {password.Params{Memory: 256, Time: 2, Threads: 1}, false},
		"less memory":    {password.Params{Memory: 128, Time: 2, Threads: 1}, true},
		"fewer passes":   {password.Params{Memory: 256, Time: 1, Threads: 1}, true},
		"as much in all": {password.Params{Memory: 512, Time: 1, Threads: 1}, false},
		"more":           {password.Params{Memory: 512, Time: 2, Threads: 2}, false},
	} {
		hash, err := newHasher(t, password.Config{Params: test.params}).Hash(t.Context(), "x")
		require.NoError(t, err)
		ok, rehash := verify(t, strong, hash, "x")
		require.True(t, ok)
		require.Equal(t, test.want, rehash, name)
	}
}

func TestNobodysRecordMatchesNothing(t *testing.T) {
	h := newHasher(t, password.Config{})
	slot, err := h.Enter(t.Context(), "")
	require.NoError(t, err)
	defer slot.Leave()
	for _, s := range []string{"", "x", string(make([]byte, 32))} {
		ok, rehash := slot.Verify(s)
		require.False(t, ok)
		require.False(t, rehash)
	}
	hashes, filled := h.Computed()
	require.EqualValues(t, 3, hashes, "it costs as much as somebody's")
	require.EqualValues(t, 3*64, filled)
	_, _, err = h.Verify(t.Context(), "", "x")
	require.ErrorIs(t, err, password.ErrFormat, "a caller that does not ask for nobody's must not get it")
}

func TestConfigNamesTheField(t *testing.T) {
	for field, c := range map[string]password.Config{
		"Parallel":       {Parallel: -1},
		"Params.Threads": {Params: password.Params{Memory: 64, Time: 1}},
		"Params.Time":    {Params: password.Params{Memory: 64, Threads: 1}},
		"Params.Memory":  {Params: password.Params{Memory: 7, Time: 1, Threads: 1}},
		"Params:":        {Params: password.Params{Memory: 256 << 10, Time: 5, Threads: 1}},
	} {
		_, err := password.New(c)
		require.ErrorContains(t, err, field)
	}
}

func BenchmarkVerifyDefault(b *testing.B) {
	h := password.NewHasher(0)
	hash := mustHash(b, h, "correct horse battery staple")
	for b.Loop() {
		ok, _, err := h.Verify(b.Context(), hash, "correct horse battery staple")
		if !ok || err != nil {
			b.Fatal(ok, err)
		}
	}
}
