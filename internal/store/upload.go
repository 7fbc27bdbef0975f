package store

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"midgard/internal/governance"
)

// uploadChunk is the size of the pieces in which a file is kept: each is a short transaction, and memory for one is all
// that reading or writing a file takes.
const uploadChunk = 1 << 20

// CreateUpload keeps a file that belongs to a source, read to its end, and gives its id and size. A file of more than
// limit bytes fails with Limit. When it fails, also by an error of r, nothing of the file is left. Files live in the
// database, so that a run that starts again, on whichever node, still has its file.
func (s *Store) CreateUpload(ctx context.Context, sourceID, name string, r io.Reader, limit int64) (id string, size int64, err error) {
	id = NewID()
	err = s.write(ctx, governance.Actor{}, func(ctx context.Context, t *tx) error {
		return exec(ctx, t, "insert into upload (id, source_id, name, size, kept, created) values ($1, $2, $3, 0, false, $4)", id, sourceID, name, t.now.UnixMilli())
	})
	if err != nil {
		return "", 0, fmt.Errorf("keep upload %q: %w", name, err)
	}
	size, err = s.fillUpload(ctx, id, r, limit)
	if err != nil {
		// the caller may have given up; what is half there must go all the same
		gone := s.DeleteUpload(context.WithoutCancel(ctx), id)
		return "", 0, fmt.Errorf("keep upload %q: %w", name, errors.Join(err, gone))
	}
	return id, size, nil
}

// fillUpload writes the chunks and at last the size, which makes the file complete.
func (s *Store) fillUpload(ctx context.Context, id string, r io.Reader, limit int64) (size int64, err error) {
	chunk := make([]byte, uploadChunk)
	for ordinal := 0; ; ordinal++ {
		n, err := fill(chunk, r)
		last := err == io.EOF //nolint:errorlint // by the contract of io.Reader; a wrapped one tells that the file broke off
		if err != nil && !last {
			return 0, err
		}
		if size += int64(n); size > limit {
			return 0, governance.Fail(governance.Limit, "file", "The file is larger than %d bytes.", limit)
		}
		err = s.write(ctx, governance.Actor{}, func(ctx context.Context, t *tx) error {
			if last {
				if err := exec(ctx, t, "update upload set size = $1 where id = $2", size, id); err != nil {
					return err
				}
			}
			return t.addChunk(ctx, id, ordinal, chunk[:n])
		})
		if err != nil || last {
			return size, err
		}
	}
}

// fill reads until the chunk is full. Unlike io.ReadFull it leaves errors as they are, so that the end of a file cannot be
// taken for a file that broke off, nor the other way round.
func fill(chunk []byte, r io.Reader) (n int, err error) {
	for n < len(chunk) && err == nil {
		var more int
		more, err = r.Read(chunk[n:])
		n += more
	}
	return n, err
}

func (t *tx) addChunk(ctx context.Context, id string, ordinal int, data []byte) error {
	if len(data) == 0 {
		return nil
	}
	return exec(ctx, t, "insert into upload_chunk (upload_id, ordinal, data) values ($1, $2, $3)", id, ordinal, data)
}

// OpenUpload reads a file from its beginning, one chunk in memory at a time. An unknown id, and every other failure,
// shows at the first Read. The reader lives as long as ctx.
func (s *Store) OpenUpload(ctx context.Context, id string) io.ReadCloser {
	return &uploadReader{ctx: ctx, store: s, id: id}
}

type uploadReader struct {
	ctx     context.Context
	store   *Store
	id      string
	left    int64 // bytes after chunk
	chunk   []byte
	ordinal int
	opened  bool
}

// Read fails with io.ErrUnexpectedEOF when the file was removed in the meantime.
func (u *uploadReader) Read(p []byte) (int, error) {
	if !u.opened {
		if err := u.open(); err != nil {
			return 0, err
		}
	}
	if len(u.chunk) == 0 {
		if err := u.next(); err != nil {
			return 0, err
		}
	}
	n := copy(p, u.chunk)
	u.chunk = u.chunk[n:]
	return n, nil
}

func (u *uploadReader) open() error {
	size, err := u.store.UploadSize(u.ctx, u.id)
	u.left, u.opened = size, err == nil
	return err
}

