package smtp_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/quotedprintable"
	"net"
	"net/mail"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/mintyard/mintyard/authenticator"
	"github.com/mintyard/mintyard/authenticator/smtp"
)

var now = time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)

func letter() authenticator.Message {
	return authenticator.Message{
		ID: "challenge-1", Channel: "email", Subject: "alice", To: "alice@example.com", Code: "314159",
		Title: "Your code to sign in", Text: "Your code to sign in:\n\n    314159\n\nIt is good for 5 minutes.",
		Expires: now.Add(5 * time.Minute),
	}
}

// sender is one for the server, as a host would make it.
func sender(t *testing.T, s *server, change func(*smtp.Config)) *smtp.Sender {
	t.Helper()
	c := smtp.Config{
		Host: "localhost", Port: s.port, Roots: s.roots, Username: user, Password: password,
		From: "Example <no-reply@login.example>", Now: func() time.Time { return now },
	}
	if change != nil {
		change(&c)
	}
	made, err := smtp.New(c)
	require.NoError(t, err)
	return made
}

// parse reads a mail as the person's program would.
func parse(t *testing.T, data []byte) (mail.Header, string) {
	t.Helper()
	require.NotContains(t, strings.ReplaceAll(string(data), "\r\n", ""), "\n", "a bare line feed")
	m, err := mail.ReadMessage(strings.NewReader(string(data)))
	require.NoError(t, err)
	require.Equal(t, "quoted-printable", m.Header.Get("Content-Transfer-Encoding"))
	body, err := io.ReadAll(quotedprintable.NewReader(m.Body))
	require.NoError(t, err)
	return m.Header, strings.TrimRight(strings.ReplaceAll(string(body), "\r\n", "\n"), "\n")
}

func TestDelivered(t *testing.T) {
	for _, c := range []struct {
		mode string
		tls  smtp.TLS
	}{{"starttls", ""}, {"starttls", smtp.StartTLS}, {"implicit", smtp.ImplicitTLS}, {"plain", smtp.NoTLS}} {
		t.Run(c.mode+" "+string(c.tls), func(t *testing.T) {
			o := options{Mode: c.mode, User: user, Password: password}
			if c.mode == "plain" {
				o.User = ""
			}
			s := startServer(t, o)
			send := sender(t, s, func(config *smtp.Config) {
				if config.TLS = c.tls; c.mode == "plain" {
					config.Username, config.Password = "", ""
				}
			})
			m := letter()
			require.NoError(t, send.Send(t.Context(), m))
			got := s.next(t)
			require.Equal(t, c.mode != "plain", got.Encrypted)
			require.Equal(t, o.User, got.User)
			require.Equal(t, "no-reply@login.example", got.From)
			require.Equal(t, []string{"alice@example.com"}, got.To)
			require.Equal(t, "login.example", got.Hello)
			require.False(t, got.UTF8)

			h, body := parse(t, got.Data)
			require.Equal(t, m.Text, body)
			require.Equal(t, m.Title, h.Get("Subject"))
			require.Equal(t, `"Example" <no-reply@login.example>`, h.Get("From"))
			require.Equal(t, "<alice@example.com>", h.Get("To"))
			require.Equal(t, "auto-generated", h.Get("Auto-Submitted"))
			require.Equal(t, "1.0", h.Get("Mime-Version"))
			require.Equal(t, "text/plain; charset=UTF-8", h.Get("Content-Type"))
			date, err := h.Date()
			require.NoError(t, err)
			require.True(t, now.Equal(date))
			require.Regexp(t, `^<[\w-]{22}@login\.example>$`, h.Get("Message-Id"))
			require.NotContains(t, string(got.Data), m.ID, "the ID by which a code is redeemed")
			require.Len(t, h, 9, "%v", h)
		})
	}
}

