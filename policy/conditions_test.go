package policy_test

import (
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/mintyard/mintyard/policy"
)

// Each fact about a device is known, or not, by itself.
func TestDevice(t *testing.T) {
	for _, c := range []struct {
		condition string
		device    policy.Device
		want      policy.Truth
		fact      string
	}{
		{`{"known":true}`, policy.Device{Known: policy.Yes}, policy.Yes, ""},
		{`{"known":true}`, policy.Device{Known: policy.No}, policy.No, ""},
		{`{"known":true}`, policy.Device{Managed: policy.Yes, Platform: "ios"}, policy.Unknown, "device.known"},
		{`{"known":false}`, policy.Device{Known: policy.No}, policy.Yes, ""},
		{`{"known":false}`, policy.Device{}, policy.Unknown, "device.known"},
		{`{"managed":false}`, policy.Device{Managed: policy.Yes}, policy.No, ""},
		{`{"managed":true}`, policy.Device{Managed: 9}, policy.Unknown, "device.managed"},
		{`{"platforms":["ios","macos"]}`, policy.Device{Platform: "macos"}, policy.Yes, ""},
		{`{"platforms":["ios"]}`, policy.Device{Platform: "iOS"}, policy.No, ""}, // another name
		{`{"platforms":["ios"]}`, policy.Device{}, policy.Unknown, "device.platforms"},
		{`{"known":true,"managed":true,"platforms":["ios"]}`, policy.Device{Known: policy.Yes, Managed: policy.Yes, Platform: "ios"}, policy.Yes, ""},
		{`{"known":true,"managed":true,"platforms":["ios"]}`, policy.Device{Platform: "linux"}, policy.No, ""},
		{`{"known":true,"managed":true,"platforms":["ios"]}`, policy.Device{Known: policy.Yes, Platform: "ios"}, policy.Unknown, "device.managed"},
	} {
		p := load(t, `{"rules":[{"name":"a","if":{"device":`+c.condition+`},"then":{"access":"allow"}}]}`)
		d := p.Decide(facts(func(f *policy.Facts) { f.Device = c.device }))
		require.Equal(t, c.want == policy.Yes, d.Access == policy.Allow, "%s %+v", c.condition, c.device)
		require.Equal(t, c.want == policy.Unknown, d.Reason == policy.ReasonUndecidable, "%s %+v", c.condition, c.device)
		require.Equal(t, c.fact, d.Fact)
	}
}

// Whatever a host's predicate does but to say yes, it opens no door.
func TestPredicates(t *testing.T) {
	var nobody *int
	for name, c := range map[string]struct {
		holds        func(policy.Facts) policy.Truth
		first, later string // the reasons where its rule comes first and denies, and where it allows alone
	}{
		"yes":            {func(policy.Facts) policy.Truth { return policy.Yes }, policy.ReasonDenied, policy.ReasonSatisfied},
		"no":             {func(policy.Facts) policy.Truth { return policy.No }, policy.ReasonSatisfied, policy.ReasonNoRule},
		"unknown":        {func(policy.Facts) policy.Truth { return policy.Unknown }, policy.ReasonUndecidable, policy.ReasonUndecidable},
		"no such answer": {func(policy.Facts) policy.Truth { return 3 }, policy.ReasonUndecidable, policy.ReasonUndecidable},
		"panic":          {func(policy.Facts) policy.Truth { panic(errors.New("secret")) }, policy.ReasonPanicked, policy.ReasonPanicked},
		"panic of nil":   {func(policy.Facts) policy.Truth { panic(nil) }, policy.ReasonPanicked, policy.ReasonPanicked},
		"nil pointer":    {func(policy.Facts) policy.Truth { return policy.Truth(*nobody) }, policy.ReasonPanicked, policy.ReasonPanicked},
	} {
		loader := policy.Loader{Predicates: []policy.Predicate{{Name: name, Holds: c.holds}}}
		for document, reason := range map[string]string{
			`{"rules":[{"name":"a","if":{"predicates":["` + name + `"]},"then":{"access":"deny"}},{"name":"b","then":{"access":"allow"}}]}`: c.first,
			`{"rules":[{"name":"a","if":{"predicates":["` + name + `"]},"then":{"access":"allow"}}]}`:                                       c.later,
		} {
			p, err := loader.Policy([]byte(document))
			require.NoError(t, err)
			d := p.Decide(facts(methods(password)))
			require.Equal(t, reason, d.Reason, name)
			require.Equal(t, reason == policy.ReasonSatisfied, d.Access == policy.Allow)
			if reason == policy.ReasonUndecidable || reason == policy.ReasonPanicked {
				require.Equal(t, "predicates."+name, d.Fact)
			}
			explained, steps := p.Explain(facts(methods(password)))
			require.Equal(t, d, explained)
			require.NotContains(t, steps.String(), "secret")
			b, err := json.Marshal(p)
			require.NoError(t, err)
			q, err := loader.Policy(b)
			require.NoError(t, err)
			require.Equal(t, d, q.Decide(facts(methods(password))))
			require.ErrorContains(t, json.Unmarshal(b, new(policy.Policy)), `rules[0].if.predicates[0]: "`+name+`" is not registered`)
		}
	}
}

