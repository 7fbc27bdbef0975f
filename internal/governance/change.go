package governance

import (
	"encoding/json"
	"time"
)

// Actor says on whose behalf something is done. It travels with every write and ends in the change record.
type Actor struct {
	IdentityID string // empty for a client without a person and for Midgard itself
	Name       string // the person's or client's name; "midgard" for the server's own work
	ClientID   string
	TrackingID string // 32 hex digits, the same as in the answer's SLPT-Request-ID and in the log
	Reason     string // why, where it is not plain from the action: "aggregation", "owner became inactive", …
}

// Server is the actor of what Midgard does by itself.
func Server(reason, trackingID string) Actor {
	return Actor{Name: "midgard", Reason: reason, TrackingID: trackingID}
}

// The actions of change records.
const (
	ActionCreate = "CREATE"
	ActionUpdate = "UPDATE"
	ActionDelete = "DELETE"
)

// Change is the record of one change to one object, written in the same transaction as the change. Before and After hold
// only the fields that differ (all fields on create and delete); secrets are never among them.
type Change struct {
	ID         string          `json:"id"`
	Time       time.Time       `json:"time"`
	Actor      Actor           `json:"actor"`
	Action     string          `json:"action"`
	ObjectType string          `json:"objectType"`
	ObjectID   string          `json:"objectId"`
	ObjectName string          `json:"objectName"`
	Before     json.RawMessage `json:"before,omitempty"`
	After      json.RawMessage `json:"after,omitempty"`
}

// Reference points to another object. Name is the object's name at the time of reading; writers need only the ID.
type Reference struct {
	ID   string `json:"id,omitempty"`
	Name string `json:"name,omitempty"`
}

// Set reports whether the reference points anywhere.
func (r Reference) Set() bool { return r.ID != "" }