// TestMessageID: a repetition is the same message to a mailbox, and nothing else is.
func TestMessageID(t *testing.T) {
	s := startServer(t, options{Mode: "starttls", User: user, Password: password})
	send := sender(t, s, nil)
	id := func(change func(*authenticator.Message)) string {
		m := letter()
		change(&m)
		require.NoError(t, send.Send(t.Context(), m))
		h, _ := parse(t, s.next(t).Data)
		return h.Get("Message-Id")
	}
	first := id(func(*authenticator.Message) {})
	require.Equal(t, first, id(func(m *authenticator.Message) { m.Code = "271828" }))
	require.NotEqual(t, first, id(func(m *authenticator.Message) { m.ID = "challenge-2" }))
	require.NotEqual(t, first, id(func(m *authenticator.Message) { m.To = "bob@example.com" }))
	none := func(m *authenticator.Message) { m.ID = "" }
	require.NotEqual(t, id(none), id(none), "messages without ID are different ones")
}

func TestEncoding(t *testing.T) {
	s := startServer(t, options{Mode: "starttls", User: user, Password: password, UTF8: true})
	send := sender(t, s, func(c *smtp.Config) { c.From = "Münzhof Ž <no-reply@münzhof.example>" })
	for name, c := range map[string]struct{ to, title, text, envelope string }{
		"umlauts":       {"alice@example.com", "Ihr Code für Münzhof", "Grüße\nžluťoučký 日本語 🔑", "alice@example.com"},
		"long lines":    {"alice@example.com", strings.Repeat("Wörter und mehr ", 20) + "Ende", strings.Repeat("x", 3000) + " " + strings.Repeat("ü", 3000), "alice@example.com"},
		"long word":     {"alice@example.com", strings.Repeat("x", 900), "t", "alice@example.com"},
		"a dot alone":   {"alice@example.com", "t", "one\n.\nQUIT\n..two", "alice@example.com"},
		"looks encoded": {"alice@example.com", "=?utf-8?q?=0D=0ABcc:_eve@evil.example?=", "t", "alice@example.com"},
		"a domain":      {"alice@bücher.example", "t", "t", "alice@xn--bcher-kva.example"},
		"a local part":  {"jürgen@bücher.example", "t", "t", "jürgen@xn--bcher-kva.example"},
	} {
		t.Run(name, func(t *testing.T) {
			m := letter()
			m.To, m.Title, m.Text = c.to, c.title, c.text
			require.NoError(t, send.Send(t.Context(), m))
			got := s.next(t)
			require.Equal(t, []string{c.envelope}, got.To)
			require.Equal(t, strings.HasPrefix(c.to, "jür"), got.UTF8, "SMTPUTF8 is asked for only where it is needed")
			require.Equal(t, "no-reply@xn--mnzhof-3ya.example", got.From)
			h, body := parse(t, got.Data)
			require.Equal(t, c.text, body)
			title, err := new(mime.WordDecoder).DecodeHeader(h.Get("Subject"))
			require.NoError(t, err)
			require.Equal(t, strings.ReplaceAll(c.title, "=?", "= ?"), title)
			from, err := mail.ParseAddress(h.Get("From"))
			require.NoError(t, err)
			require.Equal(t, "Münzhof Ž", from.Name)
			require.Empty(t, h.Get("Bcc"))
			for line := range strings.SplitSeq(string(got.Data), "\r\n") {
				require.LessOrEqual(t, len(line), 998, "RFC 5322 section 2.1.1")
			}
		})
	}
}

// TestWithoutSMTPUTF8: an address that the server does not understand is not
// mangled into somebody else's.
func TestWithoutSMTPUTF8(t *testing.T) {
	s := startServer(t, options{Mode: "starttls", User: user, Password: password})
	m := letter()
	m.To = "jürgen@bücher.example"
	require.ErrorIs(t, sender(t, s, nil).Send(t.Context(), m), smtp.ErrAddress)
	s.silent(t)
	m.To = "jurgen@bücher.example"
	require.NoError(t, sender(t, s, nil).Send(t.Context(), m))
	require.Equal(t, []string{"jurgen@xn--bcher-kva.example"}, s.next(t).To)
}

