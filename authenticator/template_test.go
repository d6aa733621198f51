package authenticator_test

import (
	"net/netip"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/mintyard/mintyard/authenticator"
)

var (
	rendered = time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)
	facts    = authenticator.MessageFacts{App: "Example", Addr: netip.MustParseAddr("192.0.2.7"), Now: rendered}
)

func templates(t testing.TB, c authenticator.TemplateConfig) *authenticator.Templates {
	t.Helper()
	made, err := authenticator.NewTemplates(c)
	require.NoError(t, err)
	return made
}

func code(channel string, purpose authenticator.Purpose) authenticator.Message {
	return authenticator.Message{Channel: channel, Purpose: purpose, Code: "314159", Expires: rendered.Add(5 * time.Minute)}
}

func TestDefaultTemplates(t *testing.T) {
	all := templates(t, authenticator.TemplateConfig{Domain: "Login.Example"})
	link := code("email", authenticator.PurposeSignIn)
	link.Code, link.Link = "", "https://login.example/l?c=1&d=2"
	both := code("email", authenticator.PurposeRecovery)
	both.Link = "https://login.example/l?c=1&d=2"
	added := facts
	added.Factor = "totp"
	named := facts
	named.Factor = "the green key"
	for name, c := range map[string]struct {
		m           authenticator.Message
		f           authenticator.MessageFacts
		title, text string
	}{
		"sms": {code("sms", authenticator.PurposeSignIn), facts, "Your code to sign in to Example",
			"314159 is your code to sign in to Example. It is good for 5 minutes. Do not give it to anybody.\n\n@login.example #314159"},
		"sms, nothing known": {code("sms", authenticator.PurposeSignIn), authenticator.MessageFacts{Now: rendered.Add(5 * time.Minute)}, "Your code to sign in",
			"314159 is your code to sign in. It is good for 1 minute. Do not give it to anybody.\n\n@login.example #314159"},
		"sms, enrolment": {code("sms", authenticator.PurposeEnrolment), facts, "Your code to add this phone number to your account at Example",
			"314159 is your code to add this phone number to your account at Example. It is good for 5 minutes. Do not give it to anybody.\n\n@login.example #314159"},
		"voice": {code("voice", authenticator.PurposeRecovery), facts, "Your code to recover your account at Example",
			"Hello. Your code to recover your account at Example is: 3, 1, 4, 1, 5, 9.\nOnce more: 3, 1, 4, 1, 5, 9.\nIt is good for 5 minutes. Do not give it to anybody. Goodbye."},
		"email": {code("email", authenticator.PurposeSignIn), facts, "Your code to sign in to Example",
			"Your code to sign in to Example:\n\n    314159\n\nIt is good for 5 minutes, and once. Do not give it to anybody, whoever they say they are.\n\n" +
				"It was asked for from 192.0.2.7. If that was not you, do nothing: nobody can sign in without it."},
		"email, link": {link, authenticator.MessageFacts{Now: rendered}, "Your link to sign in",
			"Open this link to sign in:\n\nhttps://login.example/l?c=1&d=2\n\nIt is good for 5 minutes, and once. Do not give it to anybody, whoever they say they are.\n\n" +
				"If that was not you, do nothing: nobody can sign in without it."},
		"email, code and link": {both, facts, "Your code to recover your account at Example",
			"Your code to recover your account at Example:\n\n    314159\n\nOr open this link instead:\n\nhttps://login.example/l?c=1&d=2\n\n" +
				"It is good for 5 minutes, and once. Do not give it to anybody, whoever they say they are.\n\n" +
				"It was asked for from 192.0.2.7. If that was not you, do nothing: your account stays as it is."},
		"push": {authenticator.Message{Channel: "push", Choices: []string{"12", "34", "56"}, Expires: rendered.Add(time.Minute)}, facts, "Example",
			"Do you want to sign in to Example? The request came from 192.0.2.7.\nIf it is not yours, say no."},
		"push, nothing known": {authenticator.Message{Channel: "push"}, authenticator.MessageFacts{}, "Is this you?",
			"Do you want to sign in?\nIf it is not yours, say no."},
		"password changed": {authenticator.Message{Channel: "email", Purpose: authenticator.PurposePasswordChanged}, facts, "Your password was changed",
			"The password of your account at Example was changed, from 192.0.2.7.\nIf that was not you, recover your account at once."},
		"factor added": {authenticator.Message{Channel: "sms", Purpose: authenticator.PurposeFactorAdded}, added, "A way to sign in was added",
			"Your account at Example has a new way to sign in: an authenticator app. It was added from 192.0.2.7.\nIf that was not you, recover your account at once."},
		"factor removed": {authenticator.Message{Channel: "push", Purpose: authenticator.PurposeFactorRemoved}, named, "A way to sign in was removed",
			"Your account at Example has lost a way to sign in: the green key. It was removed from 192.0.2.7.\nIf that was not you, recover your account at once."},
		"notice": {authenticator.Message{Channel: "email", Purpose: authenticator.PurposeNotice}, authenticator.MessageFacts{}, "Your account was changed",
			"Your account was changed.\nIf that was not you, recover your account at once."},
	} {
		t.Run(name, func(t *testing.T) {
			m := c.m
			require.NoError(t, all.Render(&m, c.f))
			require.Equal(t, c.title, m.Title)
			require.Equal(t, c.text, m.Text)
			m.Title, m.Text = "", ""
			require.Equal(t, c.m, m, "only Title and Text are set")
		})
	}
}

