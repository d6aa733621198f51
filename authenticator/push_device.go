package authenticator

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/go-jose/go-jose/v4"

	"github.com/mintyard/mintyard/internal/enrolment"
)

// ErrKey says that the key of a device cannot be used: it must be the public JWK of
// an ES256, EdDSA (Ed25519) or RS256 key, the last of 2048 to 4096 bits.
var ErrKey = errors.New("authenticator: not a public key of ES256, EdDSA or RS256")

// pushDevice is what is known of a device. It is sealed at rest, the public key too:
// who can write the store but has no key cannot give a person another device.
type pushDevice struct {
	V        int             `json:"v"`
	Key      json.RawMessage `json:"jwk,omitempty"` // nil: the host answers for it
	Token    string          `json:"token,omitempty"`
	Platform string          `json:"platform,omitempty"`
	Typed    bool            `json:"typed,omitempty"`    // numbers are typed, not chosen
	Hardware bool            `json:"hardware,omitempty"` // as it says
	Verifies bool            `json:"verifies,omitempty"` // it can verify the person, as it says
}

const pushDeviceVersion = 1

var errDevice = errors.New("authenticator: the record of a device is damaged, or a newer version wrote it")

func (d *pushDevice) encode() ([]byte, error) {
	d.V = pushDeviceVersion
	b, err := json.Marshal(d)
	if err != nil {
		return nil, fmt.Errorf("authenticator: device: %w", err)
	}
	return b, nil
}

func decodeDevice(e *enrolment.Entry) (*pushDevice, error) {
	d := new(pushDevice)
	if json.Unmarshal(e.Secret, d) != nil || d.V != pushDeviceVersion {
		return nil, errDevice
	}
	return d, nil
}

// deviceKey is a key with the one algorithm that it is good for.
type deviceKey struct {
	jwk jose.JSONWebKey
	alg jose.SignatureAlgorithm
}

// parseDeviceKey accepts a public key. Its members other than those of the key are
// dropped, but an alg must be the right one.
func parseDeviceKey(b []byte) (*deviceKey, error) {
	var jwk jose.JSONWebKey
	if len(b) > maxJWK || jwk.UnmarshalJSON(b) != nil || !jwk.IsPublic() {
		return nil, ErrKey
	}
	k := &deviceKey{jwk: jose.JSONWebKey{Key: jwk.Key}}
	switch key := jwk.Key.(type) {
	case *ecdsa.PublicKey:
		if key.Curve != elliptic.P256() {
			return nil, ErrKey
		}
		k.alg = jose.ES256
	case ed25519.PublicKey:
		k.alg = jose.EdDSA
	case *rsa.PublicKey:
		if n := key.N.BitLen(); n < 2048 || n > 4096 || key.E < 65537 || key.E%2 == 0 {
			return nil, ErrKey
		}
		k.alg = jose.RS256
	default:
		return nil, ErrKey
	}
	if jwk.Algorithm != "" && jwk.Algorithm != string(k.alg) || jwk.Use != "" && jwk.Use != "sig" {
		return nil, ErrKey
	}
	return k, nil
}

const maxJWK = 4 << 10 // bytes

// encode writes the key in its one spelling.
func (k *deviceKey) encode() (json.RawMessage, error) {
	b, err := k.jwk.MarshalJSON()
	if err != nil {
		return nil, ErrKey
	}
	return b, nil
}
