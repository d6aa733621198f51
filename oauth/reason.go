package oauth

// The reasons this package gives. They are stable: dashboards and alerts may
// match on them.
const (
	// The request itself.
	ReasonMethod         Reason = "method"           // not the endpoint's HTTP method
	ReasonContentType    Reason = "content_type"     // not a form, or an unknown charset
	ReasonEncoding       Reason = "content_encoding" // a compressed body
	ReasonBodyTooLarge   Reason = "body_too_large"   // over 64 KiB
	ReasonBodyRead       Reason = "body_read"        // the body ended or failed early
	ReasonMalformedForm  Reason = "malformed_form"   // percent-encoding, ";", control characters, UTF-8
	ReasonMalformedJSON  Reason = "malformed_json"   // not an object of text, as the endpoint expects it
	ReasonRepeated       Reason = "parameter_repeated"
	ReasonTooMany        Reason = "parameters_too_many"
	ReasonMissing        Reason = "parameter_missing"
	ReasonMalformedValue Reason = "parameter_malformed"
	ReasonResponseType   Reason = "response_type_unsupported"
	ReasonResponseMode   Reason = "response_mode_unsupported"
	ReasonRequestObject  Reason = "request_object_unsupported"
	ReasonRequestTooLong Reason = "authorization_request_too_long"

	// The client.
	ReasonNoCredentials  Reason = "client_credentials_missing"
	ReasonTwoMethods     Reason = "client_two_methods"
	ReasonMalformedBasic Reason = "client_basic_malformed"
	ReasonUnknownClient  Reason = "client_unknown"
	ReasonDisabledClient Reason = "client_disabled"
	ReasonWrongMethod    Reason = "client_wrong_method"
	ReasonWrongSecret    Reason = "client_wrong_secret"
	ReasonClientMismatch Reason = "client_mismatch"
	ReasonClientLimited  Reason = "client_rate_limited"
	ReasonPublicClient   Reason = "client_public"
	ReasonClientRenewed  Reason = "client_registered_after_grant"

	// The grant.
	ReasonUnknownGrant     Reason = "grant_type_unknown"
	ReasonGrantNotFor      Reason = "grant_type_not_for_client"
	ReasonHandle           Reason = "handle_invalid"     // forged, cut, foreign, of another kind
	ReasonHandleKey        Reason = "handle_key_unknown" // made under a key that is gone
	ReasonNoRecord         Reason = "grant_unknown"      // swept, or never was
	ReasonState            Reason = "grant_state"        // not in a state in which the handle is good
	ReasonEnded            Reason = "grant_ended"
	ReasonExpired          Reason = "grant_expired"
	ReasonIdle             Reason = "grant_idle"
	ReasonSuperseded       Reason = "handle_superseded"           // an older step's handle
	ReasonReuse            Reason = "refresh_token_reused"        // the grant was ended
	ReasonStoreBehind      Reason = "store_behind_handle"         // the store lost writes; healed
	ReasonRace             Reason = "grant_race"                  // another request changed it first
	ReasonOtherTransaction Reason = "handle_of_other_transaction" // two handles that do not belong together
	ReasonCodeReused       Reason = "code_reused"                 // the grant was ended
	ReasonRedirectURI      Reason = "redirect_uri_mismatch"
	ReasonRedirectUnknown  Reason = "redirect_uri_unregistered"
	ReasonVerifier         Reason = "code_verifier_wrong"
	ReasonVerifierMissing  Reason = "code_verifier_missing"
	ReasonVerifierUnasked  Reason = "code_verifier_unasked" // the code has no challenge: a downgrade (RFC 9700 section 4.8.2)
	ReasonChallengeMissing Reason = "code_challenge_missing"
	ReasonChallengeMethod  Reason = "code_challenge_method" // not S256
	ReasonDenied           Reason = "denied_by_person"
	ReasonThirdParty       Reason = "grant_type_first_party_only"

	// Scope, target, subject, policy.
	ReasonScopeUnknown    Reason = "scope_unknown"
	ReasonScopeNotAllowed Reason = "scope_not_allowed"
	ReasonScopeExceeds    Reason = "scope_exceeds_grant"
	ReasonScopeMissing    Reason = "scope_missing"
	ReasonScopePerson     Reason = "scope_needs_person"
	ReasonScopeRecovery   Reason = "scope_and_recovery" // one of a recovery outside of one, or another inside
	ReasonTarget          Reason = "resource_unknown"
	ReasonTargetExceeds   Reason = "resource_exceeds_grant"
	ReasonUnknownSubject  Reason = "subject_unknown"
	ReasonInactiveSubject Reason = "subject_inactive"
	ReasonNotAssigned     Reason = "subject_not_assigned" // to the client
	ReasonSubjectEnded    Reason = "subject_ended"        // every grant of the subject was ended meanwhile
	ReasonParentEnded     Reason = "parent_ended"         // the session or the consent that the grant hangs on
	ReasonSubjectIsClient Reason = "subject_is_client"    // RFC 9068 section 5
	ReasonSenderKey       Reason = "sender_key"
	ReasonPolicy          Reason = "policy_denied"
	ReasonUnmetACR        Reason = "acr_unreachable"
	ReasonStepUp          Reason = "policy_step_up"
	ReasonNotRequired     Reason = "policy_one_factor" // nothing to attest
	ReasonAttestation     Reason = "attestation_not_here"
	ReasonAuthorization   Reason = "authorization_invalid" // a Grant built one that cannot be

	// Bearer tokens at our own endpoints.
	ReasonNoToken           Reason = "token_missing"
	ReasonTwoTokens         Reason = "token_two_transports"
	ReasonToken             Reason = "token_invalid"
	ReasonTokenExpired      Reason = "token_expired"
	ReasonTokenRevoked      Reason = "token_revoked"
	ReasonInsufficientScope Reason = "scope_insufficient"

	// Us.
	ReasonUnavailable Reason = "unavailable" // store, signer, host function; the cause says
)
