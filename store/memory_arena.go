package store

// arena holds the values of a shard, in large pieces of bytes.
type arena struct {
	chunks [][]byte
	room   int // bytes that values occupy, with what is left free behind each
	dead   int // bytes of those that nobody uses any more
}

// extent is where a value lies: a piece of an arena. The zero extent is none.
type extent struct {
	chunk  uint16 // + 1
	units  uint16 // how long it is
	offset uint32 // in bytes
}

const (
	unit       = 32      // values begin and end at multiples
	firstChunk = 4 << 10 // chunks double from here
	arenaChunk = 128 << 10
)

func (a *arena) bytes(e extent, size uint32) []byte {
	if e.chunk == 0 {
		return nil
	}
	return a.chunks[e.chunk-1][e.offset : e.offset+size]
}

// write puts a value where the old one lies if there is room, and else behind
// everything. The rest of an overwritten value is erased.
func (a *arena) write(old extent, oldSize uint32, value []byte) extent {
	if int(old.units)*unit >= len(value) && old.chunk != 0 {
		place := a.bytes(old, max(oldSize, uint32(len(value))))
		clear(place[copy(place, value):])
		return old
	}
	a.free(old)
	if len(value) == 0 {
		return extent{}
	}
	need := (len(value) + unit - 1) / unit * unit
	n := len(a.chunks)
	if n == 0 || cap(a.chunks[n-1])-len(a.chunks[n-1]) < need {
		if n > 0 { // what is left of the last chunk is lost
			lost := cap(a.chunks[n-1]) - len(a.chunks[n-1])
			a.room, a.dead = a.room+lost, a.dead+lost
		}
		size := firstChunk
		if n > 0 {
			size = min(2*cap(a.chunks[n-1]), arenaChunk)
		}
		a.chunks = append(a.chunks, make([]byte, 0, max(size, need)))
		n++
	}
	c := &a.chunks[n-1]
	e := extent{chunk: uint16(n), units: uint16(need / unit), offset: uint32(len(*c))}
	*c = (*c)[:len(*c)+need]
	copy((*c)[e.offset:], value)
	a.room += need
	return e
}

// free erases a value and counts its room as dead.
func (a *arena) free(e extent) {
	if e.chunk == 0 {
		return
	}
	n := int(e.units) * unit
	clear(a.bytes(e, uint32(n)))
	a.dead += n
}

// wasteful reports whether a third of the arena is dead, or the numbers of its
// chunks run out.
func (a *arena) wasteful() bool {
	return a.dead > arenaChunk && 3*a.dead > a.room || len(a.chunks) > 1<<16-2 && a.dead > 0
}
