// Package delimited reads accounts and groups from text files in which a character separates the columns (CSV and its
// relatives), uploaded or lying in the folder that the server sets aside for files.
//
// Rows are streamed: memory does not grow with the file. With mergeRows, neighbouring rows of one account become one
// object; a row of the same account further down is a second object with the same identity, which only the caller can
// notice, since noticing takes memory of everything read before.
//
// Cells are trimmed of surrounding white space, an empty cell is an absent attribute and a row without any value is
// skipped like an empty line. Values of a multi-valued attribute are sorted and unique, so that the order of rows in an
// export is not a change. "row 17" in messages is the line of the file on which the row starts, the header being row 1.
package delimited

import (
	"fmt"

	"midgard/internal/connector"
)

// The names under which sources of this kind are stored.
const (
	Name = "delimited-file"
	Type = "DelimitedFile"
)

// New returns the factory of delimited file sources.
func New() connector.Factory { return factory{} }

type factory struct{}

// Spec describes the connector. The schemas are the ones of a new source; a source that reads other columns carries its
// own, which Discover proposes.
func (factory) Spec() connector.Spec {
	group := groupSchema()
	return connector.Spec{
		Connector:      Name,
		Type:           Type,
		Class:          "sailpoint.connector.DelimitedFileConnector",
		ConnectionType: "file",
		Features:       []string{"DISCOVER_SCHEMA", "NO_RANDOM_ACCESS"},
		Fields:         fields(),
		Account:        accountSchema(),
		Group:          &group,
		Summary:        "Accounts and groups from a CSV file, uploaded or read from the folder for files on this machine.",
	}
}

// Open checks the configuration. Keys that the Spec does not list are left alone.
func (factory) Open(config connector.Config) (connector.Source, error) {
	account, err := readSettings(config, "")
	if err != nil {
		return nil, err
	}
	group, err := readSettings(config, groupPrefix)
	if err != nil {
		return nil, err
	}
	return &source{config: config, files: map[string]settings{
		connector.TypeAccount: account,
		connector.TypeGroup:   group,
	}}, nil
}

func accountSchema() connector.Schema {
	return connector.Schema{
		ObjectType:        connector.TypeAccount,
		NativeObjectType:  "User",
		IdentityAttribute: "id",
		DisplayAttribute:  "name",
		Attributes: []connector.SchemaAttribute{
			{Name: "id", Type: "STRING", Description: "Unique key of the account in the file"},
			{Name: "name", Type: "STRING", Description: "Name shown for the account"},
			{Name: "givenName", Type: "STRING", Description: "First name"},
			{Name: "familyName", Type: "STRING", Description: "Last name"},
			{Name: "email", Type: "STRING", Description: "Mail address"},
			{Name: "description", Type: "STRING", Description: "What the account is for"},
			{Name: "groups", Type: "STRING", Description: "Groups of the account", Multi: true, Entitlement: true, Group: true},
		},
	}
}

func groupSchema() connector.Schema {
	return connector.Schema{
		ObjectType:        connector.TypeGroup,
		NativeObjectType:  "Group",
		IdentityAttribute: "id",
		DisplayAttribute:  "name",
		Attributes: []connector.SchemaAttribute{
			{Name: "id", Type: "STRING", Description: "Unique key of the group in the file"},
			{Name: "name", Type: "STRING", Description: "Name shown for the group"},
			{Name: "description", Type: "STRING", Description: "What the group grants"},
		},
	}
}

// fields lists the configuration of the account file, its account-only parts, and the same for the group file.
func fields() []connector.Field {
	all := append(fileFields(""), []connector.Field{
		{Name: "disabledColumn", Kind: connector.KindText,
			Help: "Column that tells whether an account is disabled. Default: a column named disabled, enabled or status."},
		{Name: "disabledValue", Kind: connector.KindText,
			Help: "Value of disabledColumn that means disabled, in any case. Default: a yes; for a column named enabled, a no; for one named status, a word such as inactive."},
		{Name: "lockedColumn", Kind: connector.KindText,
			Help: "Column that tells whether an account is locked. Default: a column named locked."},
		{Name: "lockedValue", Kind: connector.KindText,
			Help: "Value of lockedColumn that means locked, in any case. Default: a yes."},
	}...)
	return append(all, fileFields(groupPrefix)...)
}

func fileFields(prefix string) []connector.Field {
	what := "account"
	if prefix != "" {
		what = "group"
	}
	list := []connector.Field{
		{Name: "filePath", Kind: connector.KindText,
			Help: fmt.Sprintf("The %s file, below the folder for files; not needed when files are uploaded.", what)},
		{Name: "delimiter", Kind: connector.KindText, Default: ",", Help: `One character, or "tab".`},
		{Name: "hasHeader", Kind: connector.KindBool, Default: true, Help: "Whether the first row names the columns."},
		{Name: "columnNames", Kind: connector.KindList, Help: "Names of the columns of a file without a header."},
		{Name: "mergeRows", Kind: connector.KindBool, Default: false,
			Help: "Whether neighbouring rows with the same indexColumns are one object."},
		{Name: "indexColumns", Kind: connector.KindList, Help: "Columns that tell objects apart. Default: the identity attribute."},
		{Name: "mergeColumns", Kind: connector.KindList,
			Help: "Columns whose values are collected over merged rows. Default: the multi-valued attributes."},
		{Name: "fileEncoding", Kind: connector.KindText, Default: "UTF-8",
			Help: "UTF-8, UTF-16 (with byte order mark), ISO-8859-1 or windows-1252. A byte order mark in the file wins."},
		{Name: "multiValueDelimiter", Kind: connector.KindText,
			Help: "Text that separates the values of a multi-valued attribute within a cell. Default: a cell is one value."},
	}
	for i := range list {
		list[i].Name = prefix + list[i].Name
	}
	return list
}
