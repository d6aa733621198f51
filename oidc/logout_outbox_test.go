package oidc_test

import (
	"context"
	"crypto/x509"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/mintyard/mintyard/oauth"
	"github.com/mintyard/mintyard/oidc"
)

// relyingParty is a client's back channel.
func relyingParty(t *testing.T, h http.HandlerFunc) *httptest.Server {
	s := httptest.NewUnstartedServer(h)
	s.Config.ErrorLog = log.New(io.Discard, "", 0) // connections that are broken off, as they should be
	s.StartTLS()
	t.Cleanup(s.Close)
	return s
}

// newSending is a provider that tells its clients, which are on this machine, and runs.
func newSending(t *testing.T, private bool, uris map[string]*httptest.Server) *door {
	roots := x509.NewCertPool()
	d := newDoor(t, func(c *oauth.Config, p *oidc.Config) {
		for id, s := range uris {
			roots.AddCert(s.Certificate())
			c.Clients.(oauth.ClientList)[id].OpenID.BackchannelLogoutURI = s.URL + "/back"
		}
		p.Egress = oidc.Egress{Roots: roots, AllowPrivate: private}
	})
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { d.server.Run(ctx); close(done) }() // on the server that the host has configured
	t.Cleanup(func() { cancel(); <-done })
	return d
}

func (d *door) reasonsOf(kind oauth.EventType) (list []oauth.Event) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, e := range d.events {
		if e.Type == kind {
			list = append(list, e)
		}
	}
	return list
}

// L06. One client that does not answer holds up nobody: not the person who signs out,
// and not the other clients.
func TestSlowClientHoldsUpNobody(t *testing.T) {
	heard := make(chan string, 10)
	release := make(chan struct{})
	slow := relyingParty(t, func(http.ResponseWriter, *http.Request) { <-release })
	defer close(release)
	quick := relyingParty(t, func(_ http.ResponseWriter, r *http.Request) { heard <- r.FormValue("logout_token") })
	d := newSending(t, true, map[string]*httptest.Server{"app": slow, "other": quick})
	d.signInAs("mia")
	other := d.claims(d.redeem(d.authorize("client_id", "other"), "client_id", "other").text("id_token"))
	begin := time.Now()
	require.NoError(t, d.provider.EndSession(t.Context(), d.sessions()[0].ID()))
	require.Less(t, time.Since(begin), time.Second)
	select {
	case raw := <-heard:
		(&logoutDoor{door: d}).requireLogoutToken(raw, "other", other.SessionID)
	case <-time.After(5 * time.Second):
		t.Fatal("the other client was not told")
	}
}

// L06. What a client answers changes nothing but whether it is told again; it sends the
// server nowhere else.
func TestRedirectOfAClientIsNotFollowed(t *testing.T) {
	var hits atomic.Int64
	target := relyingParty(t, func(http.ResponseWriter, *http.Request) { hits.Add(1) })
	rp := relyingParty(t, func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, target.URL, http.StatusTemporaryRedirect)
	})
	d := newSending(t, true, map[string]*httptest.Server{"app": rp})
	d.signInAs("mia")
	require.NoError(t, d.provider.EndSession(t.Context(), d.sessions()[0].ID()))
	require.Eventually(t, func() bool { return len(d.reasonsOf(oidc.EventNoticeDelayed)) == 1 }, 5*time.Second, 10*time.Millisecond)
	e := d.reasonsOf(oidc.EventNoticeDelayed)[0]
	require.Equal(t, []string{"app", "mia", string(oidc.ReasonNotice)}, []string{e.ClientID, e.Subject, string(e.Reason)})
	require.ErrorContains(t, e.Err, "redirect")
	require.Zero(t, hits.Load())
}

// L06. A client's address inside the operator's network is not asked, unless the host
// says so.
func TestPrivateAddressIsNotAsked(t *testing.T) {
	var hits atomic.Int64
	rp := relyingParty(t, func(http.ResponseWriter, *http.Request) { hits.Add(1) })
	d := newSending(t, false, map[string]*httptest.Server{"app": rp})
	d.signInAs("mia")
	require.NoError(t, d.provider.EndSession(t.Context(), d.sessions()[0].ID()))
	require.Eventually(t, func() bool {
		return len(d.reasonsOf(oidc.EventNoticeLost))+len(d.reasonsOf(oidc.EventNoticeDelayed)) == 1
	}, 5*time.Second, 10*time.Millisecond)
	require.Zero(t, hits.Load())
}
