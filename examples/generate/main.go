// Command generate makes the sample organisation: people.csv and service-accounts.csv. Nobody in it exists. The seed and
// the reference date are constants and the random generator is specified by its algorithm, so every run on every machine
// gives the same bytes; a test compares them with the committed files.
//
//	go run ./examples/generate            writes into ./examples
//	go run ./examples/generate -dir /tmp  writes elsewhere
package main

import (
	"bytes"
	"encoding/csv"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"time"
)

const (
	peopleCount  = 1200
	accountCount = 3000
	seed         = 8400
	// origin marks each row as invented, also after somebody copied it out of its file.
	origin = "midgard-sample"
)

// today is the day as of which the sample is written: nothing in it is later.
var today = time.Date(2026, time.June, 30, 12, 0, 0, 0, time.UTC)

func main() {
	dir := flag.String("dir", "examples", "folder that receives people.csv and service-accounts.csv")
	flag.Parse()
	if err := write(*dir); err != nil {
		fmt.Fprintln(os.Stderr, "generate:", err)
		os.Exit(1)
	}
}

func write(dir string) error {
	for name, content := range files() {
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// files returns the sample by file name.
func files() map[string][]byte {
	d := dice{rand.New(rand.NewPCG(seed, seed))}
	staff := makePeople(d)
	return map[string][]byte{
		"people.csv":           table(personHeader, rows(staff, person.row)),
		"service-accounts.csv": table(accountHeader, rows(makeAccounts(d, staff), account.row)),
	}
}

func rows[T any](items []T, row func(T) []string) [][]string {
	out := make([][]string, 0, len(items))
	for _, item := range items {
		out = append(out, row(item))
	}
	return out
}

// table cannot fail: a bytes.Buffer takes every write.
func table(header []string, rows [][]string) []byte {
	var out bytes.Buffer
	w := csv.NewWriter(&out)
	_ = w.Write(header)
	_ = w.WriteAll(rows)
	return out.Bytes()
}
