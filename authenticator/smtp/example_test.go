package smtp_test

import (
	"fmt"

	"github.com/mintyard/mintyard/authenticator"
	"github.com/mintyard/mintyard/authenticator/smtp"
)

func ExampleNew() {
	var byEmail authenticator.Sender // what a factor is configured with
	byEmail, err := smtp.New(smtp.Config{
		Host:     "mail.example",
		Username: "auth",
		Password: "from a file that only the server can read",
		From:     "Example <no-reply@login.example>",
	})
	fmt.Println(byEmail, err)

	_, err = smtp.New(smtp.Config{Host: "mail.example", TLS: smtp.NoTLS, From: "no-reply@login.example"})
	fmt.Println(err)
	// Output:
	// smtp.Sender for "mail.example" <nil>
	// smtp: Config.TLS: "none" is only for localhost and loopback addresses
}
