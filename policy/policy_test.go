package policy_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/mintyard/mintyard/policy"
)

var now = time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)

var (
	password = policy.Method{Name: "password", Types: policy.Knowledge, At: now}
	totp     = policy.Method{Name: "totp", Types: policy.Possession, At: now, Device: "phone"}
	sms      = policy.Method{Name: "sms", Types: policy.Possession, At: now, Device: "+15550100"}
	passkey  = policy.Method{Name: "webauthn", Types: policy.Possession | policy.Inherence, At: now, PhishingResistant: true, UserVerified: true}
	hardKey  = policy.Method{Name: "webauthn", Types: policy.Possession, At: now, PhishingResistant: true, Hardware: true}
)

// office is the example of the server's contract.
const office = `{"rules": [
	{"name": "contractors need a passkey", "if": {"groups": ["contractors"]}, "then": {"access": "allow", "require": [{"phishing_resistant": true}]}},
	{"name": "off the office network", "if": {"not_networks": ["10.0.0.0/8"]}, "then": {"access": "allow", "factors": 2, "max_age": "12h"}},
	{"name": "everyone else", "then": {"access": "allow", "factors": 1}}
]}`

func load(t testing.TB, document string) *policy.Policy {
	t.Helper()
	p := new(policy.Policy)
	require.NoError(t, json.Unmarshal([]byte(document), p))
	return p
}

func facts(edit func(f *policy.Facts)) *policy.Facts {
	f := &policy.Facts{Subject: "mia", Client: "app", GrantType: "password", Network: netip.MustParseAddr("10.1.2.3"), Now: now, AuthTime: now}
	edit(f)
	return f
}

func methods(m ...policy.Method) func(*policy.Facts) {
	return func(f *policy.Facts) { f.Methods = m }
}

func TestOffice(t *testing.T) {
	p := load(t, office)
	at := func(addr string, m ...policy.Method) func(*policy.Facts) {
		return func(f *policy.Facts) {
			f.Methods, f.Network = m, netip.Addr{}
			if addr != "" {
				f.Network = netip.MustParseAddr(addr)
			}
		}
	}
	for _, c := range []struct {
		name   string
		edit   func(*policy.Facts)
		access policy.Access
		rule   string
		reason string
	}{
		{"in the office", at("10.1.2.3", password), policy.Allow, "everyone else", policy.ReasonSatisfied},
		{"in the office, as IPv6 writes it", at("::ffff:10.1.2.3", password), policy.Allow, "everyone else", policy.ReasonSatisfied},
		{"nothing proved", at("10.1.2.3"), policy.StepUp, "everyone else", policy.ReasonUnsatisfied},
		{"elsewhere", at("192.0.2.1", password), policy.StepUp, "off the office network", policy.ReasonUnsatisfied},
		{"elsewhere with two", at("192.0.2.1", password, totp), policy.Allow, "off the office network", policy.ReasonSatisfied},
		{"two of one kind", at("192.0.2.1", totp, sms), policy.StepUp, "off the office network", policy.ReasonUnsatisfied},
		{"a passkey is two", at("192.0.2.1", passkey), policy.Allow, "off the office network", policy.ReasonSatisfied},
		{"a key that verified nobody is one", at("192.0.2.1", hardKey), policy.StepUp, "off the office network", policy.ReasonUnsatisfied},
		{"nobody knows where", at("", password, totp), policy.Deny, "off the office network", policy.ReasonUndecidable},
		{"IPv6", at("2001:db8::1", password, totp), policy.Allow, "off the office network", policy.ReasonSatisfied},
		{"an old password", func(f *policy.Facts) {
			old := password
			old.At = now.Add(-13 * time.Hour)
			f.Methods, f.Network = []policy.Method{old, totp}, netip.MustParseAddr("192.0.2.1")
		}, policy.StepUp, "off the office network", policy.ReasonUnsatisfied},
		{"old now, fresh when it was made", func(f *policy.Facts) {
			f.Methods, f.Network, f.Now = []policy.Method{password, totp}, netip.MustParseAddr("192.0.2.1"), now.Add(1000*time.Hour)
		}, policy.Allow, "off the office network", policy.ReasonSatisfied},
		{"contractor", func(f *policy.Facts) {
			f.Groups, f.Methods = []string{"x", "contractors"}, []policy.Method{password, totp}
		},
			policy.StepUp, "contractors need a passkey", policy.ReasonUnsatisfied},
		{"contractor who has none", func(f *policy.Facts) {
			f.Groups, f.AvailableKnown, f.Available = []string{"contractors"}, true, []policy.Method{totp}
		}, policy.Deny, "contractors need a passkey", policy.ReasonUnreachable},
		{"a machine", func(f *policy.Facts) { f.Subject = "" }, policy.Deny, "everyone else", policy.ReasonNoPerson},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := facts(c.edit)
			d := p.Decide(f)
			require.Equal(t, c.access, d.Access, "%+v", d)
			require.Equal(t, c.rule, d.Rule)
			require.Equal(t, c.reason, d.Reason)
			require.Equal(t, d.Access == policy.StepUp, len(d.Next) > 0)
			e, steps := p.Explain(f)
			require.Equal(t, d, e)
			require.Equal(t, c.rule, steps[len(steps)-1].Rule)
		})
	}
}

