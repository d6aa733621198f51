package smtp

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	gomail "github.com/wneessen/go-mail"

	"github.com/mintyard/mintyard/authenticator"
)

// message writes a message as RFC 5322 has it: plain text in UTF-8, marked as
// written by a machine, so that nobody's absence is told to it (RFC 3834).
func (s *Sender) message(m authenticator.Message, to string) (*gomail.Msg, error) {
	switch {
	case m.Channel != authenticator.TypeEmail:
		return nil, fmt.Errorf("%w: channel %q", ErrMessage, m.Channel)
	case m.Title == "" || m.Text == "":
		return nil, fmt.Errorf("%w: it has no title, or no text", ErrMessage)
	case !utf8.ValidString(m.Title) || strings.ContainsFunc(m.Title, breaks):
		return nil, fmt.Errorf("%w: the title is not one line", ErrMessage)
	}
	msg := gomail.NewMsg(gomail.WithNoDefaultUserAgent(), gomail.WithEncoding(gomail.EncodingQP))
	msg.FromMailAddress(s.from)
	if err := msg.To(envelope(to)); err != nil {
		return nil, ErrAddress
	}
	// What looks encoded would be decoded: into another title than was rendered.
	msg.Subject(strings.ReplaceAll(m.Title, "=?", "= ?"))
	msg.SetDateWithValue(s.config.Now())
	msg.SetMessageIDWithValue(s.messageID(m))
	msg.SetGenHeader("Auto-Submitted", "auto-generated")
	msg.SetBodyString(gomail.TypeTextPlain, strings.ToValidUTF8(m.Text, "\uFFFD"))
	return msg, nil
}

// messageID is the same for a repetition, so that a mailbox can drop it, and does
// not tell the ID by which a code is redeemed.
func (s *Sender) messageID(m authenticator.Message) string {
	id := m.ID
	if id == "" {
		id = rand.Text()
	}
	sum := sha256.Sum256([]byte("Message-ID\x00" + id + "\x00" + m.To))
	domain := s.from.Address[strings.LastIndexByte(s.from.Address, '@'):]
	return base64.RawURLEncoding.EncodeToString(sum[:16]) + domain
}

// breaks reports what could end a line, for whoever reads it.
func breaks(r rune) bool {
	return unicode.IsControl(r) || unicode.In(r, unicode.Zl, unicode.Zp)
}
