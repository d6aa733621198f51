// Authserver is a complete authorization server, built from the library's public
// API alone and configured by one JSON file. It is the example to copy from, and
// the test server for teams that do not write Go: its command line, its
// configuration and its /dev endpoints are described in README.md and do not
// change.
//
//	go run ./examples/authserver                          the demo, on 127.0.0.1:8080
//	go run ./examples/authserver -config my.json -dev
//	go run ./examples/authserver -store sqlite:tokens.db  keys and grants survive a restart
//
// To follow it, start here, then read host.go, which puts the library's parts
// together, and users.go, which is what a host's own table of people would be.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"syscall"
)

// The exit statuses.
const (
	statusFailed = 1 // anything else, such as an address that is taken
	statusConfig = 2 // the command line, the environment or the configuration
	statusStore  = 3 // unreachable, of another schema, or sealed under another master key
)

func main() {
	os.Exit(run(os.Args[1:], os.Getenv, os.Stdout, os.Stderr))
}

// run returns the exit status.
func run(args []string, getenv func(string) string, stdout, stderr io.Writer) int {
	o, err := parseFlags(args, stderr)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return 0
	case err == nil:
		ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
		defer stop()
		context.AfterFunc(ctx, stop) // a second signal ends us at once
		o.masterKey = getenv("MINTYARD_MASTER_KEY")
		err = serve(ctx, o, stdout, slog.New(slog.NewJSONHandler(stderr, nil)))
		if ctx.Err() != nil && errors.Is(err, context.Canceled) {
			err = nil // we were asked to stop before we had started
		}
	}
	if err == nil {
		return 0
	}
	fmt.Fprintln(stderr, "authserver:", err)
	return status(err)
}

func status(err error) int {
	var r *refusal
	var s *storeError
	switch {
	case errors.As(err, &r):
		return statusConfig
	case errors.As(err, &s):
		return statusStore
	}
	return statusFailed
}

// options are the command line, and the master key of the environment.
type options struct {
	config    string
	addr      string
	store     string
	tlsCert   string
	tlsKey    string
	ca        string
	dev       bool
	masterKey string
}

func (o *options) tls() bool { return o.tlsCert != "" }

func parseFlags(args []string, stderr io.Writer) (*options, error) {
	o := new(options)
	f := flag.NewFlagSet("authserver", flag.ContinueOnError)
	f.SetOutput(stderr)
	f.StringVar(&o.config, "config", "", "the configuration `FILE`; without it, a demo")
	f.StringVar(&o.addr, "addr", "127.0.0.1:8080", "the `HOST:PORT` to listen on; port 0 takes a free one")
	f.StringVar(&o.store, "store", "memory", "the `URL` of the store: memory, sqlite:PATH or postgres://…")
	f.StringVar(&o.tlsCert, "tls-cert", "", "the certificate chain, a PEM `FILE`")
	f.StringVar(&o.tlsKey, "tls-key", "", "its key, a PEM `FILE`")
	f.BoolVar(&o.dev, "dev", false, "serve /dev to this machine: for tests, never in service")
	f.StringVar(&o.ca, "ca", "", "more trusted roots for what the server itself asks of clients, a PEM `FILE`")
	clientCA := f.String("client-ca", "", "not there yet: roots of client certificates, a PEM `FILE`")
	err := f.Parse(args)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return nil, err
	case err != nil:
		return nil, refuse("", "%v", err)
	case f.NArg() > 0:
		return nil, refuse("", "unexpected argument %q", f.Arg(0))
	case *clientCA != "":
		return nil, refuse("-client-ca", "is not there yet")
	case o.tlsCert != "" && o.tlsKey == "":
		return nil, refuse("-tls-key", "is required with -tls-cert")
	case o.tlsKey != "" && o.tlsCert == "":
		return nil, refuse("-tls-cert", "is required with -tls-key")
	}
	return o, nil
}
