package oauth_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mintyard/mintyard/oauth"
)

// direct are requests of which the browser is sent nowhere: there is nobody who could be
// told (RFC 6749 section 4.1.2.1).
var direct = []struct {
	row    string
	pairs  []string
	reason oauth.Reason
}{
	{"A01 an unknown client", []string{"client_id", "nobody"}, oauth.ReasonUnknownClient},
	{"A01 no client", []string{"client_id", ""}, oauth.ReasonMissing},
	{"A01 an endless client", []string{"client_id", strings.Repeat("c", 60000)}, oauth.ReasonUnknownClient},
	{"A01 a client that is disabled", []string{"client_id", "disabled"}, oauth.ReasonDisabledClient},
	{"A01 a client without redirect URIs", []string{"client_id", webID}, oauth.ReasonRedirectUnknown},
	{"A02 an unregistered redirect URI", []string{"redirect_uri", "https://evil.example/"}, oauth.ReasonRedirectUnknown},
	{"A02 no redirect URI", []string{"redirect_uri", ""}, oauth.ReasonMissing},
	{"A16 a state that is too long to be kept", []string{"state", strings.Repeat("s", 2049)}, oauth.ReasonRequestTooLong},
}

// What is wrong besides changes nothing: client and redirect URI come first (#51).
func TestAuthorizeDirect(t *testing.T) {
	d := newDoor(t)
	d.clients["disabled"] = &oauth.Client{ID: "disabled", AuthMethod: oauth.AuthNone, Disabled: true, RedirectURIs: []string{back}}
	var bodies []string
	for _, c := range direct {
		t.Run(c.row, func(t *testing.T) {
			for _, besides := range [][]string{
				nil, {"prompt", "none"}, {"response_type", ""}, {"response_type", "id_token"}, {"response_mode", "fragment"}, {"response_mode", "form_post"},
				{"scope", "nonsense"}, {"request", "x.y.z"}, {"code_challenge", ""}, {"max_age", "x"}, {"resource", "https://evil.example"},
			} {
				v := d.authorize(spaID, append(besides, c.pairs...)...)
				v.requireDirect(t)
				require.Equal(t, c.reason, d.lastReason())
				if len(besides) == 0 && strings.HasPrefix(c.row, "A01 a") && c.reason != oauth.ReasonRedirectUnknown {
					i := strings.Index(v.body, " · ")
					bodies = append(bodies, v.body[:i])
				}
			}
		})
	}
	for _, b := range bodies {
		require.Equal(t, bodies[0], b, "a page does not say which clients there are (G21)")
	}
}

