package token

import (
	"crypto/hmac"
	"crypto/subtle"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// The errors of Parse. ErrHandleKey is for a value that could be one of ours, made
// under a key that is not known here: the caller may read its keys again.
var (
	ErrHandle    = errors.New("token: not a handle of this server and kind")
	ErrHandleKey = errors.New("token: a handle under an unknown key")
)

// Handle is an opaque value that names a record. On the wire it is
//
//	prefix base64url(version 1 | key id 4 | record 16 | generation 4 | payload | MAC 16 [| salt MAC 16])
//
// without padding, in its one canonical spelling. The MAC is over everything
// before it, and over kind and server, so that garbage and what was made elsewhere
// is refused without asking the store.
//
// Behind the prefix a handle is of A–Z, a–z, 0–9, "-" and "_" only. Without a payload that
// is 76 characters for refresh tokens and codes, and 55 for the others; n bytes of payload
// make it ⌈4(57+n)/3⌉ and ⌈4(41+n)/3⌉. It has never more than 4 KiB before it is encoded.
//
// Refresh tokens and codes carry a second MAC, made with a salt that only the
// record knows: whoever has stolen a handle key and an access token, which shows
// the record's id, still cannot make the refresh token; and whoever has read the
// store has the salt and no key.
//
// It prints without its record and its MACs: a log is no place for what can be used.
type Handle struct {
	Kind       HandleKind
	KeyID      uint32 // 0 lets Append take the active key
	Record     [16]byte
	Generation uint32
	Payload    []byte

	signed  []byte // what the salt MAC is over
	saltMAC []byte
}

// Format prints kind, key id and generation, from which no handle can be made.
func (h Handle) Format(f fmt.State, _ rune) {
	fmt.Fprintf(f, "%s handle, key %d, generation %d", h.Kind, h.KeyID, h.Generation)
}

const (
	handleVersion = 1
	handleHead    = 1 + 4 + 16 + 4
	macSize       = 16
	maxHandle     = 4 << 10 // bytes of a handle, before it is encoded
)

// Append appends a handle. salt is for the kinds that have a second MAC, and must
// be nil for the others; a salt of zeros is one that somebody forgot. The same input
// gives the same handle. A key id that is not known is [ErrHandleKey].
func (h *Handles) Append(dst []byte, hd *Handle, salt *[16]byte) ([]byte, error) {
	set := h.set.Load()
	id := hd.KeyID
	if id == 0 && set != nil {
		id = set.active
	}
	k := set.find(id)
	switch {
	case k == nil:
		return dst, ErrHandleKey
	case !hd.Kind.valid():
		return dst, errHandleKind
	case hd.Kind.salted() != (salt != nil), salt != nil && *salt == [16]byte{}:
		return dst, errHandleSalt
	case len(hd.Payload) > maxHandle-handleHead-2*macSize:
		return dst, errHandleSize
	}
	m := k.macs[hd.Kind].Get().(*macState)
	b := append(m.buf[:0], handleVersion)
	b = binary.BigEndian.AppendUint32(b, id)
	b = append(b, hd.Record[:]...)
	b = binary.BigEndian.AppendUint32(b, hd.Generation)
	b = append(b, hd.Payload...)
	b = append(b, m.sum(b)...)
	if salt != nil {
		b = append(b, m.sumSalt(b, salt)...)
	}
	dst = append(dst, handlePrefixes[hd.Kind]...)
	dst = base64.RawURLEncoding.AppendEncode(dst, b)
	m.buf = b
	m.free(&k.macs[hd.Kind])
	return dst, nil
}

// Parse checks the form and the first MAC of a handle, and appends what it decodes
// to buf: Payload points into the returned buffer. It does not allocate if buf has
// room for twice the handle. Beside an error, buf is returned as it was.
//
// For a kind with a second MAC, [Handles.CheckSalt] is still to be asked.
func (h *Handles) Parse(buf []byte, kind HandleKind, s string) (Handle, []byte, error) {
	if !kind.valid() {
		return Handle{}, buf, ErrHandle
	}
	text, ok := strings.CutPrefix(s, handlePrefixes[kind])
	tail := macSize
	if kind.salted() {
		tail += macSize
	}
	n := base64.RawURLEncoding.DecodedLen(len(text))
	if !ok || n < handleHead+tail || n > maxHandle || strings.ContainsAny(text, "\r\n") {
		return Handle{}, buf, ErrHandle
	}
	// The text is copied behind the place where it is decoded: Decode wants bytes.
	start := len(buf)
	buf = slices.Grow(buf, n+len(text))
	b, src := buf[start:start+n:start+n], buf[start+n:start+n+len(text)]
	copy(src, text)
	if _, err := strictURL.Decode(b, src); err != nil || b[0] != handleVersion {
		return Handle{}, buf, ErrHandle
	}
	hd := Handle{Kind: kind, KeyID: binary.BigEndian.Uint32(b[1:]), Generation: binary.BigEndian.Uint32(b[21:])}
	copy(hd.Record[:], b[5:])
	k := h.set.Load().find(hd.KeyID)
	if k == nil {
		return Handle{}, buf, ErrHandleKey
	}
	end := n - tail
	m := k.macs[kind].Get().(*macState)
	good := hmac.Equal(m.sum(b[:end]), b[end:end+macSize])
	m.free(&k.macs[kind])
	if !good {
		return Handle{}, buf, ErrHandle
	}
	hd.Payload = b[handleHead:end:end] // appending to it must not write over the MACs
	if kind.salted() {
		hd.signed, hd.saltMAC = b[:end+macSize], b[end+macSize:]
	}
	return hd, buf[:start+n], nil
}

// strictURL refuses loose bits at the end: one handle has one spelling.
var strictURL = base64.RawURLEncoding.Strict()

// CheckSalt checks the second MAC of a handle that Parse has returned, once the
// salt of its record is known, in constant time. It is false for kinds that have none,
// for a salt that is missing or all zeros, and for a key that was removed meanwhile.
func (h *Handles) CheckSalt(hd *Handle, salt *[16]byte) bool {
	k := h.set.Load().find(hd.KeyID)
	if k == nil || !hd.Kind.salted() || len(hd.saltMAC) != macSize || salt == nil || *salt == [16]byte{} {
		return false
	}
	m := k.macs[hd.Kind].Get().(*macState)
	good := subtle.ConstantTimeCompare(m.sumSalt(hd.signed, salt), hd.saltMAC) == 1
	m.free(&k.macs[hd.Kind])
	return good
}

var (
	errHandleKind = errors.New("token: not a kind of handle")
	errHandleSalt = errors.New("token: a salt is for refresh tokens and codes, and they need one that is not zero")
	errHandleSize = errors.New("token: the payload of a handle is too large")
)
