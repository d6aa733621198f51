package token_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mintyard/mintyard/oauth/token"
)

func BenchmarkAppendAccessToken(b *testing.B) {
	for _, k := range testKeys(b) {
		b.Run(string(k.Algorithm()), func(b *testing.B) {
			t, dst := eightClaims(), make([]byte, 0, 2048)
			b.ReportAllocs()
			for b.Loop() {
				var err error
				if dst, err = k.AppendAccessToken(dst[:0], t); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkVerifyAccessToken(b *testing.B) {
	for _, k := range testKeys(b) {
		b.Run(string(k.Algorithm()), func(b *testing.B) {
			tok, err := k.AccessTokenString(eightClaims())
			require.NoError(b, err)
			set := k.KeySet()
			var c token.Claims
			b.ReportAllocs()
			for b.Loop() {
				if err := set.VerifyInto(&c, token.TypeAccessToken, tok); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkParseClaims(b *testing.B) {
	payload := payloadOf(b, eightClaims())
	b.ReportAllocs()
	for b.Loop() {
		if _, err := token.ParseClaims(payload); err != nil {
			b.Fatal(err)
		}
	}
}

// record is about what a grant's record looks like.
const record = `{"v":1,"st":"active","cl":"https://client.example/app-17","gt":"authorization_code","su":"user-0123456789abcdef",` +
	`"sc":["openid","profile","offline_access","orders.read"],"rs":["https://orders.example/api"],"at":1700000000,` +
	`"me":[{"n":"pwd","t":1,"at":1700000000},{"n":"otp","t":2,"at":1700000010,"d":"phone-1"}],"ac":"urn:example:mfa",` +
	`"si":"c2Vzc2lvbi1pZGVudGlmaWVy","cr":1700000000,"en":1702592000,"us":1700003600,"sa":"c2FsdHNhbHRzYWx0c2FsdA","rg":7,"rf":true}`

func BenchmarkScanner(b *testing.B) {
	var sc token.Scanner
	scopes := make([]string, 0, 8)
	b.SetBytes(int64(len(record)))
	b.ReportAllocs()
	for b.Loop() {
		scopes = scanRecord(b, &sc, scopes[:0])
	}
}

// scanRecord reads every value of the record with the method of its type.
func scanRecord(tb testing.TB, sc *token.Scanner, scopes []string) []string {
	n, s, members := int64(0), "", 0
	for sc.Scan(record); sc.Next(); members++ {
		switch sc.Raw[0] {
		case '"':
			s = sc.String()
		case '[':
			if sc.Raw[1] == '"' {
				scopes = sc.Strings(scopes)
				continue
			}
			for range sc.Elements() {
				n++
			}
		case 't':
			if !sc.Bool() {
				tb.Fatal("not true")
			}
		default:
			n += sc.Int()
		}
	}
	if err := sc.Err(); err != nil || s == "" || n == 0 || members != 17 {
		tb.Fatal(err, s, n, members)
	}
	return scopes
}

func BenchmarkAppendString(b *testing.B) {
	dst := make([]byte, 0, 256)
	b.ReportAllocs()
	for b.Loop() {
		dst = token.AppendString(dst[:0], "https://login.example/tenant/0123456789abcdef")
	}
}
