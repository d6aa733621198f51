package smtp_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mintyard/mintyard/authenticator/smtp"
)

func TestConfig(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*smtp.Config)
		want   string
	}{
		"no host":             {func(c *smtp.Config) { c.Host = "" }, "Host"},
		"host and port":       {func(c *smtp.Config) { c.Host = "mail.example:25" }, "Host"},
		"a URL":               {func(c *smtp.Config) { c.Host = "smtp://mail.example" }, "Host"},
		"port":                {func(c *smtp.Config) { c.Port = 65536 }, "Port"},
		"negative port":       {func(c *smtp.Config) { c.Port = -1 }, "Port"},
		"way":                 {func(c *smtp.Config) { c.TLS = "opportunistic" }, "TLS"},
		"plain to elsewhere":  {func(c *smtp.Config) { c.TLS = smtp.NoTLS }, "TLS"},
		"plain to an address": {func(c *smtp.Config) { c.TLS, c.Host = smtp.NoTLS, "192.0.2.1" }, "TLS"},
		"plain to a like one": {func(c *smtp.Config) { c.TLS, c.Host = smtp.NoTLS, "localhost.example" }, "TLS"},
		"only a name":         {func(c *smtp.Config) { c.Username = "u" }, "Password"},
		"only a password":     {func(c *smtp.Config) { c.Password = "hunter2" }, "Password"},
		"no sender":           {func(c *smtp.Config) { c.From = "" }, "From"},
		"two senders":         {func(c *smtp.Config) { c.From = "a@example.com, b@example.com" }, "From"},
		"a header":            {func(c *smtp.Config) { c.From = "\"A\r\nBcc: b@evil.example\" <a@example.com>" }, "From"},
		"a local part":        {func(c *smtp.Config) { c.From = "jürgen@example.com" }, "From"},
		"hello":               {func(c *smtp.Config) { c.Hello = "a b" }, "Hello"},
		"hello with a break":  {func(c *smtp.Config) { c.Hello = "a\r\nQUIT" }, "Hello"},
		"timeout":             {func(c *smtp.Config) { c.Timeout = -1 }, "Timeout"},
	} {
		t.Run(name, func(t *testing.T) {
			config := smtp.Config{Host: "mail.example", From: "a@example.com"}
			_, err := smtp.New(config)
			require.NoError(t, err)
			c.change(&config)
			_, err = smtp.New(config)
			require.ErrorContains(t, err, "smtp: Config."+c.want+": ")
			require.NotContains(t, err.Error(), "hunter2")
		})
	}
	for _, host := range []string{"localhost", "127.0.0.1", "127.0.0.2", "::1", "::ffff:127.0.0.1"} {
		_, err := smtp.New(smtp.Config{Host: host, TLS: smtp.NoTLS, From: "a@example.com"})
		require.NoError(t, err, host)
	}
}

func TestPrintsNoPassword(t *testing.T) {
	c := smtp.Config{Host: "mail.example", From: "a@example.com", Username: "u", Password: "hunter2"}
	s, err := smtp.New(c)
	require.NoError(t, err)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		for _, v := range []any{c, &c, s, *s} {
			printed := fmt.Sprintf(verb, v)
			require.NotContains(t, printed, "hunter2", verb)
			require.NotContains(t, printed, "68756e74657232", verb)
		}
	}
}
