package outbox

import "sync"

// maxKnown is how many receivers are remembered. If there are more, any one of them
// is a stranger again.
const maxKnown = 4096

// gate says how many attempts run at a time on this node, in all and to one receiver.
// Receivers that failed last get one place each and half of all between them, and with
// those of whom nothing is known three quarters. So however many hang until their time
// is up, a place is free for those that answered last. If it is those that begin to
// hang, they can take every place for the time of one attempt, and then no more.
type gate struct {
	all, each int // limits

	mu      sync.Mutex
	running map[string]int // by receiver
	shares  [3]int         // what runs, by standing
	known   map[string]standing
	changed chan struct{} // closed when a place becomes free
}

// standing is what a receiver did last.
type standing int

const (
	stranger standing = iota
	suspect           // failed
	good              // answered
)

// verdict is what becomes of who wants to enter.
type verdict int

const (
	entered  verdict = iota
	busy             // this receiver has its share; another one may enter
	overfull         // nobody may
)

func (g *gate) init(all, each int) {
	*g = gate{all: all, each: each, running: make(map[string]int), known: make(map[string]standing), changed: make(chan struct{})}
}

// enter takes a place if there is one. It does not wait. Whoever entered must leave
// with the standing that it had.
func (g *gate) enter(receiver string) (verdict, standing) {
	g.mu.Lock()
	defer g.mu.Unlock()
	as, each := g.known[receiver], g.each
	doubtful := g.shares[suspect] + g.shares[stranger]
	if as == suspect {
		each = 1
	}
	switch {
	case doubtful+g.shares[good] >= g.all:
		return overfull, as
	case g.running[receiver] >= each,
		as == suspect && g.shares[suspect] >= max(1, g.all/2),
		as != good && doubtful >= max(1, g.all*3/4):
		return busy, as
	}
	g.running[receiver]++
	g.shares[as]++
	return entered, as
}

// leave gives the place back.
func (g *gate) leave(receiver string, as standing) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.running[receiver]--; g.running[receiver] == 0 {
		delete(g.running, receiver)
	}
	g.shares[as]--
	close(g.changed)
	g.changed = make(chan struct{})
}

// judge remembers what the receiver did.
func (g *gate) judge(receiver string, answered bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if _, ok := g.known[receiver]; !ok && len(g.known) >= maxKnown {
		for other := range g.known {
			delete(g.known, other)
			break
		}
	}
	g.known[receiver] = suspect
	if answered {
		g.known[receiver] = good
	}
}

// wait returns what is closed when a place becomes free after this moment.
func (g *gate) wait() <-chan struct{} {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.changed
}
