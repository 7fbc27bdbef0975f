package store

import (
	"context"
	"fmt"
)

// aloneLock is the key of PostgreSQL's advisory lock that every server holds in shared mode while it is on the database:
// "midgard" in ASCII.
const aloneLock = 0x6d696467617264

// TakeOver gives back the jobs of servers that died, so that they go on at once and not only when their leases have
// ended, and says how many there were. It does so when no other server is on the database; what a server still does to a
// job that was taken from it by mistake is not kept, by its lease. It is called once, before the server starts workers.
func (s *Store) TakeOver(ctx context.Context) (int64, error) {
	if s.dialect.name == sqlite.name {
		return s.ReleaseAllJobs(ctx) // nobody else can have opened the file
	}
	conn, err := s.read.Conn(ctx)
	if err != nil {
		return 0, fmt.Errorf("look for other servers: %w", err)
	}
	s.alone = conn
	var alone, joined bool
	if err := conn.QueryRowContext(ctx, "select pg_try_advisory_lock($1)", aloneLock).Scan(&alone); err != nil {
		return 0, fmt.Errorf("look for other servers: %w", err)
	}
	var released int64
	if alone {
		if released, err = s.ReleaseAllJobs(ctx); err != nil {
			return 0, err
		}
	}
	if err := conn.QueryRowContext(ctx, "select pg_try_advisory_lock_shared($1)", aloneLock).Scan(&joined); err != nil {
		return 0, fmt.Errorf("join the servers: %w", err)
	}
	if !alone {
		return 0, nil
	}
	if _, err := conn.ExecContext(ctx, "select pg_advisory_unlock($1)", aloneLock); err != nil {
		return 0, fmt.Errorf("join the servers: %w", err)
	}
	return released, nil
}
