package main

import (
	"maps"
	"slices"

	"github.com/mintyard/mintyard/policy"
)

// everyone is the group that everybody is in.
const everyone = "everyone"

// names are what the configuration defines, for checking what it refers to.
type names struct {
	policies map[string]*policyConfig
	servers  map[string]map[string]bool // the scopes of each
	clients  map[string]bool
	users    map[string]bool
	groups   map[string]bool
}

// collect gathers the names. A group is defined by somebody who is in it, or by a
// policy that asks for it: who is in it may change while the server runs.
func collect(c *fileConfig) *names {
	n := &names{
		policies: c.Policies, servers: make(map[string]map[string]bool),
		clients: make(map[string]bool), users: make(map[string]bool), groups: map[string]bool{everyone: true},
	}
	for _, k := range c.Clients {
		n.clients[k.ClientID] = true
	}
	for _, u := range c.Users {
		n.users[u.ID] = true
		for _, g := range u.Groups {
			n.groups[g] = true
		}
	}
	for _, p := range c.Policies {
		for _, r := range p.Rules() {
			for _, g := range r.If.Groups {
				n.groups[g] = true
			}
		}
	}
	return n
}

// policy finds a policy by name; "" is none.
func (n *names) policy(path, name string) (*policy.Policy, error) {
	if name == "" {
		return nil, nil
	}
	if p := n.policies[name]; p != nil {
		return p.Policy, nil
	}
	return nil, refuse(path, "no policy is named %q", name)
}

// checkPolicies holds every condition to names that are defined: a rule that
// denies somebody who was misspelt would let everybody in.
func (n *names) checkPolicies() error {
	for _, name := range slices.Sorted(maps.Keys(n.policies)) {
		for i, r := range n.policies[name].Rules() {
			rule := index(join("policies", name)+".rules", i)
			for _, l := range []struct {
				path, what string
				names      []string
				known      func(string) bool
			}{
				{rule + ".if.users", "user has the id", r.If.Users, func(s string) bool { return n.users[s] }},
				{rule + ".if.clients", "client has the id", r.If.Clients, func(s string) bool { return n.clients[s] }},
				{rule + ".if.grant_types", "grant type is", r.If.GrantTypes, func(s string) bool { return slices.Contains(grantsKnown, s) }},
				{rule + ".if.scopes", "scope is", r.If.Scopes, n.anyScope},
			} {
				for j, s := range l.names {
					if !l.known(s) {
						return refuse(index(l.path, j), "no %s %q", l.what, s)
					}
				}
			}
			for j, q := range r.Then.Require {
				for k, m := range q.Methods {
					if !slices.Contains(methodsKnown, m) {
						return refuse(index(index(rule+".then.require", j)+".methods", k), "no method is %q", m)
					}
				}
			}
		}
	}
	return nil
}

func (n *names) anyScope(scope string) bool {
	for _, scopes := range n.servers {
		if scopes[scope] {
			return true
		}
	}
	return false
}
