package outbox

import (
	"errors"
	"time"
)

// EventType says what an event is about.
type EventType int

// The events.
const (
	Retry   EventType = iota + 1 // an attempt failed, and there will be another one
	GaveUp                       // there will be none: the work was not done
	Trouble                      // the store failed, or holds what cannot be read; nothing is lost by it
)

// String names the type.
func (t EventType) String() string {
	switch t {
	case Retry:
		return "retry"
	case GaveUp:
		return "gave up"
	case Trouble:
		return "trouble"
	}
	return "unknown"
}

// Event is something that did not go as it should.
type Event struct {
	Type EventType
	Work Work      // its Payload may be secret; zero in a Trouble
	Next time.Time // of a Retry: the next attempt
	Err  error     // what Send returned, or one of the errors below
}

// Why work is given up, besides an error of Send.
var (
	ErrEnd      = errors.New("outbox: the end came before it was done")
	ErrAttempts = errors.New("outbox: every attempt was begun, and the last one ended with its node")
)

// Permanent marks an error of Send: no further attempt will do better.
func Permanent(err error) error {
	if err == nil {
		return nil
	}
	return permanent{err}
}

type permanent struct{ error }

func (p permanent) Unwrap() error { return p.error }

func isPermanent(err error) bool { return errors.As(err, new(permanent)) }
