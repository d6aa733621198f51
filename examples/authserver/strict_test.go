package main

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestDecodeStrict(t *testing.T) {
	var c fileConfig
	require.NoError(t, decodeStrict([]byte(" "+standard+"\n"), &c))
	require.Equal(t, "opaque", c.AccessToken.Format, "the org server's members stand at the top")
	require.Equal(t, "api://default", c.Servers[0].Audience)
	require.Equal(t, []string{"password"}, c.Clients[2].GrantTypes)
	require.Len(t, c.Policies["two-factor"].Rules(), 2)

	var user userConfig
	require.NoError(t, decodeStrict([]byte(`{"claims": {"n": 12345678901234567890, "l": [1, "", null, true, {"x": 1.50}]}}`), &user))
	b, err := json.Marshal(user.Claims)
	require.NoError(t, err)
	require.Equal(t, `{"l":[1,"",null,true,{"x":1.50}],"n":12345678901234567890}`, string(b), "claims are as they are written")
}

func TestDemoIsSound(t *testing.T) {
	c, err := loadConfig("")
	require.NoError(t, err)
	require.Equal(t, "mia@example.test", c.Users[0].Username)
}

// Whatever it is given, it says what is wrong or reads what encoding/json reads.
func FuzzDecodeStrict(f *testing.F) {
	f.Add([]byte(standard))
	f.Add(demo)
	for _, c := range refusals {
		f.Add([]byte(c.config))
	}
	f.Add([]byte(`{"clients":[{"grant_types":[]}],"authenticators":{"push":{"enrolment":"x"}},"refresh_token":{"grace":"until_used"}}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		var c, again fileConfig
		err := decodeStrict(b, &c)
		if err != nil {
			var r *refusal
			require.ErrorAs(t, err, &r)
			return
		}
		require.True(t, json.Valid(b))
		var loose struct{ Issuer string }
		require.NoError(t, json.Unmarshal(b, &loose))
		require.Equal(t, loose.Issuer, c.Issuer)
		var compact bytes.Buffer
		require.NoError(t, json.Compact(&compact, b))
		require.NoError(t, decodeStrict(compact.Bytes(), &again))
		require.Equal(t, c.Clients, again.Clients)
		require.Equal(t, c.Users, again.Users)
	})
}
