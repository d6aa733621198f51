package oauth_test

import (
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/mintyard/mintyard/oauth"
	"github.com/mintyard/mintyard/policy"
)

func TestCodeRedeemed(t *testing.T) {
	for _, format := range formats {
		for _, client := range []string{webID, nativeID, laxID} {
			t.Run(format+" "+client, func(t *testing.T) {
				k := newCodeKit(t, func(c *oauth.Config) { c.AccessToken.Format = format })
				a := k.redeem(client, k.newCode(client))
				require.Equal(t, http.StatusOK, a.status, a.raw)
				require.Equal(t, "Bearer", a.text("token_type"))
				require.Equal(t, "read write offline_access", a.text("scope"))
				require.EqualValues(t, 600, a.body["expires_in"])
				require.True(t, k.active(a.text("access_token")))
				k.clock.advance(time.Hour)
				b := k.refresh(client, a.text("refresh_token"))
				require.Equal(t, http.StatusOK, b.status, b.raw)
			})
		}
	}
}

// Whatever a code stands for is there again when it is redeemed.
func TestCodeKeepsWhatWasProved(t *testing.T) {
	k := newCodeKit(t)
	start := k.clock.Now()
	code := k.newCode(nativeID, "acr_values", "urn:okta:loa:1fa:any", "nonce", "n-1", "resource", audience)
	k.clock.advance(30 * time.Second)
	a := k.redeem(nativeID, code)
	require.Equal(t, http.StatusOK, a.status, a.raw)
	i, err := k.server.Inspect(t.Context(), a.text("access_token"))
	require.NoError(t, err)
	require.Equal(t, "mia", i.Subject)
	require.Equal(t, start.Unix(), i.AuthTime)
	require.Equal(t, "urn:okta:loa:1fa:any", i.ACR)
	require.Equal(t, []string{audience}, i.Audience)
	require.Len(t, i.Methods, 1)
	require.Equal(t, start.Unix(), i.Methods[0].At.Unix())

	var issued, redeemed string
	for _, e := range k.events {
		switch e.Type {
		case oauth.EventCodeIssued:
			issued = e.Grant
			require.Equal(t, "mia", e.Subject)
			require.Equal(t, []string{"password"}, e.Methods)
		case oauth.EventTokenIssued:
			redeemed = e.Grant
			require.Equal(t, oauth.GrantAuthorizationCode, e.GrantType)
		}
	}
	require.NotEmpty(t, issued)
	require.Equal(t, issued, redeemed, "one record, from the code on")
}

