package webauthn_test

import (
	"context"
	"crypto/rand"
	"fmt"

	"github.com/descope/virtualwebauthn"

	"github.com/mintyard/mintyard/authenticator"
	"github.com/mintyard/mintyard/authenticator/webauthn"
	"github.com/mintyard/mintyard/store"
)

// A passkey is registered, and used to sign in, in a web application of one's own:
// there is no authorization server.
func Example() {
	ctx := context.Background()
	passkeys, err := webauthn.New(webauthn.Config{
		Store: store.NewMemory(), Namespace: "people",
		RPID: "example.com", RPName: "Example", Origins: []string{"https://login.example.com"},
		DecoyKey: store.MasterKey{ /* 32 random bytes, kept for ever */ 1},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	browser := newBrowser("example.com", "https://login.example.com")

	// Registration, for somebody who is signed in. The id goes into the session.
	options, id, err := passkeys.BeginRegistration(ctx, "00u1", "mia@example.com")
	if err != nil {
		fmt.Println(err)
		return
	}
	// In the page: navigator.credentials.create({publicKey:
	// PublicKeyCredential.parseCreationOptionsFromJSON(options)}), and toJSON.
	made, err := passkeys.FinishRegistration(ctx, "00u1", id, browser.create(options))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("registered:", made.Name)

	// Sign-in, without a name. The challenge goes into the session.
	session := map[string][]byte{"challenge": make([]byte, 32)}
	rand.Read(session["challenge"])
	nobodyYet := authenticator.Identity{}
	asked, err := passkeys.Options(ctx, nobodyYet)
	if err != nil {
		fmt.Println(err)
		return
	}
	options, err = webauthn.RequestOptions(asked, session["challenge"])
	if err != nil {
		fmt.Println(err)
		return
	}
	// In the page: navigator.credentials.get, likewise.
	response := browser.get(options)

	// The challenge leaves the session before anything is judged: it is good once.
	challenge := session["challenge"]
	delete(session, "challenge")
	assertion, err := webauthn.ParseAssertion(response)
	if err != nil {
		fmt.Println(err)
		return
	}
	subject, method, err := passkeys.Verify(ctx, nobodyYet, challenge, assertion)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("signed in:", subject, "with", method.Name, "on", method.Device == made.ID)
	fmt.Println("phishing-resistant:", method.PhishingResistant, "two factors in one:", method.UserVerified)
	// Output:
	// registered: Passkey
	// signed in: 00u1 with webauthn on true
	// phishing-resistant: true two factors in one: true
}

// browser plays the page, the browser and the authenticator.
type browser struct {
	rp     virtualwebauthn.RelyingParty
	device virtualwebauthn.Authenticator
	key    virtualwebauthn.Credential
}

func newBrowser(rpID, origin string) *browser {
	return &browser{
		rp:     virtualwebauthn.RelyingParty{ID: rpID, Origin: origin},
		device: virtualwebauthn.NewAuthenticator(), key: newKey(virtualwebauthn.KeyTypeEC2),
	}
}

func (b *browser) create(options []byte) []byte {
	o, err := virtualwebauthn.ParseAttestationOptions(string(options))
	if err != nil {
		return nil
	}
	b.device.Options.UserHandle = []byte(o.UserID)
	return []byte(virtualwebauthn.CreateAttestationResponse(b.rp, b.device, b.key, *o))
}

func (b *browser) get(options []byte) []byte {
	o, err := virtualwebauthn.ParseAssertionOptions(string(options))
	if err != nil {
		return nil
	}
	return []byte(virtualwebauthn.CreateAssertionResponse(b.rp, b.device, b.key, *o))
}
