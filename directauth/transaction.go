package directauth

import (
	"context"
	"encoding/json"
	"errors"
	"slices"

	"github.com/mintyard/mintyard/authenticator/proving"
	"github.com/mintyard/mintyard/oauth"
	"github.com/mintyard/mintyard/oauth/token"
)

// transaction is what a sign-in must remember between two steps besides what was
// proved: the Data of its authorization.
type transaction struct {
	proving.Step

	// Associating is the authenticator that waits to be confirmed by this sign-in, as
	// the dialect that has this names it, and Salt goes into the recovery codes that
	// were given out with it.
	Associating string `json:"e,omitempty"`
	Salt        string `json:"s,omitempty"`

	// choice is the id of the authenticator that the app has chosen for a challenge.
	choice string

	// named is who was named, also if that person is suspended.
	named string
}

func load(a *oauth.Authorization) (t transaction, err error) {
	if a.Data == "" {
		return t, nil
	}
	if json.Unmarshal([]byte(a.Data), &t) != nil {
		return t, errData
	}
	return t, nil
}

var errData = errors.New("directauth: the data of a transaction cannot be read")

func (t transaction) save(a *oauth.Authorization) error {
	if t == (transaction{}) {
		a.Data = ""
		return nil
	}
	b, err := json.Marshal(t)
	a.Data = string(b)
	return err
}

// resume continues a sign-in by its mfa_token.
func (d *Direct) resume(ctx context.Context, r *oauth.TokenRequest, handle string) (*oauth.Authorization, transaction, error) {
	a, err := r.Resume(ctx, token.HandleMFA, handle)
	if err != nil {
		return nil, transaction{}, resumeError(err)
	}
	if len(a.Methods) == 0 {
		return nil, transaction{}, errOver // an auth_session of which nothing is proved: there is no step to go on from
	}
	if err := unchanged(r, a); err != nil {
		return nil, transaction{}, err
	}
	if err := d.sameAudience(r, a); err != nil {
		return nil, transaction{}, err
	}
	t, err := load(a)
	return a, t, err
}

// unchanged holds a later step to what the first one asked for. What is not sent
// again is not changed; lists are compared as sets.
func unchanged(r *oauth.TokenRequest, a *oauth.Authorization) error {
	if s := r.Param("scope"); s != "" && !sameSet(slices.Collect(r.Words("scope")), a.Scopes) {
		return errScopeChanged
	}
	if s := r.Param("acr_values"); s != "" && !sameSet(slices.Collect(r.Words("acr_values")), a.ACRValues) {
		return errACRChanged
	}
	recovery, said, err := intent(r)
	if err != nil {
		return err
	}
	if said && recovery != a.Recovery {
		return errIntentChanged
	}
	return r.NarrowResources(a)
}

func sameSet(a, b []string) bool {
	within := func(a, b []string) bool {
		return !slices.ContainsFunc(a, func(s string) bool { return !slices.Contains(b, s) })
	}
	return within(a, b) && within(b, a)
}

// intent reads what the sign-in is for. Two signals of two clients mean the
// recovery of a password; any other prompt is for pages, and none of ours.
func intent(r *oauth.TokenRequest) (recovery, said bool, err error) {
	switch r.Param("intent") {
	case "":
	case "recovery":
		return true, true, nil
	default:
		return false, false, errIntent
	}
	if r.Param("prompt") == "recover_authenticator" {
		return true, true, nil
	}
	return false, false, nil
}
