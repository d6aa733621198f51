package signin

import "html/template"

// icons are drawn on a square of 24, as lines.
var icons = map[string]string{
	"alert":  `<path d="M12 8v5m0 3.5v.01M10.3 4 2.6 17.5A2 2 0 0 0 4.3 20.5h15.4a2 2 0 0 0 1.7-3L13.7 4a2 2 0 0 0-3.4 0Z"/>`,
	"check":  `<path d="m5 12.5 4.5 4.5L19 7.5"/>`,
	"cross":  `<path d="m6.5 6.5 11 11m0-11-11 11"/>`,
	"plus":   `<path d="M12 5.5v13M5.5 12h13"/>`,
	"back":   `<path d="M14 4h4a2 2 0 0 1 2 2v12a2 2 0 0 1-2 2h-4M3.5 12h11m-4-4 4 4-4 4"/>`,
	"key":    `<circle cx="9" cy="8" r="4"/><path d="M2.5 20a6.5 6.5 0 0 1 10-5.5M17.5 14.5V21l1.5-1.3M17.5 18h1.7"/><circle cx="17.5" cy="11.5" r="3"/>`,
	"lock":   `<rect x="5" y="10.5" width="14" height="9.5" rx="2.5"/><path d="M8 10.5V8a4 4 0 0 1 8 0v2.5"/>`,
	"clock":  `<circle cx="12" cy="12" r="9"/><path d="M12 7v5l3.5 2"/>`,
	"app":    `<rect x="6" y="2.5" width="12" height="19" rx="2.5"/><path d="M11 18.5h2M9.5 10h.01M12 10h.01M14.5 10h.01"/>`,
	"chat":   `<path d="M4 6.5A2.5 2.5 0 0 1 6.5 4h11A2.5 2.5 0 0 1 20 6.5v7a2.5 2.5 0 0 1-2.5 2.5H11l-4.5 4v-4A2.5 2.5 0 0 1 4 13.5ZM8.5 10h.01M12 10h.01M15.5 10h.01"/>`,
	"phone":  `<path d="M5 4h3.5l1.7 4.2-2 1.6a11.5 11.5 0 0 0 6 6l1.6-2 4.2 1.7V19a2 2 0 0 1-2.1 2A16 16 0 0 1 3 6.1 2 2 0 0 1 5 4Z"/>`,
	"mail":   `<rect x="3" y="5" width="18" height="14" rx="2.5"/><path d="m3.5 7.5 8.5 6 8.5-6"/>`,
	"bell":   `<path d="M6 10a6 6 0 0 1 12 0c0 5 2 6.5 2 6.5H4S6 15 6 10Zm4 9.5a2.2 2.2 0 0 0 4 0"/>`,
	"list":   `<rect x="5" y="3" width="14" height="18" rx="2.5"/><path d="M9 8.5h6M9 12h6M9 15.5h3"/>`,
	"ask":    `<circle cx="12" cy="12" r="9"/><path d="M9.5 9.5a2.5 2.5 0 1 1 3.6 2.3c-.7.3-1.1.9-1.1 1.7m0 3v.01"/>`,
	"device": `<rect x="3" y="4.5" width="18" height="12" rx="2"/><path d="M9 20h6"/>`,
	"copy":   `<rect x="9" y="9" width="11" height="11" rx="2.5"/><path d="M15 9V6.5A2.5 2.5 0 0 0 12.5 4h-6A2.5 2.5 0 0 0 4 6.5v6A2.5 2.5 0 0 0 6.5 15H9"/>`,
	"print":  `<path d="M7 9V3.5h10V9M7 17H5.5A2.5 2.5 0 0 1 3 14.5v-3A2.5 2.5 0 0 1 5.5 9h13a2.5 2.5 0 0 1 2.5 2.5v3a2.5 2.5 0 0 1-2.5 2.5H17M7 14h10v6.5H7Z"/>`,
	"save":   `<path d="M12 4v11m-4.5-4 4.5 4.5 4.5-4.5M4.5 20h15"/>`,
}

// factorIcons are those of the types of package authenticator.
var factorIcons = map[string]string{
	"password": "lock", "totp": "app", "hotp": "device", "sms": "chat", "voice": "phone", "email": "mail",
	"push": "bell", "webauthn": "key", "recovery_codes": "list", "question": "ask",
}

// icon is a drawing by its name, or by a type of factor. It says nothing that the text
// beside it does not.
func icon(name string) template.HTML {
	if f, ok := factorIcons[name]; ok {
		name = f
	}
	if icons[name] == "" {
		name = "lock"
	}
	return template.HTML(`<svg viewBox="0 0 24 24" aria-hidden="true">` + icons[name] + `</svg>`)
}
