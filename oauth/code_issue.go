package oauth

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/mintyard/mintyard/oauth/token"
)

// maxCodeTTL is the longest life of a code that RFC 6749 section 4.1.2 recommends.
const maxCodeTTL = 10 * time.Minute

// maxNonce bounds what a client may have kept, in bytes.
const maxNonce = 512

var errNonce = NewError(CodeInvalidRequest, ReasonMalformedValue, "nonce is too long")

// AskForCode takes what an authorization code will be held to from the request: its
// code_challenge, S256 only, and the nonce of an ID token. It is for endpoints whose
// flow ends in a code, which comes from the same client: the error says that the
// client may not redeem one, or must send a challenge.
func (r *TokenRequest) AskForCode(a *Authorization) error {
	if err := r.mayRedeem(); err != nil {
		return err
	}
	if a.Attestation {
		return errNoAttest // there is no code for it
	}
	challenge, err := r.codeChallenge()
	if err != nil {
		return err
	}
	if challenge == "" && r.Client.needsPKCE() {
		return errChallengeMissing
	}
	if len(r.Param("nonce")) > maxNonce {
		return errNonce
	}
	a.CodeChallenge, a.Nonce = challenge, r.Param("nonce")
	return nil
}

// mayRedeem reports whether the client may redeem codes, under either name.
func (r *TokenRequest) mayRedeem() error {
	err := r.Use(GrantAuthorizationCode)
	if err != nil && r.Use(GrantInteractionCode) == nil {
		return nil
	}
	return err
}

// IssueCode ends a flow in an authorization code (RFC 6749 section 4.1.2) instead of
// tokens. Everything that [Server.Prepare] checks is checked, the same policies are
// asked, about the grant type of the request and about authorization_code, and
// Config.StepUp answers when they want more. All is asked again when the code is
// redeemed, with what was proved as it was then.
//
// The code is bound to a.Client(), a.CodeChallenge, a.RedirectURI and
// a.Confirmation, if they are there: a JKT is the dpop_jkt of RFC 9449 section 10. It
// is good for Config.CodeTTL, and once. Of one authorization comes one code.
func (s *Server) IssueCode(ctx context.Context, a *Authorization) (string, error) {
	r := a.req
	if err := r.mayRedeem(); err != nil {
		return "", err
	}
	if err := a.checkCode(); err != nil {
		return "", err
	}
	a.besides = GrantAuthorizationCode // with which the code will be redeemed
	if _, err := s.judge(ctx, a); err != nil {
		return "", err
	}
	a.enterCode()
	// The code is made before the write: nothing that can fail comes after it.
	code, err := s.code(a)
	if err != nil {
		return "", err
	}
	if err := r.keep(ctx, a); err != nil {
		return "", err
	}
	s.event(ctx, Event{Type: EventCodeIssued, Time: r.Time, Addr: r.Addr, ClientID: r.Client.ID, Subject: a.Subject,
		GrantType: r.GrantType, Grant: encodeID(a.origin.id), Methods: methodNames(a)})
	return code, nil
}

func errNobody() error {
	return NewError(CodeServerError, ReasonAuthorization, "The server cannot answer this request").
		WithCause(errors.New("oauth: a code is about a person, and there is none"))
}

// enterCode makes the record one for which a code stands.
func (a *Authorization) enterCode() {
	if a.origin.version == 0 {
		a.born()
	}
	s, rec := a.req.Server, &a.origin.record
	a.toRecord(rec)
	rec.State, rec.GrantType, rec.Data = stateCode, GrantAuthorizationCode, ""
	rec.Ends = a.req.Time.Add(s.config.CodeTTL).Unix()
	rec.Salt, rec.RefreshKey = newSalt(), int64(s.config.Keys.Handles.ActiveKey())
}

// checkCode refuses what no code may stand for.
func (a *Authorization) checkCode() error {
	switch {
	case a.origin.step != stepBirth && a.origin.step != stepPromote:
		return errGrantState
	case a.Subject == "":
		return errNobody()
	case a.CodeChallenge == "" && a.client.needsPKCE():
		return errChallengeMissing
	}
	if _, ok := decodeChallenge(a.CodeChallenge); !ok && a.CodeChallenge != "" && !a.plainChallenge() {
		return errChallengeForm
	}
	return nil
}

func (a *Authorization) plainChallenge() bool {
	return a.client.DangerousPlainPKCE && strings.HasPrefix(a.CodeChallenge, plainMark)
}

// endsInCode reports whether tokens may not be minted before there was a code: who
// has stolen a handle of the flow cannot finish it without the verifier.
func (a *Authorization) endsInCode() bool {
	return (a.CodeChallenge != "" || a.RedirectURI != "") && (a.origin.step == stepBirth || a.origin.step == stepPromote)
}

// code is the code of an authorization: it is computed, like a refresh token, and
// the record holds nothing that is as good.
func (s *Server) code(a *Authorization) (string, error) {
	rec := &a.origin.record
	salt, ok := rec.salt()
	if !ok {
		return "", errUnavailable.WithCause(errors.New("oauth: the record of a code has no salt"))
	}
	h := token.Handle{Kind: token.HandleCode, Record: a.origin.id, KeyID: uint32(rec.RefreshKey)}
	out, err := s.config.Keys.Handles.Append(nil, &h, &salt)
	if err != nil {
		return "", errUnavailable.WithCause(err)
	}
	return string(out), nil
}
