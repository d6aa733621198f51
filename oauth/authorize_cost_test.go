//go:build !race

package oauth_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Whatever fits into a request costs no more than its length: strangers send it.
func TestAuthorizeCost(t *testing.T) {
	d := newOrderDoor(t)
	for name, pairs := range map[string][]string{
		"words that are not known": {"scope", words(16000)},
		"one word":                 {"scope", strings.Repeat("a ", 30000)},
		"a client":                 {"client_id", strings.Repeat("c", 60000)},
		"a redirect URI":           {"redirect_uri", back + strings.Repeat("/..;", 10000)},
		"claims":                   {"claims", strings.Repeat("[", 20000)},
		"a response type":          {"response_type", words(16000)},
	} {
		least := time.Hour
		for range 5 {
			start := processorTime()
			d.authorize(spaID, pairs...)
			least = min(least, processorTime()-start)
		}
		t.Log(name, least)
		require.Less(t, least, 50*time.Millisecond, name)
	}
}
