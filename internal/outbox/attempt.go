package outbox

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/mintyard/mintyard/store"
)

const (
	// storeLimit bounds each step that reads or writes the record of an attempt.
	storeLimit = 5 * time.Second

	// leaseMargin is how much longer than an attempt its lease is: the write of the
	// lease, that of the outcome, and ten seconds of difference between two clocks.
	leaseMargin = 2*storeLimit + 10*time.Second
)

// item is a piece of work that waits for its attempt.
type item struct {
	id       ID
	receiver string
	woken    bool
}

// result is what became of an attempt.
type result int

const (
	skipped result = iota // another node has it, or it is done, or this one is to stop
	done
	retried
	givenUp
)

// outcome is what an attempt tells the pass that began it.
type outcome struct {
	item    item
	entered standing // with which it took its place
	result  result
	next    time.Time     // of one that is retried
	took    time.Duration // of Send
	err     error         // of the store
}

// leased is a record that is this node's until the lease is over.
type leased struct {
	record
	rec  store.Record
	over error // why there is no attempt, only the end
}

// attempt takes the lease, sends, and writes down what came of it. Send is called
// between two writes: one that counts the attempt, so that work which kills a node
// does not do so for ever, and one that ends it.
func (o *Outbox) attempt(ctx context.Context, it item) outcome {
	out := outcome{item: it}
	l, err := o.lease(ctx, it)
	if err != nil || l == nil {
		if ctx.Err() == nil {
			out.err = err
		}
		return out
	}
	w, err := o.work(l.rec.Key, &l.record)
	if err == nil && l.over == nil {
		begin := time.Now()
		err = o.send(ctx, w)
		out.took = time.Since(begin)
		if ctx.Err() == nil {
			o.gate.judge(it.receiver, err == nil || isPermanent(err))
		}
	}
	interrupted := ctx.Err() != nil
	ctx = context.WithoutCancel(ctx) // what is known is written down though the node is to stop
	now := o.config.Now()
	next, again := o.next(&l.record, now)
	switch {
	case l.over != nil:
		out.result = givenUp
		err = o.giveUp(ctx, l, w, l.over)
	case err == nil:
		out.result = done
		err = o.remove(ctx, l)
	case isPermanent(err):
		out.result = givenUp
		err = o.giveUp(ctx, l, w, err)
	case interrupted:
		l.Attempts--
		l.Next = now.UnixMilli()
		err = o.swap(ctx, l)
	case again:
		out.result, out.next = retried, next
		l.Next = next.UnixMilli()
		o.config.Observe(ctx, Event{Type: Retry, Work: w, Next: next, Err: err})
		err = o.swap(ctx, l)
	default:
		out.result = givenUp
		err = o.giveUp(ctx, l, w, err)
	}
	out.err = err
	return out
}

// lease takes the record for the time of an attempt and counts the attempt. It returns
// nil if there is nothing to do: the work is done, or another node is at it.
func (o *Outbox) lease(ctx context.Context, it item) (*leased, error) {
	ctx, cancel := context.WithTimeout(ctx, storeLimit)
	defer cancel()
	key := o.key(it.id)
	recs := []store.Record{{Key: key}}
	if _, err := o.config.Store.Get(ctx, nil, recs); err != nil || recs[0].Version == 0 {
		return nil, err
	}
	l := new(leased)
	var err error
	if l.record, err = decode(recs[0].Value); err != nil {
		return nil, err
	}
	now := o.config.Now()
	switch {
	case !l.due(now, it.woken):
		return nil, nil
	case now.UnixMilli() >= l.End:
		l.over = ErrEnd
	case l.Attempts >= o.config.Attempts:
		l.over = ErrAttempts
	default:
		l.Attempts++
	}
	l.Next = now.Add(o.config.Timeout + leaseMargin).UnixMilli()
	if l.rec, err = l.encode(key); err != nil {
		return nil, err
	}
	l.rec.Version = store.NewVersion()
	err = store.Swap(ctx, o.config.Store, l.rec, recs[0].Version)
	if errors.Is(err, store.ErrConflict) {
		return nil, nil
	}
	return l, err
}

// send makes one attempt. A panic would end the process, whatever the host's handlers
// do about theirs; here it is an attempt that failed.
func (o *Outbox) send(ctx context.Context, w Work) (err error) {
	ctx, cancel := context.WithTimeout(ctx, o.config.Timeout)
	defer cancel()
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("outbox: Send panicked: %v", v)
		}
	}()
	return o.config.Send(ctx, w)
}

// next is when to try again; false if there is nothing left to try. Half of the wait is
// left to chance, so that what failed together is not tried again together. An attempt
// that would come after the end is made just before it, as the last one.
func (o *Outbox) next(r *record, now time.Time) (time.Time, bool) {
	wait := o.config.First
	for n := 1; n < r.Attempts && wait < o.config.Longest; n++ {
		wait *= 2
	}
	wait = min(wait, o.config.Longest)
	next, last := now.Add(wait/2+rand.N(wait/2+1)).Truncate(time.Millisecond), time.UnixMilli(r.End).Add(-time.Second)
	if next.After(last) {
		next = last
	}
	return next, r.Attempts < o.config.Attempts && now.Before(last)
}

// giveUp tells first and deletes then: a crash between the two tells twice.
func (o *Outbox) giveUp(ctx context.Context, l *leased, w Work, why error) error {
	o.config.Observe(ctx, Event{Type: GaveUp, Work: w, Err: why})
	return o.remove(ctx, l)
}

func (o *Outbox) remove(ctx context.Context, l *leased) error {
	return settle(ctx, func(ctx context.Context) error { return store.Remove(ctx, o.config.Store, l.rec.Key, l.rec.Version) })
}

func (o *Outbox) swap(ctx context.Context, l *leased) error {
	rec, err := l.encode(l.rec.Key)
	if err != nil {
		return err
	}
	return settle(ctx, func(ctx context.Context) error { return store.Swap(ctx, o.config.Store, rec, l.rec.Version) })
}

// settle writes an outcome, three times if it must: if it does not come through, the
// receiver is asked again when the lease is over. A conflict says that the lease was
// over already, or that an earlier try had its effect.
func settle(ctx context.Context, write func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, storeLimit)
	defer cancel()
	for try := time.Duration(1); ; try++ {
		err := write(ctx)
		if err == nil || errors.Is(err, store.ErrConflict) {
			return nil
		}
		t := time.NewTimer(try * 100 * time.Millisecond)
		select {
		case <-t.C:
		case <-ctx.Done():
			t.Stop()
		}
		if try == 3 || ctx.Err() != nil {
			return err
		}
	}
}
