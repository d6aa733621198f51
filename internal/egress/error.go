package egress

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
)

// Problem says what was wrong.
type Problem string

// The problems.
const (
	BadURL      Problem = "the address is not one that may be asked"
	BadAddress  Problem = "the host is at an address that may not be asked"
	Unreachable Problem = "the host cannot be reached"
	BadTLS      Problem = "no secure connection: the certificate or the protocol is not accepted"
	Timeout     Problem = "it took too long"
	Interrupted Problem = "the request was broken off"
	BadAnswer   Problem = "the answer is not HTTP, or ended too early"
	Redirect    Problem = "the answer is a redirect, which is not followed"
	BadStatus   Problem = "the answer has a status that says no"
	Encoded     Problem = "the answer is compressed, which was not asked for"
	TooLarge    Problem = "the body is too large"
)

// Error is what every failure is. What it prints may be shown to an operator, and holds
// nothing of what resolvers, proxies and networks say about themselves, nor path and
// query of the address, which may hold a secret. Who registers a client is told less:
// Unreachable, BadTLS and Timeout tell a port that is open from one that is not.
type Error struct {
	Host    string // of the address, with its port; "" if there is none
	Problem Problem
	Why     string // of a BadURL
	Status  int    // of a Redirect and a BadStatus
	Cause   error  // for a log that nobody else reads; may be nil
}

// Error does not print the cause.
func (e *Error) Error() string {
	s := "egress: "
	if e.Host != "" {
		s += e.Host + ": "
	}
	s += string(e.Problem)
	if e.Why != "" {
		s += ": " + e.Why
	}
	if e.Status != 0 {
		s += fmt.Sprintf(" (%d)", e.Status)
	}
	return s
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Cause }

// problemOf sorts an error of the HTTP client.
func problemOf(ctx context.Context, err error) Problem {
	var (
		record    tls.RecordHeaderError
		alert     tls.AlertError
		verify    *tls.CertificateVerificationError
		authority x509.UnknownAuthorityError
		hostname  x509.HostnameError
		invalid   x509.CertificateInvalidError
		op        *net.OpError
		timeout   net.Error
	)
	switch {
	case errors.Is(err, errAddress):
		return BadAddress
	case errors.Is(ctx.Err(), context.Canceled):
		return Interrupted
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded), ctx.Err() != nil,
		errors.As(err, &timeout) && timeout.Timeout():
		return Timeout
	case errors.Is(err, http.ErrSchemeMismatch), errors.As(err, &record), errors.As(err, &alert), errors.As(err, &verify),
		errors.As(err, &authority), errors.As(err, &hostname), errors.As(err, &invalid):
		return BadTLS
	case errors.As(err, &op) && (op.Op == "dial" || op.Op == "proxyconnect"):
		return Unreachable
	case errors.As(err, &op) && (op.Op == "remote error" || op.Op == "local error"):
		return BadTLS
	}
	return BadAnswer
}