// What is wrong is refused alike, and spends nothing: the owner redeems afterwards.
func TestCodeRefused(t *testing.T) {
	long := strings.Repeat("a", 129)
	for name, c := range map[string]struct {
		ask, redeem []string
		client      string
		status      int
		code        string
		reason      oauth.Reason
	}{
		"no code":                  {redeem: []string{"code", ""}, code: "invalid_request", reason: oauth.ReasonMissing},
		"forged":                   {redeem: []string{"code", "mint_ac_" + strings.Repeat("A", 76)}, code: "invalid_grant"},
		"of nobody":                {redeem: []string{"code", "SplxlOBeZQQYbYS6WxSbIA"}, code: "invalid_grant", reason: oauth.ReasonHandle},
		"another public client":    {client: otherID, code: "invalid_grant", reason: oauth.ReasonClientMismatch},
		"another client":           {client: webID, code: "invalid_grant", reason: oauth.ReasonClientMismatch},
		"wrong verifier":           {redeem: []string{"code_verifier", verifier[:42] + "x"}, code: "invalid_grant", reason: oauth.ReasonVerifier},
		"challenge as verifier":    {redeem: []string{"code_verifier", challenge}, code: "invalid_grant", reason: oauth.ReasonVerifier},
		"no verifier":              {redeem: []string{"code_verifier", ""}, code: "invalid_grant", reason: oauth.ReasonVerifierMissing},
		"verifier too short":       {redeem: []string{"code_verifier", verifier[:42]}, code: "invalid_request", reason: oauth.ReasonMalformedValue},
		"verifier too long":        {redeem: []string{"code_verifier", long}, code: "invalid_request", reason: oauth.ReasonMalformedValue},
		"verifier with a plus":     {redeem: []string{"code_verifier", verifier[:42] + "+"}, code: "invalid_request", reason: oauth.ReasonMalformedValue},
		"verifier with an umlaut":  {redeem: []string{"code_verifier", verifier[:42] + "ä"}, code: "invalid_request", reason: oauth.ReasonMalformedValue},
		"no redirect_uri":          {ask: []string{"redirect_uri", redirect}, code: "invalid_grant", reason: oauth.ReasonRedirectURI},
		"another redirect_uri":     {ask: []string{"redirect_uri", redirect}, redeem: []string{"redirect_uri", redirect + "&y=2"}, code: "invalid_grant", reason: oauth.ReasonRedirectURI},
		"redirect_uri in capitals": {ask: []string{"redirect_uri", redirect}, redeem: []string{"redirect_uri", "HTTPS" + redirect[5:]}, code: "invalid_grant", reason: oauth.ReasonRedirectURI},
		"no key":                   {ask: []string{"dpop_jkt", s256("key")}, code: "invalid_grant", reason: oauth.ReasonSenderKey},
		"another key":              {ask: []string{"dpop_jkt", s256("key")}, redeem: []string{"test_key", s256("other")}, code: "invalid_grant", reason: oauth.ReasonSenderKey},
		"unknown resource":         {redeem: []string{"resource", "https://elsewhere.example"}, code: "invalid_target", reason: oauth.ReasonTargetExceeds},
	} {
		t.Run(name, func(t *testing.T) {
			k := newCodeKit(t)
			code := k.newCode(nativeID, c.ask...)
			client := c.client
			if client == "" {
				client = nativeID
			}
			a := k.redeem(client, code, c.redeem...)
			a.requireError(t, http.StatusBadRequest, c.code)
			if c.code == "invalid_grant" {
				require.Equal(t, "The grant or the credentials are not valid", a.text("error_description"), "all alike")
			}
			if c.reason != "" {
				require.Equal(t, c.reason, k.lastReason())
			}
			owner := k.redeem(nativeID, code, "redirect_uri", redirect, "test_key", keyOf(c.ask))
			require.Equal(t, http.StatusOK, owner.status, owner.raw)

			// The same once it was redeemed: no stranger ends what the owner has.
			// With the right verifier, redirect_uri and key it is a replay.
			replay := name == "unknown resource"
			if !replay {
				k.redeem(client, code, c.redeem...).requireError(t, http.StatusBadRequest, c.code)
			} else {
				k.redeem(client, code, c.redeem...).requireError(t, http.StatusBadRequest, "invalid_grant")
			}
			require.Equal(t, !replay, k.active(owner.text("access_token")))
		})
	}
}

func keyOf(ask []string) string {
	if len(ask) > 0 && ask[0] == "dpop_jkt" {
		return ask[1]
	}
	return ""
}

// A redirect_uri that the code does not have is nothing to compare with: clients of
// the challenge endpoint send none, and some send one all the same.
func TestCodeWithoutRedirectURI(t *testing.T) {
	k := newCodeKit(t)
	require.Equal(t, http.StatusOK, k.redeem(nativeID, k.newCode(nativeID), "redirect_uri", redirect).status)
}

// A code without a key takes the key it is redeemed under (RFC 9449 section 10), and
// the grant is bound to it from there on.
func TestCodeTakesAKey(t *testing.T) {
	k := newCodeKit(t, func(c *oauth.Config) {
		c.AccessToken.Format = oauth.FormatOpaque
		c.Grants[1] = keyed{oauth.RefreshToken()}
	})
	for _, ask := range [][]string{nil, {"dpop_jkt", s256("key")}} {
		code := k.newCode(nativeID, ask...)
		a := k.redeem(nativeID, code, "test_key", s256("key"))
		require.Equal(t, http.StatusOK, a.status, a.raw)
		require.Equal(t, "DPoP", a.text("token_type"))
		k.refresh(nativeID, a.text("refresh_token")).requireError(t, 400, "invalid_grant")
		k.redeem(nativeID, code, "test_key", s256("thief")).requireError(t, 400, "invalid_grant")
		require.Equal(t, http.StatusOK, k.refresh(nativeID, a.text("refresh_token"), "test_key", s256("key")).status)
	}
}

