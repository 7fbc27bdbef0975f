package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"midgard/client"
)

// finding is what one source holds. All but accounts counts machines.
type finding struct {
	source                                                             string
	accounts, machines, identities, withoutOwner, disabled, privileged int
}

func (f *finding) add(other finding) {
	f.accounts += other.accounts
	f.machines += other.machines
	f.identities += other.identities
	f.withoutOwner += other.withoutOwner
	f.disabled += other.disabled
	f.privileged += other.privileged
}

func (l *demoLoader) find(ctx context.Context, source client.Source) (finding, error) {
	found := finding{source: source.Name}
	var err error
	if found.accounts, err = l.client.Count(ctx, "/v2025/accounts", "sourceId eq "+client.Quote(source.ID)); err != nil {
		return found, err
	}
	ofSource := "source.id eq " + client.Quote(source.ID)
	if found.identities, err = l.client.Count(ctx, "/v2025/machine-identities", ofSource); err != nil {
		return found, err
	}
	for raw, err := range l.client.All(ctx, "/v2025/machine-accounts", client.ListOptions{Filters: ofSource, Sorters: "id"}) {
		if err != nil {
			return found, err
		}
		if err := found.count(raw); err != nil {
			return found, err
		}
	}
	return found, nil
}

func (f *finding) count(raw json.RawMessage) error {
	var machine struct {
		Enabled    bool           `json:"enabled"`
		Owner      *client.Ref    `json:"ownerIdentity"`
		Attributes map[string]any `json:"connectorAttributes"`
	}
	if err := json.Unmarshal(raw, &machine); err != nil {
		return err
	}
	f.machines++
	if machine.Owner == nil || machine.Owner.ID == "" {
		f.withoutOwner++
	}
	if !machine.Enabled {
		f.disabled++
	}
	if fmt.Sprint(machine.Attributes["privileged"]) == "true" {
		f.privileged++
	}
	return nil
}

var findingColumns = []string{"accounts", "machines", "machine identities", "without an owner", "disabled", "privileged"}

func (f finding) numbers() []int {
	return []int{f.accounts, f.machines, f.identities, f.withoutOwner, f.disabled, f.privileged}
}

func (d *demo) report(found []finding, access localAccess) error {
	total, width := finding{source: "all"}, 0
	for _, f := range found {
		total.add(f)
		width = max(width, len(f.source))
	}
	var out strings.Builder
	fmt.Fprintf(&out, "\n%*s  %s\n", width, "", strings.Join(findingColumns, "  "))
	for _, f := range append(found, total) {
		fmt.Fprintf(&out, "%-*s", width, f.source)
		for i, n := range f.numbers() {
			fmt.Fprintf(&out, "  %*d", len(findingColumns[i]), n)
		}
		out.WriteByte('\n')
	}
	out.WriteString(invitation(access))
	_, err := io.WriteString(d.stdout, out.String())
	return err
}

// invitation ends the output with what somebody needs to go on in another terminal.
func invitation(access localAccess) string {
	return strings.NewReplacer(
		"{self}", invocation(), "{url}", access.URL, "{id}", access.ClientID, "{secret}", access.ClientSecret,
	).Replace(`
API            {url}
client id      {id}
client secret  {secret}

Try in another terminal:

  export MIDGARD_URL={url} MIDGARD_CLIENT_ID={id} MIDGARD_CLIENT_SECRET={secret}

  {self} get machine-accounts --filters 'enabled eq false' --limit 10
  {self} get machine-identities --filters 'owners.primaryIdentity.name isnull' --count
  curl -s -H "Authorization: Bearer $({self} token)" -H 'X-SailPoint-Experimental: true' '{url}/v2025/machine-identities?limit=2'

Serving until Ctrl-C.
`)
}

// invocation is how the program was called, so that the commands can be copied: go run leaves a program in a folder that
// goes with it.
func invocation() string {
	path, err := os.Executable()
	if err != nil || strings.Contains(path, string(filepath.Separator)+"go-build") {
		return "go run ./cmd/midgard"
	}
	return path
}
