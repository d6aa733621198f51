package oauth

import (
	"context"
	"iter"
	"net/netip"
	"time"
)

// TokenRequest is a request to the token endpoint by a client that has been
// authenticated and may use the grant. It is good until the request has been
// answered; a Grant must not keep it.
type TokenRequest struct {
	Server    *Server
	Client    *Client
	GrantType string
	Time      time.Time  // when it arrived, by the server's clock
	Addr      netip.Addr // where it comes from (Config.ClientAddr); zero: unknown

	// Confirmation is the key that the sender has proved to hold; zero: none.
	Confirmation Confirmation

	q *request
}

// Param returns a parameter, or "" if it was omitted or sent without a value
// (RFC 6749 section 3.2).
func (r *TokenRequest) Param(name string) string { return r.q.form.value(name) }

// Words yields the space-separated words of a parameter.
func (r *TokenRequest) Words(name string) iter.Seq[string] {
	return func(yield func(string) bool) {
		for _, w := range fields(nil, r.Param(name)) {
			if !yield(w) {
				return
			}
		}
	}
}

// Require returns a parameter, and the error to answer with when it is missing.
func (r *TokenRequest) Require(name string) (string, error) {
	if v := r.Param(name); v != "" {
		return v, nil
	}
	return "", NewError(CodeInvalidRequest, ReasonMissing, "Parameter "+name+" is missing")
}

// NewAuthorization starts an authorization with what the client asks for: the
// scope and resource parameters, checked against the server and the client, and
// acr_values. The Grant adds who it is about.
func (r *TokenRequest) NewAuthorization() (*Authorization, error) {
	a := r.NewTransaction()
	return a, r.Ask(a)
}

// authorization is the request's own, in pooled memory: it is empty, unless a
// Grant has begun another one before.
func (r *TokenRequest) authorization() *Authorization {
	a := &r.q.auth
	if a.req != nil {
		*a = Authorization{}
	}
	a.req, a.client, a.Confirmation = r, r.Client, r.Confirmation
	return a
}

var (
	errScopeUnknown    = NewError(CodeInvalidScope, ReasonScopeUnknown, "The server does not know one of the scopes")
	errScopeNotAllowed = NewError(CodeInvalidScope, ReasonScopeNotAllowed, "The client may not have one of the scopes")
	errScopeMissing    = NewError(CodeInvalidScope, ReasonScopeMissing, "Ask for a scope; there is no default")
	errScopeExceeds    = NewError(CodeInvalidScope, ReasonScopeExceeds, "A scope goes beyond what was granted")
	errTarget          = NewError(CodeInvalidTarget, ReasonTarget, "The server does not know one of the resources")
	errTargetExceeds   = NewError(CodeInvalidTarget, ReasonTargetExceeds, "A resource goes beyond what was granted")
)

// requestedScopes fills in the scopes that are asked for, or the defaults
// (RFC 6749 section 3.3), each once.
func (r *TokenRequest) requestedScopes(a *Authorization) error {
	words := r.Param("scope")
	if words == "" {
		a.Scopes = a.scopes[:0]
		for i := range r.Server.config.Scopes {
			if s := &r.Server.config.Scopes[i]; s.Default && r.Client.mayHave(s.Name) {
				a.Scopes = append(a.Scopes, s.Name)
			}
		}
		if len(a.Scopes) == 0 {
			return errScopeMissing
		}
		return nil
	}
	a.Scopes = unique(fields(a.scopes[:0], words))
	for _, name := range a.Scopes {
		if r.Server.scope(name) == nil {
			return errScopeUnknown
		}
		if !r.Client.mayHave(name) {
			return errScopeNotAllowed
		}
	}
	return nil
}

func (r *TokenRequest) requestedResources(a *Authorization) error {
	list := r.q.form.appendValues(a.resources[:0], "resource")
	if len(list) == 0 {
		return nil
	}
	a.Resources = unique(list)
	return r.Server.checkTargets(a.Resources)
}

func (s *Server) checkTargets(resources []string) error {
	for _, u := range resources {
		if u != s.config.Audience && !contains(s.config.Resources, u) {
			return errTarget
		}
	}
	return nil
}

// About says whom the authorization is about. A Grant that verifies something of a
// person calls it before it does: if the person's grants are ended from here on,
// because the password that is being verified is changed, say, what comes of this
// request is ended too. "" is nobody, and costs the same.
func (r *TokenRequest) About(ctx context.Context, a *Authorization, subject string) error {
	version, err := r.Server.subjectVersion(ctx, r.q, subject)
	if err != nil {
		return err
	}
	a.Subject, a.parent, a.noted = subject, version, subject
	return nil
}

func (c *Client) mayHave(scope string) bool {
	return c.Scopes == nil || contains(c.Scopes, scope)
}

// unique drops repetitions in place and keeps the order. A long list is looked up in a
// map: strangers send as many words as a body holds.
func unique(list []string) []string {
	var seen map[string]bool
	if len(list) > 32 {
		seen = make(map[string]bool, len(list))
	}
	n := 0
	for _, s := range list {
		if seen[s] || seen == nil && contains(list[:n], s) {
			continue
		}
		if seen != nil {
			seen[s] = true
		}
		list[n] = s
		n++
	}
	return list[:n]
}
