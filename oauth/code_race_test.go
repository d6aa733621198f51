package oauth_test

import (
	"context"
	"net/http"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mintyard/mintyard/oauth"
	"github.com/mintyard/mintyard/policy"
	"github.com/mintyard/mintyard/store"
	"github.com/mintyard/mintyard/store/storetest"
)

// Many redeem one code at once, half of them another client: one at most succeeds,
// and since it was used twice nothing is left of it.
func TestCodeRace(t *testing.T) {
	for range 20 {
		k := newCodeKit(t)
		code := k.newCode(nativeID)
		answers := make([]answer, 60)
		start := make(chan struct{})
		var wg sync.WaitGroup
		for i := range answers {
			client := nativeID
			if i%3 == 2 {
				client = otherID
			}
			wg.Go(func() {
				<-start
				answers[i] = k.redeem(client, code)
			})
		}
		close(start)
		wg.Wait()
		won := 0
		for i, a := range answers {
			if a.status == http.StatusOK {
				won++
				require.NotEqual(t, 2, i%3, "the other client")
				require.False(t, k.active(a.text("access_token")))
				require.False(t, k.active(a.text("refresh_token")))
				continue
			}
			a.requireError(t, http.StatusBadRequest, "invalid_grant")
		}
		require.Equal(t, 1, won)
	}
}

// A replay between the reading of the code and its spending ends both.
func TestCodeReplayInBetween(t *testing.T) {
	faulty := storetest.Faulty(store.NewMemory())
	k := newCodeKit(t, func(c *oauth.Config) { c.Store = faulty })
	code := k.newCode(nativeID)
	var inner answer
	faulty.Before = func(c storetest.Call) {
		if c.Method == "Put" {
			faulty.Before = nil
			inner = k.redeem(nativeID, code)
		}
	}
	k.redeem(nativeID, code).requireError(t, http.StatusBadRequest, "invalid_grant")
	require.Equal(t, http.StatusOK, inner.status, inner.raw)
	require.False(t, k.active(inner.text("access_token")))
}

// A person's grants are ended while a code is on its way: it is good for nothing.
func TestCodeSubjectEndedInBetween(t *testing.T) {
	for _, when := range []string{"issued", "redeemed"} {
		faulty := storetest.Faulty(store.NewMemory())
		k := newCodeKit(t, func(c *oauth.Config) { c.Store = faulty })
		arm := func() {
			faulty.Before = func(c storetest.Call) {
				if c.Method == "Put" {
					faulty.Before = nil
					require.NoError(t, k.server.EndSubject(t.Context(), "mia"))
				}
			}
		}
		if when == "issued" {
			arm()
			k.ask(nativeID).requireError(t, http.StatusBadRequest, "invalid_grant")
			continue
		}
		code := k.newCode(nativeID)
		arm()
		k.redeem(nativeID, code).requireError(t, http.StatusBadRequest, "invalid_grant")
	}
}

// Every store call fails in turn, before its effect and after it. No code and no token
// is in an answer that is not 200; a code that was not redeemed is good afterwards; and
// one that was has either given its tokens, or gives none any more.
func TestCodeEveryStoreCallFails(t *testing.T) {
	for _, fault := range []storetest.Fault{storetest.FailBefore, storetest.FailAfter} {
		t.Run("issued, "+fault.String(), func(t *testing.T) {
			for n := 1; ; n++ {
				faulty := storetest.Faulty(store.NewMemory())
				k := newCodeKit(t, func(c *oauth.Config) { c.Store = faulty })
				faulty.Set(n, fault)
				a := k.ask(nativeID)
				hit := faulty.Hit()
				faulty.Clear()
				if a.status != http.StatusOK {
					require.NotContains(t, a.body, "code")
					a.requireError(t, http.StatusServiceUnavailable, "temporarily_unavailable")
				} else {
					require.Equal(t, http.StatusOK, k.redeem(nativeID, a.text("code")).status)
				}
				require.Equal(t, http.StatusOK, k.redeem(nativeID, k.newCode(nativeID)).status)
				if !hit {
					require.Greater(t, n, 2)
					return
				}
			}
		})
		t.Run("redeemed, "+fault.String(), func(t *testing.T) {
			for n := 1; ; n++ {
				faulty := storetest.Faulty(store.NewMemory())
				k := newCodeKit(t, func(c *oauth.Config) { c.Store = faulty })
				code := k.newCode(nativeID)
				faulty.Set(n, fault)
				a := k.redeem(nativeID, code)
				hit := faulty.Hit()
				faulty.Clear()
				if a.status != http.StatusOK {
					a.requireError(t, http.StatusServiceUnavailable, "temporarily_unavailable")
					require.Equal(t, http.StatusOK, k.redeem(nativeID, code).status, "call %d: nothing was spent", n)
				} else {
					require.True(t, k.active(a.text("access_token")))
				}
				if !hit {
					require.Greater(t, n, 1)
					return
				}
			}
		})
		// A replay that cannot be recorded says so, and not that it is over.
		t.Run("replayed, "+fault.String(), func(t *testing.T) {
			for n := 1; ; n++ {
				faulty := storetest.Faulty(store.NewMemory())
				k := newCodeKit(t, func(c *oauth.Config) { c.Store = faulty })
				code := k.newCode(nativeID)
				first := k.redeem(nativeID, code)
				faulty.Set(n, fault)
				a := k.redeem(nativeID, code)
				hit := faulty.Hit()
				faulty.Clear()
				if a.status == http.StatusBadRequest {
					require.False(t, k.active(first.text("access_token")))
				} else {
					a.requireError(t, http.StatusServiceUnavailable, "temporarily_unavailable")
				}
				if !hit {
					return
				}
			}
		})
	}
}

