package webauthn_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"math/big"
	"sync"
	"testing"
	"time"

	"github.com/fxamacker/cbor/v2"
	"github.com/stretchr/testify/require"

	"github.com/mintyard/mintyard/authenticator"
)

// The flags of authenticator data.
const (
	present  = 0x01
	verified = 0x04
	eligible = 0x08
	backedUp = 0x10
	attested = 0x40
	extended = 0x80
)

// The COSE algorithms that are asked for.
const (
	es256 = -7
	eddsa = -8
	rs256 = -257
)

var b64 = base64.RawURLEncoding

// device is an authenticator and the client that speaks for it.
type device struct {
	alg    int
	key    crypto.Signer
	id     []byte
	handle []byte
	flags  byte
	count  uint32
	aaguid [16]byte
	origin string
	rpID   string
}

// rsaKey is made once, because that takes long.
var rsaKey = sync.OnceValue(func() *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return key
})

// newDevice makes a device with a credential that nobody knows of yet.
func newDevice(t testing.TB, alg int) *device {
	t.Helper()
	d := &device{alg: alg, id: make([]byte, 32), flags: present | verified, origin: origin, rpID: rpID}
	rand.Read(d.id)
	var err error
	switch alg {
	case es256:
		d.key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	case eddsa:
		_, d.key, err = ed25519.GenerateKey(rand.Reader)
	case rs256:
		d.key = rsaKey()
	}
	require.NoError(t, err)
	return d
}

// cose is the public key.
func (d *device) cose(t testing.TB) []byte {
	t.Helper()
	var key map[int]any
	switch k := d.key.Public().(type) {
	case *ecdsa.PublicKey:
		point, err := k.Bytes()
		require.NoError(t, err)
		key = map[int]any{1: 2, 3: d.alg, -1: 1, -2: point[1:33], -3: point[33:]}
	case ed25519.PublicKey:
		key = map[int]any{1: 1, 3: d.alg, -1: 6, -2: []byte(k)}
	case *rsa.PublicKey:
		key = map[int]any{1: 3, 3: d.alg, -1: k.N.Bytes(), -2: big.NewInt(int64(k.E)).Bytes()}
	}
	return marshal(t, key)
}

func marshal(t testing.TB, v any) []byte {
	t.Helper()
	mode, err := cbor.CTAP2EncOptions().EncMode()
	require.NoError(t, err)
	raw, err := mode.Marshal(v)
	require.NoError(t, err)
	return raw
}

func signWith(t testing.TB, key crypto.Signer, message []byte) []byte {
	t.Helper()
	digest, opts := sha256.Sum256(message), crypto.SignerOpts(crypto.SHA256)
	signed := digest[:]
	if _, ok := key.(ed25519.PrivateKey); ok {
		signed, opts = message, crypto.Hash(0)
	}
	sig, err := key.Sign(rand.Reader, signed, opts)
	require.NoError(t, err)
	return sig
}

// statement is what a device and its client say; tests change what they like of it.
type statement struct {
	Client     map[string]any      // of the client data
	RawClient  func([]byte) []byte // changes the JSON
	RPID       string
	Flags      byte
	Count      uint32
	Extensions []byte
	Attested   []byte              // attested credential data
	RawData    func([]byte) []byte // changes the authenticator data
	Key        crypto.Signer

	// Of a registration.
	Format     string
	Statement  map[string]any
	Transports []string
	CredID     []byte // as the client reports it
}

func (s *statement) data() []byte {
	hash := sha256.Sum256([]byte(s.RPID))
	raw := binary.BigEndian.AppendUint32(append(hash[:], s.Flags), s.Count)
	raw = append(append(raw, s.Attested...), s.Extensions...)
	if s.RawData != nil {
		raw = s.RawData(raw)
	}
	return raw
}

func (s *statement) client(t testing.TB) []byte {
	t.Helper()
	raw, err := json.Marshal(s.Client)
	require.NoError(t, err)
	if s.RawClient != nil {
		raw = s.RawClient(raw)
	}
	return raw
}