// sent are requests that are wrong in what the client is told.
var sent = []struct {
	row, client string
	pairs       []string
	code        string
	reason      oauth.Reason
}{
	{"A10 no response type", spaID, []string{"response_type", ""}, "invalid_request", oauth.ReasonMissing},
	{"A10 an unknown one", spaID, []string{"response_type", "nonsense"}, "unsupported_response_type", oauth.ReasonResponseType},
	{"A10 one with a word too many", spaID, []string{"response_type", "code nonsense"}, "unsupported_response_type", oauth.ReasonResponseType},
	{"A10 the same word twice", frontID, []string{"response_type", "code code"}, "unsupported_response_type", oauth.ReasonResponseType},
	{"A10 one that the client may not use", spaID, []string{"response_type", "token"}, "unauthorized_client", oauth.ReasonResponseType},
	{"A10 in capitals", spaID, []string{"response_type", "CODE"}, "unsupported_response_type", oauth.ReasonResponseType},
	{"A11 an ID token and no OpenID Connect", frontID, []string{"response_type", "id_token"}, "unsupported_response_type", oauth.ReasonResponseType},
	{"A11 both", frontID, []string{"response_type", "id_token token"}, "unsupported_response_type", oauth.ReasonResponseType},
	{"A15 unknown scopes alone", spaID, []string{"scope", "nonsense more"}, "invalid_scope", oauth.ReasonScopeUnknown},
	{"A15 a scope that the client may not have", "narrow", []string{"scope", "read admin"}, "invalid_scope", oauth.ReasonScopeNotAllowed},
	{"A15 a scope of recoveries", spaID, []string{"scope", "recover"}, "invalid_scope", oauth.ReasonScopeRecovery},
	{"A15 an endless list", spaID, []string{"scope", words(16000)}, "invalid_scope", oauth.ReasonScopeUnknown},
	{"A15 none, and no default", "narrow", []string{"scope", ""}, "invalid_scope", oauth.ReasonScopeMissing},
	{"A18 an endless nonce", spaID, []string{"nonce", strings.Repeat("n", 513)}, "invalid_request", oauth.ReasonRequestTooLong},
	{"A20 none and login", spaID, []string{"prompt", "none login"}, "invalid_request", oauth.ReasonMalformedValue},
	{"A20 a word that is not one", spaID, []string{"prompt", "nonsense"}, "invalid_request", oauth.ReasonMalformedValue},
	{"A21 negative", spaID, []string{"max_age", "-1"}, "invalid_request", oauth.ReasonMalformedValue},
	{"A21 a sign", spaID, []string{"max_age", "+1"}, "invalid_request", oauth.ReasonMalformedValue},
	{"A21 no number", spaID, []string{"max_age", "1h"}, "invalid_request", oauth.ReasonMalformedValue},
	{"A21 an overflow", spaID, []string{"max_age", "99999999999999999999"}, "invalid_request", oauth.ReasonMalformedValue},
	{"A24 an unknown mode", spaID, []string{"response_mode", "nonsense"}, "invalid_request", oauth.ReasonResponseMode},
	{"A24 one with a signature", spaID, []string{"response_mode", "form_post.jwt"}, "invalid_request", oauth.ReasonResponseMode},
	{"A24 a token in a query", frontID, []string{"response_type", "token", "response_mode", "query"}, "invalid_request", oauth.ReasonResponseMode},
	{"A24 a code and a token in a query", frontID, []string{"response_type", "code token", "response_mode", "query"}, "invalid_request", oauth.ReasonResponseMode},
	{"A33 an endless claims", spaID, []string{"claims", strings.Repeat("[", 20000)}, "invalid_request", oauth.ReasonRequestTooLong},
	{"A34 a request object", spaID, []string{"request", "eyJhbGciOiJub25lIn0.e30."}, "request_not_supported", oauth.ReasonRequestObject},
	{"A34 by reference", spaID, []string{"request_uri", "https://app.example/request"}, "request_uri_not_supported", oauth.ReasonRequestObject},
	{"A34 a registration", spaID, []string{"registration", "{}"}, "registration_not_supported", oauth.ReasonRequestObject},
	{"A35 both ways", spaID, []string{"request", "eyJhbGciOiJub25lIn0.eyJzY29wZSI6ImFkbWluIn0.", "scope", "read"}, "request_not_supported", oauth.ReasonRequestObject},
	{"C16 an unknown resource", spaID, []string{"resource", "https://evil.example"}, "invalid_target", oauth.ReasonTarget},
	{"an endless display", spaID, []string{"display", strings.Repeat("d", 513)}, "invalid_request", oauth.ReasonRequestTooLong},
	{"an endless login_hint", spaID, []string{"login_hint", strings.Repeat("h", 1025)}, "invalid_request", oauth.ReasonRequestTooLong},
	{"an endless id_token_hint", spaID, []string{"id_token_hint", strings.Repeat("h", 8193)}, "invalid_request", oauth.ReasonRequestTooLong},
	{"endless acr_values", spaID, []string{"acr_values", strings.Repeat("a ", 1025)}, "invalid_request", oauth.ReasonRequestTooLong},
	{"endless ui_locales", spaID, []string{"ui_locales", strings.Repeat("a ", 257)}, "invalid_request", oauth.ReasonRequestTooLong},
	{"a client that redeems no codes", "no code", nil, "unauthorized_client", oauth.ReasonGrantNotFor},
	{"a client without implicit", "no implicit", []string{"response_type", "code token"}, "unauthorized_client", oauth.ReasonResponseType},
}

func words(n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(string([]byte{'a' + byte(i%26), 'a' + byte(i/26%26), 'a' + byte(i/676%26), ' '}))
	}
	return b.String()
}

// newOrderDoor has the clients and scopes of the table.
func newOrderDoor(t testing.TB) *door {
	d := newDoor(t, func(c *oauth.Config) { c.Scopes = append(c.Scopes, oauth.Scope{Name: "recover", Recovery: true}) })
	add := func(id string, like string, edit func(*oauth.Client)) {
		c := *d.clients[like]
		c.ID = id
		edit(&c)
		d.clients[id] = &c
	}
	add("narrow", spaID, func(c *oauth.Client) { c.Scopes = []string{"write"} })
	add("no code", spaID, func(c *oauth.Client) { c.GrantTypes = []string{oauth.GrantRefreshToken} })
	add("no implicit", frontID, func(c *oauth.Client) { c.GrantTypes = []string{oauth.GrantAuthorizationCode} })
	return d
}

