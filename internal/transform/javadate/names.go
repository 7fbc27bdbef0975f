package javadate

import "strings"

var (
	eras        = []string{"BC", "AD"}
	halves      = []string{"AM", "PM"}
	months      = []string{"January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"}
	shortMonths = cut(months)
	days        = []string{"Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"}
	shortDays   = cut(days)
)

func cut(names []string) []string {
	short := make([]string, len(names))
	for i, name := range names {
		short[i] = name[:3]
	}
	return short
}

// vocabulary is the field that a name sets and the tables to look for it, in that order.
type vocabulary struct {
	field field
	names [][]string
}

// vocabulary gives the names that a part is read by; false when it is a number, a zone or a text.
func (p part) vocabulary() (vocabulary, bool) {
	switch {
	case p.letter == 'G':
		return vocabulary{era, [][]string{eras}}, true
	case p.letter == 'a':
		return vocabulary{half, [][]string{halves}}, true
	case p.letter == 'E':
		return vocabulary{weekday, [][]string{days, shortDays}}, true
	case (p.letter == 'M' || p.letter == 'L') && p.count > 2:
		return vocabulary{month, [][]string{months, shortMonths}}, true
	}
	return vocabulary{}, false
}

// longest finds the longest of the names that a text begins with, in any case of letters; size 0 when it begins with none.
func longest(names []string, text string) (index, size int) {
	for i, name := range names {
		if len(name) > size && len(text) >= len(name) && strings.EqualFold(text[:len(name)], name) {
			index, size = i, len(name)
		}
	}
	return index, size
}

// zones are names of time zones that can be read. Of names with several meanings it is the one that Java takes: IST
// is Israel's, CST America's.
var zones = []struct {
	minutes int // ahead of Greenwich
	names   string
}{
	{0, "UTC,GMT,WET,Coordinated Universal Time,Greenwich Mean Time,Western European Time"},
	{60, "CET,BST,WEST,Central European Time,Central European Standard Time,British Summer Time"},
	{120, "CEST,EET,SAST,IST,Central European Summer Time,Eastern European Time,Eastern European Standard Time"},
	{180, "EEST,MSK,EAT,Eastern European Summer Time,Moscow Standard Time"},
	{330, "India Standard Time"},
	{480, "HKT,SGT,AWST,Singapore Standard Time,Hong Kong Standard Time"},
	{540, "JST,KST,Japan Standard Time,Korean Standard Time"},
	{570, "ACST"},
	{600, "AEST,Australian Eastern Standard Time"},
	{660, "AEDT,Australian Eastern Daylight Time"},
	{720, "NZST,New Zealand Standard Time"},
	{780, "NZDT,New Zealand Daylight Time"},
	{-600, "HST,Hawaii-Aleutian Standard Time"},
	{-540, "AKST,Alaska Standard Time"},
	{-480, "PST,AKDT,Pacific Standard Time,Alaska Daylight Time"},
	{-420, "MST,PDT,Mountain Standard Time,Pacific Daylight Time"},
	{-360, "CST,MDT,Central Standard Time,Mountain Daylight Time"},
	{-300, "EST,CDT,Eastern Standard Time,Central Daylight Time"},
	{-240, "EDT,AST,Eastern Daylight Time,Atlantic Standard Time"},
	{-180, "ADT,BRT,ART,Atlantic Daylight Time,Brasilia Standard Time"},
}

var zoneNames, zoneMinutes = listZones()

func listZones() (names []string, minutes []int) {
	for _, zone := range zones {
		for name := range strings.SplitSeq(zone.names, ",") {
			names, minutes = append(names, name), append(minutes, zone.minutes)
		}
	}
	return names, minutes
}
