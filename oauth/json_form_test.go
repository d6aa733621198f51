package oauth

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var testShape = JSONBody{Objects: []string{"o", "o.p"}, Lists: []string{"l"}, Skip: []string{"x", "o.x"}}

func TestJSONForm(t *testing.T) {
	for body, want := range map[string]map[string]string{
		`{}`:                                    {},
		" {\t\r\n} ":                            {},
		`{"a":"b"}`:                             {"a": "b"},
		`{"a":"","b":null,"c":"d"}`:             {"c": "d"},
		`{"a":"\u00e4\ud83d\ude00\/\"\\\t"}`:    {"a": "ä😀/\"\\\t"},
		`{"a":"ä"}`:                             {"a": "ä"},
		`{"l":["otp","oob"]}`:                   {"l": "otp oob"},
		`{"l":[]}`:                              {},
		`{"l":"otp"}`:                           {"l": "otp"},
		`{"o":{"a":"b","p":{"c":"d"}},"a":"e"}`: {"o.a": "b", "o.p.c": "d", "a": "e"},
		`{"o":"text"}`:                          {"o": "text"},
		`{"x":{"any":[1,-2.5e+3,true,false,null,{"thing":"é"}]},"o":{"x":0}}`: {},
	} {
		var f form
		require.NoError(t, f.parseJSON([]byte(body), &testShape), body)
		require.Equal(t, len(want), f.n, body)
		for name, value := range want {
			require.Equal(t, value, f.value(name), body)
		}
	}
}

