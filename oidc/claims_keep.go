package oidc

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/mintyard/mintyard/oauth"
	"github.com/mintyard/mintyard/oauth/token"
)

// The event of claims that an artefact is without, and why.
const (
	EventClaimsCut oauth.EventType = "claims.cut"

	ReasonClaimProtected oauth.Reason = "claim_protected"  // the function may not say it: only the server does
	ReasonClaimsTooLarge oauth.Reason = "claims_too_large" // all of them are left out
	ReasonGroupsOverflow oauth.Reason = "groups_overflow"  // more than a token carries
)

// members are the claims of an artefact as members of a JSON object, without braces.
// Whatever is left out that the host has said is in the event stream.
func (p *Provider) members(ctx context.Context, r *ClaimsRequest) ([]byte, error) {
	said, err := p.ask(ctx, *r)
	if err != nil {
		return nil, err
	}
	kept, err := p.keep(ctx, r, said)
	if err != nil {
		return nil, err
	}
	marker, err := p.addGroups(ctx, r, kept)
	if err != nil || len(kept) == 0 {
		return nil, err
	}
	b, err := json.Marshal(kept)
	if err != nil {
		return nil, err
	}
	limit := p.config.MaxTokenClaims
	if r.Use == UseUserInfo {
		limit = p.config.MaxUserInfoClaims
	}
	if len(b) > limit {
		p.cut(ctx, r, ReasonClaimsTooLarge, fmt.Errorf("oidc: the claims of an artefact (%s) have %d bytes, and the limit is %d", r.Use, len(b), limit))
		if marker == "" {
			return nil, nil
		}
		return append(token.AppendString(nil, marker), ":true"...), nil
	}
	return b[1 : len(b)-1], nil
}

// keep is what of the host's claims may go out.
func (p *Provider) keep(ctx context.Context, r *ClaimsRequest, said Claims) (map[string]json.RawMessage, error) {
	kept := make(map[string]json.RawMessage)
	var refused []string
	for name, v := range said {
		if protocolClaim(name) {
			refused = append(refused, name)
			continue
		}
		if v == nil || v == "" || !slices.Contains(r.Names, name) {
			continue
		}
		raw, err := json.Marshal(v)
		if err != nil {
			return nil, fmt.Errorf("oidc: claim %q: %w", name, err)
		}
		if matches(raw, r.Requested, name) {
			kept[name] = raw
		}
	}
	if len(refused) > 0 {
		slices.Sort(refused)
		p.cut(ctx, r, ReasonClaimProtected, errors.New("oidc: the claims function may not say "+strings.Join(refused, ", ")))
	}
	return kept, keepSources(r, said, kept)
}

// keepSources keeps what says that claims are elsewhere (section 5.6.2): of those that
// may go out, and the sources of these.
func keepSources(r *ClaimsRequest, said Claims, kept map[string]json.RawMessage) error {
	var names map[string]string
	var sources map[string]json.RawMessage
	if err := reread(said["_claim_names"], &names); err != nil {
		return err
	}
	if err := reread(said["_claim_sources"], &sources); err != nil {
		return err
	}
	usedNames, usedSources := make(map[string]string), make(map[string]json.RawMessage)
	for name, source := range names {
		if where, ok := sources[source]; ok && slices.Contains(r.Names, name) && kept[name] == nil {
			usedNames[name], usedSources[source] = source, where
		}
	}
	if len(usedNames) == 0 {
		return nil
	}
	var err error
	if kept["_claim_names"], err = json.Marshal(usedNames); err != nil {
		return err
	}
	kept["_claim_sources"], err = json.Marshal(usedSources)
	return err
}

func reread(v any, into any) error {
	b, err := json.Marshal(v)
	if err == nil {
		err = json.Unmarshal(b, into)
	}
	if err != nil {
		return fmt.Errorf("oidc: _claim_names or _claim_sources: %w", err)
	}
	return nil
}

type eventsKey struct{}

// cut tells the event stream that claims were left out; a dry run collects it instead.
func (p *Provider) cut(ctx context.Context, r *ClaimsRequest, why oauth.Reason, err error) {
	e := oauth.Event{Type: EventClaimsCut, ClientID: r.Client.ID, Subject: r.Subject, GrantType: r.Grant.Type, Endpoint: string(r.Use),
		Grant: r.Grant.ID, Reason: why, Err: err}
	if list, dry := ctx.Value(eventsKey{}).(*[]oauth.Event); dry {
		*list = append(*list, e)
		return
	}
	p.observe(ctx, e)
}
