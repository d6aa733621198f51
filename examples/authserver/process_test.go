package main

import (
	"net/http"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/mintyard/mintyard/examples/authserver/servertest"
)

func TestMain(m *testing.M) { os.Exit(servertest.Main(m, ".")) }

// process is a running authserver, and what these tests ask of it.
type process struct {
	*servertest.Process
	t      *testing.T
	scheme string        // of what it listens with
	ahead  time.Duration // what its clock was moved by
}

// setup is how a process is started.
type setup struct {
	config string // JSON; "" is the demo
	master string // MINTYARD_MASTER_KEY
	args   []string
	client *http.Client
}

func (s setup) process() servertest.Setup {
	return servertest.Setup{Config: s.config, Master: s.master, Args: s.args, Client: s.client}
}

// start starts a process and waits until it is ready.
func start(t *testing.T, s setup) *process {
	t.Helper()
	return launch(t, s)()
}

// launch starts a process; what it returns waits until it is ready.
func launch(t *testing.T, s setup) (ready func() *process) {
	t.Helper()
	launched := servertest.Launch(t, s.process())
	return func() *process {
		t.Helper()
		p := &process{Process: launched(), t: t, scheme: "http"}
		if slices.Contains(s.args, "-tls-cert") {
			p.scheme = "https"
		}
		return p
	}
}

// refused starts a process that must not start, and returns its exit status and what it
// says.
func refused(t *testing.T, s setup) (status int, stderr string) {
	t.Helper()
	return servertest.Refused(t, s.process())
}
