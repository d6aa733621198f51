package token

import (
	"encoding/base64"
	"encoding/binary"
	"errors"
)

// View is what an opaque access token says of itself: what the record of its
// grant cannot know, because a grant has many tokens. It is the payload of a
// [HandleAccess] handle, protected by its MAC and readable by whoever holds it, so
// that nothing personal belongs in it.
type View struct {
	IssuedAt int64   // Unix seconds, not negative
	Lifetime uint32  // seconds
	ID       [8]byte // the token's own part of its jti

	// Which of the grant's scopes and resources the token is for: indexes into its
	// lists, which only grow. All of them is the usual case, and takes no room.
	AllScopes, AllResources bool
	ScopeBits, ResourceBits Bits

	// HasKey says that the token is bound to a key: Key is the SHA-256 thumbprint
	// of a DPoP key (RFC 9449), or of a certificate (RFC 8705) if KeyIsCertificate.
	HasKey, KeyIsCertificate bool
	Key                      [32]byte

	// Client is the client, if it is not the grant's.
	Client string

	// Standalone tokens hang on no grant: the client asked for itself. Client,
	// Scopes and Audience are then all there is.
	Standalone bool
	Scopes     []string
	Audience   []string
}

// ErrView is returned for a payload that is not the canonical form of a view.
var ErrView = errors.New("token: not a view")

const (
	flagAllScopes = 1 << iota
	flagAllResources
	flagKey
	flagCertificate
	flagClient
	flagStandalone
	viewFlags = 1<<iota - 1
)

// Append appends the payload.
func (v *View) Append(dst []byte) []byte {
	var flags byte
	for _, f := range [...]struct {
		on  bool
		bit byte
	}{
		{v.AllScopes || v.Standalone, flagAllScopes}, {v.AllResources || v.Standalone, flagAllResources},
		{v.HasKey, flagKey}, {v.HasKey && v.KeyIsCertificate, flagCertificate},
		{v.Client != "", flagClient}, {v.Standalone, flagStandalone},
	} {
		if f.on {
			flags |= f.bit
		}
	}
	dst = append(dst, flags)
	dst = binary.AppendUvarint(dst, uint64(v.IssuedAt))
	dst = binary.AppendUvarint(dst, uint64(v.Lifetime))
	dst = append(dst, v.ID[:]...)
	if flags&flagAllScopes == 0 {
		dst = v.ScopeBits.append(dst)
	}
	if flags&flagAllResources == 0 {
		dst = v.ResourceBits.append(dst)
	}
	if v.HasKey {
		dst = append(dst, v.Key[:]...)
	}
	if v.Client != "" {
		dst = appendText(dst, v.Client)
	}
	if v.Standalone {
		dst = appendTexts(dst, v.Scopes)
		dst = appendTexts(dst, v.Audience)
	}
	return dst
}

// ParseView reads a payload into v. Views of grants are read without allocating, and
// all text of one that names a client or is standalone is one string; the lists of v are
// used again.
// What is not exactly what Append writes is [ErrView], and leaves an empty view.
func ParseView(payload []byte, v *View) error {
	scopes, audience := v.Scopes[:0], v.Audience[:0]
	*v = View{}
	if len(payload) > maxHandle {
		return ErrView
	}
	r := reader{b: payload}
	flags := r.byte()
	v.AllScopes, v.AllResources = flags&flagAllScopes != 0, flags&flagAllResources != 0
	v.HasKey, v.KeyIsCertificate = flags&flagKey != 0, flags&flagCertificate != 0
	v.Standalone = flags&flagStandalone != 0
	v.IssuedAt = int64(r.uvarint(1<<62 - 1))
	v.Lifetime = uint32(r.uvarint(1<<32 - 1))
	copy(v.ID[:], r.take(len(v.ID)))
	if !v.AllScopes {
		v.ScopeBits = r.bits()
	}
	if !v.AllResources {
		v.ResourceBits = r.bits()
	}
	if v.HasKey {
		copy(v.Key[:], r.take(len(v.Key)))
	}
	if flags&flagClient != 0 {
		v.Client = r.text()
		r.bad = r.bad || v.Client == ""
	}
	if v.Standalone {
		v.Scopes, v.Audience = r.texts(scopes), r.texts(audience)
	}
	if r.bad || len(r.b) != 0 || flags&^viewFlags != 0 || v.KeyIsCertificate && !v.HasKey ||
		v.Standalone && !(v.AllScopes && v.AllResources) {
		*v = View{}
		return ErrView
	}
	return nil
}

