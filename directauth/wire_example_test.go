package directauth_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"

	"github.com/mintyard/mintyard/authenticator"
	"github.com/mintyard/mintyard/directauth"
	"github.com/mintyard/mintyard/oauth"
	"github.com/mintyard/mintyard/oauth/token"
	"github.com/mintyard/mintyard/oidc"
	"github.com/mintyard/mintyard/policy"
	"github.com/mintyard/mintyard/store"
)

// shop is a host whose people have a password, a telephone number and a device, and
// of whom its app asks two factors. It prints what goes over the wire.
type shop struct {
	mux   *http.ServeMux
	push  *authenticator.Push
	phone authenticator.Message // what arrived last
}

func newShop(auth0 bool) *shop {
	ctx, people, memory, sealer := context.Background(), &users{}, store.NewMemory(), store.NewSealer(store.MasterKey{1})
	s := new(shop)
	sender := authenticator.SenderFunc(func(_ context.Context, m authenticator.Message) error {
		s.phone = m
		return nil
	})
	password, err := authenticator.NewPassword(authenticator.PasswordConfig{Source: people, Store: memory, Namespace: "users"})
	check(err)
	people.hash, err = password.Hash(ctx, "seven ravens under my roof")
	check(err)
	sms, err := authenticator.NewCodes(authenticator.CodesConfig{
		Channel: authenticator.TypeSMS, Store: memory, Namespace: "users", Sealer: sealer, Sender: sender,
	})
	check(err)
	check(sms.Import(ctx, "00u1", "f1", "+1 555 010 0100"))
	s.push, err = authenticator.NewPush(authenticator.PushConfig{
		Store: memory, Namespace: "users", Sealer: sealer, Sender: sender, Audience: "https://login.shop.example",
	})
	check(err)
	check(s.push.Import(ctx, "00u1", "f2", "Mia's phone"))
	config := directauth.Config{Users: people, Password: password, OutOfBand: []authenticator.OutOfBand{sms, s.push}}
	if auth0 {
		config.Auth0 = &directauth.Auth0Config{Authenticators: []authenticator.Manager{sms, s.push}}
	}
	direct, err := directauth.New(config)
	check(err)
	two, err := policy.New(policy.Rule{Name: "two factors", Then: policy.Outcome{Access: policy.Allow, Factors: 2}})
	check(err)
	clients, err := oauth.NewClientList(&oauth.Client{
		ID: "shop-app", Name: "Shop", AuthMethod: oauth.AuthNone, SignIn: two,
		GrantTypes: []string{directauth.GrantPassword, directauth.GrantOOB, directauth.GrantMFAOOB, oauth.GrantAuthorizationCode},
	})
	check(err)
	keys, err := oauth.GenerateKeys("shop", token.ES256)
	check(err)
	server, err := oauth.New(oauth.Config{
		ID: "shop", Issuer: "https://login.shop.example", Store: memory, Keys: keys, Clients: clients, Subjects: people,
		Scopes: append(oidc.Scopes(), oauth.Scope{Name: "password:set", Person: true, Recovery: true}),
		Grants: append(direct.Grants(), oauth.AuthorizationCode()), StepUp: direct,
		Paths: oauth.OktaPaths("https://login.shop.example"),
	})
	check(err)
	provider, err := oidc.New(server, oidc.Config{})
	check(err)
	s.mux = http.NewServeMux()
	provider.Mount(s.mux)
	return s
}

var (
	wireHandles = regexp.MustCompile(`mint_([a-z]+)_[A-Za-z0-9_-]+`)
	wireTokens  = regexp.MustCompile(`eyJ[A-Za-z0-9_.-]+`)
	wireNumbers = regexp.MustCompile(`"binding_code":"[0-9]+"`)
)

// post sends a form and prints both sides, with handles, tokens and
// passwords cut short. A code is printed as 492039, and a number as 58.
func (s *shop) post(path, body string) map[string]any {
	r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(strings.ReplaceAll(body, " ", "+")))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	w := httptest.NewRecorder()
	s.mux.ServeHTTP(w, r)
	short := func(text string) string {
		if s.phone.Code != "" {
			text = strings.ReplaceAll(text, s.phone.Code, "492039")
		}
		text = wireNumbers.ReplaceAllString(text, `"binding_code":"58"`)
		text = strings.ReplaceAll(text, "seven ravens under my roof", "…")
		return wireTokens.ReplaceAllString(wireHandles.ReplaceAllString(text, "mint_${1}_…"), "eyJ…")
	}
	fmt.Printf("POST %s  %s\n%d %s\n", path, short(body), w.Code, short(w.Body.String()))
	var answer map[string]any
	check(json.Unmarshal(w.Body.Bytes(), &answer))
	return answer
}

const wirePassword = "client_id=shop-app&scope=openid&grant_type=password&username=mia@example.test&password=seven ravens under my roof"

