package oauth_test

import (
	"context"
	"errors"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mintyard/mintyard/oauth"
	"github.com/mintyard/mintyard/oauth/token"
	"github.com/mintyard/mintyard/policy"
)

// shaper is an extension that names persons and adds to access tokens.
type shaper struct {
	name  func(c *oauth.Client, subject string) (string, error)
	extra func(is *oauth.Issue) ([]byte, error)
}

func (shaper) Extend(context.Context, *oauth.Issue) error { return nil }
func (x shaper) SubjectFor(c *oauth.Client, subject string) (string, error) {
	return x.name(c, subject)
}
func (x shaper) ExtendAccessToken(_ context.Context, is *oauth.Issue) ([]byte, error) {
	return x.extra(is)
}

// shaped is a kit whose server has the extension.
func shaped(t *testing.T, format string, x *shaper) *kit {
	k := newKit(t, func(c *oauth.Config) { c.AccessToken.Format = format })
	k.server = k.server.With(x)
	k.mux = http.NewServeMux()
	k.server.Mount(k.mux)
	return k
}

func TestSubjectNamer(t *testing.T) {
	for _, format := range formats {
		x := &shaper{
			name:  func(c *oauth.Client, subject string) (string, error) { return subject + "@" + c.ID, nil },
			extra: func(*oauth.Issue) ([]byte, error) { return nil, nil },
		}
		k := shaped(t, format, x)
		a := k.signIn(webID)
		tok := a.text("access_token")
		for _, asker := range []string{webID, apiID} { // who asks learns what the token says
			require.Equal(t, "mia@"+webID, k.post("/introspect", asker, form("token", tok)).text("sub"))
		}
		require.Equal(t, "mia@"+webID, k.post("/introspect", webID, form("token", a.text("refresh_token"))).text("sub"))
		if format == oauth.FormatJWT {
			c := new(token.Claims)
			require.NoError(t, k.server.Config().Keys.Signing.KeySet().VerifyInto(c, token.TypeAccessToken, tok))
			require.Equal(t, "mia@"+webID, c.Subject)
		}
		info, err := k.server.Inspect(t.Context(), tok)
		require.NoError(t, err)
		require.Equal(t, []string{"mia", webID}, []string{info.Subject, info.Client.ID})

		m := k.token(machineID, "grant_type", "client_credentials")
		require.Equal(t, machineID, k.post("/introspect", machineID, form("token", m.text("access_token"))).text("sub"), "a client has one name")

		require.NoError(t, k.server.EndSubject(t.Context(), "mia"))
		require.Equal(t, false, k.post("/introspect", webID, form("token", tok)).body["active"], "whatever the client calls her")

		x.name = func(*oauth.Client, string) (string, error) { return "", errors.New("no key for mia") }
		b := k.token(webID, "grant_type", personGrantID, "subject", "tom", "scope", "read")
		if format == oauth.FormatJWT {
			require.Equal(t, http.StatusServiceUnavailable, b.status, b.raw)
			require.NotContains(t, b.body, "access_token")
			continue
		}
		i := k.post("/introspect", webID, form("token", b.text("access_token")))
		require.Equal(t, http.StatusServiceUnavailable, i.status, i.raw)
		require.NotContains(t, i.raw, "tom")
	}
}

func TestAccessTokenExtender(t *testing.T) {
	var asked []string
	x := &shaper{name: func(_ *oauth.Client, subject string) (string, error) { return subject, nil }}
	x.extra = func(is *oauth.Issue) ([]byte, error) {
		asked = append(asked, is.Authorization().GrantType())
		return []byte(`"tenant":"north"`), nil
	}
	k := shaped(t, oauth.FormatJWT, x)
	for _, a := range []answer{k.signIn(nativeID), k.token(machineID, "grant_type", "client_credentials")} {
		c := new(token.Claims)
		require.NoError(t, k.server.Config().Keys.Signing.KeySet().VerifyInto(c, token.TypeAccessToken, a.text("access_token")))
		require.Contains(t, string(c.Payload), `"tenant":"north"`)
	}
	require.Equal(t, []string{personGrantID, "client_credentials"}, asked)
	for name, extra := range map[string]func(*oauth.Issue) ([]byte, error){
		"fails":    func(*oauth.Issue) ([]byte, error) { return nil, errors.New("down") },
		"replaces": func(*oauth.Issue) ([]byte, error) { return []byte(`"sub":"root"`), nil },
		"no JSON":  func(*oauth.Issue) ([]byte, error) { return []byte(`"a":1}`), nil },
	} {
		x.extra = extra
		a := k.token(machineID, "grant_type", "client_credentials")
		require.Equal(t, http.StatusServiceUnavailable, a.status, name)
		require.NotContains(t, a.raw, "root")
	}
	opaque := shaped(t, oauth.FormatOpaque, x)
	require.Equal(t, http.StatusOK, opaque.token(machineID, "grant_type", "client_credentials").status, "a handle has no claims: nobody is asked")
}

// A rehearsal judges as the token endpoint does, and leaves nothing behind.
func TestRehearse(t *testing.T) {
	k := newKit(t)
	proved := []policy.Method{{Name: "password", Types: policy.Knowledge, At: k.clock.Now()}}
	re := oauth.Rehearsal{ClientID: nativeID, GrantType: personGrantID, Subject: "mia", Scopes: []string{"read"}, Methods: proved}
	var tok string
	require.NoError(t, k.server.Rehearse(t.Context(), re, func(ctx context.Context, is *oauth.Issue) error {
		tok = string(is.AccessToken())
		require.Equal(t, "mia", is.Authorization().Subject)
		_, _, err := is.Authorization().Request().Suspend(ctx, is.Authorization(), token.HandleMFA, 60e9)
		require.Error(t, err, "nor can it be kept")
		return nil
	}))
	require.NotEmpty(t, tok)
	require.Equal(t, false, k.post("/introspect", apiID, form("token", tok)).body["active"])

	failed := errors.New("of the host")
	require.ErrorIs(t, k.server.Rehearse(t.Context(), re, func(context.Context, *oauth.Issue) error { return failed }), failed)
	re.Methods = nil
	var more *oauth.StepUpError
	require.ErrorAs(t, k.server.Rehearse(t.Context(), re, nil), &more)
}
