package authenticator_test

import (
	"context"
	"fmt"

	"github.com/mintyard/mintyard/authenticator"
	"github.com/mintyard/mintyard/store"
)

// A number is enrolled with a first code, and signs in with a second.
func ExampleCodes() {
	ctx := context.Background()
	var phone authenticator.Message // what arrived last
	sms, err := authenticator.NewCodes(authenticator.CodesConfig{
		Channel: authenticator.TypeSMS, Store: store.NewMemory(), Namespace: "users",
		Sealer: store.NewSealer(store.MasterKey{1: 2}), // 32 random bytes that the host keeps
		Sender: authenticator.SenderFunc(func(_ context.Context, m authenticator.Message) error {
			phone = m
			return nil
		}),
	})
	if err != nil {
		panic(err)
	}

	id, _, err := sms.Enrol(ctx, "00u1", "+1 (555) 010-0100", "my telephone")
	if err != nil {
		panic(err)
	}
	fmt.Println(phone.To, sms.Confirm(ctx, "00u1", id, phone.Code))
	list, err := sms.Authenticators(ctx, "00u1")
	fmt.Println(list[0].Name, list[0].Target, list[0].Active, err)

	mia := authenticator.Identity{Subject: "00u1", Hint: "mia@example.test"}
	challenge, err := sms.Start(ctx, mia, authenticator.Start{App: "Shop"})
	if err != nil {
		panic(err)
	}
	fmt.Println(challenge.Channel, challenge.Binding)
	_, err = sms.Check(ctx, mia, challenge.ID, "a guess")
	fmt.Println(err)
	method, err := sms.Check(ctx, mia, challenge.ID, phone.Code)
	fmt.Println(method.Name, err)
	_, err = sms.Check(ctx, mia, challenge.ID, phone.Code)
	fmt.Println(err)

	// A name that nobody has is asked about all the same, and nothing is sent.
	phone = authenticator.Message{}
	challenge, err = sms.Start(ctx, authenticator.Identity{Hint: "who@example.test"}, authenticator.Start{App: "Shop"})
	fmt.Println(challenge.Channel, challenge.Binding, err, phone.To == "")
	// Output:
	// +15550100100 <nil>
	// my telephone +1•••••0100 true <nil>
	// sms prompt
	// authenticator: refused
	// sms <nil>
	// authenticator: the challenge is over
	// sms prompt <nil> true
}