func TestNext(t *testing.T) {
	two := load(t, `{"rules":[{"name":"two","then":{"access":"allow","factors":2}}]}`)
	d := two.Decide(facts(func(f *policy.Facts) {
		f.Methods, f.AvailableKnown, f.Available = []policy.Method{password}, true, []policy.Method{totp, sms}
	}))
	require.Equal(t, [][]string{{"totp"}, {"sms"}}, d.Next)
	d = two.Decide(facts(func(f *policy.Facts) { f.AvailableKnown, f.Available = true, []policy.Method{password, totp} }))
	require.Equal(t, [][]string{{"password", "totp"}, {"totp", "password"}}, d.Next, "no single one would do")
	d = two.Decide(facts(func(f *policy.Facts) { f.AvailableKnown = true }))
	require.Equal(t, policy.ReasonUnreachable, d.Reason)
}

// One device counts once: SMS and voice to one number fall together.
func TestOneDevice(t *testing.T) {
	p := load(t, `{"rules":[{"name":"two","then":{"access":"allow","factors":2}}]}`)
	a, b := password, totp
	a.Device, b.Device = "phone", "phone"
	require.Equal(t, policy.StepUp, p.Decide(facts(methods(a, b))).Access)
	b.Device = "token"
	require.Equal(t, policy.Allow, p.Decide(facts(methods(a, b))).Access)
}

// Unknown facts never open a door, whichever way round the rule is written.
func TestUnknownDenies(t *testing.T) {
	for _, c := range []string{
		`"if":{"networks":["10.0.0.0/8"]},"then":{"access":"deny"}`, `"if":{"networks":["10.0.0.0/8"]},"then":{"access":"allow"}`,
		`"if":{"not_networks":["10.0.0.0/8"]},"then":{"access":"deny"}`, `"if":{"not_networks":["10.0.0.0/8"]},"then":{"access":"allow"}`,
		`"if":{"requester_networks":["10.0.0.0/8"]},"then":{"access":"deny"}`, `"if":{"risk":["high"]},"then":{"access":"deny"}`,
	} {
		p := load(t, `{"rules":[{"name":"first",`+c+`},{"name":"rest","then":{"access":"allow"}}]}`)
		f := facts(func(f *policy.Facts) { f.Network = netip.Addr{} })
		require.Equal(t, policy.ReasonUndecidable, p.Decide(f).Reason, c)
		_, steps := p.Explain(f)
		require.Equal(t, "undecidable", steps[0].Result)
		require.NotEmpty(t, steps[0].Fact)
		// Another condition that is false settles it.
		p = load(t, `{"rules":[{"name":"first",`+c[:6]+`"users":["tom"],`+c[6:]+`},{"name":"rest","then":{"access":"allow"}}]}`)
		require.Equal(t, policy.Allow, p.Decide(f).Access, c)
	}
	none, err := policy.New(policy.Rule{Name: "tom", If: policy.Condition{Users: []string{"tom"}}, Then: policy.Outcome{Access: policy.Allow}})
	require.NoError(t, err)
	require.Equal(t, policy.ReasonNoRule, none.Decide(facts(methods(password))).Reason)
	require.Equal(t, policy.Deny, new(policy.Policy).Decide(facts(methods(password))).Access, "the zero policy denies")
}

func TestCombine(t *testing.T) {
	allow := policy.Decision{Access: policy.Allow, Rule: "a", AccessTokenTTL: time.Hour}
	step := policy.Decision{Access: policy.StepUp, Rule: "s", Next: [][]string{{"totp"}, {"sms"}}, AccessTokenTTL: time.Minute}
	deny := policy.Decision{Access: policy.Deny, Rule: "d"}
	for _, c := range []struct {
		a, b   policy.Decision
		access policy.Access
		rule   string
		ttl    time.Duration
	}{{allow, step, policy.StepUp, "s", time.Minute}, {step, allow, policy.StepUp, "s", time.Minute},
		{step, deny, policy.Deny, "d", time.Minute}, {deny, allow, policy.Deny, "d", time.Hour}, {allow, allow, policy.Allow, "a", time.Hour}} {
		d := policy.Combine(c.a, c.b)
		require.Equal(t, c.access, d.Access)
		require.Equal(t, c.rule, d.Rule)
		require.Equal(t, c.ttl, d.AccessTokenTTL)
	}
	other := policy.Decision{Access: policy.StepUp, Next: [][]string{{"sms"}, {"email"}}}
	require.Equal(t, [][]string{{"sms"}}, policy.Combine(step, other).Next, "what satisfies both")
}

