package policy_test

import (
	"encoding/json"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/mintyard/mintyard/policy"
)

func windows(t testing.TB, list string) *policy.Policy {
	return load(t, `{"rules":[{"name":"a","if":{"time":`+list+`},"then":{"access":"allow"}}]}`)
}

func TestTimeOfDay(t *testing.T) {
	const berlin = `,"zone":"Europe/Berlin"}]`
	for _, c := range []struct {
		windows string
		times   map[string]bool // RFC 3339: whether it is within
	}{
		{`[{"from":"08:00","to":"18:00","zone":"UTC"}]`, map[string]bool{
			"2026-11-25T07:59:59Z": false, "2026-11-25T08:00:00Z": true, "2026-11-25T17:59:59Z": true, "2026-11-25T18:00:00Z": false,
			"2026-11-25T18:30:00+02:00": true, "2026-11-25T07:30:00-02:00": true}}, // wherever the clock of this process is
		{`[{"days":["wed"],"zone":"UTC"}]`, map[string]bool{
			"2026-11-24T23:59:59Z": false, "2026-11-25T00:00:00Z": true, "2026-11-25T23:59:59Z": true, "2026-11-26T00:00:00Z": false}},
		{`[{"days":["wed"]` + berlin, map[string]bool{ // Wednesday begins there first
			"2026-11-24T22:59:59Z": false, "2026-11-24T23:00:00Z": true, "2026-11-25T22:59:59Z": true, "2026-11-25T23:00:00Z": false}},
		{`[{"from":"22:00","zone":"UTC"}]`, map[string]bool{"2026-11-25T21:59:59Z": false, "2026-11-25T23:59:59Z": true, "2026-11-25T00:00:00Z": false}},
		{`[{"from":"22:00","to":"24:00","zone":"UTC"}]`, map[string]bool{"2026-11-25T21:59:59Z": false, "2026-11-25T23:59:59Z": true, "2026-11-25T00:00:00Z": false}},
		{`[{"from":"22:00","to":"00:00","zone":"UTC"}]`, map[string]bool{"2026-11-25T21:59:59Z": false, "2026-11-25T23:59:59Z": true, "2026-11-25T00:00:00Z": false}},
		{`[{"to":"06:00","zone":"UTC"}]`, map[string]bool{"2026-11-25T00:00:00Z": true, "2026-11-25T05:59:59Z": true, "2026-11-25T06:00:00Z": false}},
		// Over midnight: it is of the day on which it began.
		{`[{"days":["fri","sat"],"from":"22:00","to":"06:00","zone":"UTC"}]`, map[string]bool{
			"2026-11-27T05:00:00Z": false, "2026-11-27T21:59:00Z": false, "2026-11-27T22:00:00Z": true, "2026-11-28T05:59:00Z": true,
			"2026-11-28T06:00:00Z": false, "2026-11-28T23:00:00Z": true, "2026-11-29T05:00:00Z": true, "2026-11-29T23:00:00Z": false}},
		{`[{"days":["sat"],"from":"22:00","to":"06:00","zone":"UTC"}]`, map[string]bool{"2026-11-29T05:00:00Z": true, "2026-11-28T05:00:00Z": false}}, // into Sunday
		{`[{"days":["sun"],"from":"22:00","to":"06:00","zone":"UTC"}]`, map[string]bool{"2026-11-30T05:00:00Z": true, "2026-11-29T05:00:00Z": false}},
		// Summer and winter: nine o'clock is another moment.
		{`[{"from":"09:00","to":"10:00"` + berlin, map[string]bool{
			"2026-07-01T07:00:00Z": true, "2026-07-01T08:00:00Z": false, "2026-12-01T07:59:59Z": false, "2026-12-01T08:00:00Z": true}},
		// 2026-03-29: from 01:59:59 to 03:00. What is between is never shown.
		{`[{"from":"02:00","to":"03:00"` + berlin, map[string]bool{
			"2026-03-29T00:59:59Z": false, "2026-03-29T01:00:00Z": false, "2026-03-28T01:30:00Z": true, "2026-03-30T00:30:00Z": true}},
		{`[{"from":"01:30","to":"03:30"` + berlin, map[string]bool{
			"2026-03-29T00:29:59Z": false, "2026-03-29T00:30:00Z": true, "2026-03-29T01:00:00Z": true, "2026-03-29T01:29:59Z": true, "2026-03-29T01:30:00Z": false}},
		// 2026-10-25: the hour from two to three is shown twice.
		{`[{"from":"02:00","to":"03:00"` + berlin, map[string]bool{
			"2026-10-24T23:59:59Z": false, "2026-10-25T00:00:00Z": true, "2026-10-25T01:00:00Z": true, "2026-10-25T01:59:59Z": true, "2026-10-25T02:00:00Z": false}},
		{`[{"days":["sat"],"from":"22:00","to":"02:30"` + berlin, map[string]bool{
			"2026-10-24T20:00:00Z": true, "2026-10-25T00:29:00Z": true, "2026-10-25T00:31:00Z": false, "2026-10-25T01:29:00Z": true, "2026-10-25T01:31:00Z": false}},
		// Where midnight itself is left out: Cairo, 2026-04-24, which begins at one.
		{`[{"days":["thu"],"from":"23:00","to":"01:00","zone":"Africa/Cairo"}]`, map[string]bool{"2026-04-23T21:59:59Z": true, "2026-04-23T22:00:00Z": false}},
		{`[{"days":["fri"],"zone":"Africa/Cairo"}]`, map[string]bool{"2026-04-23T21:59:59Z": false, "2026-04-23T22:00:00Z": true}},
		// Any of them.
		{`[{"days":["mon"],"zone":"UTC"},{"from":"12:00","to":"12:01","zone":"Asia/Kathmandu"}]`, map[string]bool{
			"2026-11-23T10:00:00Z": true, "2026-11-25T06:15:00Z": true, "2026-11-25T06:16:00Z": false}},
	} {
		p := windows(t, c.windows)
		for text, want := range c.times {
			at, err := time.Parse(time.RFC3339, text)
			require.NoError(t, err)
			got := p.Decide(facts(func(f *policy.Facts) { f.Now = at }))
			require.Equal(t, want, got.Access == policy.Allow, "%s at %s", c.windows, text)
			require.NotEqual(t, policy.ReasonUndecidable, got.Reason)
		}
		d := p.Decide(facts(func(f *policy.Facts) { f.Now = time.Time{} }))
		require.Equal(t, [2]string{policy.ReasonUndecidable, "time"}, [2]string{d.Reason, d.Fact})
	}
}

