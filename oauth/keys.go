package oauth

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/mintyard/mintyard/oauth/token"
)

// Keys are the keys of one server: those that sign, published in its JWKS, and
// those that make handles, which nobody else ever sees.
type Keys struct {
	Signing *token.Ring
	Handles *token.Handles

	server string
	vault  *Vault // where they are kept, or nil

	mu     sync.Mutex
	doc    *keyDocument // of generated keys, which live in this process only
	looked time.Time    // when they were last read again
}

// GenerateKeys makes keys that live as long as the process: for tests, and for
// servers whose tokens may die with it. Every algorithm gets an active key and
// the next one, which is published before it is used. At least one is needed.
func GenerateKeys(server string, algorithms ...token.Algorithm) (*Keys, error) {
	doc, err := generateKeys(algorithms)
	if err != nil {
		return nil, err
	}
	k := &Keys{server: server, doc: doc}
	return k, k.load(doc)
}

// NewKeys takes keys that the host keeps itself, in a key service, say: only what
// is behind crypto.Signer needs to leave it.
func NewKeys(server string, signing *token.Ring, handles token.HandleKeys) (*Keys, error) {
	h, err := token.NewHandles(server, handles)
	if err != nil {
		return nil, fmt.Errorf("oauth: NewKeys: %w", err)
	}
	return &Keys{server: server, Signing: signing, Handles: h}, nil
}

// errNotInVault refuses a rotation that only the host can make.
var errNotInVault = errors.New("oauth: these keys are the host's own: replace them in their ring")

// load makes the rings of a document, or replaces what is in them.
func (k *Keys) load(doc *keyDocument) error {
	signing, handles, err := doc.parse()
	if err != nil {
		return err
	}
	if k.Signing != nil {
		return errors.Join(k.Signing.Replace(signing), k.Handles.Replace(handles))
	}
	if k.Signing, err = token.NewRing(signing); err != nil {
		return err
	}
	k.Handles, err = token.NewHandles(k.server, handles)
	return err
}

// Reload reads the keys again, for what another node has changed. It does nothing
// for keys that live in this process.
func (k *Keys) Reload(ctx context.Context) error {
	if k.vault == nil {
		return nil
	}
	doc, _, err := k.vault.read(ctx, k.server)
	if err != nil {
		return err
	}
	if doc == nil {
		return fmt.Errorf("oauth: the store has no keys of server %q any more", k.server)
	}
	return k.load(doc)
}

// LookAgain reads the keys again because a handle or a token names one that is not known
// here, at most once a second: strangers can name what they like. It reports whether it
// is worth to look again.
func (k *Keys) LookAgain(ctx context.Context, now time.Time) bool {
	if k.vault == nil {
		return false
	}
	k.mu.Lock()
	fresh := now.Sub(k.looked) >= time.Second || now.Before(k.looked)
	if fresh {
		k.looked = now
	}
	k.mu.Unlock()
	return fresh && k.Reload(ctx) == nil
}

// Rotate makes the next signing key of an algorithm the active one, and a new one
// the next. The former keeps verifying until [Keys.Retire]. With a vault every
// node takes part: the next key was published all along.
func (k *Keys) Rotate(ctx context.Context, alg token.Algorithm) error {
	return k.change(ctx, func(d *keyDocument) error { return d.rotate(alg) })
}

// RotateHandles begins a new handle key. The former ones stay good: refresh
// tokens made under them may live for months.
func (k *Keys) RotateHandles(ctx context.Context) error {
	return k.change(ctx, func(d *keyDocument) error { d.rotateHandles(); return nil })
}

// Retire forgets a signing key that is retiring. Tokens that it signed stop
// verifying: the longest of them must be over.
func (k *Keys) Retire(ctx context.Context, kid string) error {
	return k.change(ctx, func(d *keyDocument) error { return d.retire(kid) })
}

func (k *Keys) change(ctx context.Context, edit func(*keyDocument) error) error {
	if k.vault != nil {
		doc, err := k.vault.update(ctx, k.server, edit)
		if err != nil {
			return err
		}
		return k.load(doc)
	}
	if k.doc == nil {
		return errNotInVault
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if err := edit(k.doc); err != nil {
		return err
	}
	return k.load(k.doc)
}
