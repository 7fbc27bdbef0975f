package store

import (
	"context"
	"fmt"

	"midgard/internal/governance"
)

// Digests gives, for each native identity, what is known of the account; an unknown one has a Key only.
func (s *Store) Digests(ctx context.Context, sourceID string, nativeIdentities []string) ([]governance.Digest, error) {
	keys := make([]string, len(nativeIdentities))
	for i, n := range nativeIdentities {
		keys[i] = Key(n)
	}
	return s.digests(ctx, sourceID, "native_key", keys)
}

// DigestsByUUID is Digests for the source's own immutable ids. An empty uuid is never known.
func (s *Store) DigestsByUUID(ctx context.Context, sourceID string, uuids []string) ([]governance.Digest, error) {
	keys := make([]string, len(uuids))
	for i, u := range uuids {
		keys[i] = Key(u)
	}
	return s.digests(ctx, sourceID, "uuid_key", keys)
}

// digestChunk is the number of keys of one query: few texts, so that they stay prepared.
const digestChunk = 50

func (s *Store) digests(ctx context.Context, sourceID, column string, keys []string) ([]governance.Digest, error) {
	known := make(map[string]governance.Digest, len(keys))
	text := "select " + column + ", id, uuid, ordinal, hash, missing_since is not null from account where source_id = $1 and " + column + " in (" + placeholders(2, digestChunk) + ")"
	args := make([]any, digestChunk+1)
	args[0] = sourceID
	for begin := 0; begin < len(keys); begin += digestChunk {
		for i := range digestChunk {
			args[i+1] = keys[min(begin+i, len(keys)-1)] // the last chunk repeats its last key
		}
		if err := s.readDigests(ctx, text, args, known); err != nil {
			return nil, fmt.Errorf("look up accounts: %w", err)
		}
	}
	digests := make([]governance.Digest, len(keys))
	for i, k := range keys {
		if k != "" {
			digests[i] = known[k]
			digests[i].Key = k
		}
	}
	return digests, nil
}

func (s *Store) readDigests(ctx context.Context, text string, args []any, into map[string]governance.Digest) error {
	rows, err := s.reader().QueryContext(ctx, text, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var key string
		var hash []byte
		var d governance.Digest
		if err := rows.Scan(&key, &d.ID, &d.UUID, &d.Ordinal, &hash, &d.Missing); err != nil {
			return err
		}
		copy(d.Hash[:], hash)
		into[key] = d
	}
	return rows.Err()
}
