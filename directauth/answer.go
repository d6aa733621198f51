package directauth

import (
	"encoding/base64"
	"encoding/json"
	"strconv"
	"time"

	"github.com/mintyard/mintyard/authenticator"
	"github.com/mintyard/mintyard/oauth/token"
)

// appendMember appends a member whose value is text, between two bytes; a NUL stands
// for none.
func appendMember(dst []byte, before byte, name, value string, after byte) []byte {
	if before != 0 {
		dst = append(dst, before)
	}
	dst = append(token.AppendString(dst, name), ':')
	dst = token.AppendString(dst, value)
	if after != 0 {
		dst = append(dst, after)
	}
	return dst
}

// oobAnswer is what an app is told of a challenge over another channel. The interval
// is always there, and binding_code is text: clients cannot read the answer else.
func oobAnswer(c *authenticator.Challenge, grant, handle string, life int64) []byte {
	b := []byte{'{'}
	if grant != "" {
		b = appendMember(b, 0, "challenge_type", grant, ',')
	}
	b = appendMember(b, 0, "oob_code", handle, ',')
	return append(appendOOB(b, c, life), '}')
}

// appendOOB appends what an app is told of every such challenge.
func appendOOB(b []byte, c *authenticator.Challenge, life int64) []byte {
	b = strconv.AppendInt(append(b, `"expires_in":`...), life, 10)
	b = strconv.AppendInt(append(b, `,"interval":`...), max(1, int64(c.Interval/time.Second)), 10)
	b = appendMember(b, ',', "channel", c.Channel, ',')
	b = appendMember(b, 0, "binding_method", string(c.Binding), 0)
	if c.Binding == authenticator.BindingTransfer {
		b = appendMember(b, ',', "binding_code", c.Number, 0)
	}
	return b
}

// passkeyAnswer is what an app is told of a passkey's challenge: the options of Web
// Authentication section 5.5. One client reads rpId and the other rpID.
func passkeyAnswer(o *authenticator.AssertionOptions, grant, handle string) ([]byte, error) {
	type credential struct {
		Type       string   `json:"type"`
		ID         string   `json:"id"`
		Transports []string `json:"transports,omitempty"`
	}
	type enrolment struct {
		CredentialID string            `json:"credentialId"`
		DisplayName  string            `json:"displayName"`
		Profile      map[string]string `json:"profile"`
	}
	var answer struct {
		ChallengeType string `json:"challengeType"`
		PublicKey     struct {
			Challenge        string       `json:"challenge"`
			RPID             string       `json:"rpId"`
			AlsoRPID         string       `json:"rpID"`
			Timeout          int64        `json:"timeout"`
			UserVerification string       `json:"userVerification"`
			AllowCredentials []credential `json:"allowCredentials"`
		} `json:"publicKey"`
		Enrolments []enrolment `json:"authenticatorEnrollments"`
	}
	p := &answer.PublicKey
	answer.ChallengeType = grant
	p.Challenge = base64.RawURLEncoding.EncodeToString([]byte(handle))
	p.RPID, p.AlsoRPID = o.RPID, o.RPID
	p.Timeout, p.UserVerification = o.Timeout.Milliseconds(), o.UserVerification
	p.AllowCredentials = make([]credential, 0, len(o.Allow))
	for _, c := range o.Allow {
		p.AllowCredentials = append(p.AllowCredentials, credential{"public-key", base64.RawURLEncoding.EncodeToString(c.ID), c.Transports})
	}
	answer.Enrolments = make([]enrolment, 0, len(o.Enrolments))
	for _, e := range o.Enrolments {
		answer.Enrolments = append(answer.Enrolments, enrolment{
			base64.RawURLEncoding.EncodeToString(e.CredentialID), e.Name, map[string]string{"aaguid": e.AAGUID},
		})
	}
	return json.Marshal(answer)
}
