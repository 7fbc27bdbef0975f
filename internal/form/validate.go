package form

import (
	"fmt"
	"net/mail"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"midgard/internal/governance"
)

// problems checks the value of an element. A value of the wrong kind is not looked at any further.
func (s *state) problems(e *element) []Problem {
	value := s.values[e.Key]
	if empty(value) {
		if e.required {
			return []Problem{{e.Key, "a value is required"}}
		}
		return nil
	}
	if reason := e.wrongKind(value); reason != "" {
		return []Problem{{e.Key, reason}}
	}
	var problems []Problem
	for _, reason := range s.reasons(e, value) {
		problems = append(problems, Problem{e.Key, reason})
	}
	return problems
}

func (e *element) wrongKind(value any) string {
	_, isText := value.(string)
	_, isTruth := value.(bool)
	switch {
	case e.Type == governance.ElementToggle && !isTruth:
		return "must be true or false"
	case e.Type == governance.ElementSelect && !isText && !isTextList(value):
		return "must be a text or a list of texts"
	case e.Type == governance.ElementHidden && (isTruth || isTextList(value)):
		return ""
	case e.Type != governance.ElementToggle && e.Type != governance.ElementSelect && !isText:
		return "must be a text"
	}
	return ""
}

func isTextList(value any) bool {
	list, isList := value.([]any)
	return isList && !slices.ContainsFunc(list, func(v any) bool { _, text := v.(string); return !text })
}

// reasons says what is wrong with a value: by the type of the element, which has demands of its own, and its validations.
func (s *state) reasons(e *element, value any) []string {
	var reasons []string
	add := func(reason string) {
		if reason != "" && !slices.Contains(reasons, reason) {
			reasons = append(reasons, reason)
		}
	}
	switch e.Type {
	case governance.ElementEmail:
		add(notEmail(textOf(value)))
	case governance.ElementPhone:
		add(notPhone(textOf(value)))
	case governance.ElementDate:
		add(notDate(textOf(value)))
	case governance.ElementSelect:
		add(e.tooMany(value))
		if e.config.ForceSelect == true {
			add(e.notOffered(value))
		}
	}
	for i := range e.Validations {
		add(s.violation(e, &e.Validations[i], value))
	}
	return reasons
}

func (s *state) violation(e *element, v *governance.FormValidation, value any) string {
	text, parameter := textOf(value), v.Parameter()
	switch v.Type {
	case governance.ValidateEmail:
		return notEmail(text)
	case governance.ValidatePhone:
		return notPhone(text)
	case governance.ValidateDate:
		return notDate(text)
	case governance.ValidateDataSource:
		return e.notOffered(value)
	}
	if parameter == "" {
		return ""
	}
	switch v.Type {
	case governance.ValidateMinLength, governance.ValidateMaxLength:
		return wrongLength(v.Type, text, parameter)
	case governance.ValidateRegex:
		return mismatch(text, parameter)
	case governance.ValidateMinDate, governance.ValidateMaxDate, governance.ValidateLessThanDate:
		return s.wrongDate(v.Type, text, parameter)
	}
	return ""
}

func wrongLength(validation, text, parameter string) string {
	limit, _ := strconv.Atoi(parameter) // Validate has read it
	n := utf8.RuneCountInString(text)
	switch {
	case validation == governance.ValidateMinLength && n < limit:
		return fmt.Sprintf("has %d characters; at least %d are needed", n, limit)
	case validation == governance.ValidateMaxLength && n > limit:
		return fmt.Sprintf("has %d characters; at most %d are allowed", n, limit)
	}
	return ""
}

func mismatch(text, pattern string) string {
	if expression, err := regexp.Compile(pattern); err == nil && !expression.MatchString(text) {
		return fmt.Sprintf("does not match the pattern %q", pattern)
	}
	return ""
}

// wrongDate compares dates. What LESS_THAN_DATE compares with may be another element; nothing is demanded while that one
// has no date.
func (s *state) wrongDate(validation, text, parameter string) string {
	if validation == governance.ValidateLessThanDate {
		if other := s.named("ELEMENT", parameter); other != nil {
			parameter = textOf(other)
		}
	}
	date, err := governance.ParseFormDate(text)
	if err != nil {
		return notDate(text)
	}
	limit, err := governance.ParseFormDate(parameter)
	switch {
	case err != nil:
		return ""
	case validation == governance.ValidateMinDate && date.Before(limit):
		return "must not be before " + parameter
	case validation == governance.ValidateMaxDate && date.After(limit):
		return "must not be after " + parameter
	case validation == governance.ValidateLessThanDate && !date.Before(limit):
		return "must be before " + parameter
	}
	return ""
}

func notDate(text string) string {
	if _, err := governance.ParseFormDate(text); err != nil {
		return "must be a date such as 2026-01-31 or 2026-01-31T08:00:00Z"
	}
	return ""
}

func notEmail(text string) string {
	if address, err := mail.ParseAddress(text); err != nil || address.Address != text {
		return "must be an email address"
	}
	return ""
}

// notPhone wants 5 to 15 digits, perhaps after a plus sign, and takes what people write between them.
func notPhone(text string) string {
	digits := 0
	for _, r := range strings.TrimPrefix(text, "+") {
		switch {
		case r <= unicode.MaxASCII && unicode.IsDigit(r):
			digits++
		case !strings.ContainsRune(" -./()", r):
			return "must be a phone number"
		}
	}
	if digits < 5 || digits > 15 {
		return "must be a phone number"
	}
	return ""
}

// tooMany counts the values of a selection against the greatest number that the element allows.
func (e *element) tooMany(value any) string {
	limit, limited := e.config.Maximum.(float64)
	if n := len(textsOf(value)); limited && float64(n) > limit {
		return fmt.Sprintf("has %d values; at most %v are allowed", n, limit)
	}
	return ""
}

// notOffered looks for values among the options of the element. Options that are found elsewhere are not known here, so
// that nothing is demanded then.
func (e *element) notOffered(value any) string {
	source := &e.config.DataSource
	if source.Type != "STATIC" {
		return ""
	}
	var offered []string
	for _, option := range source.Config.Options {
		offered = append(offered, textsOf(firstSet(option.Value, option.Label))...)
	}
	for _, text := range textsOf(value) {
		if !slices.Contains(offered, text) {
			return fmt.Sprintf("%q is not one of the options", text)
		}
	}
	return ""
}