func TestAuthorizeSent(t *testing.T) {
	d := newOrderDoor(t)
	for _, c := range sent {
		t.Run(c.row, func(t *testing.T) {
			v := d.authorize(c.client, c.pairs...)
			v.requireSent(t, c.code)
			require.Equal(t, "s-1", v.params.Get("state"))
			require.Equal(t, c.reason, d.lastReason())
			last := d.events[len(d.events)-1]
			require.Equal(t, c.client, last.ClientID)
			require.NotEmpty(t, last.Grant, "what came before it can be found")
		})
	}
}

// What is not known is not asked for, and what is is asked for once (A15).
func TestAuthorizeScopes(t *testing.T) {
	d := newOrderDoor(t)
	for asked, granted := range map[string]string{
		"read write":                  "read write",
		"read nonsense write":         "read write",
		"  read   read ":              "read",
		"":                            "read", // the default
		"read offline_access":         "read offline_access",
		words(16000) + " read":        "read",
		strings.Repeat("read ", 9000): "read",
	} {
		v := d.authorize(spaID, "scope", asked)
		a := d.redeem(spaID, v)
		require.Equal(t, http.StatusOK, a.status, "%v %s", v, a.raw)
		require.Equal(t, granted, a.text("scope"))
		require.Equal(t, strings.Contains(granted, "offline"), a.text("refresh_token") != "")
	}
	v := d.authorize(frontID, "response_type", "token", "scope", "read offline_access")
	require.Equal(t, "read", v.params.Get("scope"), "without a code there is nothing that is refreshed (OpenID Connect Core section 11)")
}

// What a page must know of the request is in it, as it was sent.
func TestAuthorizeRequest(t *testing.T) {
	d := newDoor(t)
	d.sealed(spaID, "prompt", "login consent", "max_age", "0", "acr_values", "phr  phrh", "display", "page", "ui_locales", "de en", "claims_locales", "de",
		"login_hint", "mia@example.test", "id_token_hint", "x.y.z", "claims", `{"userinfo":{}}`, "nonce", "n", "resource", audience, "scope", "read openid")
	zero := int64(0)
	require.Equal(t, &oauth.AuthorizationRequest{
		ID: d.last.ID, Issued: d.clock.Now().Unix(), ClientID: spaID, RedirectURI: back, RedirectSent: true, ResponseType: "code", ResponseMode: "query",
		Scopes: []string{"read", "openid"}, Resources: []string{audience}, State: "s-1", Nonce: "n", CodeChallenge: challenge,
		Prompt: []string{"login", "consent"}, MaxAge: &zero, ACRValues: []string{"phr", "phrh"}, Display: "page", UILocales: []string{"de", "en"},
		ClaimsLocales: []string{"de"}, LoginHint: "mia@example.test", IDTokenHint: "x.y.z", Claims: `{"userinfo":{}}`,
	}, d.last)
	require.True(t, d.last.Wants(oauth.PromptLogin) && !d.last.Wants(oauth.PromptNone))
	require.True(t, d.last.HasScope("openid") && d.last.Yields("code") && !d.last.Yields("token"))
	first := d.last.ID
	d.sealed(spaID)
	require.NotEqual(t, first, d.last.ID)
	require.Nil(t, d.last.MaxAge)
}

// G02: what stands twice the client is told, unless it says who that is.
func TestAuthorizeRepeated(t *testing.T) {
	d := newDoor(t)
	for _, name := range []string{"client_id", "redirect_uri", "state"} {
		for _, second := range []string{d.query(spaID).Get(name), "x"} {
			v := d.browse(http.MethodGet, "/authorize?"+d.query(spaID).Encode()+"&scope=read&"+name+"="+url.QueryEscape(second), "")
			v.requireDirect(t)
			require.Equal(t, oauth.ReasonRepeated, d.lastReason())
		}
	}
	for _, name := range []string{"scope", "response_type", "response_mode", "code_challenge", "code_challenge_method", "nonce", "prompt", "nonsense"} {
		q := d.query(spaID, name, "x")
		if name == "response_type" {
			q.Set(name, "code")
		}
		if name == "response_mode" {
			q.Set(name, "query")
		}
		for _, v := range []visit{
			d.browse(http.MethodGet, "/authorize?"+q.Encode()+"&"+name+"=x", ""), d.browse(http.MethodPost, "/authorize", q.Encode()+"&"+name+"=x"),
		} {
			v.requireSent(t, "invalid_request")
			require.Equal(t, "s-1", v.params.Get("state"))
			require.Equal(t, oauth.ReasonRepeated, d.lastReason())
		}
	}
	v := d.browse(http.MethodGet, "/authorize?"+d.query(spaID).Encode()+"&resource="+audience+"&resource=https://other.example", "")
	v.code(t) // RFC 8707 section 2
	v = d.browse(http.MethodGet, "/authorize?"+d.query("nobody").Encode()+"&scope=x", "")
	v.requireDirect(t)
}

