package oidc

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"net/url"
	"time"

	"github.com/mintyard/mintyard/oauth"
	"github.com/mintyard/mintyard/oauth/token"
	"github.com/mintyard/mintyard/store"
)

// notices carry word to clients that a session is over (OpenID Connect Back-Channel
// Logout): it is written down before the end is, and tried until the client has heard.
type notices interface {
	// Keep writes a notice down. The same id again changes nothing. The receiver says
	// who holds up whom: an origin.
	Keep(ctx context.Context, id [16]byte, receiver string, payload []byte) error

	// Send has notices tried now, without waiting for what becomes of it.
	Send(ids ...[16]byte)
}

// notice is what is kept. The token is made when it is sent: it lives two minutes.
type notice struct {
	Client  string `json:"c"`
	Subject string `json:"s"`
	SID     string `json:"i"`
	Since   int64  `json:"t"` // Unix seconds when the client joined the session
}

// noticeEnd writes down that the clients of a session are to be told, and returns the
// ids of the notices. It may be asked again.
func (p *Provider) noticeEnd(ctx context.Context, id [16]byte, was *sessionRecord) (ids [][16]byte, err error) {
	if p.notices == nil {
		return nil, nil
	}
	for _, sc := range was.Clients {
		c, err := p.noticed(ctx, sc.ID, sc.Since)
		if err != nil {
			return nil, err
		}
		if c == nil {
			continue
		}
		key := store.Digest("logout notice", string(id[:]), sc.ID)
		payload, err := json.Marshal(&notice{sc.ID, was.Subject, sc.SID, sc.Since})
		if err != nil {
			return nil, err
		}
		if err := p.notices.Keep(ctx, key, receiver(c), payload); err != nil {
			return nil, err
		}
		ids = append(ids, key)
	}
	return ids, nil
}

// noticed is the client if it is told of the ends of sessions; nil if it is not, or if
// its id has been somebody else's when it joined.
func (p *Provider) noticed(ctx context.Context, id string, since int64) (*oauth.Client, error) {
	c, err := p.logoutClient(ctx, id)
	switch {
	case errors.Is(err, errLogoutClient):
		return nil, nil
	case err != nil:
		return nil, err
	case oauth.CheckWebURL(c.OpenID.BackchannelLogoutURI) != nil || receiver(c) == "":
		return nil, nil
	case !c.Registered.IsZero() && since < c.Registered.Unix():
		return nil, nil
	}
	return c, nil
}

// receiver is the origin of the client's back channel: many clients may share a host
// that does not answer. One that is longer than any name is nobody's.
func receiver(c *oauth.Client) string {
	at := origin(c.OpenID.BackchannelLogoutURI)
	if len(at) > maxReceiver {
		return ""
	}
	return at
}

const maxReceiver = 256

// post sends a form. Nil says that the answer is a good one: 200, or 204 of some.
type post func(ctx context.Context, url, contentType string, body []byte) error

// errNoticeDamaged is no reason to try again.
var errNoticeDamaged = errors.New("oidc: the notice of a logout cannot be read")

// tell makes one attempt at a notice (sections 2.5 and 2.8).
func (p *Provider) tell(ctx context.Context, payload []byte, post post) error {
	var n notice
	if json.Unmarshal(payload, &n) != nil {
		return errNoticeDamaged
	}
	c, err := p.noticed(ctx, n.Client, n.Since)
	if err != nil || c == nil {
		return err
	}
	logoutToken, err := p.logoutToken(c, &n)
	if err != nil {
		return err
	}
	body := url.Values{"logout_token": {logoutToken}}.Encode()
	return post(ctx, c.OpenID.BackchannelLogoutURI, "application/x-www-form-urlencoded", []byte(body))
}

// logoutTokenTTL is how long a logout token is good (section 2.4 advises two minutes at most).
const logoutTokenTTL = 2 * time.Minute

// logoutToken is what the client is told (section 2.4), signed and encrypted as its ID
// tokens are. It is of a type of its own and
// has no nonce, so that nobody takes it for an ID token. Every attempt has a jti of its
// own: a client that has heard, and whose answer was lost, is not to take the next one
// for a replay.
func (p *Provider) logoutToken(c *oauth.Client, n *notice) (string, error) {
	key := p.server.Config().Keys.Signing.Active(cmp.Or(c.OpenID.IDTokenAlgorithm, p.config.IDTokenAlgorithm))
	if key == nil {
		return "", errNoKey
	}
	sub, err := p.SubjectFor(c, n.Subject)
	if err != nil {
		return "", err
	}
	now := p.server.Now()
	claims, err := json.Marshal(map[string]any{
		"iss": p.server.Config().Issuer, "aud": c.ID, "iat": now.Unix(), "exp": now.Add(logoutTokenTTL).Unix(), "jti": rand.Text(),
		"sub": sub, "sid": n.SID, "events": map[string]any{eventLogout: struct{}{}},
	})
	if err != nil {
		return "", err
	}
	out, err := key.AppendSigned(nil, token.TypeLogoutToken, claims)
	if e := c.OpenID.IDTokenEncryption; err == nil && e != (oauth.Encryption{}) {
		out, err = appendEncrypted(nil, c, e, out)
	}
	return string(out), err
}

const eventLogout = "http://schemas.openid.net/event/backchannel-logout"
