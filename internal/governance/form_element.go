package governance

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"time"
)

// FormElementType says what an element of a form is.
type FormElementType string

// The types of elements of the contract.
const (
	ElementText        FormElementType = "TEXT"
	ElementToggle      FormElementType = "TOGGLE"
	ElementTextArea    FormElementType = "TEXTAREA"
	ElementHidden      FormElementType = "HIDDEN"
	ElementPhone       FormElementType = "PHONE"
	ElementEmail       FormElementType = "EMAIL"
	ElementSelect      FormElementType = "SELECT"
	ElementDate        FormElementType = "DATE"
	ElementSection     FormElementType = "SECTION"
	ElementColumnSet   FormElementType = "COLUMN_SET"
	ElementImage       FormElementType = "IMAGE"
	ElementDescription FormElementType = "DESCRIPTION"
)

var elementTypes = []string{"TEXT", "TOGGLE", "TEXTAREA", "HIDDEN", "PHONE", "EMAIL", "SELECT", "DATE", "SECTION", "COLUMN_SET", "IMAGE", "DESCRIPTION"}

// HoldsValue says whether a person fills such an element in; the others only lay out or explain.
func (t FormElementType) HoldsValue() bool {
	switch t {
	case ElementSection, ElementColumnSet, ElementImage, ElementDescription:
		return false
	}
	return true
}

// contains says whether such an element has others inside of it.
func (t FormElementType) contains() bool { return t == ElementSection || t == ElementColumnSet }

// FormElement is one element of a form. A value is given under its key. A section has its elements in the list formElements
// of config, a column set there or, by column, in the lists of columns.
type FormElement struct {
	ID          string           `json:"id,omitempty"`
	Type        FormElementType  `json:"elementType,omitempty"`
	Config      json.RawMessage  `json:"config,omitempty"` // a JSON object
	Key         string           `json:"key,omitempty"`
	Validations []FormValidation `json:"validations"`
}

// FormValidation is a demand on the value of an element.
type FormValidation struct {
	Type   string          `json:"validationType,omitempty"`
	Config json.RawMessage `json:"config,omitempty"` // a JSON object with the parameter
}

// The types of validations of the contract.
const (
	ValidateRequired     = "REQUIRED"
	ValidateMinLength    = "MIN_LENGTH"
	ValidateMaxLength    = "MAX_LENGTH"
	ValidateRegex        = "REGEX"
	ValidateDate         = "DATE"
	ValidateMaxDate      = "MAX_DATE"
	ValidateMinDate      = "MIN_DATE"
	ValidateLessThanDate = "LESS_THAN_DATE"
	ValidatePhone        = "PHONE"
	ValidateEmail        = "EMAIL"
	ValidateDataSource   = "DATA_SOURCE"
	ValidateTextArea     = "TEXTAREA"
)

var validationTypes = []string{
	ValidateRequired, ValidateMinLength, ValidateMaxLength, ValidateRegex, ValidateDate, ValidateMaxDate, ValidateMinDate,
	ValidateLessThanDate, ValidatePhone, ValidateEmail, ValidateDataSource, ValidateTextArea,
}

// parameterNames are the members of a validation's config that may hold its parameter, beside value.
var parameterNames = map[string]string{
	ValidateMinLength: "minLength", ValidateMaxLength: "maxLength", ValidateRegex: "regex",
	ValidateMinDate: "minDate", ValidateMaxDate: "maxDate", ValidateLessThanDate: "date",
}

// Parameter is the text of the validation's parameter: the member of config that is called as the validation (minLength,
// maxLength, regex, minDate, maxDate, date) or value. It is empty when there is none; the validation then demands nothing,
// since the contract lets clients send it so.
func (v *FormValidation) Parameter() string {
	var config map[string]any
	if len(v.Config) == 0 || json.Unmarshal(v.Config, &config) != nil {
		return ""
	}
	for _, name := range []string{parameterNames[v.Type], "value"} {
		switch value := config[name].(type) {
		case string:
			return value
		case float64:
			return strconv.FormatFloat(value, 'f', -1, 64)
		}
	}
	return ""
}

// PlacedElement is an element with its place in the form.
type PlacedElement struct {
	FormElement
	Path   string // formElements[0].config.formElements[1]
	Parent int    // the index of the element that it is inside of, among all placed ones; -1 for none
}

