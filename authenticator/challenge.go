package authenticator

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"time"

	"github.com/mintyard/mintyard/store"
)

// challenges keeps what persons were asked over another channel: a code that was
// sent, a push that waits. A challenge is bound to who began it, and good once.
//
// Its id is only in the hands of who began it: the store knows a digest, so that
// who reads the store can answer nothing.
type challenges struct {
	store  store.Store
	space  space
	factor string // "sms", "push": whose they are; no other factor's id leads to them
	sealer *store.Sealer
	now    func() time.Time
}

// challengeState is what became of a challenge.
type challengeState string

// The states. The first answer stays: waiting may become any other, approved may
// become used, and nothing else changes.
const (
	challengeWaiting  challengeState = "waiting"
	challengeApproved challengeState = "approved" // by the person, on the device
	challengeDenied   challengeState = "denied"   // by the person, or a wrong number
	challengeUsed     challengeState = "used"     // proved something
	challengeOver     challengeState = "over"     // taken back
)

// challenge is one of them.
type challenge struct {
	id      string // 128 random bits, base64url; "" if it was read by its key
	key     store.Key
	who     [16]byte // the Identity that began it
	purpose Purpose
	target  string   // id of the authenticator that was asked; a random one for decoys
	sends   [16]byte // ID of the record in which its sending was counted
	sent    sent     // which of the sendings there it is
	state   challengeState
	tries   int       // at the code
	expires time.Time // whole seconds; it is good before that
	secret  []byte    // the factor's own, sealed at rest: a key, the numbers of a push
	mac     []byte    // of the code, under secret

	version uint64
	more    more
}

// begin makes a challenge, which is not stored yet.
func (cs *challenges) begin(id Identity, purpose Purpose, target string, life time.Duration) *challenge {
	c := &challenge{
		id: randomID(), who: id.digest("challenge"), purpose: purpose, target: target,
		state: challengeWaiting, expires: cs.now().Add(life).Truncate(time.Second),
	}
	c.key = cs.key(c.id)
	return c
}

// key is where the challenge of an id is.
func (cs *challenges) key(id string) store.Key {
	return store.Key{Kind: kindChallenge, Space: cs.space, ID: store.Digest("challenge", cs.factor, id)}
}

// insert stores a new challenge.
func (cs *challenges) insert(ctx context.Context, c *challenge, tags ...store.Key) error {
	rec, err := cs.record(c)
	if err != nil {
		return err
	}
	rec.Tags, rec.Version = tags, store.NewVersion()
	if err := store.Insert(ctx, cs.store, rec); err != nil {
		return unavailable("storing the challenge", err)
	}
	c.version = rec.Version
	return nil
}

// read returns the challenge of an id that the identity began. It is [ErrOver] if
// there is none, or its time is over, whatever the state.
func (cs *challenges) read(ctx context.Context, id Identity, challengeID string) (*challenge, error) {
	c, err := cs.readKey(ctx, cs.key(challengeID))
	if err != nil {
		return nil, err
	}
	if who := id.digest("challenge"); subtle.ConstantTimeCompare(who[:], c.who[:]) == 0 {
		return nil, ErrOver
	}
	c.id = challengeID
	return c, nil
}

// readKey is read for who found the key and is not the one that began it, such as
// the device. It must bind the challenge to its caller by itself.
func (cs *challenges) readKey(ctx context.Context, key store.Key) (*challenge, error) {
	recs := []store.Record{{Key: key}}
	if _, err := cs.store.Get(ctx, nil, recs); err != nil {
		return nil, unavailable("reading the challenge", err)
	}
	if recs[0].Version == 0 {
		return nil, ErrOver
	}
	c, err := cs.decode(recs[0])
	if err != nil {
		return nil, unavailable("reading the challenge", err)
	}
	if !cs.now().Before(c.expires) {
		return nil, ErrOver
	}
	return c, nil
}

