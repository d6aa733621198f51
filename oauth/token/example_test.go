package token_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/mintyard/mintyard/oauth/token"
)

// A server mints an access token with the active key of its ring, and publishes the
// ring's keys.
func ExampleKey_AppendAccessToken() {
	active, err := token.GenerateKey(token.EdDSA)
	if err != nil {
		panic(err)
	}
	next, err := token.GenerateKey(token.EdDSA)
	if err != nil {
		panic(err)
	}
	ring, err := token.NewRing(token.RingState{Active: []*token.Key{active}, Next: []*token.Key{next}})
	if err != nil {
		panic(err)
	}

	buf := make([]byte, 0, 1024) // used again for the next token
	buf, err = ring.Active(token.EdDSA).AppendAccessToken(buf[:0], &token.AccessToken{
		Issuer: "https://login.example", Subject: "mia", ClientID: "shop", ID: "8c2f",
		Audience: []string{"https://orders.example"}, Scopes: []string{"orders.read"},
		IssuedAt: 1790000000, Expires: 1790000300,
		Extra: []byte(`"tenant":"north"`),
	})
	if err != nil {
		panic(err)
	}

	payload, alg, err := ring.KeySet().Verify(token.TypeAccessToken, string(buf))
	fmt.Println(alg, err)
	fmt.Println(string(payload))
	// Output:
	// EdDSA <nil>
	// {"iss":"https://login.example","sub":"mia","aud":"https://orders.example","client_id":"shop","exp":1790000300,"iat":1790000000,"jti":"8c2f","scope":"orders.read","tenant":"north"}
}

// A resource server has the JWKS document of the issuer, and verifies tokens with it.
func ExampleVerifier() {
	jwks, bearer := issuerOfTheExample()

	keys, err := token.ParseKeySet(jwks)
	if err != nil {
		panic(err)
	}
	v := token.Verifier{
		Issuer:   "https://login.example",
		Audience: "https://orders.example", // this resource server
		Keys:     keys,
		Leeway:   10 * time.Second,
		Now:      func() time.Time { return time.Unix(1790000000, 0) }, // leave it out
	}

	claims, err := v.VerifyAccessToken(context.Background(), bearer)
	switch {
	case errors.Is(err, token.ErrToken):
		fmt.Println("401: invalid_token")
		return
	case err != nil:
		fmt.Println("503: the keys cannot be had")
		return
	case !claims.HasScope("orders.read"):
		fmt.Println("403: insufficient_scope")
		return
	}
	fmt.Println(claims.Subject, "by", claims.ClientID)

	_, err = v.VerifyAccessToken(context.Background(), bearer+"x")
	fmt.Println(errors.Is(err, token.ErrToken))
	// Output:
	// mia by shop
	// true
}

// issuerOfTheExample stands for the authorization server.
func issuerOfTheExample() (jwks []byte, accessToken string) {
	k, err := token.GenerateKey(token.ES256)
	if err != nil {
		panic(err)
	}
	ring, err := token.NewRing(token.RingState{Active: []*token.Key{k}})
	if err != nil {
		panic(err)
	}
	accessToken, err = k.AccessTokenString(&token.AccessToken{
		Issuer: "https://login.example", Subject: "mia", ClientID: "shop", ID: "8c2f",
		Audience: []string{"https://orders.example"}, Scopes: []string{"orders.read"},
		IssuedAt: 1790000000, Expires: 1790000300,
	})
	if err != nil {
		panic(err)
	}
	return ring.JWKS(), accessToken
}

// A client verifies the ID token that came with an access token.
func ExampleIDTokenVerifier() {
	k, err := token.GenerateKey(token.ES256)
	if err != nil {
		panic(err)
	}
	const access, nonce = "the access token", "n-0S6_WzA2Mj"
	idToken, err := k.IDTokenString(&token.IDToken{
		Issuer: "https://login.example", Subject: "mia", Audience: []string{"shop"}, Nonce: nonce,
		IssuedAt: 1790000000, Expires: 1790003600, AuthTime: 1790000000, AMR: []string{"pwd", "otp", "mfa"},
		AccessTokenHash: string(k.AppendHash(nil, []byte(access))),
	})
	if err != nil {
		panic(err)
	}

	v := token.IDTokenVerifier{
		Issuer: "https://login.example", ClientID: "shop", Keys: k.KeySet(),
		Now: func() time.Time { return time.Unix(1790000000, 0) }, // leave it out
	}
	claims, err := v.Verify(context.Background(), idToken, token.IDTokenExpectation{Nonce: nonce, AccessToken: access})
	fmt.Println(claims.Subject, claims.AMR, err)

	_, err = v.Verify(context.Background(), idToken, token.IDTokenExpectation{Nonce: "of another request"})
	fmt.Println(err)
	// Output:
	// mia [pwd otp mfa] <nil>
	// token: claim "nonce": is not that of the request
}

func ExampleScanner() {
	var sc token.Scanner
	var id string
	var scopes []string
	var expires int64
	for sc.Scan(`{"id":"g-17","scopes":["read","write"],"expires":1790000300,"later":null}`); sc.Next(); {
		switch sc.Name {
		case "id":
			id = sc.String()
		case "scopes":
			scopes = sc.Strings(scopes)
		case "expires":
			expires = sc.Int()
		}
	}
	if err := sc.Err(); err != nil {
		panic(err)
	}
	fmt.Println(id, scopes, expires)

	sc.Scan(`{"id":"g-17","\u0069d":"g-18"}`)
	for sc.Next() {
	}
	fmt.Println(sc.Err())
	// Output:
	// g-17 [read write] 1790000300
	// token: JSON: two members of one name
}
