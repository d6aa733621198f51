package webauthn

import (
	"context"
	"crypto/x509"
	"errors"
	"time"

	"github.com/go-webauthn/webauthn/protocol"
)

// Attested is what an authenticator says about itself when it makes a credential.
// The signature of the attestation is right; whether its certificates deserve trust
// is for the host to say.
type Attested struct {
	Subject        string
	Format         string              // "packed", "tpm", …; "none" says nothing
	Type           string              // as the FIDO metadata call it: "basic_full", "basic_surrogate", …
	AAGUID         string              // the model, as a UUID: it is attested only if the Chain is trusted
	Chain          []*x509.Certificate // the authenticator's own first; none without attestation
	Algorithm      int                 // of the credential's key
	BackupEligible bool
	UserVerified   bool
	At             time.Time
}

// Verdict is what an attestation proves.
type Verdict struct {
	// Hardware says that the key cannot leave its device. It is ignored for
	// credentials that are backup eligible: their keys can. That one is not eligible
	// is, without an attestation, only the word of software.
	Hardware bool
}

// TrustRoots accepts authenticators whose certificates lead to the roots, such as
// those of the makers that an organisation buys from, and takes all of them for
// hardware; others are refused. It asks for a Conveyance of "direct" or
// "enterprise". The roots of the FIDO metadata service contain software too:
// choose.
func TrustRoots(roots *x509.CertPool) func(context.Context, Attested) (Verdict, error) {
	return func(_ context.Context, a Attested) (Verdict, error) {
		if len(a.Chain) == 0 {
			return Verdict{}, errors.New("webauthn: the authenticator has no attestation")
		}
		between := x509.NewCertPool()
		for _, c := range a.Chain[1:] {
			between.AddCert(c)
		}
		_, err := a.Chain[0].Verify(x509.VerifyOptions{
			Roots: roots, Intermediates: between, CurrentTime: a.At, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny},
		})
		if err != nil {
			return Verdict{}, errors.New("webauthn: the attestation leads to no root that is trusted")
		}
		return Verdict{Hardware: true}, nil
	}
}

// chain reads the certificates of an attestation. The library has verified the
// signature by the first one.
func chain(a *protocol.AttestationObject) ([]*x509.Certificate, error) {
	list, _ := a.AttStatement["x5c"].([]any)
	var certs []*x509.Certificate
	for _, item := range list {
		raw, _ := item.([]byte)
		c, err := x509.ParseCertificate(raw)
		if err != nil {
			return nil, errors.New("a certificate of the attestation cannot be read")
		}
		certs = append(certs, c)
	}
	return certs, nil
}
