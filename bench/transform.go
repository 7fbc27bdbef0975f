package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"midgard/internal/transform"
)

// benchedTransform is a mapping as people write them: nested, with a lookup and a condition.
const benchedTransform = `{"type":"firstValid","attributes":{"values":[
 {"type":"lookup","attributes":{"input":{"type":"substring","attributes":{"begin":0,"end":3,"input":{"type":"accountAttribute","attributes":{"sourceName":"s","attributeName":"name"}}}},
  "table":{"svc":"service","bot":"bot","default":"other"}}},
 {"type":"static","attributes":{"value":"#if($kind == 'x')A#{else}B#end","kind":{"type":"upper"}}}]}}`

// benchedRow is what such a mapping reads.
const benchedRow = `{"name":"svc-backup-17","description":"nightly backup of the ledger","owner":"ada","environment":"production","groups":["ops","backup"]}`

const benchedRows = 200_000

// transforms measures a compiled mapping, row by row, against decoding the JSON of the row that it reads.
func (b *bench) transforms() error {
	t, err := transform.Compile(json.RawMessage(benchedTransform), nil)
	if err != nil {
		return err
	}
	read := func(transform.AccountQuery) (transform.Value, error) { return transform.Text("svc-backup-17"), nil }
	row := &transform.Context{AccountAttribute: read}
	ours, err := perRow(func() error {
		v, err := t.Eval(row, transform.Null())
		if err == nil && v.Text != "service" {
			err = errors.New("the transform gives something else")
		}
		return err
	})
	if err != nil {
		return err
	}
	decoding, err := perRow(func() error {
		var object map[string]any
		return json.Unmarshal([]byte(benchedRow), &object)
	})
	b.table.ratio("nested transform of a row, against decoding the row", ours, decoding, 1)
	return err
}

// perRow gives the CPU time of one call among many.
func perRow(call func() error) (figure, error) {
	before, err := ownUsage()
	if err != nil {
		return figure{}, err
	}
	begin := time.Now()
	for range benchedRows {
		if err := call(); err != nil {
			return figure{}, fmt.Errorf("row: %w", err)
		}
	}
	after, err := ownUsage()
	return figure{after.CPU - before.CPU, time.Since(begin)}.per(benchedRows), err
}
