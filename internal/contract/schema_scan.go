package contract

import "strings"

// schemaToken is a word, a mark, or "\n" for the end of a field.
type schemaToken struct {
	text   string
	quoted bool
	line   int
}

const schemaMarks = "{}[]()?!="

// isSchemaWord says whether an unquoted token is neither a mark nor an end.
func isSchemaWord(text string) bool {
	return text != "" && text != "\n" && !strings.Contains(schemaMarks, text)
}

// scanSchema divides a text into tokens. Comments and blanks fall away; a
// semicolon is the same as a newline. Every text can be divided, so faults show
// up in the parser.
func scanSchema(text string) []schemaToken {
	var tokens []schemaToken
	line := 1
	for text != "" {
		token, rest := scanToken(text)
		switch {
		case token == "\n":
			tokens = append(tokens, schemaToken{text: "\n", line: line})
		case token[0] == '"':
			tokens = append(tokens, schemaToken{text: strings.Trim(token, `"`), quoted: true, line: line})
		case token[0] != ' ' && token[0] != '#':
			tokens = append(tokens, schemaToken{text: token, line: line})
		}
		line += strings.Count(text[:len(text)-len(rest)], "\n")
		text = rest
	}
	return tokens
}

// scanToken cuts the first token off a text that is not empty. Blanks come back
// as " ", a comment with its "#" and without its newline.
func scanToken(text string) (token, rest string) {
	switch c := text[0]; {
	case c == '\n' || c == ';':
		return "\n", text[1:]
	case c == ' ' || c == '\t' || c == '\r':
		return " ", text[1:]
	case c == '#':
		end := indexOr(text, "\n")
		return text[:end], text[end:]
	case c == '"':
		end := indexOr(text[1:], `"`) + 1
		return text[:end], text[min(end+1, len(text)):]
	case strings.IndexByte(schemaMarks, c) >= 0:
		return text[:1], text[1:]
	}
	end := strings.IndexAny(text, " \t\r\n;#\""+schemaMarks)
	if end < 0 {
		end = len(text)
	}
	return text[:end], text[end:]
}

// indexOr is strings.Index with the length of the text for "not found".
func indexOr(text, part string) int {
	if i := strings.Index(text, part); i >= 0 {
		return i
	}
	return len(text)
}
