package storetest

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func get(begin, end time.Duration, seen uint64) event {
	return event{begin: begin, end: end, kind: "get", new: seen, ok: true}
}

func put(begin, end time.Duration, old, new uint64, ok bool) event {
	return event{begin: begin, end: end, kind: "put", old: old, new: new, ok: ok}
}

func del(begin, end time.Duration, old uint64, ok bool) event {
	return event{begin: begin, end: end, kind: "delete", old: old, ok: ok}
}

// The checker itself is checked with histories of which the answer is known.
func TestLinearizable(t *testing.T) {
	for name, c := range map[string]struct {
		history []event
		want    bool
	}{
		"nothing":                           {nil, true},
		"one after the other":               {[]event{put(0, 1, 0, 5, true), get(2, 3, 5), del(4, 5, 5, true), get(6, 7, 0)}, true},
		"a read that is stale":              {[]event{put(0, 1, 0, 5, true), get(2, 3, 0)}, false},
		"a read during the write":           {[]event{put(0, 4, 0, 5, true), get(1, 2, 0), get(1, 3, 5)}, true},
		"reads that go back in time":        {[]event{put(0, 9, 0, 5, true), get(1, 2, 5), get(3, 4, 0)}, false},
		"two winners":                       {[]event{put(0, 5, 0, 1, true), put(0, 5, 0, 2, true)}, false},
		"one winner":                        {[]event{put(0, 5, 0, 1, true), put(0, 5, 0, 2, false)}, true},
		"no winner":                         {[]event{put(0, 5, 0, 1, false), put(0, 5, 0, 2, false)}, false},
		"a conflict that had no cause":      {[]event{put(0, 1, 0, 1, true), put(2, 3, 1, 2, false)}, false},
		"a lost update":                     {[]event{put(0, 1, 0, 1, true), put(2, 3, 1, 2, true), put(2, 3, 1, 3, true), get(4, 5, 3)}, false},
		"what nobody wrote":                 {[]event{get(0, 1, 9)}, false},
		"deleted twice":                     {[]event{put(0, 1, 0, 1, true), del(2, 5, 1, true), del(2, 5, 1, true)}, false},
		"deleted, and written as if absent": {[]event{put(0, 1, 0, 1, true), del(2, 6, 1, true), put(3, 5, 0, 2, true), get(7, 8, 2)}, true},
	} {
		require.Equal(t, c.want, linearizable(c.history), name)
	}
}
