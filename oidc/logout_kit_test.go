package oidc_test

import (
	"context"
	"html"
	"net/http"
	"net/url"
	"regexp"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mintyard/mintyard/oauth"
	"github.com/mintyard/mintyard/oidc"
)

const (
	goodbye = "https://app.example/goodbye"
	front   = "https://app.example/front?x=1"
	channel = "https://app.example/back"
)

// logoutDoor is a provider whose client app has every kind of logout; other has none but
// an address to go on to.
type logoutDoor struct {
	*door
	mail *mailbox
}

func newLogoutDoor(t testing.TB, edit ...func(*oauth.Config, *oidc.Config)) *logoutDoor {
	first := func(c *oauth.Config, p *oidc.Config) {
		list := c.Clients.(oauth.ClientList)
		list["app"].OpenID = oauth.OpenID{
			PostLogoutRedirectURIs: []string{goodbye, "https://app.example/goodbye?x=1"},
			FrontchannelLogoutURI:  front, FrontchannelLogoutSessionRequired: true,
			BackchannelLogoutURI: channel, BackchannelLogoutSessionRequired: true,
		}
		list["other"].OpenID.PostLogoutRedirectURIs = []string{"https://other.example/bye"}
		p.Sessions.Monitor = true
	}
	d := &logoutDoor{door: newDoor(t, append([]func(*oauth.Config, *oidc.Config){first}, edit...)...), mail: new(mailbox)}
	d.provider.SetNotices(d.mail)
	return d
}

// mailbox keeps notices in memory.
type mailbox struct {
	mu   sync.Mutex
	kept []letter
	sent [][16]byte
	err  error
}

type letter struct {
	id       [16]byte
	receiver string
	payload  []byte
}

func (m *mailbox) Keep(_ context.Context, id [16]byte, receiver string, payload []byte) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.err != nil {
		return m.err
	}
	for _, l := range m.kept {
		if l.id == id {
			return nil
		}
	}
	m.kept = append(m.kept, letter{id, receiver, payload})
	return nil
}

func (m *mailbox) Send(ids ...[16]byte) { m.sent = append(m.sent, ids...) }

// logout asks the end_session_endpoint with a GET.
func (d *logoutDoor) logout(pairs ...string) visit {
	return d.browse(http.MethodGet, "/t1/logout?"+values(pairs...).Encode(), "")
}

// postLogout asks it with a POST.
func (d *logoutDoor) postLogout(pairs ...string) visit {
	return d.browse(http.MethodPost, "/t1/logout", values(pairs...).Encode())
}

func values(pairs ...string) url.Values {
	v := make(url.Values)
	for i := 0; i < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			v.Add(pairs[i], pairs[i+1])
		}
	}
	return v
}

var hidden = regexp.MustCompile(`<input type="hidden" name="logout" value="([^"]*)">`)

// confirm presses the button of a page.
func (d *logoutDoor) confirm(page visit) visit {
	d.t.Helper()
	m := hidden.FindStringSubmatch(page.body)
	require.NotNil(d.t, m, page.body)
	return d.postLogout("logout", html.UnescapeString(m[1]), "action", "approve")
}

// hint is an ID token of the browser's session for the client.
func (d *logoutDoor) hint(client string) string {
	d.t.Helper()
	d.sent(d.authorize("client_id", client), "")
	return d.redeem(d.authorize("client_id", client), "client_id", client).text("id_token")
}

// signedIn reports whether the browser is, with nobody asked.
func (d *logoutDoor) signedIn() bool { return d.silent() == "" }

// requirePage is what every page of ours is: it sends nobody anywhere by itself, loads
// nothing of others that it does not name, and cannot be put into a frame.
func (d *logoutDoor) requirePage(v visit, status int, text string) {
	d.t.Helper()
	require.Equal(d.t, status, v.status, v.body)
	require.Contains(d.t, v.body, text)
	require.Empty(d.t, v.header.Get("Location"))
	require.Equal(d.t, "text/html; charset=utf-8", v.header.Get("Content-Type"))
	require.Equal(d.t, "no-store", v.header.Get("Cache-Control"))
	require.Equal(d.t, "DENY", v.header.Get("X-Frame-Options"))
	require.Contains(d.t, v.header.Get("Content-Security-Policy"), "default-src 'none'; base-uri 'none'; frame-ancestors 'none'; ")
	require.NotContains(d.t, v.body, "<script")
}

// requireSentTo is an answer that goes to an address, with a state or without one.
func (d *logoutDoor) requireSentTo(v visit, where string, params ...string) {
	d.t.Helper()
	to := v.header.Get("Location")
	if v.status == http.StatusOK { // by way of a page with frames
		m := regexp.MustCompile(`<meta http-equiv="refresh" content="2;url=([^"]*)">`).FindStringSubmatch(v.body)
		require.NotNil(d.t, m, v.body)
		to = html.UnescapeString(m[1])
	} else {
		require.Equal(d.t, http.StatusSeeOther, v.status, v.body)
	}
	u, err := url.Parse(to)
	require.NoError(d.t, err)
	require.Equal(d.t, values(params...), u.Query())
	u.RawQuery = ""
	require.Equal(d.t, where, u.String())
}
