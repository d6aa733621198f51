package oauth

import (
	"context"
	"fmt"
	"slices"
)

// ClientList is a fixed set of clients, for configuration files and tests.
type ClientList map[string]*Client

// NewClientList checks the clients and returns them as [Clients].
func NewClientList(clients ...*Client) (ClientList, error) {
	l := make(ClientList, len(clients))
	for _, c := range clients {
		if err := c.Validate(); err != nil {
			return nil, err
		}
		if _, twice := l[c.ID]; twice {
			return nil, fmt.Errorf("oauth: client %q: ID: stands twice", c.ID)
		}
		l[c.ID] = c
	}
	return l, nil
}

// GrantTypes implements [GrantLister].
func (l ClientList) GrantTypes() []string {
	var all []string
	for _, c := range l {
		for _, g := range c.GrantTypes {
			if !slices.Contains(all, g) {
				all = append(all, g)
			}
		}
	}
	return all
}

// Client implements [Clients].
func (l ClientList) Client(_ context.Context, id string) (*Client, error) {
	if c := l[id]; c != nil {
		return c, nil
	}
	return nil, ErrNoClient
}
