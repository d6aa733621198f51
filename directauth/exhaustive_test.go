package directauth_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/mintyard/mintyard/directauth"
	"github.com/mintyard/mintyard/oauth"
	"github.com/mintyard/mintyard/policy"
)

// universe is a small world in which every sequence of steps is tried: what
// mia really proves is known here, and not taken from the server.
type universe struct {
	*kit
	recovery string
}

// aStep is one thing that an app does. The further ones go on with an mfa_token.
type aStep struct {
	name   string
	proves *policy.Method // nil: nothing, although it looks like it
	first  func(u *universe, client string) answer
	more   func(u *universe, client, mfa string) answer
}

var (
	pwdFact  = policy.Method{Name: "password", Types: policy.Knowledge}
	otpFact  = policy.Method{Name: "totp", Types: policy.Possession, Device: "app"}
	smsFact  = policy.Method{Name: "sms", Types: policy.Possession, Device: "number"}
	pushFact = policy.Method{Name: "push", Types: policy.Possession, Device: "phone"}
	keyFact  = policy.Method{Name: "webauthn", Types: policy.Possession | policy.Inherence, PhishingResistant: true, UserVerified: true, Device: "key"}
	codeFact = policy.Method{Name: "recovery_codes", Types: policy.Possession, Device: "sheet"}
)

var universeSteps = []aStep{
	{"password", &pwdFact,
		func(u *universe, client string) answer { return u.password(client, "mia", password, "scope", "openid") },
		func(u *universe, client, mfa string) answer {
			return u.post(tokenPath, "client_id", client, "grant_type", directauth.GrantPassword, "mfa_token", mfa, "password", password)
		}},
	{"wrong password", nil,
		func(u *universe, client string) answer { return u.password(client, "mia", "wrong", "scope", "openid") },
		func(u *universe, client, mfa string) answer {
			return u.post(tokenPath, "client_id", client, "grant_type", directauth.GrantPassword, "mfa_token", mfa, "password", "wrong")
		}},
	{"otp", &otpFact,
		func(u *universe, client string) answer { return u.otp(client, "mia", u.code(), "scope", "openid") },
		func(u *universe, client, mfa string) answer { return u.mfa(client, mfa, u.code()) }},
	{"sms", &smsFact,
		func(u *universe, client string) answer {
			a := u.start(client, "mia", "sms")
			return u.oob(client, a.text("oob_code"), u.sent().Code, "scope", "openid")
		},
		func(u *universe, client, mfa string) answer {
			a := u.challenge(client, mfa, directauth.GrantMFAOOB, "sms")
			if a.status != http.StatusOK {
				return a
			}
			return u.mfaOOB(client, mfa, a.text("oob_code"), u.sent().Code)
		}},
	{"push", &pushFact,
		func(u *universe, client string) answer {
			a := u.start(client, "mia", "push")
			u.approve(a.text("binding_code"))
			return u.oob(client, a.text("oob_code"), "", "scope", "openid")
		},
		func(u *universe, client, mfa string) answer {
			a := u.challenge(client, mfa, directauth.GrantMFAOOB, "push")
			if a.status != http.StatusOK {
				return a
			}
			u.approve(a.text("binding_code"))
			return u.mfaOOB(client, mfa, a.text("oob_code"), "")
		}},
	{"push that nobody answers", nil,
		func(u *universe, client string) answer {
			return u.oob(client, u.start(client, "mia", "push").text("oob_code"), "", "scope", "openid")
		},
		func(u *universe, client, mfa string) answer {
			a := u.challenge(client, mfa, directauth.GrantMFAOOB, "push")
			if a.status != http.StatusOK {
				return a
			}
			return u.mfaOOB(client, mfa, a.text("oob_code"), "")
		}},
	{"passkey", &keyFact,
		func(u *universe, client string) answer {
			return u.passkey(client, assertion(u.startPasskey(client, "mia")))
		},
		func(u *universe, client, mfa string) answer {
			a := u.challenge(client, mfa, directauth.GrantMFAWebAuthn, "")
			if a.status != http.StatusOK {
				return a
			}
			return u.mfaPasskey(client, mfa, assertion(a))
		}},
	{"recovery code", &codeFact, nil,
		func(u *universe, client, mfa string) answer {
			a := u.recover(client, mfa, u.recovery)
			if next := a.text("recovery_code"); next != "" {
				u.recovery = next
			}
			return a
		}},
}

