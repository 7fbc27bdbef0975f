package connectortest

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"midgard/internal/connector"
)

// features is the contract's enumeration of what a source can declare to do.
var features = []string{
	"AUTHENTICATE", "COMPOSITE", "DIRECT_PERMISSIONS", "DISCOVER_SCHEMA", "ENABLE", "MANAGER_LOOKUP", "NO_RANDOM_ACCESS",
	"PROXY", "SEARCH", "TEMPLATE", "UNLOCK", "UNSTRUCTURED_TARGETS", "SHAREPOINT_TARGET", "PROVISIONING",
	"GROUP_PROVISIONING", "SYNC_PROVISIONING", "PASSWORD", "CURRENT_PASSWORD", "ACCOUNT_ONLY_REQUEST",
	"ADDITIONAL_ACCOUNT_REQUEST", "NO_AGGREGATION", "GROUPS_HAVE_MEMBERS", "NO_PERMISSIONS_PROVISIONING",
	"NO_GROUP_PERMISSIONS_PROVISIONING", "NO_UNSTRUCTURED_TARGETS_PROVISIONING", "NO_DIRECT_PERMISSIONS_PROVISIONING",
	"PREFER_UUID", "ARM_SECURITY_EXTRACT", "ARM_UTILIZATION_EXTRACT", "ARM_CHANGELOG_EXTRACT", "USES_UUID",
	"APPLICATION_DISCOVERY", "DELETE",
}

var attributeTypes = []string{"STRING", "LONG", "INT", "BOOLEAN", "DATE"}

func testSpec(t *testing.T, h Harness) {
	spec := h.Factory.Spec()
	for name, text := range map[string]string{
		"Connector": spec.Connector, "Type": spec.Type, "Class": spec.Class, "Summary": spec.Summary,
	} {
		if text == "" {
			t.Errorf("%s is empty", name)
		}
	}
	if spec.ConnectionType != "file" && spec.ConnectionType != "direct" {
		t.Errorf("ConnectionType is %q, neither file nor direct", spec.ConnectionType)
	}
	for i, feature := range spec.Features {
		if !slices.Contains(features, feature) || slices.Contains(spec.Features[:i], feature) {
			t.Errorf("feature %q is not the contract's or is listed twice", feature)
		}
	}
	checkDiscovers(t, h)
	checkConstant(t, h.Factory)
	checkFields(t, spec.Fields)
	checkSchema(t, spec.Account, connector.TypeAccount)
	if spec.Group != nil {
		checkSchema(t, *spec.Group, connector.TypeGroup)
	}
	checkGroupAttributes(t, spec)
}

// checkDiscovers compares the declared feature with what the source can do.
func checkDiscovers(t *testing.T, h Harness) {
	_, can := h.open(t, h.Config(t)).(connector.Discoverer)
	if says := slices.Contains(h.Factory.Spec().Features, "DISCOVER_SCHEMA"); says != can {
		t.Errorf("DISCOVER_SCHEMA declared: %v, Discoverer implemented: %v", says, can)
	}
}

// checkConstant writes into what Spec returned: the next caller must not see it.
func checkConstant(t *testing.T, factory connector.Factory) {
	want, spoiled := factory.Spec(), factory.Spec()
	if !reflect.DeepEqual(want, spoiled) {
		t.Error("two calls of Spec differ")
	}
	for i := range spoiled.Features {
		spoiled.Features[i] = "spoiled"
	}
	for i := range spoiled.Fields {
		spoiled.Fields[i].Name = "spoiled"
	}
	for i := range spoiled.Account.Attributes {
		spoiled.Account.Attributes[i].Name = "spoiled"
	}
	if spoiled.Group != nil {
		spoiled.Group.ObjectType = "spoiled"
	}
	if !reflect.DeepEqual(want, factory.Spec()) {
		t.Error("a caller can change the Spec that the next caller gets")
	}
}

func checkFields(t *testing.T, fields []connector.Field) {
	seen := map[string]bool{}
	for _, field := range fields {
		if field.Name == "" || seen[field.Name] {
			t.Errorf("field %q is empty or listed twice", field.Name)
		}
		seen[field.Name] = true
		if field.Help == "" {
			t.Errorf("field %q has no help", field.Name)
		}
		if field.Required && field.Default != nil {
			t.Errorf("field %q is required and has a default", field.Name)
		}
		if looksSecret(field) && !field.Secret {
			t.Errorf("field %q looks like a secret but is not marked", field.Name)
		}
		if field.Secret && (field.Kind != connector.KindText || field.Default != nil) {
			t.Errorf("field %q is secret but not a plain text without default", field.Name)
		}
		checkDefault(t, field)
	}
}

func looksSecret(field connector.Field) bool {
	if field.Kind != connector.KindText {
		return false
	}
	name := strings.ToLower(field.Name)
	for _, part := range []string{"password", "secret", "token", "privatekey", "private_key"} {
		if strings.HasSuffix(name, part) {
			return true
		}
	}
	return false
}

func checkDefault(t *testing.T, field connector.Field) {
	fits := true
	switch field.Default.(type) {
	case nil:
		fits = slices.Contains([]connector.FieldKind{connector.KindText, connector.KindNumber, connector.KindBool,
			connector.KindList, connector.KindTable}, field.Kind)
	case string:
		fits = field.Kind == connector.KindText
	case bool:
		fits = field.Kind == connector.KindBool
	case int, int64, float64:
		fits = field.Kind == connector.KindNumber
	case []string, []any:
		fits = field.Kind == connector.KindList || field.Kind == connector.KindTable
	case map[string]any:
		fits = field.Kind == connector.KindTable
	default:
		fits = false
	}
	if !fits {
		t.Errorf("field %q is of kind %q with default %#v", field.Name, field.Kind, field.Default)
	}
}

func checkSchema(t *testing.T, schema connector.Schema, objectType string) {
	if schema.ObjectType != objectType || schema.NativeObjectType == "" {
		t.Errorf("schema of %s calls itself %q (native %q)", objectType, schema.ObjectType, schema.NativeObjectType)
	}
	seen := map[string]bool{}
	for _, attribute := range schema.Attributes {
		if attribute.Name == "" || seen[attribute.Name] {
			t.Errorf("%s attribute %q is empty or listed twice", objectType, attribute.Name)
		}
		seen[attribute.Name] = true
		if !slices.Contains(attributeTypes, attribute.Type) {
			t.Errorf("%s attribute %q has the type %q", objectType, attribute.Name, attribute.Type)
		}
		if attribute.Group && !attribute.Entitlement {
			t.Errorf("%s attribute %q holds groups that are no entitlements", objectType, attribute.Name)
		}
	}
	for name, attribute := range map[string]string{
		"identity": schema.IdentityAttribute, "display": schema.DisplayAttribute,
	} {
		if !seen[attribute] {
			t.Errorf("the %s attribute %q of %s is not among its attributes", name, attribute, objectType)
		}
	}
	if schema.HierarchyAttribute != "" && !seen[schema.HierarchyAttribute] {
		t.Errorf("the hierarchy attribute %q of %s is not among its attributes", schema.HierarchyAttribute, objectType)
	}
}

func checkGroupAttributes(t *testing.T, spec connector.Spec) {
	for _, attribute := range spec.Account.Attributes {
		if attribute.Group && spec.Group == nil {
			t.Errorf("account attribute %q refers to groups, but the connector knows none", attribute.Name)
		}
	}
}
