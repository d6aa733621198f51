package oauth_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/mintyard/mintyard/oauth"
	"github.com/mintyard/mintyard/oauth/token"
	"github.com/mintyard/mintyard/policy"
	"github.com/mintyard/mintyard/store"
)

// visit is a page that comes with a sealed request.
func (d *door) visit(sealed string, do func(ctx context.Context, tr *oauth.TokenRequest, req *oauth.AuthorizationRequest) error) error {
	d.t.Helper()
	req, err := d.server.Open(sealed)
	require.NoError(d.t, err)
	return d.server.Visit(httptest.NewRequest(http.MethodPost, "/page", nil), req, func(ctx context.Context, tr *oauth.TokenRequest) error {
		return do(ctx, tr, req)
	})
}

// grants counts the records of the store.
func grants(t testing.TB, m *store.Memory) (n int) {
	t.Helper()
	for _, err := range m.Walk(t.Context()) {
		require.NoError(t, err)
		n++
	}
	return n
}

// twoFactors is a policy.
var twoFactors, _ = policy.New(policy.Rule{Name: "two", Then: policy.Outcome{Access: policy.Allow, Factors: 2}})

// Policy that wants more says so, and nothing was written before it has it.
func TestApproveStepUp(t *testing.T) {
	memory := store.NewMemory()
	d := newDoor(t, func(c *oauth.Config) { c.Store = memory })
	d.change(spaID, func(c *oauth.Client) { c.SignIn = twoFactors })
	sealed := d.sealed(spaID)
	require.Equal(t, http.StatusTeapot, d.submit(sealed, "mia").status)
	require.Zero(t, grants(t, memory), "whoever is a stranger cannot fill the store")
	v := d.submit(sealed, "mia", "methods", "password totp")
	require.Equal(t, http.StatusOK, d.redeem(spaID, v).status)

	sealed = d.sealed(spaID, "acr_values", "phr")
	err := d.visit(sealed, func(ctx context.Context, tr *oauth.TokenRequest, req *oauth.AuthorizationRequest) error {
		a, err := tr.Begin(ctx, req)
		require.NoError(t, err)
		require.NoError(t, tr.About(ctx, a, "mia"))
		a.AuthTime, a.AvailableKnown = tr.Time, true
		a.Methods = []policy.Method{{Name: "password", Types: policy.Knowledge, At: tr.Time}, {Name: "totp", Types: policy.Possession, At: tr.Time}}
		_, err = tr.Answer(ctx, a, req)
		return err
	})
	require.ErrorContains(t, err, "unmet_authentication_requirements", "A22: it cannot be reached")
}

// What the person allows is a part of what was asked for, and not nothing.
func TestApproveAllows(t *testing.T) {
	d := newDoor(t)
	sealed := d.sealed(spaID, "scope", "read write offline_access")
	for _, more := range []string{"read admin", "admin", "nonsense", " "} {
		d.submit(sealed, "mia", "allow", more).requireRefused(t, 400, "invalid_scope")
	}
	v := d.submit(sealed, "mia", "allow", "read")
	a := d.redeem(spaID, v)
	require.Equal(t, "read", a.text("scope"))
	require.Empty(t, a.text("refresh_token"))
}

// A button that is pressed twice gives the same answer, unless less is allowed by then.
func TestApproveAgain(t *testing.T) {
	for name, c := range map[string]struct {
		second []string
		same   bool
	}{
		"the same":   {[]string{"person", "mia", "allow", "read write"}, true},
		"more":       {[]string{"person", "mia"}, true},
		"less":       {[]string{"person", "mia", "allow", "read"}, false},
		"other":      {[]string{"person", "mia", "allow", "read admin"}, false},
		"a person":   {[]string{"person", "tom", "allow", "read write"}, false},
		"a no-one":   {[]string{"person", "eve", "allow", "read write"}, false},
		"more proof": {[]string{"person", "mia", "methods", "password totp"}, true},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDoor(t)
			sealed := d.sealed(spaID, "scope", "read write admin")
			first := d.submit(sealed, "mia", "allow", "read write")
			second := d.browse(http.MethodPost, "/page", form(append(c.second, "request", sealed)...).Encode())
			if c.same {
				require.Equal(t, first.code(t), second.code(t))
			} else {
				second.requireRefused(t, 400, "invalid_request")
			}
			a := d.redeem(spaID, first)
			require.Equal(t, http.StatusOK, a.status, "the first answer stands")
			require.Equal(t, "read write", a.text("scope"))
			d.browse(http.MethodPost, "/page", form(append(c.second, "request", sealed)...).Encode()).requireRefused(t, 400, "invalid_request")
			require.True(t, d.active(a.text("access_token")))
		})
	}
}

