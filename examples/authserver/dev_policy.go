package main

import (
	"context"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"github.com/mintyard/mintyard/policy"
)

// policyFacts are what POST /dev/policy asks about. What is left out is unknown;
// the groups of a user, and what the user can prove, are then those of now.
type policyFacts struct {
	User             string       `json:"user"`
	Groups           []string     `json:"groups"`
	Client           string       `json:"client"`
	GrantType        string       `json:"grant_type"`
	Scopes           []string     `json:"scopes"`
	Network          string       `json:"network"`
	RequesterNetwork string       `json:"requester_network"`
	Risk             string       `json:"risk"`
	Methods          []methodFact `json:"methods"`
	ACRValues        []string     `json:"acr_values"`
}

type methodFact struct {
	Method string `json:"method"`
	At     string `json:"at"` // RFC 3339; left out: now
}

// knownMethods are what the methods rest on.
var knownMethods = map[string]policy.Method{
	"password":       {Types: policy.Knowledge},
	"totp":           {Types: policy.Possession},
	"sms":            {Types: policy.Possession},
	"voice":          {Types: policy.Possession},
	"email":          {Types: policy.Possession},
	"push":           {Types: policy.Possession},
	"recovery_codes": {Types: policy.Possession},
	"webauthn":       {Types: policy.Possession | policy.Inherence, PhishingResistant: true, UserVerified: true},
}

// devPolicy asks a policy about a request that nobody has made.
func (h *host) devPolicy(w http.ResponseWriter, r *http.Request) {
	var body policyFacts
	if !readStrict(w, r, &body) {
		return
	}
	p, err := h.policyFor(r.URL.Query().Get("policy"), body.Client)
	if err != nil {
		writeError(w, http.StatusBadRequest, "invalid_request", err.Error())
		return
	}
	f, err := body.facts(h.clock.Now())
	if err != nil {
		writeError(w, http.StatusBadRequest, "invalid_request", err.Error())
		return
	}
	if err := h.completeFacts(r.Context(), &body, f); err != nil {
		h.failed(w, r, err)
		return
	}
	d, steps := p.Explain(f)
	reasons := []string{d.Reason}
	for line := range strings.Lines(steps.String()) {
		reasons = append(reasons, strings.TrimSpace(line))
	}
	for _, acr := range body.ACRValues {
		switch known, reached := policy.Satisfies(acr, f.Methods); {
		case !known:
			reasons = append(reasons, acr+": is not known")
		case reached:
			reasons = append(reasons, acr+": reached")
		default:
			reasons = append(reasons, acr+": not reached")
		}
	}
	next := d.Next
	if next == nil {
		next = [][]string{}
	}
	writeJSON(w, http.StatusOK, map[string]any{"access": d.Access, "rule": d.Rule, "reasons": reasons, "next": next})
}

// policyFor is the named policy, or the one for signing in to the client.
func (h *host) policyFor(name, client string) (*policy.Policy, error) {
	switch p := h.config.Policies[name]; {
	case p != nil:
		return p.Policy, nil
	case name != "":
		return nil, refuse("policy", "no policy is named %q", name)
	case client == "":
		return nil, refuse("policy", "name one with ?policy=, or a client whose policy is meant")
	}
	for _, p := range h.plans {
		for _, c := range p.clients {
			switch {
			case c.ID == client && c.SignIn != nil:
				return c.SignIn, nil
			case c.ID == client:
				return policy.OneFactor(), nil
			}
		}
	}
	return nil, refuse("client", "no client has the id %q", client)
}

func (b *policyFacts) facts(now time.Time) (*policy.Facts, error) {
	f := &policy.Facts{
		Subject: b.User, Groups: b.Groups, Client: b.Client, GrantType: b.GrantType, Scopes: b.Scopes, Now: now, AuthTime: now,
	}
	for _, a := range []struct {
		path, text string
		to         *netip.Addr
	}{{"network", b.Network, &f.Network}, {"requester_network", b.RequesterNetwork, &f.RequesterNetwork}} {
		if a.text == "" {
			continue
		}
		var err error
		if *a.to, err = netip.ParseAddr(a.text); err != nil {
			return nil, refuse(a.path, "%q is not an address", a.text)
		}
	}
	if b.Risk != "" {
		if f.Risk = policy.ParseRisk(b.Risk); f.Risk == policy.RiskUnknown {
			return nil, refuse("risk", "%q is none of low, medium, high", b.Risk)
		}
	}
	for i, m := range b.Methods {
		method, known := knownMethods[m.Method]
		if !known {
			return nil, refuse(index("methods", i)+".method", "%q is not known", m.Method)
		}
		method.Name, method.At = m.Method, now
		if m.At != "" {
			at, err := time.Parse(time.RFC3339, m.At)
			if err != nil {
				return nil, refuse(index("methods", i)+".at", "%q is not a time such as 2026-01-31T12:00:00Z", m.At)
			}
			method.At = at
		}
		f.Methods = append(f.Methods, method)
	}
	return f, nil
}

// completeFacts looks up what is known of the user.
func (h *host) completeFacts(ctx context.Context, b *policyFacts, f *policy.Facts) error {
	if h.users.ids[b.User] == nil {
		return nil
	}
	p, err := h.users.person(ctx, b.User)
	if err != nil {
		return err
	}
	if b.Groups == nil {
		f.Groups = p.groups
	}
	if f.Available, err = h.factors.available(ctx, b.User, h.config.offered); err != nil {
		return err
	}
	f.AvailableKnown = true
	return err
}
