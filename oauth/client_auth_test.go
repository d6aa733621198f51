package oauth_test

import (
	"encoding/base64"
	"errors"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/bcrypt"

	"github.com/mintyard/mintyard/oauth"
)

func basicHeader(user, pass string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(user+":"+pass))
}

func TestClientAuthentication(t *testing.T) {
	k := newKit(t)
	odd := "we:ird%+ id"
	secret, hash := oauth.NewSecret()
	k.clients[odd] = &oauth.Client{ID: odd, Secrets: []oauth.Secret{{Hash: hash}}, GrantTypes: []string{oauth.GrantClientCredentials}}
	disabled := *k.clients[machineID]
	disabled.ID, disabled.Disabled = "disabled", true
	k.clients["disabled"] = &disabled
	machine := k.secrets[machineID]

	for _, c := range []struct {
		name   string
		header []string
		form   []string
		status int
		code   string
		reason oauth.Reason
	}{
		{"basic", []string{basicHeader(machineID, machine)}, nil, 200, "", ""},
		{"scheme in lower case", []string{strings.Replace(basicHeader(machineID, machine), "Basic", "basic", 1)}, nil, 200, "", ""},
		{"scheme in capitals", []string{strings.Replace(basicHeader(machineID, machine), "Basic", "BASIC", 1)}, nil, 200, "", ""},
		{"form-encoded", []string{basicHeader("we%3Aird%25%2B+id", secret)}, nil, 200, "", ""},
		{"not form-encoded", []string{basicHeader(odd, secret)}, nil, 401, "invalid_client", oauth.ReasonMalformedBasic},
		{"same client_id", []string{basicHeader(machineID, machine)}, []string{"client_id", machineID}, 200, "", ""},
		{"other client_id", []string{basicHeader(machineID, machine)}, []string{"client_id", webID}, 400, "invalid_request", oauth.ReasonClientMismatch},
		{"nothing", nil, nil, 401, "invalid_client", oauth.ReasonNoCredentials},
		{"wrong secret", []string{basicHeader(machineID, machine+"x")}, nil, 401, "invalid_client", oauth.ReasonWrongSecret},
		{"empty secret", []string{basicHeader(machineID, "")}, nil, 401, "invalid_client", oauth.ReasonWrongSecret},
		{"secret with a blank", []string{basicHeader(machineID, machine+"%20")}, nil, 401, "invalid_client", oauth.ReasonWrongSecret},
		{"long secret", []string{basicHeader(machineID, strings.Repeat("x", 2000))}, nil, 401, "invalid_client", oauth.ReasonWrongSecret},
		{"huge secret", nil, []string{"client_id", webID, "client_secret", strings.Repeat("x", 60_000)}, 401, "invalid_client", oauth.ReasonWrongSecret},
		{"unknown", []string{basicHeader("nobody", machine)}, nil, 401, "invalid_client", oauth.ReasonUnknownClient},
		{"unknown public", nil, []string{"client_id", "nobody"}, 401, "invalid_client", oauth.ReasonUnknownClient},
		{"disabled", []string{basicHeader("disabled", machine)}, nil, 401, "invalid_client", oauth.ReasonDisabledClient},
		{"no colon", []string{"Basic " + base64.StdEncoding.EncodeToString([]byte(machineID))}, nil, 401, "invalid_client", oauth.ReasonMalformedBasic},
		{"no user", []string{basicHeader("", machine)}, nil, 401, "invalid_client", oauth.ReasonMalformedBasic},
		{"not base64", []string{"Basic ###"}, nil, 401, "invalid_client", oauth.ReasonMalformedBasic},
		{"unpadded", []string{"Basic " + base64.RawStdEncoding.EncodeToString([]byte("a:b"))[:3] + "="}, nil, 401, "invalid_client", oauth.ReasonMalformedBasic},
		{"trailing bytes", []string{basicHeader(machineID, machine) + " x"}, nil, 401, "invalid_client", oauth.ReasonMalformedBasic},
		{"scheme alone", []string{"Basic"}, nil, 401, "invalid_client", oauth.ReasonMalformedBasic},
		{"bearer", []string{"Bearer abc"}, nil, 401, "invalid_client", oauth.ReasonMalformedBasic},
		{"two headers", []string{basicHeader(machineID, machine), basicHeader(machineID, machine)}, nil, 400, "invalid_request", oauth.ReasonTwoMethods},
		{"basic and post", []string{basicHeader(machineID, machine)}, []string{"client_secret", machine}, 400, "invalid_request", oauth.ReasonTwoMethods},
		{"basic and assertion", []string{basicHeader(machineID, machine)}, []string{"client_assertion", "x"}, 400, "invalid_request", oauth.ReasonTwoMethods},
		{"assertion", nil, []string{"client_id", machineID, "client_assertion", "x"}, 401, "invalid_client", oauth.ReasonWrongMethod},
		{"post for a basic client", nil, []string{"client_id", machineID, "client_secret", machine}, 401, "invalid_client", oauth.ReasonWrongMethod},
		{"none for a basic client", nil, []string{"client_id", machineID}, 401, "invalid_client", oauth.ReasonNoCredentials},
		{"secret for a public client", nil, []string{"client_id", nativeID, "client_secret", "x"}, 401, "invalid_client", oauth.ReasonWrongMethod},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newPost("/token", form(append([]string{"grant_type", "client_credentials", "scope", "read"}, c.form...)...))
			if c.header != nil {
				r.Header["Authorization"] = c.header
			}
			a := k.do(r)
			if c.status == 200 {
				require.Equal(t, 200, a.status, a.raw)
				return
			}
			a.requireError(t, c.status, c.code)
			require.Contains(t, k.reasons()[len(k.reasons())-1:], c.reason)
			require.Equal(t, c.status == 401 && c.header != nil, a.header.Get("WWW-Authenticate") != "",
				"WWW-Authenticate names the scheme that the client used (RFC 6749 section 5.2)")
		})
	}
}

