package oauth

import "time"

// RefreshConfig says how refresh tokens live. The zero value rotates, with a
// grace of 30 seconds, an idle life of 7 days and an absolute one of 90.
type RefreshConfig struct {
	// Persistent refresh tokens do not change when they are used. They are for
	// clients that authenticate or bind their tokens to a key (RFC 9700 section
	// 2.2.2); a public client gets rotation all the same.
	Persistent bool

	// Grace is how long the predecessor of a refresh token is answered with the
	// same successor, so that an answer that got lost can be asked for again.
	// 0 is 30 seconds; NoGrace is none; UntilUsed is until the successor is used,
	// at most a day.
	Grace time.Duration

	// Idle ends a grant that was not used; Absolute ends it in any case.
	// 0 is 7 and 90 days; Never is never.
	Idle, Absolute time.Duration
}

// Special values of RefreshConfig.
const (
	NoGrace   time.Duration = -1
	UntilUsed time.Duration = -2
	Never     time.Duration = -3
)

// untilUsedBound bounds UntilUsed: an answer that nobody has asked for again in
// a day is not coming.
const untilUsedBound = 24 * time.Hour

type fieldError struct{ field, why string }

func (r *RefreshConfig) validate() *fieldError {
	switch {
	case r.Grace < 0 && r.Grace != NoGrace && r.Grace != UntilUsed:
		return &fieldError{"Grace", "is negative"}
	case r.Grace > untilUsedBound:
		return &fieldError{"Grace", "is longer than a day: a stolen token would not show"}
	case r.Idle < 0 && r.Idle != Never:
		return &fieldError{"Idle", "is negative"}
	case r.Absolute < 0 && r.Absolute != Never:
		return &fieldError{"Absolute", "is negative"}
	}
	return nil
}

// resolve fills in the defaults: afterwards 0 is none.
func (r RefreshConfig) resolve() RefreshConfig {
	pick := func(v *time.Duration, zero, special, instead time.Duration) {
		switch *v {
		case 0:
			*v = zero
		case special:
			*v = instead
		}
	}
	if r.Grace == UntilUsed {
		r.Grace = untilUsedBound
	}
	pick(&r.Grace, 30*time.Second, NoGrace, 0)
	pick(&r.Idle, 7*24*time.Hour, Never, 0)
	pick(&r.Absolute, 90*24*time.Hour, Never, 0)
	return r
}
