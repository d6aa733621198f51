package oauth_test

import (
	"context"
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/mintyard/mintyard/oauth"
	"github.com/mintyard/mintyard/oauth/token"
	"github.com/mintyard/mintyard/policy"
)

const stepGrantID = "urn:example:step"

// stepGrant finishes what /step has begun: the handle of whichever kind is enough.
type stepGrant struct{}

func (stepGrant) Type() string     { return stepGrantID }
func (stepGrant) FirstParty() bool { return true }
func (stepGrant) Authorize(ctx context.Context, r *oauth.TokenRequest) (*oauth.Authorization, error) {
	r.Confirmation.JKT = r.Param("test_key")
	kind := token.HandleMFA
	if r.Param("oob") != "" {
		kind = token.HandleOOB
	}
	a, err := r.Resume(ctx, kind, r.Param("handle"))
	if err != nil {
		return nil, err
	}
	if len(a.Scopes) == 0 {
		if err := r.Ask(a); err != nil {
			return nil, err
		}
	}
	if a.Subject == "" {
		if err := r.About(ctx, a, r.Param("subject")); err != nil {
			return nil, err
		}
	}
	a.AuthTime = r.Time
	a.Methods = []policy.Method{{Name: "sms", Types: policy.Possession, At: r.Time}}
	return a, nil
}

// newStepKit has an endpoint that suspends, as flows of many steps do.
func newStepKit(t testing.TB) *kit {
	t.Helper()
	k := newKit(t, func(c *oauth.Config) { c.Grants = append(c.Grants, stepGrant{}) })
	for _, c := range k.clients {
		c.GrantTypes = append(c.GrantTypes, stepGrantID)
	}
	k.mux.Handle("/step", k.server.ClientHandler("step", func(ctx context.Context, r *oauth.TokenRequest) ([]byte, error) {
		if err := r.Use(stepGrantID); err != nil {
			return nil, err
		}
		r.Confirmation.JKT = r.Param("test_key")
		a := r.NewTransaction()
		var err error
		if h := r.Param("handle"); h != "" {
			a, err = r.Resume(ctx, token.HandleMFA, h)
		} else {
			err = r.About(ctx, a, r.Param("subject"))
		}
		if err != nil {
			return nil, err
		}
		if other := r.Param("belongs"); other != "" {
			if err := r.Belongs(ctx, a, token.HandleOOB, other); err != nil {
				return nil, err
			}
		}
		if r.Param("spend") != "" {
			return []byte("{}"), r.Spend(ctx, a)
		}
		kind := token.HandleMFA
		if r.Param("oob") != "" {
			kind = token.HandleOOB
		}
		life, _ := time.ParseDuration(r.Param("life"))
		handle, ends, err := r.Suspend(ctx, a, kind, life)
		if err != nil {
			return nil, err
		}
		return json.Marshal(map[string]any{"handle": handle, "ends": ends.Unix() - r.Time.Unix()})
	}))
	return k
}

func (k *kit) step(pairs ...string) answer {
	k.t.Helper()
	v := form(pairs...)
	if !v.Has("life") {
		v.Set("life", "5m")
	}
	return k.post("/step", nativeID, v)
}

func (k *kit) begin(pairs ...string) string {
	k.t.Helper()
	a := k.step(append([]string{"subject", "mia"}, pairs...)...)
	require.Equal(k.t, http.StatusOK, a.status, a.raw)
	return a.text("handle")
}

func (k *kit) finish(handle string, pairs ...string) answer {
	k.t.Helper()
	return k.token(nativeID, append([]string{"grant_type", stepGrantID, "handle", handle, "scope", "read offline_access"}, pairs...)...)
}

// A challenge has a counter of its own: asking for one again ends the one before and
// leaves the transaction; a further step ends both.
func TestSteps(t *testing.T) {
	k := newStepKit(t)
	mfa := k.begin()
	first := k.step("handle", mfa, "oob", "1").text("handle")
	second := k.step("handle", mfa, "oob", "1").text("handle")
	k.finish(first, "oob", "1").requireError(t, 400, "invalid_grant")
	require.Equal(t, oauth.ReasonSuperseded, k.lastReason())
	k.step("handle", mfa, "belongs", first).requireError(t, 400, "invalid_grant")
	k.step("handle", k.begin(), "belongs", second).requireError(t, 400, "invalid_request")
	require.Equal(t, oauth.ReasonOtherTransaction, k.lastReason())

	next := k.step("handle", mfa).text("handle")
	for _, old := range [][]string{{mfa}, {second, "oob", "1"}} {
		k.finish(old[0], old[1:]...).requireError(t, 400, "invalid_grant")
		require.Equal(t, oauth.ReasonSuperseded, k.lastReason())
	}
	challenge := k.step("handle", next, "oob", "1").text("handle")
	require.Equal(t, http.StatusOK, k.step("handle", next, "spend", "1").status)
	k.finish(challenge, "oob", "1").requireError(t, 400, "invalid_grant")
	k.finish(challenge).requireError(t, 400, "invalid_grant")
	require.Equal(t, oauth.ReasonHandle, k.lastReason(), "of another kind")

	a := k.finish(next)
	require.Equal(t, http.StatusOK, a.status, a.raw)
	k.finish(next).requireError(t, 400, "invalid_grant")
	require.Equal(t, oauth.ReasonState, k.lastReason())
	k.refresh(nativeID, a.text("refresh_token")).requireSuccess(t)
}

