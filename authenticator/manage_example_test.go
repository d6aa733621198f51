package authenticator_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/mintyard/mintyard/authenticator"
	"github.com/mintyard/mintyard/store"
)

// What an account page does with the authenticators of a person, of whatever factor.
func ExampleManager() {
	ctx := context.Background()
	memory, sealer := store.NewMemory(), store.NewSealer(store.MasterKey{1: 2})
	sms, err := authenticator.NewCodes(authenticator.CodesConfig{
		Channel: authenticator.TypeSMS, Store: memory, Namespace: "users", Sealer: sealer, Sender: authenticator.ConsoleSender(io.Discard),
	})
	if err != nil {
		panic(err)
	}
	recovery, err := authenticator.NewRecoveryCodes(authenticator.RecoveryCodesConfig{Store: memory, Namespace: "users", Sealer: sealer})
	if err != nil {
		panic(err)
	}
	// A host that moves its people brings what they have, at every start if it likes.
	if err := errors.Join(
		sms.Import(ctx, "00u1", "f1", "+1 555 010 0100"),
		recovery.Import(ctx, "00u1", []string{"ABCDE-FGHJK", "LMNPQ-RSTUV"}),
	); err != nil {
		panic(err)
	}

	page := func() {
		for _, m := range []authenticator.Manager{sms, recovery} {
			list, err := m.Authenticators(ctx, "00u1")
			if err != nil {
				panic(err)
			}
			for _, a := range list {
				fmt.Println(a.Type, a.ID, a.Name, a.Target, a.Active)
			}
		}
	}
	fmt.Println(sms.Rename(ctx, "00u1", "f1", "private"))
	page()
	fmt.Println(sms.Remove(ctx, "00u1", "f1"))
	page()
	fmt.Println(errors.Is(sms.Remove(ctx, "00u1", "f1"), authenticator.ErrNoAuthenticator))
	// Output:
	// <nil>
	// sms f1 private +1•••••0100 true
	// recovery_codes codes   true
	// <nil>
	// recovery_codes codes   true
	// true
}

// A guess is counted before it is judged, and the right entry is of no use in a lock.
func ExampleLockedError() {
	ctx := context.Background()
	now := time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)
	users := table{}
	password, err := authenticator.NewPassword(authenticator.PasswordConfig{
		Source: users, Store: store.NewMemory(), Namespace: "users", Now: func() time.Time { return now },
		Params: authenticator.HashParams{Memory: 8, Time: 1, Threads: 1}, // of an example, not of a service
		Limits: authenticator.Limits{Limit: 3, CoolDown: 15 * time.Minute},
	})
	if err != nil {
		panic(err)
	}
	if users["00u1"], err = password.Hash(ctx, "seven ravens under my roof"); err != nil {
		panic(err)
	}
	mia := authenticator.Identity{Subject: "00u1", Hint: "mia@example.test"}
	for range 3 {
		_, err := password.Verify(ctx, mia, "a guess")
		fmt.Println(err)
	}
	_, err = password.Verify(ctx, mia, "seven ravens under my roof")
	var locked *authenticator.LockedError
	fmt.Println(errors.As(err, &locked), locked.Until.Sub(now))

	mia.Device = "the telephone that she always uses" // which the host has recognised
	method, err := password.Verify(ctx, mia, "seven ravens under my roof")
	fmt.Println(method.Name, err)
	// Output:
	// authenticator: refused
	// authenticator: refused
	// authenticator: refused
	// true 15m0s
	// password <nil>
}
