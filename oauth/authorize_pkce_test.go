package oauth_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mintyard/mintyard/oauth"
)

// challenges are what is sent for a challenge, and why it is refused; "" is that it is not.
var challenges = []struct {
	row, challenge, method string
	reason                 oauth.Reason
}{
	{"A12 none", "", "", oauth.ReasonChallengeMissing},
	{"A12 a method alone", "", "S256", oauth.ReasonChallengeMissing},
	{"A13 plain", verifier, "plain", oauth.ReasonChallengeMethod},
	{"A13 no method, which means plain", challenge, "", oauth.ReasonChallengeMethod},
	{"A13 in lower case", challenge, "s256", oauth.ReasonChallengeMethod},
	{"A13 another", challenge, "S512", oauth.ReasonChallengeMethod},
	{"A14 42 characters", challenge[:42], "S256", oauth.ReasonMalformedValue},
	{"A14 44 characters", challenge + "A", "S256", oauth.ReasonMalformedValue},
	{"A14 129 characters", strings.Repeat("a", 129), "S256", oauth.ReasonMalformedValue},
	{"A14 a plus", challenge[:42] + "+", "S256", oauth.ReasonMalformedValue},
	{"A14 padded", challenge[:42] + "=", "S256", oauth.ReasonMalformedValue},
	{"A14 loose bits", challenge[:42] + "N", "S256", oauth.ReasonMalformedValue},
	{"A14 an umlaut", challenge[:41] + "ä", "S256", oauth.ReasonMalformedValue},
	{"a digest", challenge, "S256", ""},
}

// By default every client sends a challenge, whether it authenticates or not.
func TestAuthorizeChallenge(t *testing.T) {
	d := newDoor(t)
	for _, c := range challenges {
		t.Run(c.row, func(t *testing.T) {
			for _, optional := range []bool{false, true} {
				d.change(frontID, func(f *oauth.Client) { f.OptionalPKCE = optional })
				for _, client := range []string{spaID, frontID} {
					v := d.authorize(client, "code_challenge", c.challenge, "code_challenge_method", c.method)
					if c.reason == "" || c.row == "A12 none" && optional && client == frontID {
						v.code(t)
						continue
					}
					v.requireSent(t, "invalid_request")
					require.Equal(t, c.reason, d.lastReason())
				}
			}
		})
	}
	require.Equal(t, []string{"S256"}, d.server.Metadata()["code_challenge_methods_supported"])
}

// What is sent for a verifier: the rows C09 to C11, and the downgrades of
// the catalogue (#31, #32, #33).
func TestAuthorizeVerifier(t *testing.T) {
	none := []string{"code_challenge", "", "code_challenge_method", ""}
	for _, c := range []struct {
		row, client string
		ask         []string
		verifier    string
		code        string
		reason      oauth.Reason
	}{
		{"C09 wrong", spaID, nil, verifier[:42] + "x", "invalid_grant", oauth.ReasonVerifier},
		{"C09 the challenge", spaID, nil, challenge, "invalid_grant", oauth.ReasonVerifier},
		{"C09 #31 missing", spaID, nil, "", "invalid_grant", oauth.ReasonVerifierMissing},
		{"#32 missing, from a client that authenticates", frontID, nil, "", "invalid_grant", oauth.ReasonVerifierMissing},
		{"C10 #31 a verifier, and the challenge was taken away", frontID, none, verifier, "invalid_grant", oauth.ReasonVerifierUnasked},
		{"C11 42 characters", spaID, nil, verifier[:42], "invalid_request", oauth.ReasonMalformedValue},
		{"C11 129 characters", spaID, nil, strings.Repeat("a", 129), "invalid_request", oauth.ReasonMalformedValue},
		{"C11 a plus", spaID, nil, verifier[:42] + "+", "invalid_request", oauth.ReasonMalformedValue},
	} {
		t.Run(c.row, func(t *testing.T) {
			d := newDoor(t)
			v := d.authorize(c.client, c.ask...)
			v.code(t)
			d.redeem(c.client, v, "code_verifier", c.verifier).requireError(t, 400, c.code)
			require.Equal(t, c.reason, d.lastReason())
			right := verifier
			if c.ask != nil {
				right = ""
			}
			require.Equal(t, http.StatusOK, d.redeem(c.client, v, "code_verifier", right).status, "nothing was spent")
		})
	}
}

// Who needs a challenge is asked again when the request is answered, and when the code is
// redeemed (lesson 6).
func TestAuthorizeChallengeNeededMeanwhile(t *testing.T) {
	d := newDoor(t)
	none := []string{"code_challenge", "", "code_challenge_method", ""}
	sealed := d.sealed(frontID, none...)
	v := d.authorize(frontID, none...)
	d.change(frontID, func(c *oauth.Client) { c.OptionalPKCE = false })
	d.submit(sealed, "mia").requireRefused(t, 400, "invalid_request")
	d.redeem(frontID, v, "code_verifier", "").requireError(t, 400, "invalid_grant")
}

// A challenge of the dangerous method is one for clients that may.
func TestAuthorizePlainChallenge(t *testing.T) {
	d := newDoor(t)
	d.change(spaID, func(c *oauth.Client) { c.DangerousPlainPKCE = true })
	for _, method := range []string{"plain", ""} {
		v := d.authorize(spaID, "code_challenge", verifier, "code_challenge_method", method)
		v.code(t)
		d.redeem(spaID, v, "code_verifier", verifier[:42]+"x").requireError(t, 400, "invalid_grant")
		require.Equal(t, http.StatusOK, d.redeem(spaID, v).status)
	}
}
