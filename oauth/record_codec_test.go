package oauth

import (
	"encoding/json"
	"math/rand/v2"
	"reflect"
	"testing"

	"github.com/stretchr/testify/require"
)

// fill sets every field of a record to something, so that a field that the codec
// forgets is found.
func fill(r *rand.Rand, text []string) record {
	var rec record
	v := reflect.ValueOf(&rec).Elem()
	for i := range v.NumField() {
		f := v.Field(i)
		if v.Type().Field(i).Name == "Unknown" || r.IntN(3) == 0 {
			continue
		}
		switch f.Kind() {
		case reflect.String:
			f.SetString(text[r.IntN(len(text))])
		case reflect.Int, reflect.Int64:
			f.SetInt(r.Int64() - r.Int64())
		case reflect.Bool:
			f.SetBool(true)
		case reflect.Slice:
			if f.Type().Elem().Kind() == reflect.String {
				f.Set(reflect.ValueOf([]string{text[r.IntN(len(text))], text[r.IntN(len(text))]}))
			} else {
				f.Set(reflect.ValueOf([]StoredMethod{{Name: text[r.IntN(len(text))]}, {Name: "x", Types: 2, At: 1, Flags: 3, Device: text[0]}}))
			}
		}
	}
	return rec
}

// FuzzRecord holds the codec to encoding/json, in both directions.
func FuzzRecord(f *testing.F) {
	f.Add(uint64(1), "text", "a\"b\\c", "ä\u2028<>&\x00\x7f")
	f.Add(uint64(2), "", "\xff", "\U0001F600")
	f.Fuzz(func(t *testing.T, seed uint64, a, b, c string) {
		rec := fill(rand.New(rand.NewPCG(seed, 1)), []string{a, b, c, "x"})
		ours := rec.append(nil)
		var theirs, back record
		require.NoError(t, json.Unmarshal(ours, &theirs), string(ours))
		require.NoError(t, back.decode(string(ours)))
		require.Equal(t, theirs, back)

		standard, err := json.Marshal(rec)
		require.NoError(t, err)
		require.NoError(t, back.decode(string(standard)))
		require.Equal(t, theirs, back, "what encoding/json writes reads the same")
		var again record
		require.NoError(t, again.decode(string(back.append(nil))))
		require.Equal(t, back, again)
	})
}

// FuzzStoredRecord: no stored value makes it panic, and one that is read is JSON.
func FuzzStoredRecord(f *testing.F) {
	f.Add(`{"v":1,"st":"active","cl":"c","gt":"g","su":"s","cr":1}`)
	f.Add(`{"st":1}`)
	f.Add(`{"me":[{"n":1}]}`)
	f.Add(`{"me":[{}],"zz":{"a":[1,2,{"b":null}]}}`)
	f.Add(`{"v":1,"v":2}`)
	f.Fuzz(func(t *testing.T, s string) {
		var r record
		if r.decode(s) == nil {
			require.True(t, json.Valid([]byte(s)), s)
			require.True(t, json.Valid(r.append(nil)))
		}
	})
}

// A node that is newer writes members that this one does not know: they stay.
func TestRecordKeepsUnknownMembers(t *testing.T) {
	var r record
	require.NoError(t, r.decode(`{"zz":{"deep":[1,"two"]},"v":2,"st":"active","cl":"c","gt":"g","su":"s","cr":1,"a<b":null}`))
	r.Refresh++
	var m map[string]any
	require.NoError(t, json.Unmarshal(r.append(nil), &m))
	require.Equal(t, map[string]any{"deep": []any{1.0, "two"}}, m["zz"])
	require.Contains(t, m, "a<b")
	require.EqualValues(t, 2, m["v"])
	require.EqualValues(t, 1, m["rg"])
}

func BenchmarkRecord(b *testing.B) {
	rec := record{Version: 1, State: stateActive, Client: "shop-app", GrantType: "password", Subject: "00u1abcdefghij", Scopes: []string{"openid", "profile", "offline_access"},
		AuthTime: 1764072000, Methods: []StoredMethod{{Name: "password", Types: 1, At: 1764072000}, {Name: "totp", Types: 2, At: 1764072030, Device: "f1"}},
		Network: "192.0.2.1", Created: 1764072000, Ends: 1771848000, Idle: 604800, Used: 1764072030, Salt: newSalt(), Refresh: 3, RefreshKey: 77, Refreshes: true, Rotated: 1764072030123}
	value := rec.append(nil)
	b.Run("decode", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if err := rec.decode(string(value)); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("append", func(b *testing.B) {
		b.ReportAllocs()
		var buf []byte
		for b.Loop() {
			buf = rec.append(buf[:0])
		}
	})
}
