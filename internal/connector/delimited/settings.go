package delimited

import (
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"midgard/internal/connector"
)

// groupPrefix starts the names of the settings of the group file.
const groupPrefix = "group."

// settings are the checked configuration of one file.
type settings struct {
	prefix    string // "" or groupPrefix, for messages
	path      string
	delimiter rune
	hasHeader bool
	columns   []string
	merge     bool
	index     []string
	collect   []string
	encoding  encoding
	separator string // within a cell; empty: a cell is one value
	disabled  stateSetting
	locked    stateSetting
}

// stateSetting names a column and the value in it that means "yes"; both may be empty.
type stateSetting struct{ column, value string }

func readSettings(config connector.Config, prefix string) (settings, error) {
	in := attributes{values: config.Attributes, prefix: prefix}
	s := settings{
		prefix:    prefix,
		path:      in.text("filePath", ""),
		delimiter: in.delimiter(),
		hasHeader: in.flag("hasHeader", true),
		columns:   in.list("columnNames"),
		merge:     in.flag("mergeRows", false),
		index:     in.list("indexColumns"),
		collect:   in.list("mergeColumns"),
		encoding:  in.encoding(),
		separator: in.text("multiValueDelimiter", ""),
	}
	if prefix == "" {
		s.disabled = stateSetting{in.text("disabledColumn", ""), in.text("disabledValue", "")}
		s.locked = stateSetting{in.text("lockedColumn", ""), in.text("lockedValue", "")}
	}
	if in.err != nil {
		return settings{}, in.err
	}
	return s, s.check(config.FileRoot)
}

// check finds what is wrong between settings. The place of the file is only checked as far as its text tells; symbolic
// links are followed when it is read.
func (s settings) check(fileRoot string) error {
	if !s.hasHeader && len(s.columns) == 0 {
		return s.wrong("columnNames", "is required when hasHeader is false")
	}
	if !s.hasHeader {
		if err := checkNames(s.columns); err != nil {
			return s.wrong("columnNames", err.Error())
		}
	}
	if s.disabled.value != "" && s.disabled.column == "" {
		return s.wrong("disabledValue", "needs disabledColumn")
	}
	if s.locked.value != "" && s.locked.column == "" {
		return s.wrong("lockedValue", "needs lockedColumn")
	}
	if s.path == "" {
		return nil
	}
	if fileRoot == "" {
		return s.wrong("filePath", "cannot be used: this server has no folder for files; upload the file instead")
	}
	if !filepath.IsAbs(s.path) && !filepath.IsLocal(s.path) {
		return s.outside()
	}
	return nil
}

func (s settings) wrong(field, reason string) error {
	return &connector.ConfigError{Field: s.prefix + field, Reason: reason}
}

func (s settings) outside() error {
	return s.wrong("filePath", connector.ErrOutsideFileRoot.Error())
}

// attributes reads configuration values and keeps the first error, so that a list of reads stays a list.
type attributes struct {
	values map[string]any
	prefix string
	err    error
}

func (a *attributes) fail(name, reason string, args ...any) {
	if a.err == nil {
		a.err = &connector.ConfigError{Field: a.prefix + name, Reason: fmt.Sprintf(reason, args...)}
	}
}

// text accepts numbers and booleans too, since 1 and true are values of a column as well.
func (a *attributes) text(name, absent string) string {
	switch value := a.values[a.prefix+name].(type) {
	case nil:
		return absent
	case string:
		if value == "" {
			return absent
		}
		return value
	case bool:
		return strconv.FormatBool(value)
	case float64:
		return strconv.FormatFloat(value, 'f', -1, 64)
	}
	a.fail(name, "must be a text")
	return absent
}

// flag accepts the texts "true" and "false" too: exported configurations hold them.
func (a *attributes) flag(name string, absent bool) bool {
	switch value := a.values[a.prefix+name].(type) {
	case nil:
		return absent
	case bool:
		return value
	case string:
		if value == "" {
			return absent
		}
		if parsed, err := strconv.ParseBool(value); err == nil {
			return parsed
		}
	}
	a.fail(name, "must be true or false")
	return absent
}

// list accepts one text with commas in place of a list.
func (a *attributes) list(name string) []string {
	var list []string
	switch value := a.values[a.prefix+name].(type) {
	case nil:
		return nil
	case string:
		if strings.TrimSpace(value) == "" {
			return nil
		}
		list = strings.Split(value, ",")
	case []string:
		list = append(list, value...)
	case []any:
		for _, element := range value {
			text, ok := element.(string)
			if !ok {
				a.fail(name, "must be a list of texts")
				return nil
			}
			list = append(list, text)
		}
	default:
		a.fail(name, "must be a list of texts")
	}
	for i := range list {
		list[i] = strings.TrimSpace(list[i])
	}
	return list
}

func (a *attributes) delimiter() rune {
	text := a.text("delimiter", ",")
	if strings.EqualFold(text, "tab") || text == `\t` {
		return '\t'
	}
	char, size := utf8.DecodeRuneInString(text)
	if size != len(text) || char == utf8.RuneError {
		a.fail("delimiter", `must be one character or "tab", not %q`, text)
		return ','
	}
	if char == '"' || char != '\t' && unicode.IsControl(char) {
		a.fail("delimiter", "cannot be %q", text)
		return ','
	}
	return char
}

func (a *attributes) encoding() encoding {
	name := a.text("fileEncoding", "UTF-8")
	found, ok := encodingNamed(name)
	if !ok {
		a.fail("fileEncoding", "%q is not one of UTF-8, UTF-16, ISO-8859-1, windows-1252", name)
	}
	return found
}
