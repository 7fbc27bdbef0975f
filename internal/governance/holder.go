package governance

// Holder is an object that keeps another one from being deleted.
type Holder struct {
	Association string // in what way it holds, in the contract's words: SOURCE_OWNER
	Type        string // of the holder: SOURCE
	Reference
}

// HeldError is an InUse failure that lists what still refers to the object. errors.As finds the *Error in it too.
type HeldError struct {
	Text    string
	Holders []Holder
}

// Error gives the text.
func (e *HeldError) Error() string { return e.Text }

// Unwrap gives the failure as every other one of its kind.
func (e *HeldError) Unwrap() error { return &Error{Kind: InUse, Text: e.Text} }

// Outcome is what became of one of several objects that a request named. Err is nil for success and an *Error otherwise.
type Outcome struct {
	ID  string
	Err error
}
