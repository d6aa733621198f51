package sqlstore

import (
	"fmt"

	"github.com/mintyard/mintyard/store"
)

// keySize is the length of a key at rest: kind, space, id. One column keeps the
// index small and the order bytewise in every collation.
const keySize = 1 + 16 + 16

func encodeKey(k store.Key) []byte {
	b := make([]byte, 0, keySize)
	return appendKey(b, k)
}

func appendKey(b []byte, k store.Key) []byte {
	b = append(b, byte(k.Kind))
	b = append(b, k.Space[:]...)
	return append(b, k.ID[:]...)
}

func decodeKey(b []byte) (k store.Key, err error) {
	if len(b) != keySize {
		return k, fmt.Errorf("a key of %d bytes in the database, want %d", len(b), keySize)
	}
	k.Kind = store.Kind(b[0])
	copy(k.Space[:], b[1:17])
	copy(k.ID[:], b[17:])
	return k, nil
}