// A password, and a code by text message: the whole sign-in on the wire.
func Example_outOfBand() {
	s := newShop(false)
	first := s.post("/oauth2/v1/token", wirePassword)
	mfa := fmt.Sprint("client_id=shop-app&mfa_token=", first["mfa_token"])
	sent := s.post("/oauth2/v1/challenge", mfa+"&challenge_types_supported=http://auth0.com/oauth/grant-type/mfa-oob&channel_hint=sms")
	fmt.Println("by text message:", strings.ReplaceAll(s.phone.Text, s.phone.Code, "492039"))
	answer := fmt.Sprint(mfa, "&grant_type=http://auth0.com/oauth/grant-type/mfa-oob&oob_code=", sent["oob_code"])
	s.post("/oauth2/v1/token", answer+"&binding_code=49203")
	s.post("/oauth2/v1/token", answer+"&binding_code="+s.phone.Code)
	// Output:
	// POST /oauth2/v1/token  client_id=shop-app&scope=openid&grant_type=password&username=mia@example.test&password=…
	// 403 {"error":"mfa_required","error_description":"More verification is needed","mfa_token":"mint_mfa_…","supported_challenge_types":"http://auth0.com/oauth/grant-type/mfa-oob"}
	// POST /oauth2/v1/challenge  client_id=shop-app&mfa_token=mint_mfa_…&challenge_types_supported=http://auth0.com/oauth/grant-type/mfa-oob&channel_hint=sms
	// 200 {"challenge_type":"http://auth0.com/oauth/grant-type/mfa-oob","oob_code":"mint_oob_…","expires_in":300,"interval":5,"channel":"sms","binding_method":"prompt"}
	// by text message: 492039 is your code to sign in to Shop. It is good for 5 minutes. Do not give it to anybody.
	// POST /oauth2/v1/token  client_id=shop-app&mfa_token=mint_mfa_…&grant_type=http://auth0.com/oauth/grant-type/mfa-oob&oob_code=mint_oob_…&binding_code=49203
	// 400 {"error":"invalid_grant","error_description":"The grant or the credentials are not valid","reason":"factor_refused"}
	// POST /oauth2/v1/token  client_id=shop-app&mfa_token=mint_mfa_…&grant_type=http://auth0.com/oauth/grant-type/mfa-oob&oob_code=mint_oob_…&binding_code=492039
	// 200 {"access_token":"eyJ…","token_type":"Bearer","expires_in":600,"scope":"openid","id_token":"eyJ…"}
}

// A push with a number that the app shows: it is asked again until there is an answer.
func Example_push() {
	s := newShop(false)
	first := s.post("/oauth2/v1/token", wirePassword)
	mfa := fmt.Sprint("client_id=shop-app&mfa_token=", first["mfa_token"])
	asked := s.post("/oauth2/v1/challenge", mfa+"&challenge_types_supported=http://auth0.com/oauth/grant-type/mfa-oob&channel_hint=push")
	poll := fmt.Sprint(mfa, "&grant_type=http://auth0.com/oauth/grant-type/mfa-oob&oob_code=", asked["oob_code"])
	s.post("/oauth2/v1/token", poll)
	check(s.push.Decide(context.Background(), s.phone.ID, authenticator.Decision{Approve: true, Number: asked["binding_code"].(string)}))
	s.post("/oauth2/v1/token", poll)
	// Output:
	// POST /oauth2/v1/token  client_id=shop-app&scope=openid&grant_type=password&username=mia@example.test&password=…
	// 403 {"error":"mfa_required","error_description":"More verification is needed","mfa_token":"mint_mfa_…","supported_challenge_types":"http://auth0.com/oauth/grant-type/mfa-oob"}
	// POST /oauth2/v1/challenge  client_id=shop-app&mfa_token=mint_mfa_…&challenge_types_supported=http://auth0.com/oauth/grant-type/mfa-oob&channel_hint=push
	// 200 {"challenge_type":"http://auth0.com/oauth/grant-type/mfa-oob","oob_code":"mint_oob_…","expires_in":300,"interval":5,"channel":"push","binding_method":"transfer","binding_code":"58"}
	// POST /oauth2/v1/token  client_id=shop-app&mfa_token=mint_mfa_…&grant_type=http://auth0.com/oauth/grant-type/mfa-oob&oob_code=mint_oob_…
	// 400 {"error":"authorization_pending","error_description":"Waiting for approval"}
	// POST /oauth2/v1/token  client_id=shop-app&mfa_token=mint_mfa_…&grant_type=http://auth0.com/oauth/grant-type/mfa-oob&oob_code=mint_oob_…
	// 200 {"access_token":"eyJ…","token_type":"Bearer","expires_in":600,"scope":"openid","id_token":"eyJ…"}
}

