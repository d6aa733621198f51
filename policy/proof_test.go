package policy_test

import (
	"fmt"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/mintyard/mintyard/policy"
)

// What proof counts as, against what a rule asks for.
func TestProof(t *testing.T) {
	with := func(m policy.Method, edit func(*policy.Method)) policy.Method { edit(&m); return m }
	unverified := with(passkey, func(m *policy.Method) { m.UserVerified = false })
	finger := policy.Method{Name: "finger", Types: policy.Inherence, At: now}
	nothing := policy.Method{Name: "x", At: now}
	two, phr := `"factors":2`, `"require":[{"phishing_resistant":true}]`
	for _, c := range []struct {
		then string
		m    []policy.Method
		ok   bool
	}{
		{two, []policy.Method{passkey}, true},
		{two, []policy.Method{unverified}, false},
		{two, []policy.Method{unverified, totp}, false}, // two things the person has
		{two, []policy.Method{unverified, password}, true},
		{two, []policy.Method{unverified, finger}, true},
		{two, []policy.Method{with(password, func(m *policy.Method) { m.Types |= policy.Inherence }), password}, false},
		{two, []policy.Method{nothing, nothing}, false},
		{two, []policy.Method{nothing, password}, false},
		{two, []policy.Method{password, password}, false},
		{two, []policy.Method{sms, with(sms, func(m *policy.Method) { m.Name = "voice" })}, false}, // one number
		{two, []policy.Method{with(totp, func(m *policy.Method) { m.Device = "" }), password}, true},
		{`"factors":1`, []policy.Method{nothing}, true},
		{`"require":[{"types":["inherence"]}]`, []policy.Method{unverified}, false},
		{`"require":[{"types":["inherence"]}]`, []policy.Method{passkey}, true},
		{`"require":[{"types":["possession"]}]`, []policy.Method{unverified}, true},
		{`"require":[{"hardware":true,"phishing_resistant":true}]`, []policy.Method{passkey, with(totp, func(m *policy.Method) { m.Hardware = true })}, false}, // one must be both
		{`"require":[{"hardware":true},{"methods":["totp"]}]`, []policy.Method{totp}, true},
		{two + `,` + phr, []policy.Method{password, totp}, false}, // both must hold
		{two + `,` + phr, []policy.Method{hardKey}, false},
		{two + `,` + phr, []policy.Method{hardKey, password}, true},
		// S09: freshness is of each method that counts, not of the sign-in.
		{phr + `,"max_age":"5m"`, []policy.Method{with(passkey, func(m *policy.Method) { m.At = now.Add(-time.Hour) }), password}, false},
		{phr + `,"max_age":"5m"`, []policy.Method{with(passkey, func(m *policy.Method) { m.At = now.Add(-5 * time.Minute) })}, true},
		{two + `,"max_age":"5m"`, []policy.Method{with(password, func(m *policy.Method) { m.At = time.Time{} }), totp}, false}, // nobody says when
		// The same where one alternative alone asks for it: an old passkey and a new password.
		{`"require":[{"phishing_resistant":true,"max_age":"5m"}]`, []policy.Method{with(passkey, func(m *policy.Method) { m.At = now.Add(-time.Hour) }), password}, false},
		{`"require":[{"phishing_resistant":true,"max_age":"5m"}]`, []policy.Method{passkey}, true},
		{`"require":[{"phishing_resistant":true,"max_age":"5m"},{"methods":["totp"]}]`, []policy.Method{with(passkey, func(m *policy.Method) { m.At = now.Add(-time.Hour) }), with(totp, func(m *policy.Method) { m.At = now.Add(-time.Hour) })}, true},
		{`"require":[{"phishing_resistant":true,"max_age":"5m"}]`, []policy.Method{with(passkey, func(m *policy.Method) { m.At = time.Time{} })}, false},
		{`"require":[{"phishing_resistant":true,"max_age":"2h"}],"max_age":"1h"`, []policy.Method{with(passkey, func(m *policy.Method) { m.At = now.Add(-90 * time.Minute) })}, false}, // the shorter of the two
		{two + `,"require":[{"methods":["totp"],"max_age":"5m"}]`, []policy.Method{with(password, func(m *policy.Method) { m.At = now.Add(-time.Hour) }), totp}, true},
		{`"require":[{"max_age":"5m"}]`, []policy.Method{password}, true},
		{`"require":[{"max_age":"5m"}]`, []policy.Method{with(password, func(m *policy.Method) { m.At = now.Add(-time.Hour) })}, false},
		// An age alone is the age of something.
		{`"max_age":"5m"`, nil, false},
		{`"max_age":"5m"`, []policy.Method{password}, true},
		{`"max_age":"5m"`, []policy.Method{with(password, func(m *policy.Method) { m.At = now.Add(-time.Hour) })}, false},
	} {
		p := load(t, `{"rules":[{"name":"a","then":{"access":"allow",`+c.then+`}}]}`)
		require.Equal(t, c.ok, p.Decide(facts(methods(c.m...))).Access == policy.Allow, "%s %+v", c.then, c.m)
	}
}

