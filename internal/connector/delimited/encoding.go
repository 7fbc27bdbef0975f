package delimited

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
	utf16 "golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"
)

// sniffLength is how much of a file is looked at before its first row is believed.
const sniffLength = 64 << 10

// oddShare is the part of a file's head, one in so many characters, that may be control characters or broken before the
// file counts as binary. Single broken cells are a matter of their row.
const oddShare = 50

// encoding turns the bytes of a file into UTF-8.
type encoding struct {
	name    string
	decoder func() transform.Transformer // nil: the bytes are UTF-8 already
	// replaces says that the decoder writes U+FFFD for bytes that mean nothing, so that one in a cell is damage.
	replaces bool
}

var (
	asUTF8        = encoding{name: "UTF-8"}
	asUTF16Marked = encoding{name: "UTF-16"}
	asLatin1      = encoding{name: "ISO-8859-1", decoder: func() transform.Transformer { return charmap.ISO8859_1.NewDecoder() }}
	asWindows1252 = encoding{name: "windows-1252", decoder: func() transform.Transformer { return charmap.Windows1252.NewDecoder() }}
)

func asUTF16(order utf16.Endianness) encoding {
	return encoding{name: "UTF-16", replaces: true, decoder: func() transform.Transformer {
		return utf16.UTF16(order, utf16.IgnoreBOM).NewDecoder()
	}}
}

// encodingNamed knows the common spellings of the four encodings.
func encodingNamed(name string) (encoding, bool) {
	switch strings.ToLower(strings.ReplaceAll(name, "_", "-")) {
	case "utf-8", "utf8":
		return asUTF8, true
	case "utf-16", "utf16":
		return asUTF16Marked, true
	case "iso-8859-1", "iso8859-1", "latin1", "latin-1":
		return asLatin1, true
	case "windows-1252", "cp1252":
		return asWindows1252, true
	}
	return encoding{}, false
}

// byteOrderMarks are the marks a file may start with and what they say about it, whatever was configured: no text of
// another encoding starts with them.
var byteOrderMarks = []struct {
	mark []byte
	says encoding
}{
	{[]byte{0xEF, 0xBB, 0xBF}, asUTF8},
	{[]byte{0xFF, 0xFE}, asUTF16(utf16.LittleEndian)},
	{[]byte{0xFE, 0xFF}, asUTF16(utf16.BigEndian)},
}

// open returns the file's text in UTF-8 without its mark, and the encoding it was in. A file that is empty or not a text
// is an error.
func (e encoding) open(file io.Reader) (io.Reader, encoding, error) {
	raw := bufio.NewReaderSize(file, sniffLength)
	head, err := peek(raw)
	if err != nil {
		return nil, e, err
	}
	for _, known := range byteOrderMarks {
		if bytes.HasPrefix(head, known.mark) {
			e = known.says
			_, _ = raw.Discard(len(known.mark)) // the bytes are in the buffer
			break
		}
	}
	if e.name == asUTF16Marked.name && e.decoder == nil {
		return nil, e, errors.New("the file has no UTF-16 byte order mark, which fileEncoding UTF-16 demands")
	}
	return e.decoded(raw)
}

func (e encoding) decoded(raw *bufio.Reader) (io.Reader, encoding, error) {
	text := raw
	if e.decoder != nil {
		text = bufio.NewReaderSize(transform.NewReader(raw, e.decoder()), sniffLength)
	}
	head, err := peek(text)
	if err != nil {
		return nil, e, err
	}
	if len(bytes.TrimSpace(head)) == 0 && len(head) < sniffLength {
		return nil, e, errors.New("the file is empty")
	}
	if looksBinary(head) {
		return nil, e, fmt.Errorf("the file is not a text file in encoding %s; if it is a text, set fileEncoding to its encoding", e.name)
	}
	return text, e, nil
}

func peek(in *bufio.Reader) ([]byte, error) {
	head, err := in.Peek(sniffLength)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("read the file: %w", err)
	}
	return head, nil
}

// looksBinary counts what no text holds. A character cut at the end of the head is not counted.
func looksBinary(head []byte) bool {
	if bytes.IndexByte(head, 0) >= 0 {
		return true
	}
	odd, total := 0, 0
	for ; len(head) > 0 && (utf8.FullRune(head) || len(head) >= utf8.UTFMax); total++ {
		char, size := utf8.DecodeRune(head)
		if char == utf8.RuneError && size == 1 || unicode.IsControl(char) && !unicode.IsSpace(char) {
			odd++
		}
		head = head[size:]
	}
	return odd*oddShare > total
}

// damaged tells why a cell cannot be taken, empty when it can. NUL is refused because databases refuse it in texts.
func (e encoding) damaged(cell string) string {
	switch {
	case !utf8.ValidString(cell):
		return "is not valid " + e.name
	case e.replaces && strings.ContainsRune(cell, utf8.RuneError):
		return "is not valid " + e.name
	case strings.IndexByte(cell, 0) >= 0:
		return "holds a NUL character"
	}
	return ""
}
