package oauth

import (
	"time"

	"github.com/mintyard/mintyard/policy"
)

// lifetimes decides how long the access token and the grant live, in Unix seconds.
type lifetimes struct {
	token   int64 // end of the access token
	ends    int64 // absolute end of the grant; 0: never
	idle    int64 // seconds; 0: none
	refresh bool  // there is a refresh token
}

// recoveryTTL is the longest life of a token with which a password is set.
const recoveryTTL = 10 * time.Minute

func (s *Server) lifetimes(a *Authorization, d policy.Decision) lifetimes {
	now := a.req.Time.Unix()
	ttl := s.config.AccessToken.TTL
	if a.client.AccessTokenTTL > 0 {
		ttl = a.client.AccessTokenTTL
	}
	if d.AccessTokenTTL > 0 && d.AccessTokenTTL < ttl {
		ttl = d.AccessTokenTTL
	}
	l := lifetimes{token: now + int64(ttl/time.Second)}
	switch a.origin.step {
	case stepStateless:
		return l
	case stepBirth, stepPromote, stepRedeem:
		if a.Attestation {
			return lifetimes{token: now, ends: now}
		}
		if a.Recovery {
			l.token = min(l.token, now+int64(recoveryTTL/time.Second))
			l.ends = l.token
			return l
		}
		l.refresh = contains(a.Scopes, ScopeOfflineAccess) && contains(a.client.GrantTypes, GrantRefreshToken)
		if !l.refresh {
			l.ends = l.token
			return l
		}
		config := s.refreshConfig(a)
		absolute := config.Absolute
		if d.RefreshTokenTTL > 0 && (absolute == 0 || d.RefreshTokenTTL < absolute) {
			absolute = d.RefreshTokenTTL
		}
		if absolute > 0 {
			l.ends = now + int64(absolute/time.Second)
		}
		l.idle = int64(config.Idle / time.Second)
	default:
		l.refresh, l.ends, l.idle = true, a.origin.record.Ends, a.origin.record.Idle
	}
	// Nothing outlives its grant.
	if l.ends != 0 {
		l.token = min(l.token, l.ends)
	}
	if l.idle != 0 {
		l.token = min(l.token, now+l.idle)
	}
	return l
}

// refreshConfig is the configuration of refresh tokens that holds for a client.
func (s *Server) refreshConfig(a *Authorization) RefreshConfig {
	c := s.refresh
	if a.client.Refresh != nil {
		c = a.client.Refresh.resolve()
	}
	if a.client.Public() && a.Confirmation == (Confirmation{}) {
		c.Persistent = false // RFC 9700 section 2.2.2
	}
	return c
}