// Placed gives all elements of the form, each before those inside of it, in the order in which a person meets them.
func (f *FormDefinition) Placed() ([]PlacedElement, error) {
	var placed []PlacedElement
	return placed, place(&placed, f.Elements, "formElements", -1, 1)
}

func place(placed *[]PlacedElement, elements []FormElement, path string, parent, depth int) error {
	if depth > maxFormDepth {
		return Fail(Limit, path, "Field '%s' is nested deeper than %d levels.", path, maxFormDepth)
	}
	for i := range elements {
		if len(*placed) == MaxFormElements {
			return Fail(Limit, path, "The form has more than %d elements.", MaxFormElements)
		}
		own := fmt.Sprintf("%s[%d]", path, i)
		*placed = append(*placed, PlacedElement{elements[i], own, parent})
		if err := placeInner(placed, &elements[i], own, depth); err != nil {
			return err
		}
	}
	return nil
}

func placeInner(placed *[]PlacedElement, e *FormElement, path string, depth int) error {
	if config := e.Config; len(config) > 0 && config[0] != '{' {
		return Fail(Illegal, path+".config", "Field '%s.config' must be an object.", path)
	}
	if !e.Type.contains() || len(e.Config) == 0 {
		return nil
	}
	var inner struct {
		Elements []FormElement   `json:"formElements"`
		Columns  [][]FormElement `json:"columns"`
	}
	if err := json.Unmarshal(e.Config, &inner); err != nil {
		return Because(err, Illegal, path+".config", "Field '%s.config' must have its elements in the list formElements or, of a column set, in the lists of columns.", path)
	}
	parent := len(*placed) - 1
	for i, column := range inner.Columns {
		if err := place(placed, column, fmt.Sprintf("%s.config.columns[%d]", path, i), parent, depth+1); err != nil {
			return err
		}
	}
	return place(placed, inner.Elements, path+".config.formElements", parent, depth+1)
}

func checkElements(placed []PlacedElement) error {
	ids, keys := names{}, names{}
	for i := range placed {
		e := &placed[i]
		if err := oneOf(e.Path+".elementType", string(e.Type), elementTypes...); err != nil {
			return err
		}
		if e.Key == "" && e.Type.HoldsValue() {
			return required(e.Path + ".key")
		}
		if err := takeUnlessEmpty(ids, e.Path+".id", e.ID); err != nil {
			return err
		}
		if err := takeUnlessEmpty(keys, e.Path+".key", e.Key); err != nil {
			return err
		}
		if err := e.checkValidations(); err != nil {
			return err
		}
	}
	return nil
}

func takeUnlessEmpty(taken names, field, name string) error {
	if name == "" {
		return nil
	}
	return taken.take(field, name)
}

func (e *PlacedElement) checkValidations() error {
	for i := range e.Validations {
		v, path := &e.Validations[i], fmt.Sprintf("%s.validations[%d]", e.Path, i)
		if err := oneOf(path+".validationType", v.Type, validationTypes...); err != nil {
			return err
		}
		if len(v.Config) > 0 && v.Config[0] != '{' {
			return Fail(Illegal, path+".config", "Field '%s.config' must be an object.", path)
		}
		if err := v.checkParameter(path + ".config"); err != nil {
			return err
		}
	}
	return nil
}

func (v *FormValidation) checkParameter(path string) error {
	text := v.Parameter()
	if text == "" {
		return nil
	}
	var err error
	switch v.Type {
	case ValidateMinLength, ValidateMaxLength:
		_, err = strconv.ParseUint(text, 10, 31)
	case ValidateRegex:
		_, err = regexp.Compile(text)
	case ValidateMinDate, ValidateMaxDate:
		_, err = ParseFormDate(text)
	}
	if err != nil {
		return Because(err, Illegal, path, "Illegal value %q for field %q: it is no parameter for %s.", text, path, v.Type)
	}
	return nil
}

// ParseFormDate reads a date of a form: 2026-01-31, or a date-time such as 2026-01-31T08:00:00Z.
func ParseFormDate(text string) (time.Time, error) {
	if t, err := time.Parse(time.DateOnly, text); err == nil {
		return t, nil
	}
	return time.Parse(time.RFC3339, text)
}

// elementNamed finds an element by its id or its key.
func elementNamed(placed []PlacedElement, name string) bool {
	return slices.ContainsFunc(placed, func(e PlacedElement) bool { return e.Named(name) })
}

// Named says whether a condition that says this name means the element.
func (e *FormElement) Named(name string) bool { return name != "" && (e.ID == name || e.Key == name) }
