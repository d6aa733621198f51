package main

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/mintyard/mintyard/authenticator"
	"github.com/mintyard/mintyard/directauth"
)

const deliveryConfigHead = `{
	"clients": [{"client_id": "app", "application_type": "native", "grant_types": ["urn:okta:params:oauth:grant-type:oob"]}],
	"users": [{"id": "00u1", "username": "mia@example.test", "factors": [{"id": "f1", "type": "sms", "phone": "+15550100"}]}]`

// Without -dev a message goes to the webhook, signed, and the code in it signs in.
func TestDeliveryByWebhook(t *testing.T) {
	secret := authenticator.NewWebhookSecret()
	var event struct{ Data struct{ Code, To string } }
	gateway := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil || authenticator.VerifyWebhook(secret, r.Header, body, time.Now()) != nil || json.Unmarshal(body, &event) != nil {
			w.WriteHeader(http.StatusBadRequest)
		}
	}))
	defer gateway.Close()
	p := start(t, setup{config: deliveryConfigHead + `, "delivery": {"webhook": {"url": "` + gateway.URL + `", "secret": "` + secret + `"}}}`})
	begin := []string{"client_id", "app", "login_hint", "mia@example.test", "channel_hint", "sms"}
	a := p.form("/oauth2/v1/oob-authenticate", begin...).ok(t)
	require.Equal(t, "+15550100", event.Data.To)
	p.form(orgToken, "client_id", "app", "grant_type", directauth.GrantOOB, "oob_code", a.text("oob_code"), "binding_code", event.Data.Code, "scope", "openid").ok(t)
	p.Stop()
	require.NotContains(t, p.Log.String(), event.Data.Code)
}

// Without a gateway nobody is told that a code was sent, and none is in the log.
func TestNoDelivery(t *testing.T) {
	p := start(t, setup{config: deliveryConfigHead + "}"})
	a := p.form("/oauth2/v1/oob-authenticate", "client_id", "app", "login_hint", "mia@example.test", "channel_hint", "sms")
	a.is(t, http.StatusInternalServerError, "server_error")
	require.Equal(t, "E0000009", a.text("errorCode"))
	p.Stop()
	require.Contains(t, p.Log.String(), "delivery.webhook")
	require.NotContains(t, p.Log.String(), "5550100")
}

// Two spellings of a name are one name, also of nobody.
func TestSpellings(t *testing.T) {
	p := start(t, setup{config: standard, args: []string{"-dev"}})
	for _, name := range []string{"mia", "nobody"} {
		for range 10 {
			p.password(orgToken, "plain", name+"@example.test", "wrong").is(t, http.StatusBadRequest, "invalid_grant")
		}
		for _, spelling := range []string{name, " " + name + "@EXAMPLE.test ", name + "@example.test"} {
			require.Equal(t, http.StatusTooManyRequests, p.password(orgToken, "plain", spelling, "wrong").status, spelling)
		}
	}
}
