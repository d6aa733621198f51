// Package outbox keeps work that must be done though the one who is to be told may
// not be there: a client's back-channel logout, a ping. The work is written to the
// store before the answer that promises it, and tried until it is done, by any node.
//
// [Outbox.Enqueue] writes one piece of work, [Outbox.Wake] has it tried at once, and
// [Outbox.Run] does what is due for as long as it runs. A piece of work is one
// record; whoever does it takes a lease by compare-and-swap and deletes the record
// afterwards. So it is done at least once: a node that dies after the receiver
// answered, or whose delete was lost, leaves work that is done again when the lease
// is over. It is not for what must be done at most once.
//
// What is not done after a number of attempts, or when its end comes, is given up,
// and [Config].Observe hears of it.
package outbox

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/mintyard/mintyard/store"
)

// Limits of a piece of work.
const (
	MaxPayload  = 16 << 10 // bytes
	MaxReceiver = 256      // bytes
	MaxLife     = 7 * 24 * time.Hour
)

// ErrTooLarge is returned by Enqueue for a payload or a receiver over its limit.
var ErrTooLarge = errors.New("outbox: the work is too large")

// Config describes one outbox. Nodes that share one agree in Store, Space and Name,
// and should agree in the rest.
type Config struct {
	Store store.Store // required
	Space [16]byte    // of the keys: whose work it is
	Name  string      // what kind of work; no outbox sees what is another's. Required

	// Send makes one attempt. It must return when its context ends: until then it
	// holds its place. Nil says that the work is done; an error that is a [Permanent]
	// one gives it up, and any other has it tried again. Calls run in parallel. Required.
	Send func(ctx context.Context, w Work) error

	// Observe hears of what went wrong. It is called in parallel, must return soon, and is
	// called before the record of what was given up is deleted: after a crash it may hear
	// of that twice, and never not at all. Required.
	Observe func(ctx context.Context, e Event)

	// Sealer seals payloads. Nil keeps them as they are, for whoever reads the store.
	Sealer *store.Sealer

	Now func() time.Time // nil means time.Now

	Timeout  time.Duration // of one attempt, at most a minute; 0 is 10 seconds
	Attempts int           // after so many it is given up; 0 is 12
	Life     time.Duration // of work without an End, at most MaxLife; 0 is 2 hours

	// First is about how long is waited after the first attempt. Every further wait is
	// twice as long, up to Longest. 0 is 5 seconds and 15 minutes.
	First, Longest time.Duration

	// Parallel is how many attempts a node makes at a time, and PerReceiver how many to
	// one receiver. Receivers that failed last get one each and half of all between them,
	// and with those never heard of three quarters, so that one that answered last always
	// finds a place. 0 is 16 and 2.
	Parallel, PerReceiver int
}

// ID names a piece of work within its outbox.
type ID [16]byte

// Work is something to be done.
type Work struct {
	// ID is chosen by the caller where enqueueing may be repeated: as long as the work
	// is there, the same ID again changes nothing. The zero ID asks for a random one.
	ID ID

	// Receiver says who holds up whom: attempts to one receiver are limited together.
	// The origin of an address is a good one, because many clients may share a host
	// that does not answer. Required.
	Receiver string

	Payload []byte // what Send needs to know; at most MaxPayload bytes

	// Due is when the first attempt is made, unless Wake asks for it earlier. Zero is at
	// once. A moment in the future leaves time for the write that the work belongs to.
	Due time.Time

	// End is when it is given up; zero is after Config.Life. Nothing is dropped before,
	// unless all attempts were made.
	End time.Time

	// Attempt counts from 1 in Send and in events, and is not heeded by Enqueue. An
	// attempt that ended with its node counts too.
	Attempt int
}

// Outbox is made by [New]. It is safe for concurrent use.
type Outbox struct {
	config Config
	gate   gate
	woken  woken
}

// kindWork is the kind of the records, and of the tags by which they are found.
const kindWork store.Kind = 'o'

// shards is how many tags the work of an outbox is spread over. It must not change:
// what hangs on a tag that nobody lists is never done.
const shards = 8