// A predicate sees the facts, is one of all that must hold, and is not asked where the
// rest settles it.
func TestPredicatesAreAskedLast(t *testing.T) {
	asked := 0
	loader := policy.Loader{Predicates: []policy.Predicate{
		{Name: "mia", Holds: func(f policy.Facts) policy.Truth { asked++; return policy.TruthOf(f.Subject == "mia") }},
		{Name: "app", Holds: func(f policy.Facts) policy.Truth { asked++; return policy.TruthOf(f.Client == "app") }},
	}}
	p, err := loader.Policy([]byte(`{"rules":[{"name":"a","if":{"predicates":["mia","app"],"risk":["low"]},"then":{"access":"allow"}}]}`))
	require.NoError(t, err)
	for _, c := range []struct {
		edit   func(*policy.Facts)
		reason string
		asked  int
	}{
		{func(f *policy.Facts) { f.Risk = policy.RiskLow }, policy.ReasonSatisfied, 2},
		{func(f *policy.Facts) { f.Risk, f.Client = policy.RiskLow, "x" }, policy.ReasonNoRule, 2},
		{func(f *policy.Facts) { f.Risk, f.Subject = policy.RiskLow, "tom" }, policy.ReasonNoRule, 1},
		{func(f *policy.Facts) { f.Risk = policy.RiskHigh }, policy.ReasonNoRule, 0},
		{func(*policy.Facts) {}, policy.ReasonUndecidable, 2}, // one that is false would settle it
		{func(f *policy.Facts) { f.Subject = "tom" }, policy.ReasonNoRule, 1},
	} {
		asked = 0
		require.Equal(t, c.reason, p.Decide(facts(c.edit)).Reason)
		require.Equal(t, c.asked, asked)
	}
}

func TestLoaderRefuses(t *testing.T) {
	yes := func(policy.Facts) policy.Truth { return policy.Yes }
	for message, l := range map[string]policy.Loader{
		"Predicates[0].Holds":             {Predicates: []policy.Predicate{{Name: "a"}}},
		"Predicates[0].Name":              {Predicates: []policy.Predicate{{Holds: yes}}},
		`Predicates[1]: "a" stands twice`: {Predicates: []policy.Predicate{{Name: "a", Holds: yes}, {Name: "a", Holds: yes}}},
		`Types[0]: "*" cannot be a type`:  {Types: []string{"*"}},
		`Types[1]: "rules" cannot`:        {Types: []string{"badge", "rules"}},
	} {
		_, err := l.Policy([]byte(office))
		require.ErrorContains(t, err, "policy: "+message)
		_, err = l.Enrolment([]byte(`{}`))
		require.ErrorContains(t, err, "policy: "+message)
	}
	_, err := policy.New(policy.Rule{Name: "a", If: policy.Condition{Predicates: []policy.Predicate{{Name: "x"}}}, Then: policy.Outcome{Access: policy.Allow}})
	require.ErrorContains(t, err, "rules[0].if.predicates[0].Holds")
	_, err = policy.New(policy.Rule{Name: "a", If: policy.Condition{Predicates: []policy.Predicate{}}, Then: policy.Outcome{Access: policy.Allow}})
	require.ErrorContains(t, err, "rules[0].if.predicates: is empty")
}

