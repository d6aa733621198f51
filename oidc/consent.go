package oidc

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/mintyard/mintyard/oauth"
	"github.com/mintyard/mintyard/store"
)

// Consent is what a person allows a client at this server. It outlives tokens and
// sessions: what was allowed once is not asked again.
type Consent struct {
	Subject  string
	ClientID string
	Scopes   map[string]time.Time // and since when
}

// asked are the scopes of a request that a person must be asked about: those that the
// server marks, and all of them for a client that is not the operator's own.
func (p *Provider) asked(c *oauth.Client, req *oauth.AuthorizationRequest, scopes []string) []string {
	if asksPeople(c) || req.Wants(oauth.PromptConsent) {
		return slices.Clone(scopes) // they are in memory that is used again
	}
	var list []string
	for _, s := range p.server.Config().Scopes {
		if s.Consent && slices.Contains(scopes, s.Name) {
			list = append(list, s.Name)
		}
	}
	return list
}

// unconsented are the scopes of an authorization that the person has still to be asked
// about.
//
// An app that anybody can pretend to be, with a scheme or a port of the person's own
// machine to come back to, is asked about every time (RFC 8252 section 8.6).
func (p *Provider) unconsented(ctx context.Context, a *oauth.Authorization, req *oauth.AuthorizationRequest) ([]string, error) {
	asked := p.asked(a.Client(), req, a.Scopes)
	if len(asked) == 0 || req.Wants(oauth.PromptConsent) || a.Client().Public() && !strings.HasPrefix(req.RedirectURI, "https:") {
		return asked, nil
	}
	rec, err := p.loadConsent(ctx, p.consentKey(a.Subject, a.Client().ID))
	if err != nil || rec == nil {
		return asked, err
	}
	return rec.lacks(asked), nil
}

// allow remembers what a person allows, and makes the grant hang on it.
func (p *Provider) allow(ctx context.Context, a *oauth.Authorization, scopes []string) error {
	key, now := p.consentKey(a.Subject, a.Client().ID), p.server.Now().Unix()
	var revoked uint32
	_, err := store.Update(ctx, p.server.Config().Store, key, func(cur store.Record) (store.Record, error) {
		rec := consentRecord{Subject: a.Subject, Client: a.Client().ID}
		if cur.Version != 0 && json.Unmarshal(cur.Value, &rec) != nil {
			return cur, errConsentDamaged
		}
		if len(rec.Revoking) > 0 {
			return cur, errRevoking
		}
		if rec.Scopes == nil {
			rec.Scopes = make(map[string]int64)
		}
		revoked = rec.Revoked
		missing := false
		for _, name := range scopes {
			if rec.Scopes[name] == 0 {
				rec.Scopes[name], missing = now, true
			}
		}
		if !missing {
			return cur, errNothing
		}
		value, err := json.Marshal(&rec)
		cur.Value, cur.Tags = value, []store.Key{p.server.SubjectKey(a.Subject), p.clientTag(a.Client().ID)}
		return cur, err
	})
	if errors.Is(err, errRevoking) { // and was interrupted, or is under way: it is finished, and then this is allowed anew
		if err := p.endRevoked(ctx, key); err != nil {
			return err
		}
		return p.allow(ctx, a, scopes)
	}
	if err != nil && !errors.Is(err, errNothing) {
		return err
	}
	p.underConsent(a, scopes, revoked)
	return nil
}

// relyOn makes the grant hang on the consent that is there, and returns what it lacks.
// Nothing is written: what was taken back does not come back by itself.
func (p *Provider) relyOn(ctx context.Context, a *oauth.Authorization, scopes []string) (missing []string, err error) {
	rec, err := p.loadConsent(ctx, p.consentKey(a.Subject, a.Client().ID))
	if err != nil {
		return nil, err
	}
	if rec == nil {
		return scopes, nil
	}
	if missing = rec.lacks(scopes); len(missing) == 0 {
		p.underConsent(a, scopes, rec.Revoked)
	}
	return missing, nil
}

var errRevoking = errors.New("oidc: the consent is being revoked")

// underConsent makes a grant hang on the consent, which must allow those scopes and not
// have been taken back meanwhile.
func (p *Provider) underConsent(a *oauth.Authorization, scopes []string, revoked uint32) {
	a.Under(oauth.Parent{Key: p.consentKey(a.Subject, a.Client().ID), Over: func(value []byte) bool {
		var rec consentRecord
		return json.Unmarshal(value, &rec) != nil || rec.Revoked != revoked || len(rec.lacks(scopes)) > 0
	}})
}

// Consents lists what a person allows, for account pages.
func (p *Provider) Consents(ctx context.Context, subject string) ([]Consent, error) {
	return p.listConsents(ctx, p.server.SubjectKey(subject), func(rec *consentRecord) bool { return rec.Subject == subject })
}

// ConsentsOf lists what people allow a client.
func (p *Provider) ConsentsOf(ctx context.Context, clientID string) ([]Consent, error) {
	return p.listConsents(ctx, p.clientTag(clientID), func(rec *consentRecord) bool { return rec.Client == clientID })
}

func (p *Provider) listConsents(ctx context.Context, tag store.Key, of func(*consentRecord) bool) ([]Consent, error) {
	var list []Consent
	for key, err := range p.tagged(ctx, tag, kindConsent) {
		if err != nil {
			return nil, err
		}
		rec, err := p.loadConsent(ctx, key)
		if err != nil {
			return nil, err
		}
		if rec != nil && len(rec.Scopes) > 0 && of(rec) {
			list = append(list, rec.consent())
		}
	}
	return list, nil
}

// RevokeConsent takes back what a person allows a client: the scopes that are named, or
// all of it. Grants that have any of them are ended: after nil none of those is good any
// more. What was interrupted is finished by the next call, or the next sign-in.
func (p *Provider) RevokeConsent(ctx context.Context, subject, clientID string, scopes ...string) error {
	key := p.consentKey(subject, clientID)
	err := p.editConsent(ctx, key, func(rec *consentRecord) {
		names := scopes
		if len(names) == 0 {
			names = slices.Sorted(maps.Keys(rec.Scopes))
		}
		for _, name := range names {
			if rec.Scopes[name] != 0 && !slices.Contains(rec.Revoking, name) {
				rec.Revoking = append(rec.Revoking, name)
			}
			delete(rec.Scopes, name)
		}
		rec.Revoked++
	})
	if errors.Is(err, errNothing) {
		return nil
	} else if err != nil {
		return err
	}
	if err := p.endRevoked(ctx, key); err != nil {
		return err
	}
	p.observe(ctx, oauth.Event{Type: EventConsentRevoked, Subject: subject, ClientID: clientID, Reason: ReasonConsentRevoked})
	return nil
}

// endRevoked ends the grants that have what was taken back, and then forgets that it was.
func (p *Provider) endRevoked(ctx context.Context, key store.Key) error {
	rec, err := p.loadConsent(ctx, key)
	if err != nil || rec == nil || len(rec.Revoking) == 0 {
		return err
	}
	gone := rec.Revoking
	err = p.server.EndUnder(ctx, key, ReasonConsentRevoked, func(g oauth.GrantUnder) bool {
		return g.Subject == rec.Subject && slices.ContainsFunc(g.Scopes, func(name string) bool { return slices.Contains(gone, name) })
	})
	if err != nil {
		return err
	}
	return p.editConsent(ctx, key, func(rec *consentRecord) {
		rec.Revoking = slices.DeleteFunc(rec.Revoking, func(name string) bool { return slices.Contains(gone, name) })
	})
}
