package password

import (
	"crypto/subtle"
	"encoding/base64"
	"strconv"
	"strings"

	"golang.org/x/crypto/argon2"
)

// Params are the cost parameters of argon2id (RFC 9106 section 3.1).
type Params struct {
	Memory  uint32 // KiB
	Time    uint32 // passes
	Threads uint8  // lanes
}

// DefaultParams are 19 MiB, two passes and one lane, the least that the OWASP
// Password Storage Cheat Sheet recommends.
func DefaultParams() Params { return Params{Memory: 19 << 10, Time: 2, Threads: 1} }

// The sizes of new records, in bytes.
const (
	saltLength = 16
	keyLength  = 32
)

// What a record may ask for. A record can come from a data base that somebody
// else filled, and must not be able to stop the server.
const (
	maxMemory  = 256 << 10 // KiB
	maxTime    = 64
	maxThreads = 16
	maxWork    = 1 << 20 // KiB times passes: about as long as bcrypt at its highest cost
	minSalt    = 8
	maxSalt    = 64
	minKey     = 16
	maxKey     = 64
	maxRecord  = 256 // bytes of the whole string
)

func (p Params) check() error {
	switch {
	case p.Threads < 1 || p.Threads > maxThreads:
		return fieldError("Params.Threads", "must be between 1 and %d", maxThreads)
	case p.Time < 1 || p.Time > maxTime:
		return fieldError("Params.Time", "must be between 1 and %d passes", maxTime)
	case p.Memory < 8*uint32(p.Threads) || p.Memory > maxMemory:
		return fieldError("Params.Memory", "must be between 8 for each of Threads, and %d KiB", maxMemory)
	case p.work() > maxWork:
		return fieldError("Params", "Memory times Time must be at most %d KiB", maxWork)
	}
	return nil
}

// work is what a guess costs, in KiB filled.
func (p Params) work() uint64 { return uint64(p.Memory) * uint64(p.Time) }

// record is a parsed record: argon2id, or bcrypt if that string is there.
type record struct {
	params Params
	salt   []byte
	key    []byte
	bcrypt string
}

func argon2idRecord(p Params, salt, key []byte) record {
	return record{params: p, salt: salt, key: key}
}

// parse reads a record of either kind.
func parse(hash string) (record, error) {
	if len(hash) > maxRecord {
		return record{}, ErrFormat
	}
	if isBcrypt(hash) {
		return record{bcrypt: hash}, nil
	}
	return parsePHC(hash)
}

// matches reports whether the record was made of the plaintext.
func (r *record) matches(plaintext string) bool {
	if r.bcrypt != "" {
		return matchesBcrypt(r.bcrypt, plaintext)
	}
	return subtle.ConstantTimeCompare(r.derive(plaintext, len(r.key)), r.key) == 1
}

// weakerThan reports whether the record is cheaper to guess at than one that is
// made with p. One that costs more is never made cheaper.
func (r *record) weakerThan(p Params) bool {
	return r.bcrypt != "" || r.params.work() < p.work() || len(r.salt) < saltLength || len(r.key) < keyLength
}

func (r *record) derive(plaintext string, n int) []byte {
	return argon2.IDKey([]byte(plaintext), r.salt, r.params.Time, r.params.Memory, r.params.Threads, uint32(n))
}

const phcPrefix = "$argon2id$v=19$"

var phcBase64 = base64.RawStdEncoding.Strict()

// encode is the PHC string of an argon2id record:
// $argon2id$v=19$m=19456,t=2,p=1$salt$key.
func (r *record) encode() string {
	b := make([]byte, 0, maxRecord)
	b = append(b, phcPrefix+"m="...)
	b = strconv.AppendUint(b, uint64(r.params.Memory), 10)
	b = append(b, ",t="...)
	b = strconv.AppendUint(b, uint64(r.params.Time), 10)
	b = append(b, ",p="...)
	b = strconv.AppendUint(b, uint64(r.params.Threads), 10)
	b = append(b, '$')
	b = phcBase64.AppendEncode(b, r.salt)
	b = append(b, '$')
	b = phcBase64.AppendEncode(b, r.key)
	return string(b)
}

// parsePHC reads what encode writes, and nothing else: version 19 only, the
// parameters in this order and without key id or associated data, which nobody
// here has.
func parsePHC(s string) (record, error) {
	rest, ok := strings.CutPrefix(s, phcPrefix)
	if !ok {
		return record{}, ErrFormat
	}
	params, rest, _ := strings.Cut(rest, "$")
	salt64, key64, _ := strings.Cut(rest, "$")
	m, more, _ := strings.Cut(params, ",")
	t, p, _ := strings.Cut(more, ",")
	memory, okM := phcNumber(m, "m=", maxMemory)
	time, okT := phcNumber(t, "t=", maxTime)
	threads, okP := phcNumber(p, "p=", maxThreads)
	if !okM || !okT || !okP {
		return record{}, ErrFormat
	}
	r := record{params: Params{Memory: memory, Time: time, Threads: uint8(threads)}}
	var errSalt, errKey error
	r.salt, errSalt = decodePHC(salt64)
	r.key, errKey = decodePHC(key64)
	switch {
	case r.params.check() != nil, errSalt != nil, errKey != nil,
		len(r.salt) < minSalt, len(r.salt) > maxSalt, len(r.key) < minKey, len(r.key) > maxKey:
		return record{}, ErrFormat
	}
	return r, nil
}

// decodePHC decodes base64 without the line breaks that the decoder would skip.
func decodePHC(s string) ([]byte, error) {
	if strings.ContainsAny(s, "\r\n") {
		return nil, ErrFormat
	}
	return phcBase64.DecodeString(s)
}

// phcNumber reads a decimal number without sign or leading zeros.
func phcNumber(s, name string, limit uint64) (uint32, bool) {
	digits, ok := strings.CutPrefix(s, name)
	if !ok || digits == "" || digits[0] < '1' || digits[0] > '9' {
		return 0, false
	}
	n, err := strconv.ParseUint(digits, 10, 32)
	return uint32(n), err == nil && n <= limit
}
