package authenticator

import (
	"context"
	"strconv"
	"time"

	"github.com/mintyard/mintyard/store"
)

// countrySends counts deliveries to all numbers of a country, which are too many to
// be kept one by one: how many there were in each five minutes of the last hour.
type countrySends struct {
	store store.Store
	space space
	now   func() time.Time
	most  int // in an hour
}

const (
	countryStep  = 5 * time.Minute
	countrySteps = int64(time.Hour / countryStep)
)

// countryRecord is the record of one country.
type countryRecord struct {
	V     int            `json:"v"`
	Steps map[string]int `json:"steps"` // by the number of the step since 1970

	more more
}

// reserve counts one delivery, or returns a [LockedError]. What fails later stays
// counted here: it may have cost, and one in a thousand does not matter.
func (s *countrySends) reserve(ctx context.Context, key store.Key) error {
	var refused error
	_, err := store.Update(ctx, s.store, key, func(cur store.Record) (store.Record, error) {
		r, err := decodeCountry(cur)
		if err != nil {
			return cur, err
		}
		now := s.now()
		if refused = r.count(now.Unix()/int64(countryStep/time.Second), s.most); refused != nil {
			return cur, refused
		}
		value, err := withMore(r, r.more)
		return store.Record{Value: value, Expires: now.Add(2 * time.Hour).Unix()}, err
	})
	if refused != nil {
		return refused
	}
	if err != nil {
		return unavailable("counting the delivery", err)
	}
	return nil
}

// refuse is reserve where a cap is reached, for a decoy that imitates that.
func (s *countrySends) refuse(ctx context.Context, key store.Key, until time.Time) error {
	recs := []store.Record{{Key: key}}
	if _, err := s.store.Get(ctx, nil, recs); err != nil {
		return unavailable("counting the delivery", err)
	}
	return &LockedError{Until: until, Limit: s.most}
}

// count forgets what is older than an hour and adds one.
func (r *countryRecord) count(step int64, most int) error {
	sum, oldest := 0, step
	for name, n := range r.Steps {
		at, err := strconv.ParseInt(name, 10, 64)
		if err != nil || at < step-countrySteps {
			delete(r.Steps, name)
			continue
		}
		sum, oldest = sum+n, min(oldest, at)
	}
	if sum >= most {
		return &LockedError{Until: time.Unix((oldest+countrySteps+1)*int64(countryStep/time.Second), 0), Limit: most}
	}
	r.Steps[strconv.FormatInt(step, 10)]++
	return nil
}

func decodeCountry(rec store.Record) (*countryRecord, error) {
	if rec.Version == 0 {
		return &countryRecord{V: sendsVersion, Steps: map[string]int{}}, nil
	}
	r := new(countryRecord)
	m, err := splitMore(rec.Value, r)
	if err != nil || r.V != sendsVersion || r.Steps == nil {
		return nil, errSends
	}
	r.more = m
	return r, nil
}
