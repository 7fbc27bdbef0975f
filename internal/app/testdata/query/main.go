// Command query runs one query and prints its rows, each as a JSON array of texts. Tests with the race detector use it
// to read large tables: the detector slows the database engine, which is part of the test's process, down a hundredfold.
package main

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"os"

	_ "github.com/jackc/pgx/v5/stdlib"
	_ "modernc.org/sqlite"
)

func main() {
	if err := run(os.Args[1], os.Args[2], os.Args[3]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(driver, name, query string) error {
	db, err := sql.Open(driver, name)
	if err != nil {
		return err
	}
	defer db.Close()
	rows, err := db.Query(query)
	if err != nil {
		return err
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		return err
	}
	texts, into := make([]string, len(columns)), make([]any, len(columns))
	for i := range texts {
		into[i] = &texts[i]
	}
	print := json.NewEncoder(os.Stdout)
	for rows.Next() {
		if err := rows.Scan(into...); err != nil {
			return err
		}
		if err := print.Encode(texts); err != nil {
			return err
		}
	}
	return rows.Err()
}
