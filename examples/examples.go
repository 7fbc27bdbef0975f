// Package examples holds the sample organisation that midgard demo loads. Nobody in it exists; generate is its maker.
package examples

import _ "embed"

// People is people.csv: the staff, one row each, managers before their teams.
//
//go:embed people.csv
var People []byte

// ServiceAccounts is service-accounts.csv: the accounts of one system, some of people, most of machines.
//
//go:embed service-accounts.csv
var ServiceAccounts []byte
