package main

import (
	"context"
	"database/sql"
	"net"
	"net/url"
	"time"
)

// usage is what a process has used since its start.
type usage struct {
	CPU     time.Duration // user and system time; with PostgreSQL also that of the database's processes
	Peak    int64         // bytes of memory at most, pages of mapped files included
	Private int64         // bytes of memory now, without pages of mapped files
}

// meter reads the usage of the process that it is in.
type meter struct {
	db *sql.DB // a connection of its own to the PostgreSQL database in use; nil when there is none to count
}

// watch counts the processes of a PostgreSQL database too, provided that they run on this machine.
func (m *meter) watch(database string) error {
	if !onThisMachine(database) {
		return nil
	}
	db, err := sql.Open("pgx", database)
	if err != nil {
		return err
	}
	db.SetMaxOpenConns(1)
	m.db = db
	return nil
}

func onThisMachine(database string) bool {
	u, err := url.Parse(database)
	if err != nil || database == "" {
		return false
	}
	ip := net.ParseIP(u.Hostname())
	return u.Hostname() == "localhost" || (ip != nil && ip.IsLoopback())
}

func (m *meter) read(ctx context.Context) (usage, error) {
	u, err := ownUsage()
	if err != nil || m.db == nil {
		return u, err
	}
	rows, err := m.db.QueryContext(ctx, "select pid from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()")
	if err != nil {
		return u, err
	}
	defer rows.Close()
	for rows.Next() {
		var pid int
		if err := rows.Scan(&pid); err != nil {
			return u, err
		}
		cpu, err := processCPU(pid)
		if err != nil {
			return u, err
		}
		u.CPU += cpu
	}
	return u, rows.Err()
}
