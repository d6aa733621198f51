package authenticator

import (
	"context"
	"errors"
	"net/netip"
	"time"

	"github.com/mintyard/mintyard/internal/enrolment"
	"github.com/mintyard/mintyard/policy"
)

// OutOfBand is a factor that is proved over another channel: [*Codes] sends a code
// that is typed in, [*Push] asks on another device.
type OutOfBand interface {
	// Channel is the type of the authenticators: [TypeSMS], [TypeVoice],
	// [TypeEmail], [TypePush].
	Channel() string

	// Start begins a challenge and delivers it. For an Identity without a Subject,
	// or one who has no such authenticator, it answers in the same way with a
	// challenge that nothing satisfies.
	//
	// Errors are [LockedError] (too many were asked for), [ErrDelivery], and
	// [ErrUnavailable].
	Start(ctx context.Context, id Identity, s Start) (*Challenge, error)

	// Check judges a challenge that was begun for the same identity. The entry is
	// the code that was typed in, or "" to ask whether a push was answered. It is
	// satisfied once.
	//
	// Errors are [ErrPending], [ErrRejected], [ErrOver], [ErrRefused],
	// [LockedError] and [ErrUnavailable].
	Check(ctx context.Context, id Identity, challenge, entry string) (policy.Method, error)

	// Available is as of [Verifier].
	Available(ctx context.Context, subject string) ([]policy.Method, error)
}

// Binding says how the two channels are bound together, in the words of the wire.
type Binding string

const (
	BindingNone     Binding = "none"     // nothing is carried over
	BindingPrompt   Binding = "prompt"   // what the channel brought is typed into the app
	BindingTransfer Binding = "transfer" // what the app shows is chosen on the device
)

// Challenge is what an app is told of one that began.
type Challenge struct {
	ID       string // names it to Check: 128 random bits, base64url
	Channel  string
	Binding  Binding
	Number   string // of BindingTransfer: two digits that the app shows
	Expires  time.Time
	Interval time.Duration // to wait between two checks
}

// Start says how to begin a challenge.
type Start struct {
	// AuthenticatorID chooses one of the person's; "" is the one that was used or
	// enrolled last: an old one that was lost is not asked any more once there is a new one.
	AuthenticatorID string

	App     string      // who asks, as the message names it; may be ""
	Purpose Purpose     // what for
	Addr    netip.Addr  // of whoever asks
	Risk    policy.Risk // how it looks
}

// chosen is the authenticator that a challenge goes to; nil if there is none.
func chosen(all []enrolment.Entry, target string) (found *enrolment.Entry) {
	last := func(e *enrolment.Entry) time.Time {
		if e.Used.After(e.Confirmed) {
			return e.Used
		}
		return e.Confirmed
	}
	for i := range all {
		e := &all[i]
		switch {
		case target != "" && e.ID != target:
		case found == nil || last(e).After(last(found)):
			found = e
		}
	}
	return found
}

// Purpose is what a message is for.
type Purpose string

const (
	PurposeSignIn    Purpose = "" // the zero value
	PurposeRecovery  Purpose = "recovery"
	PurposeEnrolment Purpose = "enrolment"
	PurposeNotice    Purpose = "notice" // nothing to answer: something was changed
)

// String returns the name; that of the zero value is sign_in.
func (p Purpose) String() string {
	if p == PurposeSignIn {
		return "sign_in"
	}
	return string(p)
}

var (
	// ErrPending says that the person has not answered yet.
	ErrPending = errors.New("authenticator: not answered yet")

	// ErrRejected says that the person said no on the other device, or chose a wrong number.
	ErrRejected = errors.New("authenticator: rejected on the other device")

	// ErrOver says that the challenge has expired, was used, or has seen too many
	// wrong codes; or that there is none.
	ErrOver = errors.New("authenticator: the challenge is over")

	// ErrDelivery wraps the error of a [Sender]. It is not counted as a message that
	// the person got, but there is a looser cap on deliveries that fail: a gateway
	// may send and then say that it did not.
	ErrDelivery = errors.New("authenticator: could not deliver")
)