func TestJSONFormRefuses(t *testing.T) {
	for name, body := range map[string]string{
		"nothing":                   ``,
		"blank":                     " ",
		"text":                      `"a"`,
		"list":                      `[]`,
		"null":                      `null`,
		"not closed":                `{"a":"b"`,
		"something behind":          `{"a":"b"}x`,
		"two objects":               `{}{}`,
		"comma at the end":          `{"a":"b",}`,
		"comma at the begin":        `{,"a":"b"}`,
		"no comma":                  `{"a":"b" "c":"d"}`,
		"no colon":                  `{"a" "b"}`,
		"single quotes":             `{'a':'b'}`,
		"name without quotes":       `{a:"b"}`,
		"comment":                   `{"a":"b"/**/}`,
		"byte order mark":           "\ufeff{}",
		"repeated":                  `{"a":"b","a":"b"}`,
		"repeated, once empty":      `{"a":"","a":"b"}`,
		"repeated, once null":       `{"a":"b","a":null}`,
		"repeated in disguise":      `{"a":"b","\u0061":"c"}`,
		"repeated inside":           `{"o":{"a":"b","a":"b"}}`,
		"repeated in what is not":   `{"x":{"a":1,"a":1}}`,
		"object repeated":           `{"o":{},"o":{}}`,
		"number":                    `{"a":1}`,
		"boolean":                   `{"a":true}`,
		"object where text is":      `{"a":{}}`,
		"list where text is":        `{"a":["b"]}`,
		"list where an object is":   `{"o":[]}`,
		"object where a list is":    `{"l":{}}`,
		"deeper than is known":      `{"o":{"p":{"q":{}}}}`,
		"object of another place":   `{"p":{}}`,
		"list of numbers":           `{"l":[1]}`,
		"list of lists":             `{"l":[["a"]]}`,
		"list with a blank":         `{"l":["a b"]}`,
		"list with an empty one":    `{"l":["a",""]}`,
		"list that ends in a comma": `{"l":["a",]}`,
		"name with a full stop":     `{"o.a":"b"}`,
		"name with a blank":         `{"a ":"b"}`,
		"name with a letter":        `{"ä":"b"}`,
		"empty name":                `{"":"b"}`,
		"NUL":                       `{"a":"\u0000"}`,
		"line feed":                 `{"a":"\n"}`,
		"delete":                    "{\"a\":\"\x7f\"}",
		"raw control character":     "{\"a\":\"\t\"}",
		"not UTF-8":                 "{\"a\":\"\xff\"}",
		"half a surrogate pair":     `{"a":"\ud83d"}`,
		"the other half":            `{"a":"\ude00"}`,
		"half, and another escape":  `{"a":"\ud83d\u0041"}`,
		"twice the first half":      `{"a":"\ud83d\ud83d"}`,
		"unknown escape":            `{"a":"\x41"}`,
		"cut escape":                `{"a":"\u00`,
		"cut pair":                  `{"a":"\ud83d\u`,
		"cut text":                  `{"a":"`,
		"backslash at the end":      `{"a":"\`,
		"bad number inside":         `{"x":01}`,
		"bad fraction inside":       `{"x":1.}`,
		"bad exponent inside":       `{"x":1e}`,
		"minus inside":              `{"x":-}`,
		"bad word inside":           `{"x":nul}`,
		"bad word":                  `{"a":nil}`,
		"too deep":                  `{"x":` + strings.Repeat("[", maxJSONDepth+1) + strings.Repeat("]", maxJSONDepth+1) + `}`,
		"too many":                  manyMembers(maxParams + 1),
		"too many that are omitted": strings.ReplaceAll(manyMembers(maxJSONMembers+1), `"b"`, `null`),
	} {
		t.Run(name, func(t *testing.T) {
			var f form
			err := f.parseJSON([]byte(body), &testShape)
			require.Error(t, err)
			require.Equal(t, 400, asError(err).HTTPStatus())
			require.Equal(t, CodeInvalidRequest, asError(err).Code)
		})
	}
	var f form
	require.NoError(t, f.parseJSON([]byte(manyMembers(maxParams)), &testShape))
}

func manyMembers(n int) string {
	b := []byte{'{'}
	for i := range n {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(append(append(b, `"a`...), strings.Repeat("0", i%60)+string(rune('a'+i/60))...), `":"b"`...)
	}
	return string(append(b, '}'))
}

func TestIsJSONType(t *testing.T) {
	for header, want := range map[string]bool{
		"application/json": true, "application/json; charset=utf-8": true, `Application/JSON;charset="UTF-8"`: true,
		"": false, "text/json": false, "application/json; charset=utf-16": false, "application/json; x=y": false, "application/jsonp": false,
	} {
		require.Equal(t, want, isJSONType([]string{header}), header)
	}
	require.False(t, isJSONType(nil))
	require.False(t, isJSONType([]string{"application/json", "application/json"}))
}

// FuzzJSONForm holds the reader to encoding/json: what it accepts is JSON, and both
// read the same.
func FuzzJSONForm(f *testing.F) {
	for _, s := range []string{
		`{}`, `{"a":"b"}`, `{"a":"\u00e4\ud83d\ude00"}`, `{"o":{"p":{"a":"b"}},"l":["a","b"],"x":[1.5e-3,{"y":null}]}`,
		`{"a":"b","a":"c"}`, `{"a":"\ud800"}`, `{"A":"b","a":"c"}`, `{"a":null}`, "{\"a\":\"\xff\"}", `{"x":0.0E+1}`, `{"l":["",""]}`,
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		var got form
		if got.parseJSON([]byte(s), &testShape) != nil {
			return
		}
		var want map[string]any
		require.NoError(t, json.Unmarshal([]byte(s), &want))
		flat := make(map[string]string)
		flatten(t, "", want, flat)
		require.Equal(t, len(flat), got.n)
		for name, value := range flat {
			require.Equal(t, value, got.value(name), name)
		}
	})
}

func flatten(t *testing.T, path string, from map[string]any, into map[string]string) {
	for name, v := range from {
		if name = path + name; slices.Contains(testShape.Skip, name) {
			continue
		}
		switch v := v.(type) {
		case nil:
		case string:
			if v != "" {
				into[name] = v
			}
		case []any:
			var words []string
			for _, w := range v {
				words = append(words, w.(string))
			}
			if len(words) > 0 {
				into[name] = strings.Join(words, " ")
			}
		case map[string]any:
			flatten(t, name+".", v, into)
		default:
			t.Fatalf("%s is a %T", name, v)
		}
	}
}
