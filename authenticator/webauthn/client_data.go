package webauthn

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"strings"

	"github.com/go-webauthn/webauthn/protocol"
)

// compared are the members of client data that are looked at (Level 3, section 5.8.1).
var compared = []string{"type", "challenge", "origin", "crossOrigin", "topOrigin"}

// clientData checks what a client says about itself, but for the challenge. It is
// stricter than the library: the origin must be one of the list byte by byte, and
// every member must be there once, in its own spelling, so that nobody else reads
// another document out of the same bytes.
func (p *Passkeys) clientData(raw []byte, ceremony protocol.CeremonyType) (*protocol.CollectedClientData, error) {
	var data protocol.CollectedClientData
	switch {
	case json.Unmarshal(raw, &data) != nil || !plain(raw):
		return nil, errors.New("the client data cannot be read")
	case data.Type != ceremony:
		return nil, errors.New("the client data is of another ceremony")
	case !slices.Contains(p.config.Origins, data.Origin):
		return nil, errors.New("the origin is not one of ours")
	case data.CrossOrigin || data.TopOrigin != "":
		return nil, errors.New("the origin is within another page")
	}
	return &data, nil
}

// plain reports whether raw is an object whose members appear once, and whose
// compared members are spelled as they should be.
func plain(raw []byte) bool {
	d := json.NewDecoder(bytes.NewReader(raw))
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return false
	}
	seen := make(map[string]bool)
	for d.More() {
		t, err := d.Token()
		name, ok := t.(string)
		if err != nil || !ok || seen[name] {
			return false
		}
		seen[name] = true
		for _, c := range compared {
			if name != c && strings.EqualFold(name, c) {
				return false
			}
		}
		var value json.RawMessage
		if d.Decode(&value) != nil {
			return false
		}
	}
	if t, err := d.Token(); err != nil || t != json.Delim('}') {
		return false
	}
	_, err := d.Token()
	return errors.Is(err, io.EOF)
}
