package browser

import (
	"crypto/x509"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/webauthn"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"github.com/mintyard/mintyard/examples/authserver/servertest"
)

// addCredential is webauthn.AddCredential without the members for extensions that the
// device has not: Chromium refuses them, even if they are false.
var addCredential = cdp.Command[object, cdp.Empty]{Method: webauthn.CommandAddCredential}

// device gives the browser a device of a person's that is unlocked, with a passkey. It
// answers at once what it is asked.
func (p *page) device(key *servertest.Passkey, user string) {
	p.t.Helper()
	made, err := chromedp.Call(p.ctx, webauthn.AddVirtualAuthenticator, webauthn.AddVirtualAuthenticatorParams{Options: &webauthn.VirtualAuthenticatorOptions{
		Protocol: webauthn.AuthenticatorProtocolCtap2, Transport: webauthn.AuthenticatorTransportInternal,
		HasResidentKey: true, HasUserVerification: true, IsUserVerified: true, AutomaticPresenceSimulation: true,
	}})
	require.NoError(p.t, err)
	private, err := x509.MarshalPKCS8PrivateKey(key.Key)
	require.NoError(p.t, err)
	_, err = chromedp.Call(p.ctx, addCredential, object{"authenticatorId": made.AuthenticatorID, "credential": object{
		"credentialId": key.ID, "isResidentCredential": true, "rpId": "localhost", "privateKey": private, "userHandle": []byte(user), "signCount": 1,
	}})
	require.NoError(p.t, err)
}

// passkeyHouse has a passkey of Mia's, and a browser whose devices are the test's.
func passkeyHouse(t *testing.T) (*house, *servertest.Passkey, *page) {
	t.Helper()
	key := servertest.NewPasskey(t)
	h := newHouse(t, nil, object{"id": "passkey", "type": "webauthn", "credential_id": key.Credential(), "public_key": key.COSE(t)})
	p := h.page(t)
	_, err := chromedp.Call(p.ctx, webauthn.Enable, webauthn.EnableParams{})
	require.NoError(t, err)
	return h, key, p
}

// The browser suggests the passkey in the field for the name: nothing is pressed. One
// that knows its user is two factors.
func TestPasskeyInTheField(t *testing.T) {
	h, key, p := passkeyHouse(t)
	p.device(key, "mia")
	p.open(h.authorize("two"))
	p.signedIn(h)
}

// The button ends what waits for the field, and asks anew.
func TestPasskeyButton(t *testing.T) {
	h, key, p := passkeyHouse(t)
	p.open(h.authorize("two"))
	p.do(chromedp.Click(chromedp.ID("passkey")), chromedp.WaitVisible(chromedp.CSS("#passkey:disabled")))
	p.device(key, "mia")
	p.signedIn(h)
}

func TestPasskeyAfterPassword(t *testing.T) {
	h, key, p := passkeyHouse(t)
	p.open(h.authorize("two"))
	p.enter("username", "mia@example.test")
	p.press("continue")
	p.device(key, "mia")
	p.enter("password", password)
	p.press("continue")
	p.signedIn(h)
}
