package authenticator

import (
	"encoding/json"
	"errors"
	"slices"
	"time"
)

// How a number is entered on the device.
const (
	entryNone   = "n" // there is none
	entryChoose = "c" // one of three
	entryType   = "t" // both digits
)

// pushAsk is what a push asks, sealed in its challenge. Those of decoys are as long.
type pushAsk struct {
	ID       string   `json:"id"`
	Real     int      `json:"real"` // 1: there is a device that may answer
	Entry    string   `json:"entry"`
	Right    string   `json:"right"`
	Choices  []string `json:"choices"` // in the order to show
	App      string   `json:"app"`
	From     string   `json:"from"`
	Title    string   `json:"title"`
	Text     string   `json:"text"`
	Begun    int64    `json:"begun"`        // Unix time
	Answered int64    `json:"at,omitempty"` // Unix time
	Verified int      `json:"uv,omitempty"` // 1: the device has verified the person
}

// newAsk draws the numbers.
func newAsk(id string, d *pushDevice, number bool, now time.Time) *pushAsk {
	a := &pushAsk{ID: id, Entry: entryNone, Begun: now.Unix(), Choices: drawNumbers()}
	a.Right = a.Choices[newCode("012", 1)[0]-'0']
	if d != nil {
		a.Real = 1
	}
	if number {
		a.Entry = entryChoose
		if d != nil && d.Typed {
			a.Entry = entryType
		}
	}
	return a
}

// drawNumbers returns three different numbers of two digits, in an order that says
// nothing.
func drawNumbers() []string {
	numbers := make([]string, 0, 3)
	for len(numbers) < 3 {
		n := newCode("123456789", 1) + newCode(digitAlphabet, 1)
		if !slices.Contains(numbers, n) {
			numbers = append(numbers, n)
		}
	}
	return numbers
}

func (a *pushAsk) real() bool { return a.Real == 1 }

// shown are the numbers that the device offers; nil if it offers none.
func (a *pushAsk) shown() []string {
	if a.Entry == entryChoose {
		return a.Choices
	}
	return nil
}

func (a *pushAsk) encode() ([]byte, error) { return json.Marshal(a) }

var errAsk = errors.New("authenticator: the challenge is not that of a push")

func decodeAsk(c *challenge) (*pushAsk, error) {
	a := new(pushAsk)
	if json.Unmarshal(c.secret, a) != nil || a.Right == "" || len(a.Choices) != 3 {
		return nil, errAsk
	}
	switch a.Entry {
	case entryNone, entryChoose, entryType:
		return a, nil
	}
	return nil, errAsk
}