// Who asks as an unknown client learns the same as with a wrong secret.
func TestUnknownClientLooksLikeWrongSecret(t *testing.T) {
	k := newKit(t)
	ask := func(user, pass string) answer {
		r := newPost("/token", form("grant_type", "client_credentials"))
		r.Header.Set("Authorization", basicHeader(user, pass))
		return k.do(r)
	}
	wrong, unknown := ask(machineID, "wrong"), ask("nobody", "wrong")
	require.Equal(t, wrong.raw, unknown.raw)
	require.Equal(t, wrong.header, unknown.header)
}

// Two secrets work while one is being replaced, and the old one stops at its end.
func TestSecretRotation(t *testing.T) {
	k := newKit(t)
	secret, hash := oauth.NewSecret()
	c := *k.clients[machineID]
	c.Secrets = []oauth.Secret{{Hash: c.Secrets[0].Hash, Expires: k.clock.Now().Add(time.Hour)}, {Hash: hash}}
	require.NoError(t, c.Validate())
	k.clients[machineID] = &c
	old := k.secrets[machineID]
	for _, step := range []struct {
		secret string
		after  time.Duration
		status int
	}{{old, 0, 200}, {secret, 0, 200}, {old, time.Hour - 1, 200}, {old, 1, 401}, {secret, 0, 200}} {
		k.clock.advance(step.after)
		k.secrets[machineID] = step.secret
		require.Equal(t, step.status, k.token(machineID, "grant_type", "client_credentials").status)
	}
}

// A slow hash costs its time once; a wrong secret pays it until the limit.
func TestImportedSecret(t *testing.T) {
	k := newKit(t)
	hash, err := bcrypt.GenerateFromPassword([]byte("imported secret"), bcrypt.MinCost)
	require.NoError(t, err)
	c := *k.clients[machineID]
	c.Secrets = []oauth.Secret{{Hash: string(hash)}}
	require.NoError(t, c.Validate())
	k.clients[machineID] = &c

	k.secrets[machineID] = "imported secret"
	require.Equal(t, 200, k.token(machineID, "grant_type", "client_credentials").status)
	for i := range 40 {
		k.secrets[machineID] = "wrong"
		a := k.token(machineID, "grant_type", "client_credentials")
		if i < 20 {
			a.requireError(t, 401, "invalid_client")
		} else {
			a.requireError(t, 429, "too_many_requests")
			require.NotEmpty(t, a.header.Get("Retry-After"))
		}
	}
	k.secrets[machineID] = "imported secret"
	require.Equal(t, 200, k.token(machineID, "grant_type", "client_credentials").status, "the right secret passes")
	require.Equal(t, 200, k.signIn(webID).status, "other clients are not slowed down")
	k.clock.advance(time.Minute)
	k.secrets[machineID] = "wrong"
	k.token(machineID, "grant_type", "client_credentials").requireError(t, 401, "invalid_client")
}

// Failures from one network do not slow down another.
func TestLimitIsByNetwork(t *testing.T) {
	addr := netip.MustParseAddr("192.0.2.1")
	k := newKit(t, func(c *oauth.Config) { c.ClientAddr = func(*http.Request) netip.Addr { return addr } })
	good := k.secrets[machineID]
	k.secrets[machineID] = "wrong"
	for range 30 {
		k.token(machineID, "grant_type", "client_credentials")
	}
	k.token(machineID, "grant_type", "client_credentials").requireError(t, 429, "too_many_requests")
	addr = netip.MustParseAddr("192.0.2.2")
	k.token(machineID, "grant_type", "client_credentials").requireError(t, 401, "invalid_client")
	addr, k.secrets[machineID] = netip.MustParseAddr("192.0.2.1"), good
	require.Equal(t, 200, k.token(machineID, "grant_type", "client_credentials").status)
}

func TestClientsUnavailable(t *testing.T) {
	boom := errors.New("the clients' data base is down: dsn=secret")
	k := newKit(t, func(c *oauth.Config) { c.Clients = failingClients{boom} })
	a := k.token(machineID, "grant_type", "client_credentials")
	a.requireError(t, 503, "temporarily_unavailable")
	require.NotContains(t, a.raw, "dsn")
	require.NotEmpty(t, a.header.Get("Retry-After"))
	require.NotEmpty(t, a.text("errorCode"), "clients of the direct grants cannot read a 5xx without it")
	require.NotEmpty(t, a.text("errorSummary"))
}
