package transform_test

import (
	"encoding/json"
	"testing"

	"midgard/internal/transform"
)

// mapping is like those of real sources: the name of an account becomes the name of a machine identity.
const mapping = `{"type":"join","attributes":{"separator":" / ","values":[
	{"type":"lookup","attributes":{
		"input":{"type":"firstValid","attributes":{"values":[
			{"type":"accountAttribute","attributes":{"sourceName":"HR","attributeName":"absent"}},
			{"type":"accountAttribute","attributes":{"sourceName":"HR","attributeName":"department"}},"none"]}},
		"table":{"Science":"Research","none":"Unknown","default":"Other"}}},
	{"type":"conditional","attributes":{"expression":"$kind eq svc","positiveCondition":"Service $rest","negativeCondition":"Account",
		"kind":{"type":"substring","attributes":{"begin":0,"end":{"type":"indexOf","attributes":{"substring":"-"}}}},
		"rest":{"type":"reference","attributes":{"id":"ToUpper","input":{"type":"replace","attributes":{"regex":"^[a-z]+-","replacement":""}}}}}},
	{"type":"dateFormat","attributes":{"input":{"type":"accountAttribute","attributes":{"sourceName":"HR","attributeName":"hired"}},"outputFormat":"dd.MM.yyyy"}}]}}`

func benchmark(b *testing.B, definition, in string) {
	b.Helper()
	compiled, err := transform.Compile(json.RawMessage(definition), stored)
	if err != nil {
		b.Fatal(err)
	}
	context, input := person(), transform.Text(in)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := compiled.Eval(context, input); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkMapping(b *testing.B) { benchmark(b, mapping, "svc-Backup-17") }
func BenchmarkUpper(b *testing.B)   { benchmark(b, `{"type":"upper"}`, "svc-backup-17") }
func BenchmarkStatic(b *testing.B) {
	benchmark(b, `{"type":"static","attributes":{"value":"#if($requester == 'alice')A $userInput.team#{else}B#end"}}`, "")
}
func BenchmarkReplace(b *testing.B) {
	benchmark(b, `{"type":"replace","attributes":{"regex":"(\\w+)-(\\w+)","replacement":"$2.$1"}}`, "svc-backup-17")
}
func BenchmarkPhone(b *testing.B)   { benchmark(b, `{"type":"e164phone"}`, "(512) 777-2222") }
func BenchmarkCountry(b *testing.B) { benchmark(b, `{"type":"iso3166"}`, "Österreich") }
func BenchmarkDateMath(b *testing.B) {
	benchmark(b, `{"type":"dateMath","attributes":{"expression":"+3M/d"}}`, "2026-01-31T08:00:00.000Z")
}

func BenchmarkCompile(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := transform.Compile(json.RawMessage(mapping), stored); err != nil {
			b.Fatal(err)
		}
	}
}