// New checks the configuration. An error names the field that is wrong.
func New(c Config) (*Outbox, error) {
	c.Timeout, c.Attempts, c.Life = cmp.Or(c.Timeout, 10*time.Second), cmp.Or(c.Attempts, 12), cmp.Or(c.Life, 2*time.Hour)
	c.First, c.Longest = cmp.Or(c.First, 5*time.Second), cmp.Or(c.Longest, 15*time.Minute)
	c.Parallel, c.PerReceiver = cmp.Or(c.Parallel, 16), cmp.Or(c.PerReceiver, 2)
	if c.Now == nil {
		c.Now = time.Now
	}
	wrong := ""
	switch {
	case c.Store == nil:
		wrong = "Store: is required"
	case c.Name == "":
		wrong = "Name: is required"
	case c.Send == nil:
		wrong = "Send: is required"
	case c.Observe == nil:
		wrong = "Observe: is required: nothing is given up silently"
	case c.Timeout < 0 || c.Timeout > time.Minute:
		wrong = "Timeout: must be between 0 and a minute"
	case c.Attempts < 0 || c.Attempts > 1000:
		wrong = "Attempts: must be between 0 and 1000"
	case c.Life < 0 || c.Life > MaxLife:
		wrong = "Life: must be between 0 and 7 days"
	case c.First < 0 || c.Longest < c.First || c.Longest > MaxLife:
		wrong = "First, Longest: must not be negative, and Longest not shorter than First or longer than 7 days"
	case c.Parallel < 0 || c.Parallel > 1000:
		wrong = "Parallel: must be between 0 and 1000"
	case c.PerReceiver < 0 || c.PerReceiver > c.Parallel:
		wrong = "PerReceiver: must be between 0 and Parallel"
	}
	if wrong != "" {
		return nil, errors.New("outbox: Config." + wrong)
	}
	o := &Outbox{config: c}
	o.gate.init(c.Parallel, c.PerReceiver)
	o.woken.signal = make(chan struct{}, 1)
	return o, nil
}

// Enqueue writes the work to the store. After nil it will be done, or given up, though
// every node should crash now; after an error it may be there all the same. It does
// not wake anybody.
func (o *Outbox) Enqueue(ctx context.Context, w Work) (ID, error) {
	now := o.config.Now()
	r := record{V: recordVersion, Receiver: w.Receiver, Next: now.UnixMilli(), End: now.Add(o.config.Life).UnixMilli()}
	if !w.Due.IsZero() {
		r.Next = w.Due.UnixMilli()
	}
	if !w.End.IsZero() {
		r.End = w.End.UnixMilli()
	}
	switch {
	case w.Receiver == "":
		return ID{}, errors.New("outbox: work has no receiver")
	case len(w.Receiver) > MaxReceiver, len(w.Payload) > MaxPayload:
		return ID{}, ErrTooLarge
	case r.End <= now.UnixMilli() || r.Next >= r.End:
		return ID{}, errors.New("outbox: the end of the work is over, or comes before it is due")
	case r.End > now.Add(MaxLife).UnixMilli():
		return ID{}, errors.New("outbox: the end of the work is too far away")
	}
	if w.ID == (ID{}) {
		rand.Read(w.ID[:])
	}
	key := o.key(w.ID)
	r.Payload = o.seal(key, w.Payload)
	rec, err := r.encode(key)
	if err != nil {
		return ID{}, err
	}
	rec.Tags = []store.Key{o.tag(int(w.ID[0]) % shards)}
	err = store.Insert(ctx, o.config.Store, rec)
	if err != nil && !errors.Is(err, store.ErrConflict) { // a conflict: it is there already
		return ID{}, fmt.Errorf("outbox: %w", err)
	}
	return w.ID, nil
}

func (o *Outbox) key(id ID) store.Key {
	space := store.Digest("outbox", string(o.config.Space[:]), o.config.Name)
	return store.Key{Kind: kindWork, Space: space, ID: id}
}

// tag names a shard: what a node lists to find work.
func (o *Outbox) tag(shard int) store.Key {
	key := o.key(ID{})
	key.ID = store.Digest("outbox shard", strconv.Itoa(shard))
	return key
}