// A code is used once. A second use by its own client ends what came of the first.
func TestCodeReplay(t *testing.T) {
	for _, format := range formats {
		k := newCodeKit(t, func(c *oauth.Config) { c.AccessToken.Format = format })
		code := k.newCode(nativeID, "redirect_uri", redirect)
		first := k.redeem(nativeID, code, "redirect_uri", redirect)
		next := k.refresh(nativeID, first.text("refresh_token"))
		require.Equal(t, http.StatusOK, next.status, next.raw)
		require.True(t, k.active(next.text("access_token")))
		k.redeem(nativeID, code, "redirect_uri", redirect).requireError(t, http.StatusBadRequest, "invalid_grant")
		require.Equal(t, oauth.ReasonCodeReused, k.lastReason())
		for _, name := range []string{"access_token", "refresh_token"} {
			require.False(t, k.active(first.text(name)))
			require.False(t, k.active(next.text(name)))
		}
		k.refresh(nativeID, next.text("refresh_token")).requireError(t, http.StatusBadRequest, "invalid_grant")
		k.redeem(nativeID, code, "redirect_uri", redirect).requireError(t, http.StatusBadRequest, "invalid_grant")
		require.Equal(t, oauth.ReasonEnded, k.lastReason())
	}
}

// Without a refresh token there is nothing but the access token to end.
func TestCodeReplayWithoutRefreshToken(t *testing.T) {
	k := newCodeKit(t)
	code := k.newCode(webID, "scope", "read")
	first := k.redeem(webID, code)
	require.NotContains(t, first.body, "refresh_token")
	require.True(t, k.active(first.text("access_token")))
	k.redeem(webID, code).requireError(t, http.StatusBadRequest, "invalid_grant")
	require.False(t, k.active(first.text("access_token")))
}

func TestCodeExpires(t *testing.T) {
	for ttl, want := range map[time.Duration]time.Duration{0: time.Minute, 10 * time.Minute: 10 * time.Minute} {
		k := newCodeKit(t, func(c *oauth.Config) { c.CodeTTL = ttl })
		good, late := k.newCode(nativeID), k.newCode(nativeID)
		k.clock.advance(want - time.Second)
		require.Equal(t, http.StatusOK, k.redeem(nativeID, good).status)
		k.clock.advance(time.Second)
		k.redeem(nativeID, late).requireError(t, http.StatusBadRequest, "invalid_grant")
		require.Equal(t, oauth.ReasonExpired, k.lastReason())
	}
	for _, ttl := range []time.Duration{-1, 10*time.Minute + 1} {
		k := newKit(t)
		k.config.CodeTTL = ttl
		_, err := oauth.New(k.config)
		require.ErrorContains(t, err, "oauth: Config.CodeTTL: ")
	}
}