// TestNoSequenceYieldsWhatPolicyRefuses tries every sequence of two or three steps,
// quick and slow, with clients of every policy. A token comes exactly when the
// policy, asked afresh about what was really proved, allows it.
func TestNoSequenceYieldsWhatPolicyRefuses(t *testing.T) {
	rule := func(name string, then policy.Outcome) *policy.Policy {
		then.Access = policy.Allow
		p, err := policy.New(policy.Rule{Name: name, Then: then})
		require.NoError(t, err)
		return p
	}
	deny, err := policy.New(policy.Rule{Name: "deny", Then: policy.Outcome{Access: policy.Deny}})
	require.NoError(t, err)
	policies := map[string]*policy.Policy{
		"one-factor":  rule("one", policy.Outcome{Factors: 1}),
		"two-factors": rule("two", policy.Outcome{Factors: 2}),
		"phishing":    rule("phishing", policy.Outcome{Require: []policy.Requirement{{PhishingResistant: true}}}),
		"with-push":   rule("push", policy.Outcome{Factors: 2, Require: []policy.Requirement{{Methods: []string{"push"}}}}),
		"sms-or-otp":  rule("either", policy.Outcome{Require: []policy.Requirement{{Methods: []string{"sms"}}, {Methods: []string{"totp"}}}}),
		"fresh":       rule("fresh", policy.Outcome{Factors: 2, MaxAge: 3 * time.Minute}),
		"never":       deny,
	}
	k := newKit(t)
	k.passkeys.owner = "mia"
	for name, p := range policies {
		k.clients[name] = &oauth.Client{ID: name, AuthMethod: oauth.AuthNone, GrantTypes: allGrants, SignIn: p}
	}
	u := &universe{kit: k, recovery: recoveryCode}
	ends := make(map[outcome]int)
	for client, p := range policies {
		depth := 2
		if client == "with-push" || client == "fresh" { // where a third factor can matter
			depth = 3
		}
		u.walk(nil, depth, func(sequence []move) outcome {
			o := u.try(t, client, p, sequence)
			ends[o]++
			return o
		})
	}
	t.Logf("%d sequences granted, %d refused, %d that asked for more", ends[granted], ends[refused], ends[open])
	require.Greater(t, ends[granted], 150)
	require.Greater(t, ends[refused], 200)
	require.Greater(t, ends[open], 100)
}

// outcome is how the last step of a sequence ended.
type outcome byte

const (
	refused outcome = iota // for good
	granted
	open // more can follow
)

// move is a step, and how long the app waits before it.
type move struct {
	step *aStep
	wait time.Duration
}

// walk tries every sequence of at most n more moves, as far as they go on.
func (u *universe) walk(prefix []move, n int, try func([]move) outcome) {
	if n == 0 {
		return
	}
	for i := range universeSteps {
		s := &universeSteps[i]
		if len(prefix) == 0 && s.first == nil {
			continue
		}
		for _, wait := range []time.Duration{30 * time.Second, 4 * time.Minute} {
			if wait > time.Minute && len(prefix) == 0 {
				break
			}
			if m := append(prefix[:len(prefix):len(prefix)], move{s, wait}); try(m) == open {
				u.walk(m, n-1, try)
			}
		}
	}
}

// try runs one sequence, all of whose steps but the last leave it open.
func (u *universe) try(t *testing.T, client string, p *policy.Policy, sequence []move) outcome {
	u.advance(3 * time.Hour) // whatever was capped or locked by the sequence before is over
	u.mu.Lock()
	u.events, u.outbox = nil, nil
	u.mu.Unlock()
	var proved []policy.Method
	var names []string
	mfa := ""
	for i, m := range sequence {
		last := i == len(sequence)-1
		names = append(names, fmt.Sprint(m.step.name, " after ", m.wait))
		u.advance(m.wait)
		var a answer
		if i == 0 {
			a = m.step.first(u, client)
		} else {
			a = m.step.more(u, client, mfa)
		}
		what := client + ": " + strings.Join(names, ", then ") + ": " + a.raw
		require.Less(t, a.status, 500, what)
		now := proved
		if m.step.proves != nil {
			fact := *m.step.proves
			fact.At = u.Now()
			now = append(proved[:len(proved):len(proved)], fact)
		}
		d := p.Decide(&policy.Facts{
			Subject: "mia", Groups: []string{"staff"}, Client: client, GrantType: "x", Methods: now, AuthTime: u.Now(), Now: u.Now(),
		})
		if a.status == http.StatusOK && a.body["access_token"] != nil {
			require.NotNil(t, m.step.proves, what)
			require.Equal(t, policy.Allow, d.Access, "granted, and the policy would refuse: %s", what)
			require.ElementsMatch(t, policy.AMR(now), u.claims(a, client).AMR, what)
			require.True(t, last, what)
			return granted
		}
		for _, name := range []string{"access_token", "id_token", "refresh_token"} {
			require.NotContains(t, a.body, name, what)
		}
		switch {
		case a.text("error") == directauth.CodeMFARequired:
			require.NotNil(t, m.step.proves, what)
			require.NotEqual(t, policy.Allow, d.Access, "refused, and the policy would allow: %s", what)
			proved, mfa = now, a.text("mfa_token")
		case mfa != "" && (a.text("error") == "invalid_grant" || a.text("error") == directauth.CodePending):
			// a wrong entry: the sign-in goes on, unless it has expired meanwhile
		default:
			return refused
		}
	}
	return open
}
