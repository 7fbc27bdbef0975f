package main

import (
	"encoding/csv"
	"io"
	"testing"
	"testing/iotest"
)

// TestAccounts checks that the generated file is what describeData says.
func TestAccounts(t *testing.T) {
	t.Parallel()
	const n = 5000
	rows, err := csv.NewReader(accounts(n)).ReadAll() // which also checks the number of columns
	if err != nil || len(rows) != n+1 {
		t.Fatalf("%d rows, error %v", len(rows), err)
	}
	kind, size, services := 6, 0, 0
	for _, row := range rows[1:] {
		for i, value := range row {
			if value != "" {
				size += len(`"":"",`) + len(rows[0][i]) + len(value)
			}
		}
		if row[kind] == "service" {
			services++
		}
	}
	if mean := size / n; mean < 550 || mean > 680 {
		t.Errorf("%d bytes of attributes an account, want about 600", mean)
	}
	if services != n*3/10 {
		t.Errorf("%d machines of %d accounts, want three tenths", services, n)
	}
}

// TestTable reads a generated file in the smallest pieces: it must be the same every time and however it is read.
func TestTable(t *testing.T) {
	t.Parallel()
	whole, err := io.ReadAll(accounts(20))
	if err != nil {
		t.Fatal(err)
	}
	pieces, err := io.ReadAll(iotest.OneByteReader(accounts(20)))
	if err != nil || string(pieces) != string(whole) {
		t.Errorf("read byte by byte the file differs, error %v", err)
	}
}
