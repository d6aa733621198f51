package directauth_test

import (
	"net/http"
	"testing"

	"github.com/mintyard/mintyard/directauth"
)

// FuzzAssertion: whatever an app sends as an assertion, at whichever of the grants,
// it is refused with an error of ours, and nothing is granted.
func FuzzAssertion(f *testing.F) {
	var k *kit
	f.Add("AAAA", "eyJjaGFsbGVuZ2UiOiJBQUFBIn0", "AAAA", "", true)
	f.Add("=", "e30=", "+/", "§", false)
	f.Fuzz(func(t *testing.T, data, client, signature, handle string, further bool) {
		k = fuzzKit(t, k)
		fields := []string{"authenticatorData", data, "clientDataJSON", client, "signature", signature, "userHandle", handle}
		a := k.passkey("two", fields)
		if further {
			a = k.mfaPasskey("two", "mint_mfa_x", fields)
		}
		if a.status == http.StatusOK || a.status >= 500 || a.text("error") == "" {
			t.Fatalf("%d %s", a.status, a.raw)
		}
	})
}

// FuzzChallenge: whatever an app asks a challenge for, it gets one or an error of ours.
func FuzzChallenge(f *testing.F) {
	var k *kit
	f.Add(directauth.GrantOOB, "mia", "sms", directauth.GrantMFAOOB, "recovery", "openid")
	f.Add(directauth.GrantWebAuthn, "", "", "", "", "")
	f.Add("x", "\u0000", "fax", " ", "dance", "\"")
	f.Fuzz(func(t *testing.T, hint, name, channel, types, intent, scope string) {
		k = fuzzKit(t, k)
		for _, a := range []answer{
			k.post(primaryPath, "client_id", "one", "challenge_hint", hint, "login_hint", name, "channel_hint", channel, "intent", intent, "scope", scope),
			k.post(oobPath, "client_id", "one", "challenge_hint", hint, "login_hint", name, "channel_hint", channel, "grant_types_supported", types),
			k.post(challengePath, "client_id", "one", "mfa_token", name, "challenge_types_supported", types, "channel_hint", channel, "acr_values", scope),
		} {
			if a.status >= 500 || a.status != http.StatusOK && a.text("error") == "" || a.body["access_token"] != nil {
				t.Fatalf("%d %s", a.status, a.raw)
			}
		}
	})
}

// fuzzKit makes the kit once.
func fuzzKit(t *testing.T, k *kit) *kit {
	if k == nil {
		return newKit(t)
	}
	k.t = t
	return k
}
