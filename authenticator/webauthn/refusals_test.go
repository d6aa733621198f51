package webauthn_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mintyard/mintyard/authenticator"
)

// Whatever is wrong is refused, and the same from the right device is accepted
// after it: so it is what is named that was wrong.
func TestRefusals(t *testing.T) {
	client := func(name string, value any) func(*statement) {
		return func(s *statement) { s.Client[name] = value }
	}
	text := func(old, new string) func(*statement) {
		return func(s *statement) {
			s.RawClient = func(raw []byte) []byte {
				changed := bytes.Replace(raw, []byte(old), []byte(new), 1)
				if bytes.Equal(changed, raw) {
					panic(old + " is not there")
				}
				return changed
			}
		}
	}
	flags := func(f byte) func(*statement) { return func(s *statement) { s.Flags = f } }
	for _, c := range []struct {
		name  string
		edit  func(*statement)               // of what is signed
		forge func(*authenticator.Assertion) // after it is signed
	}{
		// D39: the challenge.
		{name: "another challenge", edit: client("challenge", b64.EncodeToString(make([]byte, 32)))},
		{name: "no challenge", edit: client("challenge", "")},
		{name: "a challenge that is no text", edit: client("challenge", 7)},
		{name: "a padded challenge", edit: func(s *statement) { s.Client["challenge"] = s.Client["challenge"].(string) + "=" }},
		{name: "the start of the challenge", edit: func(s *statement) { s.Client["challenge"] = s.Client["challenge"].(string)[:22] }},

		// D40: type, origin, crossOrigin, rpIdHash.
		{name: "a registration", edit: client("type", "webauthn.create")},
		{name: "a payment", edit: client("type", "payment.get")},
		{name: "no type", edit: client("type", "")},
		{name: "type in capitals", edit: client("type", "WEBAUTHN.GET")},
		{name: "another origin", edit: client("origin", "https://example.test.evil.test")},
		{name: "a subdomain that is not listed", edit: client("origin", "https://a.login.example.test")},
		{name: "plain http", edit: client("origin", "http://login.example.test")},
		{name: "another port", edit: client("origin", origin+":8443")},
		{name: "an origin in capitals", edit: client("origin", "https://LOGIN.example.test")},
		{name: "an origin with a path", edit: client("origin", origin+"/")},
		{name: "an origin with the scheme's own port", edit: client("origin", origin+":443")},
		{name: "an origin with a name before it", edit: client("origin", "https://login.example.test@evil.test")},
		{name: "the opaque origin", edit: client("origin", "null")},
		{name: "no origin", edit: client("origin", "")},
		{name: "another app", edit: client("origin", "android:apk-key-hash:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")},
		{name: "the app's hash in capitals", edit: client("origin", strings.ToUpper(android))},
		{name: "in a frame of another site", edit: client("crossOrigin", true)},
		{name: "in a frame of ours", edit: func(s *statement) { s.Client["crossOrigin"], s.Client["topOrigin"] = true, origin }},
		{name: "a top origin without a frame", edit: client("topOrigin", origin)},
		{name: "crossOrigin that is no boolean", edit: client("crossOrigin", "no")},
		{name: "another relying party", edit: func(s *statement) { s.RPID = "evil.test" }},
		{name: "the origin's host as relying party", edit: func(s *statement) { s.RPID = "login.example.test" }},

		// Client data that others could read in another way.
		{name: "two origins, the last right", edit: text(`"origin":"`, `"origin":"https://evil.test","origin":"`)},
		{name: "two origins, the first right", edit: text(`"type":`, `"origin":"https://evil.test","type":`)},
		{name: "another spelling beside the right one", edit: text(`"type":`, `"Origin":"https://evil.test","type":`)},
		{name: "a spelling with a long s", edit: text(`"crossOrigin":false`, `"croſsOrigin":false`)},
		{name: "bytes after the object", edit: func(s *statement) {
			s.RawClient = func(raw []byte) []byte { return append(raw, "{}"...) }
		}},
		{name: "no object", edit: func(s *statement) { s.RawClient = func([]byte) []byte { return []byte(`"webauthn.get"`) } }},
		{name: "null", edit: func(s *statement) { s.RawClient = func([]byte) []byte { return []byte("null") } }},

		// Flags (D41 for verification is a test of its own).
		{name: "nobody present", edit: flags(verified)},
		{name: "backed up, not eligible", edit: flags(present | verified | backedUp)},       // D43
		{name: "became eligible", edit: flags(present | verified | eligible)},               // D43
		{name: "became eligible and backed up", edit: flags(present | eligible | backedUp)}, // D43
		{name: "attested data that is not there", edit: flags(present | verified | attested)},
		{name: "extensions that are not there", edit: flags(present | verified | extended)},
		{name: "extensions that are no CBOR", edit: func(s *statement) { s.Flags |= extended; s.Extensions = []byte{0xff} }},
		{name: "bytes after the data", edit: func(s *statement) { s.Extensions = []byte{0xa0} }},
		{name: "short data", edit: func(s *statement) { s.RawData = func(raw []byte) []byte { return raw[:36] } }},

		// Row 90: what is missing is a failure.
		{name: "nothing", forge: func(a *authenticator.Assertion) { *a = authenticator.Assertion{} }},
		{name: "the credential's id alone", forge: func(a *authenticator.Assertion) { *a = authenticator.Assertion{CredentialID: a.CredentialID} }},
		{name: "no signature", forge: func(a *authenticator.Assertion) { a.Signature = nil }},
		{name: "no client data", forge: func(a *authenticator.Assertion) { a.ClientDataJSON = nil }},
		{name: "no authenticator data", forge: func(a *authenticator.Assertion) { a.AuthenticatorData = nil }},

		// The signature.
		{name: "another signature", forge: func(a *authenticator.Assertion) { a.Signature[len(a.Signature)-1] ^= 1 }},
		{name: "a signature and more", forge: func(a *authenticator.Assertion) { a.Signature = append(a.Signature, 0) }},
		{name: "flags changed", forge: func(a *authenticator.Assertion) { a.AuthenticatorData[32] ^= verified }},
		{name: "counter changed", forge: func(a *authenticator.Assertion) { a.AuthenticatorData[36]++ }},
		{name: "client data changed", forge: func(a *authenticator.Assertion) { a.ClientDataJSON = append(a.ClientDataJSON, ' ') }},
		{name: "too long", forge: func(a *authenticator.Assertion) { a.Signature = make([]byte, 1<<20) }},

		// D42: whose it is.
		{name: "another credential", forge: func(a *authenticator.Assertion) { a.CredentialID = []byte("another") }},
		{name: "a credential's id and more", forge: func(a *authenticator.Assertion) { a.CredentialID = append(a.CredentialID[:32:32], 0) }},
		{name: "a huge id", forge: func(a *authenticator.Assertion) { a.CredentialID = make([]byte, 2000) }},
		{name: "another person", forge: func(a *authenticator.Assertion) { a.UserHandle = []byte(tom.Subject) }},
		{name: "nobody's handle", forge: func(a *authenticator.Assertion) { a.UserHandle = []byte("x") }},
		{name: "a huge handle", forge: func(a *authenticator.Assertion) { a.UserHandle = make([]byte, 65) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			p, d := enrolled(t)
			for _, id := range []authenticator.Identity{mia, nameless} {
				challenge := newChallenge()
				var edits []func(*statement)
				if c.edit != nil {
					edits = append(edits, c.edit)
				}
				a := d.assert(t, challenge, edits...)
				if c.forge != nil {
					a.Signature = bytes.Clone(a.Signature)
					c.forge(&a)
				}
				subject, m, err := p.Verify(t.Context(), id, challenge, a)
				require.Equal(t, authenticator.ErrRefused, err)
				require.Empty(t, subject)
				require.Zero(t, m)
				require.NoError(t, signIn(t, p, id, d))
			}
		})
	}
}
