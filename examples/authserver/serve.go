package main

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"syscall"
	"time"
)

// The limits of a connection. A request that takes longer than requestLimit is
// given up: the store is asked with that deadline.
const (
	headerLimit  = 5 * time.Second
	readLimit    = 10 * time.Second
	requestLimit = 10 * time.Second
	writeLimit   = 30 * time.Second
	idleLimit    = 2 * time.Minute
	headerBytes  = 32 << 10

	stopLimit = 10 * time.Second // what is in flight may take, once we were asked to stop
)

// serve runs until the context ends. It returns nil after it was stopped in order.
func serve(ctx context.Context, o *options, stdout io.Writer, log *slog.Logger) (err error) {
	h, err := newHost(ctx, o, log)
	if err != nil {
		return err
	}
	certificates, err := loadCertificates(o)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, h.close()) }()
	if err := h.open(ctx, o); err != nil {
		return err
	}
	listener, err := listen(o.addr)
	if err != nil {
		return err
	}
	defer listener.Close()
	handler, err := h.build(ctx, listener.Addr(), o.dev)
	if err != nil {
		return err
	}
	if o.dev {
		log.Warn("-dev: whoever reaches this machine's loopback address can read and change everything")
	}
	s := &http.Server{
		Handler:           withDeadline(handler),
		ReadHeaderTimeout: headerLimit, ReadTimeout: readLimit, WriteTimeout: writeLimit, IdleTimeout: idleLimit,
		MaxHeaderBytes: headerBytes,
		TLSConfig:      &tls.Config{MinVersion: tls.VersionTLS12, Certificates: certificates},
		ErrorLog:       slog.NewLogLogger(log.Handler(), slog.LevelWarn),
	}
	if err := ready(stdout, h.issuer.at(listener.Addr()), listener.Addr()); err != nil {
		return err
	}
	return serveUntil(ctx, s, listener, o.tls(), h.run)
}

// serveUntil serves and works until the context ends, and then lets what is in
// flight come to its end.
func serveUntil(ctx context.Context, s *http.Server, listener net.Listener, secure bool, work func(context.Context)) error {
	working, stopWorking := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	defer wg.Wait()
	defer stopWorking()
	wg.Go(func() { work(working) })

	served := make(chan error, 1)
	go func() {
		if secure {
			served <- s.ServeTLS(listener, "", "")
		} else {
			served <- s.Serve(listener)
		}
	}()
	select {
	case err := <-served:
		return err
	case <-ctx.Done():
	}
	stopping, cancel := context.WithTimeout(context.Background(), stopLimit)
	defer cancel()
	if err := s.Shutdown(stopping); errors.Is(err, context.DeadlineExceeded) {
		return s.Close() // they have had their time
	} else if err != nil {
		return err
	}
	return nil
}

// listen listens, and says plainly when it cannot.
func listen(addr string) (net.Listener, error) {
	l, err := net.Listen("tcp", addr)
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, fmt.Errorf("-addr: %s is taken by another process", addr)
	}
	if err != nil {
		return nil, fmt.Errorf("-addr: cannot listen on %s: %w", addr, err)
	}
	return l, nil
}

func loadCertificates(o *options) ([]tls.Certificate, error) {
	if !o.tls() {
		return nil, nil
	}
	c, err := tls.LoadX509KeyPair(o.tlsCert, o.tlsKey)
	if err != nil {
		return nil, refuse("-tls-cert", "%v", err)
	}
	return []tls.Certificate{c}, nil
}

// ready tells whoever started us where we are. Connections are accepted already:
// they wait in the listener.
func ready(stdout io.Writer, issuer string, addr net.Addr) error {
	line, err := json.Marshal(struct {
		Issuer string `json:"issuer"`
		Addr   string `json:"addr"`
	}{issuer, addr.String()})
	if err == nil {
		_, err = fmt.Fprintf(stdout, "ready %s\n", line)
	}
	if err != nil {
		return fmt.Errorf("writing the ready line: %w", err)
	}
	return nil
}

// withDeadline bounds what a request may wait for.
func withDeadline(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), requestLimit)
		defer cancel()
		next.ServeHTTP(w, r.WithContext(ctx))
	})
}
