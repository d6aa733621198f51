package oidc_test

import (
	"context"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/mintyard/mintyard/oauth"
	"github.com/mintyard/mintyard/oidc"
	"github.com/mintyard/mintyard/store"
	"github.com/mintyard/mintyard/store/storetest"
)

const kindOfConsent store.Kind = 'y'

var third = []string{"client_id", "third", "scope", "openid orders offline_access"}

// allowed lets mia sign in to the third party's app and allow what it asks for.
func (d *door) allowed(scopes ...string) answer {
	d.t.Helper()
	d.allow = scopes
	v := d.authorize(append(third, "prompt", "consent")...)
	d.allow = nil
	a := d.redeem(v, "client_id", "third")
	require.Equal(d.t, http.StatusOK, a.status, a.raw)
	return a
}

func (d *door) refreshed(a answer) int {
	return d.post("/t1/token", "client_id", "third", "grant_type", "refresh_token", "refresh_token", a.text("refresh_token")).status
}

func TestConsentLists(t *testing.T) {
	d := newDoor(t)
	d.allowed("openid", "orders", "offline_access")
	d.advance(time.Hour)
	d.allow = []string{"openid", "profile"}
	d.sent(d.authorize("client_id", "third", "prompt", "consent"), "")
	d.person = "tom"
	d.allow = []string{"openid"}
	d.sent(d.authorize("client_id", "third", "prompt", "login", "scope", "openid"), "")
	now := time.Unix(d.now.Load(), 0)
	ago := now.Add(-time.Hour)
	mia := oidc.Consent{Subject: "mia", ClientID: "third", Scopes: map[string]time.Time{"openid": ago, "orders": ago, "offline_access": ago, "profile": now}}
	list, err := d.provider.Consents(t.Context(), "mia")
	require.NoError(t, err)
	require.Equal(t, []oidc.Consent{mia}, list, "a scope keeps the time when it was allowed first")
	list, err = d.provider.ConsentsOf(t.Context(), "third")
	require.NoError(t, err)
	require.ElementsMatch(t, []oidc.Consent{mia, {Subject: "tom", ClientID: "third", Scopes: map[string]time.Time{"openid": now}}}, list)
	for _, id := range []string{"app", ""} {
		list, err = d.provider.ConsentsOf(t.Context(), id)
		require.NoError(t, err)
		require.Empty(t, list)
	}
	require.NoError(t, d.provider.RevokeConsent(t.Context(), "mia", "third"))
	list, err = d.provider.Consents(t.Context(), "mia")
	require.NoError(t, err)
	require.Empty(t, list)
	for _, nobody := range [][2]string{{"mia", "third"}, {"mia", "app"}, {"nobody", "third"}} {
		require.NoError(t, d.provider.RevokeConsent(t.Context(), nobody[0], nobody[1]), "there is nothing to take back")
	}
}

// Taking one scope back ends the grants that have it, and no others.
func TestRevokeScope(t *testing.T) {
	d := newDoor(t)
	wide, narrow := d.allowed("openid", "orders", "offline_access"), d.allowed("openid", "offline_access")
	require.NoError(t, d.provider.RevokeConsent(t.Context(), "mia", "third", "orders", "never asked for"))
	require.Equal(t, 400, d.refreshed(wide))
	require.Equal(t, 200, d.refreshed(narrow))
	require.NoError(t, d.provider.RevokeConsent(t.Context(), "mia", "third"))
	require.Equal(t, 400, d.refreshed(narrow))
}

// A consent outlives session and person's other ends: it is not asked again.
func TestConsentOutlives(t *testing.T) {
	d := newDoor(t)
	d.allowed("openid", "orders", "offline_access")
	require.NoError(t, d.server.EndSubject(t.Context(), "mia"))
	d.sent(d.authorize(third...), "")
	require.Equal(t, []oidc.Need{oidc.NeedLogin}, d.needs)
}

