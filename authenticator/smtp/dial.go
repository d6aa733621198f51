package smtp

import (
	"context"
	"crypto/tls"
	"io"
	"net"
	"net/netip"
	"strconv"
)

// dial connects, and encrypts if the server expects it from the first byte.
func (s *Sender) dial(ctx context.Context) (net.Conn, error) {
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", net.JoinHostPort(s.config.Host, strconv.Itoa(s.config.Port)))
	if err != nil {
		return nil, err
	}
	peer, err := netip.ParseAddrPort(conn.RemoteAddr().String())
	if s.config.TLS == NoTLS && (err != nil || !peer.Addr().Unmap().IsLoopback()) {
		conn.Close()
		return nil, ErrNoTLS // localhost is somewhere else
	}
	conn = &limitedConn{Conn: conn, left: maxReplies}
	if s.config.TLS != ImplicitTLS {
		return conn, nil
	}
	encrypted := tls.Client(conn, s.tls())
	if err := encrypted.HandshakeContext(ctx); err != nil {
		conn.Close()
		return nil, err
	}
	return encrypted, nil
}

func (s *Sender) tls() *tls.Config {
	return &tls.Config{ServerName: s.config.Host, RootCAs: s.config.Roots, MinVersion: tls.VersionTLS12}
}

// maxReplies is how many bytes a server can say in a delivery.
const maxReplies = 1 << 20

type limitedConn struct {
	net.Conn
	left int
}

func (c *limitedConn) Read(p []byte) (int, error) {
	if c.left <= 0 {
		return 0, io.ErrUnexpectedEOF
	}
	n, err := c.Conn.Read(p[:min(len(p), c.left)])
	c.left -= n
	return n, err
}
