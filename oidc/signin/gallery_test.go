package signin

import (
	"encoding/base64"
	"html/template"
	"slices"
	"strings"
)

// picture is one page in one state.
type picture struct {
	name   string
	status int
	view   view
	show   show
}

// gallery is every page, in each state that looks different. It is what the tests of the
// look go through.
func gallery() []picture {
	shop := clientView{Name: "Corner Shop", Host: "shop.example", URI: "https://shop.example/", Policy: "https://shop.example/privacy",
		TOS: "https://shop.example/terms"}
	third, local := shop, shop
	third.Third = true
	local.Host, local.Local, local.Third = "127.0.0.1:49152", true, true
	factors := []factorView{
		{ID: "webauthn", Type: "webauthn"}, {ID: "totp", Type: "totp", Name: "Work phone"}, {ID: "push", Type: "push", Name: "Mia’s Pixel"},
		{ID: "f2", Type: "sms", Target: "+44 •••••• 12"}, {ID: "f3", Type: "voice", Target: "+44 •••••• 99"},
		{ID: "email", Type: "email", Target: "m•••@example.test"}, {ID: "recovery_codes", Type: "recovery_codes"},
	}
	scopes := []scopeView{{"openid", "Sign you in"}, {"email", "Know your email address"}, {"offline_access", ""}, {"orders", "See and change your orders"}}
	const options = `{"challenge":"AAAA","rpId":"localhost","timeout":120000,"userVerification":"preferred","allowCredentials":[]}`
	const creation = `{"challenge":"AAAA","rp":{"id":"localhost","name":"Shop"},"user":{"id":"bWlh","name":"mia","displayName":"Mia"},"pubKeyCredParams":[{"type":"public-key","alg":-7},{"type":"public-key","alg":-257}],"authenticatorSelection":{"residentKey":"required"}}`

	all := []picture{
		{name: "identify", view: view{Client: shop, Data: identifyView{Passkey: true, PasskeyURL: "/signin/passkey", Recover: true}}},
		{name: "identify_empty", status: 422, view: view{Client: shop, Error: "empty", Field: "username", Data: identifyView{Passkey: true, PasskeyURL: "/signin/passkey", Recover: true, Accounts: true}}},
		{name: "identify_plain", view: view{Data: identifyView{}}},
		{name: "identify_fixed", view: view{Client: shop, Data: identifyView{Username: "mia@example.test", Fixed: true}}},
		{name: "identify_changed", view: view{Client: shop, Notice: "password_changed", Data: identifyView{Username: "mia@example.test"}}},
		{name: "identify_recovery", view: view{Client: shop, Form: form{Hidden: []field{{"recovery", "1"}}}, Data: identifyView{}}},
		{name: "password", view: view{Client: shop, Person: "mia@example.test", Data: passwordView{Other: true, Recover: true}}},
		{name: "password_refused", status: 422, view: view{Client: shop, Person: "mia@example.test", Error: "refused", Field: "password", Data: passwordView{Other: true, Recover: true}}},
		{name: "password_locked", status: 429, view: view{Client: shop, Person: "mia@example.test", Error: "locked", Field: "password", Retry: 200, Data: passwordView{}}},
		{name: "code_totp", view: view{Person: "mia@example.test", Data: codeView{Type: "totp", Digits: 6, Other: true}}},
		{name: "code_totp_refused", status: 422, view: view{Person: "mia@example.test", Error: "refused_code", Field: "otp", Data: codeView{Type: "totp", Digits: 6, Other: true}}},
		{name: "code_hotp", view: view{Person: "mia@example.test", Data: codeView{Type: "hotp", Digits: 8}}},
		{name: "code_sms", view: view{Person: "mia@example.test", Notice: "sent", Data: codeView{Type: "sms", Target: "+44 •••••• 12", Digits: 6, Again: true, Other: true}}},
		{name: "code_sms_again", view: view{Person: "mia@example.test", Notice: "sent_again", Data: codeView{Type: "sms", Target: "+44 •••••• 12", Again: true, Other: true}}},
		{name: "code_sms_unknown", view: view{Person: "mia@example.test", Data: codeView{Type: "sms", Again: true, Other: true}}},
		{name: "code_voice", view: view{Person: "mia@example.test", Data: codeView{Type: "voice", Target: "+44 •••••• 99", Again: true}}},
		{name: "code_email", view: view{Person: "mia@example.test", Data: codeView{Type: "email", Target: "m•••@example.test", Digits: 6, Again: true}}},
		{name: "code_recovery", view: view{Person: "mia@example.test", Data: codeView{Type: "recovery_codes", Other: true}}},
		{name: "push", view: view{Person: "mia@example.test", Data: pushView{Number: "58", Poll: "/signin/push", Other: true}}},
		{name: "push_pending", view: view{Person: "mia@example.test", Notice: "pending", Data: pushView{Poll: "/signin/push", Other: true}}},
		{name: "push_rejected", status: 422, view: view{Person: "mia@example.test", Error: "rejected", Data: pushView{Number: "58", Poll: "/signin/push", Other: true}}},
		{name: "passkey", view: view{Person: "mia@example.test", Data: passkeyView{Options: options, Other: true}}},
		{name: "passkey_failed", status: 422, view: view{Person: "mia@example.test", Error: "passkey_failed", Data: passkeyView{Options: options, Other: true}}},
		{name: "question", view: view{Person: "mia@example.test", Data: questionView{Question: "What was the name of your first teacher?", Other: true}}},
		{name: "choose", view: view{Client: shop, Person: "mia@example.test", Field: "factor", Data: chooseView{Factors: factors}}},
		{name: "choose_empty", status: 422, view: view{Person: "mia@example.test", Error: "empty", Field: "factor", Data: chooseView{Factors: append([]factorView{{ID: "password", Type: "password"}}, factors[:2]...)}}},
		{name: "consent", view: view{Client: shop, Person: "Mia Chen mia@example.test", Data: consentView{Scopes: scopes, Switch: true}}},
		{name: "consent_third", view: view{Client: third, Person: "Mia Chen mia@example.test", Data: consentView{Scopes: scopes, Switch: true}}},
		{name: "consent_local", view: view{Client: local, Person: "Mia Chen mia@example.test", Data: consentView{Scopes: scopes[:2]}}},
		{name: "accounts", view: view{Client: shop, Data: accountsView{Accounts: []accountView{{"s1", "Mia Chen", "mia@example.test"}, {"s2", "Tom Reed", "tom@example.test"}}}}},
		{name: "accounts_out", view: view{Client: shop, Data: accountsView{SignOut: true, Accounts: []accountView{{"s1", "Mia Chen", "mia@example.test"}, {"s2", "tom", ""}}}}},
		{name: "new_password", view: view{Data: newPasswordView{}}},
		{name: "new_password_weak", status: 422, view: view{Person: "mia@example.test", Error: "weak", Field: "new_password", Data: newPasswordView{MinLength: 8}}},
		{name: "new_password_mismatch", status: 422, view: view{Error: "mismatch", Field: "new_password_again", Data: newPasswordView{MinLength: 8}}},
		{name: "new_code", view: view{Data: newCodeView{Code: "7QK2-M9TX-4HWB-XN5R"}}},
		{name: "enrol_choose", view: view{Person: "mia@example.test", Data: enrolChooseView{Factors: factors[:4]}}},
		{name: "enrol_choose_required", view: view{Person: "mia@example.test", Data: enrolChooseView{Factors: factors[:2], Required: true}}},
		{name: "enrol_totp", view: view{Data: enrolTOTPView{QR: square(), Key: "JBSW Y3DP EHPK 3PXP JBSW Y3DP EHPK 3PXP", URI: "otpauth://totp/Shop:mia?secret=JBSWY3DPEHPK3PXP&issuer=Shop"}}},
		{name: "enrol_totp_refused", status: 422, view: view{Error: "refused_code", Field: "otp", Data: enrolTOTPView{QR: square(), Key: "JBSW Y3DP EHPK 3PXP"}}},
		{name: "enrol_sms", view: view{Data: enrolAddressView{Type: "sms"}}},
		{name: "enrol_voice", status: 422, view: view{Error: "refused", Field: "phone_number", Data: enrolAddressView{Type: "voice"}}},
		{name: "enrol_email", view: view{Data: enrolAddressView{Type: "email"}}},
		{name: "enrol_passkey", view: view{Data: enrolPasskeyView{Options: creation}}},
		{name: "recovery_codes", view: view{Data: recoveryCodesView{Codes: []string{"7QK2-M9TX-4HWB", "XN5R-2LPD-8FQJ", "K3VT-W7YC-9HMA", "B6ZE-4RNU-5TGS", "Q8XF-J2KD-7WPL",
			"M4HC-9VBY-3NTR", "T5GA-6QSE-8XZU", "L7WP-2DKJ-4FXQ", "R9NT-3CHM-5YBV", "E2SU-8ZQG-6ATX"}}}},
		{name: "device", view: view{Data: deviceView{}}},
		{name: "device_refused", status: 422, view: view{Error: "refused_code", Field: "user_code", Data: deviceView{Code: "WDJB-MJHT"}}},
		{name: "device_confirm", view: view{Client: third, Person: "mia@example.test", Data: deviceView{Code: "WDJB-MJHT", Confirm: true, Device: "Living room TV", Place: "Lyon, France", Scopes: scopes[:2]}}},
		{name: "device_done", view: view{Data: deviceDoneView{}}},
		{name: "device_denied", view: view{Data: deviceDoneView{Denied: true}}},
		{name: "sign_out", view: view{Client: shop, Person: "mia@example.test", Data: signOutView{}}},
		{name: "sign_out_nobody", view: view{Data: signOutView{}}},
		{name: "signed_out", view: view{Data: signOutView{Done: true}}},
		{name: "signed_out_on", view: view{Client: shop, Data: signOutView{Done: true, Continue: "https://shop.example/bye", Leave: true, Frames: []string{"https://shop.example/out"}}},
			show: show{Frames: []string{"https://shop.example/out"}}},
		{name: "error", status: 400, view: view{Data: errorView{Code: "invalid_request", Message: "redirect_uri_unregistered", Ref: "QJ7K2MWXN4"}}},
		{name: "error_unknown", status: 503, view: view{Data: errorView{Code: "server_error", Message: "unavailable", Ref: "QJ7K2MWXN4"}}},
		{name: "error_other", status: 400, view: view{Data: errorView{Code: "something", Message: "else", Ref: "QJ7K2MWXN4", Restart: "/signin"}}},
		{name: "cookies", status: 400, view: view{Data: errorView{Code: "invalid_request", Message: "browser_cookie", Ref: "QJ7K2MWXN4"}}},
	}
	for i := range all {
		p := &all[i]
		p.view.Page = pageOf(p.name)
		p.view.Form.Action, p.view.Base = "/signin", "/signin"
		p.view.Form.Hidden = append(p.view.Form.Hidden, field{"step", "verify"}, field{"request", strings.Repeat("r", 400)})
		if p.view.Page != "identify" && p.view.Page != "password" {
			p.view.Form.Hidden = append(p.view.Form.Hidden, field{"state", "s.t"})
		}
		p.show.FormAction = []string{"https://shop.example/cb"}
		if p.status == 0 {
			p.status = 200
		}
	}
	return all
}

// pageOf is the page that a picture is of: the longest name of one that it begins with.
func pageOf(picture string) string {
	switch picture {
	case "signed_out", "signed_out_on":
		return "sign_out"
	case "device_denied":
		return "device_done"
	case "enrol_sms", "enrol_voice", "enrol_email":
		return "enrol_address"
	}
	var page string
	for _, name := range pageNames {
		if strings.HasPrefix(picture, name) && len(name) > len(page) {
			page = name
		}
	}
	return page
}

// square stands for a QR code.
func square() template.URL {
	svg := `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><path d="M1 1h3v3H1zM5 1h3v3H5zM1 5h3v3H1zM5 5h1v1H5zM7 7h1v1H7z"/></svg>`
	return template.URL("data:image/svg+xml;base64," + base64.StdEncoding.EncodeToString([]byte(svg)))
}

// languages are ours.
var languages = []string{"en", "de", "fr", "es", "pt", "ja", "zh", "ar"}

func hasPage(page string) bool {
	return slices.ContainsFunc(gallery(), func(p picture) bool { return p.view.Page == page })
}
