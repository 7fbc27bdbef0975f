package secret

import (
	"encoding/base64"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/keyset"
	"github.com/tink-crypto/tink-go/v2/tink"
)

var (
	// ErrUnreadable is what Box.Open wraps when a value cannot be opened: it was sealed with a key that the keyset file
	// does not hold, or for another context, or it was altered. Cryptography cannot tell which.
	ErrUnreadable = errors.New("the secret cannot be decrypted: its key is not in the keyset file, or it belongs elsewhere, or it was altered")

	errNoContext = errors.New("a secret needs a context")
)

// Box seals and opens values. It may be used by many goroutines at once.
type Box struct {
	path     string // "" when the keys live in memory only
	rotating sync.Mutex
	keys     atomic.Pointer[keys]
}

// keys is one state of the keyset, with the cipher made of it.
type keys struct {
	handle *keyset.Handle
	cipher tink.AEAD
}

func newKeys(handle *keyset.Handle) (*keys, error) {
	cipher, err := aead.New(handle)
	if err != nil {
		return nil, fmt.Errorf("use keyset: %w", err)
	}
	return &keys{handle: handle, cipher: cipher}, nil
}

// Open returns a box with the keys of the file at path, or makes the file with one new key when there is none; its
// folder must exist. A file that the group or others may read is refused, and one that cannot be understood is left
// as it is.
func Open(path string) (*Box, error) {
	handle, err := loadOrCreate(path)
	if err != nil {
		return nil, err
	}
	return newBox(path, handle)
}

// Ephemeral returns a box whose key dies with it, for tests. It panics when the system has no randomness to give.
func Ephemeral() *Box {
	handle, err := keyset.NewHandle(aead.AES256GCMKeyTemplate())
	if err != nil {
		panic(err)
	}
	box, err := newBox("", handle)
	if err != nil {
		panic(err)
	}
	return box
}

func newBox(path string, handle *keyset.Handle) (*Box, error) {
	keys, err := newKeys(handle)
	if err != nil {
		return nil, err
	}
	box := &Box{path: path}
	box.keys.Store(keys)
	return box, nil
}

// Seal encrypts clear under the primary key and returns base64 text. The context, by convention "object|field" with the
// id of the object, is not part of the text; Box.Open needs the same one. Sealing twice gives different texts.
func (b *Box) Seal(clear, context string) (string, error) {
	if context == "" {
		return "", errNoContext
	}
	sealed, err := b.keys.Load().cipher.Encrypt([]byte(clear), []byte(context))
	if err != nil {
		return "", fmt.Errorf("seal secret %q: %w", context, err)
	}
	return base64.StdEncoding.EncodeToString(sealed), nil
}

// Open decrypts what Seal returned for the same context, under whichever key of the keyset it was sealed. Any failure
// wraps ErrUnreadable.
func (b *Box) Open(sealed, context string) (string, error) {
	raw, err := base64.StdEncoding.DecodeString(sealed)
	if err != nil || context == "" {
		return "", fmt.Errorf("open secret %q: %w", context, ErrUnreadable)
	}
	clear, err := b.keys.Load().cipher.Decrypt(raw, []byte(context))
	if err != nil {
		return "", fmt.Errorf("open secret %q: %w", context, ErrUnreadable)
	}
	return string(clear), nil
}

// Rotate adds a new key, with which everything is sealed from now on. Older keys stay, so older values stay readable.
// The file is replaced whole or not at all; when that fails the box goes on with the keys it had. Another process that
// holds a box on the same file must open it again to read what this one seals.
func (b *Box) Rotate() error {
	b.rotating.Lock()
	defer b.rotating.Unlock()
	latest, err := b.latest()
	if err != nil {
		return err
	}
	handle, err := withNewPrimary(latest)
	if err != nil {
		return fmt.Errorf("rotate keyset: %w", err)
	}
	keys, err := newKeys(handle)
	if err != nil {
		return err
	}
	if err := b.save(handle); err != nil {
		return err
	}
	b.keys.Store(keys)
	return nil
}

// latest reads the file again, so that a key that another process added is not lost.
func (b *Box) latest() (*keyset.Handle, error) {
	if b.path == "" {
		return b.keys.Load().handle, nil
	}
	return load(b.path)
}

func (b *Box) save(handle *keyset.Handle) error {
	if b.path == "" {
		return nil
	}
	return replace(b.path, handle)
}

func withNewPrimary(handle *keyset.Handle) (*keyset.Handle, error) {
	manager := keyset.NewManagerFromHandle(handle)
	id, err := manager.Add(aead.AES256GCMKeyTemplate())
	if err != nil {
		return nil, err
	}
	if err := manager.SetPrimary(id); err != nil {
		return nil, err
	}
	return manager.Handle()
}
