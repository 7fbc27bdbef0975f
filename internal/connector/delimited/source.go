package delimited

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	"midgard/internal/connector"
)

// source is one configured delimited file source.
type source struct {
	config connector.Config
	files  map[string]settings // by object type
}

var _ connector.Discoverer = (*source)(nil)

// Test opens the configured files and reads their headers. A source that is only fed by uploads has nothing to reach.
func (s *source) Test(ctx context.Context) error {
	for _, objectType := range []string{connector.TypeAccount, connector.TypeGroup} {
		if err := ctx.Err(); err != nil {
			return err
		}
		settings := s.files[objectType]
		if settings.path == "" {
			continue
		}
		names, err := s.names(settings)
		if err == nil {
			err = settings.checkColumns(names)
		}
		if err != nil {
			return fmt.Errorf("read the %s file: %w", objectType, err)
		}
	}
	return nil
}

// List reads the uploaded file, or the configured one. A file has no delta, so that every list is a full one.
//
// A row that cannot be read is reported and skipped, together with the other merged rows of its object. The list is not
// complete then, because the object behind the row is not gone.
func (s *source) List(ctx context.Context, request connector.ListRequest, sink connector.Sink) (connector.ListResult, error) {
	settings, err := s.settings(request.Type)
	if err != nil {
		return connector.ListResult{}, err
	}
	file, err := s.input(request.Input, settings)
	if err != nil {
		return connector.ListResult{}, err
	}
	defer file.Close()
	rows, err := newRows(file, settings)
	if err != nil {
		return connector.ListResult{}, err
	}
	plan, err := newPlan(request.Schema, request.Type, settings, rows.names)
	if err != nil {
		return connector.ListResult{}, err
	}
	l := list{plan: plan, rows: rows, sink: sink, limit: request.Limit}
	return l.run(ctx)
}

// Close has nothing to release: files are closed by the call that opened them.
func (*source) Close() error { return nil }

// Discover proposes a schema of the configured file: every column a text, the merged ones multi-valued, identified by
// the column that a new source would use, or else by the first.
func (s *source) Discover(ctx context.Context, objectType string) (connector.Schema, error) {
	settings, err := s.settings(objectType)
	if err != nil {
		return connector.Schema{}, err
	}
	if err := ctx.Err(); err != nil {
		return connector.Schema{}, err
	}
	names, err := s.names(settings)
	if err != nil {
		return connector.Schema{}, err
	}
	schema := accountSchema()
	if objectType == connector.TypeGroup {
		schema = groupSchema()
	}
	return proposed(schema, settings, names), nil
}

func proposed(schema connector.Schema, s settings, names []string) connector.Schema {
	if !slices.Contains(names, schema.IdentityAttribute) {
		schema.IdentityAttribute = names[0]
	}
	if !slices.Contains(names, schema.DisplayAttribute) {
		schema.DisplayAttribute = schema.IdentityAttribute
	}
	schema.Attributes = nil
	for _, name := range names {
		attribute := connector.SchemaAttribute{Name: name, Type: "STRING", Multi: s.merge && slices.Contains(s.collect, name)}
		schema.Attributes = append(schema.Attributes, attribute)
	}
	return schema
}

func (s *source) settings(objectType string) (settings, error) {
	found, ok := s.files[objectType]
	if !ok {
		return settings{}, fmt.Errorf("delimited files hold no objects of the type %q", objectType)
	}
	return found, nil
}

// names returns the columns of the configured file; without a header they are in the configuration.
func (s *source) names(settings settings) ([]string, error) {
	if !settings.hasHeader && settings.path == "" {
		return settings.columns, nil
	}
	file, err := s.input(nil, settings)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	rows, err := newRows(file, settings)
	if err != nil {
		return nil, err
	}
	return rows.names, nil
}

func (s *source) input(uploaded io.Reader, settings settings) (io.ReadCloser, error) {
	if uploaded != nil {
		return io.NopCloser(uploaded), nil
	}
	if settings.path == "" {
		return nil, settings.wrong("filePath", "is not set and no file was uploaded")
	}
	return s.openFile(settings)
}

func (s *source) openFile(settings settings) (*os.File, error) {
	root, name, err := s.config.OpenFileRoot(settings.path)
	if errors.Is(err, connector.ErrOutsideFileRoot) {
		return nil, settings.outside()
	}
	if err != nil {
		return nil, unreachable(err)
	}
	defer root.Close()
	return openRegular(root, name)
}

// openRegular refuses anything but a plain file before opening it: opening a named pipe would wait for a writer.
func openRegular(root *os.Root, name string) (*os.File, error) {
	info, err := root.Stat(name)
	if err != nil {
		return nil, unreachable(err)
	}
	if !info.Mode().IsRegular() {
		return nil, unreachable(errors.New("it is not a plain file"))
	}
	file, err := root.Open(name)
	if err != nil {
		return nil, unreachable(err)
	}
	return file, nil
}

func unreachable(err error) error {
	return fmt.Errorf("%w: open the file: %w", connector.ErrUnreachable, err)
}
