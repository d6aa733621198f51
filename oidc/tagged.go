package oidc

import (
	"context"
	"iter"

	"github.com/mintyard/mintyard/store"
)

// tagged lists the records of one kind that this server keeps under a tag, each once: a
// store may name one twice, and a tag outlives what it was put on for. An error ends it.
func (p *Provider) tagged(ctx context.Context, tag store.Key, kind store.Kind) iter.Seq2[store.Key, error] {
	return func(yield func(store.Key, error) bool) {
		seen := make(map[store.Key]bool)
		for key, err := range p.server.Config().Store.List(ctx, tag) {
			if err != nil {
				yield(store.Key{}, err)
				return
			}
			if key.Kind != kind || key.Space != p.server.Space() || seen[key] {
				continue
			}
			if seen[key] = true; !yield(key, nil) {
				return
			}
		}
	}
}
