package outbox

import "sync"

// maxWoken is how many pieces of work wait by name for Run. If there are more, it looks
// for all that is due.
const maxWoken = 1024

// woken is what Wake hands to Run.
type woken struct {
	signal chan struct{} // holds one if there is something

	mu   sync.Mutex
	ids  []ID
	more bool // than ids says
}

// Wake has the first attempt made at once by this node's Run, also of work that is not
// due yet; without a Run, by the next Deliver. It does not wait and cannot fail: what it
// is not heard for is done when it is due. Work that a node is at, or that failed
// before, keeps its time.
func (o *Outbox) Wake(ids ...ID) {
	w := &o.woken
	w.mu.Lock()
	room := maxWoken - len(w.ids)
	w.more = w.more || len(ids) > room
	w.ids = append(w.ids, ids[:min(len(ids), room)]...)
	w.mu.Unlock()
	select {
	case w.signal <- struct{}{}:
	default:
	}
}

// take returns what was woken since.
func (w *woken) take() (ids []ID, more bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	ids, more = w.ids, w.more
	w.ids, w.more = nil, false
	return ids, more
}
