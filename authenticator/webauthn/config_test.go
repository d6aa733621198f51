package webauthn_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mintyard/mintyard/authenticator/webauthn"
	"github.com/mintyard/mintyard/store"
)

func TestConfig(t *testing.T) {
	good := webauthn.Config{
		Store: store.NewMemory(), Namespace: "people", RPID: rpID, RPName: "Test", Origins: []string{origin}, DecoyKey: store.MasterKey{1},
	}
	_, err := webauthn.New(good)
	require.NoError(t, err)
	for field, edits := range map[string][]func(*webauthn.Config){
		"Store":            {func(c *webauthn.Config) { c.Store = nil }},
		"Namespace":        {func(c *webauthn.Config) { c.Namespace = "" }},
		"RPName":           {func(c *webauthn.Config) { c.RPName = "" }},
		"DecoyKey":         {func(c *webauthn.Config) { c.DecoyKey = store.MasterKey{} }},
		"Timeout":          {func(c *webauthn.Config) { c.Timeout = -1 }},
		"CoolDown":         {func(c *webauthn.Config) { c.CoolDown = -1 }},
		"UserVerification": {func(c *webauthn.Config) { c.UserVerification = "always" }},
		"Conveyance":       {func(c *webauthn.Config) { c.Conveyance = "all" }},
		"Limit":            {func(c *webauthn.Config) { c.Limit = -1 }, func(c *webauthn.Config) { c.Limit = 101 }},
		"RPID": {
			func(c *webauthn.Config) { c.RPID = "" }, func(c *webauthn.Config) { c.RPID = "https://example.test" },
			func(c *webauthn.Config) { c.RPID = "192.0.2.1" }, func(c *webauthn.Config) { c.RPID = "example.test:443" },
		},
		"Origins": {func(c *webauthn.Config) { c.Origins = nil }},
	} {
		for _, edit := range edits {
			c := good
			edit(&c)
			_, err := webauthn.New(c)
			require.ErrorContains(t, err, "webauthn: Config."+field+":")
		}
	}
}

func TestConfiguredOrigins(t *testing.T) {
	for o, ok := range map[string]bool{
		origin: true, "https://example.test:8443": true, "http://localhost:8080": true, "http://a.localhost": true, android: true,
		"android:apk-key-hash-sha256:" + strings.TrimPrefix(android, "android:apk-key-hash:"): true,
		"ios:bundle-id:test.example.app":      true,
		"chrome-extension://abcdefghijklmnop": true,
		"":                                    false,
		"example.test":                        false,
		"null":                                false,
		"https://":                            false,
		"https://example.test/":               false,
		"https://example.test?":               false,
		"https://example.test#x":              false,
		"https://me@example.test":             false,
		"https://Example.test":                false,
		"HTTPS://example.test":                false,
		"https://example.test:443":            false,
		"https://example.test:":               false,
		"http://localhost:80":                 false,
		"http://example.test":                 false,
		"https://*.example.test":              true, // compared byte by byte: it matches nothing
		"ftp://example.test":                  false,
		"android:apk-key-hash:":               false,
		"android:apk-key-hash:47DEQpj8":       false,
		android + "=":                         false,
		"android:apk-key-hash:E3:B0:C4:42:98:FC:1C:14:9A:FB:F4": false,
		"ios:bundle-id:":             false,
		"ios:bundle-id:test example": false,
		"web+thing:x":                false,
	} {
		_, err := webauthn.New(webauthn.Config{
			Store: store.NewMemory(), Namespace: "people", RPID: rpID, RPName: "Test", DecoyKey: store.MasterKey{1}, Origins: []string{origin, o},
		})
		if ok {
			require.NoError(t, err, o)
		} else {
			require.ErrorContains(t, err, "Config.Origins[1]:", o)
		}
	}
}
