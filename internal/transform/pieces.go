package transform

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// join puts values one behind the other. Null values are left out together with their separator; when all are null, so
// is the outcome.
type join struct {
	values    []operand
	separator operand
}

func buildConcat(a *attributes) operation {
	return &join{values: a.operands("values"), separator: operand{literal: Text("")}}
}

func buildJoin(a *attributes) operation {
	return &join{values: a.operands("values"), separator: a.operandOr("separator", ",")}
}

func (t *join) apply(r *run, in Value) (Value, error) {
	separator, err := r.value(t.separator, in)
	if err != nil {
		return Null(), err
	}
	var room [8]string
	texts, size := room[:0], 0
	for _, o := range t.values {
		value, err := r.value(o, in)
		if err != nil {
			return Null(), err
		}
		if size += len(value.Text) + len(separator.Text); size > MaxText {
			return Null(), tooLong()
		}
		if value.Valid {
			texts = append(texts, value.Text)
		}
	}
	if len(texts) == 0 {
		return Null(), nil
	}
	return Text(strings.Join(texts, separator.Text)), nil
}

// pad makes its input longer, on the left or the right.
type pad struct {
	length  number
	padding operand
	left    bool
}

func buildLeftPad(a *attributes) operation {
	return &pad{a.number("length", 0, MaxText), a.padding(), true}
}

func buildRightPad(a *attributes) operation {
	return &pad{a.number("length", 0, MaxText), a.padding(), false}
}

func (a *attributes) padding() operand {
	padding := a.operandOr("padding", " ")
	if padding.node == nil && padding.literal.Text == "" {
		a.wrong(missing(a.field("padding")))
	}
	return padding
}

func (t *pad) apply(r *run, in Value) (Value, error) {
	if !in.Valid {
		return in, nil
	}
	wanted, err := t.length.of(r, in)
	if err != nil {
		return Null(), err
	}
	padding, err := r.value(t.padding, in)
	if err != nil {
		return Null(), err
	}
	if padding.Text == "" {
		return Null(), fail("padding is null or empty")
	}
	missing := wanted - length(in.Text)
	if missing <= 0 {
		return in, nil
	}
	return t.fill(in.Text, padding.Text, missing)
}

// fill adds so many characters of the padding, which is repeated and cut off where it is enough.
func (t *pad) fill(text, padding string, missing int) (Value, error) {
	each := length(padding)
	times, rest := missing/each, beginning(padding, missing%each)
	if len(text)+times*len(padding) > MaxText {
		return Null(), tooLong()
	}
	padding = strings.Repeat(padding, times) + rest
	if t.left {
		return Text(padding + text), nil
	}
	return Text(text + padding), nil
}

// substring is a part of its input, counted in characters.
type substring struct{ begin, beginOffset, end, endOffset number }

func buildSubstring(a *attributes) operation {
	return &substring{
		begin: a.number("begin", -1, MaxText), beginOffset: a.numberOr("beginOffset", 0, -MaxText, MaxText),
		end: a.numberOr("end", -1, -1, MaxText), endOffset: a.numberOr("endOffset", 0, -MaxText, MaxText),
	}
}

func (t *substring) apply(r *run, in Value) (Value, error) {
	if !in.Valid {
		return in, nil
	}
	begin, err := bound(r, in, t.begin, t.beginOffset, 0)
	if err != nil {
		return Null(), err
	}
	end, err := bound(r, in, t.end, t.endOffset, len(in.Text))
	if err != nil {
		return Null(), err
	}
	from := position(in.Text, begin)
	return Text(in.Text[from:max(from, position(in.Text, end))]), nil
}

// bound is one end of a substring: -1 stands for otherwise and makes its offset meaningless.
func bound(r *run, in Value, at, offset number, otherwise int) (int, error) {
	n, err := at.of(r, in)
	if err != nil {
		return 0, err
	}
	if n < 0 {
		return otherwise, nil
	}
	more, err := offset.of(r, in)
	return n + more, err
}

// indexOf is where a text stands in the input, counted in characters, or -1. Case matters.
type indexOf struct {
	wanted operand
	find   func(text, wanted string) int
}

func buildIndexOf(a *attributes) operation { return &indexOf{a.operand("substring"), strings.Index} }

func buildLastIndexOf(a *attributes) operation {
	return &indexOf{a.operand("substring"), strings.LastIndex}
}

func (t *indexOf) apply(r *run, in Value) (Value, error) {
	if !in.Valid {
		return in, nil
	}
	wanted, err := r.value(t.wanted, in)
	if err != nil {
		return Null(), err
	}
	if !wanted.Valid {
		return Null(), fail("substring is null")
	}
	at := t.find(in.Text, wanted.Text)
	if at > 0 {
		at = utf8.RuneCountInString(in.Text[:at])
	}
	return Text(strconv.Itoa(at)), nil
}