// A32: GET and POST are the same, and nothing else is taken.
func TestAuthorizeMethods(t *testing.T) {
	d := newDoor(t)
	for name, c := range map[string]struct {
		method, contentType, query, body string
		status                           int
		reason                           oauth.Reason
	}{
		"PUT":                        {method: http.MethodPut, status: 405, reason: oauth.ReasonMethod},
		"OPTIONS":                    {method: http.MethodOptions, status: 405, reason: oauth.ReasonMethod},
		"JSON":                       {method: http.MethodPost, contentType: "application/json", body: `{"client_id":"spa"}`, status: 415, reason: oauth.ReasonContentType},
		"no type":                    {method: http.MethodPost, body: d.query(spaID).Encode(), status: 415, reason: oauth.ReasonContentType},
		"the query of a POST":        {method: http.MethodPost, contentType: "application/x-www-form-urlencoded", query: d.query(spaID).Encode(), status: 400, reason: oauth.ReasonMissing},
		"a long body":                {method: http.MethodPost, contentType: "application/x-www-form-urlencoded", body: "a=" + strings.Repeat("b", 64<<10), status: 413, reason: oauth.ReasonBodyTooLarge},
		"a long query":               {method: http.MethodGet, query: "a=" + strings.Repeat("b", 64<<10), status: 413, reason: oauth.ReasonBodyTooLarge},
		"many parameters":            {method: http.MethodGet, query: strings.Repeat("a=b&", 10000), status: 400, reason: oauth.ReasonTooMany},
		"G14 a zero byte":            {method: http.MethodGet, query: d.query(spaID).Encode() + "&nonce=%00", status: 400, reason: oauth.ReasonMalformedForm},
		"G14 a line end":             {method: http.MethodGet, query: d.query(spaID, "state", "").Encode() + "&state=a%0d%0aLocation:x", status: 400, reason: oauth.ReasonMalformedForm},
		"G14 no UTF-8":               {method: http.MethodGet, query: d.query(spaID).Encode() + "&nonce=%ff", status: 400, reason: oauth.ReasonMalformedForm},
		"two readers would disagree": {method: http.MethodGet, query: d.query(spaID).Encode() + ";redirect_uri=x", status: 400, reason: oauth.ReasonMalformedForm},
	} {
		t.Run(name, func(t *testing.T) {
			r := httptest.NewRequest(c.method, "/authorize?"+c.query, strings.NewReader(c.body))
			r.Header.Set("Accept", "text/html")
			if c.contentType != "" {
				r.Header.Set("Content-Type", c.contentType)
			}
			v := d.serve(r)
			require.Equal(t, c.status, v.status)
			require.Empty(t, v.header.Get("Location"))
			require.Equal(t, c.reason, d.lastReason())
			if c.status == http.StatusMethodNotAllowed {
				require.Equal(t, "GET, POST", v.header.Get("Allow"))
			}
			require.Empty(t, v.header.Get("Access-Control-Allow-Origin"))
		})
	}
}

// A server on which nobody signs in says so, to whoever asks.
func TestAuthorizeNobodySignsIn(t *testing.T) {
	for name, edit := range map[string]func(*oauth.Config){
		"no pages":         func(c *oauth.Config) { c.Interact = nil },
		"no response type": func(c *oauth.Config) { c.ResponseTypes = []string{} },
	} {
		d := newDoor(t, edit)
		v := d.authorize(spaID)
		require.Equal(t, http.StatusBadRequest, v.status, name)
		require.Contains(t, v.body, `"unsupported_response_type"`)
		require.Equal(t, []string{}, d.server.Metadata()["response_types_supported"])
		require.NotContains(t, d.server.Metadata(), "response_modes_supported")
	}
}

// The table of clients is not there: nobody is sent anywhere, and it is not their fault.
func TestAuthorizeClientsUnavailable(t *testing.T) {
	d := newDoor(t, func(c *oauth.Config) { c.Clients = brokenClients{} })
	v := d.authorize(spaID)
	require.Equal(t, http.StatusServiceUnavailable, v.status)
	require.Equal(t, "1", v.header.Get("Retry-After"))
	require.NotContains(t, v.body, "pin=1234")
	require.Equal(t, oauth.EventFailure, d.events[len(d.events)-1].Type)
}

type brokenClients struct{}

func (brokenClients) Client(context.Context, string) (*oauth.Client, error) {
	return nil, errors.New("the table is locked: pin=1234")
}
