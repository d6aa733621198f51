package egress_test

import (
	"context"
	"crypto/x509"
	"encoding/binary"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mintyard/mintyard/internal/egress"
)

// server is one of a client: https on this machine.
type server struct {
	*httptest.Server
	accepted atomic.Int64
}

// newServer starts one that answers as the handler says; nil says "ok".
func newServer(t testing.TB, h http.HandlerFunc) *server {
	if h == nil {
		h = func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "ok") }
	}
	s := &server{Server: httptest.NewUnstartedServer(h)}
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			s.accepted.Add(1)
		}
	}
	s.StartTLS()
	t.Cleanup(s.Close)
	return s
}

func (s *server) connections() int64 { return s.accepted.Load() }

// port is where it listens, with its colon.
func (s *server) port() string { return s.URL[strings.LastIndex(s.URL, ":"):] }

// client trusts the server and may ask this machine.
func (s *server) client(t testing.TB, change ...func(*egress.Config)) *egress.Client {
	c := egress.Config{AllowPrivate: true, Roots: x509.NewCertPool()}
	c.Roots.AddCert(s.Certificate())
	for _, f := range change {
		f(&c)
	}
	client, err := egress.New(c)
	require.NoError(t, err)
	return client
}

// dns answers for names as the test says, and knows no other names.
type dns struct {
	conn net.PacketConn
	mu   sync.Mutex
	at   map[string][]netip.Addr
}

func newDNS(t testing.TB) *dns {
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	require.NoError(t, err)
	d := &dns{conn: conn, at: make(map[string][]netip.Addr)}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		buf := make([]byte, 1500)
		for {
			n, from, err := conn.ReadFrom(buf)
			if err != nil {
				return
			}
			conn.WriteTo(d.answer(buf[:n]), from)
		}
	}()
	t.Cleanup(func() {
		conn.Close()
		<-ended
	})
	return d
}

func (d *dns) set(name string, addresses ...string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.at[name] = nil
	for _, a := range addresses {
		d.at[name] = append(d.at[name], netip.MustParseAddr(a))
	}
}

func (d *dns) resolver() *net.Resolver {
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "udp", d.conn.LocalAddr().String())
	}}
}

// answer makes the message that answers a question (RFC 1035 section 4).
func (d *dns) answer(query []byte) []byte {
	end, labels := 12, []string(nil)
	for query[end] != 0 {
		n := int(query[end])
		labels = append(labels, string(query[end+1:end+1+n]))
		end += 1 + n
	}
	end += 5 // the root, type and class
	typ := binary.BigEndian.Uint16(query[end-4:])
	d.mu.Lock()
	list, ok := d.at[strings.Join(labels, ".")]
	d.mu.Unlock()
	flags, count := uint16(0x8580), uint16(0)
	if !ok {
		flags |= 3 // no such name
	}
	var body []byte
	for _, a := range list {
		if a.Is4() != (typ == 1) || typ != 1 && typ != 28 {
			continue
		}
		count++
		body = append(body, 0xc0, 12) // the name of the question
		body = binary.BigEndian.AppendUint16(body, typ)
		body = append(body, 0, 1, 0, 0, 0, 0)
		body = binary.BigEndian.AppendUint16(body, uint16(len(a.AsSlice())))
		body = append(body, a.AsSlice()...)
	}
	msg := append([]byte(nil), query[:2]...)
	msg = binary.BigEndian.AppendUint16(msg, flags)
	msg = binary.BigEndian.AppendUint16(msg, 1)
	msg = binary.BigEndian.AppendUint16(msg, count)
	msg = append(msg, 0, 0, 0, 0)
	msg = append(msg, query[12:end]...)
	return append(msg, body...)
}
