package transform

import (
	"strings"
	"sync"

	"golang.org/x/text/language"
	"golang.org/x/text/language/display"
)

// rfc5646 finds the tag of a language by its English name or its code; null when there is none.
type rfc5646 struct{}

func buildRfc5646(*attributes) operation { return rfc5646{} }

func (rfc5646) apply(_ *run, in Value) (Value, error) {
	if !in.Valid {
		return in, nil
	}
	name, place, inPlace := strings.Cut(strings.TrimSpace(in.Text), " (")
	tag, found := languages()[folded(in.Text)]
	if found || !inPlace {
		return Value{tag, found}, nil
	}
	tag, found = languages()[folded(name)]
	spokenIn, known := countries()[folded(strings.TrimSuffix(place, ")"))]
	if !found || !known {
		return Null(), nil
	}
	return Text(tag + "-" + spokenIn.alpha2), nil
}

// languages finds a tag by the folded English name of a language, or by its code of two or three letters.
var languages = sync.OnceValue(func() map[string]string {
	index, names := map[string]string{}, display.English.Languages()
	for _, n := range []int{2, 3} {
		for code := range codes(n) {
			addLanguage(index, names, strings.ToLower(code))
		}
	}
	for name, tag := range languageAliases {
		index[folded(name)] = tag
	}
	for _, none := range []string{"und", "mul", "mis", "zxx"} {
		delete(index, none)
	}
	return index
})

func addLanguage(index map[string]string, names display.Namer, code string) {
	base, err := language.ParseBase(code)
	if err != nil {
		return
	}
	tag := base.String()
	if today := renamed[tag]; today != "" {
		tag = today
	}
	index[code] = tag
	if name := folded(names.Name(base)); len(name) > 3 && index[name] == "" {
		index[name] = tag
	}
}

// languageAliases are the codes that libraries use beside those of the registry, and names that differ from the library's.
var languageAliases = map[string]string{
	"alb": "sq", "arm": "hy", "baq": "eu", "bur": "my", "chi": "zh", "cze": "cs", "dut": "nl", "fre": "fr", "geo": "ka", "ger": "de",
	"gre": "el", "ice": "is", "mac": "mk", "mao": "mi", "may": "ms", "per": "fa", "rum": "ro", "slo": "sk", "tib": "bo", "wel": "cy",
	"mo": "ro", "mol": "ro", "Moldavian": "ro", "Konkani": "kok", "Norwegian": "no", "Tagalog": "tl", "Filipino": "fil",
	"Farsi": "fa", "Azeri": "az", "Flemish": "nl-BE", "Mandarin": "zh", "Kirghiz": "ky", "Sami": "se", "Tswana": "tn", "Divehi": "dv",
	"Norwegian (Bokmal)": "nb", "Norwegian (Nynorsk)": "nn", "Chinese (Simplified)": "zh-Hans", "Simplified Chinese": "zh-Hans",
	"Chinese (Traditional)": "zh-Hant", "Traditional Chinese": "zh-Hant", "Brazilian Portuguese": "pt-BR", "Slovene": "sl",
}

// renamed are codes that the library still gives although the registry has replaced them.
var renamed = map[string]string{"iw": "he", "in": "id", "ji": "yi", "jw": "jv"}
