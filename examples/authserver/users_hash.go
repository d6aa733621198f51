package main

import (
	"context"
	"crypto/rand"
	"sync"
	"sync/atomic"

	"github.com/mintyard/mintyard/authenticator"
	"github.com/mintyard/mintyard/store"
)

// hashFunc makes the slow hash of a password.
type hashFunc func(ctx context.Context, plaintext string) (string, error)

// newHashFunc hashes whatever it is given: the file's passwords are what their
// authors want to test with.
func newHashFunc() (hashFunc, error) {
	p, err := authenticator.NewPassword(authenticator.PasswordConfig{
		Source: noPasswords{}, Store: store.NewMemory(), Namespace: "hashes", DangerouslyAcceptAny: true, Queue: 4096,
	})
	if err != nil {
		return nil, err
	}
	return p.Hash, nil
}

// noPasswords is the source of a factor that only hashes.
type noPasswords struct{}

func (noPasswords) PasswordHash(context.Context, string) (string, error)          { return "", nil }
func (noPasswords) SetPasswordHash(context.Context, string, string, string) error { return nil }

// fileHashes are the hashes of the passwords that the file has in the clear. A
// thousand of them would take half a minute, so that they are made in the
// background, and at once for whoever signs in before.
type fileHashes struct {
	hash    hashFunc
	users   map[string]*fileHash
	pending atomic.Int64
}

type fileHash struct {
	mu    sync.Mutex
	plain string // until it is hashed
	hash  string
}

func newFileHashes(list []userConfig, hash hashFunc) *fileHashes {
	h := &fileHashes{hash: hash, users: make(map[string]*fileHash)}
	for _, u := range list {
		switch {
		case u.PasswordHash != "":
			h.users[u.ID] = &fileHash{hash: u.PasswordHash}
		case u.Password != "":
			h.users[u.ID] = &fileHash{plain: u.Password}
			h.pending.Add(1)
		}
	}
	return h
}

// of returns the hash of the file's password, "" if there is none. As long as some
// are pending every call makes one, so that time does not tell whose it was.
func (h *fileHashes) of(ctx context.Context, id string) (string, error) {
	waiting := h.pending.Load() > 0
	u := h.users[id]
	if u == nil {
		u = new(fileHash)
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	switch {
	case u.plain != "":
		hash, err := h.hash(ctx, u.plain)
		if err != nil {
			return "", err
		}
		u.plain, u.hash = "", hash
		h.pending.Add(-1)
	case waiting:
		if _, err := h.hash(ctx, "nobody's"); err != nil {
			return "", err
		}
	}
	return u.hash, nil
}

// warm hashes what is pending, one at a time, until the context ends.
func (h *fileHashes) warm(ctx context.Context) error {
	for _, u := range h.users {
		if ctx.Err() != nil {
			return nil
		}
		u.mu.Lock()
		if u.plain != "" {
			hash, err := h.hash(ctx, u.plain)
			if err != nil {
				u.mu.Unlock()
				return err
			}
			u.plain, u.hash = "", hash
			h.pending.Add(-1)
		}
		u.mu.Unlock()
	}
	return nil
}

func randomMasterKey() (k store.MasterKey) {
	rand.Read(k[:])
	return k
}
