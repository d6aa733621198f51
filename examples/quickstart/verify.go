package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"

	"github.com/mintyard/mintyard/oauth/token"
)

// verify checks both tokens of an answer against the server's published keys, as
// the app and a resource server would.
func (c *app) verify(ctx context.Context, a answer, client string, amr ...string) error {
	if err := c.verifyAccess(ctx, a.text("access_token"), client); err != nil {
		return err
	}
	keys, err := c.keys()
	if err != nil {
		return err
	}
	v := token.IDTokenVerifier{Issuer: c.issuer, ClientID: client, Keys: keys, Now: c.now}
	claims, err := v.Verify(ctx, a.text("id_token"), token.IDTokenExpectation{AccessToken: a.text("access_token")})
	if err != nil {
		return fmt.Errorf("the ID token does not verify: %w", err)
	}
	got := slices.Sorted(slices.Values(claims.AMR))
	if slices.Sort(amr); !slices.Equal(got, amr) || claims.Subject != personID {
		return fmt.Errorf("the ID token says sub %q, amr %v", claims.Subject, got)
	}
	fmt.Printf("   the ID token verifies: sub %s, amr %v\n", claims.Subject, claims.AMR)
	return nil
}

func (c *app) verifyAccess(ctx context.Context, tok, client string) error {
	keys, err := c.keys()
	if err != nil {
		return err
	}
	v := token.Verifier{Issuer: c.issuer, Audience: "https://orders.example", Keys: keys, Now: c.now}
	claims, err := v.VerifyAccessToken(ctx, tok)
	if err != nil {
		return fmt.Errorf("the access token does not verify: %w", err)
	}
	if claims.ClientID != client {
		return fmt.Errorf("the access token is for client %q", claims.ClientID)
	}
	fmt.Printf("   the access token verifies: client %s, scope %q\n", claims.ClientID, claims.Scope)
	return nil
}

// keys fetches the JWKS that discovery names.
func (c *app) keys() (*token.KeySet, error) {
	resp, err := http.Get(c.endpoint("jwks_uri"))
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	if err != nil {
		return nil, err
	}
	if !json.Valid(raw) {
		return nil, fmt.Errorf("the keys are not JSON")
	}
	return token.ParseKeySet(raw)
}
