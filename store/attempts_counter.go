package store

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// counter is what the record of [Attempts] holds.
type counter struct {
	failed   int   // since the last success or lock
	total    int   // since the last success
	until    int64 // Unix second in which the lock ends; 0 is none
	disabled bool
	lapses   int64  // Unix second in which the disablement ends; 0 is never
	window   int64  // Unix second in which the window ends; 0 is none
	windowed int    // failures of the window, successes or not
	state    []byte // the caller's

	// more are members that a newer version of this code wrote. They are kept,
	// because nodes of two versions may share a store.
	more map[string]json.RawMessage
}

// locked returns a LockedError if no attempt may be judged: until the last of
// what locks has lapsed.
func (c *counter) locked(now time.Time, ceiling int) error {
	if c.disabled && c.lapses == 0 {
		return &LockedError{Disabled: true}
	}
	until := c.until
	if c.disabled {
		until = max(until, c.lapses)
	}
	if ceiling > 0 && c.windowed >= ceiling {
		until = max(until, c.window)
	}
	if until := time.Unix(until, 0); now.Before(until) {
		return &LockedError{Until: until}
	}
	return nil
}

// count adds an attempt that is not locked. The last one that a limit admits
// brings the lock with it, for everybody else: it is taken away if that attempt
// succeeds, and needs no further write if it fails.
func (c *counter) count(now time.Time, a *Attempts) {
	if c.disabled { // and lapsed
		c.reset()
	}
	if c.until != 0 { // a lock that lapsed
		c.failed, c.until = 0, 0
	}
	if !now.Before(time.Unix(c.window, 0)) {
		c.window, c.windowed = 0, 0
	}
	c.failed++
	c.total++
	if c.failed >= a.limit() {
		c.until = ceilUnix(now.Add(a.coolDown()))
	}
	if a.Disable > 0 && c.total >= a.Disable {
		c.disabled = true
		if a.DisableFor > 0 {
			c.lapses = ceilUnix(now.Add(a.DisableFor))
		}
	}
	if a.Ceiling > 0 {
		if c.window == 0 {
			c.window = ceilUnix(now.Add(a.Window))
		}
		c.windowed++
	}
}

// reset forgets what a success outweighs.
func (c *counter) reset() {
	c.failed, c.total, c.until, c.disabled, c.lapses = 0, 0, 0, false, 0
}

// The members of the stored object.
const (
	memberFailed   = "n"
	memberTotal    = "all"
	memberUntil    = "until"
	memberDisabled = "off"
	memberLapses   = "lapses"
	memberWindow   = "window"
	memberWindowed = "within"
	memberState    = "state"
)

func (c *counter) encode() ([]byte, error) {
	m := make(map[string]any, len(c.more)+8)
	for name, raw := range c.more {
		m[name] = raw
	}
	m[memberFailed], m[memberTotal] = c.failed, c.total
	if c.until != 0 {
		m[memberUntil] = c.until
	}
	if c.disabled {
		m[memberDisabled] = true
	}
	if c.lapses != 0 {
		m[memberLapses] = c.lapses
	}
	if c.window != 0 {
		m[memberWindow], m[memberWindowed] = c.window, c.windowed
	}
	if c.state != nil {
		m[memberState] = c.state // base64: it need not be text
	}
	value, err := json.Marshal(m)
	if err != nil {
		return nil, fmt.Errorf("store: counter: %w", err)
	}
	return value, nil
}

func decodeCounter(value []byte) (c counter, err error) {
	if err = json.Unmarshal(value, &c.more); err != nil || c.more == nil {
		return counter{}, errCounter
	}
	if _, ok := c.more[memberFailed]; !ok { // none was ever written without
		return counter{}, errCounter
	}
	for name, into := range map[string]any{
		memberFailed: &c.failed, memberTotal: &c.total, memberUntil: &c.until,
		memberDisabled: &c.disabled, memberLapses: &c.lapses,
		memberWindow: &c.window, memberWindowed: &c.windowed, memberState: &c.state,
	} {
		raw, ok := c.more[name]
		if !ok {
			continue
		}
		if json.Unmarshal(raw, into) != nil {
			return counter{}, errCounter
		}
		delete(c.more, name)
	}
	if c.failed < 0 || c.total < 0 || c.windowed < 0 {
		return counter{}, errCounter
	}
	return c, nil
}

// errCounter does not say what stands in the record: it holds the caller's state.
var errCounter = errors.New("store: the record is not a counter")

// ceilUnix is the first whole second that is not before t: a lock is rather too
// long than too short.
func ceilUnix(t time.Time) int64 {
	if t.Nanosecond() == 0 {
		return t.Unix()
	}
	return t.Unix() + 1
}
