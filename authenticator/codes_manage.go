package authenticator

import (
	"context"
)

// Type implements [Manager].
func (f *Codes) Type() string { return f.config.Channel }

// Authenticators implements [Manager]: the Target is a number or an address of which
// only the ends are shown, so that the person recognises it and nobody learns it.
func (f *Codes) Authenticators(ctx context.Context, subject string) ([]Authenticator, error) {
	if subject == "" {
		return nil, errSubject
	}
	all, err := f.book.List(ctx, subject)
	if err != nil {
		return nil, unavailable("reading destinations", err)
	}
	list := make([]Authenticator, 0, len(all))
	for i := range all {
		e := &all[i]
		list = append(list, Authenticator{
			ID: e.ID, Type: f.Type(), Name: e.Name, Target: f.masked(string(e.Secret)),
			Active: !e.Confirmed.IsZero(), Created: e.Created, Used: e.Used,
		})
	}
	return list, nil
}

func (f *Codes) masked(to string) string {
	if f.config.Channel == TypeEmail {
		return maskAddress(to)
	}
	return maskNumber(to)
}

// Rename implements [Manager].
func (f *Codes) Rename(ctx context.Context, subject, id, name string) error {
	return rename(ctx, f.book, "destination", subject, id, name)
}

// Remove implements [Manager]. After it returned nil no code that was sent there is
// accepted. What was counted stays.
func (f *Codes) Remove(ctx context.Context, subject, id string) error {
	if subject == "" {
		return errSubject
	}
	return bookError("removing the destination", f.book.Remove(ctx, subject, id))
}
