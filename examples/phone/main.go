// Phone is a device that answers pushes, on a command line: it shows what an app on
// a telephone has to do.
//
//	phone enrol   -server http://127.0.0.1:8080 -code CODE   makes a key, and becomes a device of the person's
//	phone watch   [-once]                                    prints what is asked, and the numbers
//	phone approve [-id ID] [NUMBER]                          with the number that the app shows
//	phone deny    [-id ID]
//
// The key stays in one file, phone.json or what -file says, that nobody else may
// read; an app would keep it where it cannot be copied.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/signal"
	"strings"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "phone:", err)
		os.Exit(1)
	}
}

var errUsage = errors.New("usage: phone enrol -server URL -code CODE | watch [-once] | approve [-id ID] [NUMBER] | deny [-id ID]")

// run does what the command line says.
func run(ctx context.Context, args []string, out io.Writer) error {
	if len(args) == 0 {
		return errUsage
	}
	flags := flag.NewFlagSet(args[0], flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	file := flags.String("file", "phone.json", "where the key is")
	server := flags.String("server", "", "origin of the server")
	path := flags.String("path", "/push", "where the server serves devices")
	audience := flags.String("audience", "", "how tokens are addressed; the origin of the server")
	code := flags.String("code", "", "activation code, or the URI with it")
	name := flags.String("name", "Command line", "what the device calls itself")
	typed := flags.Bool("typed", false, "numbers are typed, and none are offered")
	once := flags.Bool("once", false, "print what is asked now, and end")
	id := flags.String("id", "", "of the challenge; the only one that waits")
	if err := flags.Parse(args[1:]); err != nil {
		return fmt.Errorf("%w\n%w", err, errUsage)
	}
	if args[0] == "enrol" {
		if *server == "" || *code == "" || flags.NArg() > 0 {
			return errUsage
		}
		p, err := newPhone(*server, *path, *audience)
		if err != nil {
			return err
		}
		if err := p.readCode(code); err != nil {
			return err
		}
		return p.enrol(ctx, *file, *code, *name, *typed, out)
	}
	p, err := readPhone(*file)
	if err != nil {
		return err
	}
	switch {
	case args[0] == "watch" && flags.NArg() == 0:
		return p.watch(ctx, *once, out)
	case args[0] == "approve" && flags.NArg() <= 1:
		return p.answer(ctx, *id, "approve", flags.Arg(0), out)
	case args[0] == "deny" && flags.NArg() == 0:
		return p.answer(ctx, *id, "deny", "", out)
	}
	return errUsage
}

// readCode takes code, and audience, out of the URI of a QR code.
func (p *phone) readCode(code *string) error {
	if !strings.HasPrefix(*code, "mintyard-push:") {
		return nil
	}
	u, err := url.Parse(*code)
	if err != nil {
		return errUsage
	}
	if a := u.Query().Get("audience"); a != p.Audience {
		return fmt.Errorf("the code is for %q, and not for %q", a, p.Audience)
	}
	*code = u.Query().Get("code")
	return nil
}

// watch prints each challenge once, until it is interrupted.
func (p *phone) watch(ctx context.Context, once bool, out io.Writer) error {
	seen := make(map[string]bool)
	for {
		pending, interval, err := p.pending(ctx)
		if err != nil {
			return err
		}
		for _, c := range pending {
			if !seen[c.ID] {
				seen[c.ID] = true
				show(out, c)
			}
		}
		if once {
			return nil
		}
		select {
		case <-time.After(interval):
		case <-ctx.Done():
			return nil
		}
	}
}

// answer answers one challenge.
func (p *phone) answer(ctx context.Context, id, decision, number string, out io.Writer) error {
	pending, _, err := p.pending(ctx)
	if err != nil {
		return err
	}
	var found []challenge
	for _, c := range pending {
		if id == "" || c.ID == id {
			found = append(found, c)
		}
	}
	switch {
	case len(found) == 0:
		return errors.New("nothing waits for an answer")
	case len(found) > 1:
		return errors.New("more than one waits: say which with -id")
	case decision == "approve" && found[0].Number != "none" && number == "":
		return errors.New("approve needs the number that the app shows")
	}
	state, err := p.send(ctx, found[0], decision, number)
	if err == nil {
		fmt.Fprintln(out, state)
	}
	return err
}

// show prints what the person has to know before saying yes.
func show(out io.Writer, c challenge) {
	fmt.Fprintf(out, "%s\n  id:   %s\n", c.Title, c.ID)
	if c.App != "" {
		fmt.Fprintf(out, "  app:  %s\n", c.App)
	}
	if c.From != "" {
		fmt.Fprintf(out, "  from: %s\n", c.From)
	}
	switch c.Number {
	case "choose":
		fmt.Fprintf(out, "  which number does the app show? %s\n", strings.Join(c.Choices, "  "))
	case "type":
		fmt.Fprintln(out, "  type the number that the app shows")
	}
}
