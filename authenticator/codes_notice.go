package authenticator

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
)

// Notice is what a person is told about their own account.
type Notice struct {
	Purpose Purpose // PurposePasswordChanged, PurposeFactorAdded, PurposeFactorRemoved, PurposeNotice
	Factor  string  // the type of what was added or removed, or a name for it; "" is none
	App     string  // of which app; "" is that of the templates

	// Addr is from where the change was made; the zero Addr is not mentioned.
	Addr netip.Addr
}

// Notify tells a person of a change, at every confirmed destination of the channel:
// the change may be somebody else's doing, and the owner must hear of it (NIST SP
// 800-63B-4 section 4.6). Tell before a destination is taken away, or what takes it
// away goes unheard. Nothing is counted. [ErrDelivery] says that a destination was
// not reached; the others were tried all the same.
func (f *Codes) Notify(ctx context.Context, subject string, n Notice) error {
	switch n.Purpose {
	case PurposePasswordChanged, PurposeFactorAdded, PurposeFactorRemoved, PurposeNotice:
	default:
		return fmt.Errorf("authenticator: Notify: %q is no purpose of a notice", n.Purpose)
	}
	ctx, cancel := detach(ctx)
	defer cancel()
	all, err := f.confirmed(ctx, subject)
	if err != nil {
		return err
	}
	var failed error
	for i := range all {
		m := Message{ID: randomID(), Channel: f.config.Channel, Subject: subject, To: string(all[i].Secret), Purpose: n.Purpose}
		if err := f.config.Templates.Render(&m, MessageFacts{App: n.App, Addr: n.Addr, Factor: n.Factor, Now: f.config.Now()}); err != nil {
			return err
		}
		if err := f.config.Sender.Send(ctx, m); err != nil {
			failed = errors.Join(failed, fmt.Errorf("%w: %w", ErrDelivery, err))
		}
	}
	return failed
}
