package servertest

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// stopTime is more than the program may take to stop.
const stopTime = 20 * time.Second

// Setup is how a process is started. Its store is in memory, and its address a free one,
// unless Args say otherwise.
type Setup struct {
	Config string // JSON; "" is the demo
	Master string // MINTYARD_MASTER_KEY
	Args   []string
	Client *http.Client // nil is one of its own
}

func (s Setup) command(t testing.TB) *exec.Cmd {
	t.Helper()
	args := append([]string{"-addr", "127.0.0.1:0"}, s.Args...)
	if s.Config != "" {
		file := filepath.Join(t.TempDir(), "config.json")
		require.NoError(t, os.WriteFile(file, []byte(s.Config), 0o600))
		args = append(args, "-config", file)
	}
	cmd := exec.Command(binary, args...)
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + os.Getenv("HOME"), "TMPDIR=" + os.Getenv("TMPDIR")}
	if s.Master != "" {
		cmd.Env = append(cmd.Env, "MINTYARD_MASTER_KEY="+s.Master)
	}
	return cmd
}

// Process is a running authserver.
type Process struct {
	Issuer string // of the org server
	Addr   string // host and port that it listens on
	Client *http.Client
	Log    *Output // what it has written to standard error

	t      testing.TB
	cmd    *exec.Cmd
	exited chan error
}

// Start starts a process and waits until it is ready. It is stopped, and must stop in
// order, when the test ends.
func Start(t testing.TB, s Setup) *Process {
	t.Helper()
	return Launch(t, s)()
}

// Launch starts a process; what it returns waits until it is ready.
func Launch(t testing.TB, s Setup) (ready func() *Process) {
	t.Helper()
	p := &Process{t: t, cmd: s.command(t), Client: s.Client, Log: new(Output), exited: make(chan error, 1)}
	if p.Client == nil {
		p.Client = &http.Client{Timeout: 30 * time.Second, Transport: &http.Transport{}}
	}
	p.cmd.Stderr = p.Log
	stdout, err := p.cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, p.cmd.Start())
	return func() *Process {
		t.Helper()
		p.ready(bufio.NewReader(stdout))
		t.Cleanup(p.Stop)
		return p
	}
}

// ready reads the line that says where the process is.
func (p *Process) ready(stdout *bufio.Reader) {
	p.t.Helper()
	line, err := stdout.ReadString('\n')
	if err != nil {
		p.t.Fatalf("the process did not get ready: %v, %v\n%s", err, p.cmd.Wait(), p.Log)
	}
	text, ok := strings.CutPrefix(line, "ready ")
	require.True(p.t, ok, line)
	var ready struct{ Issuer, Addr string }
	require.NoError(p.t, json.Unmarshal([]byte(text), &ready))
	p.Issuer, p.Addr = ready.Issuer, ready.Addr
	go func() {
		rest, _ := io.ReadAll(stdout)
		err := p.cmd.Wait()
		if len(rest) > 0 {
			err = errors.Join(err, fmt.Errorf("standard output has more than the ready line: %q", rest))
		}
		p.exited <- err
	}()
}

// Stop asks the process to stop and waits until it has. It may be called twice.
func (p *Process) Stop() {
	p.t.Helper()
	if p.cmd == nil {
		return
	}
	p.Signal(syscall.SIGTERM)
	p.Wait()
}

// Signal sends the process a signal.
func (p *Process) Signal(s os.Signal) {
	p.t.Helper()
	require.NoError(p.t, p.cmd.Process.Signal(s))
}

// Wait waits until the process has stopped, in order and with status 0.
func (p *Process) Wait() {
	p.t.Helper()
	p.Client.CloseIdleConnections()
	select {
	case err := <-p.exited:
		require.NoError(p.t, err, p.Log.String())
	case <-time.After(stopTime):
		p.cmd.Process.Kill()
		p.t.Fatalf("the process did not stop\n%s", p.Log)
	}
	require.NotContains(p.t, p.Log.String(), "DATA RACE")
	if p.t.Failed() {
		p.t.Logf("the log of the process:\n%s", p.Log)
	}
	p.cmd = nil
}

// Refused starts a process that must not start, and returns its exit status and what it
// says.
func Refused(t testing.TB, s Setup) (status int, stderr string) {
	t.Helper()
	cmd := s.command(t)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	require.NoError(t, cmd.Start())
	killer := time.AfterFunc(time.Minute, func() { cmd.Process.Kill() })
	defer killer.Stop()
	err := cmd.Wait()
	var exit *exec.ExitError
	require.ErrorAs(t, err, &exit, "it must not start\n%s", errs.String())
	require.Empty(t, out.String())
	return exit.ExitCode(), errs.String()
}
