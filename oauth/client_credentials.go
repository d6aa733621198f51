package oauth

import "context"

// ClientCredentials returns the client_credentials grant (RFC 6749 section 4.4):
// a client asks for itself. It writes nothing to the store, and gives no refresh
// token and nothing about a person.
func ClientCredentials() Grant { return clientCredentials{} }

type clientCredentials struct{}

func (clientCredentials) Type() string { return GrantClientCredentials }

func (clientCredentials) Authorize(_ context.Context, r *TokenRequest) (*Authorization, error) {
	if r.Client.Public() {
		return nil, errGrantNotFor
	}
	a, err := r.NewAuthorization()
	if err != nil {
		return nil, err
	}
	a.origin.step = stepStateless
	return a, nil
}
