package outbox_test

import (
	"context"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"time"

	"github.com/mintyard/mintyard/internal/egress"
	"github.com/mintyard/mintyard/internal/outbox"
	"github.com/mintyard/mintyard/store"
)

// Telling a client that a session ended (OpenID Connect Back-Channel Logout 1.0). The
// notice is written first, the session is ended then, and only after that the notice is
// woken: a crash in between delays it, and an error before loses nothing but the logout.
func ExampleOutbox() {
	rp := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Println(r.Header.Get("Content-Type"), r.FormValue("logout_token"))
	}))
	defer rp.Close()
	roots := x509.NewCertPool()
	roots.AddCert(rp.Certificate())
	out, err := egress.New(egress.Config{Roots: roots, AllowPrivate: true}) // of tests
	if err != nil {
		panic(err)
	}

	type notice struct {
		Client, URI string
		Session     string
	}
	box, err := outbox.New(outbox.Config{
		Store: store.NewMemory(), Space: store.Digest("server", "main"), Name: "back-channel logout",
		Send: func(ctx context.Context, w outbox.Work) error {
			var n notice
			if err := json.Unmarshal(w.Payload, &n); err != nil {
				return outbox.Permanent(err)
			}
			// A token lives two minutes at most, so each attempt mints one of its own.
			form := url.Values{"logout_token": {"token for " + n.Client + " about " + n.Session}}
			_, err := out.Post(ctx, n.URI, "application/x-www-form-urlencoded", []byte(form.Encode()))
			var refused *egress.Error
			if errors.As(err, &refused) && refused.Problem == egress.BadURL {
				return outbox.Permanent(err)
			}
			return err // 400 also says that the logout failed (section 2.8), and may not the next time
		},
		Observe: func(_ context.Context, e outbox.Event) { fmt.Println(e.Type, e.Work.Receiver, e.Err) },
	})
	if err != nil {
		panic(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()

	payload, _ := json.Marshal(notice{Client: "app", URI: rp.URL + "/logout", Session: "8c1f"})
	id, err := box.Enqueue(ctx, outbox.Work{
		ID:       store.Digest("logout", "8c1f", "app"), // a logout that is repeated enqueues no second one
		Receiver: rp.URL,                                // the origin
		Payload:  payload,
		Due:      time.Now().Add(10 * time.Second), // whatever becomes of this node
	})
	if err != nil {
		panic(err) // and the session is not ended
	}
	// … here the session is ended …
	box.Wake(id)

	res, err := box.Deliver(ctx) // Run does so by itself
	fmt.Println(res.Done, err)
	// Output:
	// application/x-www-form-urlencoded token for app about 8c1f
	// 1 <nil>
}