func (u *uploadReader) next() error {
	if u.left == 0 {
		return io.EOF
	}
	chunks, err := many(u.ctx, u.store.reader(), "select data from upload_chunk where upload_id = $1 and ordinal = $2",
		func(r row, b *[]byte) error { return r.Scan(b) }, u.id, u.ordinal)
	if err != nil {
		return fmt.Errorf("read upload %q: %w", u.id, err)
	}
	if len(chunks) == 0 {
		return io.ErrUnexpectedEOF
	}
	u.chunk, u.ordinal = chunks[0], u.ordinal+1
	u.left -= int64(len(u.chunk))
	return nil
}

// Close releases nothing: no connection is held between reads.
func (u *uploadReader) Close() error { return nil }

// DeleteUpload removes a file; one that is not there is no error.
func (s *Store) DeleteUpload(ctx context.Context, id string) error {
	err := s.write(ctx, governance.Actor{}, func(ctx context.Context, t *tx) error {
		return exec(ctx, t, "delete from upload where id = $1", id)
	})
	if err != nil {
		return fmt.Errorf("delete upload %q: %w", id, err)
	}
	return nil
}

// PruneUploads removes files from before the given time that nobody asked to keep: those of runs that never came to
// delete them, and parts of files whose upload died with its server.
func (s *Store) PruneUploads(ctx context.Context, before time.Time) error {
	err := s.write(ctx, governance.Actor{}, func(ctx context.Context, t *tx) error {
		return exec(ctx, t, "delete from upload where created < $1 and not kept", before.UnixMilli())
	})
	if err != nil {
		return fmt.Errorf("prune uploads: %w", err)
	}
	return nil
}

// connectorFiles is the attribute in which the contract's clients find the names of a source's connector files.
const connectorFiles = "connector_files"

// KeepUpload makes a file one of its source's connector files, in place of an earlier one of the same name. Such files
// stay until the source is deleted.
func (s *Store) KeepUpload(ctx context.Context, actor governance.Actor, sourceID, id string) error {
	return s.write(ctx, actor, func(ctx context.Context, t *tx) error {
		if err := t.keepUpload(ctx, sourceID, id); err != nil {
			return err
		}
		names, err := many(ctx, t, "select name from upload where source_id = $1 and kept order by name", scanText, sourceID)
		if err != nil {
			return err
		}
		_, err = t.amendSource(ctx, sourceID, func(_, src *governance.Source) (err error) {
			src.ConnectorAttributes, err = withText(src.ConnectorAttributes, connectorFiles, strings.Join(slices.Compact(names), ","))
			src.DeltaToken, src.Modified = nil, t.now
			return err
		})
		return err
	})
}

func (t *tx) keepUpload(ctx context.Context, sourceID, id string) error {
	name, err := one(ctx, t, "Upload", id, "select name from upload where id = $1 and source_id = $2", scanText, id, sourceID)
	if err != nil {
		return err
	}
	if err := exec(ctx, t, "delete from upload where source_id = $1 and name = $2 and kept and id <> $3", sourceID, name, id); err != nil {
		return fmt.Errorf("replace connector file %q: %w", name, err)
	}
	return exec(ctx, t, "update upload set kept = true where id = $1", id)
}

// withText gives a JSON object with a member set to a text.
func withText(object json.RawMessage, name, text string) (json.RawMessage, error) {
	members := map[string]json.RawMessage{}
	if len(object) > 0 {
		if err := json.Unmarshal(object, &members); err != nil {
			return nil, fmt.Errorf("read a map: %w", err)
		}
	}
	members[name] = json.RawMessage(jsonText(text))
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false) // the other members stay as they were
	if err := encoder.Encode(members); err != nil {
		return nil, fmt.Errorf("write a map: %w", err)
	}
	return bytes.TrimSpace(b.Bytes()), nil
}

// ConnectorFile gives the id of a source's newest connector file, "" when it has none.
func (s *Store) ConnectorFile(ctx context.Context, sourceID string) (string, error) {
	ids, err := many(ctx, s.reader(), "select id from upload where source_id = $1 and kept order by id desc limit 1", scanText, sourceID)
	if err != nil || len(ids) == 0 {
		return "", err
	}
	return ids[0], nil
}
