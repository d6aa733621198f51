package oauth

import (
	"context"
	"errors"
	"time"

	"github.com/mintyard/mintyard/policy"
)

// Rehearsal says what a token request would be about, to see what would come of it.
type Rehearsal struct {
	ClientID  string
	GrantType string

	Subject   string // "" for a client of its own
	Scopes    []string
	Resources []string

	AuthTime  time.Time // zero: now
	Methods   []policy.Method
	ACRValues []string
	SessionID string
	Nonce     string
	Claims    string // the requested claims, as JSON
}

// Rehearse does for a token request that nobody has sent what is done for one that was,
// up to the write that grants: the client is looked up, the person, scopes and targets
// are judged, the policies asked and the tokens minted. do sees the result. Nothing is
// written, and what was minted is erased when do returns: it must not let a token out, since
// resource servers that read tokens themselves would take it.
//
// Errors are those of the token endpoint; when policy wants more proof it is a
// [*StepUpError]. Rehearsals are not in the event stream, but for what host functions
// and extensions put there.
func (s *Server) Rehearse(ctx context.Context, re Rehearsal, do func(ctx context.Context, is *Issue) error) error {
	q := requests.Get().(*request)
	defer q.release()
	q.now = s.now()
	c, err := s.requestClient(ctx, re.ClientID)
	if err != nil {
		return err
	}
	r := &q.tokenReq
	r.Server, r.Client, r.Time, r.GrantType, r.q = s, c, q.now, re.GrantType, q
	if err := r.Use(re.GrantType); err != nil {
		return err
	}
	if err := s.checkTargets(re.Resources); err != nil {
		return err
	}
	is, err := s.Prepare(ctx, re.authorization(r))
	if err != nil {
		return err
	}
	return do(ctx, is)
}

func (re *Rehearsal) authorization(r *TokenRequest) *Authorization {
	a := r.NewTransaction()
	a.page, a.rehearsed = true, true
	a.Subject = re.Subject
	a.Scopes, a.Resources = append(a.scopes[:0], re.Scopes...), append(a.resources[:0], re.Resources...)
	if len(a.Resources) == 0 {
		a.Resources = nil
	}
	a.ACRValues, a.SessionID, a.Nonce, a.Claims = append(a.acrValues[:0], re.ACRValues...), re.SessionID, re.Nonce, re.Claims
	if re.Subject == "" {
		a.origin.step = stepStateless
		return a
	}
	a.Methods, a.AuthTime = append(a.methods[:0], re.Methods...), re.AuthTime
	if a.AuthTime.IsZero() {
		a.AuthTime = r.Time
	}
	return a
}

// errRehearsed: what is rehearsed is never written, whoever gets hold of it.
var errRehearsed = errors.New("oauth: a rehearsal is granted nothing")