func (a answer) requireSuccess(t *testing.T) {
	t.Helper()
	require.Equal(t, http.StatusOK, a.status, a.raw)
}

// However often a challenge is asked for, a transaction is over ten minutes after it
// began, and a short challenge does not shorten it.
func TestTransactionsEnd(t *testing.T) {
	k := newStepKit(t)
	mfa := k.begin()
	require.Equal(t, 10.0, k.step("handle", mfa, "oob", "1", "life", "10s").body["ends"])
	k.clock.advance(4 * time.Minute)
	require.Equal(t, 300.0, k.step("handle", mfa, "oob", "1").body["ends"])
	k.clock.advance(4 * time.Minute)
	require.Equal(t, 120.0, k.step("handle", mfa, "oob", "1").body["ends"])
	k.clock.advance(2*time.Minute - time.Second)
	require.Equal(t, http.StatusOK, k.step("handle", mfa, "oob", "1").status)
	k.clock.advance(time.Second)
	k.step("handle", mfa, "oob", "1").requireError(t, 400, "invalid_grant")
	require.Equal(t, oauth.ReasonExpired, k.lastReason())
}

// Whoever becomes known in the last step is found when all grants of theirs are
// ended, and so is whoever was known from the first.
func TestSubjectsThatBecomeKnown(t *testing.T) {
	k := newStepKit(t)
	for _, subject := range []string{"mia", ""} {
		a := k.finish(k.step("subject", subject).text("handle"), "subject", "mia")
		a.requireSuccess(t)
		require.True(t, k.active(a.text("access_token")))
		require.NoError(t, k.server.EndSubject(t.Context(), "mia"))
		require.False(t, k.active(a.text("access_token")), "of a transaction that began with %q", subject)
		k.refresh(nativeID, a.text("refresh_token")).requireError(t, 400, "invalid_grant")
	}
	pending := k.begin()
	require.NoError(t, k.server.EndSubject(t.Context(), "mia"))
	k.finish(pending).requireError(t, 400, "invalid_grant")
	require.Equal(t, oauth.ReasonEnded, k.lastReason())
}

// A transaction that a key has begun goes on with that key; none takes it away.
func TestTransactionsStayBound(t *testing.T) {
	k := newStepKit(t)
	mfa := k.begin("test_key", "key one")
	for _, key := range []string{"", "another"} {
		k.step("handle", mfa, "oob", "1", "test_key", key).requireError(t, 400, "invalid_grant")
		require.Equal(t, oauth.ReasonSenderKey, k.lastReason())
		k.step("handle", mfa, "spend", "1", "test_key", key).requireError(t, 400, "invalid_grant")
		k.finish(mfa, "test_key", key).requireError(t, 400, "invalid_grant")
	}
	k.finish(mfa, "test_key", "key one").requireSuccess(t)
	k.finish(k.begin(), "test_key", "key two").requireSuccess(t)
}

// Grants in which an app sees what people enter are for the operator's own apps, at
// every door, and advertised only if there is one.
func TestFirstParty(t *testing.T) {
	k := newStepKit(t)
	require.Contains(t, k.server.Metadata()["grant_types_supported"], stepGrantID)
	mfa := k.begin()
	k.clients[nativeID].ThirdParty = true
	k.step("subject", "mia").requireError(t, 400, "unauthorized_client")
	k.finish(mfa).requireError(t, 400, "unauthorized_client")
	require.Equal(t, oauth.ReasonThirdParty, k.lastReason())
	for _, c := range k.clients {
		c.GrantTypes = []string{oauth.GrantRefreshToken}
	}
	require.NotContains(t, k.server.Metadata()["grant_types_supported"], stepGrantID)
}