// A grant that is written while the consent is taken back is ended by whoever makes it,
// also if the person has allowed it anew meanwhile.
func TestGrantBornDuringRevocation(t *testing.T) {
	for _, when := range []string{"before the grant is written", "after it"} {
		for _, anew := range []bool{false, true} {
			t.Run(when, func(t *testing.T) {
				faulty := storetest.Faulty(store.NewMemory())
				d := newDoor(t, func(c *oauth.Config, _ *oidc.Config) { c.Store = faulty })
				d.allowed("openid", "orders", "offline_access")
				hook := onceOn("Put", 'g', func() {
					check(d.provider.RevokeConsent(context.Background(), "mia", "third"))
					if anew {
						d.allowed("openid", "orders", "offline_access")
					}
				})
				if when == "after it" {
					faulty.After = hook
				} else {
					faulty.Before = hook
				}
				v := d.authorize(append(third, "prompt", "none")...)
				require.Equal(t, "access_denied", v.params.Get("error"), "%v", v.params)
				want := "consent_required"
				if anew {
					want = ""
				}
				require.Equal(t, want, d.silent(third...))
			})
		}
	}
}

// What was taken back between the look and the answer is not given back by the answer:
// nobody was asked.
func TestRevokedBeforeSilentAnswer(t *testing.T) {
	faulty := storetest.Faulty(store.NewMemory())
	d := newDoor(t, func(c *oauth.Config, _ *oidc.Config) { c.Store = faulty })
	d.allowed("openid", "orders", "offline_access")
	faulty.After = onceOn("Get", kindOfConsent, func() { check(d.provider.RevokeConsent(context.Background(), "mia", "third")) })
	require.Equal(t, "consent_required", d.silent(third...))
	require.Equal(t, "consent_required", d.silent(third...))
	list, err := d.provider.Consents(t.Context(), "mia")
	require.NoError(t, err)
	require.Empty(t, list)
}

// A revocation that was interrupted is finished by the next one, or by the sign-in that
// meets it; nothing is granted under it meanwhile.
func TestInterruptedRevocation(t *testing.T) {
	for n := 1; ; n++ {
		faulty := storetest.Faulty(store.NewMemory())
		d := newDoor(t, func(c *oauth.Config, _ *oidc.Config) { c.Store = faulty })
		old := d.allowed("openid", "orders", "offline_access")
		faulty.Set(n, storetest.FailBefore)
		err := d.provider.RevokeConsent(t.Context(), "mia", "third")
		hit := faulty.Hit()
		faulty.Clear()
		if !hit {
			require.NoError(t, err)
			require.Greater(t, n, 5)
			return
		}
		require.Error(t, err, "call %d failed, and it is said to be done", n)
		list, err := d.provider.Consents(t.Context(), "mia")
		require.NoError(t, err)
		if len(list) == 0 { // it has begun
			require.Equal(t, "consent_required", d.silent(third...))
			if n%2 == 0 {
				fresh := d.allowed("openid", "orders", "offline_access")
				require.Equal(t, 200, d.refreshed(fresh), "call %d", n)
			} else {
				require.NoError(t, d.provider.RevokeConsent(t.Context(), "mia", "third"))
			}
			require.Equal(t, 400, d.refreshed(old), "call %d", n)
		}
	}
}

// However answers, consents and revocations fall together: when the last revocation is
// done, nothing of before is alive.
func TestRevocationRace(t *testing.T) {
	for range 10 {
		d := newDoor(t)
		d.allowed("openid", "orders", "offline_access")
		cookie := d.cookie()
		visits := make([]visit, 10)
		var wg sync.WaitGroup
		for i := range visits {
			wg.Go(func() { visits[i] = d.ask(cookie, append(third, "prompt", "none")...) })
		}
		wg.Go(func() { check(d.provider.RevokeConsent(context.Background(), "mia", "third")) })
		wg.Wait()
		for _, v := range visits {
			if v.params.Get("code") != "" {
				d.redeem(v, "client_id", "third").requireError(t, "invalid_grant")
			} else {
				require.Contains(t, []string{"consent_required", "access_denied"}, v.params.Get("error"))
			}
		}
	}
}
