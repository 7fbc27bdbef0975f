package local

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"runtime"
	"time"

	"midgard/internal/connector"
)

// source is one configured host.
type source struct {
	config connector.Config
	root   string
	now    func() time.Time
}

// Test reads the files that every host has.
func (s *source) Test(ctx context.Context) error {
	_, err := s.read(ctx, readBase)
	return err
}

// List reads all files first, since an account is spread over them, and emits then. Hosts have no delta.
//
// A malformed line of passwd makes a list of accounts incomplete, one of group a list of groups: the object of the line
// is not gone. Malformed lines elsewhere are reported too, but hide no object.
func (s *source) List(ctx context.Context, request connector.ListRequest, sink connector.Sink) (connector.ListResult, error) {
	read, objects := readAccounts, (*host).accountObjects
	switch request.Type {
	case connector.TypeAccount:
	case connector.TypeGroup:
		read, objects = readGroups, (*host).groupObjects
	default:
		return connector.ListResult{}, fmt.Errorf("hosts have no objects of the type %q", request.Type)
	}
	h, err := s.read(ctx, read)
	if err != nil {
		return connector.ListResult{}, err
	}
	for _, problem := range h.problems {
		if err := sink.Fail(ctx, problem.where, problem.reason); err != nil {
			return connector.ListResult{}, err
		}
	}
	emitted := 0
	for object := range objects(h, request.Schema) {
		if err := ctx.Err(); err != nil {
			return connector.ListResult{}, err
		}
		if err := sink.Emit(ctx, object); err != nil {
			return connector.ListResult{}, err
		}
		if emitted++; emitted == request.Limit {
			break
		}
	}
	return connector.ListResult{Complete: request.Limit == 0 && !h.hidden[request.Type]}, nil
}

// Close has nothing to release.
func (*source) Close() error { return nil }

// read opens the tree of files and hands it to a reader.
func (s *source) read(ctx context.Context, read func(context.Context, *host) error) (*host, error) {
	tree, done, err := s.tree()
	if err != nil {
		return nil, err
	}
	defer done()
	h := &host{tree: tree, today: s.now().Unix() / secondsPerDay, hidden: map[string]bool{}}
	return h, read(ctx, h)
}

// tree returns the files of the host and what to call when they are no longer needed.
func (s *source) tree() (fs.FS, func(), error) {
	if s.root == hostRoot {
		if runtime.GOOS != "linux" {
			return nil, nil, fmt.Errorf("%w: %w", connector.ErrUnavailable, errNotLinux)
		}
		return os.DirFS(hostRoot), func() {}, nil
	}
	files, name, err := s.config.OpenFileRoot(s.root)
	if errors.Is(err, connector.ErrOutsideFileRoot) {
		return nil, nil, outside()
	}
	if err != nil {
		return nil, nil, fmt.Errorf("%w: open the root folder: %w", connector.ErrUnreachable, err)
	}
	defer files.Close()
	root, err := files.OpenRoot(name)
	if err != nil {
		return nil, nil, fmt.Errorf("%w: open the root folder: %w", connector.ErrUnreachable, err)
	}
	return root.FS(), func() { _ = root.Close() }, nil
}