// Policy is asked about what is proved now: less than then is not enough to see the code.
func TestApproveAgainIsJudged(t *testing.T) {
	d := newDoor(t)
	d.change(spaID, func(c *oauth.Client) { c.SignIn = twoFactors })
	sealed := d.sealed(spaID)
	d.submit(sealed, "mia", "methods", "password totp").code(t)
	require.Equal(t, http.StatusTeapot, d.submit(sealed, "mia").status)
	d.people.set("mia", oauth.Subject{})
	d.submit(sealed, "mia", "methods", "password totp").requireRefused(t, 400, "invalid_grant")
}

// A code that was not redeemed in time is over, and so is its request.
func TestApproveTooLate(t *testing.T) {
	d := newDoor(t)
	sealed := d.sealed(spaID)
	d.submit(sealed, "mia").code(t)
	d.clock.advance(time.Minute)
	d.submit(sealed, "mia").requireRefused(t, 400, "invalid_request")
	require.Equal(t, oauth.ReasonState, d.lastReason())
}

// A no ends what was proved and what came of it, whenever it comes; what is no no, and
// what is ours, ends nothing.
func TestDeny(t *testing.T) {
	deny := func(d *door, sealed string, why error) visit {
		req, err := d.server.Open(sealed)
		require.NoError(t, err)
		w := httptest.NewRecorder()
		require.NoError(t, d.server.Deny(w, httptest.NewRequest(http.MethodPost, "/page", nil), req, why))
		return newVisit(w)
	}
	for name, c := range map[string]struct {
		why  error
		code string
		ends bool
	}{
		"nothing":       {nil, "access_denied", true},
		"a no":          {oauth.ErrDenied, "access_denied", true},
		"a step-up":     {&oauth.StepUpError{}, "access_denied", true},
		"a host's":      {oauth.NewError(oauth.CodeLoginRequired, "x", "y"), "login_required", true},
		"answered":      {oauth.ErrAnswered, "invalid_request", false},
		"a failure":     {context.DeadlineExceeded, "temporarily_unavailable", false},
		"a server's":    {oauth.NewError(oauth.CodeServerError, "x", "y"), "server_error", false},
		"grants ended":  {oauth.RefuseGrant("x", nil), "access_denied", true},
		"not available": {oauth.NewError(oauth.CodeTemporarilyUnavailable, "x", "y"), "temporarily_unavailable", false},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDoor(t)
			code, tokens := d.sealed(spaID), d.sealed(spaID)
			v, w := d.submit(code, "mia"), d.submit(tokens, "mia")
			a := d.redeem(spaID, w)
			require.Equal(t, http.StatusOK, a.status)
			for _, sealed := range []string{code, tokens, d.sealed(spaID)} {
				deny(d, sealed, c.why).requireSent(t, c.code)
			}
			require.Equal(t, !c.ends, d.active(a.text("access_token")))
			require.Equal(t, !c.ends, d.redeem(spaID, v).status == http.StatusOK)
		})
	}
}

// Where tokens come with a code, a policy about either way holds.
func TestApprovePolicyOfBothWays(t *testing.T) {
	for grant, refused := range map[string][]string{
		oauth.GrantImplicit:          {"token", "code token"},
		oauth.GrantAuthorizationCode: {"code", "code token"},
	} {
		d := newDoor(t, func(c *oauth.Config) {
			var err error
			c.Policy, err = policy.New(
				policy.Rule{Name: "closed", If: policy.Condition{GrantTypes: []string{grant}}, Then: policy.Outcome{Access: policy.Deny}},
				policy.Rule{Name: "open", Then: policy.Outcome{Access: policy.Allow}})
			require.NoError(t, err)
		})
		for _, types := range []string{"code", "token", "code token"} {
			v := d.submit(d.sealed(frontID, "response_type", types), "mia")
			require.Equal(t, !slices.Contains(refused, types), v.status == http.StatusSeeOther, "%s %s", grant, types)
			if v.status != http.StatusSeeOther {
				v.requireRefused(t, 403, "access_denied")
			}
		}
	}
}

// What the client may ask for is asked again when it is answered; it is told.
func TestApproveResponseTypeMeanwhile(t *testing.T) {
	for name, edit := range map[string]func(c *oauth.Client){
		"response types": func(c *oauth.Client) { c.ResponseTypes = nil },
		"implicit":       func(c *oauth.Client) { c.GrantTypes = []string{oauth.GrantAuthorizationCode} },
	} {
		for _, types := range []string{"token", "code token"} {
			d := newDoor(t)
			sealed := d.sealed(frontID, "response_type", types)
			d.change(frontID, edit)
			d.submit(sealed, "mia").requireRefused(t, 400, "unauthorized_client")
			d.submit(sealed, "mia", "deny", "yes").requireSent(t, "access_denied")
			require.NotEmpty(t, name)
		}
	}
	d := newDoor(t)
	sealed := d.sealed(spaID)
	d.change(spaID, func(c *oauth.Client) { c.GrantTypes = []string{oauth.GrantRefreshToken} })
	d.submit(sealed, "mia").requireRefused(t, 400, "unauthorized_client")
}