// TestEveryTemplate: there is one for each channel and purpose, and in it what
// there must be.
func TestEveryTemplate(t *testing.T) {
	all := templates(t, authenticator.TemplateConfig{App: "Münzhof"})
	for _, channel := range []string{"sms", "voice", "email", "push"} {
		for _, purpose := range []authenticator.Purpose{
			authenticator.PurposeSignIn, authenticator.PurposeRecovery, authenticator.PurposeEnrolment, authenticator.PurposeNotice,
			authenticator.PurposePasswordChanged, authenticator.PurposeFactorAdded, authenticator.PurposeFactorRemoved,
		} {
			m := code(channel, purpose)
			notice := purpose == authenticator.PurposeNotice || purpose == authenticator.PurposePasswordChanged ||
				purpose == authenticator.PurposeFactorAdded || purpose == authenticator.PurposeFactorRemoved
			require.NoError(t, all.Render(&m, authenticator.MessageFacts{Now: rendered}))
			require.NotContains(t, m.Title, "314159", "a title is shown on a locked screen")
			require.Contains(t, m.Text, "Münzhof", "%s %s", channel, purpose)
			for _, left := range []string{"[", "]", "{", "}", "<no value>", "  to", " ."} {
				require.NotContains(t, m.Title+m.Text, left, "%s %s", channel, purpose)
			}
			if channel != "push" && !notice {
				require.Contains(t, strings.ReplaceAll(m.Text, ", ", ""), "314159")
				require.Contains(t, m.Text, "5 minutes")
			} else {
				require.NotContains(t, strings.ReplaceAll(m.Text, ", ", ""), "314159", "a push and a notice carry no code")
			}
		}
	}
}

// originBound reads a text message as section 3 of the WICG's "Origin-bound
// one-time codes delivered via SMS" says.
func originBound(text string) (host, code string, ok bool) {
	lines := strings.Split(text, "\n")
	fields := strings.Fields(lines[len(lines)-1])
	if len(fields) < 2 {
		return "", "", false
	}
	host, at := strings.CutPrefix(fields[0], "@")
	code, hash := strings.CutPrefix(fields[1], "#")
	return host, code, at && hash && host != "" && code != ""
}

// TestOriginBound: whoever chooses the name of an app cannot choose where the code
// is filled in.
func TestOriginBound(t *testing.T) {
	for _, app := range []string{
		"Example", "", "@evil.example #314159", "x\n@evil.example #314159", "x\r\n\r\n@evil.example #314159\r\n",
		"x\u2028@evil.example #314159", "x\u0085@evil.example #1", "x\v@evil.example #1", "@@#@evil.example #1", "\u202e@evil.example #1", " @evil.example #1",
	} {
		for _, text := range []string{"", "{{.App}} {{.Code}}", "{{.Code}}\n{{.App}}", "{{.Code}}\n\n{{.App}}\n\n"} {
			c := authenticator.TemplateConfig{}
			if text != "" {
				c.Texts = map[authenticator.TemplateKey]authenticator.Template{{Channel: "sms"}: {Text: text}}
			}
			m := code("sms", authenticator.PurposeSignIn)
			require.NoError(t, templates(t, c).Render(&m, authenticator.MessageFacts{App: app}))
			host, _, ok := originBound(m.Text)
			require.False(t, ok, "%q is bound to %q", m.Text, host)

			c.Domain = "login.example"
			require.NoError(t, templates(t, c).Render(&m, authenticator.MessageFacts{App: app}))
			host, bound, ok := originBound(m.Text)
			require.True(t, ok)
			require.Equal(t, "login.example", host)
			require.Equal(t, "314159", bound)
		}
	}
	for _, channel := range []string{"voice", "email"} {
		m := code(channel, authenticator.PurposeSignIn)
		require.NoError(t, templates(t, authenticator.TemplateConfig{Domain: "login.example"}).Render(&m, facts))
		require.NotContains(t, m.Text, "@login.example")
	}
	m := authenticator.Message{Channel: "sms", Purpose: authenticator.PurposeNotice}
	require.NoError(t, templates(t, authenticator.TemplateConfig{Domain: "login.example"}).Render(&m, facts))
	require.NotContains(t, m.Text, "@login.example", "without a code there is nothing to bind")
}