// What the new conditions refuse.
func TestConditionsRefuse(t *testing.T) {
	for condition, message := range map[string]string{
		`"device":{}`:                            "device: asks for nothing",
		`"device":null`:                          "device: is not an object",
		`"device":{"known":null}`:                "device.known: is neither true nor false",
		`"device":{"known":"yes"}`:               "device.known: is neither true nor false",
		`"device":{"managed":1}`:                 "device.managed: is neither true nor false",
		`"device":{"platforms":[]}`:              "device.platforms: is empty",
		`"device":{"platforms":["ios",""]}`:      "device.platforms[1]: is empty",
		`"device":{"trusted":true}`:              "device.trusted: is not known",
		`"device":{"known":true,"known":true}`:   "device.known: stands twice",
		`"time":[]`:                              "time: is empty",
		`"time":{}`:                              "time: is not a list",
		`"time":[{}]`:                            "time[0]: is all of the time",
		`"time":[{"zone":"UTC"}]`:                "time[0]: is all of the time",
		`"time":[{"from":"00:00","zone":"UTC"}]`: "time[0]: is all of the time",
		`"time":[{"to":"24:00","zone":"UTC"}]`:   "time[0]: is all of the time",
		`"time":[{"to":"00:00","zone":"UTC"}]`:   "time[0].to: is where it begins",
		`"time":[{"days":["mon"],"from":"00:00","to":"00:00","zone":"UTC"}]`: "time[0].to: is where it begins",
		`"time":[{"from":"08:00","to":"08:00","zone":"UTC"}]`:                "time[0].to: is the same as from",
		`"time":[{"from":"24:00","zone":"UTC"}]`:                             "time[0].from: is no time of the day",
		`"time":[{"from":"8:00","zone":"UTC"}]`:                              `time[0].from: "8:00" is no time`,
		`"time":[{"from":"08:60","zone":"UTC"}]`:                             `time[0].from: "08:60" is no time`,
		`"time":[{"from":"25:00","zone":"UTC"}]`:                             `time[0].from: "25:00" is no time`,
		`"time":[{"to":"24:01","zone":"UTC"}]`:                               `time[0].to: "24:01" is no time`,
		`"time":[{"from":"-1:00","zone":"UTC"}]`:                             `time[0].from: "-1:00" is no time`,
		`"time":[{"from":8,"zone":"UTC"}]`:                                   "time[0].from: is not text",
		`"time":[{"from":"08:00"}]`:                                          "time[0].zone: is required",
		`"time":[{"from":"08:00","zone":"Local"}]`:                           "time[0].zone: is required",
		`"time":[{"from":"08:00","zone":"Mars/Base"}]`:                       `time[0].zone: "Mars/Base" is no time zone`,
		`"time":[{"from":"08:00","zone":"../../etc"}]`:                       `time[0].zone: "../../etc" is no time zone`,
		`"time":[{"days":[],"zone":"UTC"}]`:                                  "time[0].days: is empty",
		`"time":[{"days":["Mon"],"zone":"UTC"}]`:                             `time[0].days[0]: "Mon" is none of`,
		`"time":[{"days":["monday"],"zone":"UTC"}]`:                          `time[0].days[0]: "monday" is none of`,
		`"time":[{"day":["mon"],"zone":"UTC"}]`:                              "time[0].day: is not known",
		`"predicates":[]`:                                                    "predicates: is empty",
		`"predicates":"x"`:                                                   "predicates: is not a list",
		`"predicates":["x"]`:                                                 `predicates[0]: "x" is not registered`,
		`"predicates":[""]`:                                                  `predicates[0]: "" is not registered`,
	} {
		err := json.Unmarshal([]byte(`{"rules":[{"name":"a","if":{`+condition+`},"then":{"access":"allow"}}]}`), new(policy.Policy))
		require.ErrorContains(t, err, "policy: rules[0].if."+message, condition)
	}
	for message, c := range map[string]policy.Condition{
		"device.known: is neither":   {Device: policy.DeviceCondition{Known: 3}},
		"device.managed: is neither": {Device: policy.DeviceCondition{Managed: 200}},
		"time[0].days[0]: is no day": {Time: []policy.Window{{Days: []time.Weekday{7}, Zone: "UTC"}}},
		"time[0].from: is no time":   {Time: []policy.Window{{From: time.Second, Zone: "UTC"}}},
		"time[0].to: is no time":     {Time: []policy.Window{{To: 25 * time.Hour, Zone: "UTC"}}},
		"time[0].zone: is required":  {Time: []policy.Window{{From: time.Hour}}},
	} {
		_, err := policy.New(policy.Rule{Name: "a", If: c, Then: policy.Outcome{Access: policy.Allow}})
		require.ErrorContains(t, err, "policy: rules[0].if."+message)
	}
}

func TestTruth(t *testing.T) {
	for truth, want := range map[policy.Truth][2]string{
		policy.Unknown: {"unknown", "null"}, policy.Yes: {"yes", "true"}, policy.No: {"no", "false"}, 200: {"unknown", "null"},
	} {
		b, err := json.Marshal(truth)
		require.NoError(t, err)
		require.Equal(t, want, [2]string{truth.String(), string(b)})
	}
}