// proves is a page of many: it keeps what was proved, or answers.
func (d *door) proves(sealed, handle, person string, last bool) (next string, code string, err error) {
	d.t.Helper()
	err = d.visit(sealed, func(ctx context.Context, tr *oauth.TokenRequest, req *oauth.AuthorizationRequest) error {
		var a *oauth.Authorization
		var err error
		if handle == "" {
			if a, err = tr.Begin(ctx, req); err == nil {
				err = tr.About(ctx, a, person)
			}
		} else {
			a, err = tr.ResumeSignIn(ctx, req, handle)
		}
		if err != nil {
			return err
		}
		a.AuthTime = tr.Time
		a.Methods = append(a.Methods, policy.Method{Name: "password", Types: policy.Knowledge, At: tr.Time})
		if !last {
			next, _, err = tr.Suspend(ctx, a, token.HandleSignIn, 5*time.Minute)
			return err
		}
		resp, err := tr.Answer(ctx, a, req)
		if err == nil {
			code = resp.Params[0].Value
		}
		return err
	})
	return next, code, err
}

// A sign-in of many pages is one sealed request and one handle, which go together.
func TestPagesOfOneSignIn(t *testing.T) {
	d := newDoor(t)
	one, two := d.sealed(spaID), d.sealed(spaID)
	first, _, err := d.proves(one, "", "mia", false)
	require.NoError(t, err)
	_, _, err = d.proves(two, first, "", true)
	require.ErrorContains(t, err, "handle_of_other_transaction")
	second, _, err := d.proves(one, first, "", false)
	require.NoError(t, err)
	_, _, err = d.proves(one, first, "", true)
	require.ErrorContains(t, err, "handle_superseded")
	_, code, err := d.proves(one, second, "", true)
	require.NoError(t, err)
	a := d.redeem(spaID, visit{params: form("code", code)})
	require.Equal(t, http.StatusOK, a.status, a.raw)
	_, _, err = d.proves(one, second, "", true)
	require.ErrorContains(t, err, "grant_state")
	_, _, err = d.proves(one, "", "mia", false)
	require.ErrorIs(t, err, oauth.ErrAnswered, "there is nothing to keep for a request that was answered")

	// The handle of a page is no token, and none is one.
	third, _, err := d.proves(two, "", "mia", false)
	require.NoError(t, err)
	d.redeem(spaID, visit{params: form("code", third)}).requireError(t, 400, "invalid_grant")
	require.False(t, d.active(third))
	for _, handle := range []string{code, a.text("access_token"), two, third + "A", third[:len(third)-1]} {
		_, _, err = d.proves(two, handle, "", true)
		require.Error(t, err)
	}

	// A no forgets it, and so do ten minutes.
	d.submit(two, "", "deny", "yes").requireSent(t, "access_denied")
	_, _, err = d.proves(two, third, "", true)
	require.ErrorContains(t, err, "grant_ended")
	three := d.sealed(spaID)
	fourth, _, err := d.proves(three, "", "mia", false)
	require.NoError(t, err)
	d.clock.advance(10 * time.Minute)
	_, _, err = d.proves(three, fourth, "", true)
	require.ErrorContains(t, err, "grant_expired")
	_, code, err = d.proves(three, "", "mia", true)
	require.NoError(t, err, "the person begins again")
	require.NotEmpty(t, code)
}

// Of one request comes one grant: who begins again gives up what was proved in another
// tab, and it is never of two persons.
func TestPagesOfTwoPersons(t *testing.T) {
	d := newDoor(t)
	sealed := d.sealed(spaID)
	mia, _, err := d.proves(sealed, "", "mia", false)
	require.NoError(t, err)
	tom, _, err := d.proves(sealed, "", "tom", false)
	require.NoError(t, err)
	_, _, err = d.proves(sealed, mia, "", true)
	require.ErrorContains(t, err, "handle_superseded")
	_, code, err := d.proves(sealed, tom, "", true)
	require.NoError(t, err)
	a := d.redeem(spaID, visit{params: form("code", code)})
	require.Equal(t, http.StatusOK, a.status, a.raw)
	i, err := d.server.Inspect(t.Context(), a.text("access_token"))
	require.NoError(t, err)
	require.Equal(t, "tom", i.Subject)
	require.NoError(t, d.server.EndSubject(t.Context(), "mia"))
	require.True(t, d.active(a.text("access_token")), "she has nothing to do with it any more")
	require.NoError(t, d.server.EndSubject(t.Context(), "tom"))
	require.False(t, d.active(a.text("access_token")))
}

// A request of one client is of no use to another.
func TestPagesOfAnotherClient(t *testing.T) {
	d := newDoor(t)
	sealed := d.sealed(spaID)
	handle, _, err := d.proves(sealed, "", "mia", false)
	require.NoError(t, err)
	other := d.sealed(phoneID, "redirect_uri", "com.example.app:/cb")
	_, _, err = d.proves(other, handle, "", true)
	require.ErrorContains(t, err, "client_mismatch")
	_, _, err = d.proves(sealed, handle, "", true)
	require.NoError(t, err)
}
