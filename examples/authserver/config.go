package main

import (
	_ "embed"
	"encoding/json"
	"errors"
	"io"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/mintyard/mintyard/policy"
)

// fileConfig is the configuration file. The server's own members stand at the top
// level for the org server, and in each of Servers for a custom one.
type fileConfig struct {
	Issuer string `json:"issuer"`
	serverConfig
	Servers        []customServer                  `json:"servers"`
	Clients        []clientConfig                  `json:"clients"`
	Users          []userConfig                    `json:"users"`
	Policies       map[string]*policyConfig        `json:"policies"`
	Authenticators map[string]*authenticatorConfig `json:"authenticators"`
	WebAuthn       *webauthnConfig                 `json:"webauthn"`
	Delivery       *deliveryConfig                 `json:"delivery"`
}

type deliveryConfig struct {
	Webhook *webhookConfig `json:"webhook"`
}

type webhookConfig struct {
	URL    string `json:"url"`
	Secret string `json:"secret"`
}

type webauthnConfig struct {
	RPID    string   `json:"rp_id"`
	Origins []string `json:"origins"`
}

type customServer struct {
	ID string `json:"id"`
	serverConfig
}

type serverConfig struct {
	Audience     string             `json:"audience"`
	Scopes       []scopeConfig      `json:"scopes"`
	AccessToken  accessTokenConfig  `json:"access_token"`
	IDToken      idTokenConfig      `json:"id_token"`
	RefreshToken refreshTokenConfig `json:"refresh_token"`
	CodeTTL      duration           `json:"code_ttl"`
	AccessPolicy string             `json:"access_policy"`
	Registration string             `json:"registration"`
	DPoPNonce    string             `json:"dpop_nonce"`
}

type scopeConfig struct {
	Name        string `json:"name"`
	Description string `json:"description"`
	Consent     string `json:"consent"`
	Default     bool   `json:"default"` // granted when a client asks for none
}

type accessTokenConfig struct {
	Format string   `json:"format"`
	Alg    string   `json:"alg"`
	TTL    duration `json:"ttl"`
}

type idTokenConfig struct {
	Alg string   `json:"alg"`
	TTL duration `json:"ttl"`
}

type refreshTokenConfig struct {
	Rotation    string   `json:"rotation"`
	Grace       *grace   `json:"grace"`
	IdleTTL     duration `json:"idle_ttl"`
	AbsoluteTTL duration `json:"absolute_ttl"`
}

// clientConfig has the names of RFC 7591 and OpenID Connect registration, and ours.
type clientConfig struct {
	ClientID         string   `json:"client_id"`
	ClientSecret     string   `json:"client_secret"`
	ClientSecretHash string   `json:"client_secret_hash"`
	ClientName       string   `json:"client_name"`
	ApplicationType  string   `json:"application_type"`
	GrantTypes       []string `json:"grant_types"`
	Scope            string   `json:"scope"`
	RedirectURIs     []string `json:"redirect_uris"`
	ResponseTypes    []string `json:"response_types"`
	ClientURI        string   `json:"client_uri"`
	LogoURI          string   `json:"logo_uri"`
	PolicyURI        string   `json:"policy_uri"`
	TOSURI           string   `json:"tos_uri"`
	DefaultMaxAge    *seconds `json:"default_max_age"`
	DefaultACRValues []string `json:"default_acr_values"`
	OptionalPKCE     bool     `json:"optional_pkce"`
	ThirdParty       bool     `json:"third_party"`
	openIDConfig
	TokenEndpointAuthMethod string   `json:"token_endpoint_auth_method"`
	AccessTokenFormat       string   `json:"access_token_format"`
	SignInPolicy            string   `json:"sign_in_policy"`
	RecoveryPolicy          string   `json:"recovery_policy"`
	AssignedTo              []string `json:"assigned_to"`
	Servers                 []string `json:"servers"`
	ResourceServerFor       []string `json:"resource_server_for"`
}

// openIDConfig has the names of OpenID Connect registration, and of the logout
// specifications.
type openIDConfig struct {
	SubjectType      string      `json:"subject_type"`
	SectorIdentifier string      `json:"sector_identifier"` // the host, and no address of a list
	IDTokenAlg       string      `json:"id_token_signed_response_alg"`
	IDTokenKeyAlg    string      `json:"id_token_encrypted_response_alg"`
	IDTokenEnc       string      `json:"id_token_encrypted_response_enc"`
	UserInfoAlg      string      `json:"userinfo_signed_response_alg"`
	UserInfoKeyAlg   string      `json:"userinfo_encrypted_response_alg"`
	UserInfoEnc      string      `json:"userinfo_encrypted_response_enc"`
	JWKS             *jsonObject `json:"jwks"`
	Groups           *groups     `json:"groups_claim"`

	PostLogoutRedirectURIs            []string `json:"post_logout_redirect_uris"`
	FrontchannelLogoutURI             string   `json:"frontchannel_logout_uri"`
	FrontchannelLogoutSessionRequired bool     `json:"frontchannel_logout_session_required"`
	BackchannelLogoutURI              string   `json:"backchannel_logout_uri"`
	BackchannelLogoutSessionRequired  bool     `json:"backchannel_logout_session_required"`
	InitiateLoginURI                  string   `json:"initiate_login_uri"`
}