// hasty is a grant of a host's own that forgets that a code was asked for.
type hasty struct{ personGrant }

func (hasty) Type() string { return "urn:example:hasty" }
func (g hasty) Authorize(ctx context.Context, r *oauth.TokenRequest) (*oauth.Authorization, error) {
	a, err := g.personGrant.Authorize(ctx, r)
	if err == nil {
		a.CodeChallenge, a.RedirectURI = r.Param("code_challenge"), r.Param("redirect_uri")
	}
	return a, err
}

// What is to end in a code gives no tokens before there was one.
func TestCodeComesFirst(t *testing.T) {
	k := newCodeKit(t, func(c *oauth.Config) { c.Grants = append(c.Grants, hasty{}) })
	c := *k.clients[nativeID]
	c.GrantTypes = append(c.GrantTypes, "urn:example:hasty")
	k.clients[nativeID] = &c
	for _, pair := range [][]string{{"code_challenge", challenge}, {"redirect_uri", redirect}} {
		k.token(nativeID, append(pair, "grant_type", "urn:example:hasty", "subject", "mia")...).requireError(t, http.StatusBadRequest, "invalid_grant")
	}
	require.Equal(t, http.StatusOK, k.token(nativeID, "grant_type", "urn:example:hasty", "subject", "mia").status)
}

// Of a host's own authorization, too, only what can be redeemed becomes a code.
func TestCodeOfAnotherAuthorization(t *testing.T) {
	k := newCodeKit(t)
	for name, build := range map[string]func(r *oauth.TokenRequest, a *oauth.Authorization){
		"of nobody":       func(_ *oauth.TokenRequest, a *oauth.Authorization) { a.Subject, a.Methods = "", nil },
		"no challenge":    func(_ *oauth.TokenRequest, a *oauth.Authorization) { a.CodeChallenge = "" },
		"other challenge": func(_ *oauth.TokenRequest, a *oauth.Authorization) { a.CodeChallenge = "plain" },
		"from the future": func(r *oauth.TokenRequest, a *oauth.Authorization) { a.AuthTime = r.Time.Add(1e12) },
	} {
		k.mux.Handle("/"+name[:2], k.server.ClientHandler("host", func(ctx context.Context, r *oauth.TokenRequest) ([]byte, error) {
			a, err := r.NewAuthorization()
			require.NoError(t, err)
			a.Subject, a.AuthTime, a.CodeChallenge = "mia", r.Time, challenge
			a.Methods = []policy.Method{{Name: "password", Types: policy.Knowledge, At: r.Time}}
			build(r, a)
			code, err := r.Server.IssueCode(ctx, a)
			require.Empty(t, code)
			return nil, err
		}))
		a := k.post("/"+name[:2], nativeID, form("scope", "read"))
		require.GreaterOrEqual(t, a.status, 400, name)
	}
}

// FuzzCodeVerifier: a verifier is taken if, and only if, it has the syntax of RFC 7636
// section 4.1 and is the one of the challenge; and nothing panics.
func FuzzCodeVerifier(f *testing.F) {
	f.Add(verifier, challenge)
	f.Add(challenge, challenge)
	f.Add("", "")
	f.Add("ä\x00", "=")
	k := newCodeKit(f)
	f.Fuzz(func(t *testing.T, v, c string) {
		k.t = t
		a := k.ask(nativeID, "code_challenge", c)
		if a.status == http.StatusOK {
			b := k.redeem(nativeID, a.text("code"), "code_verifier", v)
			require.Equal(t, verifierForm(v) && s256(v) == c, b.status == http.StatusOK, b.raw)
		}
		code := k.newCode(nativeID)
		b := k.redeem(nativeID, code, "code_verifier", v)
		require.Equal(t, v == verifier, b.status == http.StatusOK, b.raw)
	})
}

func verifierForm(v string) bool {
	for _, r := range v {
		if !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-' || r == '.' || r == '_' || r == '~') {
			return false
		}
	}
	return len(v) >= 43 && len(v) <= 128
}
