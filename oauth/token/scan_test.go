package token_test

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/mintyard/mintyard/oauth/token"
)

func TestScanner(t *testing.T) {
	var sc token.Scanner
	require.False(t, sc.Next(), "before Scan")
	require.NoError(t, sc.Err())
	names := []string{}
	for sc.Scan(" {\t\"s\" : \"a\\u00e9\\n\\ud83d\\ude00\" ,\r\n\"i\":-12,\"b\":true,\"l\":[ \"x\" , \"\\\"\" ],\"o\":{\"a\":[1,{}]},\"e\":[],\"f\":1.5e+3,\"n\":null} "); sc.Next(); {
		names = append(names, sc.Name)
		switch sc.Name {
		case "s":
			require.Equal(t, "aé\n\U0001F600", sc.String())
		case "i":
			require.Equal(t, int64(-12), sc.Int())
		case "b":
			require.True(t, sc.Bool())
		case "l":
			require.Equal(t, []string{"first", "x", `"`}, sc.Strings([]string{"first"}))
			require.Equal(t, []string{`"x"`, `"\""`}, slices.Collect(sc.Elements()))
			for range sc.Elements() {
				break
			}
		case "o":
			require.Equal(t, `{"a":[1,{}]}`, sc.Raw)
		case "e":
			require.Empty(t, sc.Strings(nil))
			require.Empty(t, slices.Collect(sc.Elements()))
		case "f":
			require.Equal(t, "1.5e+3", sc.Raw)
		}
	}
	require.NoError(t, sc.Err())
	require.Equal(t, []string{"s", "i", "b", "l", "o", "e", "f", "n"}, names)
	require.False(t, sc.Next())
	require.NoError(t, sc.Err())

	for sc.Scan(`{"l":[[1,2],{"a":"]"},"x,]",3 , null]}`); sc.Next(); {
		require.Equal(t, []string{`[1,2]`, `{"a":"]"}`, `"x,]"`, `3`, `null`}, slices.Collect(sc.Elements()))
	}
	require.NoError(t, sc.Err())
}

func TestScannerRefusesAnotherType(t *testing.T) {
	text := func(sc *token.Scanner) { _ = sc.String() }
	integer := func(sc *token.Scanner) { sc.Int() }
	boolean := func(sc *token.Scanner) { sc.Bool() }
	list := func(sc *token.Scanner) { sc.Strings(nil) }
	elements := func(sc *token.Scanner) {
		for range sc.Elements() {
			panic("none")
		}
	}
	for _, c := range []struct {
		value string
		read  func(*token.Scanner)
	}{
		{`1`, text}, {`null`, text}, {`["a"]`, text}, {`{}`, text}, {`true`, text},
		{`"1"`, integer}, {`1.0`, integer}, {`1e3`, integer}, {`null`, integer}, {`[]`, integer}, {`""`, integer},
		{`9223372036854775808`, integer}, {`-9223372036854775809`, integer}, {`1000000000000000000000`, integer},
		{`1`, boolean}, {`"true"`, boolean}, {`null`, boolean},
		{`"a"`, list}, {`[1]`, list}, {`["a",1]`, list}, {`["a",["b"]]`, list}, {`null`, list}, {`{}`, list}, {`["a",null]`, list},
		{`"a"`, elements}, {`{}`, elements}, {`null`, elements}, {`1`, elements},
	} {
		var sc token.Scanner
		sc.Scan(`{"a":` + c.value + `,"b":1}`)
		require.True(t, sc.Next())
		c.read(&sc)
		require.ErrorIs(t, sc.Err(), token.ErrJSON, c.value)
		require.False(t, sc.Next())
		require.Empty(t, sc.Raw)
		// What is read after the error is nothing, and no panic.
		require.Equal(t, "", sc.String())
		require.Zero(t, sc.Int())
		require.False(t, sc.Bool())
		require.Empty(t, sc.Strings(nil))
	}
	var sc token.Scanner
	for sc.Scan(`{"a":9223372036854775807,"b":-9223372036854775808,"c":999999999999999999,"d":-0}`); sc.Next(); {
		want, err := strconv.ParseInt(sc.Raw, 10, 64)
		require.NoError(t, err)
		require.Equal(t, want, sc.Int())
	}
	require.NoError(t, sc.Err())
}