// groups says which groups a client's tokens carry.
type groups struct {
	Name  string `json:"name"`
	Match string `json:"match"`
	Value string `json:"value"`
}

// jsonObject is an object that the library reads.
type jsonObject []byte

func (o *jsonObject) decode(path string, raw json.RawMessage) error {
	if raw[0] != '{' {
		return refuse(path, "is not an object")
	}
	*o = jsonObject(raw)
	return nil
}

type userConfig struct {
	ID           string         `json:"id"`
	Username     string         `json:"username"`
	Password     string         `json:"password"`
	PasswordHash string         `json:"password_hash"`
	Status       string         `json:"status"`
	Groups       []string       `json:"groups"`
	Claims       map[string]any `json:"claims"`
	Factors      []factorConfig `json:"factors"`
}

type factorConfig struct {
	ID           string   `json:"id"`
	Type         string   `json:"type"`
	Secret       string   `json:"secret"`
	Phone        string   `json:"phone"`
	Address      string   `json:"address"`
	Device       string   `json:"device"`
	CredentialID string   `json:"credential_id"`
	UserHandle   string   `json:"user_handle"`
	PublicKey    string   `json:"public_key"`
	Codes        []string `json:"codes"`
}

// authenticatorConfig is a word, or an object that can say more.
type authenticatorConfig struct {
	Enrolment       string `json:"enrolment"`
	NumberChallenge string `json:"number_challenge"`
}

func (a *authenticatorConfig) decode(path string, raw json.RawMessage) (err error) {
	if raw[0] == '"' {
		a.Enrolment, err = text(path, raw)
		return err
	}
	type plain authenticatorConfig // without this method
	return decodeStrictAt(path, raw, (*plain)(a))
}

// policyConfig leaves the reading to package policy, which says what is wrong by a
// path of its own.
type policyConfig struct{ *policy.Policy }

func (p *policyConfig) decode(path string, raw json.RawMessage) error {
	p.Policy = new(policy.Policy)
	err := p.Policy.UnmarshalJSON(raw)
	if err == nil {
		return nil
	}
	message := strings.TrimPrefix(err.Error(), "policy: ")
	if member, rest, ok := strings.Cut(message, ": "); ok && !strings.Contains(member, " ") {
		return refuse(path+"."+member, "%s", rest)
	}
	return refuse(path, "%s", message)
}

// duration is a positive length of time, as time.ParseDuration reads it.
type duration time.Duration

func (d *duration) decode(path string, raw json.RawMessage) error {
	s, err := text(path, raw)
	if err != nil {
		return err
	}
	v, err := time.ParseDuration(s)
	if err != nil || v < time.Second {
		return refuse(path, "%q is not a duration of a second or more, such as 10m or 168h", s)
	}
	*d = duration(v)
	return nil
}

// seconds is a number of them, as the members of client registration have it.
type seconds int64

func (s *seconds) decode(path string, raw json.RawMessage) error {
	n, err := strconv.ParseUint(string(raw), 10, 31)
	if err != nil {
		return refuse(path, "is not a whole number of seconds")
	}
	*s = seconds(n)
	return nil
}

// grace is a duration, which may be 0s, or until_used.
type grace struct {
	untilUsed bool
	d         time.Duration
}

func (g *grace) decode(path string, raw json.RawMessage) error {
	s, err := text(path, raw)
	if err != nil {
		return err
	}
	if s == "until_used" {
		g.untilUsed = true
		return nil
	}
	g.d, err = time.ParseDuration(s)
	if err != nil || g.d < 0 || g.d > 24*time.Hour {
		return refuse(path, "%q is neither a duration of at most 24h nor until_used", s)
	}
	return nil
}

//go:embed demo.json
var demo []byte

// maxConfig bounds the configuration file, in bytes.
const maxConfig = 16 << 20

func loadConfig(file string) (*fileConfig, error) {
	b := demo
	if file != "" {
		f, err := os.Open(file)
		if err != nil {
			return nil, refuse("-config", "%v", err)
		}
		defer f.Close()
		if b, err = io.ReadAll(io.LimitReader(f, maxConfig+1)); err != nil {
			return nil, refuse("-config", "%v", err)
		}
		if len(b) > maxConfig {
			return nil, refuse("-config", "the file has more than %d bytes", maxConfig)
		}
	}
	c := new(fileConfig)
	if err := decodeStrict(b, c); err != nil {
		var r *refusal
		if errors.As(err, &r) && r.path == "" && file != "" {
			return nil, refuse("-config", "%s: %s", file, r.text)
		}
		return nil, err
	}
	return c, nil
}
