package velocity

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// changed makes a method of a function that gives another text.
func changed(change func(string) string) func(*run, string, arguments) (any, error) {
	return func(r *run, text string, _ arguments) (any, error) { return r.made(change(text)) }
}

// holds makes a method of a function that compares the receiver with the argument.
func holds(compare func(text, other string) bool) func(*run, string, arguments) (any, error) {
	return func(_ *run, text string, args arguments) (any, error) {
		other, err := args.text(0)
		return err == nil && compare(text, other), err
	}
}

func equalsIgnoreCase(_ *run, text string, args arguments) (any, error) {
	other, err := args.text(0)
	return err == nil && strings.EqualFold(text, other), nil
}

func concat(r *run, text string, args arguments) (any, error) {
	other, err := args.text(0)
	if err != nil {
		return nil, err
	}
	return r.made(text + other)
}

func length(_ *run, text string, _ arguments) (any, error) {
	return int64(utf8.RuneCountInString(text)), nil
}

func charAt(r *run, text string, args arguments) (any, error) {
	at, err := args.number(0, 0)
	if err != nil {
		return nil, err
	}
	return r.slice(text, at, at+1)
}

func substring(r *run, text string, args arguments) (any, error) {
	begin, err := args.number(0, 0)
	if err != nil {
		return nil, err
	}
	end, err := args.number(1, utf8.RuneCountInString(text))
	if err != nil {
		return nil, err
	}
	return r.slice(text, begin, end)
}

func (r *run) slice(text string, begin, end int) (any, error) {
	characters := []rune(text)
	if begin < 0 || end < begin || end > len(characters) {
		return nil, fmt.Errorf("a text of %d characters has no part from %d to %d", len(characters), begin, end)
	}
	return r.made(string(characters[begin:end]))
}

func indexOf(_ *run, text string, args arguments) (any, error) {
	wanted, err := args.text(0)
	if err != nil {
		return nil, err
	}
	from, err := args.number(1, 0)
	if err != nil {
		return nil, err
	}
	characters := []rune(text)
	from = min(max(from, 0), len(characters))
	at := strings.Index(string(characters[from:]), wanted)
	if at < 0 {
		return int64(-1), nil
	}
	return int64(from + utf8.RuneCountInString(string(characters[from:])[:at])), nil
}

func lastIndexOf(_ *run, text string, args arguments) (any, error) {
	wanted, err := args.text(0)
	if err != nil {
		return nil, err
	}
	at := strings.LastIndex(text, wanted)
	if at < 0 {
		return int64(-1), nil
	}
	return int64(utf8.RuneCountInString(text[:at])), nil
}

func replace(r *run, text string, args arguments) (any, error) {
	old, err := args.text(0)
	if err != nil {
		return nil, err
	}
	other, err := args.text(1)
	if err != nil {
		return nil, err
	}
	growth := strings.Count(text, old) * (len(other) - len(old))
	if len(text)+growth > r.limit {
		return nil, r.tooLong()
	}
	return r.made(strings.ReplaceAll(text, old, other))
}
