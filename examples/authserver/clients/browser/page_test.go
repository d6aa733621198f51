package browser

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/audits"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/network"
	cdppage "github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
)

// patience is what a step may take on a machine that has other things to do.
const patience = time.Minute

// page is a page in a profile of its own. It must load nothing from anywhere but the
// origins that it knows, throw nothing, and break no content security policy.
type page struct {
	t   *testing.T
	ctx context.Context

	mu      sync.Mutex
	origins []string
	wrong   []string
}

func newPage(t *testing.T, origins ...string) *page {
	t.Helper()
	browser, err := chromium()
	require.NoError(t, err)
	ctx, cancel := chromedp.NewContext(browser, chromedp.WithNewBrowserContext())
	return listen(t, ctx, cancel, origins)
}

// tab is another page of the same browser.
func (p *page) tab() *page {
	p.t.Helper()
	ctx, cancel := chromedp.NewContext(p.ctx)
	return listen(p.t, ctx, cancel, p.origins)
}

func listen(t *testing.T, ctx context.Context, cancel context.CancelFunc, origins []string) *page {
	t.Helper()
	t.Cleanup(cancel)
	p := &page{t: t, ctx: ctx, origins: origins}
	require.NoError(t, chromedp.Listen(ctx, p.heard))
	_, err := chromedp.Call(ctx, network.Enable, network.EnableParams{})
	require.NoError(t, err)
	_, err = chromedp.Call(ctx, audits.Enable, cdp.Empty{})
	require.NoError(t, err)
	t.Cleanup(func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		require.Empty(t, p.wrong)
	})
	return p
}

// heard notes what must not happen.
func (p *page) heard(event any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch e := event.(type) {
	case *network.EventRequestWillBeSent:
		u, err := url.Parse(e.Request.URL)
		if err != nil || u.Scheme != "data" && !slices.Contains(p.origins, u.Scheme+"://"+u.Host) {
			p.wrong = append(p.wrong, "a request to somebody else: "+e.Request.URL)
		}
	case *runtime.EventExceptionThrown:
		p.wrong = append(p.wrong, "an exception: "+e.ExceptionDetails.Text)
	case *audits.EventIssueAdded:
		if d := e.Issue.Details.ContentSecurityPolicyIssueDetails; d != nil {
			b, _ := json.Marshal(d)
			p.wrong = append(p.wrong, "a breach of the policy: "+string(b))
		}
	}
}

func (p *page) do(steps ...chromedp.Action[chromedp.Void]) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	if err := chromedp.Do(ctx, steps...); err != nil {
		p.t.Fatalf("%v\nat %s", err, p.shown())
	}
}

// shown is where the page is and what it says, for messages.
func (p *page) shown() string {
	ctx, cancel := context.WithTimeout(p.ctx, 5*time.Second)
	defer cancel()
	location, err := chromedp.Run(ctx, chromedp.Location())
	if err != nil {
		return err.Error()
	}
	text, err := chromedp.Run(ctx, chromedp.Text(chromedp.CSS("body")))
	if err != nil {
		text = err.Error()
	}
	return location + "\n" + text
}

// open goes to an address.
func (p *page) open(address string) {
	p.t.Helper()
	p.do(chromedp.Navigate(address))
}

// sees waits until there is an element with the id.
func (p *page) sees(id string) {
	p.t.Helper()
	p.do(chromedp.WaitVisible(chromedp.ID(id)))
}

// enter types into the field with the id.
func (p *page) enter(id, text string) {
	p.t.Helper()
	p.do(chromedp.WaitVisible(chromedp.ID(id)), chromedp.Clear(chromedp.ID(id)), chromedp.SendKeys(chromedp.ID(id), text))
}

// press presses the button with the id, and waits for the page that it leads to.
func (p *page) press(id string) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	_, err := chromedp.Run(ctx, chromedp.WaitEvent(cdppage.LoadEventFired, nil, chromedp.Click(chromedp.ID(id))))
	if err != nil {
		p.t.Fatalf("%v\nat %s", err, p.shown())
	}
}

// signIn enters the name and the password of somebody.
func (p *page) signIn(user string) {
	p.t.Helper()
	p.enter("username", user+"@example.test")
	p.press("continue")
	p.enter("password", password)
	p.press("continue")
}

// back waits until the page is back at the app, and is the answer.
func (p *page) back(app string) url.Values {
	p.t.Helper()
	p.sees("app")
	location, err := chromedp.Run(p.ctx, chromedp.Location())
	require.NoError(p.t, err)
	require.True(p.t, strings.HasPrefix(location, app+"/callback"), location)
	u, err := url.Parse(location)
	require.NoError(p.t, err)
	return u.Query()
}

// signedIn waits until the page is back at the app with a code.
func (p *page) signedIn(h *house) {
	p.t.Helper()
	answer := p.back(h.app)
	require.NotEmpty(p.t, answer.Get("code"), "%v", answer)
	require.Equal(p.t, "the state", answer.Get("state"))
	require.Equal(p.t, h.Issuer, answer.Get("iss"))
}

// What must not happen is noticed when it does.
func TestWhatIsWrong(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		w.Header().Set("Content-Security-Policy", "script-src 'sha256-kCxL8/CB1CBcdWKwr6AUwrB8zzNdf+JGZTba5cDAj7Y='")
		fmt.Fprint(w, `<!doctype html><title>wrong</title><link rel="icon" href="data:,"><p id="there">there</p>
			<img src="http://localhost:1/" alt=""><script>broken()</script><script>forbidden()</script>`)
	}))
	t.Cleanup(s.Close)
	p := newPage(t, s.URL)
	p.open(s.URL)
	p.sees("there")
	all := func() string {
		p.mu.Lock()
		defer p.mu.Unlock()
		return strings.Join(p.wrong, "\n")
	}
	require.Eventually(t, func() bool {
		return strings.Contains(all(), "somebody else") && strings.Contains(all(), "an exception") && strings.Contains(all(), "a breach")
	}, patience, 50*time.Millisecond, "%v", all)
	p.wrong = nil
}