// adversarial JSON: what only some readers accept, or read differently.
var adversarial = []string{
	``, ` `, `{`, `}`, `{}`, `{}{}`, `{} x`, `{},`, `[]`, `null`, `"a"`, `1`, `{"a"}`, `{"a":}`, `{"a":1,}`, `{,"a":1}`, `{"a":1 "b":2}`,
	`{"a":1,"a":2}`, `{"a":1,"\u0061":2}`, `{"\u0061":1,"a":2}`, `{"a":{"b":1,"b":2}}`, `{"a":[{"b":1,"b":2}]}`, `{"a":1,"A":2}`, `{"":1,"":2}`, `{"":1}`,
	`{"a":01}`, `{"a":-}`, `{"a":+1}`, `{"a":.5}`, `{"a":1.}`, `{"a":1e}`, `{"a":1e+}`, `{"a":0x1}`, `{"a":1e400}`, `{"a":-0}`, `{"a":0.0e-0}`, `{"a":00}`, `{"a":1_0}`,
	`{"a":NaN}`, `{"a":Infinity}`, `{"a":tru}`, `{"a":truex}`, `{"a":True}`, `{"a":nul`, `{'a':1}`, `{a:1}`, `{"a":1}//`, `{"a":/**/1}`, "\ufeff{}",
	`{"a":"\x"}`, `{"a":"\u12"}`, `{"a":"\u12g4"}`, `{"a":"\ud800"}`, `{"a":"\udc00"}`, `{"a":"\ud800\ud800"}`, `{"a":"\ud83d\ude00"}`, `{"a":"\ud800x"}`, `{"a":"\\ud800"}`,
	"{\"a\":\"\n\"}", "{\"a\":\"\x00\"}", "{\"a\":\"\x7f\"}", "{\"a\":\"\xff\"}", "{\"\xc0\x80\":1}", "{\"a\":\"\xed\xa0\x80\"}", "{\"a\":\"\u2028\"}", "{\"a\":\v1}", "{\"a\":\u00a01}",
	`{"a":"` + strings.Repeat("x", 100) + `\"` + strings.Repeat("y", 7) + `"}`, `{"a":"12345678\`, `{"a":"1234567\"}`, `{"a":"1234567`, `{"a":"12345678`, `{"a":"1234567"}`, `{"a":"123456789` + "\x1f" + `"}`,
	`{"\b\f\n\r\t\/\"\\":"\b\f\n\r\t\/\"\\\u00AF\uabcd"}`, `{"a":"\u00`, `{"a":"\ud83d\u`, `{"a":"\ud83d\ude0g"}`, `{"\ud800":1}`, `{"a":["\n"]}`,
	`{"a":[}`, `{"a":[1,]}`, `{"a":[,1]}`, `{"a":[1 2]}`, `{"a":[1}`, `{"a":{]}`, `{"a":[]]}`, `{"a":[`, `{"a":[1`, `{"a":[1,`, `{"a":{"b":1,}}`, `{"a":{"b"`, `{"a":{"b":1`, `{"a":{"b":1 `,
	`{"a":` + strings.Repeat("[", 31) + strings.Repeat("]", 31) + `}`, `{"a":` + strings.Repeat("[", 32) + strings.Repeat("]", 32) + `}`, strings.Repeat(`{"a":`, 100000), `{"a":` + strings.Repeat("[", 100000),
	record,
}

func TestScannerAdversarial(t *testing.T) {
	for _, in := range adversarial {
		checkScanner(t, in)
	}
}

// No input takes time that grows with its square.
func TestScannerManyMembers(t *testing.T) {
	var b strings.Builder
	b.WriteString(`{"first":0`)
	for i := range 50_000 {
		b.WriteString(`,"x` + strconv.Itoa(100_000+i) + `y":0`)
	}
	start := time.Now()
	var sc token.Scanner
	n := 0
	for sc.Scan(b.String() + `}`); sc.Next(); {
		n++
	}
	require.NoError(t, sc.Err())
	require.Equal(t, 50_001, n)
	for _, twice := range []string{"first", "x100000y", "x149999y"} {
		for sc.Scan(b.String() + `,"` + twice + `":0}`); sc.Next(); {
		}
		require.ErrorIs(t, sc.Err(), token.ErrJSON)
	}
	require.Less(t, time.Since(start), 5*time.Second)
}

func FuzzScanner(f *testing.F) {
	for _, in := range adversarial {
		if len(in) < 1000 {
			f.Add(in)
		}
	}
	f.Fuzz(checkScanner)
}

func FuzzAppendString(f *testing.F) {
	for _, s := range []string{"", "a", `"\/`, "</script>&", "\x00\x1f\x7f\x80\xff", "\u2028\u2029\ufffd", "\xed\xa0\x80", "\xf0\x9f\x98", "12345678<", "1234567\"", "é12345678", "\U0010FFFF"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		out := token.AppendString([]byte("x"), s)
		require.Equal(t, byte('x'), out[0])
		out = out[1:]
		var got string
		require.NoError(t, json.Unmarshal(out, &got))
		require.Equal(t, string([]rune(s)), got, "every byte that is not UTF-8 is one U+FFFD")
		require.True(t, utf8.Valid(out))
		require.False(t, strings.ContainsAny(string(out), "<>&\u2028\u2029"))
		for _, c := range out {
			require.GreaterOrEqual(t, c, byte(' '))
		}
		var sc token.Scanner
		for sc.Scan(`{"a":` + string(out) + `}`); sc.Next(); {
			require.Equal(t, got, sc.String())
		}
		require.NoError(t, sc.Err())
	})
}