// TestRefusedMessages never reach the network: there is no server.
func TestRefusedMessages(t *testing.T) {
	send := sender(t, &server{port: 1}, nil)
	for name, c := range map[string]struct {
		change func(*authenticator.Message)
		want   error
	}{
		"another channel":      {func(m *authenticator.Message) { m.Channel = "sms" }, smtp.ErrMessage},
		"no title":             {func(m *authenticator.Message) { m.Title = "" }, smtp.ErrMessage},
		"no text":              {func(m *authenticator.Message) { m.Text = "" }, smtp.ErrMessage},
		"header in the title":  {func(m *authenticator.Message) { m.Title = "Hi\r\nBcc: eve@evil.example" }, smtp.ErrMessage},
		"line feed in title":   {func(m *authenticator.Message) { m.Title = "Hi\nBcc: eve@evil.example" }, smtp.ErrMessage},
		"separator in title":   {func(m *authenticator.Message) { m.Title = "Hi\u2028there" }, smtp.ErrMessage},
		"broken title":         {func(m *authenticator.Message) { m.Title = "Hi\xff" }, smtp.ErrMessage},
		"no address":           {to(""), smtp.ErrAddress},
		"a phone number":       {to("+41790000000"), smtp.ErrAddress},
		"two addresses":        {to("a@example.com, b@example.com"), smtp.ErrAddress},
		"two, run together":    {to("a@example.com,b@example.com"), smtp.ErrAddress},
		"a name":               {to("Alice <a@example.com>"), smtp.ErrAddress},
		"brackets":             {to("<a@example.com>"), smtp.ErrAddress},
		"a second recipient":   {to("a@example.com>\r\nRCPT TO:<b@evil.example"), smtp.ErrAddress},
		"brackets in between":  {to("a@example.com> <b@evil.example"), smtp.ErrAddress},
		"a comment":            {to("a@example.com(b@evil.example)"), smtp.ErrAddress},
		"a quoted part":        {to(`"a b"@example.com`), smtp.ErrAddress},
		"a quoted address":     {to(`"a@evil.example"@example.com`), smtp.ErrAddress},
		"a parameter":          {to("a@example.com NOTIFY=NEVER"), smtp.ErrAddress},
		"a header":             {to("a@example.com\nBcc: b@evil.example"), smtp.ErrAddress},
		"a NUL":                {to("a\x00@example.com"), smtp.ErrAddress},
		"a literal":            {to("a@[127.0.0.1]"), smtp.ErrAddress},
		"an IP address":        {to("a@127.0.0.1"), smtp.ErrAddress},
		"a route":              {to("@evil.example:a@example.com"), smtp.ErrAddress},
		"a group":              {to("all: a@example.com;"), smtp.ErrAddress},
		"a percent":            {to("a@exam%ple.com"), smtp.ErrAddress},
		"turned around":        {to("a\u202eb@example.com"), smtp.ErrAddress},
		"not UTF-8":            {to("a\xff@example.com"), smtp.ErrAddress},
		"fullwidth at":         {to("a\uff20example.com"), smtp.ErrAddress},
		"dots":                 {to("a..b@example.com"), smtp.ErrAddress},
		"an empty label":       {to("a@example..com"), smtp.ErrAddress},
		"longer than they are": {to(strings.Repeat("a", 250) + "@example.com"), smtp.ErrAddress},
	} {
		t.Run(name, func(t *testing.T) {
			m := letter()
			c.change(&m)
			err := send.Send(t.Context(), m)
			require.ErrorIs(t, err, c.want)
			requireNoSecret(t, err)
		})
	}
}

func to(address string) func(*authenticator.Message) {
	return func(m *authenticator.Message) { m.To = address }
}

func requireNoSecret(t *testing.T, err error) {
	t.Helper()
	for e := err; e != nil; e = errors.Unwrap(e) {
		for _, secret := range []string{"314159", "hunter2", base64.StdEncoding.EncodeToString([]byte("\x00" + user + "\x00" + password))} {
			require.NotContains(t, fmt.Sprintf("%v %+v %#v", e, e, e), secret)
		}
	}
}

func TestWrongPassword(t *testing.T) {
	for _, mode := range []string{"starttls", "implicit"} {
		s := startServer(t, options{Mode: mode, User: user, Password: "another"})
		err := sender(t, s, func(c *smtp.Config) {
			if mode == "implicit" {
				c.TLS = smtp.ImplicitTLS
			}
		}).Send(t.Context(), letter())
		var reply *smtp.ReplyError
		require.ErrorAs(t, err, &reply)
		require.Equal(t, smtp.ReplyError{Step: "AUTH", Code: 535}, *reply)
		requireNoSecret(t, err)
		require.Equal(t, user, s.next(t).Refused)
		s.silent(t)
	}
}