// What "mfa" says is what a rule with two factors says.
func TestMFAIsTruthful(t *testing.T) {
	two := load(t, `{"rules":[{"name":"a","then":{"access":"allow","factors":2}}]}`)
	device := []string{"", "a", "b"}
	for n := range 1 << 10 {
		var m []policy.Method
		for i := n; i > 0; i >>= 5 {
			m = append(m, policy.Method{Name: "x", Types: policy.Type(i & 7), UserVerified: i&8 != 0, Device: device[i>>4&1+i>>3&1], At: now})
		}
		mfa := slices.Contains(policy.AMR(m), "mfa")
		require.Equal(t, two.Decide(facts(methods(m...))).Access == policy.Allow, mfa, "%+v", m)
		known, ok := policy.Satisfies(policy.ACRTwoFactors, m)
		require.True(t, known)
		require.Equal(t, mfa, ok)
	}
}

// A rule that asks how old a proof is cannot be answered by who has no clock.
func TestNoTime(t *testing.T) {
	for _, then := range []string{`"factors":1,"max_age":"5m"`, `"max_age":"5m"`, `"require":[{"methods":["password"],"max_age":"5m"}]`} {
		p := load(t, `{"rules":[{"name":"a","then":{"access":"allow",`+then+`}}]}`)
		for _, at := range []time.Time{{}, now} {
			d := p.Decide(&policy.Facts{Subject: "mia", Methods: []policy.Method{{Name: "password", Types: policy.Knowledge, At: at}}})
			require.Equal(t, [3]string{"deny", policy.ReasonUndecidable, "now"}, [3]string{d.Access.String(), d.Reason, d.Fact}, then)
		}
	}
}

// A proof of which nobody says when it was made is older than any age.
func TestProofWithoutTime(t *testing.T) {
	p, err := policy.New(policy.Rule{Name: "a", Then: policy.Outcome{Access: policy.Allow, Factors: 1, MaxAge: math.MaxInt64}})
	require.NoError(t, err)
	require.Equal(t, policy.StepUp, p.Decide(facts(methods(policy.Method{Name: "password", Types: policy.Knowledge}))).Access)
	require.Equal(t, policy.Allow, p.Decide(facts(methods(password))).Access)
}

// A client that asks for itself proves nothing: a rule that wants proof denies it,
// also where it forges what it could prove.
func TestMachine(t *testing.T) {
	machine := func(f *policy.Facts) { f.Subject, f.AvailableKnown, f.Available = "", true, []policy.Method{passkey} }
	for then, want := range map[string]policy.Access{
		`{"access":"allow"}`:                                           policy.Allow,
		`{"access":"allow","access_token_ttl":"1m"}`:                   policy.Allow,
		`{"access":"allow","factors":1}`:                               policy.Deny,
		`{"access":"allow","require":[{"types":["knowledge"]}]}`:       policy.Deny,
		`{"access":"allow","factors":2,"require":[{"hardware":true}]}`: policy.Deny,
	} {
		d := load(t, `{"rules":[{"name":"a","then":`+then+`}]}`).Decide(facts(machine))
		require.Equal(t, want, d.Access, then)
		require.Empty(t, d.Next, then)
	}
	require.Equal(t, policy.ReasonNoPerson, policy.OneFactor().Decide(facts(machine)).Reason)
	require.Equal(t, policy.Allow, policy.AllowAll().Decide(facts(machine)).Access)
}

