package transform

import (
	"encoding/base64"
	"strings"
	"unicode/utf8"
)

func buildBase64Encode(*attributes) operation {
	return textual(func(text string) string { return base64.StdEncoding.EncodeToString([]byte(text)) })
}

type base64Decode struct{}

func buildBase64Decode(*attributes) operation { return base64Decode{} }

// toPlain turns the alphabet for addresses into the plain one, and drops what readers of base64 overlook.
var toPlain = strings.NewReplacer("-", "+", "_", "/", "=", "", " ", "", "\t", "", "\r", "", "\n", "")

func (base64Decode) apply(_ *run, in Value) (Value, error) {
	if !in.Valid {
		return in, nil
	}
	decoded, err := base64.RawStdEncoding.DecodeString(toPlain.Replace(in.Text))
	if err != nil {
		return Null(), fail("%s is not base64", shown(in))
	}
	text := string(decoded)
	if !utf8.ValidString(text) || strings.ContainsRune(text, 0) {
		return Null(), fail("%s does not hold a text in UTF-8", shown(in))
	}
	return Text(text), nil
}
