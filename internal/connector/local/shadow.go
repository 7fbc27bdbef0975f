package local

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

const secondsPerDay = 24 * 60 * 60

// lastDay is 9999-12-31, the last one that a date can be written for; any later one is kept as the day after it.
const lastDay = 2932896

// neverDays is the customary number for a password that need not be changed.
const neverDays = 99999

// The states of a password.
const (
	stateSet     = "set"
	stateLocked  = "locked"
	stateNone    = "none"
	stateUnknown = "unknown"
)

// password is what is known of an account's password and validity. Days count from 1970-01-01; -1 means none.
type password struct {
	state   string
	locked  bool // by a "!" in front of a hash
	changed int64
	maximum int64
	expires int64 // of the account
}

var unknownPassword = password{state: stateUnknown, changed: -1, maximum: -1, expires: -1}

// readShadow reads passwords and validity, when it may.
func (h *host) readShadow() error {
	h.passwords = map[string]password{}
	return optional(h.eachRecord(shadowFile, func(fields []string) error {
		if len(fields) != 9 {
			return fmt.Errorf("has %d fields, not 9", len(fields))
		}
		if _, again := h.passwords[fields[0]]; again {
			return errAgain
		}
		parsed, err := parsePassword(fields)
		if err == nil {
			h.passwords[fields[0]] = parsed
		}
		return err
	}))
}

// parsePassword does not quote fields in its errors: in a line that is out of step, any of them can be a hash.
func parsePassword(fields []string) (password, error) {
	p := password{}
	p.state, p.locked = passwordState(fields[1])
	for at, into := range map[int]*int64{2: &p.changed, 4: &p.maximum, 7: &p.expires} {
		*into = -1
		if fields[at] == "" {
			continue
		}
		number, err := strconv.ParseInt(fields[at], 10, 64)
		if err != nil {
			return password{}, errors.New("has a day that is not a number")
		}
		*into = max(-1, min(number, lastDay+1))
	}
	return p, nil
}

// passwordState judges the password field of shadow, or of passwd on systems that keep the hash there.
func passwordState(field string) (state string, locked bool) {
	bare := strings.TrimLeft(field, "!")
	switch {
	case field == "":
		return stateNone, false
	case bare != field:
		return stateLocked, isHash(bare)
	case isHash(field):
		return stateSet, false
	}
	return stateLocked, false
}

// isHash knows the modern form "$id$…", the BSD form "_…" and the traditional one of 13 characters; nothing shorter can
// be the outcome of hashing a password.
func isHash(field string) bool {
	const shortest = 13
	return len(field) >= shortest && !strings.HasPrefix(field, "*")
}

// password puts together what passwd and shadow say.
func (h *host) password(a account) password {
	p, known := h.passwords[a.name]
	if !known {
		p = unknownPassword
	}
	if a.password != "x" {
		p.state, p.locked = passwordState(a.password)
	}
	return p
}

// describe adds the dates. It gives days, never ages: an age would make every account a changed one every day.
func (p password) describe(values map[string]any) {
	if p.changed > 0 { // 0 is not a day but the demand to change the password
		values["passwordLastChanged"] = date(p.changed)
	}
	if p.maximum >= 0 {
		values["passwordMaxDays"] = p.maximum
	}
	if p.state == stateSet && p.changed > 0 && p.maximum >= 0 && p.maximum < neverDays {
		values["passwordExpires"] = date(p.changed + p.maximum)
	}
	if p.expires >= 0 {
		values["accountExpires"] = date(p.expires)
	}
}

// closed tells whether the account has expired. Day 0 counts as a day of the past, as PAM reads it.
func (p password) closed(today int64) bool { return p.expires >= 0 && p.expires <= today }

// date writes a day; one that no calendar will reach is none.
func date(day int64) any {
	if day > lastDay {
		return nil
	}
	return time.Unix(day*secondsPerDay, 0).UTC().Format("2006-01-02T15:04:05.000Z")
}
