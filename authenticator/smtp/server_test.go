package smtp_test

import (
	"bufio"
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

const (
	user     = "mailer"
	password = "hunter2 and more"
)

// options are what testdata/server.py understands.
type options struct {
	Mode     string `json:"mode"` // starttls, implicit, plain
	User     string `json:"user"`
	Password string `json:"password"`
	UTF8     bool   `json:"utf8"`
	Cert     string `json:"cert"`
	Key      string `json:"key"`
}

// delivered is what the server says about a mail, or about who failed to log in.
type delivered struct {
	Port      int      `json:"port"`
	Refused   string   `json:"refused"`
	From      string   `json:"from"`
	To        []string `json:"to"`
	UTF8      bool     `json:"utf8"`
	Hello     string   `json:"hello"`
	Encrypted bool     `json:"encrypted"`
	User      string   `json:"user"`
	Data      []byte   `json:"data"`
}

// server is a real mail server: aiosmtpd (Debian: apt-get install python3-aiosmtpd).
type server struct {
	port  int
	roots *x509.CertPool // who signed its certificate, for localhost
	says  chan delivered
}

// startServer fails the test if there is no server to start.
func startServer(t *testing.T, o options) *server {
	t.Helper()
	s := &server{says: make(chan delivered, 10)}
	dir := t.TempDir()
	o.Cert, o.Key = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	s.roots = certificate(t, o.Cert, o.Key)
	arg, err := json.Marshal(o)
	require.NoError(t, err)

	cmd := exec.Command(python(t), "testdata/server.py", string(arg))
	var log bytes.Buffer
	cmd.Stderr = &log
	stdin, err := cmd.StdinPipe()
	require.NoError(t, err)
	stdout, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	read := make(chan struct{})
	t.Cleanup(func() {
		stdin.Close()
		cmd.Process.Kill()
		<-read
		cmd.Wait()
		if t.Failed() {
			t.Logf("the mail server says: %s", log.String())
		}
	})
	go func() {
		defer close(read)
		defer close(s.says)
		for lines := bufio.NewScanner(stdout); lines.Scan(); {
			var d delivered
			if json.Unmarshal(lines.Bytes(), &d) == nil {
				s.says <- d
			}
		}
	}()
	s.port = s.next(t).Port
	return s
}

// next waits for what the server says.
func (s *server) next(t *testing.T) delivered {
	t.Helper()
	select {
	case d, ok := <-s.says:
		require.True(t, ok, "the mail server ended; it needs Debian's python3-aiosmtpd")
		return d
	case <-time.After(20 * time.Second):
		require.Fail(t, "the mail server says nothing")
		return delivered{}
	}
}

// silent requires that nothing was delivered. What a delivery that returned has
// done was said before it returned.
func (s *server) silent(t *testing.T) {
	t.Helper()
	select {
	case d := <-s.says:
		require.Fail(t, "the server got something", "%+v", d)
	default:
	}
}

// python is the interpreter that Debian's packages are for, or the first other one.
func python(t *testing.T) string {
	t.Helper()
	const debian = "/usr/bin/python3"
	if _, err := os.Stat(debian); err == nil {
		return debian
	}
	path, err := exec.LookPath("python3")
	require.NoError(t, err, "the tests need a mail server: apt-get install python3-aiosmtpd")
	return path
}

// certificate writes a certificate for localhost that has signed itself.
func certificate(t *testing.T, certFile, keyFile string) *x509.CertPool {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "a mail server of a test"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, DNSNames: []string{"localhost"},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	require.NoError(t, err)
	pkcs8, err := x509.MarshalPKCS8PrivateKey(key)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(certFile, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600))
	require.NoError(t, os.WriteFile(keyFile, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8}), 0o600))
	cert, err := x509.ParseCertificate(der)
	require.NoError(t, err)
	roots := x509.NewCertPool()
	roots.AddCert(cert)
	return roots
}

// listen is a server that does with a connection what the test says.
func listen(t *testing.T, serve func(net.Conn)) (port int) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				serve(conn)
			}()
		}
	}()
	return l.Addr().(*net.TCPAddr).Port
}
