//go:build unix

package proof_test

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"midgard/internal/app/apptest"
	"midgard/internal/filter"
)

// expression is a filter as a tree. It is made as a tree, so nothing here has to parse: text says how a client writes it,
// and holds what it means. Both follow the published rules of the language and share no code with the server's.
type expression struct {
	word     string // "and", "or", "not", or the operator of a comparison
	terms    []*expression
	field    *filter.Field
	operands []string
	// bare writes operands without quotation marks where the language lets them go; grouped puts the whole into
	// parentheses that it does not need.
	bare, grouped bool
}

func compare(field *filter.Field, op filter.Op, operands ...string) *expression {
	return &expression{word: string(op), field: field, operands: operands}
}

func not(term *expression) *expression { return &expression{word: "not", terms: []*expression{term}} }

// binding says how tightly a kind of expression holds together: "not" before "and" before "or".
func (e *expression) binding() int {
	switch e.word {
	case "or":
		return 1
	case "and":
		return 2
	case "not":
		return 3
	}
	return 4
}

// text writes the expression with no more parentheses than its meaning needs.
func (e *expression) text() string {
	if e.grouped {
		return "(" + e.plain() + ")"
	}
	return e.plain()
}

func (e *expression) plain() string {
	if e.field != nil {
		return e.comparison()
	}
	var parts []string
	for _, term := range e.terms {
		part := term.text()
		if term.binding() < e.binding() && !term.grouped {
			part = "(" + part + ")"
		}
		parts = append(parts, part)
	}
	if e.word == "not" {
		return "not " + parts[0]
	}
	return strings.Join(parts, " "+e.word+" ")
}

func (e *expression) comparison() string {
	switch filter.Op(e.word) {
	case filter.Pr:
		return "pr " + e.field.Name
	case filter.IsNull:
		return e.field.Name + " isnull"
	case filter.In, filter.Ca:
		var list []string
		for _, o := range e.operands {
			list = append(list, e.operand(o))
		}
		return e.field.Name + " " + e.word + " (" + strings.Join(list, ", ") + ")"
	}
	return e.field.Name + " " + e.word + " " + e.operand(e.operands[0])
}

var bareWord = regexp.MustCompile(`^[\w.:+-]+$`)

