package delimited

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode"
)

// maxRow bounds one row. Without a bound, one forgotten quotation mark would pull the rest of the file into memory.
const maxRow = 1 << 20

// rowError is a row that cannot be used while those after it can.
type rowError struct {
	where  string
	reason error
}

func (e *rowError) Error() string { return e.where + " " + e.reason.Error() }
func (e *rowError) Unwrap() error { return e.reason }

// rows reads the cells of a file row by row.
type rows struct {
	csv      *csv.Reader
	in       *rowLimit
	encoding encoding
	names    []string // of the columns
	counted  string   // what the number of columns is compared with, for messages
	line     int      // where the last row started
}

// newRows reads as far as the names of the columns.
func newRows(file io.Reader, s settings) (*rows, error) {
	text, encoding, err := s.encoding.open(file)
	if err != nil {
		return nil, err
	}
	in := &rowLimit{in: text}
	reader := csv.NewReader(in)
	reader.Comma = s.delimiter
	reader.ReuseRecord = true
	reader.FieldsPerRecord = -1
	// Trimming in front of a quotation mark would eat empty columns where white space is the delimiter.
	reader.TrimLeadingSpace = !unicode.IsSpace(s.delimiter)
	r := &rows{csv: reader, in: in, encoding: encoding, names: s.columns, counted: "columnNames has"}
	if s.hasHeader {
		r.counted = "the header has"
		r.names, err = r.header()
	}
	return r, err
}

func (r *rows) header() ([]string, error) {
	cells, err := r.read()
	if err != nil {
		return nil, fmt.Errorf("read the header: %w", err)
	}
	names := make([]string, len(cells))
	for i, cell := range cells {
		names[i] = strings.TrimSpace(cell)
	}
	if err := checkNames(names); err != nil {
		return nil, fmt.Errorf("the header %w", err)
	}
	return names, nil
}

// checkNames reads on after "the header" and after "columnNames".
func checkNames(names []string) error {
	seen := make(map[string]int, len(names))
	for i, name := range names {
		if name == "" {
			return fmt.Errorf("has no name for column %d", i+1)
		}
		if strings.ContainsFunc(name, unicode.IsControl) {
			return fmt.Errorf("has a control character in column %d; rows must end with LF or CR LF", i+1)
		}
		if first, twice := seen[name]; twice {
			return fmt.Errorf("has the name %q twice, in columns %d and %d", name, first, i+1)
		}
		seen[name] = i + 1
	}
	return nil
}

// next returns the trimmed cells of the next row that holds any value; they are valid until the next call. It ends with
// io.EOF; a *rowError concerns one row only, any other error ends the file before its end.
func (r *rows) next() ([]string, error) {
	for {
		cells, err := r.read()
		if err != nil {
			return nil, err
		}
		if !trim(cells) {
			continue
		}
		return cells, r.check(cells)
	}
}

// trim reports whether any cell holds a value.
func trim(cells []string) bool {
	any := false
	for i := range cells {
		cells[i] = strings.TrimSpace(cells[i])
		any = any || cells[i] != ""
	}
	return any
}

func (r *rows) check(cells []string) error {
	if len(cells) != len(r.names) {
		return r.wrong("has %d columns, %s %d", len(cells), r.counted, len(r.names))
	}
	for i, cell := range cells {
		if reason := r.encoding.damaged(cell); reason != "" {
			return r.wrong("column %q %s", r.names[i], reason)
		}
	}
	return nil
}

// wrong makes an error of the row read last.
func (r *rows) wrong(format string, args ...any) error {
	return &rowError{where: rowNumber(r.line), reason: fmt.Errorf(format, args...)}
}

func rowNumber(line int) string { return fmt.Sprintf("row %d", line) }

// read returns the raw cells of the next row.
func (r *rows) read() ([]string, error) {
	r.in.left = maxRow
	cells, err := r.csv.Read()
	if err == nil {
		r.line, _ = r.csv.FieldPos(0)
		return cells, nil
	}
	var broken *csv.ParseError
	switch {
	case errors.Is(err, io.EOF):
		return nil, io.EOF
	case errors.As(err, &broken):
		return nil, r.broken(broken)
	}
	if r.line == 0 {
		return nil, err
	}
	return nil, fmt.Errorf("after %s: %w", rowNumber(r.line), err)
}

// broken tells a misplaced quotation mark, after which reading goes on with the next line, from one that was never
// closed: that one swallowed the rest of the file, as happens when a file is cut off.
func (r *rows) broken(found *csv.ParseError) error {
	r.line = found.StartLine
	if !errors.Is(found.Err, csv.ErrQuote) {
		return r.wrong("has a quotation mark within a value that is not quoted (line %d, column %d)", found.Line, found.Column)
	}
	if r.in.err == io.EOF && r.csv.InputOffset() == r.in.read {
		return fmt.Errorf("%s: a quotation mark is never closed; the file may be cut off", rowNumber(r.line))
	}
	return &rowError{
		where:  rowRange(found.StartLine, found.Line),
		reason: fmt.Errorf("has text after a closing quotation mark (line %d, column %d)", found.Line, found.Column),
	}
}

func rowRange(first, last int) string {
	if first == last {
		return rowNumber(first)
	}
	return fmt.Sprintf("rows %d to %d", first, last)
}

// errRowTooLong is what reading a row beyond maxRow gives.
var errRowTooLong = fmt.Errorf("the row is longer than %d bytes; a closing quotation mark may be missing", maxRow)

// rowLimit refuses to read further than maxRow within one row. It gives an error again and again, since encoding/csv
// forgets one that arrives together with the start of a broken row.
type rowLimit struct {
	in   io.Reader
	left int
	read int64
	err  error
}

func (l *rowLimit) Read(to []byte) (int, error) {
	if l.err != nil {
		return 0, l.err
	}
	if l.left <= 0 {
		l.err = errRowTooLong
		return 0, l.err
	}
	n, err := l.in.Read(to[:min(len(to), l.left)])
	l.left -= n
	l.read += int64(n)
	l.err = err
	return n, err
}
