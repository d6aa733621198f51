package smtp

import (
	"context"
	"errors"
	"fmt"
	"net/mail"
	"net/textproto"
	"slices"
	"strings"

	gomail "github.com/wneessen/go-mail"
	"github.com/wneessen/go-mail/smtp"

	"github.com/mintyard/mintyard/authenticator"
)

var (
	// ErrNoTLS says that the server offers no STARTTLS. Nothing was sent.
	ErrNoTLS = errors.New("smtp: the server offers no encryption")

	// ErrAddress says that the message cannot go to its address: there is no such
	// address, or the server does not know internationalised ones (RFC 6531).
	ErrAddress = errors.New("smtp: the address is not usable")

	// ErrMessage says that the message is not one for e-mail, or is empty, or would
	// break out of its header.
	ErrMessage = errors.New("smtp: the message is not usable")
)

// ReplyError is what the server said no with. Its words are left out: they may
// repeat what they answer.
type ReplyError struct {
	Step string // "greeting", "EHLO", "STARTTLS", "AUTH", "MAIL", "RCPT", "DATA", "the text"
	Code int    // 4xx: try again later; 5xx: do not (RFC 5321 section 4.2.1)
}

func (e *ReplyError) Error() string {
	return fmt.Sprintf("smtp: the server answered %d to %s", e.Code, e.Step)
}

// Sender is an [authenticator.Sender] for the channel "email". It is made by [New]
// and safe for concurrent use.
type Sender struct {
	config Config
	from   *mail.Address
}

var _ authenticator.Sender = (*Sender)(nil)

// New checks the configuration. An error names the field that is wrong. It does
// not look for the server.
func New(c Config) (*Sender, error) {
	if err := c.complete(); err != nil {
		return nil, fmt.Errorf("smtp: Config.%w", err)
	}
	from, err := parseFrom(c.From)
	if err != nil {
		return nil, fmt.Errorf("smtp: Config.From: %w", err)
	}
	if c.Hello == "" {
		c.Hello = from.Address[strings.LastIndexByte(from.Address, '@')+1:]
	}
	return &Sender{config: c, from: from}, nil
}

// Format prints no password, whatever the verb.
func (s Sender) Format(f fmt.State, _ rune) { fmt.Fprintf(f, "smtp.Sender for %q", s.config.Host) }

// Send delivers a message to the server, and returns when that has taken it over,
// or the context or the Timeout ends. An error never shows the code, the text or
// the password. Errors are [ErrMessage], [ErrAddress], [ErrNoTLS], a [ReplyError],
// and those of the network, of TLS and of the context.
func (s *Sender) Send(ctx context.Context, m authenticator.Message) error {
	to, utf8, err := parseAddress(m.To)
	if err != nil {
		return ErrAddress
	}
	msg, err := s.message(m, to)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, s.config.Timeout)
	defer cancel()
	step := "dialling"
	if err := s.deliver(ctx, msg, to, utf8, &step); err != nil {
		return failure(ctx, step, err)
	}
	return nil
}

// deliver goes through the dialogue of RFC 5321, and says in step where it is.
func (s *Sender) deliver(ctx context.Context, msg *gomail.Msg, to string, utf8 bool, step *string) error {
	// 1. Connect. Whatever waits for the server afterwards ends with the context,
	// because the connection does.
	conn, err := s.dial(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { conn.Close() })()
	*step = "greeting"
	client, err := smtp.NewClient(conn, s.config.Host)
	if err != nil {
		return err
	}

	// 2. Encrypt, then authenticate. What the server says it can do counts only
	// after encryption; StartTLS asks again.
	*step = "EHLO"
	if err := client.Hello(s.config.Hello); err != nil {
		return err
	}
	if s.config.TLS == StartTLS {
		*step = "STARTTLS"
		if ok, _ := client.Extension("STARTTLS"); !ok {
			return ErrNoTLS
		}
		if err := client.StartTLS(s.tls()); err != nil {
			return err
		}
	}
	if s.config.Username != "" {
		*step = "AUTH"
		auth, err := s.auth(client)
		if err != nil {
			return err
		}
		if err := client.Auth(auth); err != nil {
			return err
		}
	}

	// 3. Hand over. Only what needs SMTPUTF8 asks for it: a message that does
	// cannot be passed on to servers without.
	if ok, _ := client.Extension("SMTPUTF8"); utf8 && !ok {
		return ErrAddress
	}
	client.SkipSMTPUTF8(!utf8)
	*step = "MAIL"
	if err := client.Mail(envelope(s.from.Address)); err != nil {
		return err
	}
	*step = "RCPT"
	if err := client.Rcpt(envelope(to)); err != nil {
		return err
	}
	*step = "DATA"
	w, err := client.Data()
	if err != nil {
		return err
	}
	*step = "the text"
	if _, err := msg.WriteTo(w); err != nil {
		return err
	}
	if err := w.Close(); err != nil {
		return err
	}

	// 4. It is the server's now, whether or not it says goodbye.
	_ = client.Quit()
	return nil
}

// auth chooses the best of what the server offers.
func (s *Sender) auth(client *smtp.Client) (smtp.Auth, error) {
	_, offered := client.Extension("AUTH")
	mechanisms := strings.Fields(strings.ToUpper(offered))
	user, password, host := s.config.Username, s.config.Password, s.config.Host
	local := s.config.TLS == NoTLS
	switch {
	case slices.Contains(mechanisms, "SCRAM-SHA-256"):
		return smtp.ScramSHA256Auth(user, password), nil
	case slices.Contains(mechanisms, "PLAIN"):
		return smtp.PlainAuth("", user, password, host, local), nil
	case slices.Contains(mechanisms, "LOGIN"):
		return smtp.LoginAuth(user, password, host, local), nil
	}
	return nil, errors.New("the server offers none of SCRAM-SHA-256, PLAIN and LOGIN")
}

// failure says what went wrong at a step, without the server's words.
func failure(ctx context.Context, step string, err error) error {
	var reply *textproto.Error
	switch {
	case ctx.Err() != nil:
		return fmt.Errorf("smtp: %s: %w", step, ctx.Err())
	case errors.As(err, &reply):
		return &ReplyError{Step: step, Code: reply.Code}
	case errors.Is(err, ErrNoTLS) || errors.Is(err, ErrAddress):
		return err
	case isProtocol(err):
		return fmt.Errorf("smtp: %s: the server does not speak SMTP", step)
	}
	return fmt.Errorf("smtp: %s: %w", step, err)
}

// isProtocol reports whether err quotes a line that is no reply.
func isProtocol(err error) bool {
	var p textproto.ProtocolError
	return errors.As(err, &p)
}

// envelope writes an address for MAIL and RCPT.
func envelope(address string) string { return (&mail.Address{Address: address}).String() }
