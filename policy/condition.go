package policy

import (
	"fmt"
	"net/netip"
	"slices"
	"time"
)

// Condition is a conjunction. A nil list is no condition; an empty one is refused,
// since a template that filled in nothing would match everybody.
type Condition struct {
	Users      []string `json:"users,omitempty"`
	Groups     []string `json:"groups,omitempty"` // any of them
	Clients    []string `json:"clients,omitempty"`
	GrantTypes []string `json:"grant_types,omitempty"`
	Scopes     []string `json:"scopes,omitempty"` // any of them

	// IPv4 addresses, however they are written, are in IPv4 networks only.
	Networks          []netip.Prefix `json:"networks,omitempty"`     // where factors were proved
	NotNetworks       []netip.Prefix `json:"not_networks,omitempty"` // likewise, and not there
	RequesterNetworks []netip.Prefix `json:"requester_networks,omitempty"`
	Risk              []Risk         `json:"risk,omitempty"`

	Device     DeviceCondition `json:"device,omitzero"`
	Time       []Window        `json:"time,omitempty"`       // any of them, at the time of this decision
	Predicates []Predicate     `json:"predicates,omitempty"` // all of them
}

// check names what is wrong with the condition, by its path.
func (c *Condition) check() error {
	for _, l := range []struct {
		name  string
		empty bool
	}{
		{"users", c.Users != nil && len(c.Users) == 0}, {"groups", c.Groups != nil && len(c.Groups) == 0},
		{"clients", c.Clients != nil && len(c.Clients) == 0}, {"grant_types", c.GrantTypes != nil && len(c.GrantTypes) == 0},
		{"scopes", c.Scopes != nil && len(c.Scopes) == 0}, {"networks", c.Networks != nil && len(c.Networks) == 0},
		{"not_networks", c.NotNetworks != nil && len(c.NotNetworks) == 0},
		{"requester_networks", c.RequesterNetworks != nil && len(c.RequesterNetworks) == 0},
		{"risk", c.Risk != nil && len(c.Risk) == 0}, {"time", c.Time != nil && len(c.Time) == 0},
		{"predicates", c.Predicates != nil && len(c.Predicates) == 0},
	} {
		if l.empty {
			return fmt.Errorf("if.%s: is empty; leave it out for no condition", l.name)
		}
	}
	for _, l := range []struct {
		name string
		list []string
	}{{"users", c.Users}, {"groups", c.Groups}, {"clients", c.Clients}, {"grant_types", c.GrantTypes}, {"scopes", c.Scopes}} {
		if i := slices.IndexFunc(l.list, noName); i >= 0 {
			return fmt.Errorf("if.%s[%d]: is empty, or not UTF-8", l.name, i)
		}
	}
	for i, risk := range c.Risk {
		if risk == RiskUnknown || int(risk) >= len(riskNames) {
			return fmt.Errorf("if.risk[%d]: is none of low, medium, high", i)
		}
	}
	for i := range c.Predicates {
		if err := c.Predicates[i].check(); err != nil {
			return fmt.Errorf("if.predicates[%d]%w", i, err)
		}
	}
	if err := c.Device.check(); err != nil {
		return fmt.Errorf("if.device.%w", err)
	}
	return c.checkNetworks()
}

func (c *Condition) checkNetworks() error {
	for _, l := range []struct {
		name string
		list []netip.Prefix
	}{{"networks", c.Networks}, {"not_networks", c.NotNetworks}, {"requester_networks", c.RequesterNetworks}} {
		for i, p := range l.list {
			switch {
			case !p.IsValid():
				return fmt.Errorf("if.%s[%d]: is not a network", l.name, i)
			case p != p.Masked():
				return fmt.Errorf("if.%s[%d]: %q is an address and not a network: %s is", l.name, i, p, p.Masked())
			case p.Bits() > 0 && p.Bits() < 96 && p.Contains(mapped):
				return fmt.Errorf("if.%s[%d]: %q mixes IPv4 with IPv6", l.name, i, p)
			}
		}
	}
	return nil
}

// mapped is among the addresses that stand for IPv4 in IPv6. They are compared as IPv4.
var mapped = netip.MustParseAddr("::ffff:0:0")

func (c Condition) clone() Condition {
	c.Users, c.Groups, c.Clients = slices.Clone(c.Users), slices.Clone(c.Groups), slices.Clone(c.Clients)
	c.GrantTypes, c.Scopes, c.Risk = slices.Clone(c.GrantTypes), slices.Clone(c.Scopes), slices.Clone(c.Risk)
	c.Networks, c.NotNetworks = cloneNetworks(c.Networks), cloneNetworks(c.NotNetworks)
	c.RequesterNetworks = cloneNetworks(c.RequesterNetworks)
	c.Device.Platforms = slices.Clone(c.Device.Platforms)
	c.Time, c.Predicates = slices.Clone(c.Time), slices.Clone(c.Predicates)
	for i := range c.Time {
		c.Time[i].Days = slices.Clone(c.Time[i].Days)
	}
	return c
}

// cloneNetworks also takes IPv4 networks out of their IPv6 clothing, as addresses
// are before they are compared.
func cloneNetworks(list []netip.Prefix) []netip.Prefix {
	list = slices.Clone(list)
	for i, p := range list {
		if p.Addr().Is4In6() {
			list[i] = netip.PrefixFrom(p.Addr().Unmap(), p.Bits()-96)
		}
	}
	return list
}

// compiledCondition is a condition with what every decision would otherwise compute.
type compiledCondition struct {
	asks uint16 // a bit for each question
	Condition
	zones []*time.Location // of each window
	names []string         // of each predicate, in decisions
}

// compile checks the condition, and takes a copy of it.
func (c *Condition) compile() (cc compiledCondition, err error) {
	if err := c.check(); err != nil {
		return cc, err
	}
	cc.Condition = c.clone()
	for i := range cc.Time {
		zone, err := cc.Time[i].location()
		if err != nil {
			return cc, fmt.Errorf("if.time[%d]%w", i, err)
		}
		cc.zones = append(cc.zones, zone)
	}
	for _, p := range cc.Predicates {
		cc.names = append(cc.names, "predicates."+p.Name)
	}
	for q, asked := range [...]bool{
		askUsers: c.Users != nil, askGroups: c.Groups != nil, askClients: c.Clients != nil, askGrantTypes: c.GrantTypes != nil,
		askScopes: c.Scopes != nil, askNetworks: c.Networks != nil, askNotNetworks: c.NotNetworks != nil,
		askRequesterNetworks: c.RequesterNetworks != nil, askRisk: c.Risk != nil,
		askDeviceKnown: c.Device.Known != Unknown, askDeviceManaged: c.Device.Managed != Unknown,
		askPlatform: c.Device.Platforms != nil, askTime: c.Time != nil,
	} {
		if asked {
			cc.asks |= 1 << q
		}
	}
	return cc, nil
}

// open reports whether it holds whatever the facts.
func (c *compiledCondition) open() bool { return c.asks == 0 && c.Predicates == nil }
