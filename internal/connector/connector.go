// Package connector is the port that a kind of source implements: what it must do (test, list), what it may do
// (optional interfaces), and how it describes itself. Retries, scheduling, deletion thresholds and secrets at rest are
// the caller's work, so that a connector stays a reader of one protocol.
package connector

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"
)

// The object types that every connector knows. Data sets of machine identities come later as further types.
const (
	TypeAccount = "account"
	TypeGroup   = "group"
)

// Factory describes one kind of source and opens configured instances of it.
type Factory interface {
	// Spec is constant: the same value on every call.
	Spec() Spec
	// Open checks the configuration without touching the network or the disk. An error it returns is a *ConfigError
	// when one field is at fault.
	Open(Config) (Source, error)
}

// Source is one configured source. It is used by one goroutine at a time.
type Source interface {
	// Test proves that the source can be reached with its credentials. It changes nothing there.
	Test(context.Context) error
	// List pushes every object of the requested type into the sink and returns when the source has no more. An error
	// means that the list is not complete, whatever was emitted before.
	List(context.Context, ListRequest, Sink) (ListResult, error)
	// Close releases connections. It is called once, after the last call of the other methods.
	Close() error
}

// Discoverer is implemented by sources that can read their own schema.
type Discoverer interface {
	Discover(ctx context.Context, objectType string) (Schema, error)
}

// Config is what an administrator entered for one source. Attributes are the contract's connectorAttributes as decoded
// JSON (string, bool, float64, []any, map[string]any); Secrets hold the fields that the Spec marks as secret.
type Config struct {
	Attributes map[string]any
	Secrets    map[string]Secret
	// Schemas are the source's own, where they may differ from the Spec's. List has its schema in the request; what a
	// Provisioner is called with and returns goes by these. A missing one means the Spec's.
	Schemas []Schema
	// FileRoot is the only folder from which a connector may read files of this machine; empty allows none.
	FileRoot string
}

// SchemaOf returns the source's own schema of a type, or the given one when there is none.
func (c Config) SchemaOf(objectType string, absent Schema) Schema {
	for _, schema := range c.Schemas {
		if schema.ObjectType == objectType && len(schema.Attributes) > 0 {
			return schema
		}
	}
	return absent
}

// Spec is the static description of a connector.
type Spec struct {
	Connector      string   // the contract's "connector": "delimited-file", "openldap", "local"
	Type           string   // the contract's "type": "DelimitedFile", "OpenLDAP - Direct"
	Class          string   // the contract's "connectorClass"
	ConnectionType string   // the contract's "connectionType": "file" or "direct"
	Features       []string // only values of the contract's enumeration
	Fields         []Field
	Account        Schema
	Group          *Schema // nil when the connector knows no groups
	Summary        string  // one sentence for people
}

// Field is one configuration attribute.
type Field struct {
	Name     string
	Kind     FieldKind
	Required bool
	Secret   bool
	Default  any
	Help     string
}

// FieldKind is the JSON type of a configuration attribute.
type FieldKind string

// The kinds of configuration attributes.
const (
	KindText   FieldKind = "text"
	KindNumber FieldKind = "number"
	KindBool   FieldKind = "boolean"
	KindList   FieldKind = "list"   // of text
	KindTable  FieldKind = "object" // free-form JSON, checked by Open
)

// Schema lists the attributes of an object type.
type Schema struct {
	ObjectType         string // TypeAccount or TypeGroup
	NativeObjectType   string // "inetOrgPerson", "User", …
	IdentityAttribute  string // its value is the native identity
	DisplayAttribute   string // its value is the name
	HierarchyAttribute string
	Attributes         []SchemaAttribute
}

// SchemaAttribute is one attribute of a schema.
type SchemaAttribute struct {
	Name        string
	Type        string // STRING, LONG, INT, BOOLEAN, DATE
	Description string
	Multi       bool
	Entitlement bool // each value is an entitlement of the source
	Group       bool // the values are native identities of the Group schema's objects
}

// Mode says how much a list returns.
type Mode int

// Full asks for everything, Delta for what changed since the token of an earlier run.
const (
	Full Mode = iota
	Delta
)

// ListRequest asks for the objects of one type.
type ListRequest struct {
	Type   string // TypeAccount or TypeGroup
	Schema Schema // the attributes to read; nothing else need be asked of the source
	Mode   Mode
	Token  []byte    // Delta only: ListResult.Token of an earlier run
	Input  io.Reader // an uploaded file that is read instead of the configured place; nil when there is none
	Limit  int       // stop after so many objects (peek); 0 means no limit. A limited list is never complete.
}

// ListResult ends a list.
type ListResult struct {
	Token    []byte // for the next Delta; nil when the source has no delta
	Complete bool   // what was not emitted (nor reported as Unchanged) is gone from the source
}

// Object is one account or group as the source shows it. Attribute values are string, bool, int64, float64, []string
// or nil. Sinks may keep an Object: a connector makes a new map for each.
type Object struct {
	Type       string
	Identity   string // native identity; never empty unless Deleted or Unchanged with a UUID
	UUID       string // the source's own immutable id, empty when it has none
	Name       string // empty means: the same as Identity
	Attributes map[string]any
	Disabled   bool
	Locked     bool
	Deleted    bool // delta: gone; only Identity or UUID is set
	Unchanged  bool // delta: still there, not read; only Identity or UUID is set
}

// Sink takes what a connector reads. Emit blocks while the caller is busy, which is the connector's back pressure; an
// error of either method ends the list and is returned from List as it is.
type Sink interface {
	Emit(context.Context, Object) error
	// Fail reports one object that could not be read; where says which ("row 17", a DN). The list goes on.
	Fail(ctx context.Context, where string, reason error) error
}

// The errors that callers treat differently. Connectors wrap them with what the source said.
var (
	ErrDeltaExpired = errors.New("the delta token is no longer valid")
	ErrAuth         = errors.New("the source refused the credentials")
	ErrUnreachable  = errors.New("the source cannot be reached")
	ErrUnavailable  = errors.New("this system has no such source")
)

// ConfigError names the configuration field that is wrong and why.
type ConfigError struct {
	Field  string
	Reason string
}

func (e *ConfigError) Error() string { return fmt.Sprintf("%s %s", e.Field, e.Reason) }

// Retryable marks a failure that is likely to pass by itself.
type Retryable struct {
	Err   error
	After time.Duration // what the source asked for; 0 when it did not say
}

func (e *Retryable) Error() string { return e.Err.Error() }
func (e *Retryable) Unwrap() error { return e.Err }

// Secret is a value that never prints itself.
type Secret struct{ value string }

// NewSecret wraps a clear text.
func NewSecret(clear string) Secret { return Secret{clear} }

// Reveal returns the clear text; call it only where the protocol needs it.
func (s Secret) Reveal() string { return s.value }

// String hides the value in every fmt verb and in logs.
func (s Secret) String() string { return "****" }

// GoString hides the value in %#v.
func (s Secret) GoString() string { return "****" }

// MarshalJSON hides the value in JSON.
func (s Secret) MarshalJSON() ([]byte, error) { return []byte(`"****"`), nil }
