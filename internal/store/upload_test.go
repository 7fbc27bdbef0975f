//go:build unix

package store_test

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"midgard/internal/governance"
	"midgard/internal/store"
	"midgard/internal/store/storetest"
)

func TestUploads(t *testing.T) {
	t.Parallel()
	large := bytes.Repeat([]byte("0123456789abcdef"), 5<<16+1) // five chunks and a bit
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		for _, content := range [][]byte{nil, []byte("one line\n"), large[:1<<20], large} {
			id, size, err := s.CreateUpload(t.Context(), store.NewID(), "x.csv", iotest.HalfReader(bytes.NewReader(content)), 1<<30)
			if err != nil || size != int64(len(content)) {
				t.Fatalf("size %d (%v), want %d", size, err, len(content))
			}
			file := s.OpenUpload(t.Context(), id)
			read, err := io.ReadAll(file)
			if err != nil || !bytes.Equal(read, content) {
				t.Errorf("read %d bytes (%v), want the %d that were kept", len(read), err, len(content))
			}
			if err := file.Close(); err != nil {
				t.Error(err)
			}
			if err := s.DeleteUpload(t.Context(), id); err != nil {
				t.Error(err)
			}
			_, err = s.OpenUpload(t.Context(), id).Read(make([]byte, 1))
			wantKind(t, err, governance.NotFound, "Upload")
		}
	})
}

func TestUploadThatFailsLeavesNothing(t *testing.T) {
	t.Parallel()
	broken := errors.New("the line broke")
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		src := mustCreateSource(t, s, newSource("Payroll", administrator(t, s)))
		_, _, err := s.CreateUpload(t.Context(), src.ID, "x.csv", strings.NewReader(strings.Repeat("x", 1<<20+1)), 1<<20)
		wantKind(t, err, governance.Limit, "larger than 1048576 bytes")
		half := io.MultiReader(strings.NewReader(strings.Repeat("x", 1<<21)), iotest.ErrReader(broken))
		if _, _, err := s.CreateUpload(t.Context(), src.ID, "x.csv", half, 1<<30); !errors.Is(err, broken) {
			t.Errorf("got %v, want the reader's error", err)
		}
		if n, err := s.CountUploads(t.Context()); err != nil || n != 0 {
			t.Errorf("%d uploads are left (%v)", n, err)
		}
	})
}

func TestUploadRemovedWhileItIsRead(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		id, _, err := s.CreateUpload(t.Context(), store.NewID(), "x.csv", strings.NewReader(strings.Repeat("x", 1<<21)), 1<<30)
		if err != nil {
			t.Fatal(err)
		}
		file := s.OpenUpload(t.Context(), id)
		if _, err := file.Read(make([]byte, 1)); err != nil {
			t.Fatal(err)
		}
		if err := s.DeleteUpload(t.Context(), id); err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadAll(file); !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("got %v: a part looks like the whole file", err)
		}
	})
}

func TestConnectorFiles(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		src := mustCreateSource(t, s, newSource("Payroll", administrator(t, s)))
		keep := func(name string) string {
			id, _, err := s.CreateUpload(t.Context(), src.ID, name, strings.NewReader(name), 100)
			if err != nil {
				t.Fatal(err)
			}
			if err := s.KeepUpload(t.Context(), tester, src.ID, id); err != nil {
				t.Fatal(err)
			}
			return id
		}
		replaced, kept := keep("b.csv"), keep("a.csv")
		newest := keep("b.csv")
		read, err := s.Source(t.Context(), src.ID, "")
		if want := `{"connector_files":"a.csv,b.csv","delimiter":";"}`; err != nil || string(read.ConnectorAttributes) != want {
			t.Errorf("attributes are %s (%v), want %s", read.ConnectorAttributes, err, want)
		}
		passing, _, err := s.CreateUpload(t.Context(), src.ID, "run.csv", strings.NewReader("x"), 100)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.PruneUploads(t.Context(), time.Now().Add(time.Hour)); err != nil {
			t.Fatal(err)
		}
		for id, there := range map[string]bool{replaced: false, kept: true, newest: true, passing: false} {
			if _, err := io.ReadAll(s.OpenUpload(t.Context(), id)); (err == nil) != there {
				t.Errorf("upload %s: %v, want it there: %t", id, err, there)
			}
		}
		if got, err := s.ConnectorFile(t.Context(), src.ID); err != nil || got != newest {
			t.Errorf("the connector file is %q (%v), want %q", got, err, newest)
		}
		wantKind(t, s.KeepUpload(t.Context(), tester, store.NewID(), newest), governance.NotFound, "Upload")
	})
}
