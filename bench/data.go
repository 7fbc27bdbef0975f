package main

import (
	"fmt"
	"io"
	"strings"

	"midgard/client"
)

// What is generated. Every row follows from its number alone, so a file can be made again while it is read, and need not
// be kept anywhere.
const (
	peopleCount = 2000
	groupCount  = 300
)

func describeData(o options) string {
	return fmt.Sprintf("Data: a file of %d accounts with 13 columns (about 600 bytes of attributes each, 30 %% of them machines by criteria,\n"+
		"1 to 3 of %d groups each, owners named by uid or e-mail), after a file of %d people; %d accounts in the large database.",
		o.file, groupCount, peopleCount, o.accounts)
}

// table is a file that is made while it is read.
type table struct {
	rows int
	row  func(b []byte, i int) []byte
	next int
	rest []byte
}

func newTable(header string, rows int, row func([]byte, int) []byte) io.Reader {
	return &table{rows: rows, row: row, rest: []byte(header + "\n")}
}

// Read implements io.Reader.
func (t *table) Read(p []byte) (int, error) {
	for len(t.rest) < len(p) && t.next < t.rows {
		t.rest = append(t.row(t.rest, t.next), '\n')
		t.next++
	}
	if len(t.rest) == 0 {
		return 0, io.EOF
	}
	n := copy(p, t.rest)
	t.rest = t.rest[:copy(t.rest, t.rest[n:])]
	return n, nil
}

// dice gives numbers that look random and depend on the row only (splitmix64).
type dice uint64

func (d *dice) roll(n int) int {
	*d += 0x9e3779b97f4a7c15
	x := uint64(*d)
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return int((x ^ x>>31) % uint64(n))
}

func pick(d *dice, list ...string) string { return list[d.roll(len(list))] }

const peopleHeader = "uid,displayName,firstName,lastName,email,manager,department,lifecycleState"

func people() io.Reader {
	return newTable(peopleHeader, peopleCount, func(b []byte, i int) []byte {
		manager := ""
		if i > 0 {
			manager = fmt.Sprintf("p%05d", i/10)
		}
		return fmt.Appendf(b, "p%05d,Given%d Family%d,Given%d,Family%d,p%05d@example.test,%s,Department %d,active", i, i, i, i, i, i, manager, i%20)
	})
}

const accountHeader = "id,name,description,owner,environment,application,accountType,status,groups,privileged,lastLogin,host,remarks"

// environments has few values, as in life: an equality filter on it matches many rows.
var environments = []string{"PRODUCTION", "TEST", "DEVELOPMENT", "STAGING"}

var remark = strings.Repeat("Handed over by the application team, see the operations manual. ", 5)

func accounts(n int) io.Reader { return newTable(accountHeader, n, accountRow) }

// accountRow has names in an order that is not that of the rows, so that sorting by name is work.
func accountRow(b []byte, i int) []byte {
	d := dice(i) * 0x632be59bd9b4e019
	kind, prefix := "person", "usr"
	if i%10 < 3 {
		kind, prefix = "service", "svc"
	}
	application := d.roll(400)
	b = fmt.Appendf(b, "A%08d,%s-%08x-%07d,Job %d of application %d,%s,%s,", i, prefix, uint32(d.roll(1<<32)), i, d.roll(90), application,
		owner(&d), pick(&d, environments...))
	return fmt.Appendf(b, "application-%03d,%s,%s,%s,%s,2026-%02d-%02dT08:%02d:00Z,host-%04d.example.test,\"%.*s\"", application, kind,
		pick(&d, "enabled", "enabled", "enabled", "disabled"), groups(&d), pick(&d, "false", "false", "false", "true"), 1+d.roll(12), 1+d.roll(28),
		d.roll(60), d.roll(5000), 200+d.roll(80), remark)
}

// owner is nobody for one account in ten, and somebody whom nobody knows for one in twenty.
func owner(d *dice) string {
	p := d.roll(peopleCount)
	switch n := d.roll(20); {
	case n < 2:
		return ""
	case n < 3:
		return fmt.Sprintf("former-%05d", p)
	case n < 6:
		return fmt.Sprintf("p%05d@example.test", p)
	}
	return fmt.Sprintf("p%05d", p)
}

func groups(d *dice) string {
	first := fmt.Sprintf("group-%03d", d.roll(groupCount))
	for range d.roll(3) {
		first += fmt.Sprintf(";group-%03d", d.roll(groupCount))
	}
	return first
}

func texts(header string) []client.SchemaAttribute {
	var list []client.SchemaAttribute
	for name := range strings.SplitSeq(header, ",") {
		list = append(list, client.SchemaAttribute{Name: name, Type: "STRING"})
	}
	return list
}

func peopleSource() (client.Source, client.Schema) {
	return client.Source{Name: "Bench people", Connector: "delimited-file", Authoritative: true},
		client.Schema{NativeObjectType: "person", IdentityAttribute: "uid", DisplayAttribute: "displayName", Attributes: texts(peopleHeader)}
}

// profile is where the identity attributes of the people come from.
var profile = [][2]string{
	{"uid", "uid"}, {"displayName", "displayName"}, {"firstname", "firstName"}, {"lastname", "lastName"}, {"email", "email"},
	{"manager", "manager"}, {"department", "department"}, {"lifecycleState", "lifecycleState"},
}

func accountSource() (client.Source, client.Schema) {
	s := client.Schema{NativeObjectType: "account", IdentityAttribute: "id", DisplayAttribute: "name", Attributes: texts(accountHeader)}
	for i := range s.Attributes {
		if a := &s.Attributes[i]; a.Name == "groups" {
			a.IsMulti, a.IsEntitlement, a.IsGroup = true, true, true
		}
	}
	attributes := map[string]any{"multiValueDelimiter": ";", "disabledColumn": "status", "disabledValue": "disabled"}
	return client.Source{Name: "Bench accounts", Connector: "delimited-file", ConnectorAttributes: attributes}, s
}

// machines says that an account of the type "service" is a machine's.
var machines = client.Classification{Enabled: true, Method: "CRITERIA", Criteria: &client.Criteria{
	Operation: "OR", Children: []client.Criteria{
		{Operation: "EQUALS", Attribute: "accountType", Value: "service"},
		{Operation: "STARTS_WITH", Attribute: "name", Value: "svc-"},
	},
}}
