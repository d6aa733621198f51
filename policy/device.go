package policy

import (
	"errors"
	"fmt"
	"slices"
)

// Device is what a host knows of the device on which a person signs in: a fact of
// proof. The zero value is unknown in every respect.
type Device struct {
	Known    Truth  // this person has signed in on it before, or enrolled it
	Managed  Truth  // it is under the host's control
	Platform string // "ios", "android", "macos", "windows", "linux": the host's own names; "" is unknown
}

// DeviceCondition asks about the device. What is Unknown, or nil, is not asked; the
// rest must hold together.
type DeviceCondition struct {
	Known     Truth    `json:"known,omitzero"`
	Managed   Truth    `json:"managed,omitzero"`
	Platforms []string `json:"platforms,omitempty"` // any of them
}

func (c *DeviceCondition) check() error {
	switch {
	case c.Known > Yes:
		return fmt.Errorf("known: is neither yes nor no")
	case c.Managed > Yes:
		return fmt.Errorf("managed: is neither yes nor no")
	case c.Platforms != nil && len(c.Platforms) == 0:
		return fmt.Errorf("platforms: is empty; leave it out for no condition")
	}
	if i := slices.IndexFunc(c.Platforms, noName); i >= 0 {
		return fmt.Errorf("platforms[%d]: is empty, or not UTF-8", i)
	}
	return nil
}

func parseDevice(raw []byte, c *DeviceCondition) error {
	members := 0
	err := object(raw, func(name string, raw []byte) error {
		members++
		switch name {
		case "known":
			return truth(raw, &c.Known)
		case "managed":
			return truth(raw, &c.Managed)
		case "platforms":
			return texts(raw, &c.Platforms)
		}
		return errUnknown
	})
	if err == nil && members == 0 {
		return errors.New("asks for nothing; leave it out for no condition")
	}
	return err
}

func truth(raw []byte, dst *Truth) error {
	var b bool
	err := value(raw, &b)
	*dst = TruthOf(b)
	return err
}

// is compares what is wanted with what is known.
func (t Truth) is(wanted Truth) Truth {
	if t != Yes && t != No {
		return Unknown
	}
	return TruthOf(t == wanted)
}
