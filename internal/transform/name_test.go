package transform_test

import (
	"testing"

	"midgard/internal/governance"
)

func TestDecomposeDiacriticalMarks(t *testing.T) {
	t.Parallel()
	check(t, []row{
		{"macron", `{"type":"decomposeDiacriticalMarks"}`, "Āric", "Aric", nil},
		{"cedilla", `{"type":"decomposeDiacriticalMarks"}`, "Dubçek", "Dubcek", nil},
		{"compatibility", `{"type":"decomposeDiacriticalMarks"}`, "ﬁ①", "fi1", nil},
		{"letters without marks stay", `{"type":"decomposeDiacriticalMarks"}`, "øłß", "øłß", nil},
		{"plain", `{"type":"decomposeDiacriticalMarks"}`, "plain", "plain", nil},
		{"null", `{"type":"decomposeDiacriticalMarks"}`, nil, nil, nil},
	})
}

func TestNormalizeNames(t *testing.T) {
	t.Parallel()
	for in, out := range map[string]string{
		"jOHN VON SmITh": "John von Smith", "Dr. JOHN D. O'BRIEN": "Dr. John D. O'Brien", "mary-jane watson": "Mary-Jane Watson",
		"RONALD MCDONALD": "Ronald McDonald", "ian macgregor": "Ian MacGregor", "connie mack": "Connie Mack", "antonio machado": "Antonio Machado",
		"JUAN DE LA CRUZ Y DEL RIO": "Juan de la Cruz y del Rio", "duchess OF york": "Duchess of York", "henry viii": "Henry VIII",
		"john smith iii": "John Smith III", "vi nguyen": "Vi Nguyen", "élodie ÇA": "Élodie Ça", "": "", " a  b ": " A  B ", "d’arcy": "D’Arcy", "mc": "Mc",
	} {
		t.Run(in, func(t *testing.T) {
			t.Parallel()
			if got, err := evaluate(`{"type":"normalizeNames"}`, in); err != nil || got.Text != out {
				t.Errorf("got %q, %v, want %q", got.Text, err, out)
			}
		})
	}
	check(t, []row{{"null", `{"type":"normalizeNames"}`, nil, nil, nil}})
}

func TestDisplayName(t *testing.T) {
	t.Parallel()
	check(t, []row{
		{"preferred name", `{"type":"displayName","attributes":{"input":"input"}}`, nil, "John Doe", nil},
		{"attributes may be empty", `{"type":"displayName","attributes":{}}`, "ignored", "John Doe", nil},
		{"attributes are needed", `{"type":"displayName"}`, nil, nil, &refusal{governance.Required, "attributes", ""}},
		{"attributes are null", `{"type":"displayName","attributes":null}`, nil, nil, &refusal{governance.Required, "attributes", ""}},
	})
}

func TestPhone(t *testing.T) {
	t.Parallel()
	check(t, []row{
		{"hyphens", `{"type":"e164phone"}`, "512-777-2222", "+15127772222", nil},
		{"dots", `{"type":"e164phone","attributes":{"input":{"type":"static","attributes":{"value":"779.284.2727"}}}}`, nil, "+17792842727", nil},
		{"region", `{"type":"e164phone","attributes":{"defaultRegion":"AU"}}`, "0412345678", "+61412345678", nil},
		{"region in small letters", `{"type":"e164phone","attributes":{"defaultRegion":"de"}}`, "030 901820", "+4930901820", nil},
		{"with its own country", `{"type":"e164phone"}`, "+44 20 7946 0018", "+442079460018", nil},
		{"no number", `{"type":"e164phone"}`, "call me", nil, nil},
		{"no valid number", `{"type":"e164phone"}`, "12", nil, nil},
		{"empty", `{"type":"e164phone"}`, "", nil, nil},
		{"null", `{"type":"e164phone"}`, nil, nil, nil},
		{"unknown region", `{"type":"e164phone","attributes":{"defaultRegion":"ZZ"}}`, "1", nil, illegal("attributes.defaultRegion", "two-letter code")},
		{"region is a number", `{"type":"e164phone","attributes":{"defaultRegion":1}}`, "1", nil, illegal("attributes.defaultRegion", "a string")},
	})
}

func TestCountry(t *testing.T) {
	t.Parallel()
	check(t, []row{
		{"name", `{"type":"iso3166"}`, "United States of America", "US", nil},
		{"code to number", `{"type":"iso3166","attributes":{"format":"numeric"}}`, "ES", "724", nil},
		{"name to alpha3", `{"type":"iso3166","attributes":{"format":"alpha3"}}`, "Spain", "ESP", nil},
		{"native name", `{"type":"iso3166"}`, "España", "ES", nil},
		{"native name in capitals and without marks", `{"type":"iso3166"}`, "OSTERREICH", "AT", nil},
		{"one of several native names", `{"type":"iso3166"}`, "Suisse", "CH", nil},
		{"alpha3", `{"type":"iso3166"}`, "deu", "DE", nil},
		{"number", `{"type":"iso3166"}`, "724", "ES", nil},
		{"number without zeros", `{"type":"iso3166","attributes":{"format":"numeric"}}`, "4", "004", nil},
		{"common name", `{"type":"iso3166","attributes":{"format":"alpha3"}}`, "UK", "GBR", nil},
		{"blanks", `{"type":"iso3166"}`, " fr ", "FR", nil},
		{"the article", `{"type":"iso3166"}`, "The Netherlands", "NL", nil},
		{"unknown", `{"type":"iso3166"}`, "Atlantis", nil, nil},
		{"a code that nobody has", `{"type":"iso3166"}`, "ZZ", nil, nil},
		{"a continent", `{"type":"iso3166"}`, "150", nil, nil},
		{"empty", `{"type":"iso3166"}`, "", nil, nil},
		{"null", `{"type":"iso3166"}`, nil, nil, nil},
		{"unknown format", `{"type":"iso3166","attributes":{"format":"alpha4"}}`, "ES", nil, illegal("attributes.format", "none of alpha2, alpha3 and numeric")},
	})
}

func TestLanguage(t *testing.T) {
	t.Parallel()
	check(t, []row{
		{"name", `{"type":"rfc5646"}`, "Spanish", "es", nil},
		{"code", `{"type":"rfc5646"}`, "SPA", "es", nil},
		{"code of libraries", `{"type":"rfc5646"}`, "GER", "de", nil},
		{"two letters", `{"type":"rfc5646"}`, "en", "en", nil},
		{"language of three letters", `{"type":"rfc5646"}`, "Konkani", "kok", nil},
		{"name with a country", `{"type":"rfc5646"}`, "Portuguese (Brazil)", "pt-BR", nil},
		{"name with a remark of its own", `{"type":"rfc5646"}`, "Chinese (Simplified)", "zh-Hans", nil},
		{"today's code", `{"type":"rfc5646"}`, "HEB", "he", nil},
		{"unknown", `{"type":"rfc5646"}`, "Klingonese", nil, nil},
		{"unknown country", `{"type":"rfc5646"}`, "Spanish (Atlantis)", nil, nil},
		{"no language", `{"type":"rfc5646"}`, "und", nil, nil},
		{"empty", `{"type":"rfc5646"}`, "", nil, nil},
		{"null", `{"type":"rfc5646"}`, nil, nil, nil},
	})
}