// TestOwnTemplates: one is replaced, the others stay, and a channel of the host's
// own has all of them.
func TestOwnTemplates(t *testing.T) {
	c := authenticator.TemplateConfig{
		App:   "Münzhof",
		Place: func(a netip.Addr) string { return "Bern\r\nBcc: " + a.String() },
		Texts: map[authenticator.TemplateKey]authenticator.Template{
			{Channel: "email"}: {
				Title: " Anmelden\r\nBcc:\t{{.App}} ",
				Text:  "\r\n\r\nCode {{.Code}} {{.Link}}\t \r\n\r\n\r\n\rfür {{minutes .Minutes}}, {{.From}}, {{.Channel}}, {{.Purpose}}\n\n",
			},
		},
	}
	m := code("email", authenticator.PurposeSignIn)
	f := facts
	f.App = ""
	require.NoError(t, templates(t, c).Render(&m, f))
	require.Equal(t, "Anmelden Bcc: Münzhof", m.Title)
	require.Equal(t, "Code 314159\n\nfür 5 minutes, Bern Bcc: 192.0.2.7, email, sign_in", m.Text)
	m = code("email", authenticator.PurposeRecovery)
	require.NoError(t, templates(t, c).Render(&m, f))
	require.Contains(t, m.Title, "to recover your account at Münzhof")

	for _, p := range []authenticator.Purpose{
		authenticator.PurposeSignIn, authenticator.PurposeRecovery, authenticator.PurposeEnrolment, authenticator.PurposeNotice,
		authenticator.PurposePasswordChanged, authenticator.PurposeFactorAdded, authenticator.PurposeFactorRemoved,
	} {
		_, err := authenticator.NewTemplates(c)
		if p != authenticator.PurposeSignIn {
			require.ErrorContains(t, err, "authenticator: TemplateConfig.Texts[pigeon ")
			require.ErrorContains(t, err, "]: is missing")
		}
		c.Texts[authenticator.TemplateKey{Channel: "pigeon", Purpose: p}] = authenticator.Template{Text: "{{spell .Code}}, says {{.App}}"}
	}
	m = code("pigeon", authenticator.PurposeSignIn)
	require.NoError(t, templates(t, c).Render(&m, f))
	require.Equal(t, "3, 1, 4, 1, 5, 9, says Münzhof", m.Text)
}

