package main

import (
	"reflect"
	"slices"

	"github.com/mintyard/mintyard/directauth"
	"github.com/mintyard/mintyard/oauth"
)

// later names the members that the configuration will have and that nothing
// honours yet. They are refused by name: a server that ignored them would run with
// less than was asked for.
var later = map[reflect.Type][]string{
	reflect.TypeFor[fileConfig](): laterServer,

	reflect.TypeFor[customServer](): laterServer,

	reflect.TypeFor[clientConfig](): {
		// RFC 7591 section 2
		"contacts", "jwks_uri",
		"software_id", "software_version", "software_statement",
		// OpenID Connect Registration section 2
		"sector_identifier_uri", "request_object_signing_alg", "request_object_encryption_alg",
		"request_object_encryption_enc", "token_endpoint_auth_signing_alg", "require_auth_time", "request_uris",
		// RFC 8705, 9101, 9126, 9396, 9449, 9701, JARM, CIBA
		"tls_client_auth_subject_dn", "tls_client_auth_san_dns", "tls_client_auth_san_uri", "tls_client_auth_san_ip",
		"tls_client_auth_san_email", "tls_client_certificate_bound_access_tokens", "require_signed_request_object",
		"require_pushed_authorization_requests", "authorization_details_types", "dpop_bound_access_tokens",
		"introspection_signed_response_alg", "introspection_encrypted_response_alg", "introspection_encrypted_response_enc",
		"authorization_signed_response_alg", "authorization_encrypted_response_alg", "authorization_encrypted_response_enc",
		"backchannel_token_delivery_mode", "backchannel_client_notification_endpoint",
		"backchannel_authentication_request_signing_alg", "backchannel_user_code_parameter",
	},
}

var laterServer = []string{"registration_tokens", "request_uri_ttl"}

func isLater(t reflect.Type, member string) bool { return slices.Contains(later[t], member) }

// The grants by what they are for. Those that are there are in grantsThere.
const (
	grantDevice        = "urn:ietf:params:oauth:grant-type:device_code"
	grantCIBA          = "urn:openid:params:grant-type:ciba"
	grantTokenExchange = "urn:ietf:params:oauth:grant-type:token-exchange"
	grantJWTBearer     = "urn:ietf:params:oauth:grant-type:jwt-bearer"
	grantSAMLBearer    = "urn:ietf:params:oauth:grant-type:saml2-bearer"
	grantPasswordRealm = "http://auth0.com/oauth/grant-type/password-realm"
)

var grantsThere = []string{
	oauth.GrantClientCredentials, oauth.GrantRefreshToken, oauth.GrantAuthorizationCode, oauth.GrantInteractionCode, oauth.GrantImplicit,
	directauth.GrantPassword, directauth.GrantOTP, directauth.GrantMFAOTP, directauth.GrantOOB, directauth.GrantMFAOOB,
	directauth.GrantWebAuthn, directauth.GrantMFAWebAuthn, directauth.GrantMFARecoveryCode,
}

// directGrants are those that an application must list and that need no password.
var directGrants = []string{
	directauth.GrantOTP, directauth.GrantMFAOTP, directauth.GrantOOB, directauth.GrantMFAOOB,
	directauth.GrantWebAuthn, directauth.GrantMFAWebAuthn, directauth.GrantMFARecoveryCode,
}

// firstGrants prove a first factor: what interaction codes begin with, at the
// authorization challenge endpoint.
var firstGrants = []string{directauth.GrantPassword, directauth.GrantOTP, directauth.GrantOOB, directauth.GrantWebAuthn}

// grantsKnown are all that the configuration may name.
var grantsKnown = slices.Concat([]string{
	oauth.GrantAuthorizationCode, oauth.GrantImplicit, grantDevice, grantCIBA, grantTokenExchange, grantJWTBearer, grantSAMLBearer,
	oauth.GrantInteractionCode, grantPasswordRealm, oauth.GrantClientCredentials, oauth.GrantRefreshToken, directauth.GrantPassword,
}, directGrants)

// What else has a name and is not there yet.
var (
	laterAuthMethods = []string{"client_secret_jwt", "private_key_jwt", "tls_client_auth", "self_signed_tls_client_auth"}
	laterStores      = []string{"mysql", "redis", "rediss"}
)

// methodsKnown are the names that a policy may ask for.
var methodsKnown = []string{"password", "totp", "sms", "voice", "email", "push", "webauthn", "recovery_codes"}

// scopeRecovery is built in: a token with it sets a new password. It is granted to who
// recovers an account, and to nobody else.
const scopeRecovery = "okta.myAccount.password.manage"
