package directauth_test

import (
	"context"
	"encoding/base32"
	"encoding/json"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"
	"github.com/stretchr/testify/require"

	"github.com/mintyard/mintyard/authenticator"
	"github.com/mintyard/mintyard/directauth"
	"github.com/mintyard/mintyard/oauth"
	"github.com/mintyard/mintyard/oidc"
	"github.com/mintyard/mintyard/policy"
	"github.com/mintyard/mintyard/store"
)

// town is what is attacked: two servers over one store, with the limits that are the
// default, and people who have a password and an authenticator app each. mia has a
// number and a passkey too. Its clock goes only when it is told to.
type town struct {
	t     testing.TB
	rand  *rand.Rand
	host  *host
	store store.Store
	now   atomic.Int64
	nodes [2]*node

	hash     authenticator.HashParams
	parallel int // hashes at once

	refusals atomic.Int64 // events that say that a factor was refused
	mu       sync.Mutex
	outbox   []authenticator.Message
}

// node is one of the servers. Each has factors of its own, as a process has.
type node struct {
	*town
	mux      *http.ServeMux
	password *authenticator.Password
	totp     *authenticator.TOTP
	sms      *authenticator.Codes
}

const laptop = "mia's laptop"

// cheapest is the least that argon2id takes: how many passwords are tried is the
// question here, and not what one of them costs.
var cheapest = authenticator.HashParams{Memory: 8, Time: 1, Threads: 1}

func newTown(t testing.TB, seed uint64, edit ...func(*town)) *town {
	w := &town{t: t, rand: rand.New(rand.NewPCG(seed, 4)), store: store.NewMemory(), hash: cheapest}
	for _, f := range edit {
		f(w)
	}
	w.now.Store(time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC).UnixNano())
	w.host = &host{hashes: make(map[string]string), status: make(map[string]bool)}
	for i := range w.nodes {
		w.nodes[i] = w.newNode()
	}
	w.settle("mia")
	require.NoError(t, w.nodes[0].sms.Import(t.Context(), "mia", "number", "+15550100"))
	return w
}

func (w *town) newNode() *node {
	t, n := w.t, &node{town: w, mux: http.NewServeMux()}
	var err error
	n.password, err = authenticator.NewPassword(authenticator.PasswordConfig{
		Source: w.host, Store: w.store, Namespace: "people", Params: w.hash, Parallel: w.parallel, Now: w.Now,
	})
	require.NoError(t, err)
	n.totp, err = authenticator.NewTOTP(authenticator.TOTPConfig{Store: w.store, Namespace: "people", Sealer: sealer(), Issuer: "Test", Now: w.Now})
	require.NoError(t, err)
	n.sms, err = authenticator.NewCodes(authenticator.CodesConfig{
		Channel: authenticator.TypeSMS, Store: w.store, Namespace: "people", Sealer: sealer(), Sender: authenticator.SenderFunc(w.send), Now: w.Now,
	})
	require.NoError(t, err)
	direct, err := directauth.New(directauth.Config{
		Users: w.host, Password: n.password, OTP: n.totp, OutOfBand: []authenticator.OutOfBand{n.sms}, Passkeys: &passkeys{owner: "mia", now: w.Now},
		// What a host has checked: a cookie that is signed, say.
		KnownDevice: func(_ context.Context, r *oauth.TokenRequest, subject string) string {
			if device := r.Param("device"); subject == "mia" && device == laptop {
				return device
			}
			return ""
		},
	})
	require.NoError(t, err)
	two, err := policy.New(policy.Rule{Name: "two", Then: policy.Outcome{Access: policy.Allow, Factors: 2}})
	require.NoError(t, err)
	keys, err := testKeys()
	require.NoError(t, err)
	server, err := oauth.New(oauth.Config{
		ID: "org", Issuer: issuer, Store: w.store, Keys: keys, Subjects: w.host, Now: w.Now,
		Clients: oauth.ClientList{
			"one": {ID: "one", AuthMethod: oauth.AuthNone, GrantTypes: allGrants},
			"two": {ID: "two", AuthMethod: oauth.AuthNone, GrantTypes: allGrants, SignIn: two},
		},
		Scopes: append(oidc.Scopes(), oauth.Scope{Name: "read"}), Paths: oauth.OktaPaths(issuer),
		Grants: append(direct.Grants(), oauth.RefreshToken()), StepUp: direct,
		Observe: func(_ context.Context, e oauth.Event) {
			if e.Type == oauth.EventFactorRefused {
				w.refusals.Add(1)
			}
		},
	})
	require.NoError(t, err)
	server.Mount(n.mux)
	return n
}

// sealer is that of the whole town: nodes have one master key.
func sealer() *store.Sealer {
	var master store.MasterKey
	master[0] = 1
	return store.NewSealer(master)
}

// Now is the town's clock.
func (w *town) Now() time.Time { return time.Unix(0, w.now.Load()) }

func (w *town) advance(d time.Duration) { w.now.Add(int64(d)) }

func (w *town) send(_ context.Context, m authenticator.Message) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.outbox = append(w.outbox, m)
	return nil
}

