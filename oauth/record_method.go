package oauth

import (
	"time"

	"github.com/mintyard/mintyard/policy"
)

// StoredMethod is a [policy.Method] at rest, in the record of a grant and in that of a
// session.
type StoredMethod struct {
	Name   string `json:"n"`
	Types  int64  `json:"t,omitempty"`
	At     int64  `json:"a,omitempty"`
	Flags  int64  `json:"f,omitempty"`
	Device string `json:"d,omitempty"`
}

const (
	flagPhishingResistant = 1 << iota
	flagHardware
	flagUserVerified
)

// StoreMethod is what is kept of a method.
func StoreMethod(m policy.Method) StoredMethod {
	r := StoredMethod{Name: m.Name, Types: int64(m.Types), At: m.At.Unix(), Device: m.Device}
	if m.PhishingResistant {
		r.Flags |= flagPhishingResistant
	}
	if m.Hardware {
		r.Flags |= flagHardware
	}
	if m.UserVerified {
		r.Flags |= flagUserVerified
	}
	return r
}

// Method is the method that was kept.
func (r *StoredMethod) Method() policy.Method {
	return policy.Method{
		Name: r.Name, Types: policy.Type(r.Types), At: time.Unix(r.At, 0), Device: r.Device,
		PhishingResistant: r.Flags&flagPhishingResistant != 0,
		Hardware:          r.Flags&flagHardware != 0,
		UserVerified:      r.Flags&flagUserVerified != 0,
	}
}

// StoreDevice writes what is known of a device: two digits, and its platform.
func StoreDevice(d policy.Device) string {
	if d == (policy.Device{}) {
		return ""
	}
	return string([]byte{'0' + byte(d.Known), '0' + byte(d.Managed)}) + d.Platform
}

// StoredDevice reads what StoreDevice has written.
func StoredDevice(s string) policy.Device {
	if len(s) < 2 {
		return policy.Device{} // unknown
	}
	return policy.Device{Known: policy.Truth(s[0] - '0'), Managed: policy.Truth(s[1] - '0'), Platform: s[2:]}
}
