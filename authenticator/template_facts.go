package authenticator

import (
	"net/netip"
	"strings"
	"time"
	"unicode"
)

// The purposes of notices about what people care most for; [PurposeNotice] is for
// other changes. They ask nothing and carry no code. Whoever owns an account must
// hear of a change that somebody else made (NIST SP 800-63B-4 section 4.6).
const (
	PurposePasswordChanged Purpose = "password_changed"
	PurposeFactorAdded     Purpose = "factor_added"
	PurposeFactorRemoved   Purpose = "factor_removed"
)

// MessageFacts are what a [Message] says and does not carry by itself.
type MessageFacts struct {
	App    string     // who asks; "" is TemplateConfig.App
	Addr   netip.Addr // of whoever asks; the zero Addr is not mentioned
	Factor string     // notices: the type of what was added or removed, "totp", or a name for it
	Now    time.Time  // from which the minutes are counted; the zero time is time.Now
}

// TemplateData is what a [Template] can use: {{.Code}}, {{minutes .Minutes}}.
// Every field but Minutes may be empty, and all are a single line.
type TemplateData struct {
	App     string // who asks
	Code    string // what to enter; never there in a push
	Link    string // what to open instead
	Minutes int    // for which code and link are good, at least 1
	From    string // where whoever asks is: a place, or an address
	Factor  string // notices: what was added or removed, in words
	Channel string // "sms", "voice", "email", "push"
	Purpose string // "sign_in", and so on
}

// data makes the facts fit to be put into a text.
func (t *Templates) data(m *Message, f MessageFacts) TemplateData {
	d := TemplateData{
		App: foldName(f.App), Code: m.Code, Link: m.Link, Minutes: minutesLeft(m.Expires, f.Now),
		Factor: foldName(f.Factor), Channel: m.Channel, Purpose: m.Purpose.String(),
	}
	if d.App == "" {
		d.App = t.app
	}
	if f.Addr.IsValid() {
		d.From = foldName(t.place(f.Addr.Unmap().WithZone(""))) // a zone may be any text
	}
	if words, ok := factorWords[d.Factor]; ok {
		d.Factor = words
	}
	if m.Channel == TypePush {
		d.Code, d.Link = "", "" // a device that is asked for consent must not learn the answer
	}
	return d
}

// minutesLeft rounds: five minutes that began a moment ago are still called five.
func minutesLeft(end, now time.Time) int {
	if now.IsZero() {
		now = time.Now()
	}
	return max(1, int(end.Sub(now).Round(time.Minute)/time.Minute))
}

// factorWords are the types of factors as people call them.
var factorWords = map[string]string{
	TypePassword: "a password", TypeTOTP: "an authenticator app", TypeHOTP: "a code generator",
	TypeSMS: "a phone number for text messages", TypeVoice: "a phone number for calls", TypeEmail: "an e-mail address",
	TypePush: "an app on a device", TypeWebAuthn: "a passkey", TypeRecoveryCodes: "recovery codes",
	TypeQuestion: "a security question",
}

// maxName is how many characters of a name a message shows.
const maxName = 60

// foldName makes one short line of a name that somebody has chosen. It breaks no
// line and no header, turns no text around, and cannot begin a line like an
// origin-bound code.
func foldName(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case r == unicode.ReplacementChar || unicode.Is(unicode.Bidi_Control, r):
			return -1
		case unicode.IsSpace(r) || unicode.IsControl(r) || unicode.In(r, unicode.Zl, unicode.Zp):
			return ' '
		}
		return r
	}, s)
	s = strings.TrimLeft(strings.Join(strings.Fields(s), " "), "@# ")
	if r := []rune(s); len(r) > maxName {
		s = strings.TrimSpace(string(r[:maxName-3])) + "..."
	}
	return s
}
