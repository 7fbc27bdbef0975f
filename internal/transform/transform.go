// Package transform is the engine of transforms: small JSON documents that say how a value is made from other values. A
// definition is compiled once for each run and then evaluated for each row, without parsing anything again. It knows
// neither the store nor accounts or people: what a transform needs of the row comes from the functions of a Context.
//
// The language is that of the contract; what the contract leaves open is settled in docs/decisions/0030-transform-engine.md.
package transform

import (
	"encoding/json"
	"time"
)

// Value is what goes into a transform and comes out of it: a text, or null when it is not Valid.
type Value struct {
	Text  string
	Valid bool
}

// Null is the value that is none.
func Null() Value { return Value{} }

// Text is the value of a text, which may be empty.
func Text(s string) Value { return Value{Text: s, Valid: true} }

// Context is the row for which a transform is evaluated. Each function may be nil; a transform that needs it then fails
// with an error that says what is missing. An error of a function ends the evaluation and stays in the chain of the error.
type Context struct {
	// Now is the moment that "now" stands for; the zero time stands for the clock's.
	Now time.Time
	// AccountAttribute finds the value for type accountAttribute; AccountQuery.Pick has the rules of the choice.
	AccountAttribute func(AccountQuery) (Value, error)
	// IdentityAttribute gives an attribute of the identity by its technical name, null when there is none.
	IdentityAttribute func(name string) (Value, error)
	// ReferenceIdentity gives an attribute of another identity, which uid names; the uid "manager" is the manager of
	// the row's identity. Null when there is no such identity or attribute.
	ReferenceIdentity func(uid, attribute string) (Value, error)
	// Exists tells type usernameGenerator whether a value is taken.
	Exists func(value string) (bool, error)
	// UsernameSize is the greatest length, in characters, of what usernameGenerator makes, and UsernameChecks how many
	// values it may try: cloudMaxSize and cloudMaxUniqueChecks of the field. 0 stands for MaxText and MaxUsernameChecks.
	UsernameSize, UsernameChecks int
	// Variables are at the disposal of templates beside the transform's own: texts, truth values, whole numbers, and maps
	// of these for names with dots. A transform's own variable hides one of the same name.
	Variables map[string]any
}

// Transform is a compiled definition. It may be evaluated by several goroutines at once.
type Transform struct {
	root  *node
	needs needs
}

// needs is what the evaluation will ask of the context.
type needs struct {
	accounts            []AccountQuery
	identityAttributes  []string
	references, unique  bool
	checksSource, fresh bool
}

// Compile reads a definition and everything that it refers to; find gives the definition of a transform by name, and nil
// knows none. Errors are governance errors: Required and Illegal for what is wrong in the definition, UnknownRef for a name
// that find does not know, Limit for what is too large. Their field is the path in the definition, such as
// attributes.values[1].type. When the fault is inside of a transform that is referred to, the text names that one and the
// field is that of the reference.
//
// A cycle is noticed by names, without regard to case. Give the definition its member "name" when it is about to be stored
// under it, since find may still know an older one.
func Compile(definition json.RawMessage, find func(name string) (json.RawMessage, bool)) (*Transform, error) {
	if find == nil {
		find = func(string) (json.RawMessage, bool) { return nil, false }
	}
	c := &compiler{find: find, done: map[string]*node{}}
	root, err := c.whole(definition)
	if err != nil {
		return nil, err
	}
	return &Transform{root: root, needs: c.needs}, nil
}

// Validate checks one definition as Compile does, but does not look at what it refers to. A name is not demanded.
func Validate(definition json.RawMessage) error {
	c := &compiler{}
	_, err := c.whole(definition)
	return err
}

// Eval makes the value for one row; input is what comes in where the definition names no input of its own. Errors about
// the row's values are governance errors of kind Illegal or Limit that name the place in the definition.
func (t *Transform) Eval(c *Context, input Value) (Value, error) {
	r := run{Context: c, work: MaxWork}
	return r.eval(t.root, input)
}

// Accounts lists the account attributes that an evaluation may ask for, each once, in the order of the definition.
func (t *Transform) Accounts() []AccountQuery { return t.needs.accounts }

// IdentityAttributes lists the names of the identity attributes that an evaluation may ask for, each once.
func (t *Transform) IdentityAttributes() []string { return t.needs.identityAttributes }

// ReadsOtherIdentities tells whether an evaluation may call Context.ReferenceIdentity.
func (t *Transform) ReadsOtherIdentities() bool { return t.needs.references }

// GeneratesUsernames tells whether an evaluation calls Context.Exists, which only policies that create accounts offer.
func (t *Transform) GeneratesUsernames() bool { return t.needs.unique }

// ChecksSource tells whether some usernameGenerator wants its values checked on the source itself and not only among
// the known accounts.
func (t *Transform) ChecksSource() bool { return t.needs.checksSource }

// Changing tells whether equal rows may give different values: the transform is random or reads the clock.
func (t *Transform) Changing() bool { return t.needs.fresh }
