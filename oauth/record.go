package oauth

import (
	"crypto/rand"
	"encoding/base64"
	"net/netip"
	"time"

	"github.com/mintyard/mintyard/policy"
	"github.com/mintyard/mintyard/store"
)

// The kinds of record of this package.
const (
	kindGrant   store.Kind = 'g' // one grant, through its whole life
	kindRevoked store.Kind = 'r' // one access token that was revoked
	kindSubject store.Kind = 's' // what ends every grant of a subject
	kindKeys    store.Kind = 'k' // the keys of a server, sealed
)

// state is where a grant is in its life. The id never changes.
type state string

const (
	statePending state = "pending" // factors are missing
	stateCode    state = "code"    // an authorization code stands for it
	stateActive  state = "active"
	stateEnded   state = "ended"
)

// record is the one record of a grant: everything the server must remember about
// a person's authorization. It is stored as JSON, see record_codec.go; times are
// Unix seconds unless said otherwise.
type record struct {
	Version int   `json:"v"` // of this layout
	State   state `json:"st"`

	Client    string `json:"cl"`
	GrantType string `json:"gt"` // that made it
	Subject   string `json:"su"`

	// What was granted. The lists only grow: access tokens point into them.
	Scopes    []string `json:"sc,omitempty"`
	Resources []string `json:"rs,omitempty"`

	// Facts of proof.
	AuthTime  int64          `json:"at,omitempty"`
	Methods   []StoredMethod `json:"me,omitempty"`
	Network   string         `json:"nw,omitempty"`
	Risk      int64          `json:"ri,omitempty"`
	Device    string         `json:"dv,omitempty"` // see StoreDevice
	ACR       string         `json:"ac,omitempty"`
	ACRValues []string       `json:"av,omitempty"`
	SessionID string         `json:"si,omitempty"`
	Nonce     string         `json:"no,omitempty"`
	Claims    string         `json:"cm,omitempty"`
	JKT       string         `json:"jk,omitempty"`
	X5T       string         `json:"x5,omitempty"`
	Data      string         `json:"da,omitempty"`
	Recovery  bool           `json:"rc,omitempty"` // of a password: a transaction of its own kind

	// What the authorization code is held to. They stay when it was redeemed: a
	// replay is one only from who knows them.
	RedirectURI   string `json:"ru,omitempty"`
	CodeChallenge string `json:"cc,omitempty"`

	// CodeEnds is when the code ends where that is not when the record does: tokens
	// came with it, through the browser, and outlive it.
	CodeEnds int64 `json:"ce,omitempty"`

	Created int64 `json:"cr"`
	Ends    int64 `json:"en,omitempty"` // 0: never
	Idle    int64 `json:"il,omitempty"` // idle life in seconds; 0: none
	Used    int64 `json:"us,omitempty"` // last use of the refresh token

	// Salt goes into the second MAC of codes and refresh tokens, so that neither
	// a handle key nor the store alone is enough to make one.
	Salt string `json:"sa,omitempty"`

	// A counter per kind of handle. An older Step is refused; an older Refresh ends the grant.
	// A Challenge is that of an out-of-band code or a passkey: an older one is refused.
	Step       int64 `json:"sp,omitempty"`
	Challenge  int64 `json:"ch,omitempty"`
	Refresh    int64 `json:"rg,omitempty"`
	RefreshKey int64 `json:"rk,omitempty"` // handle key of the code, and then of the current generation
	Refreshes  bool  `json:"rf,omitempty"` // there is a refresh token
	Rotated    int64 `json:"rt,omitempty"` // Unix milliseconds of the last rotation

	// Unknown holds members that this version does not know, as they stand in the
	// JSON: nodes of two versions may share a store.
	Unknown string `json:"-"`
}

// recordVersion is the layout written by this version.
const recordVersion = 1

// ended reports whether the grant is over at the time, and why. The store keeps
// records past their expiry; it is judged here.
func (r *record) ended(now time.Time) (Reason, bool) {
	switch {
	case r.State == stateEnded:
		return ReasonEnded, true
	case r.Ends != 0 && now.Unix() >= r.Ends:
		return ReasonExpired, true
	case r.Idle != 0 && now.Unix() >= r.Used+r.Idle:
		return ReasonIdle, true
	}
	return "", false
}

// expires is when the store may forget the record, rounded up to the hour for
// grants that live for days: a rotation then seldom changes an indexed column.
func (r *record) expires() int64 {
	end := r.Ends
	if idle := r.Used + r.Idle + r.Idle/16; r.Idle != 0 && (end == 0 || idle < end) {
		end = idle // a sixteenth more: last use of a persistent token may be that stale
	}
	const hour = 3600
	if r.Refreshes && end != 0 {
		end = (end + hour - 1) / hour * hour
	}
	return end
}

// tombstone is how long an ended grant is remembered: longer than any request that
// read it before. What is forgotten is refused as well.
const tombstone = 24 * time.Hour

// end turns the record into a tombstone: nothing of the person is kept that is
// not needed to refuse what still points at it.
func (r *record) end(now time.Time) {
	until := now.Add(tombstone).Unix()
	if r.Ends != 0 {
		until = min(until, r.Ends)
	}
	*r = record{
		Version: r.Version, State: stateEnded, Client: r.Client, GrantType: r.GrantType, Subject: r.Subject,
		Created: r.Created, Ends: until, Salt: r.Salt,
		Refresh: r.Refresh, RefreshKey: r.RefreshKey, Refreshes: r.Refreshes, Unknown: r.Unknown,
	}
}

// salt decodes Salt.
func (r *record) salt() (salt [16]byte, ok bool) {
	var src [22]byte
	if len(r.Salt) != len(src) {
		return salt, false
	}
	copy(src[:], r.Salt)
	n, err := base64.RawURLEncoding.Strict().Decode(salt[:], src[:])
	return salt, err == nil && n == len(salt)
}

func newSalt() string { return encodeID(newID()) }

func newID() (id [16]byte) {
	rand.Read(id[:])
	return id
}

func encodeID(id [16]byte) string { return base64.RawURLEncoding.EncodeToString(id[:]) }

// fromRecord takes what the record says. The sender key stays the request's own:
// Prepare compares the two.
func (a *Authorization) fromRecord() {
	rec := &a.origin.record
	a.Subject = rec.Subject
	a.Scopes, a.Resources = rec.Scopes, rec.Resources
	if rec.AuthTime != 0 {
		a.AuthTime = time.Unix(rec.AuthTime, 0)
	}
	a.Methods = a.methods[:0]
	for i := range rec.Methods {
		a.Methods = append(a.Methods, rec.Methods[i].Method())
	}
	a.Network, _ = netip.ParseAddr(rec.Network) // what is not an address is an unknown one
	a.Risk, a.Device = policy.Risk(rec.Risk), StoredDevice(rec.Device)
	a.ACR, a.ACRValues = rec.ACR, rec.ACRValues
	a.SessionID, a.Nonce, a.Claims, a.Data = rec.SessionID, rec.Nonce, rec.Claims, rec.Data
	a.Recovery = rec.Recovery
	a.RedirectURI, a.CodeChallenge = rec.RedirectURI, rec.CodeChallenge
}
