package api

import "encoding/json"

// optional tells a member that is absent from one that is null.
type optional[T any] struct {
	Present bool
	Value   T
}

// UnmarshalJSON is called for every member that is there, null included.
func (o *optional[T]) UnmarshalJSON(data []byte) error {
	o.Present = true
	return json.Unmarshal(data, &o.Value)
}

// MarshalJSON writes the value alone.
func (o optional[T]) MarshalJSON() ([]byte, error) { return json.Marshal(o.Value) }
