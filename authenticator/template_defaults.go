package authenticator

import "strings"

// purposes are all that a channel has a template for.
var purposes = []Purpose{
	PurposeSignIn, PurposeRecovery, PurposeEnrolment,
	PurposeNotice, PurposePasswordChanged, PurposeFactorAdded, PurposeFactorRemoved,
}

// defaultTemplates are the library's own texts.
func defaultTemplates() map[TemplateKey]Template {
	all := make(map[TemplateKey]Template)
	for channel, form := range codeForms {
		for purpose, aim := range aims {
			// "this" is what the channel reaches: a number, an address, a device.
			r := strings.NewReplacer("[to]", strings.ReplaceAll(aim.to, "[this]", form.this), "[not]", aim.not)
			all[TemplateKey{channel, purpose}] = Template{Title: r.Replace(form.Title), Text: r.Replace(form.Text)}
		}
		for purpose, notice := range notices {
			all[TemplateKey{channel, purpose}] = notice
		}
	}
	return all
}

// aims say what a code is for, and what to do if one did not ask for it.
var aims = map[Purpose]struct{ to, not string }{
	PurposeSignIn: {
		"to sign in{{with .App}} to {{.}}{{end}}",
		"nobody can sign in without it",
	},
	PurposeRecovery: {
		"to recover your account{{with .App}} at {{.}}{{end}}",
		"your account stays as it is",
	},
	PurposeEnrolment: {
		"to add this [this] to {{with .App}}your account at {{.}}{{else}}your account{{end}}",
		"it will not be added",
	},
}

// codeForms are how each channel asks. The text of SMS keeps to characters of its
// small alphabet, so that it fits into one or two parts.
var codeForms = map[string]struct {
	this string
	Template
}{
	TypeSMS: {"phone number", Template{
		Title: "Your code [to]",
		Text:  `{{.Code}} is your code [to]. It is good for {{minutes .Minutes}}. Do not give it to anybody.`,
	}},
	TypeVoice: {"phone number", Template{
		Title: "Your code [to]",
		Text: `Hello. Your code [to] is: {{spell .Code}}.
Once more: {{spell .Code}}.
It is good for {{minutes .Minutes}}. Do not give it to anybody. Goodbye.`,
	}},
	TypeEmail: {"e-mail address", Template{
		Title: "{{if .Code}}Your code{{else}}Your link{{end}} [to]",
		Text: `{{if .Code}}Your code [to]:

    {{.Code}}

{{if .Link}}Or open this link instead:

{{.Link}}

{{end}}{{else}}Open this link [to]:

{{.Link}}

{{end}}It is good for {{minutes .Minutes}}, and once. Do not give it to anybody, whoever they say they are.

{{with .From}}It was asked for from {{.}}. {{end}}If that was not you, do nothing: [not].`,
	}},
	TypePush: {"device", Template{
		Title: "{{with .App}}{{.}}{{else}}Is this you?{{end}}",
		Text: `Do you want [to]?{{with .From}} The request came from {{.}}.{{end}}
If it is not yours, say no.`,
	}},
}

// notices are the same on every channel.
var notices = map[Purpose]Template{
	PurposeNotice: {
		Title: "Your account was changed",
		Text: `Your account{{with .App}} at {{.}}{{end}} was changed{{with .Factor}}: {{.}}{{end}}.{{with .From}} The change was made from {{.}}.{{end}}
If that was not you, recover your account at once.`,
	},
	PurposePasswordChanged: {
		Title: "Your password was changed",
		Text: `The password of your account{{with .App}} at {{.}}{{end}} was changed{{with .From}}, from {{.}}{{end}}.
If that was not you, recover your account at once.`,
	},
	PurposeFactorAdded: {
		Title: "A way to sign in was added",
		Text: `Your account{{with .App}} at {{.}}{{end}} has a new way to sign in{{with .Factor}}: {{.}}{{end}}.{{with .From}} It was added from {{.}}.{{end}}
If that was not you, recover your account at once.`,
	},
	PurposeFactorRemoved: {
		Title: "A way to sign in was removed",
		Text: `Your account{{with .App}} at {{.}}{{end}} has lost a way to sign in{{with .Factor}}: {{.}}{{end}}.{{with .From}} It was removed from {{.}}.{{end}}
If that was not you, recover your account at once.`,
	},
}

// hasCode reports whether messages carry a code, or a link instead.
func hasCode(key TemplateKey) bool {
	_, notice := notices[key.Purpose]
	return !notice && key.Channel != TypePush
}

// samples are what a template is tried on: everything there is, and the least.
func samples(key TemplateKey) []TemplateData {
	least := TemplateData{Minutes: 1, Channel: key.Channel, Purpose: key.Purpose.String()}
	most := TemplateData{
		App: "Example", Minutes: 5, From: "192.0.2.7", Factor: "an authenticator app",
		Channel: key.Channel, Purpose: key.Purpose.String(),
	}
	if !hasCode(key) {
		return []TemplateData{least, most}
	}
	least.Code, most.Code = "314159", "271828"
	if key.Channel != TypeEmail {
		return []TemplateData{least, most}
	}
	link := least
	link.Code, link.Link, most.Link = "", "https://login.example/a?b=c&d=e", "https://login.example/a?b=c&d=e"
	return []TemplateData{least, link, most}
}