// At the endpoint that issues it, a code needs S256, always for a public client.
func TestCodeNeedsPKCE(t *testing.T) {
	k := newCodeKit(t)
	for name, c := range map[string]struct {
		pairs  []string
		reason oauth.Reason
	}{
		"plain":             {[]string{"code_challenge_method", "plain"}, oauth.ReasonChallengeMethod},
		"no method":         {[]string{"code_challenge_method", ""}, oauth.ReasonChallengeMethod},
		"method alone":      {[]string{"code_challenge", ""}, oauth.ReasonChallengeMissing},
		"lower case":        {[]string{"code_challenge_method", "s256"}, oauth.ReasonChallengeMethod},
		"too short":         {[]string{"code_challenge", challenge[:42]}, oauth.ReasonMalformedValue},
		"too long":          {[]string{"code_challenge", challenge + "A"}, oauth.ReasonMalformedValue},
		"padded":            {[]string{"code_challenge", challenge[:42] + "="}, oauth.ReasonMalformedValue},
		"other alphabet":    {[]string{"code_challenge", "+" + challenge[1:]}, oauth.ReasonMalformedValue},
		"not canonical":     {[]string{"code_challenge", challenge[:42] + "N"}, oauth.ReasonMalformedValue},
		"nonce without end": {[]string{"nonce", strings.Repeat("n", 513)}, oauth.ReasonMalformedValue},
	} {
		t.Run(name, func(t *testing.T) {
			for _, client := range []string{nativeID, webID, laxID} {
				k.ask(client, c.pairs...).requireError(t, http.StatusBadRequest, "invalid_request")
				require.Equal(t, c.reason, k.lastReason())
			}
		})
	}
	none := []string{"code_challenge", "", "code_challenge_method", ""}
	for _, client := range []string{nativeID, webID} {
		k.ask(client, none...).requireError(t, http.StatusBadRequest, "invalid_request")
	}
	code := k.newCode(laxID, none...)
	k.redeem(laxID, code).requireError(t, http.StatusBadRequest, "invalid_grant")
	require.Equal(t, oauth.ReasonVerifierUnasked, k.lastReason(), "somebody took the challenge away on the way there")
	require.Equal(t, http.StatusOK, k.redeem(laxID, code, "code_verifier", "").status)

	// What a client may is judged as it is now.
	code = k.newCode(laxID, none...)
	strict := *k.clients[laxID]
	strict.OptionalPKCE = false
	k.clients[laxID] = &strict
	k.redeem(laxID, code, "code_verifier", "").requireError(t, http.StatusBadRequest, "invalid_grant")

	public := &oauth.Client{ID: "p", AuthMethod: oauth.AuthNone, OptionalPKCE: true}
	require.ErrorContains(t, public.Validate(), "OptionalPKCE: ")
}

// A code comes only for who may redeem it.
func TestCodeOnlyForItsGrant(t *testing.T) {
	k := newCodeKit(t)
	c := *k.clients[nativeID]
	c.GrantTypes = []string{personGrantID}
	k.clients[nativeID] = &c
	k.ask(nativeID).requireError(t, http.StatusBadRequest, "unauthorized_client")
	c.GrantTypes = []string{oauth.GrantInteractionCode}
	code := k.newCode(nativeID)
	k.redeem(nativeID, code).requireError(t, http.StatusBadRequest, "unauthorized_client")
	a := k.token(nativeID, "grant_type", "interaction_code", "code", code, "code_verifier", verifier)
	a.requireError(t, http.StatusBadRequest, "invalid_request")
	a = k.token(nativeID, "grant_type", "interaction_code", "interaction_code", code, "code_verifier", verifier)
	require.Equal(t, http.StatusOK, a.status, a.raw)
	k.token(nativeID, "grant_type", "interaction_code", "interaction_code", code, "code_verifier", verifier).requireError(t, http.StatusBadRequest, "invalid_grant")
	require.False(t, k.active(a.text("access_token")), "a replay under the other name is one")
}

// A code is a code, and nothing else is.
func TestCodeIsNothingElse(t *testing.T) {
	k := newCodeKit(t, func(c *oauth.Config) { c.AccessToken.Format = oauth.FormatOpaque })
	code := k.newCode(nativeID)
	require.False(t, k.active(code))
	k.refresh(nativeID, code).requireError(t, http.StatusBadRequest, "invalid_grant")
	k.post("/revoke", nativeID, form("token", code))
	full := k.redeem(nativeID, code)
	require.Equal(t, http.StatusOK, full.status, full.raw)
	for _, name := range []string{"access_token", "refresh_token"} {
		k.redeem(nativeID, full.text(name)).requireError(t, http.StatusBadRequest, "invalid_grant")
	}
	require.True(t, k.active(full.text("access_token")))
	for i := range 5 {
		k.redeem(nativeID, code[:len(code)-1-i]).requireError(t, http.StatusBadRequest, "invalid_grant")
	}
	require.True(t, k.active(full.text("access_token")), "a code that was cut is none")
}

