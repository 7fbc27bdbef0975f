package local

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxLine bounds one line; groups with thousands of members have long ones.
const maxLine = 4 << 20

// problem is a line that could not be read.
type problem struct {
	where  string
	reason error
}

// errNotRegular keeps the reader from waiting for the writer of a named pipe.
var errNotRegular = errors.New("is not a plain file")

// eachLine hands the lines of a file, numbered from 1, to a function.
func eachLine(tree fs.FS, name string, use func(number int, line string)) error {
	info, err := fs.Stat(tree, name)
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() {
		return fmt.Errorf("/%s %w", name, errNotRegular)
	}
	file, err := tree.Open(name)
	if err != nil {
		return err
	}
	defer file.Close()
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, maxLine)
	number := 0
	for lines.Scan() {
		number++
		use(number, lines.Text())
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("read /%s after line %d: %w", name, number, err)
	}
	return nil
}

// eachRecord hands the colon-separated fields of a file's lines to a function and notes the lines that it refuses.
// Empty lines, comments and the lines that pull accounts in from NIS ("+", "-") are none.
func (h *host) eachRecord(name string, use func(fields []string) error) error {
	return eachLine(h.tree, name, func(number int, line string) {
		line = strings.TrimSpace(line)
		if line == "" || strings.ContainsRune("#+-", rune(line[0])) {
			return
		}
		if err := use(strings.Split(line, ":")); err != nil {
			h.note(name, number, err)
			h.hidden[hides[name]] = h.hidden[hides[name]] || !errors.Is(err, errAgain)
		}
	})
}

func (h *host) note(name string, line int, reason error) {
	h.problems = append(h.problems, problem{fmt.Sprintf("/%s line %d", name, line), reason})
}

// firstOf returns the first of some files that exists; which is the case differs between distributions.
func (h *host) firstOf(names ...string) (string, bool) {
	for _, name := range names {
		if _, err := fs.Stat(h.tree, name); !errors.Is(err, fs.ErrNotExist) {
			return name, true
		}
	}
	return "", false
}

// checkName refuses names that no tool would print as they are.
func checkName(name string) error {
	if name == "" {
		return errors.New("has no name")
	}
	if !utf8.ValidString(name) || strings.ContainsFunc(name, unicode.IsControl) {
		return errors.New("has a name that is not clean text")
	}
	return nil
}

// clean makes any bytes a text that can be stored.
func clean(text string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(text, "\uFFFD"), "\x00", "\uFFFD")
}
