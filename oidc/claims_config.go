package oidc

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"github.com/mintyard/mintyard/oauth"
)

// Bounds of the claims of a host, in bytes of JSON. A token goes into headers, cookies
// and, as a hint, into addresses, which take 8 KiB in all.
const (
	defaultTokenClaims    = 4 << 10
	maxTokenClaims        = 8 << 10
	defaultUserInfoClaims = 64 << 10
	maxUserInfoClaims     = 1 << 20
)

// resolveClaims checks what the configuration says of claims, and fills in what it does
// not say. An error names the field.
func (c *Config) resolveClaims(base *oauth.Config) error {
	fail := func(field, format string, args ...any) error {
		return fmt.Errorf("oidc: Config.%s: %s", field, fmt.Sprintf(format, args...))
	}
	for _, scope := range slices.Sorted(maps.Keys(c.ScopeClaims)) {
		if !hasScope(base.Scopes, scope) {
			return fail("ScopeClaims", "the server has no scope %q", scope)
		}
	}
	lists := map[string][]string{"IDTokenClaims": c.IDTokenClaims, "AccessTokenClaims": c.AccessTokenClaims}
	for _, names := range c.ScopeClaims {
		lists["ScopeClaims"] = append(lists["ScopeClaims"], names...)
	}
	for _, field := range slices.Sorted(maps.Keys(lists)) {
		for _, name := range lists[field] {
			if name == "" || protocolClaim(name) {
				return fail(field, "%q is a claim that only the server says", name)
			}
		}
	}
	if c.PairwiseKey != nil && len(c.PairwiseKey) != pairwiseKeySize {
		return fail("PairwiseKey", "must be %d bytes", pairwiseKeySize)
	}
	c.PairwiseKey = slices.Clone(c.PairwiseKey)
	if c.MaxTokenClaims < 0 || c.MaxTokenClaims > maxTokenClaims {
		return fail("MaxTokenClaims", "must be between 0 and %d", maxTokenClaims)
	}
	if c.MaxUserInfoClaims < 0 || c.MaxUserInfoClaims > maxUserInfoClaims {
		return fail("MaxUserInfoClaims", "must be between 0 and %d", maxUserInfoClaims)
	}
	c.MaxTokenClaims = cmp.Or(c.MaxTokenClaims, defaultTokenClaims)
	c.MaxUserInfoClaims = cmp.Or(c.MaxUserInfoClaims, defaultUserInfoClaims)
	return nil
}
