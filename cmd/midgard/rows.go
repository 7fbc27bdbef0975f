package main

import (
	"bytes"
	"cmp"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"strings"
	"text/tabwriter"
	"unicode/utf8"
)

// widest is how many characters of a value a table shows; CSV and JSON show all.
const widest = 60

// object is one row: its values stay encoded until they are shown.
type object struct {
	keys   []string // in the order of the answer
	values map[string]json.RawMessage
}

func readRow(raw json.RawMessage) (object, error) {
	row := object{values: map[string]json.RawMessage{}}
	decoder := json.NewDecoder(bytes.NewReader(raw))
	if open, err := decoder.Token(); err != nil || open != json.Delim('{') {
		return row, fmt.Errorf("the server sent a row that is no object: %.40s", raw)
	}
	for decoder.More() {
		key, err := decoder.Token()
		if err != nil {
			return row, err
		}
		name, _ := key.(string) // keys of an object are strings
		var value json.RawMessage
		if err := decoder.Decode(&value); err != nil {
			return row, err
		}
		row.keys = append(row.keys, name)
		row.values[name] = value
	}
	return row, nil
}

// at follows a dotted path. A key that holds dots itself is found too. The result is nil where nothing is.
func (o object) at(path string) json.RawMessage {
	if value, ok := o.values[path]; ok {
		return value
	}
	for i, r := range path {
		if r != '.' {
			continue
		}
		inner, err := readRow(o.values[path[:i]])
		if err != nil {
			continue
		}
		if value := inner.at(path[i+1:]); value != nil {
			return value
		}
	}
	return nil
}

// plain is a string without its quotes, nothing for null, and the JSON text of everything else.
func plain(value json.RawMessage) string {
	var text string
	if json.Unmarshal(value, &text) == nil {
		return text // also null, which leaves the text empty
	}
	var compact bytes.Buffer
	if json.Compact(&compact, value) != nil {
		return string(value)
	}
	return compact.String()
}

// cell is plain as people read it in a table: references by name, lists with commas, on one line of bounded width.
func cell(value json.RawMessage) string {
	var list []json.RawMessage
	if json.Unmarshal(value, &list) == nil && list != nil {
		texts := make([]string, 0, len(list))
		for _, item := range list {
			texts = append(texts, named(item))
		}
		return shorten(printable(strings.Join(texts, ", ")))
	}
	return shorten(printable(named(value)))
}

func named(value json.RawMessage) string {
	row, err := readRow(value)
	switch {
	case err != nil:
	case row.values["name"] != nil:
		return plain(row.values["name"])
	case row.values["locale"] != nil: // a text in one of several languages
		return plain(row.values["value"])
	}
	return plain(value)
}

func shorten(text string) string {
	if utf8.RuneCountInString(text) <= widest {
		return text
	}
	return string([]rune(text)[:widest-1]) + "…"
}

func printTable(out io.Writer, columns []string, rows iter.Seq2[json.RawMessage, error]) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, strings.ToUpper(strings.Join(columns, "\t")))
	shown := 0
	err := eachRow(rows, func(row object) error {
		shown++
		cells := make([]string, 0, len(columns))
		for _, column := range columns {
			cells = append(cells, cell(row.at(column)))
		}
		_, err := fmt.Fprintln(w, strings.Join(cells, "\t"))
		return err
	})
	if err != nil && shown == 0 {
		return err // without a header over nothing
	}
	return cmp.Or(err, w.Flush())
}

// printCSV streams when columns are given. Without them the header is the union of all keys, for which every row has to
// be there first.
func printCSV(out io.Writer, columns []string, rows iter.Seq2[json.RawMessage, error]) error {
	if len(columns) == 0 {
		return printWholeCSV(out, rows)
	}
	w := csv.NewWriter(out)
	if err := w.Write(columns); err != nil {
		return err
	}
	err := eachRow(rows, func(row object) error { return writeRecord(w, columns, row) })
	w.Flush()
	return cmp.Or(err, w.Error())
}

func printWholeCSV(out io.Writer, rows iter.Seq2[json.RawMessage, error]) error {
	var all []object
	var columns []string
	seen := map[string]bool{}
	err := eachRow(rows, func(row object) error {
		all = append(all, row)
		for _, key := range row.keys {
			if !seen[key] {
				seen[key] = true
				columns = append(columns, key)
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	w := csv.NewWriter(out)
	if err := w.Write(columns); err != nil {
		return err
	}
	for _, row := range all {
		if err := writeRecord(w, columns, row); err != nil {
			return err
		}
	}
	w.Flush()
	return w.Error()
}

func writeRecord(w *csv.Writer, columns []string, row object) error {
	record := make([]string, 0, len(columns))
	for _, column := range columns {
		record = append(record, plain(row.at(column)))
	}
	return w.Write(record)
}

// printArray streams an indented JSON array. After an error the array is left open, so that nobody takes it for whole.
func printArray(out io.Writer, rows iter.Seq2[json.RawMessage, error]) error {
	separator := "[\n  "
	for raw, err := range rows {
		if err != nil {
			return err
		}
		var row bytes.Buffer
		row.WriteString(separator)
		if err := json.Indent(&row, raw, "  ", "  "); err != nil {
			return err
		}
		if _, err := row.WriteTo(out); err != nil {
			return err
		}
		separator = ",\n  "
	}
	end := "\n]\n"
	if separator == "[\n  " {
		end = "[]\n"
	}
	_, err := io.WriteString(out, end)
	return err
}

func eachRow(rows iter.Seq2[json.RawMessage, error], take func(object) error) error {
	for raw, err := range rows {
		if err != nil {
			return err
		}
		row, err := readRow(raw)
		if err != nil {
			return err
		}
		if err := take(row); err != nil {
			return err
		}
	}
	return nil
}
