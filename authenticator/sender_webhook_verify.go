package authenticator

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// ErrWebhook is what errors.Is finds when a webhook is not to be believed.
var ErrWebhook = errors.New("authenticator: webhook refused")

const (
	webhookIDHeader        = "webhook-id"
	webhookTimestampHeader = "webhook-timestamp"
	webhookSignatureHeader = "webhook-signature"

	webhookSecretPrefix = "whsec_"

	// webhookTolerance is how far a timestamp may be off, either way.
	webhookTolerance = 5 * time.Minute

	// maxSignatures are looked at; a sender has one or two.
	maxSignatures = 10
)

// NewWebhookSecret makes a random secret for [WebhookConfig].
func NewWebhookSecret() string {
	key := make([]byte, 32)
	rand.Read(key) // never fails, by its contract
	return webhookSecretPrefix + base64.StdEncoding.EncodeToString(key)
}

// VerifyWebhook is for receivers: it says whether a webhook was signed with the
// secret, as Standard Webhooks has it, within five minutes of now. The body is the
// one that came, byte for byte, not one that was decoded and encoded again. One of
// several signatures suffices, and those of unknown versions are passed over.
//
// An error is [ErrWebhook], or says that the secret is malformed. Within the five
// minutes a webhook can be repeated by whoever saw it: after nil, drop what has a
// webhook-id that came before.
func VerifyWebhook(secret string, header http.Header, body []byte, now time.Time) error {
	key, err := webhookKey(secret)
	if err != nil {
		return fmt.Errorf("authenticator: the webhook secret %w", err)
	}
	var values [3]string
	for i, name := range []string{webhookIDHeader, webhookTimestampHeader, webhookSignatureHeader} {
		v := header.Values(name)
		if len(v) != 1 || v[0] == "" {
			return fmt.Errorf("%w: not exactly one %s", ErrWebhook, name)
		}
		values[i] = v[0]
	}
	id, timestamp, signatures := values[0], values[1], values[2]
	if !isWebhookID(id) {
		return fmt.Errorf("%w: %s is malformed", ErrWebhook, webhookIDHeader)
	}
	seconds, err := strconv.ParseInt(timestamp, 10, 64)
	if err != nil {
		return fmt.Errorf("%w: %s is malformed", ErrWebhook, webhookTimestampHeader)
	}
	if off := now.Sub(time.Unix(seconds, 0)); off > webhookTolerance || off < -webhookTolerance {
		return fmt.Errorf("%w: %s is too far from now", ErrWebhook, webhookTimestampHeader)
	}
	want := webhookSignature(key, id, timestamp, body)
	found := false
	for i, s := range strings.Fields(signatures) {
		if i == maxSignatures {
			break
		}
		found = hmac.Equal([]byte(s), []byte(want)) || found
	}
	if !found {
		return fmt.Errorf("%w: no signature is right", ErrWebhook)
	}
	return nil
}

// webhookSignature signs id, timestamp and body, which cannot run together: the
// first two contain no full stop.
func webhookSignature(key []byte, id, timestamp string, body []byte) string {
	mac := hmac.New(sha256.New, key)
	fmt.Fprintf(mac, "%s.%s.", id, timestamp)
	mac.Write(body)
	return "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

func webhookKey(secret string) ([]byte, error) {
	encoded, ok := strings.CutPrefix(secret, webhookSecretPrefix)
	if !ok {
		return nil, fmt.Errorf("must begin with %q", webhookSecretPrefix)
	}
	key, err := base64.StdEncoding.Strict().DecodeString(encoded)
	if err != nil || len(key) < 24 || len(key) > 64 {
		return nil, errors.New("must be the base64 of 24 to 64 bytes")
	}
	return key, nil
}

func isWebhookID(s string) bool {
	return s != "" && len(s) <= 256 && strings.Trim(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_") == ""
}
