package authenticator_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/pquerna/otp/hotp"

	"github.com/mintyard/mintyard/authenticator"
	"github.com/mintyard/mintyard/store"
)

// A token whose secret came with it is imported, used, and found again after its
// button was pressed in a pocket.
func ExampleHOTP() {
	ctx := context.Background()
	factor, err := authenticator.NewHOTP(authenticator.HOTPConfig{
		Store: store.NewMemory(), Namespace: "users", Issuer: "Shop",
		Sealer: store.NewSealer(store.MasterKey{1: 2}), // 32 random bytes that the host keeps
	})
	if err != nil {
		panic(err)
	}
	const seed = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
	if err := factor.Import(ctx, "00u1", "token 4711", seed, 0, authenticator.HOTPOptions{}); err != nil {
		panic(err)
	}
	shows := func(count uint64) string {
		code, err := hotp.GenerateCode(seed, count)
		if err != nil {
			panic(err)
		}
		return code
	}
	mia := authenticator.Identity{Subject: "00u1", Hint: "mia@example.test"}
	method, err := factor.Verify(ctx, mia, shows(0))
	fmt.Println(method.Name, method.Device, err)
	_, err = factor.Verify(ctx, mia, shows(40))
	fmt.Println(err)
	fmt.Println(factor.Resynchronise(ctx, mia, shows(41), shows(42)))
	_, err = factor.Verify(ctx, mia, shows(43))
	fmt.Println(err)
	// Output:
	// hotp token 4711 <nil>
	// authenticator: refused
	// <nil>
	// <nil>
}

// The QR code of an enrolment, for a page and for a file.
func ExampleEnrolment_SVG() {
	e := authenticator.Enrolment{URI: "otpauth://totp/Shop:mia@example.test?secret=JBSWY3DPEHPK3PXP&issuer=Shop"}
	svg, err := e.SVG()
	if err != nil {
		panic(err)
	}
	fmt.Println(strings.HasPrefix(svg, "<svg "), strings.HasSuffix(svg, "</svg>"))
	png, err := e.PNG(300)
	if err != nil {
		panic(err)
	}
	fmt.Println(os.WriteFile(os.DevNull, png, 0o600))
	// Output:
	// true true
	// <nil>
}

// Recovery codes are shown once, and each is good once.
func ExampleRecoveryCodes() {
	ctx := context.Background()
	factor, err := authenticator.NewRecoveryCodes(authenticator.RecoveryCodesConfig{
		Store: store.NewMemory(), Namespace: "users", Sealer: store.NewSealer(store.MasterKey{1: 2}),
	})
	if err != nil {
		panic(err)
	}
	codes, err := factor.Generate(ctx, "00u1")
	if err != nil {
		panic(err)
	}
	mia := authenticator.Identity{Subject: "00u1", Hint: "mia@example.test"}
	method, err := factor.Verify(ctx, mia, strings.ToLower(codes[0]))
	fmt.Println(method.Name, err)
	_, err = factor.Verify(ctx, mia, codes[0])
	fmt.Println(err)
	left, err := factor.Left(ctx, "00u1")
	fmt.Println(left, err)

	// One that is spent can be replaced in the same step.
	_, replacement, err := factor.VerifyAndReplace(ctx, mia, codes[1])
	fmt.Println(len(replacement), err)
	// Output:
	// recovery_codes <nil>
	// authenticator: refused
	// 9 <nil>
	// 11 <nil>
}

// A security question: for hosts that have it already.
func ExampleQuestion() {
	ctx := context.Background()
	factor, err := authenticator.NewQuestion(authenticator.QuestionConfig{
		Store: store.NewMemory(), Namespace: "users", Sealer: store.NewSealer(store.MasterKey{1: 2}),
	})
	if err != nil {
		panic(err)
	}
	if err := factor.Set(ctx, "00u1", "In which street did you grow up?", "St. Joseph's Row"); err != nil {
		panic(err)
	}
	mia := authenticator.Identity{Subject: "00u1", Hint: "mia@example.test"}
	method, err := factor.Verify(ctx, mia, "st josephs row")
	fmt.Println(method.Name, err)
	// Output: question <nil>
}

// What a person is told whose new password will not do.
func ExamplePassword_Check() {
	ctx := context.Background()
	password, err := authenticator.NewPassword(authenticator.PasswordConfig{
		Source: table{}, Store: store.NewMemory(), Namespace: "users", Words: []string{"Example Shop"},
	})
	if err != nil {
		panic(err)
	}
	for _, entry := range []string{"tr0ub4dor&3", "Password1!Password1!", "miriam1234567890", "seven ravens under my roof"} {
		err := password.Check(ctx, "00u1", entry, "miriam@example.test")
		if why := (*authenticator.PasswordError)(nil); errors.As(err, &why) {
			fmt.Println(why.Advice())
			continue
		}
		fmt.Println("fine", err)
	}
	// Output:
	// Use at least 15 characters; several words with blanks between them are fine.
	// Use another password: this one is known to those who guess.
	// Use more than "miriam@example.test" and a few characters beside it: it is guessed first.
	// fine <nil>
}