// Everything is asked again when the code is redeemed, and a refusal spends nothing.
func TestCodeJudgedAtRedemption(t *testing.T) {
	var addr netip.Addr
	office := netip.MustParseAddr("192.0.2.7")
	for name, c := range map[string]struct {
		change func(k *kit, c *oauth.Client)
		undo   func(k *kit)
		status int
		code   string
	}{
		"disabled client": {func(_ *kit, c *oauth.Client) { c.Disabled = true }, nil, 401, "invalid_client"},
		"lost the grant":  {func(_ *kit, c *oauth.Client) { c.GrantTypes = nil }, nil, 400, "unauthorized_client"},
		"not assigned":    {func(_ *kit, c *oauth.Client) { c.AssignedTo = []string{"others"} }, nil, 400, "access_denied"},
		"given away":      {func(k *kit, c *oauth.Client) { c.Registered = k.clock.Now().Add(time.Second) }, nil, 400, "invalid_grant"},
		"sign-in policy": {func(_ *kit, c *oauth.Client) {
			c.SignIn, _ = policy.New(policy.Rule{Name: "closed", Then: policy.Outcome{Access: policy.Deny}})
		}, nil, 403, "access_denied"},
		"more proof": {func(_ *kit, c *oauth.Client) {
			c.SignIn, _ = policy.New(policy.Rule{Name: "two", Then: policy.Outcome{Access: policy.Allow, Factors: 2}})
		}, nil, 403, "access_denied"},
		"suspended": {func(k *kit, _ *oauth.Client) { k.people.set("mia", oauth.Subject{}) },
			func(k *kit) { k.people.set("mia", oauth.Subject{Active: true, Groups: []string{"staff"}}) }, 400, "invalid_grant"},
		"server policy": {func(*kit, *oauth.Client) { addr = netip.MustParseAddr("203.0.113.7") },
			func(*kit) { addr = office }, 403, "access_denied"},
	} {
		t.Run(name, func(t *testing.T) {
			addr = office
			k := newCodeKit(t, func(c *oauth.Config) {
				c.ClientAddr = func(*http.Request) netip.Addr { return addr }
				var err error
				c.Policy, err = policy.New(
					policy.Rule{Name: "closed", If: policy.Condition{RequesterNetworks: []netip.Prefix{netip.MustParsePrefix("203.0.113.0/24")}}, Then: policy.Outcome{Access: policy.Deny}},
					policy.Rule{Name: "open", Then: policy.Outcome{Access: policy.Allow}})
				require.NoError(t, err)
			})
			code := k.newCode(nativeID)
			was := *k.clients[nativeID]
			changed := was
			c.change(k, &changed)
			k.clients[nativeID] = &changed
			k.redeem(nativeID, code).requireError(t, c.status, c.code)
			k.clients[nativeID] = &was
			if c.undo != nil {
				c.undo(k)
			}
			require.Equal(t, http.StatusOK, k.redeem(nativeID, code).status)
		})
	}
}

// Proof is frozen: the office's network counts at redemption from elsewhere, where a
// rule asks from where the person signed in.
func TestCodeFrozenProof(t *testing.T) {
	addr := netip.MustParseAddr("192.0.2.7")
	inside := netip.MustParsePrefix("192.0.2.0/24")
	k := newCodeKit(t, func(c *oauth.Config) {
		c.ClientAddr = func(*http.Request) netip.Addr { return addr }
	})
	c := *k.clients[nativeID]
	c.SignIn, _ = policy.New(
		policy.Rule{Name: "office", If: policy.Condition{Networks: []netip.Prefix{inside}}, Then: policy.Outcome{Access: policy.Allow, Factors: 1}},
		policy.Rule{Name: "elsewhere", Then: policy.Outcome{Access: policy.Allow, Factors: 2}})
	k.clients[nativeID] = &c
	code := k.newCode(nativeID)
	addr = netip.MustParseAddr("198.51.100.1")
	require.Equal(t, http.StatusOK, k.redeem(nativeID, code).status)
	k.ask(nativeID).requireError(t, http.StatusForbidden, "access_denied")
}