// Where nobody knows what a person can prove, whatever a rule may ask for can be asked
// for; what Next names does, if it is as good as the rule wants.
func TestNextWithoutKnowing(t *testing.T) {
	for then, next := range map[string][]string{
		`"require":[{"phishing_resistant":true,"hardware":true}]`:              {"webauthn"},
		`"require":[{"methods":["badge"]}]`:                                    {"badge"},
		`"require":[{"methods":["badge"],"hardware":true}],"factors":2`:        {"badge"},
		`"require":[{"types":["knowledge"]}]`:                                  {"password"},
		`"require":[{"methods":["badge"]},{"methods":["sms"]}],"max_age":"1m"`: {"sms"},
	} {
		d := load(t, `{"rules":[{"name":"a","then":{"access":"allow",`+then+`}}]}`).Decide(facts(func(*policy.Facts) {}))
		require.Equal(t, policy.StepUp, d.Access, then)
		require.Equal(t, next, d.Next[0], then)
	}
	for _, acr := range policy.ACRs() {
		require.Equal(t, policy.StepUp, policy.ForACR(acr).Decide(facts(func(*policy.Facts) {})).Access, acr)
	}
}

// Every alternative of Next does, whatever was proved and is there; and where there is
// none, all of it together would not.
func TestNextDoes(t *testing.T) {
	badge := policy.Method{Name: "badge", At: now} // counts as no type
	all := []policy.Method{password, totp, sms, passkey, hardKey, badge}
	stepped := 0
	for _, then := range []string{`"factors":1`, `"factors":2`, `"factors":2,"require":[{"hardware":true}]`, `"factors":2,"require":[{"methods":["badge"]}]`,
		`"require":[{"methods":["sms"]},{"hardware":true}]`, `"factors":2,"max_age":"1m"`} {
		p := load(t, `{"rules":[{"name":"a","then":{"access":"allow",`+then+`}}]}`)
		for have := range 1 << len(all) {
			for _, proved := range [][]policy.Method{nil, {password}, {totp}, {badge, sms}} {
				var available []policy.Method
				for i, m := range all {
					if have>>i&1 == 1 {
						available = append(available, m)
					}
				}
				f := facts(func(f *policy.Facts) { f.Methods, f.Available, f.AvailableKnown = proved, available, true })
				d := p.Decide(f)
				together := *f
				together.Methods = append(append([]policy.Method{}, proved...), available...)
				require.Equal(t, p.Decide(&together).Access != policy.Allow, d.Access == policy.Deny, "%s %v %v: %+v", then, proved, available, d)
				for _, names := range d.Next {
					stepped++
					require.True(t, doesWith(p, *f, names), "%s %v: %v", then, proved, names)
					for i := range names {
						fewer := slices.Delete(slices.Clone(names), i, i+1)
						require.False(t, doesWith(p, *f, fewer), "%s %v: %v is more than needed", then, proved, names)
					}
				}
			}
		}
	}
	require.Greater(t, stepped, 500)
}

// doesWith reports whether some choice of available methods of these names does.
func doesWith(p *policy.Policy, f policy.Facts, names []string) bool {
	if len(names) == 0 {
		return p.Decide(&f).Access == policy.Allow
	}
	proved := f.Methods
	for _, m := range f.Available {
		if m.Name == names[0] {
			f.Methods = append(append([]policy.Method{}, proved...), m)
			if doesWith(p, f, names[1:]) {
				return true
			}
		}
	}
	return false
}

func TestAMRTable(t *testing.T) {
	table := policy.AMRTable{"totp": {"google_otp"}, "push": {"okta_verify", "swk"}, "badge": nil}
	voice := policy.Method{Name: "voice", Types: policy.Possession, Device: sms.Device}
	badge := policy.Method{Name: "badge", Types: policy.Possession, At: now}
	push := policy.Method{Name: "push", Types: policy.Possession, Hardware: true}
	for _, c := range []struct {
		want  string
		table policy.AMRTable
		m     []policy.Method
	}{
		{"[pwd google_otp mfa]", table, []policy.Method{password, totp}},
		{"[okta_verify swk]", table, []policy.Method{push}},
		{"[hwk]", nil, []policy.Method{push}},
		{"[pwd mfa]", table, []policy.Method{password, badge}},
		{"[]", table, []policy.Method{badge}},
		{"[sms tel]", nil, []policy.Method{sms, voice}},
		{"[pwd x]", nil, []policy.Method{password, {Name: "x"}}}, // of no type: no second factor
		{"[pwd]", nil, []policy.Method{password, {}}},
		{"[]", policy.AMRTable{"password": nil, "totp": nil}, []policy.Method{password, totp}}, // "mfa" does not stand alone
	} {
		require.Equal(t, c.want, fmt.Sprint(c.table.Append(nil, c.m)))
	}
	require.Equal(t, []string{"pwd", "pwd"}, policy.AppendAMR([]string{"pwd"}, []policy.Method{password}), "what was there is the caller's")
}
