package store

import "context"

// CountUploads counts the rows of both tables, for tests that want none left.
func (s *Store) CountUploads(ctx context.Context) (n int, err error) {
	err = s.read.QueryRowContext(ctx, "select (select count(*) from upload) + (select count(*) from upload_chunk)").Scan(&n)
	return n, err
}
