package transform

import (
	"crypto/rand"
	"fmt"

	"github.com/google/uuid"
)

const (
	digits   = "0123456789"
	letters  = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	specials = "!@#$%&*()+<>?"
)

// random makes a text of so many characters of an alphabet.
type random struct {
	alphabet string
	length   int
}

func buildRandomAlphaNumeric(a *attributes) operation { return a.random(letters+digits, 32) }
func buildRandomNumeric(a *attributes) operation      { return a.random(digits, 10) }

func (a *attributes) random(alphabet string, otherwise int) operation {
	a.c.needs.fresh = true
	return random{alphabet, a.wholeOr("length", otherwise, 1, MaxRandom)}
}

// apply draws bytes and passes over those that would make some characters likelier than others.
func (t random) apply(*run, Value) (Value, error) {
	fair := 256 - 256%len(t.alphabet)
	text := make([]byte, 0, t.length)
	var room [64]byte
	for {
		_, _ = rand.Read(room[:]) // it never fails: without randomness the program ends
		for _, drawn := range room {
			if len(text) == t.length {
				return Text(string(text)), nil
			}
			if int(drawn) < fair {
				text = append(text, t.alphabet[int(drawn)%len(t.alphabet)])
			}
		}
	}
}

// randomUUID makes a random UUID in its usual form.
type randomUUID struct{}

func buildUUID(a *attributes) operation {
	a.c.needs.fresh = true
	return randomUUID{}
}

func (randomUUID) apply(*run, Value) (Value, error) {
	id, err := uuid.NewRandom()
	if err != nil {
		return Null(), fmt.Errorf("make a UUID: %w", err)
	}
	return Text(id.String()), nil
}
