// Package directauth lets a trusted app sign a person in without a browser: the
// app sends what the person proves, factor by factor and in the order it likes,
// to the token endpoint, and gets tokens once the sign-in policy is satisfied.
// Until then it is told mfa_required, and what would do.
//
//	direct, err := directauth.New(directauth.Config{Users: users, Password: password, OTP: totp})
//	server, err := oauth.New(oauth.Config{
//		Grants: append(direct.Grants(), oauth.RefreshToken()),
//		StepUp: direct,
//		…
//	})
//
// The wire is Okta's: existing clients of its direct authentication work
// unchanged where the server uses [oauth.OktaPaths].
//
// RFC 9700 section 2.4 says that the password grant must not be used, for good
// reasons: the app sees the password. Direct grants are for apps that are as
// trusted as the server itself. A client has none of them unless its GrantTypes
// list them.
package directauth
