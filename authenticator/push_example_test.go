package authenticator_test

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/mintyard/mintyard/authenticator"
	"github.com/mintyard/mintyard/store"
)

// A person's telephone is enrolled, and asked at sign-in.
func ExamplePush() {
	ctx := context.Background()
	push, err := authenticator.NewPush(authenticator.PushConfig{
		Store: store.NewMemory(), Namespace: "users", Audience: "https://login.example",
		Sealer: store.NewSealer(store.MasterKey{1: 2}), // 32 random bytes that the host keeps
	})
	if err != nil {
		panic(err)
	}

	// The person scans a QR code; the telephone makes a key and answers. It would
	// do so over HTTP, at push.Handler.
	activation, err := push.BeginEnrolment(ctx, "00u1", "Mia's phone")
	if err != nil {
		panic(err)
	}
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		panic(err)
	}
	sign := func(typ string, claims map[string]any) string {
		claims["aud"] = "https://login.example"
		claims["iat"], claims["exp"] = time.Now().Unix(), time.Now().Add(time.Minute).Unix()
		options := new(jose.SignerOptions).WithType(jose.ContentType(typ))
		signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.EdDSA, Key: private}, options)
		if err != nil {
			panic(err)
		}
		payload, err := json.Marshal(claims)
		if err != nil {
			panic(err)
		}
		jws, err := signer.Sign(payload)
		if err != nil {
			panic(err)
		}
		token, err := jws.CompactSerialize()
		if err != nil {
			panic(err)
		}
		return token
	}
	jwk, err := jose.JSONWebKey{Key: public}.MarshalJSON()
	if err != nil {
		panic(err)
	}
	device, err := push.Activate(ctx, jwk, sign("mintyard-push-enrolment+jwt", map[string]any{"code": activation.Code}))
	if err != nil {
		panic(err)
	}

	// An app begins a sign-in and shows the number.
	mia := authenticator.Identity{Subject: "00u1", Hint: "mia@example.test"}
	challenge, err := push.Start(ctx, mia, authenticator.Start{App: "Shop"})
	if err != nil {
		panic(err)
	}
	_, err = push.Check(ctx, mia, challenge.ID, "")
	fmt.Println(challenge.Binding, errors.Is(err, authenticator.ErrPending))

	// The telephone asks what there is, and the person chooses that number of three.
	pending, err := push.Pending(ctx, sign("mintyard-push-request+jwt", map[string]any{"iss": device.ID, "sub": device.Subject}))
	if err != nil {
		panic(err)
	}
	fmt.Println(pending[0].App, len(pending[0].Choices))
	fmt.Println(push.Answer(ctx, sign("mintyard-push-answer+jwt", map[string]any{
		"iss": device.ID, "sub": device.Subject, "challenge": pending[0].ID, "decision": "approve",
		"shown": authenticator.ChoicesDigest(pending[0].Choices), "number": challenge.Number,
	})))

	method, err := push.Check(ctx, mia, challenge.ID, "")
	fmt.Println(method.Name, method.Device == device.ID, err)
	// Output:
	// transfer true
	// Shop 3
	// <nil>
	// push true <nil>
}
