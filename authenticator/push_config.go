package authenticator

import (
	"fmt"
	"time"

	"github.com/mintyard/mintyard/policy"
	"github.com/mintyard/mintyard/store"
)

// PushConfig says how persons are asked on devices of theirs.
type PushConfig struct {
	Store     store.Store   // required: keeps devices and challenges, counts pushes
	Namespace string        // required: people of one name space share their devices
	Sealer    *store.Sealer // required: seals keys and push tokens of devices, and numbers

	// Audience is what devices address their tokens to: the issuer, or the URL of
	// [Push.Handler]. Required.
	Audience string

	// Sender wakes a device that has a push token, and is asked about devices of
	// [Push.Import]. Nil, or no push token, means that the device asks by itself.
	Sender Sender

	// Templates write what the device shows; nil means those of [NewTemplates]
	// without a configuration.
	Templates *Templates

	TTL time.Duration // how long a push can be answered and used; 0 is 5 minutes, the most 10

	// NumberChallenge says when the app shows a number that has to be chosen on the
	// device: "" is [NumberAlways].
	NumberChallenge NumberChallenge

	// PerTenMinutes and PerDay are how many pushes a person gets in any ten minutes,
	// and any day, without approving one; 0 is 3 and 10. Those that come after
	// another factor was proved, and those from a device that the caller has
	// recognised, are counted apart from those of people who only know a name.
	PerTenMinutes, PerDay int

	// DenialCoolDown is how long no push follows one that was denied; 0 is 10
	// minutes, and the most is a day. It holds for whoever began that one in the
	// same way: by name, after a proof, from that device.
	DenialCoolDown time.Duration

	// TrustDevices believes what a device says about itself: that its key cannot be
	// copied, and that it has verified the person, by a finger or a PIN. Nothing
	// proves it, so that it suits apps that only the host gives out.
	TrustDevices bool

	Now func() time.Time // nil means time.Now
}

// NumberChallenge says when a push has a number (SP 800-63B-4 section 3.1.3.3).
type NumberChallenge string

const (
	NumberAlways   NumberChallenge = "always"
	NumberNever    NumberChallenge = "never"     // a tap approves, also one by mistake
	NumberHighRisk NumberChallenge = "high_risk" // if Start.Risk is high or unknown
)

// of reports whether a push has a number.
func (n NumberChallenge) of(r policy.Risk) bool {
	switch n {
	case NumberNever:
		return false
	case NumberHighRisk:
		return r != policy.RiskLow && r != policy.RiskMedium
	}
	return true
}

const (
	defaultPushTTL       = 5 * time.Minute
	maxPushTTL           = 10 * time.Minute
	defaultPerTenMinutes = 3
	defaultDenialCool    = 10 * time.Minute
	maxAudience          = 1000 // bytes
)

// complete checks a configuration, and fills in what is zero.
func (c *PushConfig) complete() error {
	switch {
	case c.Store == nil:
		return fieldError("Store", "is required")
	case c.Namespace == "":
		return fieldError("Namespace", "is required")
	case c.Sealer == nil:
		return fieldError("Sealer", "is required")
	case c.Audience == "" || len(c.Audience) > maxAudience:
		return fieldError("Audience", "must have 1 to %d bytes", maxAudience)
	case c.TTL < 0 || c.TTL > maxPushTTL:
		return fieldError("TTL", "must be at most %v, or 0 for %v", maxPushTTL, defaultPushTTL)
	case c.TTL > 0 && c.TTL < time.Second:
		return fieldError("TTL", "must be at least a second")
	case c.PerTenMinutes < 0 || c.PerTenMinutes > maxPerDay:
		return fieldError("PerTenMinutes", "must be between 1 and %d, or 0 for %d", maxPerDay, defaultPerTenMinutes)
	case c.PerDay < 0 || c.PerDay > maxPerDay:
		return fieldError("PerDay", "must be between 1 and %d, or 0 for %d", maxPerDay, defaultPerDay)
	case c.DenialCoolDown < 0 || c.DenialCoolDown > 24*time.Hour:
		return fieldError("DenialCoolDown", "must be at most %v, or 0 for %v", 24*time.Hour, defaultDenialCool)
	}
	switch c.NumberChallenge {
	case "":
		c.NumberChallenge = NumberAlways
	case NumberAlways, NumberNever, NumberHighRisk:
	default:
		return fieldError("NumberChallenge", `must be "always", "never" or "high_risk"`)
	}
	if c.TTL == 0 {
		c.TTL = defaultPushTTL
	}
	if c.PerTenMinutes == 0 {
		c.PerTenMinutes = defaultPerTenMinutes
	}
	if c.PerDay == 0 {
		c.PerDay = max(defaultPerDay, c.PerTenMinutes)
	}
	if c.PerDay < c.PerTenMinutes {
		return fieldError("PerDay", "is less than PerTenMinutes")
	}
	if c.DenialCoolDown == 0 {
		c.DenialCoolDown = defaultDenialCool
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Templates == nil {
		var err error
		if c.Templates, err = plainTemplates(); err != nil {
			return fmt.Errorf("Templates: %w", err)
		}
	}
	return nil
}
