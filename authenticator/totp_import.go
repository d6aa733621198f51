package authenticator

import (
	"bytes"
	"context"
	"encoding/base32"
	"errors"
	"fmt"
	"strings"

	"github.com/mintyard/mintyard/store"
)

// The size of an imported secret, in bytes. RFC 4226 section 4 asks for 16, but
// many that are in use, of 16 base32 characters, have 10.
const (
	minSecret = 10
	maxSecret = 128
)

// Import gives a person an authenticator app that was enrolled elsewhere, under
// an id of the host's. The secret is base32; lower case, blanks, hyphens and
// padding do not matter. To import the same again changes nothing, so that a host
// may do it at every start; another secret or other options under the id replace
// what was there.
func (t *TOTP) Import(ctx context.Context, subject, id, secret string, o TOTPOptions) error {
	switch {
	case subject == "":
		return errSubject
	case id == "" || len(id) > maxAccount:
		return fmt.Errorf("authenticator: Import: the id must have 1 to %d bytes", maxAccount)
	}
	if err := o.complete(); err != nil {
		return fmt.Errorf("authenticator: Import: TOTPOptions.%w", err)
	}
	raw, err := decodeSecret(secret)
	if err != nil {
		return err
	}
	now := t.config.Now()
	key := t.space.totp(subject, id)
	_, err = store.Update(ctx, t.config.Store, key, func(cur store.Record) (store.Record, error) {
		if cur.Version != 0 {
			same, err := t.same(cur, raw, o)
			if err != nil {
				return cur, err
			}
			if same {
				return cur, errSame
			}
		}
		rec, err := t.record(key, authenticator{TOTPOptions: o, id: id, secret: raw, since: now.Unix()})
		rec.Tags = []store.Key{t.space.person(Identity{Subject: subject})}
		return rec, err
	})
	if err != nil && !errors.Is(err, errSame) {
		return unavailable("importing the authenticator", err)
	}
	return nil
}

// errSame ends an update that would change nothing.
var errSame = errors.New("authenticator: nothing to change")

// same reports whether a record is that of a confirmed authenticator with this
// secret and these options.
func (t *TOTP) same(rec store.Record, secret []byte, o TOTPOptions) (bool, error) {
	a, err := t.decode(rec)
	if err != nil {
		return false, err
	}
	if err := t.unseal(&a); err != nil {
		return false, err
	}
	return a.confirmed() && a.TOTPOptions == o && bytes.Equal(a.secret, secret), nil
}

var errSecret = fmt.Errorf("authenticator: Import: the secret must be base32 of %d to %d bytes", minSecret, maxSecret)

// decodeSecret does not repeat the secret in its error.
func decodeSecret(s string) ([]byte, error) {
	s = strings.ToUpper(strings.NewReplacer(" ", "", "-", "").Replace(s))
	s = strings.TrimRight(s, "=")
	raw, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(s)
	if err != nil || len(raw) < minSecret || len(raw) > maxSecret {
		return nil, errSecret
	}
	return raw, nil
}
