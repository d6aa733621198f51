package oidctest_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/mintyard/mintyard/oauth/token"
	"github.com/mintyard/mintyard/oidc/oidctest"
)

// orders is somebody's resource server: it verifies access tokens by the keys of its
// issuer.
func orders(issuer string, keys token.KeySource) http.Handler {
	v := token.Verifier{Issuer: issuer, Audience: issuer, Keys: keys}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, err := v.VerifyAccessToken(r.Context(), strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer "))
		switch {
		case err != nil:
			w.WriteHeader(http.StatusUnauthorized)
		case !strings.Contains(c.Scope, "orders:read"):
			w.WriteHeader(http.StatusForbidden)
		default:
			fmt.Fprintf(w, "the orders of %s", c.Subject)
		}
	})
}

// t is what go test hands to a test.
var t *testing.T

func Example() {
	// func TestOrders(t *testing.T) {
	as := oidctest.NewServer(t, oidctest.Config{Scopes: []string{"orders:read"}})
	api := httptest.NewServer(orders(as.Issuer(), as.Keys.Signing.KeySet()))
	defer api.Close()
	for scope, want := range map[string]int{"orders:read": 200, "email": 403} {
		res, err := as.Client(t, "mia", scope).Get(api.URL)
		if err != nil || res.StatusCode != want {
			t.Errorf("%s: %v %v", scope, res, err)
		}
	}
}