// assert makes an assertion, and counts.
func (d *device) assert(t testing.TB, challenge []byte, edits ...func(*statement)) authenticator.Assertion {
	t.Helper()
	if d.count > 0 {
		d.count++
	}
	s := &statement{
		Client: map[string]any{
			"type": "webauthn.get", "challenge": b64.EncodeToString(challenge), "origin": d.origin, "crossOrigin": false,
		},
		RPID: d.rpID, Flags: d.flags, Count: d.count, Key: d.key,
	}
	for _, edit := range edits {
		edit(s)
	}
	data, client := s.data(), s.client(t)
	hash := sha256.Sum256(client)
	return authenticator.Assertion{
		CredentialID: d.id, AuthenticatorData: data, ClientDataJSON: client, UserHandle: d.handle,
		Signature: signWith(t, s.Key, append(data[:len(data):len(data)], hash[:]...)),
	}
}

// create answers the options of a registration.
func (d *device) create(t testing.TB, options []byte, edits ...func(*statement)) []byte {
	t.Helper()
	var o struct {
		Challenge string `json:"challenge"`
		User      struct {
			ID string `json:"id"`
		} `json:"user"`
	}
	require.NoError(t, json.Unmarshal(options, &o))
	var err error
	d.handle, err = b64.DecodeString(o.User.ID)
	require.NoError(t, err)
	s := &statement{
		Client: map[string]any{"type": "webauthn.create", "challenge": o.Challenge, "origin": d.origin, "crossOrigin": false},
		RPID:   d.rpID, Flags: d.flags | attested, Count: d.count, Key: d.key,
		Format: "none", Statement: map[string]any{}, Transports: []string{"internal", "hybrid"}, CredID: d.id,
	}
	s.Attested = binary.BigEndian.AppendUint16(d.aaguid[:len(d.aaguid):len(d.aaguid)], uint16(len(d.id)))
	s.Attested = append(append(s.Attested, d.id...), d.cose(t)...)
	for _, edit := range edits {
		edit(s)
	}
	data, client := s.data(), s.client(t)
	if s.Format == "packed" {
		hash := sha256.Sum256(client)
		s.Statement["sig"] = signWith(t, s.Key, append(data[:len(data):len(data)], hash[:]...))
	}
	object := marshal(t, map[string]any{"fmt": s.Format, "attStmt": s.Statement, "authData": data})
	response, err := json.Marshal(map[string]any{
		"id": b64.EncodeToString(s.CredID), "rawId": b64.EncodeToString(s.CredID), "type": "public-key",
		"clientExtensionResults": map[string]any{},
		"response": map[string]any{
			"clientDataJSON": b64.EncodeToString(client), "attestationObject": b64.EncodeToString(object),
			"transports": s.Transports,
		},
	})
	require.NoError(t, err)
	return response
}

// maker is a maker of authenticators, with a root and a certificate for one model.
type maker struct {
	roots *x509.CertPool
	cert  []byte
	key   *ecdsa.PrivateKey
}

func newMaker(t testing.TB, aaguid [16]byte) *maker {
	t.Helper()
	key := func() *ecdsa.PrivateKey {
		k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		require.NoError(t, err)
		return k
	}
	rootKey, leafKey := key(), key()
	root := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "root"}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), KeyUsage: x509.KeyUsageCertSign,
	}
	rawRoot, err := x509.CreateCertificate(rand.Reader, root, root, rootKey.Public(), rootKey)
	require.NoError(t, err)
	inner, err := asn1.Marshal(aaguid[:])
	require.NoError(t, err)
	leaf := &x509.Certificate{
		SerialNumber: big.NewInt(2), BasicConstraintsValid: true,
		Subject: pkix.Name{
			Country: []string{"SE"}, Organization: []string{"Test"}, OrganizationalUnit: []string{"Authenticator Attestation"}, CommonName: "model",
		},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		ExtraExtensions: []pkix.Extension{{Id: asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 45724, 1, 1, 4}, Value: inner}},
	}
	rawLeaf, err := x509.CreateCertificate(rand.Reader, leaf, root, leafKey.Public(), rootKey)
	require.NoError(t, err)
	parsed, err := x509.ParseCertificate(rawRoot)
	require.NoError(t, err)
	m := &maker{roots: x509.NewCertPool(), cert: rawLeaf, key: leafKey}
	m.roots.AddCert(parsed)
	return m
}

// attests makes a registration with the maker's attestation.
func (m *maker) attests(s *statement) {
	s.Format, s.Key = "packed", m.key
	s.Statement = map[string]any{"alg": es256, "x5c": []any{m.cert}}
}
