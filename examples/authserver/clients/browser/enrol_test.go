package browser

import (
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/webauthn"
	"github.com/chromedp/chromedp"
	"github.com/pquerna/otp/totp"
	"github.com/stretchr/testify/require"
)

// Who has only a password makes a passkey where policy wants two factors, and signs in
// with it from then on.
func TestMakePasskey(t *testing.T) {
	h := newHouse(t, nil)
	p := h.page(t)
	_, err := chromedp.Call(p.ctx, webauthn.Enable, webauthn.EnableParams{})
	require.NoError(t, err)
	_, err = chromedp.Call(p.ctx, webauthn.AddVirtualAuthenticator, webauthn.AddVirtualAuthenticatorParams{Options: &webauthn.VirtualAuthenticatorOptions{
		Protocol: webauthn.AuthenticatorProtocolCtap2, Transport: webauthn.AuthenticatorTransportInternal,
		HasResidentKey: true, HasUserVerification: true, IsUserVerified: true, AutomaticPresenceSimulation: true,
	}})
	require.NoError(t, err)
	p.open(h.authorize("two"))
	p.signIn("tom")
	p.look("what can be added")
	p.choose("webauthn")
	p.look("a passkey is made")
	p.press("continue")
	p.look("recovery codes")
	p.press("continue")
	p.signedIn(h)

	p.open(h.authorize("two", "prompt", "login")) // the browser suggests it
	p.signedIn(h)
}

// An authenticator app and a number are set up without a script, as everything else.
func TestSetUpWithoutScript(t *testing.T) {
	h := newHouse(t, object{"authenticators": object{"totp": "required", "email": "required"}})
	p := h.page(t)
	p.withoutScript()
	p.open(h.authorize("app"))
	p.signIn("tom")
	p.choose("totp")
	key, err := chromedp.Run(p.ctx, chromedp.Text(chromedp.ID("key")))
	require.NoError(t, err)
	code, err := totp.GenerateCode(strings.ReplaceAll(strings.TrimSpace(key), " ", ""), time.Now())
	require.NoError(t, err)
	p.enter("otp", code)
	p.press("continue")
	p.sees("codes")
	p.press("continue")
	p.choose("email")
	p.enter("email", "tom@example.test")
	p.press("continue")
	p.enter("code", h.delivered(t, "tom", "email").Code)
	p.press("continue")
	p.signedIn(h)
}

// The pages on which something is set up can be used by everybody.
func TestAccessibilityOfSettingUp(t *testing.T) {
	h := newHouse(t, nil)
	p := h.page(t)
	p.open(h.authorize("two"))
	p.signIn("tom")
	p.choose("totp")
	p.look("an app is set up")
	p.enter("otp", "000000")
	p.press("continue")
	p.look("an app is set up, refused")
	p.press("other")
	p.choose("sms")
	p.look("a number is added")
	p.enter("phone_number", "+15550177")
	p.press("continue")
	p.look("a number is confirmed")
}
