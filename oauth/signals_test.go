package oauth_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mintyard/mintyard/oauth"
	"github.com/mintyard/mintyard/policy"
)

// What the host knows of a request is asked for at the sign-in, and stays as it was
// for every refresh, wherever that comes from.
func TestSignalsAreFrozen(t *testing.T) {
	managed, err := policy.New(policy.Rule{Name: "managed", If: policy.Condition{Device: policy.DeviceCondition{Managed: policy.Yes, Platforms: []string{"ios"}}},
		Then: policy.Outcome{Access: policy.Allow}}, policy.Rule{Name: "else", Then: policy.Outcome{Access: policy.Deny}})
	require.NoError(t, err)
	signals := oauth.Signals{Device: policy.Device{Managed: policy.Yes, Platform: "ios"}, Risk: policy.RiskLow}
	k := newKit(t, func(c *oauth.Config) {
		c.Policy = managed
		c.Signals = func(*http.Request) oauth.Signals { return signals }
	})
	a := k.signIn(webID)
	signals = oauth.Signals{}
	require.Equal(t, http.StatusOK, k.refresh(webID, a.text("refresh_token")).status, "as it was")
	k.token(webID, "grant_type", personGrantID, "subject", "mia", "scope", "read").requireError(t, http.StatusForbidden, "access_denied")
}
