package authenticator_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/mintyard/mintyard/authenticator"
	"github.com/mintyard/mintyard/store"
)

func TestCodesConfig(t *testing.T) {
	for field, edit := range map[string]func(*authenticator.CodesConfig){
		"Channel":    func(c *authenticator.CodesConfig) { c.Channel = "pigeon" },
		"Store":      func(c *authenticator.CodesConfig) { c.Store = nil },
		"Namespace":  func(c *authenticator.CodesConfig) { c.Namespace = "" },
		"Sealer":     func(c *authenticator.CodesConfig) { c.Sealer = nil },
		"Sender":     func(c *authenticator.CodesConfig) { c.Sender = nil },
		"Digits ":    func(c *authenticator.CodesConfig) { c.Digits = 5 },
		"Digits":     func(c *authenticator.CodesConfig) { c.Digits = 11 },
		"Alphabet":   func(c *authenticator.CodesConfig) { c.Channel, c.Alphabet = "email", "123456789" },
		"Alphabet ":  func(c *authenticator.CodesConfig) { c.Channel, c.Alphabet = "email", "11234567890" },
		"Alphabet  ": func(c *authenticator.CodesConfig) { c.Channel, c.Alphabet = "email", "0123456789é" },
		"Alphabet.":  func(c *authenticator.CodesConfig) { c.Alphabet = "ABCDEFGHIJKL" },
		"TTL":        func(c *authenticator.CodesConfig) { c.TTL = 11 * time.Minute },
		"TTL ":       func(c *authenticator.CodesConfig) { c.TTL = -1 },
		"TTL  ":      func(c *authenticator.CodesConfig) { c.TTL = time.Millisecond },
		"Tries":      func(c *authenticator.CodesConfig) { c.Tries = 11 },
		"Tries ":     func(c *authenticator.CodesConfig) { c.Tries = -1 },
		"Tries  ":    func(c *authenticator.CodesConfig) { c.Limit, c.Tries = 3, 4 },
		"PerHour":    func(c *authenticator.CodesConfig) { c.PerHour = -1 },
		"PerDay":     func(c *authenticator.CodesConfig) { c.PerHour, c.PerDay = 6, 5 },
		"PerDay ":    func(c *authenticator.CodesConfig) { c.PerDay = 101 },
		"PerCountry": func(c *authenticator.CodesConfig) { c.PerCountry = -1 },
		"PerCountry ": func(c *authenticator.CodesConfig) {
			c.Channel, c.PerCountry = authenticator.TypeEmail, 5
		},
		"MagicLink":    func(c *authenticator.CodesConfig) { c.MagicLink = func(string, string) string { return "" } },
		"Limits.Limit": func(c *authenticator.CodesConfig) { c.Limit = 101 },
	} {
		c := authenticator.CodesConfig{
			Channel: authenticator.TypeSMS, Store: store.NewMemory(), Namespace: "people",
			Sealer: store.NewSealer(store.MasterKey{1}), Sender: new(outbox),
		}
		_, err := authenticator.NewCodes(c)
		require.NoError(t, err)
		edit(&c)
		_, err = authenticator.NewCodes(c)
		require.ErrorContains(t, err, "authenticator: CodesConfig."+strings.TrimRight(field, " .")+":", field)
	}
	// The tries of a code are never more than what locks.
	c := authenticator.CodesConfig{
		Channel: authenticator.TypeSMS, Store: store.NewMemory(), Namespace: "people",
		Sealer: store.NewSealer(store.MasterKey{1}), Sender: new(outbox),
	}
	c.Limit = 3
	_, err := authenticator.NewCodes(c)
	require.NoError(t, err)
}