// SetConfirmation binds the view to a key: jkt or x5t is a SHA-256 thumbprint in
// base64url; both "" is none. Both set, and what is no thumbprint, is [ErrView], and
// changes nothing.
func (v *View) SetConfirmation(jkt, x5t string) error {
	var key [32]byte
	if jkt == "" && x5t == "" {
		v.HasKey, v.KeyIsCertificate, v.Key = false, false, key
		return nil
	}
	var src [43]byte
	if (jkt != "" && x5t != "") || len(jkt)+len(x5t) != len(src) {
		return ErrView
	}
	copy(src[copy(src[:], jkt):], x5t)
	if n, err := strictURL.Decode(key[:], src[:]); err != nil || n != len(key) {
		return ErrView
	}
	v.HasKey, v.KeyIsCertificate, v.Key = true, x5t != "", key
	return nil
}

// Confirmation is what SetConfirmation was given.
func (v *View) Confirmation() (jkt, x5t string) {
	if !v.HasKey {
		return "", ""
	}
	s := base64.RawURLEncoding.EncodeToString(v.Key[:])
	if v.KeyIsCertificate {
		return "", s
	}
	return s, ""
}

// SetScopes makes the view one of some of the grant's scopes; nil is all of them.
// What is not among all is left out.
func (v *View) SetScopes(all, some []string) { v.AllScopes, v.ScopeBits = choose(all, some) }

// SetResources does the same for resources.
func (v *View) SetResources(all, some []string) { v.AllResources, v.ResourceBits = choose(all, some) }

// SelectScopes returns those of the grant's scopes that the token has.
func (v *View) SelectScopes(all []string) []string { return v.ScopeBits.pick(all, v.AllScopes) }

// SelectResources does the same for resources.
func (v *View) SelectResources(all []string) []string {
	return v.ResourceBits.pick(all, v.AllResources)
}

func choose(all, some []string) (bool, Bits) {
	if some == nil {
		return true, Bits{}
	}
	var b Bits
	for i, s := range all {
		for _, t := range some {
			if s == t {
				b.Set(i)
			}
		}
	}
	return false, b
}

// reader reads a payload; bad says that it was cut or not canonical.
type reader struct {
	b    []byte
	bad  bool
	rest string // from the first text on, which all texts are parts of
}

func (r *reader) take(n int) []byte {
	if r.bad || len(r.b) < n {
		r.bad = true
		return nil
	}
	b := r.b[:n]
	r.b = r.b[n:]
	return b
}

func (r *reader) byte() byte {
	if b := r.take(1); b != nil {
		return b[0]
	}
	return 0
}

func (r *reader) uvarint(most uint64) uint64 {
	x, n := binary.Uvarint(r.b)
	if r.bad || n <= 0 || x > most || n > 1 && r.b[n-1] == 0 { // a longer spelling than needed
		r.bad = true
		return 0
	}
	r.b = r.b[n:]
	return x
}

func (r *reader) text() string {
	n := int(r.uvarint(maxHandle))
	if r.bad || n > len(r.b) {
		r.bad = true
		return ""
	}
	if r.rest == "" {
		r.rest = string(r.b)
	}
	at := len(r.rest) - len(r.b)
	r.b = r.b[n:]
	return r.rest[at : at+n]
}

func (r *reader) texts(dst []string) []string {
	n := int(r.uvarint(maxHandle))
	for range n {
		if r.bad {
			return nil
		}
		dst = append(dst, r.text())
	}
	return dst
}

func appendText(dst []byte, s string) []byte {
	return append(binary.AppendUvarint(dst, uint64(len(s))), s...)
}

func appendTexts(dst []byte, list []string) []byte {
	dst = binary.AppendUvarint(dst, uint64(len(list)))
	for _, s := range list {
		dst = appendText(dst, s)
	}
	return dst
}
