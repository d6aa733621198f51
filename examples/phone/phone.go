package main

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/mintyard/mintyard/authenticator"
)

// phone is the device, as it is kept in its file.
type phone struct {
	Server   string          `json:"server"` // under which devices are served
	Audience string          `json:"audience"`
	ID       string          `json:"device_id"`
	Subject  string          `json:"subject"`
	Key      jose.JSONWebKey `json:"key"` // the private one
}

// challenge is what the server asks.
type challenge = authenticator.PendingPush

// newPhone makes a key.
func newPhone(server, path, audience string) (*phone, error) {
	u, err := url.Parse(server)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return nil, fmt.Errorf("-server %q is not the origin of a server", server)
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	if audience == "" {
		audience = u.Scheme + "://" + u.Host
	}
	return &phone{
		Server: strings.TrimSuffix(server, "/") + path, Audience: audience, Key: jose.JSONWebKey{Key: key},
	}, nil
}

// readPhone reads the file.
func readPhone(file string) (*phone, error) {
	b, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("enrol first: %w", err)
	}
	p := new(phone)
	if err := json.Unmarshal(b, p); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return p, nil
}

// enrol proves to have the key, and keeps it. The file is made first, so that no
// device is activated whose key cannot be kept; it goes if the server refuses.
func (p *phone) enrol(ctx context.Context, file, code, name string, typed bool, out io.Writer) error {
	if err := p.write(file, os.O_EXCL); err != nil {
		return err
	}
	entry := "choose"
	if typed {
		entry = "type"
	}
	proof, err := p.sign("mintyard-push-enrolment+jwt", map[string]any{
		"code": code, "name": name, "platform": "command line", "number_entry": entry,
	})
	if err == nil {
		err = p.post(ctx, "/activate", map[string]any{"jwk": p.Key.Public(), "proof": proof}, p)
	}
	if err != nil {
		return errors.Join(err, os.Remove(file))
	}
	if err := p.write(file, os.O_TRUNC); err != nil {
		return err
	}
	fmt.Fprintf(out, "enrolled as %s\n", p.ID)
	return nil
}

// write keeps the phone in a file that only its owner can read.
func (p *phone) write(file string, how int) error {
	b, err := json.MarshalIndent(p, "", "  ")
	if err != nil {
		return err
	}
	f, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|how, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(append(b, '\n'))
	return errors.Join(err, f.Close())
}

// pending asks what the device is asked, and how long to wait before asking again.
func (p *phone) pending(ctx context.Context) ([]challenge, time.Duration, error) {
	token, err := p.sign("mintyard-push-request+jwt", map[string]any{})
	if err != nil {
		return nil, 0, err
	}
	var answer struct {
		Challenges []challenge `json:"challenges"`
		Interval   int         `json:"interval"`
	}
	err = p.post(ctx, "/challenges", map[string]any{"request": token}, &answer)
	return answer.Challenges, time.Duration(max(1, answer.Interval)) * time.Second, err
}

// send signs what was shown and what the person has answered.
func (p *phone) send(ctx context.Context, c challenge, decision, number string) (state string, err error) {
	token, err := p.sign("mintyard-push-answer+jwt", map[string]any{
		"challenge": c.ID, "shown": authenticator.ChoicesDigest(c.Choices), "decision": decision, "number": number,
	})
	if err != nil {
		return "", err
	}
	var answer struct {
		State string `json:"state"`
	}
	err = p.post(ctx, "/answer", map[string]any{"answer": token}, &answer)
	return answer.State, err
}

// sign makes a token that is good for a minute.
func (p *phone) sign(typ string, claims map[string]any) (string, error) {
	now := time.Now()
	claims["aud"], claims["iat"], claims["exp"] = p.Audience, now.Unix(), now.Add(time.Minute).Unix()
	if p.ID != "" {
		claims["iss"], claims["sub"] = p.ID, p.Subject
	}
	payload, err := json.Marshal(claims)
	if err != nil {
		return "", err
	}
	options := new(jose.SignerOptions).WithType(jose.ContentType(typ))
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: p.Key.Key}, options)
	if err != nil {
		return "", err
	}
	jws, err := signer.Sign(payload)
	if err != nil {
		return "", err
	}
	return jws.CompactSerialize()
}

// post sends one request and reads its answer.
func (p *phone) post(ctx context.Context, path string, body map[string]any, into any) error {
	b, err := json.Marshal(body)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, 15*time.Second)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, p.Server+path, bytes.NewReader(b))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if b, err = io.ReadAll(io.LimitReader(resp.Body, 1<<20)); err != nil {
		return err
	}
	if resp.StatusCode != http.StatusOK {
		var refusal struct {
			Code        string `json:"error"`
			Description string `json:"error_description"`
		}
		if json.Unmarshal(b, &refusal) == nil && refusal.Code != "" {
			return fmt.Errorf("%s: %s", refusal.Code, refusal.Description)
		}
		return fmt.Errorf("the server answered %s", resp.Status)
	}
	return json.Unmarshal(b, into)
}