// It is the time of this decision that counts: a refresh at night is made at night.
func TestTimeIsOfTheMoment(t *testing.T) {
	p := windows(t, `[{"from":"08:00","to":"18:00","zone":"UTC"}]`)
	require.Equal(t, policy.Deny, p.Decide(facts(func(f *policy.Facts) { f.Now = now.Add(10 * time.Hour) })).Access)
	require.Equal(t, policy.Allow, p.Decide(facts(func(f *policy.Facts) { f.AuthTime = now.Add(-10 * time.Hour) })).Access)
}

// Minute by minute through a week in which clocks change, against a clock that is read
// as a person reads one.
func TestWindowsMinuteByMinute(t *testing.T) {
	names := []string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}
	for _, zone := range []string{"UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu"} {
		location, err := time.LoadLocation(zone)
		require.NoError(t, err)
		for _, w := range []struct {
			days     []int
			from, to string
		}{{nil, "08:30", "17:45"}, {[]int{0, 6}, "22:15", "05:30"}, {[]int{1}, "00:00", "24:00"}, {[]int{6}, "01:30", "02:30"}} {
			m := map[string]any{"from": w.from, "to": w.to, "zone": zone}
			if w.days != nil {
				var days []string
				for _, d := range w.days {
					days = append(days, names[d])
				}
				m["days"] = days
			}
			b, err := json.Marshal([]any{m})
			require.NoError(t, err)
			p := windows(t, string(b))
			for _, start := range []time.Time{time.Date(2026, 3, 27, 0, 0, 0, 0, time.UTC), time.Date(2026, 10, 30, 0, 0, 0, 0, time.UTC)} {
				for minute := 0; minute < 4*24*60; minute += 5 {
					f := facts(func(f *policy.Facts) { f.Now = start.Add(time.Duration(minute) * time.Minute) })
					shown := f.Now.In(location)
					hand, today := shown.Format("15:04"), int(shown.Weekday())
					on := func(d int) bool { return w.days == nil || slices.Contains(w.days, d) }
					want := on(today) && w.from <= hand && hand < w.to
					if w.from > w.to {
						want = on(today) && hand >= w.from || on((today+6)%7) && hand < w.to
					}
					if got := p.Decide(f).Access == policy.Allow; got != want {
						t.Fatalf("%s at %v", b, shown)
					}
				}
			}
		}
	}
}
