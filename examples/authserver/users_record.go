package main

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/mintyard/mintyard/store"
)

// kindUser is the kind of our own records: the library's packages use others.
const kindUser store.Kind = 'U'

// userRecord is what has changed of a person while the server ran. It wins over
// the file until the file's entry changes.
type userRecord struct {
	V int `json:"v"`

	// Entry and Access say what the file's entry was when it last won: all of it,
	// and the part on which grants hang. They are digests, and sealed: a digest of
	// a password that people choose is no secret kept.
	Entry  []byte `json:"entry,omitempty"`
	Access []byte `json:"access,omitempty"`

	// Ending says that the person's grants are being ended. Whoever finds it
	// at start ends them again: the process that began may have been killed.
	Ending bool `json:"ending,omitempty"`

	Status       string    `json:"status,omitempty"`
	Groups       *[]string `json:"groups,omitempty"`
	PasswordHash string    `json:"password_hash,omitempty"`
}

const userRecordVersion = 1

func userKey(id string) store.Key {
	return store.Key{Kind: kindUser, Space: store.Digest("authserver users"), ID: store.Digest("user", id)}
}

func decodeUserRecord(rec store.Record) (*userRecord, error) {
	r := &userRecord{V: userRecordVersion}
	if rec.Version == 0 {
		return r, nil
	}
	if err := json.Unmarshal(rec.Value, r); err != nil {
		return nil, fmt.Errorf("users: the record of a user is damaged: %w", err)
	}
	if r.V != userRecordVersion {
		return nil, fmt.Errorf("users: the record of a user is of version %d, and this program knows %d", r.V, userRecordVersion)
	}
	return r, nil
}

func (u *users) read(ctx context.Context, id string) (*userRecord, error) {
	rec, err := readRecord(ctx, u.store, userKey(id))
	if err != nil {
		return nil, err
	}
	return decodeUserRecord(rec)
}

// errNothing ends an update that has nothing to change.
var errNothing = errors.New("users: nothing to change")

// update changes the record of a person by one compare-and-swap.
func (u *users) update(ctx context.Context, id string, edit func(*userRecord) error) error {
	_, err := store.Update(ctx, u.store, userKey(id), func(cur store.Record) (store.Record, error) {
		r, err := decodeUserRecord(cur)
		if err != nil {
			return cur, err
		}
		if err := edit(r); err != nil {
			return cur, err
		}
		cur.Value, err = json.Marshal(r)
		return cur, err
	})
	if errors.Is(err, errNothing) {
		return nil
	}
	return err
}

// change is what an operator does to a person; nil is left as it is.
type change struct {
	status       *string
	groups       *[]string
	passwordHash *string
}

// change makes the change, and ends the person's grants if it takes something
// away: a suspension, a new password. Who comes back finds nothing of before: what
// an interrupted suspension has left is ended first.
func (u *users) change(ctx context.Context, id string, c change, end func(context.Context, string) error) error {
	if c.status != nil && *c.status == statusActive {
		p, err := u.person(ctx, id)
		if err != nil {
			return err
		}
		if p.status != statusActive {
			if err := end(ctx, id); err != nil {
				return err
			}
		}
	}
	ending := false
	err := u.update(ctx, id, func(r *userRecord) error {
		ending = r.Ending || c.passwordHash != nil || c.status != nil && *c.status != statusActive
		if c.status != nil {
			r.Status = *c.status
		}
		if c.groups != nil {
			r.Groups = c.groups
		}
		if c.passwordHash != nil {
			r.PasswordHash = *c.passwordHash
		}
		r.Ending = ending
		return nil
	})
	if err != nil || !ending {
		return err
	}
	return u.finish(ctx, id, end)
}

// finish ends the person's grants and takes the mark away.
func (u *users) finish(ctx context.Context, id string, end func(context.Context, string) error) error {
	if err := end(ctx, id); err != nil {
		return err
	}
	return u.update(ctx, id, func(r *userRecord) error {
		if !r.Ending {
			return errNothing
		}
		r.Ending = false
		return nil
	})
}

// settle compares the file with what it was when it last won. An entry that has
// changed wins again, and if it changes status or password it ends the person's
// grants, as the same change at run time would.
// It then has the factors of the file, and no others.
func (u *users) settle(ctx context.Context, end func(context.Context, string) error, equip func(context.Context, *userConfig) error) error {
	for _, p := range u.list {
		if err := u.settleOne(ctx, p, end, equip); err != nil {
			return fmt.Errorf("users: %q: %w", p.ID, err)
		}
	}
	return nil
}

func (u *users) settleOne(ctx context.Context, p *userConfig, end func(context.Context, string) error, equip func(context.Context, *userConfig) error) error {
	entry, err := digest(p)
	if err != nil {
		return err
	}
	access, err := digest([]string{p.Status, p.Password, p.PasswordHash})
	if err != nil {
		return err
	}
	key, ending := userKey(p.ID), false
	before, err := u.read(ctx, p.ID)
	if err != nil {
		return err
	}
	if same, err := u.opens(key, "entry", before.Entry, entry); err != nil {
		return err
	} else if !same { // before the record says so: an interrupted start begins again
		if err := equip(ctx, p); err != nil {
			return err
		}
	}
	err = u.update(ctx, p.ID, func(r *userRecord) error {
		ending = r.Ending
		same, err := u.opens(key, "entry", r.Entry, entry)
		if err != nil {
			return err
		}
		if same {
			return errNothing
		}
		if r.Entry != nil {
			same, err := u.opens(key, "access", r.Access, access)
			if err != nil {
				return err
			}
			ending = ending || !same
		}
		*r = userRecord{
			V: userRecordVersion, Ending: ending,
			Entry: u.sealer.Seal(nil, key, "entry", entry), Access: u.sealer.Seal(nil, key, "access", access),
		}
		return nil
	})
	if err != nil || !ending {
		return err
	}
	return u.finish(ctx, p.ID, end)
}

// opens reports whether a sealed digest is the given one; nothing is none.
func (u *users) opens(key store.Key, label string, sealed, want []byte) (bool, error) {
	if sealed == nil {
		return false, nil
	}
	got, err := u.sealer.Open(nil, key, label, sealed)
	return string(got) == string(want), err
}

func digest(v any) ([]byte, error) {
	b, err := json.Marshal(v) // members of maps in order
	sum := sha256.Sum256(b)
	return sum[:], err
}
