package main

import (
	"crypto/x509"
	"io"
	"os"

	"github.com/mintyard/mintyard/oidc"
)

// newEgress says what the server may ask of clients: whoever is trusted by the system, or
// by -ca besides, at a public address. With -dev also this machine and its neighbours,
// where the clients of a test are.
func newEgress(o *options) (oidc.Egress, error) {
	e := oidc.Egress{AllowPrivate: o.dev}
	if o.ca == "" {
		return e, nil
	}
	f, err := os.Open(o.ca)
	if err != nil {
		return e, refuse("-ca", "%v", err)
	}
	defer f.Close()
	pem, err := io.ReadAll(io.LimitReader(f, maxConfig))
	if err != nil {
		return e, refuse("-ca", "%v", err)
	}
	if e.Roots, err = x509.SystemCertPool(); err != nil {
		e.Roots = x509.NewCertPool() // there are none but those of the file
	}
	if !e.Roots.AppendCertsFromPEM(pem) {
		return e, refuse("-ca", "%s has no certificate", o.ca)
	}
	return e, nil
}
