package outbox

import (
	"math/rand/v2"
	"time"
)

// Limits of what a node holds in memory; the rest stays in the store until there is room.
const (
	maxLane   = 64   // items to one receiver
	maxQueued = 8192 // items in all
)

// queue is what waits for its attempt, in a lane for each receiver. Lanes take turns.
type queue struct {
	lanes map[string]*lane
	ring  []*lane         // those with items
	known map[ID]struct{} // what waits or is being tried
	size  int
}

type lane struct {
	receiver string
	items    []item
	lost     time.Duration // that attempts took which failed
}

// add appends an item to its lane, and returns false if there is no room.
func (q *queue) add(it item) bool {
	if _, ok := q.known[it.id]; ok {
		return true
	}
	l := q.lanes[it.receiver]
	if q.size >= maxQueued || l != nil && len(l.items) >= maxLane {
		return false
	}
	if l == nil {
		l = &lane{receiver: it.receiver}
		q.lanes[it.receiver] = l
	}
	if len(l.items) == 0 {
		q.ring = append(q.ring, l)
	}
	l.items = append(l.items, it)
	q.known[it.id] = struct{}{}
	q.size++
	return true
}

// next takes the next item for which enter finds a place.
func (q *queue) next(enter func(receiver string) verdict) (it item, ok bool) {
	for range len(q.ring) {
		l := q.ring[0]
		switch enter(l.receiver) {
		case overfull:
			return item{}, false
		case busy:
			q.ring = append(q.ring[1:], l)
			continue
		}
		it, l.items = l.items[0], l.items[1:]
		q.ring = q.ring[1:]
		q.size--
		if len(l.items) > 0 {
			q.ring = append(q.ring, l)
		}
		return it, true
	}
	return item{}, false
}

// drop forgets what waits for a receiver.
func (q *queue) drop(l *lane) {
	for _, it := range l.items {
		delete(q.known, it.id)
	}
	q.size -= len(l.items)
	l.items = nil
	for i := range q.ring {
		if q.ring[i] == l {
			q.ring = append(q.ring[:i:i], q.ring[i+1:]...)
			break
		}
	}
}

// renew forgets all that waits, but for what was woken: the store says what is due.
func (q *queue) renew() {
	old := q.ring
	q.ring, q.lanes, q.size = nil, make(map[string]*lane), 0
	for _, l := range old {
		for _, it := range l.items {
			delete(q.known, it.id)
			if it.woken {
				q.add(it)
			}
		}
	}
}

// shuffle leaves to chance who comes first: two nodes that look at the same time should
// not go for the same records, and nobody should always be the last.
func (q *queue) shuffle() {
	rand.Shuffle(len(q.ring), func(i, j int) { q.ring[i], q.ring[j] = q.ring[j], q.ring[i] })
}
