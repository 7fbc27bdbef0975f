package delimited

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"midgard/internal/connector"
)

// plan says how the cells of a row become an object: the columns of one file seen through one schema.
type plan struct {
	objectType string
	identity   int
	display    int // -1: there is no such column
	values     []value
	index      []int // what rows are merged by; empty: they are not merged
	separator  string
	disabled   state
	locked     state
}

// value is a column that becomes an attribute.
type value struct {
	column    int
	attribute connector.SchemaAttribute
	collected bool // over merged rows
}

// newPlan finds the columns. An attribute that the file does not have is absent from every object; columns that the
// identity or the configuration name must be there.
func newPlan(schema connector.Schema, objectType string, s settings, names []string) (*plan, error) {
	p := &plan{
		objectType: objectType,
		identity:   slices.Index(names, schema.IdentityAttribute),
		display:    slices.Index(names, schema.DisplayAttribute),
		separator:  s.separator,
	}
	if p.identity < 0 {
		return nil, &connector.ConfigError{Field: "identityAttribute", Reason: noSuchColumn(schema.IdentityAttribute, names)}
	}
	if err := s.checkColumns(names); err != nil {
		return nil, err
	}
	for _, attribute := range schema.Attributes {
		column := slices.Index(names, attribute.Name)
		if column < 0 {
			continue
		}
		collected := s.merge && (slices.Contains(s.collect, attribute.Name) || len(s.collect) == 0 && attribute.Multi)
		p.values = append(p.values, value{column, attribute, collected})
	}
	if s.merge {
		p.index = []int{p.identity}
	}
	if s.merge && len(s.index) > 0 {
		p.index = columnsOf(s.index, names)
	}
	if objectType == connector.TypeAccount {
		p.disabled = disabledState(s.disabled, names)
		p.locked = lockedState(s.locked, names)
	}
	return p, nil
}

// checkColumns makes sure of every column that the configuration names.
func (s settings) checkColumns(names []string) error {
	demands := []struct {
		field   string
		columns []string
	}{
		{"indexColumns", s.index},
		{"mergeColumns", s.collect},
		{"disabledColumn", []string{s.disabled.column}},
		{"lockedColumn", []string{s.locked.column}},
	}
	for _, demand := range demands {
		for _, column := range demand.columns {
			if column != "" && !slices.Contains(names, column) {
				return s.wrong(demand.field, noSuchColumn(column, names))
			}
		}
	}
	return nil
}

func columnsOf(wanted, names []string) []int {
	columns := make([]int, len(wanted))
	for i, name := range wanted {
		columns[i] = slices.Index(names, name)
	}
	return columns
}

// noSuchColumn lists what the file has instead, as far as it is worth reading: a binary or misread file can have one
// endless "column".
func noSuchColumn(wanted string, names []string) string {
	const most, longest = 20, 60
	var shown []string
	for _, name := range names[:min(len(names), most)] {
		if len(name) > longest {
			name = strings.ToValidUTF8(name[:longest], "") + "…"
		}
		shown = append(shown, strconv.Quote(name))
	}
	if len(names) > most {
		shown = append(shown, fmt.Sprintf("and %d more", len(names)-most))
	}
	return fmt.Sprintf("%q is not a column of the file, which has %s", wanted, strings.Join(shown, ", "))
}

var errNoIdentity = errors.New("has no value in the identity column")

// object makes an object of one row.
func (p *plan) object(cells []string) (connector.Object, error) {
	if cells[p.identity] == "" {
		return connector.Object{}, errNoIdentity
	}
	object := connector.Object{
		Type:       p.objectType,
		Identity:   cells[p.identity],
		Attributes: make(map[string]any, len(p.values)),
		Disabled:   p.disabled.holds(cells),
		Locked:     p.locked.holds(cells),
	}
	if p.display >= 0 {
		object.Name = cells[p.display]
	}
	for _, value := range p.values {
		converted, err := p.convert(value, cells[value.column])
		if err != nil {
			return connector.Object{}, err
		}
		if converted != nil {
			object.Attributes[value.attribute.Name] = converted
		}
	}
	return object, nil
}

// merge adds the collected columns of a further row to an object. A spoiled object takes none, but its rows are still
// told apart by their identity.
func (p *plan) merge(open pending, cells []string) error {
	if cells[p.identity] == "" {
		return errNoIdentity
	}
	if open.spoiled {
		return nil
	}
	object := open.object
	if cells[p.identity] != object.Identity {
		return fmt.Errorf("belongs to %q by indexColumns, but its identity is %q", object.Identity, cells[p.identity])
	}
	for _, value := range p.values {
		if !value.collected {
			continue
		}
		converted, err := p.convert(value, cells[value.column])
		if err != nil {
			return err
		}
		if more, ok := converted.([]string); ok {
			known, _ := object.Attributes[value.attribute.Name].([]string)
			object.Attributes[value.attribute.Name] = append(known, more...)
		}
	}
	return nil
}

// settle sorts the multi-valued attributes of a finished object.
func settle(object connector.Object) {
	for name, attribute := range object.Attributes {
		if list, ok := attribute.([]string); ok && len(list) > 1 {
			slices.Sort(list)
			object.Attributes[name] = slices.Compact(list)
		}
	}
}

// sameIndex tells whether two rows are one object.
func (p *plan) sameIndex(key, cells []string) bool {
	for i, column := range p.index {
		if key[i] != cells[column] {
			return false
		}
	}
	return len(key) > 0
}

// indexOf copies the cells that rows are merged by.
func (p *plan) indexOf(key, cells []string) []string {
	key = key[:0]
	for _, column := range p.index {
		key = append(key, cells[column])
	}
	return key
}

// convert turns a cell into an attribute value, nil when there is none.
func (p *plan) convert(v value, cell string) (any, error) {
	if cell == "" {
		return nil, nil
	}
	if !v.attribute.Multi && !v.collected {
		return p.single(v, cell)
	}
	list := []string{cell}
	if p.separator != "" && v.attribute.Multi {
		list = split(cell, p.separator)
	}
	for _, element := range list {
		if _, err := p.single(v, element); err != nil {
			return nil, err
		}
	}
	if len(list) == 0 {
		return nil, nil
	}
	return list, nil
}

func split(cell, separator string) []string {
	var list []string
	for part := range strings.SplitSeq(cell, separator) {
		if part = strings.TrimSpace(part); part != "" {
			list = append(list, part)
		}
	}
	return list
}

// single converts by the schema's type; texts and dates stay as the file has them.
func (p *plan) single(v value, cell string) (any, error) {
	switch v.attribute.Type {
	case "INT", "LONG":
		number, err := strconv.ParseInt(cell, 10, 64)
		if err != nil {
			return nil, fmt.Errorf("column %q: %q is not a whole number", v.attribute.Name, cell)
		}
		return number, nil
	case "BOOLEAN":
		word := strings.ToLower(cell)
		if !yesWords[word] && !noWords[word] {
			return nil, fmt.Errorf("column %q: %q is neither true nor false", v.attribute.Name, cell)
		}
		return yesWords[word], nil
	}
	return cell, nil
}
