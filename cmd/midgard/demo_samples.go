package main

import (
	"midgard/client"
	"midgard/examples"
)

// sample is a source of the demo.
type sample struct {
	source         client.Source
	schema         *client.Schema // nil: the connector's own
	classification *client.Classification
	fileName       string
	file           []byte // uploaded; nil: the source is read
	// optional sources are left out with a line when their test fails.
	optional bool
}

// anyOf says that an account is a machine's when one of the conditions holds.
func anyOf(conditions ...client.Criteria) *client.Classification {
	return &client.Classification{Enabled: true, Method: "CRITERIA", Criteria: &client.Criteria{Operation: "OR", Children: conditions}}
}

func equals(attribute, value string) client.Criteria {
	return client.Criteria{Operation: "EQUALS", Attribute: attribute, Value: value}
}

// samples are in the order in which they are read: people first, so that owners are found.
func samples() []sample {
	return []sample{peopleSample(), serviceAccountSample(), localSample()}
}

func localSample() sample {
	return sample{
		source:         client.Source{Name: "Local host", Connector: "local", Description: "The accounts of the machine on which the demo runs"},
		classification: anyOf(equals("accountType", "root"), equals("accountType", "system"), equals("accountType", "service")),
		optional:       true,
	}
}

func peopleSample() sample {
	return sample{
		source: client.Source{
			Name: "Sample people", Connector: "delimited-file", Authoritative: true,
			Description:         "The staff of a sample organisation; nobody in it exists",
			ConnectorAttributes: map[string]any{"delimiter": ",", "hasHeader": true},
		},
		schema: &client.Schema{
			NativeObjectType: "person", IdentityAttribute: "uid", DisplayAttribute: "displayName",
			Attributes: texts("uid", "displayName", "firstName", "lastName", "email", "manager", "department", "title", "location",
				"lifecycleState", "startDate", "origin"),
		},
		fileName: "people.csv", file: examples.People,
	}
}

func serviceAccountSample() sample {
	groups := client.SchemaAttribute{Name: "groups", Type: "STRING", IsMulti: true, IsEntitlement: true, IsGroup: true}
	return sample{
		source: client.Source{
			Name: "Sample service accounts", Connector: "delimited-file",
			Description: "The accounts of a system of the sample organisation",
			ConnectorAttributes: map[string]any{
				"delimiter": ",", "hasHeader": true, "multiValueDelimiter": ";", "disabledColumn": "status", "disabledValue": "disabled",
			},
		},
		schema: &client.Schema{
			NativeObjectType: "account", IdentityAttribute: "id", DisplayAttribute: "name",
			Attributes: append(texts("id", "name", "description", "owner", "environment", "application", "accountType", "status",
				"lastLogin", "passwordLastSet", "privileged", "origin"), groups),
		},
		// Accounts whose type nobody entered are known by their name.
		classification: anyOf(
			equals("accountType", "service"), equals("accountType", "application"), equals("accountType", "bot"),
			equals("accountType", "batch"), equals("accountType", "rpa"), equals("accountType", "shared"), equals("accountType", "test"),
			client.Criteria{Operation: "STARTS_WITH", Attribute: "name", Value: "svc-"},
		),
		fileName: "service-accounts.csv", file: examples.ServiceAccounts,
	}
}

func texts(names ...string) []client.SchemaAttribute {
	out := make([]client.SchemaAttribute, 0, len(names))
	for _, name := range names {
		out = append(out, client.SchemaAttribute{Name: name, Type: "STRING"})
	}
	return out
}

// profileAttributes is where the identity attributes of the sample people come from.
var profileAttributes = [][2]string{
	{"uid", "uid"}, {"displayName", "displayName"}, {"firstname", "firstName"}, {"lastname", "lastName"}, {"email", "email"},
	{"manager", "manager"}, {"lifecycleState", "lifecycleState"}, {"department", "department"}, {"title", "title"},
	{"location", "location"},
}
