package webauthn

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"unicode/utf8"

	"github.com/mintyard/mintyard/store"
)

// A user handle is what an authenticator keeps of a person, and says when nobody
// said a name. It is the subject itself if that fits; else, or if it was imported,
// a record says whose it is.

// handleRecord is such a record.
type handleRecord struct {
	V       int    `json:"v"`
	Subject []byte `json:"subject"` // bytes: it need not be text
}

const handleVersion = 1

// handleOf returns the user handle of a subject, and whether it needs a record. One
// that was computed begins with a zero byte, and no subject that is its own does.
func handleOf(subject string) (handle []byte, computed bool) {
	if len(subject) <= maxHandle && utf8.ValidString(subject) && subject[0] != 0 {
		return []byte(subject), false
	}
	a, b := store.Digest("user handle", subject), store.Digest("user handle, second half", subject)
	return bytes.Join([][]byte{{0}, a[:], b[:]}, nil), true
}

func (p *Passkeys) handleKey(handle []byte) store.Key {
	return store.Key{Kind: kindHandle, Space: p.space, ID: store.Digest("user handle", string(handle))}
}

// keepHandle returns the user handle of a subject, with a record if it needs one.
func (p *Passkeys) keepHandle(ctx context.Context, subject string) ([]byte, error) {
	handle, computed := handleOf(subject)
	if !computed {
		return handle, nil
	}
	return handle, p.storeHandle(ctx, handle, subject)
}

var errHandle = errors.New("webauthn: the user handle belongs to another person")

func (p *Passkeys) storeHandle(ctx context.Context, handle []byte, subject string) error {
	value, err := json.Marshal(handleRecord{V: handleVersion, Subject: []byte(subject)})
	if err != nil {
		return fmt.Errorf("webauthn: user handle: %w", err)
	}
	rec := store.Record{Key: p.handleKey(handle), Value: value, Tags: []store.Key{p.book.Tag(subject)}}
	switch err := store.Insert(ctx, p.config.Store, rec); {
	case errors.Is(err, store.ErrConflict):
	case err != nil:
		return unavailable("storing the user handle", err)
	default:
		return nil
	}
	switch owner, err := p.owner(ctx, handle); {
	case err != nil:
		return err
	case owner != subject:
		return errHandle
	}
	return nil
}

// owner returns the subject that a user handle names. Whether there is such a person
// it does not know.
func (p *Passkeys) owner(ctx context.Context, handle []byte) (string, error) {
	recs := []store.Record{{Key: p.handleKey(handle)}}
	if _, err := p.config.Store.Get(ctx, nil, recs); err != nil {
		return "", unavailable("reading the user handle", err)
	}
	if recs[0].Version != 0 {
		var r handleRecord
		if json.Unmarshal(recs[0].Value, &r) != nil || r.V != handleVersion || len(r.Subject) == 0 {
			return "", unavailable("reading the user handle", errRecord)
		}
		return string(r.Subject), nil
	}
	if len(handle) > maxHandle || !utf8.Valid(handle) {
		return "", nil
	}
	return string(handle), nil
}
