package filter

import (
	"errors"
	"strconv"
	"strings"
	"time"
)

// TimeLayout is how a time is written on the wire, in UTC. The operators "co"
// and "sw" of a time field look at this text.
const TimeLayout = "2006-01-02T15:04:05.000Z07:00"

// Value is an operand. Compile sets, besides Text and Pos, what the type of the
// field asks for.
type Value struct {
	// Text is the operand as it was written, without quotes and escapes. Of an
	// ID it is the normalised form, of an Attribute the part after the "=".
	Text string
	// Name is the name of an Attribute.
	Name string
	// Bool is the value for a Bool.
	Bool bool
	// Time is the value for a Time, in UTC and cut to the millisecond; zero for
	// the operators Co and Sw, which work on Text.
	Time time.Time
	// Number is the value for a Number, always finite.
	Number float64
	// Pos is the position in the text, counted in characters from 1.
	Pos int
}

// token shows the value in an error, where an empty one must still be visible.
func (v Value) token() string {
	if v.Text == "" {
		return `""`
	}
	return shorten(v.Text)
}

// The errors of read continue a sentence that begins with the field.
var (
	errNotBool      = errors.New("takes true or false")
	errNotNumber    = errors.New("takes a number")
	errNotTime      = errors.New("takes a time such as 2018-12-18T23:05:55Z, 2018-12-18 or 2018")
	errTimeRange    = errors.New("takes a time in the years 0001 to 9999")
	errNotAttribute = errors.New("takes a text of the form NAME=VALUE")
)

// read sets what the type of the field asks for.
func (v *Value) read(t Type, op Op) (err error) {
	switch t {
	case ID:
		v.Text = normalizeOperand(v.Text, op)
	case Bool:
		v.Bool, err = readBool(v.Text)
	case Time:
		if !isTextual(op) {
			v.Time, err = readTime(v.Text)
		}
	case Number:
		v.Number, err = readNumber(v.Text)
	case Attribute:
		name, value, found := strings.Cut(v.Text, "=")
		if !found || name == "" {
			return errNotAttribute
		}
		v.Name, v.Text = name, value
	}
	return err
}

// isTextual names the operators that look into a text.
func isTextual(op Op) bool { return op == Co || op == Sw }

func readBool(text string) (bool, error) {
	switch text {
	case "true":
		return true, nil
	case "false":
		return false, nil
	}
	return false, errNotBool
}

// readNumber leaves out what strconv knows beyond decimal numbers: infinity,
// hexadecimal and digits divided by underscores.
func readNumber(text string) (float64, error) {
	if strings.Trim(text, "0123456789+-.eE") != "" {
		return 0, errNotNumber
	}
	number, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return 0, errNotNumber
	}
	return number, nil
}

// timeLayouts are tried in turn. Go clients write times without seconds; plain
// dates and years are in the platform's own examples.
var timeLayouts = []string{time.RFC3339, "2006-01-02T15:04Z07:00", time.DateOnly, "2006"}

func readTime(text string) (time.Time, error) {
	for _, layout := range timeLayouts {
		t, err := time.Parse(layout, text)
		if err != nil {
			continue
		}
		t = cut(t)
		if t.Year() < 1 || t.Year() > 9999 {
			return time.Time{}, errTimeRange
		}
		return t, nil
	}
	return time.Time{}, errNotTime
}

// cut brings a time to the precision in which times are compared.
func cut(t time.Time) time.Time { return t.UTC().Truncate(time.Millisecond) }

// Fold returns the form in which texts are compared without regard to case:
// every character in lower case by its simple Unicode mapping. It is idempotent.
func Fold(s string) string { return strings.ToLower(s) }

const uuidDigits = 32

// NormalizeID returns the form in which ids are kept and compared: lower case,
// and 32 hexadecimal digits with the dashes of a UUID. Any other text is only
// brought to lower case. It is idempotent.
func NormalizeID(s string) string {
	s = Fold(s)
	if len(s) != uuidDigits || !isHex(s) {
		return s
	}
	return dashed(s)
}

// NormalizeIDPrefix returns the form in which the beginning of an id is
// compared with normalised ids: lower case, and hexadecimal digits that go
// beyond the first group of a UUID with its dashes. It is idempotent.
func NormalizeIDPrefix(s string) string {
	s = Fold(s)
	if len(s) > uuidDigits || !isHex(s) {
		return s
	}
	return dashed(s)
}

func normalizeOperand(text string, op Op) string {
	switch op {
	case Sw:
		return NormalizeIDPrefix(text)
	case Co:
		return Fold(text)
	}
	return NormalizeID(text)
}

func isHex(s string) bool { return strings.Trim(s, "0123456789abcdef") == "" }

// dashed puts dashes between the groups of a UUID, of which the text may have
// only the first ones; it adds no dash at the end.
func dashed(hex string) string {
	var b strings.Builder
	for i := range len(hex) {
		switch i {
		case 8, 12, 16, 20:
			b.WriteByte('-')
		}
		b.WriteByte(hex[i])
	}
	return b.String()
}