func TestTemplateConfig(t *testing.T) {
	texts := func(channel, title, text string) authenticator.TemplateConfig {
		return authenticator.TemplateConfig{Texts: map[authenticator.TemplateKey]authenticator.Template{
			{Channel: channel}: {Title: title, Text: text},
		}}
	}
	for name, c := range map[string]struct {
		config authenticator.TemplateConfig
		want   string
	}{
		"a URL":                  {authenticator.TemplateConfig{Domain: "https://login.example"}, "Domain: "},
		"a port":                 {authenticator.TemplateConfig{Domain: "login.example:8080"}, "Domain: "},
		"a second line":          {authenticator.TemplateConfig{Domain: "login.example\n@evil.example"}, "Domain: "},
		"a second field":         {authenticator.TemplateConfig{Domain: "login.example #1"}, "Domain: "},
		"not ASCII":              {authenticator.TemplateConfig{Domain: "münzhof.example"}, "Domain: "},
		"an address":             {authenticator.TemplateConfig{Domain: "192.0.2.7"}, "Domain: "},
		"an empty label":         {authenticator.TemplateConfig{Domain: "login..example"}, "Domain: "},
		"a final dot":            {authenticator.TemplateConfig{Domain: "login.example."}, "Domain: "},
		"a hyphen":               {authenticator.TemplateConfig{Domain: "-login.example"}, "Domain: "},
		"does not parse":         {texts("sms", "", "{{.Code"), "Texts[sms sign_in]: "},
		"title does not parse":   {texts("sms", "{{end}}", "{{.Code}}"), "Texts[sms sign_in]: "},
		"unknown field":          {texts("sms", "", "{{.Code}} {{.Recipient}}"), "Texts[sms sign_in]: "},
		"unknown function":       {texts("sms", "", "{{html5 .Code}}"), "Texts[sms sign_in]: "},
		"fails with less":        {texts("sms", "", "{{.Code}} {{slice .App 0 3}}"), "Texts[sms sign_in]: "},
		"fails with more":        {texts("sms", "", `{{.Code}} {{with .App}}{{index . "x"}}{{end}}`), "Texts[sms sign_in]: "},
		"empty":                  {texts("sms", "", ""), "Texts[sms sign_in]: Text: leaves out the code"},
		"blank":                  {texts("push", "x", " \n\t"), "Texts[push sign_in]: Text: is empty"},
		"no code":                {texts("sms", "", "Hello"), "Texts[sms sign_in]: Text: leaves out the code"},
		"no code without an app": {texts("sms", "", "{{with .App}}{{$.Code}}{{else}}Hello{{end}}"), "Texts[sms sign_in]: Text: leaves out the code"},
		"no title":               {texts("email", "", "{{.Code}} {{.Link}}"), "Texts[email sign_in]: Title: is empty"},
		"sometimes no title":     {texts("push", "{{.App}}", "Sign in?"), "Texts[push sign_in]: Title: is empty"},
		"no link":                {texts("email", "x", "{{.Code}}"), "Texts[email sign_in]: Text: leaves out the link"},
		"a link that is escaped": {texts("email", "x", "{{.Code}} {{html .Link}}"), "Texts[email sign_in]: Text: leaves out the link"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := authenticator.NewTemplates(c.config)
			require.ErrorContains(t, err, "authenticator: TemplateConfig."+c.want)
		})
	}
	for _, domain := range []string{"login.example", "localhost", "xn--mnzhof-3ya.example", "LOGIN.EXAMPLE", "1.example", "a-b.example"} {
		_, err := authenticator.NewTemplates(authenticator.TemplateConfig{Domain: domain})
		require.NoError(t, err, domain)
	}
}

// TestRenderRefuses leaves the message alone, and shows no code.
func TestRenderRefuses(t *testing.T) {
	c := authenticator.TemplateConfig{Texts: map[authenticator.TemplateKey]authenticator.Template{
		{Channel: "sms"}: {Text: `{{.Code}}{{if eq .Factor "boom"}}{{index .Code .Code}}{{end}}`},
	}}
	all := templates(t, c)
	for name, change := range map[string]func(*authenticator.Message, *authenticator.MessageFacts){
		"unknown channel":   func(m *authenticator.Message, _ *authenticator.MessageFacts) { m.Channel = "pigeon" },
		"unknown purpose":   func(m *authenticator.Message, _ *authenticator.MessageFacts) { m.Purpose = "fun" },
		"blank in the code": func(m *authenticator.Message, _ *authenticator.MessageFacts) { m.Code = "314159 @evil.example" },
		"break in the code": func(m *authenticator.Message, _ *authenticator.MessageFacts) { m.Code = "314159\n1" },
		"code not in ASCII": func(m *authenticator.Message, _ *authenticator.MessageFacts) { m.Code = "314159é" },
		"no code":           func(m *authenticator.Message, _ *authenticator.MessageFacts) { m.Code = "" },
		"only a link":       func(m *authenticator.Message, _ *authenticator.MessageFacts) { m.Code, m.Link = "", "https://a/b" },
		"neither of them":   func(m *authenticator.Message, _ *authenticator.MessageFacts) { m.Code, m.Channel = "", "email" },
		"relative link":     func(m *authenticator.Message, _ *authenticator.MessageFacts) { m.Link = "/a?c=314159" },
		"break in the link": func(m *authenticator.Message, _ *authenticator.MessageFacts) { m.Link = "https://a/314159\nb" },
		"blank in the link": func(m *authenticator.Message, _ *authenticator.MessageFacts) { m.Link = "https://a/314159 b" },
		"failing template":  func(_ *authenticator.Message, f *authenticator.MessageFacts) { f.Factor = "boom" },
	} {
		t.Run(name, func(t *testing.T) {
			m, f := code("sms", authenticator.PurposeSignIn), facts
			m.Title, m.Text = "before", "before"
			change(&m, &f)
			before := m
			err := all.Render(&m, f)
			require.Error(t, err)
			require.NotContains(t, err.Error(), "314159")
			require.Equal(t, before, m)
		})
	}
}

