package transform

import (
	"strings"

	"github.com/nyaruka/phonenumbers"
)

// maxPhone is the longest text that can be a phone number with all its decoration; the library's own bound.
const maxPhone = 250

// phone writes a phone number in the form of E.164.
type phone struct{ region string }

func buildE164phone(a *attributes) operation {
	region := strings.ToUpper(strings.TrimSpace(a.textOr("defaultRegion", "US")))
	if a.err == nil && !phonenumbers.GetSupportedRegions()[region] {
		a.illegal("defaultRegion", "%s is not the two-letter code of a country with phone numbers", shown(Text(region)))
	}
	return phone{region}
}

func (t phone) apply(_ *run, in Value) (Value, error) {
	if !in.Valid || len(in.Text) > maxPhone {
		return Null(), nil
	}
	number, err := phonenumbers.Parse(in.Text, t.region)
	if err != nil || !phonenumbers.IsValidNumber(number) {
		return Null(), nil //nolint:nilerr // by the contract, what is no phone number becomes null
	}
	return Text(phonenumbers.Format(number, phonenumbers.E164)), nil
}
