package secret

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"

	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/insecurecleartextkeyset"
	"github.com/tink-crypto/tink-go/v2/keyset"
)

// windows has neither permission bits nor a way to flush a folder; there the access list of the data folder protects
// the file.
const windows = runtime.GOOS == "windows"

func loadOrCreate(path string) (*keyset.Handle, error) {
	handle, err := load(path)
	if !errors.Is(err, fs.ErrNotExist) {
		return handle, err
	}
	handle, err = keyset.NewHandle(aead.AES256GCMKeyTemplate())
	if err != nil {
		return nil, fmt.Errorf("make key: %w", err)
	}
	err = create(path, handle)
	if errors.Is(err, fs.ErrExist) {
		return load(path) // another process was faster, and may have sealed values already
	}
	return handle, err
}

func load(path string) (*keyset.Handle, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("open keyset file: %w", err)
	}
	defer file.Close()
	if err := checkPrivate(file); err != nil {
		return nil, err
	}
	handle, err := insecurecleartextkeyset.Read(keyset.NewJSONReader(file))
	if err != nil {
		return nil, fmt.Errorf("keyset file %q is damaged or none, restore it from a copy: %w", path, err)
	}
	return handle, nil
}

// checkPrivate looks at the open file, which cannot be exchanged any more.
func checkPrivate(file *os.File) error {
	info, err := file.Stat()
	if err != nil {
		return fmt.Errorf("look at keyset file: %w", err)
	}
	if !info.Mode().IsRegular() {
		return fmt.Errorf("keyset file %q is not a regular file", file.Name())
	}
	if open := info.Mode().Perm() & 0o077; open != 0 && !windows {
		return fmt.Errorf("keyset file %q is open to others (mode %04o): run chmod 600 on it", file.Name(), info.Mode().Perm())
	}
	return nil
}

// create places a new file and fails with fs.ErrExist when there is one: a hard link never replaces.
func create(path string, handle *keyset.Handle) error {
	temporary, err := write(filepath.Dir(path), handle)
	if err != nil {
		return err
	}
	defer os.Remove(temporary)
	err = os.Link(temporary, path)
	if err != nil && !errors.Is(err, fs.ErrExist) {
		err = os.Rename(temporary, path) // a file system without hard links
	}
	if err != nil {
		return fmt.Errorf("create keyset file: %w", err)
	}
	return flushFolder(filepath.Dir(path))
}

// replace exchanges the file at once: whoever opens it, also after a crash, sees all of the old keys or all of the new.
func replace(path string, handle *keyset.Handle) error {
	path, err := filepath.EvalSymlinks(path)
	if err != nil {
		return fmt.Errorf("find keyset file: %w", err)
	}
	temporary, err := write(filepath.Dir(path), handle)
	if err != nil {
		return err
	}
	if err := os.Rename(temporary, path); err != nil {
		os.Remove(temporary)
		return fmt.Errorf("replace keyset file: %w", err)
	}
	return flushFolder(filepath.Dir(path))
}

// write puts the keyset on the disk under a temporary name in the folder. Temporary files are made with mode 0600.
func write(folder string, handle *keyset.Handle) (name string, err error) {
	file, err := os.CreateTemp(folder, ".keyset-*")
	if err != nil {
		return "", fmt.Errorf("write keyset: %w", err)
	}
	err = errors.Join(
		insecurecleartextkeyset.Write(handle, keyset.NewJSONWriter(file)),
		file.Sync(),
		file.Close(),
	)
	if err != nil {
		os.Remove(file.Name())
		return "", fmt.Errorf("write keyset: %w", err)
	}
	return file.Name(), nil
}

// flushFolder makes the new name survive a power cut.
func flushFolder(path string) error {
	if windows {
		return nil
	}
	folder, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("flush folder of keyset: %w", err)
	}
	if err := errors.Join(folder.Sync(), folder.Close()); err != nil {
		return fmt.Errorf("flush folder of keyset: %w", err)
	}
	return nil
}
