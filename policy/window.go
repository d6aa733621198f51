package policy

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// Window is a time of the day, as a clock on the wall of its zone shows it: where
// clocks are put forward, what they leave out is in no window, and where they are put
// back, what they show twice is in a window twice.
//
// In JSON it is
//
//	{"days": ["mon", "fri"], "from": "22:00", "to": "06:00", "zone": "Europe/Berlin"}
//
// A window with from after to ends on the day after; its days are those on which it
// begins. Without days it is of every day, without from it begins at midnight, and
// without to it ends there: one of the three must be there.
type Window struct {
	Days []time.Weekday // on which it begins; nil is every day

	// From is the first moment that is within, To the first that is not: since
	// midnight, in whole minutes. To of zero, or of 24 h, is midnight.
	From, To time.Duration

	Zone string // of the IANA database: "Europe/Berlin", "UTC"
}

const day = 24 * time.Hour

var dayNames = [...]string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"} // by time.Weekday

// contains judges the time in the zone of the window.
func (w *Window) contains(t time.Time) bool {
	h, m, _ := t.Clock()
	at := time.Duration(h)*time.Hour + time.Duration(m)*time.Minute
	to := w.To
	if to == 0 {
		to = day
	}
	today := t.Weekday()
	if w.From < to {
		return w.on(today) && w.From <= at && at < to
	}
	return w.on(today) && at >= w.From || w.on((today+6)%7) && at < to
}

func (w *Window) on(d time.Weekday) bool {
	if w.Days == nil {
		return true
	}
	for _, have := range w.Days {
		if have == d {
			return true
		}
	}
	return false
}

// location checks the window, and finds its zone.
func (w *Window) location() (*time.Location, error) {
	for i, d := range w.Days {
		if d < time.Sunday || d > time.Saturday {
			return nil, fmt.Errorf(".days[%d]: is no day of the week", i)
		}
	}
	switch {
	case w.Days != nil && len(w.Days) == 0:
		return nil, errors.New(".days: is empty; leave it out for every day")
	case w.From < 0 || w.From >= day || w.From%time.Minute != 0:
		return nil, errors.New(".from: is no time of the day in whole minutes")
	case w.To < 0 || w.To > day || w.To%time.Minute != 0:
		return nil, errors.New(".to: is no time of the day in whole minutes")
	case w.From == 0 && (w.To == 0 || w.To == day) && w.Days == nil:
		return nil, errors.New(": is all of the time")
	case w.From == w.To && w.From != 0:
		return nil, errors.New(".to: is the same as from; name days alone for all of a day")
	case w.Zone == "" || w.Zone == "Local":
		return nil, errors.New(".zone: is required, as Europe/Berlin: a policy means the same on every machine")
	}
	zone, err := time.LoadLocation(w.Zone)
	if err != nil {
		return nil, fmt.Errorf(".zone: %q is no time zone that this machine knows", w.Zone)
	}
	return zone, nil
}

// MarshalJSON writes the form that is described above.
func (w Window) MarshalJSON() ([]byte, error) {
	days := make([]string, len(w.Days))
	for i, d := range w.Days {
		days[i] = dayNames[(d%7+7)%7]
	}
	return json.Marshal(struct {
		Days []string `json:"days,omitempty"`
		From string   `json:"from,omitempty"`
		To   string   `json:"to,omitempty"`
		Zone string   `json:"zone"`
	}{days, clock(w.From), clock(w.To), w.Zone})
}

func clock(d time.Duration) string {
	if d == 0 {
		return ""
	}
	return fmt.Sprintf("%02d:%02d", d/time.Hour, d%time.Hour/time.Minute)
}

func parseWindows(raw []byte, dst *[]Window) error {
	*dst = []Window{}
	return list(raw, func(raw []byte) error {
		var w Window
		var from, to string
		err := object(raw, func(name string, raw []byte) error {
			switch name {
			case "days":
				return parseDays(raw, &w.Days)
			case "from":
				return parseClock(raw, &from, &w.From)
			case "to":
				return parseClock(raw, &to, &w.To)
			case "zone":
				return value(raw, &w.Zone)
			}
			return errUnknown
		})
		if err == nil && to == "00:00" && w.From == 0 {
			return under("to", errors.New("is where it begins; 24:00 is the end of the day"))
		}
		*dst = append(*dst, w)
		return err
	})
}

func parseDays(raw []byte, dst *[]time.Weekday) error {
	*dst = []time.Weekday{}
	return list(raw, func(raw []byte) error {
		var s string
		if err := value(raw, &s); err != nil {
			return err
		}
		for d, name := range dayNames {
			if name == s {
				*dst = append(*dst, time.Weekday(d))
				return nil
			}
		}
		return fmt.Errorf("%q is none of mon, tue, wed, thu, fri, sat, sun", s)
	})
}

// parseClock reads hours and minutes, two digits each.
func parseClock(raw []byte, s *string, dst *time.Duration) error {
	if err := value(raw, s); err != nil {
		return err
	}
	digits, ok := [4]time.Duration{}, len(*s) == 5 && (*s)[2] == ':'
	for i, at := 0, []int{0, 1, 3, 4}; ok && i < 4; i++ {
		c := (*s)[at[i]]
		ok = '0' <= c && c <= '9'
		digits[i] = time.Duration(c - '0')
	}
	h, m := digits[0]*10+digits[1], digits[2]*10+digits[3]
	if d := h*time.Hour + m*time.Minute; ok && m < 60 && d <= day {
		*dst = d
		return nil
	}
	return fmt.Errorf("%q is no time of the day such as 08:30", *s)
}
