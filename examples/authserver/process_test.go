package main

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
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// binary is the program, built once: what is tested is what people start.
var binary string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "authserver")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	binary = filepath.Join(dir, "authserver")
	args := []string{"build", "-o", binary, "."}
	if raceEnabled {
		args = []string{"build", "-race", "-o", binary, "."}
	}
	build := exec.Command("go", args...)
	build.Stdout, build.Stderr = os.Stderr, os.Stderr
	code := 1
	if err := build.Run(); err == nil {
		code = m.Run()
	}
	os.RemoveAll(dir)
	os.Exit(code)
}

// stopTime is more than the program may take to stop.
const stopTime = 20 * time.Second

// process is a running authserver.
type process struct {
	t      *testing.T
	cmd    *exec.Cmd
	issuer string
	addr   string
	client *http.Client
	stderr *output
	exited chan error
	ahead  time.Duration // what its clock was moved by
}

// setup is how a process is started. Its store is in memory, and its address a
// free one, unless args say otherwise.
type setup struct {
	config string // JSON; "" is the demo
	master string // MINTYARD_MASTER_KEY
	args   []string
	client *http.Client
}

func (s setup) command(t *testing.T) *exec.Cmd {
	t.Helper()
	args := append([]string{"-addr", "127.0.0.1:0"}, s.args...)
	if s.config != "" {
		file := filepath.Join(t.TempDir(), "config.json")
		require.NoError(t, os.WriteFile(file, []byte(s.config), 0o600))
		args = append(args, "-config", file)
	}
	cmd := exec.Command(binary, args...)
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + os.Getenv("HOME"), "TMPDIR=" + os.Getenv("TMPDIR")}
	if s.master != "" {
		cmd.Env = append(cmd.Env, "MINTYARD_MASTER_KEY="+s.master)
	}
	return cmd
}

// start starts a process and waits until it is ready. It is stopped, and must stop
// in order, when the test ends.
func start(t *testing.T, s setup) *process {
	t.Helper()
	return launch(t, s)()
}

// launch starts a process; what it returns waits until it is ready.
func launch(t *testing.T, s setup) (ready func() *process) {
	t.Helper()
	p := &process{t: t, cmd: s.command(t), client: s.client, stderr: new(output), exited: make(chan error, 1)}
	if p.client == nil {
		p.client = &http.Client{Timeout: 30 * time.Second, Transport: &http.Transport{}}
	}
	p.cmd.Stderr = p.stderr
	stdout, err := p.cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, p.cmd.Start())
	return func() *process {
		t.Helper()
		p.ready(bufio.NewReader(stdout))
		t.Cleanup(p.stop)
		return p
	}
}

// ready reads the line that says where the process is.
func (p *process) ready(stdout *bufio.Reader) {
	p.t.Helper()
	line, err := stdout.ReadString('\n')
	if err != nil {
		p.t.Fatalf("the process did not get ready: %v, %v\n%s", err, p.cmd.Wait(), p.stderr)
	}
	text, ok := strings.CutPrefix(line, "ready ")
	require.True(p.t, ok, line)
	var ready struct{ Issuer, Addr string }
	require.NoError(p.t, json.Unmarshal([]byte(text), &ready))
	p.issuer, p.addr = ready.Issuer, ready.Addr
	go func() {
		rest, _ := io.ReadAll(stdout)
		err := p.cmd.Wait()
		if len(rest) > 0 {
			err = errors.Join(err, fmt.Errorf("standard output has more than the ready line: %q", rest))
		}
		p.exited <- err
	}()
}

// stop asks the process to stop and waits until it has. It may be called twice.
func (p *process) stop() {
	p.t.Helper()
	if p.cmd == nil {
		return
	}
	p.signal(syscall.SIGTERM)
	p.wait()
}

func (p *process) signal(s os.Signal) {
	p.t.Helper()
	require.NoError(p.t, p.cmd.Process.Signal(s))
}

func (p *process) wait() {
	p.t.Helper()
	p.client.CloseIdleConnections()
	select {
	case err := <-p.exited:
		require.NoError(p.t, err, p.stderr.String())
	case <-time.After(stopTime):
		p.cmd.Process.Kill()
		p.t.Fatalf("the process did not stop\n%s", p.stderr)
	}
	require.NotContains(p.t, p.stderr.String(), "DATA RACE")
	if p.t.Failed() {
		p.t.Logf("the log of the process:\n%s", p.stderr)
	}
	p.cmd = nil
}

// refused starts a process that must not start, and returns its exit status and
// what it says.
func refused(t *testing.T, s setup) (status int, stderr string) {
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

// output collects what a process writes.
type output struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (o *output) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.Write(b)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.String()
}
