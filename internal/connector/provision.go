package connector

import (
	"context"
	"errors"
	"fmt"
	"strings"
)

// Provisioner is implemented by sources whose accounts can be changed; it is found by a type assertion on an open
// Source, and such a connector's Spec has the feature PROVISIONING. Enable and Disable belong to the feature ENABLE,
// Unlock to UNLOCK, SetPassword to PASSWORD and Delete to DELETE; without its feature such a call is ErrRefused.
//
// Accounts are named by native identity, as the source's own schema has it (Config.Schemas); those that List would not
// show are ErrNoSuchObject. A change that the source has already is done, so that every call may be repeated after a
// failure. An error wraps ErrNoSuchObject, ErrExists, ErrRefused or ErrAuth where it is one of these; whatever is not
// Retryable does not pass by itself, and leaves the source as it was before the call or says what is left. After a
// Retryable one the call may have been carried out, in whole or in part: repeating it finishes it. Errors never show a
// password.
type Provisioner interface {
	// Create adds an account and returns it as the source has it afterwards. Where the account is there already it
	// returns that account with an *ExistsError, unless the request is a resumed one, see CreateRequest.Resume.
	Create(context.Context, CreateRequest) (Object, error)
	// Read returns one object (TypeAccount, TypeGroup) as List would show it now. One that List would not show is
	// ErrNoSuchObject.
	Read(ctx context.Context, objectType, identity string) (Object, error)
	// Update changes attributes, all of them or none. Passwords and the groups of an account are refused: they have
	// calls of their own.
	Update(ctx context.Context, identity string, changes []AttributeChange) error
	// Enable lifts what Disable did. It does not lift a lock that wrong passwords brought about.
	Enable(ctx context.Context, identity string) error
	// Disable keeps the account from logging in until Enable.
	Disable(ctx context.Context, identity string) error
	// Unlock lifts a lock that wrong passwords brought about. It does not enable a disabled account.
	Unlock(ctx context.Context, identity string) error
	// SetPassword sets the password, which the source may refuse (ErrRefused). A disabled account stays disabled.
	SetPassword(ctx context.Context, identity string, password Secret) error
	// AddEntitlement gives the account one value of an entitlement attribute, such as the native identity of a group.
	AddEntitlement(ctx context.Context, identity, attribute, value string) error
	// RemoveEntitlement takes it away.
	RemoveEntitlement(ctx context.Context, identity, attribute, value string) error
	// Delete removes the account and what would refer to it in vain. An account that is gone is no error.
	Delete(ctx context.Context, identity string) error
}

// Checker is implemented by provisioners that can be asked whether a value is in use, which is what makes names unique.
type Checker interface {
	// InUse tells whether an account of the source has the value, in any case. Without an attribute it is the one that
	// names new accounts.
	InUse(ctx context.Context, attribute, value string) (bool, error)
}

// CreateRequest describes an account to make.
type CreateRequest struct {
	// Name is a plain name; the connector puts it into the attribute that names new accounts, unless Attributes has it.
	Name string
	// Identity is the native identity to have; empty lets the connector make it of the name and its configuration.
	Identity string
	// Attributes have the values that Object.Attributes may have; nil and empty ones are left out.
	Attributes map[string]any
	// Password is the first password; an empty one means that nobody can log in with a password.
	Password Secret
	// Entitlements are given along. When one is refused the account is not made.
	Entitlements []Entitlement
	// Resume says that this request may have been carried out in part, because an earlier call did not end well. An
	// account that is there and has the attributes asked for is then taken for the work of that call and finished:
	// password and entitlements are set. Set it only after an own record of the earlier call.
	Resume bool
}

// Entitlement is one value of an entitlement attribute.
type Entitlement struct {
	Attribute, Value string
}

// AttributeChange changes one attribute. An empty value in ChangeSet removes the attribute; adding what is there and
// removing what is not is no error.
type AttributeChange struct {
	Kind      ChangeKind
	Attribute string
	Value     any // as in Object.Attributes
}

// ChangeKind says what an AttributeChange does with its value.
type ChangeKind int

// ChangeSet replaces all values, ChangeAdd and ChangeRemove concern the given ones.
const (
	ChangeSet ChangeKind = iota
	ChangeAdd
	ChangeRemove
)

// The outcomes of a change that callers treat differently, besides ErrAuth and Retryable. None of them passes by itself.
var (
	ErrExists       = errors.New("the source has such an object already")
	ErrNoSuchObject = errors.New("the source has no such object")
	ErrRefused      = errors.New("the source refused the change")
)

// ExistsError says that an account to create is there already. It wraps ErrExists.
type ExistsError struct {
	Identity string
	// Differs lists, sorted, in what the account is not the one asked for. Empty means that it may be the work of an
	// earlier call.
	Differs []string
}

func (e *ExistsError) Error() string {
	if len(e.Differs) == 0 {
		return fmt.Sprintf("%v: %q, as it was asked for", ErrExists, e.Identity)
	}
	return fmt.Sprintf("%v: %q, with another %s", ErrExists, e.Identity, strings.Join(e.Differs, ", "))
}

// Unwrap gives ErrExists.
func (e *ExistsError) Unwrap() error { return ErrExists }
