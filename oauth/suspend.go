package oauth

import (
	"context"
	"errors"
	"strconv"
	"time"

	"github.com/mintyard/mintyard/oauth/token"
	"github.com/mintyard/mintyard/store"
)

// maxTransaction is the hard end of a sign-in that goes step by step.
const maxTransaction = 10 * time.Minute

// maxACRValues bounds what a client may have kept, in bytes.
const maxACRValues = 2048

var errMaxAge = NewError(CodeInvalidRequest, ReasonMalformedValue, "max_age is not a number of seconds")

var errACRValues = NewError(CodeInvalidRequest, ReasonMalformedValue, "acr_values is too long")

// NewTransaction starts an authorization of which nothing is known yet but the
// client: a challenge comes first, and what is asked for with its answer, in
// [TokenRequest.Ask].
func (r *TokenRequest) NewTransaction() *Authorization {
	a := r.authorization()
	a.origin.step = stepBirth
	a.Network, a.Risk, a.Device = r.Addr, r.q.signals.Risk, r.q.signals.Device
	return a
}

// Ask fills in what the client asks for with this request: the scope and resource
// parameters, checked against the server and the client, and acr_values.
func (r *TokenRequest) Ask(a *Authorization) error {
	if err := r.requestedScopes(a); err != nil {
		return err
	}
	for _, name := range a.Scopes {
		if r.Server.scope(name).Recovery != a.Recovery {
			return errScopeRecovery // before anything is spent for it
		}
	}
	if err := r.requestedResources(a); err != nil {
		return err
	}
	if v := r.Param("acr_values"); len(v) > maxACRValues {
		return errACRValues
	} else if v != "" {
		a.ACRValues = fields(a.acrValues[:0], v)
	}
	// max_age (OpenID Connect Core section 3.1.2.1) is always met where a factor is
	// proved with the request: it is no older than that.
	if v := r.Param("max_age"); v != "" {
		if _, err := strconv.ParseUint(v, 10, 31); err != nil {
			return errMaxAge
		}
	}
	return nil
}

// Suspend keeps an authorization for a later step: policy wants more proof, or a
// challenge waits for its answer. It returns the handle by which Resume finds it,
// for at most lifetime, and when that ends. An older handle of the kind is refused
// from now on; a [token.HandleMFA] or [token.HandleSignIn] ends those of challenges too.
//
// Whatever the number of steps, a transaction ends ten minutes after it began.
func (r *TokenRequest) Suspend(ctx context.Context, a *Authorization, kind token.HandleKind, lifetime time.Duration) (handle string, ends time.Time, err error) {
	switch a.origin.step {
	case stepBirth:
		if a.origin.version == 0 {
			a.born()
		}
	case stepPromote:
	case stepAgain:
		return "", ends, ErrAnswered
	default:
		return "", ends, errStepUp // a grant that is active cannot prove more by this way
	}
	rec := &a.origin.record
	a.toRecord(rec)
	rec.State = statePending
	*rec.generation(kind)++
	proves := kind == token.HandleMFA || kind == token.HandleSignIn // that something was proved
	if proves {
		rec.Challenge++
	}
	end := min(r.Time.Add(lifetime).Unix(), rec.Created+int64(maxTransaction/time.Second))
	rec.Ends = max(rec.Ends, end) // a challenge does not shorten the sign-in that it is part of
	if proves {
		rec.Ends = end
	}
	h := token.Handle{Kind: kind, Record: a.origin.id, Generation: uint32(*rec.generation(kind))}
	out, err := r.Server.config.Keys.Handles.Append(nil, &h, nil)
	if err != nil {
		return "", ends, errUnavailable.WithCause(err)
	}
	if err := r.keep(ctx, a); err != nil {
		return "", ends, err
	}
	return string(out), time.Unix(end, 0), nil
}

// Spend ends the challenges of a pending authorization, before the answer to one is
// judged: right or wrong, it is good once.
func (r *TokenRequest) Spend(ctx context.Context, a *Authorization) error {
	if a.origin.step != stepPromote {
		return errGrantState
	}
	a.toRecord(&a.origin.record)
	a.origin.record.Challenge++
	return r.keep(ctx, a)
}

// keep writes a pending authorization.
func (r *TokenRequest) keep(ctx context.Context, a *Authorization) error {
	fresh := a.untagged()
	switch err := r.Server.put(ctx, a); {
	case errors.Is(err, store.ErrConflict):
		return errRace
	case err != nil:
		return errUnavailable.WithCause(err)
	}
	return r.Server.recheck(ctx, a, fresh)
}
