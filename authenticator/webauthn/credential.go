package webauthn

import (
	"bytes"
	"crypto/ecdh"
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/go-webauthn/webauthn/protocol/webauthncbor"
	"github.com/go-webauthn/webauthn/protocol/webauthncose"

	"github.com/mintyard/mintyard/authenticator"
	"github.com/mintyard/mintyard/internal/enrolment"
	"github.com/mintyard/mintyard/policy"
)

var base64url = base64.RawURLEncoding

// Credential is what is known of one credential of a person.
type Credential struct {
	AuthenticatorID string // by which it is renamed and removed, and the Device of its proofs
	ID              []byte // the credential id
	Name            string
	Created, Used   time.Time // Used is zero if it never was

	Algorithm  int    // of its key: a COSE algorithm, such as -7 for ES256
	AAGUID     string // the model of its authenticator, as a UUID; zeros are unknown
	Transports []string
	Format     string // of its attestation; "" for an imported one
	SignCount  uint32 // 0 if it does not count

	// UserVerified says that the authenticator has verified the person when it made
	// the credential, or since together with another factor.
	UserVerified bool

	// BackupEligible says that the key may leave its device, BackedUp that it has.
	// Of an imported one both are unknown, and false, until it was used.
	BackupEligible bool
	BackedUp       bool

	Hardware bool // attested: the key cannot leave its device
}

// credential is a credential as the person's record has it. It is the Data of an
// [enrolment.Entry].
type credential struct {
	entry enrolment.Entry

	ID         []byte   `json:"id"`
	Key        []byte   `json:"key"`    // COSE_Key
	Handle     []byte   `json:"handle"` // the user handle that its authenticator has
	Count      uint32   `json:"count,omitempty"`
	Verified   bool     `json:"uv,omitempty"`
	Eligible   *bool    `json:"be,omitempty"` // nil: imported, and not used yet
	BackedUp   bool     `json:"bs,omitempty"`
	Transports []string `json:"transports,omitempty"`
	AAGUID     []byte   `json:"aaguid,omitempty"`
	Format     string   `json:"fmt,omitempty"`
	Hardware   bool     `json:"hw,omitempty"`

	more map[string]json.RawMessage // members that a newer version wrote
}

// members are the names that are not kept as unknown ones.
var members = []string{"id", "key", "handle", "count", "uv", "be", "bs", "transports", "aaguid", "fmt", "hw"}

// errRecord does not say what stands in the record.
var errRecord = errors.New("the record of a credential is damaged")

func decode(e enrolment.Entry) (credential, error) {
	var c credential
	if json.Unmarshal(e.Data, &c) != nil || json.Unmarshal(e.Data, &c.more) != nil ||
		len(c.ID) == 0 || len(c.Key) == 0 || len(c.Handle) == 0 {
		return credential{}, errRecord
	}
	for _, name := range members {
		delete(c.more, name)
	}
	c.entry = e
	return c, nil
}

func (c *credential) encode() (json.RawMessage, error) {
	data, err := json.Marshal(c)
	if err != nil || len(c.more) == 0 {
		return data, err
	}
	all := make(map[string]json.RawMessage, len(c.more)+len(members))
	for name, raw := range c.more {
		all[name] = raw
	}
	if err := json.Unmarshal(data, &all); err != nil {
		return nil, err
	}
	return json.Marshal(all)
}

// is reports whether c is still the credential that it was when other was read.
func (c *credential) is(other *credential) bool {
	return bytes.Equal(c.ID, other.ID) && bytes.Equal(c.Key, other.Key) && bytes.Equal(c.Handle, other.Handle)
}

// public is what everybody may know of it.
func (c *credential) public() Credential {
	alg, _ := keyAlgorithm(c.Key)
	return Credential{
		AuthenticatorID: c.entry.ID, ID: c.ID, Name: c.entry.Name, Created: c.entry.Created, Used: c.entry.Used,
		Algorithm: alg, AAGUID: formatAAGUID(c.AAGUID), Transports: c.Transports, Format: c.Format,
		SignCount: c.Count, UserVerified: c.Verified, Hardware: c.Hardware,
		BackupEligible: c.Eligible != nil && *c.Eligible, BackedUp: c.BackedUp,
	}
}