func TestNoSuchMailbox(t *testing.T) {
	s := startServer(t, options{Mode: "starttls", User: user, Password: password})
	m := letter()
	m.To = "nobody@example.com"
	err := sender(t, s, nil).Send(t.Context(), m)
	var reply *smtp.ReplyError
	require.ErrorAs(t, err, &reply)
	require.Equal(t, smtp.ReplyError{Step: "RCPT", Code: 550}, *reply)
	requireNoSecret(t, err) // which the server's answer repeats

	m = letter()
	m.Text += " repeat me"
	err = sender(t, s, nil).Send(t.Context(), m)
	require.ErrorAs(t, err, &reply)
	require.Equal(t, smtp.ReplyError{Step: "the text", Code: 554}, *reply)
	requireNoSecret(t, err)
	s.silent(t)
}

// TestWithoutSTARTTLS: a server that offers none, or whose offer somebody on the
// way has taken out, gets neither password nor message.
func TestWithoutSTARTTLS(t *testing.T) {
	s := startServer(t, options{Mode: "plain", User: user, Password: password})
	require.ErrorIs(t, sender(t, s, nil).Send(t.Context(), letter()), smtp.ErrNoTLS)
	s.silent(t)
}

func TestUntrustedCertificate(t *testing.T) {
	for mode, way := range map[string]smtp.TLS{"starttls": smtp.StartTLS, "implicit": smtp.ImplicitTLS} {
		s := startServer(t, options{Mode: mode, User: user, Password: password})
		err := sender(t, s, func(c *smtp.Config) { c.TLS, c.Roots = way, x509.NewCertPool() }).Send(t.Context(), letter())
		var unknown x509.UnknownAuthorityError
		require.ErrorAs(t, err, &unknown, mode)
		err = sender(t, s, func(c *smtp.Config) { c.TLS, c.Roots = way, nil }).Send(t.Context(), letter())
		var verification *tls.CertificateVerificationError
		require.ErrorAs(t, err, &verification, mode)
		err = sender(t, s, func(c *smtp.Config) { c.TLS, c.Host = way, "127.0.0.1" }).Send(t.Context(), letter())
		var name x509.HostnameError
		require.ErrorAs(t, err, &name, mode)
		s.silent(t)
	}
}

func TestServerDown(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	port := l.Addr().(*net.TCPAddr).Port
	require.NoError(t, l.Close())
	err = sender(t, &server{port: port}, func(c *smtp.Config) { c.Host = "127.0.0.1" }).Send(t.Context(), letter())
	require.ErrorIs(t, err, syscall.ECONNREFUSED)
}

// TestHang: a server that stops talking, at whatever step, holds nobody longer
// than the deadline; nor does one that never stops.
func TestHang(t *testing.T) {
	greeting := "220 mail.test\r\n"
	ehlo := "250-mail.test\r\n250 AUTH PLAIN\r\n"
	for name, replies := range map[string][]string{
		"greeting": nil,
		"EHLO":     {greeting},
		"AUTH":     {greeting, ehlo},
		"MAIL":     {greeting, ehlo, "235 ok\r\n"},
		"RCPT":     {greeting, ehlo, "235 ok\r\n", "250 ok\r\n"},
		"DATA":     {greeting, ehlo, "235 ok\r\n", "250 ok\r\n", "250 ok\r\n"},
		"the text": {greeting, ehlo, "235 ok\r\n", "250 ok\r\n", "250 ok\r\n", "354 go on\r\n"},
	} {
		hangs := make(chan struct{}, 10)
		port := listen(t, func(conn net.Conn) {
			lines := bufio.NewReader(conn)
			for _, reply := range replies {
				io.WriteString(conn, reply)
				lines.ReadString('\n') // the client is at the next step
			}
			hangs <- struct{}{}
			io.Copy(io.Discard, lines) // until the client goes
		})
		send := func(t *testing.T, timeout time.Duration) *smtp.Sender {
			return sender(t, &server{port: port}, func(c *smtp.Config) { c.Host, c.TLS, c.Timeout = "127.0.0.1", smtp.NoTLS, timeout })
		}
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
			defer cancel()
			err := send(t, 0).Send(ctx, letter())
			require.ErrorIs(t, err, context.DeadlineExceeded)
			requireNoSecret(t, err)
			require.ErrorIs(t, send(t, 20*time.Millisecond).Send(t.Context(), letter()), context.DeadlineExceeded)
			for len(hangs) > 0 {
				<-hangs
			}

			ctx, cancel = context.WithCancel(t.Context())
			go func() {
				<-hangs
				cancel()
			}()
			err = send(t, 0).Send(ctx, letter())
			require.ErrorIs(t, err, context.Canceled)
			if name != "greeting" { // which the client may still be dialling for
				require.ErrorContains(t, err, "smtp: "+name+": ")
			}
		})
	}
}

