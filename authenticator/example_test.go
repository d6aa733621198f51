package authenticator_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/pquerna/otp/totp"

	"github.com/mintyard/mintyard/authenticator"
	"github.com/mintyard/mintyard/store"
)

// table is where a host keeps the hashes of passwords.
type table map[string]string

func (t table) PasswordHash(_ context.Context, subject string) (string, error) {
	return t[subject], nil
}

func (t table) SetPasswordHash(_ context.Context, subject, old, new string) error {
	if t[subject] == old {
		t[subject] = new
	}
	return nil
}

// A password is set, and verified at sign-in.
func ExamplePassword_Verify() {
	ctx := context.Background()
	users := table{}
	password, err := authenticator.NewPassword(authenticator.PasswordConfig{
		Source: users, Store: store.NewMemory(), Namespace: "users",
	})
	if err != nil {
		panic(err)
	}
	if users["00u1"], err = password.Hash(ctx, "correct horse battery staple"); err != nil {
		panic(err)
	}

	mia := authenticator.Identity{Subject: "00u1", Hint: "mia@example.test"}
	method, err := password.Verify(ctx, mia, "correct horse battery staple")
	fmt.Println(method.Name, err)
	_, err = password.Verify(ctx, mia, "Correct horse battery staple")
	fmt.Println(errors.Is(err, authenticator.ErrRefused))
	// A name that nobody has is asked about all the same, and takes as long.
	_, err = password.Verify(ctx, authenticator.Identity{Hint: "who@example.test"}, "correct horse battery staple")
	fmt.Println(errors.Is(err, authenticator.ErrRefused))
	// Output:
	// password <nil>
	// true
	// true
}

// An authenticator app is enrolled, confirmed with a first code, and used.
func ExampleTOTP() {
	ctx := context.Background()
	now := time.Date(2026, 1, 2, 3, 4, 0, 0, time.UTC)
	factor, err := authenticator.NewTOTP(authenticator.TOTPConfig{
		Store: store.NewMemory(), Namespace: "users", Issuer: "Shop",
		Sealer: store.NewSealer(store.MasterKey{1: 2}), // 32 random bytes that the host keeps
		Now:    func() time.Time { return now },
	})
	if err != nil {
		panic(err)
	}

	enrolment, err := factor.Enrol(ctx, "00u1", "mia@example.test")
	if err != nil {
		panic(err)
	}
	label, _, _ := strings.Cut(enrolment.URI, "?") // the whole URI goes into a QR code
	fmt.Println(label)
	app := func() string { // the person's telephone
		code, err := totp.GenerateCode(enrolment.Secret, now)
		if err != nil {
			panic(err)
		}
		return code
	}
	fmt.Println(factor.Confirm(ctx, "00u1", enrolment.ID, app()))

	mia := authenticator.Identity{Subject: "00u1", Hint: "mia@example.test"}
	_, err = factor.Verify(ctx, mia, app())
	fmt.Println(err) // the code that confirmed is spent
	now = now.Add(30 * time.Second)
	method, err := factor.Verify(ctx, mia, app())
	fmt.Println(method.Name, method.Device == enrolment.ID, err)
	_, err = factor.Verify(ctx, mia, app())
	fmt.Println(err) // and so is this one now
	// Output:
	// otpauth://totp/Shop:mia@example.test
	// <nil>
	// authenticator: refused
	// totp true <nil>
	// authenticator: refused
}
