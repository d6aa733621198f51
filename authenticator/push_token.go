package authenticator

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"github.com/mintyard/mintyard/internal/enrolment"
)

// The types of what devices sign: the typ of the header, so that none is taken for
// another (RFC 8725 section 3.11).
const (
	pushEnrolmentType = "mintyard-push-enrolment+jwt"
	pushRequestType   = "mintyard-push-request+jwt"
	pushAnswerType    = "mintyard-push-answer+jwt"
)

const (
	maxPushToken  = 8 << 10         // bytes of a token
	pushTokenLife = 5 * time.Minute // the longest
	pushTokenSkew = time.Minute     // by which the device's clock may be ahead
)

// pushClaims are in every token of a device.
type pushClaims struct {
	Issuer   string           `json:"iss"` // the device's id
	Subject  string           `json:"sub"` // the person
	Audience jwt.Audience     `json:"aud"`
	IssuedAt *jwt.NumericDate `json:"iat"`
	Expiry   *jwt.NumericDate `json:"exp"`
}

// pushEnrolmentClaims are those of the proof of possession at activation.
type pushEnrolmentClaims struct {
	pushClaims
	Code     string `json:"code"`
	Name     string `json:"name"`
	Token    string `json:"push_token"`
	Platform string `json:"platform"`
	Entry    string `json:"number_entry"` // "choose" or "type"; "" is choose
	Hardware bool   `json:"hardware"`
	Verifies bool   `json:"user_verification"`
}

// pushRequestClaims are those of a request for what the device is asked.
type pushRequestClaims struct {
	pushClaims
	Token *string `json:"push_token"` // a new one; absent: as before
}

// pushAnswerClaims are those of an answer.
type pushAnswerClaims struct {
	pushClaims
	Challenge string `json:"challenge"`
	Shown     string `json:"shown"` // ChoicesDigest of what was shown
	Decision  string `json:"decision"`
	Number    string `json:"number"`
	Verified  bool   `json:"uv"`
}

// pushAlgorithms are those that the key of a device may have.
var pushAlgorithms = []jose.SignatureAlgorithm{jose.ES256, jose.EdDSA, jose.RS256}

// parsePushToken reads a token of the given type, whose signature is not verified.
func parsePushToken(token, typ string) (*jose.JSONWebSignature, error) {
	if len(token) > maxPushToken || strings.Count(token, ".") != 2 || strings.ContainsAny(token, " \t\r\n") {
		return nil, ErrRefused
	}
	jws, err := jose.ParseSignedCompact(token, pushAlgorithms)
	if err != nil || len(jws.Signatures) != 1 {
		return nil, ErrRefused
	}
	if got, ok := jws.Signatures[0].Protected.ExtraHeaders[jose.HeaderType].(string); !ok || got != typ {
		return nil, ErrRefused
	}
	return jws, nil
}

// verify judges a token under a key, by the algorithm of the key. The claims are good
// only after nil.
func (f *Push) verify(jws *jose.JSONWebSignature, key *deviceKey, claims any, common *pushClaims) error {
	if jws.Signatures[0].Protected.Algorithm != string(key.alg) {
		return ErrRefused
	}
	payload, err := jws.Verify(key.jwk)
	if err != nil || json.Unmarshal(payload, claims) != nil {
		return ErrRefused
	}
	now := f.config.Now()
	switch {
	case len(common.Audience) != 1 || common.Audience[0] != f.config.Audience,
		common.IssuedAt == nil || common.Expiry == nil,
		common.IssuedAt.Time().After(now.Add(pushTokenSkew)),
		!now.Before(common.Expiry.Time()),
		common.Expiry.Time().After(common.IssuedAt.Time().Add(pushTokenLife)):
		return ErrRefused
	}
	return nil
}

// authenticate returns the device that has signed a token.
func (f *Push) authenticate(ctx context.Context, token, typ string, claims any, common *pushClaims) (*enrolment.Entry, *pushDevice, error) {
	jws, err := parsePushToken(token, typ)
	if err != nil {
		return nil, nil, err
	}
	var hint pushClaims
	if json.Unmarshal(jws.UnsafePayloadWithoutVerification(), &hint) != nil || hint.Issuer == "" || hint.Subject == "" {
		return nil, nil, ErrRefused
	}
	e, err := f.book.Read(ctx, hint.Subject, hint.Issuer)
	switch {
	case errors.Is(err, enrolment.ErrNone):
		return nil, nil, ErrRefused
	case err != nil:
		return nil, nil, unavailable("reading the device", err)
	}
	d, err := decodeDevice(&e)
	if err != nil {
		return nil, nil, unavailable("reading the device", err)
	}
	if e.Confirmed.IsZero() || d.Key == nil {
		return nil, nil, ErrRefused
	}
	key, err := parseDeviceKey(d.Key)
	if err != nil {
		return nil, nil, unavailable("reading the device", err)
	}
	if err := f.verify(jws, key, claims, common); err != nil {
		return nil, nil, err
	}
	if common.Issuer != hint.Issuer || common.Subject != hint.Subject {
		return nil, nil, ErrRefused
	}
	return &e, d, nil
}