func TestNamesInMessages(t *testing.T) {
	all := templates(t, authenticator.TemplateConfig{Texts: map[authenticator.TemplateKey]authenticator.Template{
		{Channel: "sms"}: {Title: "{{.From}}", Text: "{{.Code}}: {{.App}}"},
	}})
	for given, want := range map[string]string{
		"Example":                       "Example",
		"  two\twords ":                 "two words",
		"a\r\nb":                        "a b",
		"a\x00\x1b[31mb":                "a [31mb",
		"right\u202eto\u2066left\u2069": "righttoleft",
		"bad\xffbytes":                  "badbytes",
		"<b>&\"'{{.Code}}":              "<b>&\"'{{.Code}}",
		strings.Repeat("ü", 61):         strings.Repeat("ü", 57) + "...",
		strings.Repeat("ü", 60):         strings.Repeat("ü", 60),
		"家族 👨‍👩‍👧":                      "家族 👨‍👩‍👧",
	} {
		m := code("sms", authenticator.PurposeSignIn)
		require.NoError(t, all.Render(&m, authenticator.MessageFacts{App: given}))
		require.Equal(t, "314159: "+want, m.Text)
	}
	for given, want := range map[string]string{
		"192.0.2.7": "192.0.2.7", "::ffff:192.0.2.7": "192.0.2.7", "2001:db8::1": "2001:db8::1", "fe80::1%x\nBcc": "fe80::1",
	} {
		m := code("sms", authenticator.PurposeSignIn)
		addr, err := netip.ParseAddr(given)
		require.NoError(t, err)
		require.NoError(t, all.Render(&m, authenticator.MessageFacts{Addr: addr}))
		require.Equal(t, want, m.Title)
	}
}

func TestMinutes(t *testing.T) {
	all := templates(t, authenticator.TemplateConfig{Texts: map[authenticator.TemplateKey]authenticator.Template{
		{Channel: "sms"}: {Text: "{{.Code}} {{minutes .Minutes}}"},
	}})
	for left, want := range map[time.Duration]string{
		5 * time.Minute: "5 minutes", 5*time.Minute - 20*time.Second: "5 minutes", 90 * time.Second: "2 minutes",
		89 * time.Second: "1 minute", time.Second: "1 minute", 0: "1 minute", -time.Hour: "1 minute", time.Hour: "60 minutes",
	} {
		m := code("sms", authenticator.PurposeSignIn)
		m.Expires = rendered.Add(left)
		require.NoError(t, all.Render(&m, authenticator.MessageFacts{Now: rendered}))
		require.Equal(t, "314159 "+want, m.Text, left)
	}
	m := code("sms", authenticator.PurposeSignIn)
	m.Expires = time.Now().Add(7 * time.Minute)
	require.NoError(t, all.Render(&m, authenticator.MessageFacts{}))
	require.Equal(t, "314159 7 minutes", m.Text)
	m.Expires = time.Time{}
	require.NoError(t, all.Render(&m, authenticator.MessageFacts{}))
}

// FuzzRender: whatever people call things, a title stays one line, a text is as
// the policy says, and the code is bound to the host's domain.
func FuzzRender(f *testing.F) {
	all := templates(f, authenticator.TemplateConfig{Domain: "login.example"})
	f.Add("sms", "Example", "totp", "314159")
	f.Add("email", "x\r\nBcc: a@b", "\u202e", "314159")
	f.Add("push", "@evil.example #1", "\xff\x00", "")
	f.Add("voice", "\u2028\u0085\v", "{{.Code}}", "ABC-DEF")
	f.Fuzz(func(t *testing.T, channel, app, factor, code string) {
		for _, p := range []authenticator.Purpose{authenticator.PurposeSignIn, authenticator.PurposeFactorAdded} {
			m := authenticator.Message{Channel: channel, Purpose: p, Code: code}
			if all.Render(&m, authenticator.MessageFacts{App: app, Factor: factor}) != nil {
				continue
			}
			if !utf8.ValidString(m.Title) || strings.ContainsFunc(m.Title, breaks) {
				t.Fatalf("title %q", m.Title)
			}
			if !utf8.ValidString(m.Text) || strings.ContainsFunc(strings.ReplaceAll(m.Text, "\n", ""), breaks) ||
				strings.Contains(m.Text, "\n\n\n") || strings.Contains(m.Text, " \n") || strings.TrimSpace(m.Text) != m.Text {
				t.Fatalf("text %q", m.Text)
			}
			if host, bound, ok := originBound(m.Text); channel == "sms" && code != "" && (!ok || host != "login.example" || bound != code) {
				t.Fatalf("%q is bound to %q %q", m.Text, host, bound)
			}
		}
	})
}

func breaks(r rune) bool { return unicode.IsControl(r) || unicode.In(r, unicode.Zl, unicode.Zp) }