func (e *expression) operand(text string) string {
	reserved := slices.Contains(allOperators, filter.Op(text)) || slices.Contains([]string{"and", "or", "not"}, text)
	if e.bare && bareWord.MatchString(text) && !reserved {
		return text
	}
	return `"` + strings.ReplaceAll(strings.ReplaceAll(text, `\`, `\\`), `"`, `\"`) + `"`
}

var allOperators = []filter.Op{
	filter.Eq, filter.Ne, filter.Co, filter.Sw, filter.Gt, filter.Ge, filter.Lt, filter.Le, filter.In, filter.Ca, filter.Pr, filter.IsNull,
}

// holds says whether a row satisfies the expression; read gives what the row has in a field.
func (e *expression) holds(row apptest.Row, read func(row apptest.Row, field string) any) bool {
	isTrue := func(term *expression) bool { return term.holds(row, read) }
	switch e.word {
	case "and":
		return !slices.ContainsFunc(e.terms, func(term *expression) bool { return !isTrue(term) })
	case "or":
		return slices.ContainsFunc(e.terms, isTrue)
	case "not":
		return !isTrue(e.terms[0])
	}
	return e.compares(several(read(row, e.field.Name)))
}

// several makes a list of what a row has: nothing for null, and the elements of a list.
func several(value any) []any {
	switch v := value.(type) {
	case nil:
		return nil
	case []any:
		return slices.DeleteFunc(slices.Clone(v), func(element any) bool { return element == nil })
	}
	return []any{value}
}

func (e *expression) compares(values []any) bool {
	some := func(op filter.Op, operand string) bool {
		return slices.ContainsFunc(values, func(v any) bool { return isTrueOf(e.field, op, v, operand) })
	}
	equal := func(operand string) bool { return some(filter.Eq, operand) }
	switch op := filter.Op(e.word); op {
	case filter.IsNull:
		return len(values) == 0
	case filter.Pr:
		return len(values) > 0
	case filter.Ne:
		return !equal(e.operands[0])
	case filter.In:
		return slices.ContainsFunc(e.operands, equal)
	case filter.Ca:
		return !slices.ContainsFunc(e.operands, func(o string) bool { return !equal(o) })
	default:
		return some(op, e.operands[0])
	}
}

// isTrueOf compares one value that is not null.
func isTrueOf(field *filter.Field, op filter.Op, value any, operand string) bool {
	textual := op == filter.Co || op == filter.Sw
	switch {
	case field.Type == filter.Bool:
		return inOrder(op, order(truth(value.(bool)), truth(operand == "true")))
	case field.Type == filter.Number:
		return inOrder(op, order(value.(float64), mustNumber(operand)))
	case field.Type == filter.Time && !textual:
		return inOrder(op, mustTime(value.(string)).Compare(mustTime(operand)))
	case field.Type == filter.Attribute:
		name, wanted, _ := strings.Cut(operand, "=")
		return slices.ContainsFunc(several(value.(map[string]any)[name]), func(v any) bool { return isPlain(v) && lower(plainText(v)) == lower(wanted) })
	case field.Type == filter.ID:
		return inOrderText(op, idForm(value.(string)), idOperand(op, operand))
	case field.CaseSensitive:
		return inOrderText(op, value.(string), operand)
	}
	return inOrderText(op, lower(value.(string)), lower(operand))
}

func inOrderText(op filter.Op, value, operand string) bool {
	switch op {
	case filter.Co:
		return strings.Contains(value, operand)
	case filter.Sw:
		return strings.HasPrefix(value, operand)
	}
	return inOrder(op, order(value, operand))
}

func inOrder(op filter.Op, sign int) bool {
	allowed := map[filter.Op][]int{
		filter.Eq: {0}, filter.Gt: {1}, filter.Ge: {0, 1}, filter.Lt: {-1}, filter.Le: {-1, 0},
	}
	return slices.Contains(allowed[op], sign)
}

func order[T string | float64 | int](a, b T) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

func truth(b bool) int {
	if b {
		return 1
	}
	return 0
}

// lower is how texts are compared: without case, character by character.
func lower(s string) string { return strings.Map(unicode.ToLower, s) }

var (
	undashed = regexp.MustCompile(`^[0-9a-f]{32}$`)
	hexOnly  = regexp.MustCompile(`^[0-9a-f]+$`)
)

// idForm is the one form of an id that can be written in several.
func idForm(s string) string {
	s = lower(s)
	if !undashed.MatchString(s) {
		return s
	}
	return s[:8] + "-" + s[8:12] + "-" + s[12:16] + "-" + s[16:20] + "-" + s[20:]
}

// idOperand is idForm for operands, which may be the beginning of an id without its dashes.
func idOperand(op filter.Op, operand string) string {
	s := lower(operand)
	if op != filter.Sw || !hexOnly.MatchString(s) || len(s) > 32 {
		return idForm(s)
	}
	// an id of zeros behind it has its dashes in the right places; as many of its characters count as digits were given
	whole := idForm(s + strings.Repeat("0", 32-len(s)))
	end, digits := 0, 0
	for digits < len(s) {
		if whole[end] != '-' {
			digits++
		}
		end++
	}
	return whole[:end]
}

func isPlain(v any) bool {
	switch v.(type) {
	case string, float64, bool:
		return true
	}
	return false
}

// plainText is a value of an attribute as text.
func plainText(v any) string {
	if n, ok := v.(float64); ok {
		return strconv.FormatFloat(n, 'f', -1, 64)
	}
	return fmt.Sprint(v)
}

func mustNumber(text string) float64 {
	n, err := strconv.ParseFloat(text, 64)
	if err != nil {
		panic(err)
	}
	return n
}

// mustTime reads the forms of a time that clients send, to the millisecond.
func mustTime(text string) time.Time {
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04Z07:00", "2006-01-02", "2006"} {
		if at, err := time.Parse(layout, text); err == nil {
			return at.Truncate(time.Millisecond)
		}
	}
	panic("no time: " + text)
}
