package outbox

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/mintyard/mintyard/store"
)

// Result counts what one Deliver did.
type Result struct {
	Done, Retried, GivenUp int
	Next                   time.Time // when something more is due, of what was seen; zero if nothing is
}

// Deliver does all that is due, and what was woken, and returns when every attempt has
// ended. Any number of nodes may do so at once. When the context ends nothing is begun
// any more, and what runs is broken off; that counts as no attempt.
//
// A receiver that hangs for the time of an attempt is left for the next call. The error
// is of the store; what it kept from being done is done by the next call too.
func (o *Outbox) Deliver(ctx context.Context) (Result, error) {
	var errs []error
	p := o.newPass(func(err error) {
		if len(errs) < 10 {
			errs = append(errs, err)
		}
	})
	p.collect(ctx)
	p.takeWoken(ctx)
	for {
		changed := o.gate.wait()
		p.start(ctx)
		switch {
		case ctx.Err() != nil:
			p.drain()
			return p.result, errors.Join(append(errs, ctx.Err())...)
		case p.idle() && p.full && p.progress:
			p.collect(ctx)
			continue
		case p.idle():
			return p.result, errors.Join(errs...)
		}
		select {
		case out := <-p.outcomes:
			p.ended(out)
		case <-changed:
		case <-ctx.Done():
		}
	}
}

// pass goes through what is due. Everything in it belongs to one goroutine; attempts
// have one each, and report through outcomes.
type pass struct {
	o        *Outbox
	queue    queue
	outcomes chan outcome
	running  int
	trouble  func(error)

	result   Result
	full     bool // the last collection left something in the store
	progress bool // something was done since
}

func (o *Outbox) newPass(trouble func(error)) *pass {
	p := &pass{o: o, trouble: trouble, outcomes: make(chan outcome, o.config.Parallel)}
	p.queue.known = make(map[ID]struct{})
	p.queue.renew()
	return p
}

func (p *pass) idle() bool { return p.running == 0 && p.queue.size == 0 }

const (
	collectBatch = 32               // records that are read at a time
	collectLimit = 30 * time.Second // for all of them
)

// collect looks through the store for what is due. It begins anywhere, so that an error
// half-way does not always hide the same work.
func (p *pass) collect(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, collectLimit)
	defer cancel()
	p.queue.renew()
	p.full, p.progress, p.result.Next = false, false, time.Time{}
	first := rand.N(shards)
	for i := range shards {
		if err := p.collectShard(ctx, (first+i)%shards); err != nil && !errors.Is(err, context.Canceled) {
			p.trouble(fmt.Errorf("outbox: looking for work: %w", err))
		}
	}
	p.queue.shuffle()
}

func (p *pass) collectShard(ctx context.Context, shard int) error {
	batch := make([]store.Record, 0, collectBatch)
	var buf []byte
	read := func() (err error) {
		buf, err = p.read(ctx, buf, batch, false)
		batch = batch[:0]
		return err
	}
	for key, err := range p.o.config.Store.List(ctx, p.o.tag(shard)) {
		if err != nil {
			return errors.Join(err, read())
		}
		if batch = append(batch, store.Record{Key: key}); len(batch) == collectBatch {
			if err := read(); err != nil {
				return err
			}
		}
	}
	return read()
}

// read queues those of the records that are due.
func (p *pass) read(ctx context.Context, buf []byte, recs []store.Record, woken bool) ([]byte, error) {
	if len(recs) == 0 {
		return buf, nil
	}
	buf, err := p.o.config.Store.Get(ctx, buf[:0], recs)
	if err != nil {
		return buf, err
	}
	damaged := false
	now := p.o.config.Now()
	for i := range recs {
		if recs[i].Version == 0 { // done since it was listed
			continue
		}
		r, err := decode(recs[i].Value)
		switch {
		case err != nil:
			damaged = true
		case !r.due(now, woken):
			p.later(time.UnixMilli(r.Next))
		case !p.queue.add(item{id: recs[i].Key.ID, receiver: r.Receiver, woken: woken}):
			p.full = true
		}
	}
	if damaged { // which keeps nobody else from their turn
		p.trouble(errRecord)
	}
	return buf, nil
}

func (p *pass) later(t time.Time) {
	if p.result.Next.IsZero() || t.Before(p.result.Next) {
		p.result.Next = t
	}
}

// takeWoken queues what Wake asked for.
func (p *pass) takeWoken(ctx context.Context) {
	ids, more := p.o.woken.take()
	if more {
		p.collect(ctx)
	}
	ctx, cancel := context.WithTimeout(ctx, collectLimit)
	defer cancel()
	var buf []byte
	for len(ids) > 0 {
		n := min(len(ids), collectBatch)
		recs := make([]store.Record, n)
		for i, id := range ids[:n] {
			recs[i].Key = p.o.key(id)
		}
		ids = ids[n:]
		var err error
		if buf, err = p.read(ctx, buf, recs, true); err != nil && !errors.Is(err, context.Canceled) {
			p.trouble(fmt.Errorf("outbox: looking for work: %w", err))
		}
	}
}

// start begins as many attempts as there are places.
func (p *pass) start(ctx context.Context) {
	for ctx.Err() == nil {
		var as standing
		it, ok := p.queue.next(func(receiver string) (v verdict) {
			v, as = p.o.gate.enter(receiver)
			return v
		})
		if !ok {
			return
		}
		p.running++
		go func() {
			out := p.o.attempt(ctx, it)
			out.entered = as
			p.outcomes <- out
		}()
	}
}

// ended takes note of an attempt, and gives its place back only then: a receiver that
// hung must not be tried again just because its place is free. What waits
// for a receiver that hung for the time of one attempt is dropped: it stays due, and the
// next collection finds it.
func (p *pass) ended(out outcome) {
	p.running--
	delete(p.queue.known, out.item.id)
	switch out.result {
	case done:
		p.result.Done++
		p.progress = true
	case retried:
		p.result.Retried++
		p.later(out.next)
	case givenUp:
		p.result.GivenUp++
		p.progress = true
	}
	if l := p.queue.lanes[out.item.receiver]; l != nil && out.result != done {
		if l.lost += out.took; l.lost >= p.o.config.Timeout {
			p.queue.drop(l)
		}
	}
	p.o.gate.leave(out.item.receiver, out.entered)
	if out.err != nil {
		p.trouble(fmt.Errorf("outbox: the record of an attempt: %w", out.err))
	}
}

// drain waits for what was begun.
func (p *pass) drain() {
	for p.running > 0 {
		p.ended(<-p.outcomes)
	}
}
