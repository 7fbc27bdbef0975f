package governance

import (
	"encoding/json"
	"time"
)

// The states of a source that Midgard reports (the contract knows more, for clusters that Midgard does not have).
const (
	SourceHealthy   = "SOURCE_STATE_HEALTHY"
	SourceError     = "SOURCE_STATE_ERROR_SOURCE"
	SourceFileError = "SOURCE_STATE_ERROR_ACCOUNT_FILE_IMPORT"
	SourceUnchecked = "SOURCE_STATE_UNCHECKED_SOURCE"
)

// DefaultDeleteThreshold is the share of a source's accounts, in percent, that one run may remove.
const DefaultDeleteThreshold = 10

// Source is a connected system.
type Source struct {
	ID                  string            `json:"id"`
	Name                string            `json:"name"`
	Description         string            `json:"description,omitempty"`
	Owner               Reference         `json:"owner"`
	Type                string            `json:"type"`
	Connector           string            `json:"connector"`
	ConnectorClass      string            `json:"connectorClass,omitempty"`
	ConnectionType      string            `json:"connectionType,omitempty"`
	ConnectorAttributes json.RawMessage   `json:"connectorAttributes,omitempty"` // JSON object without the secret fields
	Secrets             map[string]string `json:"-"`                             // encrypted; field name to cipher text
	Features            []string          `json:"features,omitempty"`
	Authoritative       bool              `json:"authoritative"`
	DeleteThreshold     int               `json:"deleteThreshold"` // percent; 0 never removes anything
	ManagementWorkgroup Reference         `json:"managementWorkgroup,omitzero"`
	Healthy             bool              `json:"healthy"`
	Status              string            `json:"status"`
	StatusMessage       string            `json:"statusMessage,omitempty"`
	Since               time.Time         `json:"since,omitzero"`
	Category            string            `json:"category,omitempty"`
	Refs                SourceRefs        `json:"refs,omitzero"`
	Schemas             []Reference       `json:"-"` // the store fills it in on reading, oldest first
	DeltaToken          []byte            `json:"-"` // of the last complete run
	Deleting            bool              `json:"deleting,omitempty"`
	Created             time.Time         `json:"created"`
	Modified            time.Time         `json:"modified"`
}

// SourceRefs are references that clients store with a source and read back; Midgard does not act on them.
type SourceRefs struct {
	Cluster                   json.RawMessage `json:"cluster,omitempty"`
	AccountCorrelationConfig  json.RawMessage `json:"accountCorrelationConfig,omitempty"`
	AccountCorrelationRule    json.RawMessage `json:"accountCorrelationRule,omitempty"`
	ManagerCorrelationMapping json.RawMessage `json:"managerCorrelationMapping,omitempty"`
	ManagerCorrelationRule    json.RawMessage `json:"managerCorrelationRule,omitempty"`
	BeforeProvisioningRule    json.RawMessage `json:"beforeProvisioningRule,omitempty"`
	PasswordPolicies          json.RawMessage `json:"passwordPolicies,omitempty"`
	CredentialProviderEnabled bool            `json:"credentialProviderEnabled,omitempty"`
}

// Schema describes the objects of one type on a source: the contract's shape, kept as it is edited.
type Schema struct {
	ID                 string            `json:"id"`
	SourceID           string            `json:"-"`
	Name               string            `json:"name"` // the object type: account, group, …
	NativeObjectType   string            `json:"nativeObjectType"`
	IdentityAttribute  string            `json:"identityAttribute"`
	DisplayAttribute   string            `json:"displayAttribute"`
	HierarchyAttribute string            `json:"hierarchyAttribute,omitempty"`
	IncludePermissions bool              `json:"includePermissions"`
	Features           []string          `json:"features,omitempty"`
	Configuration      json.RawMessage   `json:"configuration,omitempty"`
	Attributes         []SchemaAttribute `json:"attributes"`
	Created            time.Time         `json:"created"`
	Modified           time.Time         `json:"modified"`
}

// SchemaAttribute is one attribute of a Schema.
type SchemaAttribute struct {
	Name          string          `json:"name"`
	NativeName    string          `json:"nativeName,omitempty"`
	Type          string          `json:"type"` // STRING, LONG, INT, BOOLEAN or DATE
	Schema        json.RawMessage `json:"schema,omitempty"`
	Description   string          `json:"description"`
	IsMulti       bool            `json:"isMulti"`
	IsEntitlement bool            `json:"isEntitlement"`
	IsGroup       bool            `json:"isGroup"`
}

// The types of schedules of the contract.
const (
	ScheduleAccounts = "ACCOUNT_AGGREGATION"
	ScheduleGroups   = "GROUP_AGGREGATION"
)

// Schedule starts an aggregation of a source at the times of a Quartz cron expression (six or seven fields, UTC).
type Schedule struct {
	SourceID string    `json:"-"`
	Type     string    `json:"type"`
	Cron     string    `json:"cronExpression"`
	NextRun  time.Time `json:"-"`
	Created  time.Time `json:"-"`
}