// attempt counts one try at the code of a waiting challenge, before it is judged,
// and is [ErrOver] if it had most already.
func (cs *challenges) attempt(ctx context.Context, c *challenge, most int) error {
	return cs.change(ctx, c, func(c *challenge) error {
		if c.state != challengeWaiting || c.tries >= most {
			return ErrOver
		}
		c.tries++
		return nil
	})
}

// decide stores the person's answer, approved or denied, unless there is one. The
// same answer again is no error; another one is [ErrOver], and c then shows the one
// that stays.
func (cs *challenges) decide(ctx context.Context, c *challenge, answer challengeState) error {
	err := cs.change(ctx, c, func(c *challenge) error {
		switch c.state {
		case answer:
			return errSame
		case challengeWaiting:
			c.state = answer
			return nil
		}
		return ErrOver
	})
	if errors.Is(err, errSame) {
		return nil
	}
	return err
}

// spend uses a challenge up that is in the given state: waiting for a code that
// was right, approved for a push. Of any number of callers one hears nil; the
// others hear [ErrOver].
func (cs *challenges) spend(ctx context.Context, c *challenge, from challengeState) error {
	return cs.change(ctx, c, func(c *challenge) error {
		if c.state != from {
			return ErrOver
		}
		c.state = challengeUsed
		return nil
	})
}

// change is a compare-and-swap loop over the stored challenge. After it c is what
// was written, or what stood there when edit refused.
func (cs *challenges) change(ctx context.Context, c *challenge, edit func(*challenge) error) error {
	var refused error
	id := c.id
	rec, err := store.Update(ctx, cs.store, c.key, func(cur store.Record) (store.Record, error) {
		if refused = nil; cur.Version == 0 {
			refused = ErrOver // swept
			return cur, refused
		}
		next, err := cs.decode(cur)
		if err != nil {
			return cur, err
		}
		next.id, *c = id, *next
		if !cs.now().Before(next.expires) {
			refused = ErrOver
			return cur, refused
		}
		if refused = edit(next); refused != nil {
			return cur, refused
		}
		*c = *next
		return cs.record(next)
	})
	switch {
	case refused != nil:
		return refused
	case err != nil:
		return unavailable("changing the challenge", err)
	}
	c.version = rec.Version
	return nil
}

// setCode keeps a code as an HMAC under a key of the challenge's own: 256 random
// bits, sealed at rest, so that whoever reads the store cannot try all the codes
// there are. What the code is bound to is sealed with it.
func (c *challenge) setCode(code string, to [16]byte) {
	c.secret = make([]byte, sha256.Size, sha256.Size+len(to))
	rand.Read(c.secret) // never fails, by its contract
	c.secret = append(c.secret, to[:]...)
	c.mac = codeMAC(c.secret, code)
}

// setNoCode makes a decoy: it looks like one with a code, and no code matches.
func (c *challenge) setNoCode() {
	c.setCode("", c.who)
	rand.Read(c.mac)
}

// boundTo reports whether the code was set with this.
func (c *challenge) boundTo(to [16]byte) bool {
	return len(c.secret) == sha256.Size+len(to) && [16]byte(c.secret[sha256.Size:]) == to
}

// matches compares an entry, exactly, in a time that does not depend on the code.
func (c *challenge) matches(entry string) bool {
	if len(entry) > maxCode { // is wrong; not worth hashing all of it
		entry = entry[:maxCode+1]
	}
	return subtle.ConstantTimeCompare(codeMAC(c.secret, entry), c.mac) == 1
}

// maxCode is the length of the longest code there is.
const maxCode = 10

func codeMAC(key []byte, code string) []byte {
	m := hmac.New(sha256.New, key)
	m.Write([]byte(code))
	return m.Sum(nil)
}

// randomID returns 128 random bits.
func randomID() string {
	var b [16]byte
	rand.Read(b[:]) // never fails, by its contract
	return base64.RawURLEncoding.EncodeToString(b[:])
}