// method is what it proves. With the person verified by the device it is two
// factors in one: something the person has, and what unlocks it. Whether that was a
// sensor or a PIN is not told, and does not matter here.
func (c *credential) method(verified bool) policy.Method {
	m := policy.Method{
		Name: authenticator.TypeWebAuthn, Types: policy.Possession,
		PhishingResistant: true, Hardware: c.Hardware, UserVerified: verified, Device: c.entry.ID,
	}
	if verified {
		m.Types |= policy.Inherence
	}
	return m
}

// The size of what an authenticator, or an import, may bring.
const (
	maxCredentialID = 1023 // Level 3, section 7.1 step 25
	maxKey          = 1200 // bytes of a COSE_Key: one of RSA with 8192 bits fits
	maxHandle       = 64   // Level 3, section 5.4.3
	minModulus      = 256
	maxModulus      = 1024
)

// keyAlgorithm checks that a key is one that assertions can be verified with, of an
// algorithm that is asked for at registration.
func keyAlgorithm(key []byte) (int, error) {
	if len(key) > maxKey {
		return 0, errors.New("the public key is too long")
	}
	parsed, err := webauthncose.ParsePublicKey(key)
	if err != nil {
		return 0, errors.New("the public key is no COSE_Key that is supported")
	}
	alg := 0
	switch k := parsed.(type) {
	case webauthncose.EC2PublicKeyData:
		alg = int(k.Algorithm)
	case webauthncose.OKPPublicKeyData:
		alg = int(k.Algorithm)
	case webauthncose.RSAPublicKeyData:
		if n := len(bytes.TrimLeft(k.Modulus, "\x00")); n < minModulus || n > maxModulus {
			return 0, fmt.Errorf("the public key must have %d to %d bits", 8*minModulus, 8*maxModulus)
		}
		alg = int(k.Algorithm)
	}
	for _, p := range parameters {
		if int(p.Algorithm) == alg {
			return alg, nil
		}
	}
	return 0, fmt.Errorf("the algorithm %d of the public key is not supported", alg)
}

// knownTransports are those of Level 3, section 5.8.4. Clients must ignore others,
// but some fail over them.
var knownTransports = []string{"ble", "hybrid", "internal", "nfc", "smart-card", "usb"}

// cleanTransports keeps those that are known, each once.
func cleanTransports(list []string) (clean []string) {
	for _, t := range list {
		if slices.Contains(knownTransports, t) && !slices.Contains(clean, t) {
			clean = append(clean, t)
		}
	}
	return clean
}

// formatAAGUID writes an AAGUID as a UUID.
func formatAAGUID(raw []byte) string {
	var id [16]byte
	copy(id[:], raw)
	s := hex.EncodeToString(id[:])
	return s[:8] + "-" + s[8:12] + "-" + s[12:16] + "-" + s[16:20] + "-" + s[20:]
}

// newNobody makes a credential for the sake of time: assertions of those who have
// none are verified with it.
func newNobody() (credential, error) {
	private, err := ecdh.P256().GenerateKey(rand.Reader)
	if err != nil {
		return credential{}, fmt.Errorf("webauthn: %w", err)
	}
	point := private.PublicKey().Bytes()
	key, err := webauthncbor.Marshal(webauthncose.EC2PublicKeyData{
		PublicKeyData: webauthncose.PublicKeyData{KeyType: int64(webauthncose.EllipticKey), Algorithm: int64(webauthncose.AlgES256)},
		Curve:         int64(webauthncose.P256), XCoord: point[1:33], YCoord: point[33:],
	})
	if err != nil {
		return credential{}, fmt.Errorf("webauthn: %w", err)
	}
	return credential{ID: make([]byte, 32), Key: key, Handle: make([]byte, 16), AAGUID: make([]byte, 16), Transports: []string{"internal"}}, nil
}
