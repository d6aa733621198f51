package browser

import (
	"encoding/json"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/webauthn"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"github.com/mintyard/mintyard/examples/authserver/servertest"
)

// fromNPM are the scripts that run in pages, from the lock file of the clients.
var fromNPM struct {
	sync.Once
	axe, oidcClient []byte
}

func scripts(t *testing.T) (axe, oidcClient []byte) {
	t.Helper()
	fromNPM.Do(func() {
		_, dir := servertest.NPM(t, "..")
		var err error
		fromNPM.axe, err = os.ReadFile(filepath.Join(dir, "node_modules/axe-core/axe.min.js"))
		require.NoError(t, err)
		fromNPM.oidcClient, err = os.ReadFile(filepath.Join(dir, "node_modules/oidc-client-ts/dist/browser/oidc-client-ts.min.js"))
		require.NoError(t, err)
	})
	require.NotEmpty(t, fromNPM.oidcClient)
	return fromNPM.axe, fromNPM.oidcClient
}

// finding is what axe has against a page.
type finding struct {
	ID     string `json:"id"`
	Impact string `json:"impact"`
	Help   string `json:"help"`
	Nodes  []struct {
		HTML    string `json:"html"`
		Summary string `json:"failureSummary"`
	} `json:"nodes"`
}

// look lets axe look at the page, in both colour schemes. The rules are those of WCAG
// 2.2, level AA, and axe's own of good practice.
func (p *page) look(name string) {
	p.t.Helper()
	axe, _ := scripts(p.t)
	for _, scheme := range []string{"light", "dark"} {
		_, err := chromedp.Call(p.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
			Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}, {Name: "prefers-reduced-motion", Value: "reduce"}},
		})
		require.NoError(p.t, err)
		p.do(chromedp.Evaluate[chromedp.Void](string(axe)))
		text, err := chromedp.Run(p.ctx, chromedp.Evaluate[string](`axe.run().then(r => JSON.stringify(r.violations))`, chromedp.EvalAwaitPromise))
		require.NoError(p.t, err)
		var found []finding
		require.NoError(p.t, json.Unmarshal([]byte(text), &found))
		for _, f := range found {
			p.t.Errorf("%s, %s: %s (%s): %s", name, scheme, f.ID, f.Impact, f.Help)
			for _, n := range f.Nodes {
				p.t.Logf("  %s\n  %s", n.HTML, n.Summary)
			}
		}
	}
}

// choose picks a factor, and goes on.
func (p *page) choose(factor string) {
	p.t.Helper()
	p.do(chromedp.Click(chromedp.CSS(`input[name="factor"][value="` + factor + `"]`)))
	p.press("continue")
}

// Every page can be used by everybody: axe finds nothing on any of them.
func TestAccessibility(t *testing.T) {
	key := servertest.NewPasskey(t)
	h := newHouse(t, nil, app,
		object{"id": "sms", "type": "sms", "phone": "+15550100"},
		object{"id": "email", "type": "email", "address": "mia@example.test"},
		object{"id": "push", "type": "push", "device": "Mia's phone"},
		object{"id": "passkey", "type": "webauthn", "credential_id": key.Credential(), "public_key": key.COSE(t)},
		object{"id": "codes", "type": "recovery_codes", "codes": []string{"WXYZ7-23456"}},
	)

	t.Run("two factors", func(t *testing.T) {
		p := h.page(t)
		_, err := chromedp.Call(p.ctx, webauthn.Enable, webauthn.EnableParams{}) // no dialog of Chromium's own
		require.NoError(t, err)
		p.open(h.authorize("two"))
		p.look("identify")
		p.enter("username", "mia@example.test")
		p.press("continue")
		p.look("password")
		p.enter("password", "wrong")
		p.press("continue")
		p.look("password, refused")
		p.press("other")
		p.look("choose a first factor")
		p.choose("password")
		p.enter("password", password)
		p.press("continue")
		p.look("choose a second factor")
		p.choose("push")
		p.look("push")
		p.press("other")
		p.choose("totp")
		p.look("code of an app")
		p.press("other")
		p.choose("webauthn")
		p.look("passkey")
		p.press("other")
		p.choose("recovery_codes")
		p.look("recovery code")
		p.enter("code", "WXYZ7-23456")
		p.press("continue")
		p.look("new recovery code")
		p.press("continue")
		p.signedIn(h)

		p.open(h.authorize("two", "prompt", "select_account"))
		p.look("accounts")
	})

	t.Run("a new password", func(t *testing.T) {
		p := h.page(t)
		p.open(h.authorize("app"))
		p.enter("username", "mia@example.test")
		p.press("continue")
		p.press("recover")
		p.look("recover")
		p.choose("email")
		p.look("code of a message")
		p.enter("code", "000000")
		p.press("continue")
		p.look("code, refused")
		p.enter("code", h.delivered(t, "mia", "email").Code)
		p.press("continue")
		p.look("new password")
		p.enter("new_password", "correct horse battery staple")
		p.enter("new_password_again", "another one")
		p.press("continue")
		p.look("new password, mismatch")
		p.enter("new_password", "correct horse battery staple")
		p.enter("new_password_again", "correct horse battery staple")
		p.press("continue")
		p.look("identify, password changed")
	})

	t.Run("consent, signing out, errors", func(t *testing.T) {
		p := h.page(t)
		p.open(h.authorize("third", "scope", "openid profile orders:read"))
		address, err := chromedp.Run(p.ctx, chromedp.Location())
		require.NoError(t, err)
		p.signIn("tom")
		p.look("consent")
		p.press("approve")
		p.back(h.app)
		p.open(h.Issuer + "/oauth2/v1/logout")
		p.look("sign out")
		p.press("approve")
		p.sees("done")
		p.look("signed out")
		p.open(h.authorize("nobody"))
		p.look("error")
		p.open(h.authorize("app", "response_mode", "form_post")) // its page goes on by itself
		p.signIn("tom")
		p.sees("app")

		stranger := h.page(t)
		stranger.open(address)
		stranger.look("cookies")
	})
}
