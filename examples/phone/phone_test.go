package main

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/mintyard/mintyard/authenticator"
	"github.com/mintyard/mintyard/store"
)

var mia = authenticator.Identity{Subject: "00u1", Hint: "mia@example.test"}

// serve starts a server that has nothing but pushes.
func serve(t *testing.T, number authenticator.NumberChallenge) (*authenticator.Push, string) {
	mux := http.NewServeMux()
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	push, err := authenticator.NewPush(authenticator.PushConfig{
		Store: store.NewMemory(), Namespace: "users", Sealer: store.NewSealer(store.MasterKey{1: 2}),
		Audience: server.URL, NumberChallenge: number,
	})
	require.NoError(t, err)
	mux.Handle("/push/", http.StripPrefix("/push", push.Handler()))
	return push, server.URL
}

// From the code on the screen to a sign-in that is approved, and one that is denied.
func TestPhone(t *testing.T) {
	push, origin := serve(t, "")
	file := filepath.Join(t.TempDir(), "phone.json")
	phone := func(args ...string) (string, error) {
		var out bytes.Buffer
		err := run(t.Context(), append([]string{args[0], "-file", file}, args[1:]...), &out)
		return out.String(), err
	}
	_, err := phone("watch", "-once")
	require.ErrorContains(t, err, "enrol first")

	a, err := push.BeginEnrolment(t.Context(), mia.Subject, "")
	require.NoError(t, err)
	_, err = phone("enrol", "-server", origin, "-code", "wrong")
	require.ErrorContains(t, err, "invalid_activation")
	require.NoFileExists(t, file)
	out, err := phone("enrol", "-server", origin, "-code", a.Code)
	require.NoError(t, err)
	require.Equal(t, "enrolled as "+a.ID+"\n", out)
	info, err := os.Stat(file)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	_, err = phone("enrol", "-server", origin, "-code", a.Code)
	require.ErrorIs(t, err, os.ErrExist, "a key is not thrown away")

	out, err = phone("watch", "-once")
	require.NoError(t, err)
	require.Empty(t, out)
	_, err = phone("approve", "58")
	require.ErrorContains(t, err, "nothing waits")

	start := func() *authenticator.Challenge {
		c, err := push.Start(t.Context(), mia, authenticator.Start{App: "Shop", Addr: netip.MustParseAddr("192.0.2.7")})
		require.NoError(t, err)
		return c
	}
	c := start()
	out, err = phone("watch", "-once")
	require.NoError(t, err)
	require.Contains(t, out, "app:  Shop")
	require.Contains(t, out, "from: 192.0.2.7")
	require.Contains(t, out, c.Number)
	require.Regexp(t, `\d\d  \d\d  \d\d`, out)
	_, err = phone("approve")
	require.ErrorContains(t, err, "needs the number")
	out, err = phone("approve", c.Number)
	require.NoError(t, err)
	require.Equal(t, "approved\n", out)
	m, err := push.Check(t.Context(), mia, c.ID, "")
	require.NoError(t, err)
	require.Equal(t, a.ID, m.Device)

	first, second := start(), start()
	_, err = phone("deny")
	require.ErrorContains(t, err, "-id")
	out, err = phone("deny", "-id", first.ID)
	require.NoError(t, err)
	require.Equal(t, "denied\n", out)
	_, err = push.Check(t.Context(), mia, first.ID, "")
	require.ErrorIs(t, err, authenticator.ErrRejected)
	out, err = phone("approve", "00")
	require.NoError(t, err)
	require.Equal(t, "denied\n", out, "a wrong number")
	_, err = push.Check(t.Context(), mia, second.ID, "")
	require.ErrorIs(t, err, authenticator.ErrRejected)

	require.NoError(t, push.Remove(t.Context(), mia.Subject, a.ID))
	_, err = phone("watch", "-once")
	require.ErrorContains(t, err, "invalid_token")
}

// The other ways of asking, and the code as it stands in a QR code.
func TestPhoneEntries(t *testing.T) {
	for _, test := range []struct {
		number authenticator.NumberChallenge
		flags  []string
		shows  string
	}{
		{authenticator.NumberNever, nil, ""},
		{authenticator.NumberAlways, []string{"-typed"}, "type the number"},
	} {
		push, origin := serve(t, test.number)
		file := filepath.Join(t.TempDir(), "phone.json")
		a, err := push.BeginEnrolment(t.Context(), mia.Subject, "")
		require.NoError(t, err)
		var out bytes.Buffer
		foreign := strings.Replace(a.URI, "127.0.0.1", "127.0.0.2", 1)
		require.ErrorContains(t, run(t.Context(), []string{"enrol", "-file", file, "-server", origin, "-code", foreign}, &out), "the code is for")
		args := append([]string{"enrol", "-file", file, "-server", origin + "/", "-code", a.URI}, test.flags...)
		require.NoError(t, run(t.Context(), args, &out))
		c, err := push.Start(t.Context(), mia, authenticator.Start{})
		require.NoError(t, err)

		// watch prints a challenge once, until it is interrupted.
		out.Reset()
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		require.NoError(t, run(ctx, []string{"watch", "-file", file}, &out))
		cancel()
		require.Len(t, regexp.MustCompile(`id: `).FindAllString(out.String(), -1), 1)
		require.Contains(t, out.String(), test.shows)
		require.NotContains(t, out.String(), "which number")
		args = []string{"approve", "-file", file}
		if c.Number != "" {
			args = append(args, c.Number)
		}
		require.NoError(t, run(t.Context(), args, &out))
		_, err = push.Check(t.Context(), mia, c.ID, "")
		require.NoError(t, err)
	}
}

func TestPhoneUsage(t *testing.T) {
	file := filepath.Join(t.TempDir(), "phone.json")
	require.NoError(t, os.WriteFile(file, []byte("{}"), 0o600))
	var out bytes.Buffer
	for _, args := range [][]string{
		nil, {"call", "-file", file}, {"enrol"}, {"enrol", "-server", "http://127.0.0.1"}, {"watch", "-no-such-flag"},
		{"watch", "-file", file, "x"}, {"approve", "-file", file, "1", "2"}, {"deny", "-file", file, "58"},
	} {
		require.ErrorIs(t, run(t.Context(), args, &out), errUsage, args)
	}
	require.Error(t, run(t.Context(), []string{"enrol", "-file", file, "-server", "x", "-code", "y"}, &out))
	require.NoError(t, os.WriteFile(file, []byte("x"), 0o600))
	err := run(t.Context(), []string{"watch", "-file", file}, &out)
	require.Error(t, err)
	require.False(t, errors.Is(err, errUsage))
	require.Empty(t, out.String())
}
