package authenticator_test

import (
	"maps"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/mintyard/mintyard/authenticator"
)

// The example of the Standard Webhooks reference libraries.
const (
	vectorBody      = `{"test": 2432232314}`
	vectorSignature = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
)

var vectorTime = time.Unix(1614265330, 0)

func vectorHeader() http.Header {
	return http.Header{
		"Webhook-Id": {"msg_p5jXN8AQM9LWM0D4loKWxJek"}, "Webhook-Timestamp": {"1614265330"}, "Webhook-Signature": {vectorSignature},
	}
}

func TestVerifyWebhook(t *testing.T) {
	set := func(name string, values ...string) func(http.Header) { return func(h http.Header) { h[name] = values } }
	another := "v1,K5oZfzN95Z9UVu1EsfQmfVNQhnkZ2pj9o9NDN/H/pI4="
	for name, c := range map[string]struct {
		change func(http.Header)
		body   string
		off    time.Duration
		ok     bool
	}{
		"as it came":               {ok: true},
		"five minutes late":        {off: 5 * time.Minute, ok: true},
		"five minutes early":       {off: -5 * time.Minute, ok: true},
		"too late":                 {off: 5*time.Minute + time.Second},
		"too early":                {off: -5*time.Minute - time.Second},
		"one of several":           {change: set("Webhook-Signature", another+" v2,x v1a,y "+vectorSignature), ok: true},
		"first of several":         {change: set("Webhook-Signature", vectorSignature+" "+another), ok: true},
		"none of several":          {change: set("Webhook-Signature", another+" "+another)},
		"too many":                 {change: set("Webhook-Signature", strings.Repeat(another+" ", 10)+vectorSignature)},
		"another body":             {body: `{"test": 2432232315}`},
		"a longer body":            {body: vectorBody + "\n"},
		"no body":                  {body: "-"},
		"another id":               {change: set("Webhook-Id", "msg_p5jXN8AQM9LWM0D4loKWxJel")},
		"a shifted full stop":      {change: set("Webhook-Id", "msg_p5jXN8AQM9LWM0D4loKWxJek.1614265330")},
		"no id":                    {change: set("Webhook-Id")},
		"an empty id":              {change: set("Webhook-Id", "")},
		"two ids":                  {change: set("Webhook-Id", "msg_p5jXN8AQM9LWM0D4loKWxJek", "b")},
		"another timestamp":        {change: set("Webhook-Timestamp", "1614265331")},
		"no timestamp":             {change: set("Webhook-Timestamp")},
		"two timestamps":           {change: set("Webhook-Timestamp", "1614265330", "1614265330")},
		"a plus":                   {change: set("Webhook-Timestamp", "+1614265330")},
		"a zero before":            {change: set("Webhook-Timestamp", "01614265330")},
		"a blank":                  {change: set("Webhook-Timestamp", " 1614265330")},
		"a fraction":               {change: set("Webhook-Timestamp", "1614265330.0")},
		"hexadecimal":              {change: set("Webhook-Timestamp", "0x6037bb32")},
		"negative":                 {change: set("Webhook-Timestamp", "-1614265330")},
		"the end of time":          {change: set("Webhook-Timestamp", "9223372036854775807")},
		"beyond it":                {change: set("Webhook-Timestamp", "92233720368547758070")},
		"a duration that overflow": {change: set("Webhook-Timestamp", "253402300799")},
		"no signature":             {change: set("Webhook-Signature")},
		"an empty signature":       {change: set("Webhook-Signature", "")},
		"two headers":              {change: set("Webhook-Signature", vectorSignature, vectorSignature)},
		"without version":          {change: set("Webhook-Signature", vectorSignature[3:])},
		"another version":          {change: set("Webhook-Signature", "v2"+vectorSignature[2:])},
		"only the version":         {change: set("Webhook-Signature", "v1,")},
		"cut off":                  {change: set("Webhook-Signature", vectorSignature[:len(vectorSignature)-1])},
		"cut off at the front":     {change: set("Webhook-Signature", "v1,"+vectorSignature[4:])},
		"longer":                   {change: set("Webhook-Signature", vectorSignature+"=")},
		"the other alphabet":       {change: set("Webhook-Signature", strings.NewReplacer("+", "-", "/", "_").Replace(vectorSignature))},
		"commas between":           {change: set("Webhook-Signature", another+","+vectorSignature)},
		"names of other headers":   {change: func(h http.Header) { h["Svix-Id"] = h["Webhook-Id"]; delete(h, "Webhook-Id") }},
	} {
		t.Run(name, func(t *testing.T) {
			h, body := vectorHeader(), vectorBody
			if c.change != nil {
				c.change(h)
			}
			if c.body != "" {
				body = strings.TrimPrefix(c.body, "-")
			}
			err := authenticator.VerifyWebhook(webhookSecret, h, []byte(body), vectorTime.Add(c.off))
			if c.ok {
				require.NoError(t, err)
				return
			}
			require.ErrorIs(t, err, authenticator.ErrWebhook)
			require.NotContains(t, err.Error(), vectorSignature[3:])
		})
	}
}

func TestVerifyWebhookSecret(t *testing.T) {
	for _, secret := range []string{"", "whsec_", webhookSecret[6:], "whsec_" + "hunter2", "whsec_c2hvcnQ="} {
		err := authenticator.VerifyWebhook(secret, vectorHeader(), []byte(vectorBody), vectorTime)
		require.ErrorContains(t, err, "authenticator: the webhook secret must ")
		require.NotErrorIs(t, err, authenticator.ErrWebhook)
		require.NotContains(t, err.Error(), "hunter2")
	}
}

// FuzzVerifyWebhook: only the one request that was signed is believed.
func FuzzVerifyWebhook(f *testing.F) {
	h := vectorHeader()
	f.Add(h.Get("Webhook-Id"), h.Get("Webhook-Timestamp"), h.Get("Webhook-Signature"), []byte(vectorBody))
	f.Add("a.b", "1614265330.1", "v1, v1,", []byte("."))
	f.Fuzz(func(t *testing.T, id, timestamp, signature string, body []byte) {
		h := http.Header{"Webhook-Id": {id}, "Webhook-Timestamp": {timestamp}, "Webhook-Signature": {signature}}
		given := maps.Clone(h)
		ok := authenticator.VerifyWebhook(webhookSecret, h, body, vectorTime) == nil
		want := vectorHeader()
		same := id == want.Get("Webhook-Id") && timestamp == want.Get("Webhook-Timestamp") && string(body) == vectorBody &&
			strings.Contains(signature, vectorSignature)
		if ok && !same {
			t.Fatalf("believed: %q %q", h, body)
		}
		require.Equal(t, given, h)
	})
}
