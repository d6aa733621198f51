package browser

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/pquerna/otp/totp"
	"github.com/stretchr/testify/require"
)

var app = object{"id": "app", "type": "totp", "secret": totpKey}

// code is what an authenticator app shows.
func code(t *testing.T) string {
	t.Helper()
	c, err := totp.GenerateCode(totpKey, time.Now())
	require.NoError(t, err)
	return c
}

func TestPassword(t *testing.T) {
	h := newHouse(t, nil)
	p := h.page(t)
	p.open(h.authorize("app"))
	p.signIn("tom")
	p.signedIn(h)

	// The browser has a session now: nobody is asked again.
	p.open(h.authorize("app", "prompt", "none"))
	p.signedIn(h)
}

func TestWrongPassword(t *testing.T) {
	h := newHouse(t, nil)
	p := h.page(t)
	p.open(h.authorize("app"))
	p.enter("username", "tom@example.test")
	p.press("continue")
	p.enter("password", "wrong")
	p.press("continue")
	p.sees("error")
	p.enter("password", password)
	p.press("continue")
	p.signedIn(h)
}

func TestSecondFactor(t *testing.T) {
	h := newHouse(t, nil, app)
	p := h.page(t)
	p.open(h.authorize("two"))
	p.signIn("mia")
	p.enter("otp", code(t))
	p.press("continue")
	p.signedIn(h)
}

func (p *page) withoutScript() {
	p.t.Helper()
	_, err := chromedp.Call(p.ctx, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true})
	require.NoError(p.t, err)
}

// Everything works without a script, but for passkeys and the live status of a push.
func TestWithoutScript(t *testing.T) {
	h := newHouse(t, nil, app)
	p := h.page(t)
	p.withoutScript()
	p.open(h.authorize("two"))
	p.signIn("mia")
	p.enter("otp", code(t))
	p.press("continue")
	p.signedIn(h)
}

// What a client of somebody else's may have the person decides, once.
func TestConsent(t *testing.T) {
	h := newHouse(t, nil)
	p := h.page(t)
	p.open(h.authorize("third", "scope", "openid profile orders:read"))
	p.signIn("tom")
	p.sees("approve")
	p.press("deny")
	require.Equal(t, "access_denied", p.back(h.app).Get("error"))

	p.open(h.authorize("third", "scope", "openid profile orders:read"))
	p.signIn("tom") // what was not allowed signs nobody in
	p.sees("deny")
	p.press("approve")
	p.signedIn(h)

	p.open(h.authorize("third", "scope", "openid profile orders:read", "prompt", "none"))
	p.signedIn(h)
}

// message is something that was delivered.
type message struct{ ID, Code string }

// delivered is the newest message to somebody over a channel.
func (h *house) delivered(t *testing.T, user, channel string) message {
	t.Helper()
	res, err := h.Client.Get("http://" + h.Addr + "/dev/outbox?user=" + user + "&channel=" + channel)
	require.NoError(t, err)
	defer res.Body.Close()
	require.Equal(t, http.StatusOK, res.StatusCode)
	var sent []message
	require.NoError(t, json.NewDecoder(res.Body).Decode(&sent))
	require.NotEmpty(t, sent)
	return sent[len(sent)-1]
}

// The page of a push goes on by itself when the device has answered.
func TestPush(t *testing.T) {
	h := newHouse(t, nil, object{"id": "push", "type": "push", "device": "Mia's phone"})
	p := h.page(t)
	p.open(h.authorize("two"))
	p.signIn("mia")
	number, err := chromedp.Run(p.ctx, chromedp.Text(chromedp.ID("number")))
	require.NoError(t, err)
	answer := strings.NewReader(`{"answer": "approve", "number": "` + strings.TrimSpace(number) + `"}`)
	res, err := h.Client.Post("http://"+h.Addr+"/dev/push/"+h.delivered(t, "mia", "push").ID, "application/json", answer)
	require.NoError(t, err)
	res.Body.Close()
	require.Equal(t, http.StatusOK, res.StatusCode)
	p.signedIn(h)
}
