package transform

import (
	"fmt"
	"strings"
	"sync"

	"golang.org/x/text/language"
	"golang.org/x/text/language/display"
)

// country has the three codes of ISO 3166.
type country struct{ alpha2, alpha3, numeric string }

// iso3166 finds a country by a code or name and gives one of its codes; null when there is none.
type iso3166 struct{ code func(country) string }

// countryFormats are the forms that iso3166 can give.
var countryFormats = map[string]func(country) string{
	"alpha2":  func(c country) string { return c.alpha2 },
	"alpha3":  func(c country) string { return c.alpha3 },
	"numeric": func(c country) string { return c.numeric },
}

func buildIso3166(a *attributes) operation {
	format := a.textOr("format", "alpha2")
	code := countryFormats[format]
	if a.err == nil && code == nil {
		a.illegal("format", "%s is none of alpha2, alpha3 and numeric", shown(Text(format)))
	}
	return iso3166{code}
}

func (t iso3166) apply(_ *run, in Value) (Value, error) {
	found, ok := countries()[folded(in.Text)]
	if !in.Valid || !ok {
		return Null(), nil
	}
	return Text(t.code(found)), nil
}

// countries finds a country by its folded codes and names: English, native, and those of ISO where they differ.
var countries = sync.OnceValue(func() map[string]country {
	index := map[string]country{}
	var regions []language.Region
	for code := range codes(2) {
		region, err := language.ParseRegion(code)
		if err != nil || !inUse(region, code) {
			continue
		}
		regions = append(regions, region)
		c := country{code, region.ISO3(), fmt.Sprintf("%03d", region.M49())}
		for _, key := range []string{c.alpha2, c.alpha3, c.numeric, strings.TrimLeft(c.numeric, "0")} {
			index[folded(key)] = c
		}
	}
	for _, region := range regions {
		addCountryNames(index, region)
	}
	for name, code := range countryAliases {
		index[folded(name)] = index[folded(code)]
	}
	return index
})

// withdrawn are codes of former countries that the library does not know to be former ones.
var withdrawn = "AN CS CT DD DY FQ FX HV JT MI NH NQ NT PC PU PZ RH SU TP VD WK YD YU ZR"

func inUse(region language.Region, code string) bool {
	return region.IsCountry() && region.String() == code && region.Canonicalize() == region && region.M49() != 0 && !strings.Contains(withdrawn, code)
}

func addCountryNames(index map[string]country, region language.Region) {
	spoken, _ := language.Make("und-" + region.String()).Base()
	languages := append(strings.Fields(moreLanguages[region.String()]), "en", spoken.String())
	for _, tag := range languages {
		names := display.Regions(language.Make(tag))
		if names == nil {
			continue
		}
		if name := folded(names.Name(region)); name != "" && index[name] == (country{}) {
			index[name] = index[folded(region.String())]
		}
	}
}

// moreLanguages are those in which a country names itself beside the one that most of its people speak.
var moreLanguages = map[string]string{"BE": "fr de", "CA": "fr", "CH": "fr it", "FI": "sv", "IE": "ga", "LU": "fr de", "ZA": "af", "LK": "ta"}

// countryAliases are names in use, many of them ISO's own, that the library does not have.
var countryAliases = map[string]string{
	"UK": "GB", "Great Britain": "GB", "England": "GB", "Scotland": "GB", "Wales": "GB", "Northern Ireland": "GB",
	"United Kingdom of Great Britain and Northern Ireland": "GB", "United States of America": "US", "U.S.": "US", "America": "US",
	"Russian Federation": "RU", "Korea, Republic of": "KR", "Republic of Korea": "KR", "Korea": "KR",
	"Korea, Democratic People's Republic of": "KP", "Viet Nam": "VN", "Czech Republic": "CZ", "Turkey": "TR", "Turkiye": "TR",
	"Holland": "NL", "Iran, Islamic Republic of": "IR", "Syrian Arab Republic": "SY", "Lao People's Democratic Republic": "LA",
	"Moldova, Republic of": "MD", "Republic of Moldova": "MD", "Bolivia, Plurinational State of": "BO",
	"Venezuela, Bolivarian Republic of": "VE", "Tanzania, United Republic of": "TZ", "Brunei Darussalam": "BN", "Macedonia": "MK",
	"North Macedonia": "MK", "Republic of North Macedonia": "MK", "Eswatini": "SZ",
	"Congo": "CG", "Congo, Democratic Republic of the": "CD", "Democratic Republic of the Congo": "CD", "Ivory Coast": "CI",
	"Cape Verde": "CV", "Cabo Verde": "CV", "Swaziland": "SZ", "Burma": "MM", "East Timor": "TL", "Timor-Leste": "TL", "Vatican": "VA",
	"Holy See": "VA", "Micronesia, Federated States of": "FM", "Taiwan, Province of China": "TW", "Hong Kong": "HK", "Macau": "MO",
	"Macao": "MO", "Palestine": "PS", "Palestine, State of": "PS", "People's Republic of China": "CN", "UAE": "AE", "Reunion": "RE",
}

// codes are all codes of n capital letters that there could be.
func codes(n int) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		total := 1
		for range n {
			total *= 26
		}
		for i := range total {
			code := make([]byte, n)
			for at, rest := n-1, i; at >= 0; at, rest = at-1, rest/26 {
				code[at] = 'A' + byte(rest%26)
			}
			if !yield(string(code)) {
				return
			}
		}
	}
}

// folded is a name as the indexes have it: without case, marks, dots, commas and the article.
func folded(name string) string {
	const most = 100 // characters; no name is longer
	if len(name) > 4*most {
		return ""
	}
	name = strings.ToLower(decompose(strings.TrimSpace(name)))
	return strings.TrimPrefix(foldedSigns.Replace(name), "the ")
}

var foldedSigns = strings.NewReplacer(".", "", ",", "", "’", "'", "&", "and", "_", " ")
