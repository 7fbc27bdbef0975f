package transform

import (
	"strings"
	"time"

	"midgard/internal/transform/javadate"
)

// iso8601 is the form of dates where a definition names no other.
var iso8601 = codecNamed("ISO8601")

// mathForm is how dateMath writes: without seconds and without a zone.
const mathForm = "yyyy-MM-dd'T'HH:mm"

func codecNamed(name string) javadate.Codec {
	codec, ok := javadate.Named(name)
	if !ok {
		panic("transform: no date format " + name) // the names are fixed
	}
	return codec
}

// codec reads a date format: a name or a pattern.
func (a *attributes) codec(name string) javadate.Codec {
	if !a.has(name) {
		return iso8601
	}
	text := a.text(name)
	if a.err != nil {
		return nil
	}
	if codec, ok := javadate.Named(text); ok {
		return codec
	}
	format, err := javadate.Compile(text)
	if err != nil {
		a.illegal(name, "%v", err)
	}
	return format
}

// dateFormat reads a date in one form and writes it in another.
type dateFormat struct{ in, out javadate.Codec }

func buildDateFormat(a *attributes) operation {
	return &dateFormat{a.codec("inputFormat"), a.codec("outputFormat")}
}

func (t *dateFormat) apply(_ *run, in Value) (Value, error) {
	if !in.Valid {
		return in, nil
	}
	moment, err := t.in.Parse(in.Text)
	if err != nil {
		return Null(), fail("%v", err)
	}
	return written(t.out, moment), nil
}

func written(codec javadate.Codec, moment time.Time) Value {
	var room [64]byte
	return Text(string(codec.Append(room[:0], moment)))
}

// dateMath moves a date.
type dateMath struct {
	expression *javadate.Math
	out        javadate.Codec
}

func buildDateMath(a *attributes) operation {
	text, roundUp := a.text("expression"), a.boolean("roundUp", false)
	if a.err != nil {
		return nil
	}
	expression, err := javadate.CompileMath(text, roundUp)
	if err != nil {
		a.illegal("expression", "%v", err)
		return nil
	}
	a.c.needs.fresh = a.c.needs.fresh || expression.StartsAtNow()
	out, err := javadate.Compile(mathForm)
	if err != nil {
		a.wrong(err)
	}
	return &dateMath{expression, out}
}

func (t *dateMath) apply(r *run, in Value) (Value, error) {
	if t.expression.StartsAtNow() {
		return written(t.out, t.expression.Apply(time.Time{}, r.moment())), nil
	}
	if !in.Valid {
		return in, nil
	}
	moment, err := readDate(in.Text)
	if err != nil {
		return Null(), err
	}
	return written(t.out, t.expression.Apply(moment, r.moment())), nil
}

// readDate reads a date in the form that the engine expects.
func readDate(text string) (time.Time, error) {
	moment, err := iso8601.Parse(text)
	if err != nil {
		return time.Time{}, fail("%v", err)
	}
	return moment, nil
}

// dateCompare chooses by the order of two dates.
type dateCompare struct {
	first, second      operand
	holds              func(order int) bool
	positive, negative oneOf
}

// comparisons tells for each operator whether it holds, given how the first date compares with the second.
var comparisons = map[string]func(order int) bool{
	"LT":  func(order int) bool { return order < 0 },
	"LTE": func(order int) bool { return order <= 0 },
	"GT":  func(order int) bool { return order > 0 },
	"GTE": func(order int) bool { return order >= 0 },
}

func buildDateCompare(a *attributes) operation {
	operator := a.text("operator")
	holds := comparisons[strings.ToUpper(operator)]
	if a.err == nil && holds == nil {
		a.illegal("operator", "%s is none of LT, LTE, GT and GTE", shown(Text(operator)))
	}
	own := map[string]operand{}
	return &dateCompare{a.date("firstDate"), a.date("secondDate"), holds, a.outcome("positiveCondition", own), a.outcome("negativeCondition", own)}
}

const now = "now"

// date reads a date to compare; one that is fixed is tried at once.
func (a *attributes) date(name string) operand {
	o := a.operand(name)
	if o.node != nil || a.err != nil {
		return o
	}
	if o.literal.Text == now {
		a.c.needs.fresh = true
	} else if _, err := readDate(o.literal.Text); err != nil {
		a.illegal(name, "%v", err)
	}
	return o
}

func (t *dateCompare) apply(r *run, in Value) (Value, error) {
	first, err := dateOf(r, t.first, in, "firstDate")
	if err != nil {
		return Null(), err
	}
	second, err := dateOf(r, t.second, in, "secondDate")
	if err != nil {
		return Null(), err
	}
	if t.holds(first.Compare(second)) {
		return t.positive.of(r, in)
	}
	return t.negative.of(r, in)
}

func dateOf(r *run, o operand, in Value, name string) (time.Time, error) {
	value, err := r.value(o, in)
	if err != nil {
		return time.Time{}, err
	}
	if !value.Valid {
		return time.Time{}, fail("%s is null", name)
	}
	if value.Text == now {
		return r.moment(), nil
	}
	return readDate(value.Text)
}
