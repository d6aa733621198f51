package token

import (
	"crypto/sha512"
	"encoding/base64"
	"errors"
	"slices"
	"strings"
	"sync"
)

// Types of JWT (the typ of the header; RFC 8725 section 3.11).
const (
	TypeAccessToken   = "at+jwt"                  // RFC 9068 section 2.1
	TypeIDToken       = "JWT"                     // OpenID Connect names none
	TypeLogoutToken   = "logout+jwt"              // OpenID Connect Back-Channel Logout section 2.4
	TypeIntrospection = "token-introspection+jwt" // RFC 9701 section 5
)

// preparedTypes are those whose header is made once per key.
var preparedTypes = [...]string{TypeAccessToken, TypeIDToken, TypeLogoutToken, TypeIntrospection}

var base64url = base64.RawURLEncoding

// AppendSigned appends a JWT of another kind than access and ID tokens: its type, and
// its claims as a JSON object. It refuses what is not one JSON object, with two members
// of one name anywhere, or with a type that is none or that of an access token. On
// error dst is returned at its length.
func (k *Key) AppendSigned(dst []byte, typ string, claims []byte) ([]byte, error) {
	if !validType(typ) || strings.EqualFold(typ, TypeAccessToken) || strings.EqualFold(typ, "application/"+TypeAccessToken) {
		return dst, errType
	}
	if err := checkObject(claims); err != nil {
		return dst, &ClaimError{"", err.Error()}
	}
	s := scratches.Get().(*scratch)
	defer s.release()
	return k.append(dst, typ, claims, s)
}

var errType = errors.New("token: AppendSigned: this type is none, or for AppendAccessToken alone")

// AccessTokenString is [Key.AppendAccessToken] into a string.
func (k *Key) AccessTokenString(t *AccessToken) (string, error) {
	s := scratches.Get().(*scratch)
	defer s.release()
	var err error
	s.out, err = k.AppendAccessToken(s.out[:0], t)
	return string(s.out), err
}

// IDTokenString is [Key.AppendIDToken] into a string.
func (k *Key) IDTokenString(t *IDToken) (string, error) {
	s := scratches.Get().(*scratch)
	defer s.release()
	var err error
	s.out, err = k.AppendIDToken(s.out[:0], t)
	return string(s.out), err
}

// AppendHash appends the at_hash of an access token, or the c_hash of a code (OpenID
// Connect Core sections 3.1.3.6 and 3.3.2.11), for an ID token that this key signs.
func (k *Key) AppendHash(dst []byte, token []byte) []byte { return k.alg.appendHash(dst, token) }

// append appends header, payload and signature.
func (k *Key) append(dst []byte, typ string, payload []byte, s *scratch) ([]byte, error) {
	start := len(dst)
	header := ""
	if i := slices.Index(preparedTypes[:], typ); i >= 0 {
		header = k.headers[i]
	} else {
		header = string(k.appendHeader(nil, typ))
	}
	out := slices.Grow(dst, len(header)+base64url.EncodedLen(len(payload))+1+base64url.EncodedLen(k.size))
	out = append(out, header...)
	out = base64url.AppendEncode(out, payload)
	end := len(out)
	out, err := k.appendSignature(append(out, '.'), out[start:end], s)
	if err != nil {
		return dst, err
	}
	return out, nil
}

// appendHeader appends the first segment and its dot.
func (k *Key) appendHeader(dst []byte, typ string) []byte {
	h := append([]byte(`{"alg":"`), k.alg...)
	h = AppendString(append(h, `","typ":`...), typ)
	if k.id != "" {
		h = AppendString(append(h, `,"kid":`...), k.id)
	}
	return append(base64url.AppendEncode(dst, append(h, '}')), '.')
}

// validType admits the characters of a media type (RFC 6838 section 4.2).
func validType(typ string) bool {
	for i := range len(typ) {
		c := typ[i]
		alnum := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
		if !alnum && strings.IndexByte("!#$&-^_.+/", c) < 0 {
			return false
		}
	}
	return typ != "" && len(typ) <= maxKeyID
}

// scratch is memory that a token needs while it is made or judged. What is handed to
// an interface would escape to the heap each time, so it lives here.
type scratch struct {
	payload   []byte
	extra     []byte
	out       []byte
	digest    [sha512.Size]byte
	signature [128]byte
}

var scratches = sync.Pool{New: func() any { return new(scratch) }}

// release gives the memory back, unless an uncommon token has made it large.
func (s *scratch) release() {
	const limit = 64 << 10
	clear(s.out) // whole tokens
	if cap(s.payload) <= limit && cap(s.extra) <= limit && cap(s.out) <= limit {
		scratches.Put(s)
	}
}