// settle makes a person: all have one password, and secrets that follow from the name.
func (w *town) settle(id string) {
	if len(w.host.hashes) == 0 {
		hash, err := w.nodes[0].password.Hash(w.t.Context(), password)
		require.NoError(w.t, err)
		w.host.hashes[""] = hash
	}
	w.host.hashes[id], w.host.status[id] = w.host.hashes[""], true
	require.NoError(w.t, w.nodes[0].totp.Import(w.t.Context(), id, "app", secretOf(id), authenticator.TOTPOptions{}))
}

func secretOf(id string) string {
	d := store.Digest("secret", id)
	return base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(append(d[:], id[:min(4, len(id))]...)[:16])
}

// code is what a person's app shows now.
func (w *town) code(id string) string {
	c, err := totp.GenerateCode(secretOf(id), w.Now())
	require.NoError(w.t, err)
	return c
}

// reply is an answer that is not parsed before anybody asks.
type reply struct {
	status int
	body   []byte
	wait   time.Duration // Retry-After
}

func (r reply) text(name string) string {
	var members map[string]any
	_ = json.Unmarshal(r.body, &members)
	s, _ := members[name].(string)
	return s
}

// post sends a form from an address.
func (n *node) post(from, path string, pairs ...string) reply {
	v := make(url.Values, len(pairs)/2)
	for i := 0; i < len(pairs); i += 2 {
		v.Set(pairs[i], pairs[i+1])
	}
	r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(v.Encode()))
	r.RemoteAddr = from
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	rec := httptest.NewRecorder()
	n.mux.ServeHTTP(rec, r)
	seconds, _ := strconv.Atoi(rec.Header().Get("Retry-After"))
	return reply{rec.Code, rec.Body.Bytes(), time.Duration(seconds) * time.Second}
}

func (n *node) tryPassword(from, client, user, pass string, more ...string) reply {
	return n.post(from, tokenPath, append([]string{"client_id", client, "grant_type", directauth.GrantPassword,
		"username", user, "password", pass, "scope", "openid"}, more...)...)
}

func (n *node) tryOTP(from, client, user, code string, more ...string) reply {
	return n.post(from, tokenPath, append([]string{"client_id", client, "grant_type", directauth.GrantOTP,
		"login_hint", user, "otp", code, "scope", "openid"}, more...)...)
}

func (n *node) tryMFA(from, mfa, code string, more ...string) reply {
	return n.post(from, tokenPath, append([]string{"client_id", "two", "grant_type", directauth.GrantMFAOTP,
		"mfa_token", mfa, "otp", code}, more...)...)
}

// session is the mfa_token of a partial login, by whoever knows the password.
func (n *node) session(from, user string, more ...string) string {
	return n.tryPassword(from, "two", user, password, more...).text("mfa_token")
}

// owner is mia, who signs in from her own address. Each way says whether it worked.
// A code is good once: the clock must have gone on by a minute since the last one.
type owner struct{ *node }

const home = "192.0.2.7:4711"

// knownDevice is password and code from the device that the host recognises.
func (o owner) knownDevice() bool {
	mfa := o.session(home, "mia", "device", laptop)
	return mfa != "" && o.tryMFA(home, mfa, o.code("mia"), "device", laptop).status == http.StatusOK
}

// knownDeviceCode is a code as the first factor from that device.
func (o owner) knownDeviceCode() bool {
	return o.tryOTP(home, "one", "mia", o.code("mia"), "device", laptop).status == http.StatusOK
}

// knownDevicePassword is a password alone from that device.
func (o owner) knownDevicePassword() bool {
	return o.tryPassword(home, "one", "mia", password, "device", laptop).status == http.StatusOK
}

// newDevice is password and code from anywhere.
func (o owner) newDevice() bool {
	mfa := o.session(home, "mia")
	return mfa != "" && o.tryMFA(home, mfa, o.code("mia")).status == http.StatusOK
}

// newDeviceCode is a code as the first factor from anywhere.
func (o owner) newDeviceCode() bool {
	return o.tryOTP(home, "one", "mia", o.code("mia")).status == http.StatusOK
}

// newDeviceCodeFirst is code and password, in that order, from anywhere.
func (o owner) newDeviceCodeFirst() bool {
	mfa := o.tryOTP(home, "two", "mia", o.code("mia")).text("mfa_token")
	return mfa != "" && o.post(home, tokenPath, "client_id", "two", "grant_type", directauth.GrantPassword,
		"mfa_token", mfa, "password", password).status == http.StatusOK
}

// passkey needs neither.
func (o owner) passkey() bool {
	begun := o.post(home, primaryPath, "client_id", "two", "challenge_hint", directauth.GrantWebAuthn, "login_hint", "mia")
	var a answer
	if json.Unmarshal(begun.body, &a.body) != nil || a.body["publicKey"] == nil {
		return false
	}
	return o.post(home, tokenPath, append([]string{"client_id", "two", "grant_type", directauth.GrantWebAuthn, "scope", "openid"},
		append(assertion(a), "userHandle", "")...)...).status == http.StatusOK
}