// Ending a person's grants ends codes, also one that is just being issued.
func TestCodeSubjectEnded(t *testing.T) {
	k := newCodeKit(t)
	code := k.newCode(nativeID)
	require.NoError(t, k.server.EndSubject(t.Context(), "mia"))
	k.redeem(nativeID, code).requireError(t, http.StatusBadRequest, "invalid_grant")
	require.Equal(t, http.StatusOK, k.redeem(nativeID, k.newCode(nativeID)).status)
}

// A scope that was taken from the client is gone.
func TestCodeScopeTakenAway(t *testing.T) {
	k := newCodeKit(t)
	code := k.newCode(nativeID)
	c := *k.clients[nativeID]
	c.Scopes = []string{"read", oauth.ScopeOfflineAccess}
	k.clients[nativeID] = &c
	a := k.redeem(nativeID, code)
	require.Equal(t, http.StatusOK, a.status, a.raw)
	require.Equal(t, "read offline_access", a.text("scope"))
}

func TestCodeNarrowedResource(t *testing.T) {
	k := newCodeKit(t)
	const other = "https://other.example"
	code := k.newCode(nativeID, "resource", other)
	k.redeem(nativeID, code, "resource", audience).requireError(t, http.StatusBadRequest, "invalid_target")
	a := k.redeem(nativeID, code, "resource", other)
	require.Equal(t, http.StatusOK, a.status, a.raw)
}

// A policy is asked about the door and about the code, and both must agree.
func TestCodePolicyOfBothGrantTypes(t *testing.T) {
	for _, closed := range []string{"door", oauth.GrantAuthorizationCode} {
		k := newCodeKit(t, func(c *oauth.Config) {
			var err error
			c.Policy, err = policy.New(
				policy.Rule{Name: "closed", If: policy.Condition{GrantTypes: []string{closed}}, Then: policy.Outcome{Access: policy.Deny}},
				policy.Rule{Name: "open", Then: policy.Outcome{Access: policy.Allow}})
			require.NoError(t, err)
		})
		k.ask(nativeID).requireError(t, http.StatusForbidden, "access_denied")
	}
}

// Under its other name the grant is the same to a policy.
func TestCodePolicyOfTheOtherName(t *testing.T) {
	deny := false
	k := newCodeKit(t, func(c *oauth.Config) {
		c.ClientAddr = func(*http.Request) netip.Addr {
			if deny {
				return netip.MustParseAddr("203.0.113.7")
			}
			return netip.MustParseAddr("192.0.2.7")
		}
		var err error
		c.Policy, err = policy.New(
			policy.Rule{Name: "closed", If: policy.Condition{GrantTypes: []string{oauth.GrantAuthorizationCode},
				RequesterNetworks: []netip.Prefix{netip.MustParsePrefix("203.0.113.0/24")}}, Then: policy.Outcome{Access: policy.Deny}},
			policy.Rule{Name: "open", Then: policy.Outcome{Access: policy.Allow}})
		require.NoError(t, err)
	})
	code := k.newCode(nativeID)
	deny = true
	k.token(nativeID, "grant_type", "interaction_code", "interaction_code", code, "code_verifier", verifier).requireError(t, http.StatusForbidden, "access_denied")
}

func TestCodeMetadata(t *testing.T) {
	m := newCodeKit(t).server.Metadata()
	require.Equal(t, []string{"S256"}, m["code_challenge_methods_supported"])
	require.Contains(t, m["grant_types_supported"], "authorization_code")
	require.NotContains(t, newKit(t).server.Metadata(), "code_challenge_methods_supported")
}