// TestNoSMTP: what answers is no mail server, or means harm.
func TestNoSMTP(t *testing.T) {
	for name, c := range map[string]struct {
		says string
		way  smtp.TLS
		want string
	}{
		"HTTP":                    {"HTTP/1.1 400 Bad Request\r\n\r\n", smtp.StartTLS, "smtp: greeting: the server does not speak SMTP"},
		"repeats the code":        {"314159 hunter2\r\n", smtp.StartTLS, "smtp: greeting: the server does not speak SMTP"},
		"no line":                 {"hunter2", smtp.StartTLS, "smtp: greeting: the server does not speak SMTP"},
		"busy":                    {"421 come back later\r\n", smtp.StartTLS, "smtp: the server answered 421 to greeting"},
		"no TLS at the first":     {"220 mail.test\r\n", smtp.ImplicitTLS, "smtp: dialling: tls: first record does not look like a TLS handshake"},
		"talks without end":       {"220-" + strings.Repeat("x", 2<<20), smtp.StartTLS, "smtp: greeting: unexpected EOF"},
		"lines without end":       {strings.Repeat("220-x\r\n", 2<<17), smtp.StartTLS, "smtp: greeting: unexpected EOF"},
		"no authentication":       {"220 a\r\n250 a\r\n", smtp.NoTLS, "smtp: AUTH: the server offers none of SCRAM-SHA-256, PLAIN and LOGIN"},
		"only a weak one":         {"220 a\r\n250-a\r\n250 AUTH CRAM-MD5 NTLM\r\n", smtp.NoTLS, "smtp: AUTH: the server offers none of SCRAM-SHA-256, PLAIN and LOGIN"},
		"talks before encryption": {"220 a\r\n250-a\r\n250 STARTTLS\r\n220 go\r\n250-a\r\n250 AUTH PLAIN\r\n235 ok\r\n", smtp.StartTLS, "smtp: STARTTLS: "},
	} {
		t.Run(name, func(t *testing.T) {
			heard := make(chan string, 1)
			port := listen(t, func(conn net.Conn) {
				io.WriteString(conn, c.says)
				conn.(*net.TCPConn).CloseWrite()
				b, _ := io.ReadAll(conn)
				heard <- string(b)
			})
			err := sender(t, &server{port: port}, func(config *smtp.Config) { config.Host, config.TLS = "127.0.0.1", c.way }).Send(t.Context(), letter())
			require.ErrorContains(t, err, c.want)
			requireNoSecret(t, err)
			require.NotContains(t, <-heard, "AUTH")
		})
	}
}

func TestConcurrent(t *testing.T) {
	s := startServer(t, options{Mode: "starttls", User: user, Password: password})
	send := sender(t, s, nil)
	errs := make(chan error)
	for i := range 8 {
		go func() {
			m := letter()
			m.To = fmt.Sprintf("person-%d@example.com", i)
			m.Text = "for " + m.To
			errs <- send.Send(context.Background(), m)
		}()
	}
	for range 8 {
		require.NoError(t, <-errs)
	}
	seen := make(map[string]bool)
	for range 8 {
		got := s.next(t)
		_, body := parse(t, got.Data)
		require.Equal(t, "for "+got.To[0], body)
		seen[got.To[0]] = true
	}
	require.Len(t, seen, 8)
}
