package policy

import (
	"math/bits"
	"net/netip"
	"slices"
)

// question is one of the conditions that are not a predicate.
type question byte

const (
	askUsers question = iota
	askGroups
	askClients
	askGrantTypes
	askScopes
	askNetworks
	askNotNetworks
	askRequesterNetworks
	askRisk
	askDeviceKnown
	askDeviceManaged
	askPlatform
	askTime
)

var questionNames = [...]string{
	askUsers: "users", askGroups: "groups", askClients: "clients", askGrantTypes: "grant_types", askScopes: "scopes",
	askNetworks: "networks", askNotNetworks: "not_networks", askRequesterNetworks: "requester_networks", askRisk: "risk",
	askDeviceKnown: "device.known", askDeviceManaged: "device.managed", askPlatform: "device.platforms", askTime: "time",
}

// holds says whether all conditions hold: No if one is false, and else what it is
// that one is not known. fact names the condition. Predicates are asked last, and
// only if nothing else settles it.
func (c *compiledCondition) holds(f *Facts) (result Truth, fact string) {
	result = Yes
	for asks := c.asks; asks != 0; asks &= asks - 1 {
		t, q := Unknown, question(bits.TrailingZeros16(asks))
		switch q {
		case askUsers:
			t = oneOf(c.Users, f.Subject)
		case askGroups:
			t = anyOf(c.Groups, f.Groups)
		case askClients:
			t = known(c.Clients, f.Client)
		case askGrantTypes:
			t = known(c.GrantTypes, f.GrantType)
		case askScopes:
			t = anyOf(c.Scopes, f.Scopes)
		case askNetworks:
			t = within(c.Networks, f.Network)
		case askNotNetworks:
			t = within(c.NotNetworks, f.Network).not()
		case askRequesterNetworks:
			t = within(c.RequesterNetworks, f.RequesterNetwork)
		case askRisk:
			t = hasRisk(c.Risk, f.Risk)
		case askDeviceKnown:
			t = f.Device.Known.is(c.Device.Known)
		case askDeviceManaged:
			t = f.Device.Managed.is(c.Device.Managed)
		case askPlatform:
			t = known(c.Device.Platforms, f.Device.Platform)
		case askTime:
			t = c.inTime(f)
		}
		if t == No {
			return No, questionNames[q]
		}
		if t != Yes && result == Yes {
			result, fact = t, questionNames[q]
		}
	}
	if c.Predicates != nil {
		return c.ask(f, result, fact)
	}
	return result, fact
}

// ask asks the predicates, after everything else.
func (c *compiledCondition) ask(f *Facts, result Truth, fact string) (Truth, string) {
	for i := range c.Predicates {
		t := c.Predicates[i].ask(*f)
		if t == No {
			return No, c.names[i]
		}
		if t != Yes && result == Yes {
			result, fact = t, c.names[i]
		}
	}
	return result, fact
}

func oneOf(list []string, value string) Truth { return TruthOf(slices.Contains(list, value)) }

// known is oneOf for what every request has: if it is not there, it is unknown.
func known(list []string, value string) Truth {
	if value == "" {
		return Unknown
	}
	return oneOf(list, value)
}

func anyOf(list, values []string) Truth {
	for _, v := range values {
		if slices.Contains(list, v) {
			return Yes
		}
	}
	return No
}

func within(list []netip.Prefix, a netip.Addr) Truth {
	if !a.IsValid() {
		return Unknown
	}
	a = a.Unmap().WithZone("")
	for _, p := range list {
		if p.Contains(a) {
			return Yes
		}
	}
	return No
}

func hasRisk(list []Risk, r Risk) Truth {
	switch {
	case slices.Contains(list, r):
		return Yes
	case r == RiskUnknown || int(r) >= len(riskNames):
		return Unknown
	}
	return No
}

func (c *compiledCondition) inTime(f *Facts) Truth {
	if f.Now.IsZero() {
		return Unknown
	}
	for i := range c.Time {
		if c.Time[i].contains(f.Now.In(c.zones[i])) {
			return Yes
		}
	}
	return No
}
