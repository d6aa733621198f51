package authenticator

import (
	"bytes"
	"crypto/hmac"
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/json"
	"slices"
	"strings"
)

// A code is two groups of five out of 32 characters, 50 bits. There is no I and no
// O, no 0 and no 1 among them.
const (
	recoveryAlphabet = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
	recoveryLength   = 10

	minRecovery = 6 // NIST SP 800-63B-4 section 3.1.2.1
	maxRecovery = 64

	// recoveryRounds make a guess at a code, by who has the store and the master
	// key, ten thousand times as expensive.
	recoveryRounds = 10_000
	hashSize       = 16
	maxUsed        = 200
)

// newRecoveryCode makes a code in the form that is shown.
func newRecoveryCode() string {
	var b [recoveryLength]byte
	rand.Read(b[:]) // never fails, by its contract
	for i := range b {
		b[i] = recoveryAlphabet[b[i]%32] // 32 divides 256
	}
	return string(b[:recoveryLength/2]) + "-" + string(b[recoveryLength/2:])
}

// wrongRecovery is in no canonical form.
const wrongRecovery = "----------"

// canonicalRecovery takes out what people put in to read better. ok is false for
// what no code can be.
func canonicalRecovery(entry string) (canonical string, ok bool) {
	if len(entry) > 4*maxRecovery {
		return "", false
	}
	b := make([]byte, 0, len(entry))
	for i := range len(entry) {
		switch c := entry[i]; {
		case c >= 'a' && c <= 'z':
			b = append(b, c-'a'+'A')
		case c >= 'A' && c <= 'Z', c >= '0' && c <= '9':
			b = append(b, c)
		case strings.IndexByte(" -\t\r\n", c) < 0:
			return "", false // letters of other scripts too, also those that look alike
		}
	}
	return string(b), len(b) >= minRecovery && len(b) <= maxRecovery
}

// recoverySet is the codes of a person, at rest under a seal.
type recoverySet struct {
	Salt     []byte   `json:"salt"`
	Codes    [][]byte `json:"codes"`              // hashes of those that are good
	Used     [][]byte `json:"used,omitempty"`     // of those that were, the oldest first
	Imported []byte   `json:"imported,omitempty"` // tells what was imported last from something else
}

// newRecoverySet makes a set without codes.
func newRecoverySet() *recoverySet {
	s := &recoverySet{Salt: make([]byte, 16), Codes: [][]byte{}}
	rand.Read(s.Salt) // never fails, by its contract
	return s
}

func decodeRecovery(secret []byte) (*recoverySet, error) {
	s := new(recoverySet)
	if json.Unmarshal(secret, s) != nil || len(s.Salt) < 16 {
		return nil, errRecord
	}
	for _, h := range slices.Concat(s.Codes, s.Used) {
		if len(h) != hashSize {
			return nil, errRecord
		}
	}
	return s, nil
}

func (s *recoverySet) encode() ([]byte, error) { return json.Marshal(s) }

// hash is salted and slow (NIST SP 800-63B-4 section 3.1.2.2).
func (s *recoverySet) hash(canonical string) []byte {
	h, err := pbkdf2.Key(sha256.New, canonical, s.Salt, recoveryRounds, hashSize)
	if err != nil { // where FIPS 140 forbids the parameters, which it does not
		h = make([]byte, hashSize)
		rand.Read(h) // equal to no other
	}
	return h
}

// holds compares with every code there is, and with as many as there could be.
func (s *recoverySet) holds(hash []byte) bool {
	found := 0
	none := make([]byte, hashSize)
	for i := range max(maxImportedCodes, len(s.Codes)) {
		with, real := none, 0
		if i < len(s.Codes) {
			with, real = s.Codes[i], 1
		}
		found |= subtle.ConstantTimeCompare(hash, with) & real
	}
	return found == 1
}

// spend makes a code a used one, and reports whether it was good.
func (s *recoverySet) spend(hash []byte) bool {
	i := slices.IndexFunc(s.Codes, func(h []byte) bool { return hmac.Equal(h, hash) })
	if i < 0 {
		return false
	}
	s.Codes = slices.Delete(s.Codes, i, i+1)
	s.Used = append(s.Used, hash)
	if n := len(s.Used) - maxUsed; n > 0 {
		s.Used = slices.Delete(s.Used, 0, n)
	}
	return true
}

// add adds a code that was made here.
func (s *recoverySet) add(code string) {
	canonical, _ := canonicalRecovery(code)
	s.Codes = append(s.Codes, s.hash(canonical))
}

// replace puts codes in place of all there are.
func (s *recoverySet) replace(codes []string) {
	s.Codes = [][]byte{}
	for _, code := range codes {
		s.add(code)
	}
}

// importCodes puts codes in place of all there are, without those that were used,
// and reports whether that changed anything: the same list again does not.
func (s *recoverySet) importCodes(canonical []string) bool {
	mac := hmac.New(sha256.New, s.Salt)
	mac.Write([]byte(strings.Join(canonical, " ")))
	list := mac.Sum(nil)
	if hmac.Equal(list, s.Imported) {
		return false
	}
	s.Codes, s.Imported = [][]byte{}, list
	for _, code := range canonical {
		h := s.hash(code)
		if !slices.ContainsFunc(s.Used, func(used []byte) bool { return bytes.Equal(used, h) }) {
			s.Codes = append(s.Codes, h)
		}
	}
	return true
}
