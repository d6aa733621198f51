package main

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
)

// goodbye shows a client of its own, and revocation.
func goodbye(ctx context.Context, c *app) error {
	c.title("A service gets a token for itself")
	service := func(r *http.Request) { r.SetBasicAuth("orders", resourceSecret) }
	machine, err := c.post(http.StatusOK, c.endpoint("token_endpoint"),
		url.Values{"grant_type": {"client_credentials"}, "scope": {"orders:read"}}, service)
	if err != nil {
		return err
	}
	if err := c.verifyAccess(ctx, machine.text("access_token"), "orders"); err != nil {
		return err
	}

	c.title("and revokes it")
	if _, err := c.post(http.StatusOK, c.endpoint("revocation_endpoint"),
		url.Values{"token": {machine.text("access_token")}}, service); err != nil {
		return err
	}
	gone, err := c.introspect(machine.text("access_token"))
	if err != nil {
		return err
	}
	if gone.body["active"] != false {
		return fmt.Errorf("introspection says %v", gone.body)
	}
	fmt.Printf("\nAll %d steps went as they should.\n", c.step)
	return nil
}

// introspect asks as the resource server.
func (c *app) introspect(tok string) (answer, error) {
	return c.post(http.StatusOK, c.endpoint("introspection_endpoint"), url.Values{"token": {tok}},
		func(r *http.Request) { r.SetBasicAuth("orders", resourceSecret) })
}

// refused sends what must be refused.
func (c *app) refused(target string, form url.Values, status int, code string) error {
	got, err := c.post(status, target, form, nil)
	if err != nil {
		return err
	}
	if got.text("error") != code || got.body["access_token"] != nil {
		return fmt.Errorf("the answer should have been %s, and was %v", code, got.body)
	}
	return nil
}