func TestACR(t *testing.T) {
	for _, c := range []struct {
		acr string
		m   []policy.Method
		ok  bool
	}{
		{policy.ACROneFactor, nil, false}, {policy.ACROneFactor, []policy.Method{totp}, true},
		{policy.ACRPassword, []policy.Method{totp}, false}, {policy.ACRPassword, []policy.Method{password}, true},
		{policy.ACRTwoFactors, []policy.Method{password}, false}, {policy.ACRTwoFactors, []policy.Method{password, sms}, true},
		{policy.ACRTwoIfPossible, []policy.Method{password}, true},
		{policy.ACRPhishingResistant, []policy.Method{password, totp}, false}, {policy.ACRPhishingResistant, []policy.Method{passkey}, true},
		{policy.ACRHardware, []policy.Method{passkey}, false}, {policy.ACRHardware, []policy.Method{hardKey}, true},
	} {
		known, ok := policy.Satisfies(c.acr, c.m)
		require.True(t, known)
		require.Equal(t, c.ok, ok, "%s %v", c.acr, c.m)
		require.NotNil(t, policy.ForACR(c.acr))
		require.Contains(t, policy.ACRs(), c.acr)
	}
	known, ok := policy.Satisfies("nobody:knows", []policy.Method{passkey})
	require.False(t, known || ok)
}

func TestAMR(t *testing.T) {
	email := policy.Method{Name: "email", Types: policy.Possession}
	for want, m := range map[string][]policy.Method{
		"[]": nil, "[pwd]": {password}, "[otp]": {totp}, "[pwd otp mfa]": {password, totp}, "[otp sms]": {totp, sms}, "[otp]:twice": {totp, totp},
		"[pop swk user mfa]": {passkey}, "[pop hwk]": {hardKey}, "[pwd pop hwk mfa]": {password, hardKey}, "[email]": {email},
		"[otp]:hotp": {{Name: "hotp", Types: policy.Possession}}, "[otp]:list": {{Name: "recovery_codes", Types: policy.Possession}},
		"[kba]": {{Name: "question", Types: policy.Knowledge}}, "[pwd kba]": {password, {Name: "question", Types: policy.Knowledge}},
		"[tel]": {{Name: "voice", Types: policy.Possession}}, "[swk]": {{Name: "push", Types: policy.Possession}},
	} {
		want, _, _ = cut(want)
		require.Equal(t, want, fmt.Sprint(policy.AMR(m)))
	}
}

func cut(s string) (string, string, bool) {
	for i := range s {
		if s[i] == ']' {
			return s[:i+1], s[i+1:], true
		}
	}
	return s, "", false
}

// More proof never takes access away, and to know less never gives it.
func TestMetamorphic(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	pool := []policy.Method{password, totp, sms, passkey, hardKey}
	for range 3000 {
		p := randomPolicy(r)
		f := facts(func(f *policy.Facts) {
			f.Groups = [][]string{nil, {"a"}, {"b"}, {"a", "b"}}[r.IntN(4)]
			f.Risk = policy.Risk(r.IntN(4))
			for range r.IntN(3) {
				f.Methods = append(f.Methods, pool[r.IntN(len(pool))])
			}
			f.Network = []netip.Addr{netip.MustParseAddr("10.0.0.1"), netip.MustParseAddr("192.0.2.1")}[r.IntN(2)]
		})
		if p.Decide(f).Access == policy.Allow {
			more := *f
			more.Methods = append(append([]policy.Method{}, f.Methods...), pool[r.IntN(len(pool))])
			require.Equal(t, policy.Allow, p.Decide(&more).Access, "%+v", more)
		}
		less := *f
		less.Network = netip.Addr{}
		if p.Decide(&less).Access == policy.Allow {
			for _, a := range []string{"10.0.0.1", "192.0.2.1"} {
				less.Network = netip.MustParseAddr(a)
				require.Equal(t, policy.Allow, p.Decide(&less).Access)
			}
		}
	}
}

func randomPolicy(r *rand.Rand) *policy.Policy {
	nets := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}
	var rules []policy.Rule
	for i := range 1 + r.IntN(4) {
		rule := policy.Rule{Name: fmt.Sprint(i), Then: policy.Outcome{Access: policy.Access(r.IntN(2))}}
		switch r.IntN(4) {
		case 0:
			rule.If.Groups = []string{"a"}
		case 1:
			rule.If.Networks = nets
		case 2:
			rule.If.NotNetworks = nets
		case 3:
			rule.If.Risk = []policy.Risk{policy.RiskHigh}
		}
		if rule.Then.Access == policy.Allow {
			rule.Then.Factors = r.IntN(3)
			if r.IntN(3) == 0 {
				rule.Then.Require = []policy.Requirement{{PhishingResistant: true}, {Types: []string{"knowledge"}}}
			}
		}
		rules = append(rules, rule)
	}
	p, err := policy.New(rules...)
	if err != nil {
		panic(err)
	}
	return p
}
