package store

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"
)

// How long the outcome of a write that answered with an error may be looked up
// after the caller's own time: a caller who went away must not leave it
// unknown, and a store that is down must not keep anybody waiting.
const (
	resolveMin = 100 * time.Millisecond
	resolveMax = time.Second
)

// Insert writes rec if there is no record under its key, and returns
// [ErrConflict] if there is one. A Version of 0 is filled in.
//
// An error of unknown outcome is resolved as in [Swap].
func Insert(ctx context.Context, s Store, rec Record) error {
	return Swap(ctx, s, rec, 0)
}

// Swap writes rec if the stored version is old: one compare-and-swap, and
// [ErrConflict] if it lost. A Version of 0 is filled in.
//
// Any other error of the store may hide a write that took effect. Swap reads the
// record once more, on a context that outlives the caller's a little, and
// returns nil if its own version is there. If it is not, Swap returns the
// store's error: the write did not take effect, or it is still under way, or it
// did and was overwritten since. A caller who hears an error must therefore
// grant nothing.
func Swap(ctx context.Context, s Store, rec Record, old uint64) error {
	if rec.Version == 0 {
		rec.Version = NewVersion()
	}
	err := s.Put(ctx, rec, old)
	if err == nil || errors.Is(err, ErrConflict) {
		return err
	}
	if now, rerr := reread(ctx, s, rec.Key); rerr == nil && now == rec.Version {
		return nil
	}
	return err
}

// Remove deletes the record if its version is the given one, and returns
// [ErrConflict] otherwise.
//
// After an error of unknown outcome it reads the record once more, and returns
// nil if none is there. That cannot say who removed it: two callers of whom one
// lost its answer may both hear nil. What is good once is therefore swapped to a
// spent state, or marked by [Once], and not removed.
func Remove(ctx context.Context, s Store, key Key, version uint64) error {
	err := s.Delete(ctx, key, version)
	if err == nil || errors.Is(err, ErrConflict) {
		return err
	}
	if now, rerr := reread(ctx, s, key); rerr == nil && now == 0 {
		return nil
	}
	return err
}

// Update reads the record, lets edit make the next one of it, and swaps; after a
// conflict it does so again, until it wins or the context ends. It returns the
// record that it wrote.
//
// A cur whose Version is 0 says that there is no record. edit may be called any
// number of times, so it must not do anything but compute; it usually starts
// from cur, must not keep cur.Value, and may return it changed in place. Key and
// Version of next are filled in; nil Tags keep those that are there. An error of
// edit ends the loop, nothing is written, and Update returns that error with the
// record that edit saw.
//
// An error of unknown outcome is resolved as in [Swap] and is not tried again:
// a second try could apply the edit twice.
func Update(ctx context.Context, s Store, key Key, edit func(cur Record) (next Record, err error)) (Record, error) {
	var buf []byte
	recs := make([]Record, 1)
	for try := 0; ; try++ {
		recs[0] = Record{Key: key}
		var err error
		if buf, err = s.Get(ctx, buf[:0], recs); err != nil {
			return Record{Key: key}, err
		}
		next, err := edit(recs[0])
		if err != nil {
			return recs[0], err
		}
		next.Key, next.Version = key, NewVersion()
		err = Swap(ctx, s, next, recs[0].Version)
		if err == nil {
			return next, nil
		}
		if !errors.Is(err, ErrConflict) {
			return Record{Key: key}, err
		}
		if err := pause(ctx, try); err != nil {
			return Record{Key: key}, err
		}
	}
}

// Once reports whether the caller is the first to use what key stands for: a
// proof, an assertion, a revoked token. It leaves a marker that a sweep may drop
// after expires, in Unix seconds; 0 is never. Of all callers with one key at
// most one hears true; whoever hears an error must grant nothing, and whether the
// thing is used then shows when it is tried again.
//
// A marker that has expired by now, the caller's own time, counts as none. The
// life of a marker is therefore as long as the thing would be accepted, and
// twice the difference of the nodes' clocks longer. An expires that is over
// already is refused with an error, because such a marker protects nothing.
func Once(ctx context.Context, s Store, key Key, expires int64, now time.Time) (first bool, err error) {
	if expired(expires, now) {
		return false, errors.New("store: Once: expires lies before now")
	}
	rec := Record{Key: key, Version: NewVersion(), Expires: expires, Value: marker}
	for try, old := 0, uint64(0); ; try++ {
		err := Swap(ctx, s, rec, old)
		if err == nil {
			return true, nil
		}
		if !errors.Is(err, ErrConflict) {
			return false, err
		}
		if try > 0 {
			if err := pause(ctx, try); err != nil {
				return false, err
			}
		}
		cur, err := read(ctx, s, key)
		if err != nil {
			return false, err
		}
		if cur.Version != 0 && !expired(cur.Expires, now) {
			return false, nil
		}
		old = cur.Version
	}
}

// marker is the value of a record that says all by being there.
var marker = []byte("{}")

// expired reports whether a record is over. The second that Expires names still
// belongs to its life: a marker is rather honoured too long.
func expired(expires int64, now time.Time) bool {
	return expires != 0 && expires < now.Unix()
}

// read returns the record of one key.
func read(ctx context.Context, s Store, key Key) (Record, error) {
	recs := []Record{{Key: key}}
	_, err := s.Get(ctx, nil, recs)
	return recs[0], err
}

// reread returns the version that is stored now, whatever became of ctx.
func reread(ctx context.Context, s Store, key Key) (uint64, error) {
	ctx, cancel := detach(ctx, resolveMax, resolveMin)
	defer cancel()
	rec, err := read(ctx, s, key)
	return rec.Version, err
}

// detach returns a context that does not end when the caller goes away. It ends
// after limit or when the caller's deadline comes, if that is earlier, but lives
// for at least the given time.
func detach(ctx context.Context, limit, least time.Duration) (context.Context, context.CancelFunc) {
	if deadline, ok := ctx.Deadline(); ok {
		limit = min(limit, time.Until(deadline))
	}
	return context.WithTimeout(context.WithoutCancel(ctx), max(limit, least))
}

// pause waits a random time that grows with the number of tries, so that racers
// spread out. It returns the context's error if that ends first.
func pause(ctx context.Context, try int) error {
	ceiling := 100 * time.Microsecond << min(try, 9) // 51 ms
	t := time.NewTimer(rand.N(ceiling))
	defer t.Stop()
	select {
	case <-t.C:
		return ctx.Err()
	case <-ctx.Done():
		return ctx.Err()
	}
}