// A recovery proves anything but the password, and its token sets a new one.
func Example_recovery() {
	s := newShop(false)
	sent := s.post("/oauth2/v1/primary-authenticate",
		"client_id=shop-app&intent=recovery&challenge_hint=urn:okta:params:oauth:grant-type:oob&channel_hint=sms&login_hint=mia@example.test")
	s.post("/oauth2/v1/token", fmt.Sprint("client_id=shop-app&intent=recovery&grant_type=urn:okta:params:oauth:grant-type:oob",
		"&scope=password:set&oob_code=", sent["oob_code"], "&binding_code=", s.phone.Code))
	// Output:
	// POST /oauth2/v1/primary-authenticate  client_id=shop-app&intent=recovery&challenge_hint=urn:okta:params:oauth:grant-type:oob&channel_hint=sms&login_hint=mia@example.test
	// 200 {"oob_code":"mint_oob_…","expires_in":300,"interval":5,"channel":"sms","binding_method":"prompt"}
	// POST /oauth2/v1/token  client_id=shop-app&intent=recovery&grant_type=urn:okta:params:oauth:grant-type:oob&scope=password:set&oob_code=mint_oob_…&binding_code=492039
	// 200 {"access_token":"eyJ…","token_type":"Bearer","expires_in":600,"scope":"password:set"}
}

// The same sign-in in the dialect of Auth0's MFA API.
func Example_auth0() {
	s := newShop(true)
	first := s.post("/oauth/token", wirePassword)
	sent := s.post("/mfa/challenge", fmt.Sprint("client_id=shop-app&challenge_type=oob&authenticator_id=sms|f1&mfa_token=", first["mfa_token"]))
	s.post("/oauth/token", fmt.Sprint("client_id=shop-app&grant_type=http://auth0.com/oauth/grant-type/mfa-oob&mfa_token=", first["mfa_token"],
		"&oob_code=", sent["oob_code"], "&binding_code=", s.phone.Code))
	// Output:
	// POST /oauth/token  client_id=shop-app&scope=openid&grant_type=password&username=mia@example.test&password=…
	// 403 {"error":"mfa_required","error_description":"More verification is needed","mfa_token":"mint_mfa_…","supported_challenge_types":"http://auth0.com/oauth/grant-type/mfa-oob","mfa_requirements":{"challenge":[{"type":"phone"},{"type":"push-notification"}]}}
	// POST /mfa/challenge  client_id=shop-app&challenge_type=oob&authenticator_id=sms|f1&mfa_token=mint_mfa_…
	// 200 {"challenge_type":"oob","oob_code":"mint_oob_…","binding_method":"prompt","oob_channel":"sms","expires_in":300,"interval":5}
	// POST /oauth/token  client_id=shop-app&grant_type=http://auth0.com/oauth/grant-type/mfa-oob&mfa_token=mint_mfa_…&oob_code=mint_oob_…&binding_code=492039
	// 200 {"access_token":"eyJ…","token_type":"Bearer","expires_in":600,"scope":"openid","id_token":"eyJ…"}
}

// The same sign-in at the authorization challenge endpoint, which ends in a code.
func Example_authorizationChallenge() {
	s := newShop(false)
	const at = "/oauth2/v1/authorize-challenge"
	first := s.post(at, "client_id=shop-app&scope=openid&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256"+
		"&username=mia@example.test&password=seven ravens under my roof")
	sent := s.post(at, fmt.Sprint("channel_hint=sms&auth_session=", first["auth_session"]))
	last := s.post(at, fmt.Sprint("auth_session=", sent["auth_session"], "&binding_code=", s.phone.Code))
	s.post("/oauth2/v1/token", fmt.Sprint("client_id=shop-app&grant_type=authorization_code&code=", last["authorization_code"],
		"&code_verifier=dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"))
	// Output:
	// POST /oauth2/v1/authorize-challenge  client_id=shop-app&scope=openid&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256&username=mia@example.test&password=…
	// 400 {"error":"insufficient_authorization","error_description":"More verification is needed","auth_session":"mint_mfa_…","factors":["sms","push"]}
	// POST /oauth2/v1/authorize-challenge  channel_hint=sms&auth_session=mint_mfa_…
	// 400 {"error":"insufficient_authorization","error_description":"More verification is needed","auth_session":"mint_mfa_…","challenge":{"expires_in":300,"interval":5,"channel":"sms","binding_method":"prompt"}}
	// POST /oauth2/v1/authorize-challenge  auth_session=mint_mfa_…&binding_code=492039
	// 200 {"authorization_code":"mint_ac_…"}
	// POST /oauth2/v1/token  client_id=shop-app&grant_type=authorization_code&code=mint_ac_…&code_verifier=dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk
	// 200 {"access_token":"eyJ…","token_type":"Bearer","expires_in":600,"scope":"openid","id_token":"eyJ…"}
}
