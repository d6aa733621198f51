package password_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/mintyard/mintyard/internal/password"
)

const (
	salt16 = "c29tZXNhbHRzb21lc2FsdA"
	key32  = "nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4"
)

func TestHostileRecords(t *testing.T) {
	good := "$argon2id$v=19$m=64,t=1,p=1$" + salt16 + "$" + key32
	require.NoError(t, password.Check(good))
	bcrypt := "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"
	require.NoError(t, password.Check(bcrypt))

	params := func(p string) string { return "$argon2id$v=19$" + p + "$" + salt16 + "$" + key32 }
	for name, hash := range map[string]string{
		"empty":               "",
		"plain text":          "correct horse battery staple",
		"argon2i":             strings.Replace(good, "2id", "2i", 1),
		"argon2d":             strings.Replace(good, "2id", "2d", 1),
		"no version":          strings.Replace(good, "v=19$", "", 1),
		"version 16":          strings.Replace(good, "v=19", "v=16", 1),
		"4 TiB":               params("m=4294967295,t=1,p=1"),
		"above memory":        params("m=262145,t=1,p=1"),
		"above time":          params("m=64,t=65,p=1"),
		"for ever":            params("m=64,t=4294967295,p=1"),
		"above work":          params("m=262144,t=5,p=1"),
		"above threads":       params("m=256,t=1,p=17"),
		"threads wrap":        params("m=256,t=1,p=257"),
		"too little memory":   params("m=15,t=1,p=2"),
		"no memory":           params("m=0,t=1,p=1"),
		"no time":             params("m=64,t=0,p=1"),
		"no threads":          params("m=64,t=1,p=0"),
		"overflow":            params("m=18446744073709551617,t=1,p=1"),
		"sign":                params("m=+64,t=1,p=1"),
		"leading zero":        params("m=064,t=1,p=1"),
		"blank":               params("m= 64,t=1,p=1"),
		"full width":          params("m=６４,t=1,p=1"),
		"order":               params("t=1,m=64,p=1"),
		"twice":               params("m=64,m=64,t=1,p=1"),
		"missing":             params("m=64,t=1"),
		"key id":              params("m=64,t=1,p=1,keyid=AAAA"),
		"short salt":          "$argon2id$v=19$m=64,t=1,p=1$AAAAAAAAAA$" + key32,
		"long salt":           "$argon2id$v=19$m=64,t=1,p=1$" + strings.Repeat("A", 88) + "$" + key32,
		"short key":           "$argon2id$v=19$m=64,t=1,p=1$" + salt16 + "$AAAAAAAAAAAAAAAAAAAA",
		"long key":            "$argon2id$v=19$m=64,t=1,p=1$" + salt16 + "$" + strings.Repeat("A", 88),
		"no key":              "$argon2id$v=19$m=64,t=1,p=1$" + salt16,
		"padding":             good + "=",
		"line break":          good + "\n",
		"break in salt":       "$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHRz\nb21lc2FsdA$" + key32,
		"loose bits":          good[:len(good)-1] + "5",
		"more":                good + "$AAAA",
		"one megabyte":        good + strings.Repeat("A", 1<<20),
		"bcrypt of an hour":   strings.Replace(bcrypt, "05", "31", 1),
		"bcrypt above cost":   strings.Replace(bcrypt, "05", "16", 1),
		"bcrypt below cost":   strings.Replace(bcrypt, "05", "03", 1),
		"bcrypt not a cost":   strings.Replace(bcrypt, "05", "0:", 1),
		"bcrypt 2x":           strings.Replace(bcrypt, "2a", "2x", 1),
		"bcrypt 2":            strings.Replace(bcrypt, "2a", "2", 1),
		"bcrypt short":        bcrypt[:59],
		"bcrypt long":         bcrypt + "A",
		"bcrypt alphabet":     bcrypt[:40] + "$" + bcrypt[41:],
		"bcrypt not in ASCII": bcrypt[:40] + "é" + bcrypt[42:],
	} {
		require.ErrorIs(t, password.Check(hash), password.ErrFormat, name)
		_, _, err := password.NewHasher(1).Verify(t.Context(), hash, "x")
		require.ErrorIs(t, err, password.ErrFormat, name)
	}
}

// FuzzPHC holds that no record, however made up, panics, costs more than the
// limits say, or is written in two ways.
func FuzzPHC(f *testing.F) {
	for _, seed := range []string{
		"$argon2id$v=19$m=64,t=1,p=1$" + salt16 + "$" + key32,
		"$argon2id$v=19$m=262144,t=4,p=16$" + salt16 + "$" + key32,
		"$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW",
		"$argon2id$v=19$m=4294967295,t=4294967295,p=255$$", "$argon2id$v=19$", "$2b$31$", "",
	} {
		f.Add(seed)
	}
	h := password.NewHasher(1)
	f.Fuzz(func(t *testing.T, hash string) {
		err := password.Check(hash)
		if err != nil {
			require.Equal(t, password.ErrFormat, err)
			return
		}
		require.Equal(t, hash, password.Canonical(hash), "one string for one record")
		if password.Work(hash) > 1024 { // KiB: more takes too long for a fuzzer
			return
		}
		begin := time.Now()
		_, _, err = h.Verify(t.Context(), hash, "x")
		require.NoError(t, err)
		require.Less(t, time.Since(begin), password.TestTimeout)
	})
}
