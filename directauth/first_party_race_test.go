package directauth_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/mintyard/mintyard/oauth"
	"github.com/mintyard/mintyard/oauth/token"
	"github.com/mintyard/mintyard/store"
	"github.com/mintyard/mintyard/store/storetest"
)

func serve(k *kit, r *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	k.mux.ServeHTTP(w, r)
	return w
}

func (k *kit) verify(a answer) (*token.Claims, error) {
	v := &token.IDTokenVerifier{Issuer: issuer, ClientID: k.clientOf(a), Keys: k.config.Keys.Signing.KeySet(), Now: k.Now}
	return v.Verify(k.t.Context(), a.text("id_token"), token.IDTokenExpectation{Nonce: "n-1", AccessToken: a.text("access_token")})
}

// Two right codes finish one sign-in at once: one authorization code comes of it.
func TestFirstPartyRace(t *testing.T) {
	for range 10 {
		k := newFirstPartyKit(t)
		session := k.requireMore(k.begin("two", "username", "mia", "password", password))
		now := k.code()
		k.advance(30 * time.Second)
		next := k.code()
		answers := race(2, func(i int) answer { return k.goOn(session, "otp", []string{now, next}[i]) })
		require.Equal(t, 1, successes(t, answers))
		for _, a := range answers {
			if a.status == http.StatusOK {
				k.signedIn("two", a)
			}
		}
	}
}

// Every store call of a sign-in fails in turn, before its effect and after it: no code
// in an answer that is not 200, and who starts again is signed in.
func TestFirstPartyEveryStoreCallFails(t *testing.T) {
	flows := map[string]func(k *kit) answer{
		"password": func(k *kit) answer { return k.begin("one", "username", "mia", "password", password) },
		"step by step": func(k *kit) answer {
			a := k.begin("two")
			for _, step := range [][]string{{"username", "mia"}, {"password", password}, {"otp", k.code()}} {
				if a.text("auth_session") == "" {
					return a
				}
				a = k.goOn(a.text("auth_session"), step...)
			}
			return a
		},
		"message": func(k *kit) answer {
			a := k.begin("one", "username", "mia", "channel_hint", "sms")
			if a.text("auth_session") == "" {
				return a
			}
			return k.goOn(a.text("auth_session"), "binding_code", k.sent().Code)
		},
		"passkey": func(k *kit) answer {
			a := k.begin("one", "username", "zoe", "channel_hint", "webauthn")
			if a.text("auth_session") == "" {
				return a
			}
			return k.goOn(a.text("auth_session"), assertion(asPublicKey(a))...)
		},
	}
	for name, flow := range flows {
		for _, fault := range []storetest.Fault{storetest.FailBefore, storetest.FailAfter} {
			t.Run(name+" "+fault.String(), func(t *testing.T) {
				for n := 1; ; n++ {
					faulty := storetest.Faulty(store.NewMemory())
					k := newFirstPartyKit(t, func(c *oauth.Config) { c.Store = faulty })
					faulty.Set(n, fault)
					a := flow(k)
					hit := faulty.Hit()
					faulty.Clear()
					if a.status != http.StatusOK {
						require.NotContains(t, a.body, "authorization_code")
						require.Contains(t, []int{http.StatusServiceUnavailable, http.StatusBadRequest}, a.status, a.raw)
						require.NotContains(t, a.raw, "storetest")
					}
					k.advance(time.Minute)
					k.signedIn(map[bool]string{true: "two", false: "one"}[name == "step by step"], flow(k))
					if !hit {
						return
					}
				}
			})
		}
	}
}

// firstPartyWays are the two requests at which a sign-in of this dialect is judged.
var firstPartyWays = map[string]struct {
	begin  func(k *kit) string
	finish func(k *kit, artefact string) answer
}{
	"challenge": {
		func(k *kit) string {
			return k.begin("two", "username", "mia", "password", password, "scope", "openid orders:read").text("auth_session")
		},
		func(k *kit, session string) answer { return k.goOn(session, "client_id", "two", "otp", k.code()) }},
	"authorization_code": {
		func(k *kit) string {
			a := k.begin("two", "username", "mia", "password", password, "scope", "openid orders:read")
			return k.goOn(a.text("auth_session"), "otp", k.code()).text("authorization_code")
		},
		func(k *kit, code string) answer { return k.redeemCode("two", code) }},
}

// Every rule that holds for the grants holds here, when the code is asked for and
// when it is redeemed.
func TestFirstPartyEveryRuleHolds(t *testing.T) {
	for wayName, w := range firstPartyWays {
		t.Run(wayName+" without a rule", func(t *testing.T) {
			k := newMatrixKit(t)
			k.withCodes()
			artefact := w.begin(k)
			require.NotEmpty(t, artefact)
			a := w.finish(k, artefact)
			require.Equal(t, http.StatusOK, a.status, a.raw)
		})
		for ruleName, rule := range rules {
			if wayName == "authorization_code" && strings.Contains(ruleName, "somebody else") {
				continue // a code shows the app nothing of a person
			}
			t.Run(wayName+" when "+ruleName, func(t *testing.T) {
				k := newMatrixKit(t)
				k.withCodes()
				artefact := w.begin(k)
				changed := *k.clients["two"]
				rule.change(k, &changed)
				k.clients["two"] = &changed
				a := w.finish(k, artefact)
				require.True(t, rule.refused(a), "%d %s", a.status, a.raw)
				for _, name := range []string{"access_token", "refresh_token", "id_token", "authorization_code", "auth_session"} {
					require.NotContains(t, a.body, name)
				}
			})
		}
		t.Run(wayName+" when the client id was given away", func(t *testing.T) {
			k := newMatrixKit(t)
			k.withCodes()
			artefact := w.begin(k)
			changed := *k.clients["two"]
			changed.Registered = k.Now().Add(time.Second)
			k.clients["two"] = &changed
			require.Equal(t, http.StatusBadRequest, w.finish(k, artefact).status)
		})
	}
}

func (k *kit) clientOf(a answer) string {
	c, err := token.ParseClaims(payload(k.t, a.text("id_token")))
	require.NoError(k.t, err)
	return c.Audience[0]
}
