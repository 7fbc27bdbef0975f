package api

import (
	"context"
	"net/http"

	"midgard/internal/filter"
	"midgard/internal/governance"
	"midgard/internal/jsondoc"
)

type workgroupStore interface {
	Workgroups(ctx context.Context, q filter.Query) (filter.Page[governance.Workgroup], error)
	Workgroup(ctx context.Context, id string) (governance.Workgroup, error)
	CreateWorkgroup(ctx context.Context, actor governance.Actor, g governance.Workgroup) (governance.Workgroup, error)
	UpdateWorkgroup(ctx context.Context, actor governance.Actor, id string, edit func(*governance.Workgroup) error) (governance.Workgroup, error)
	DeleteWorkgroup(ctx context.Context, actor governance.Actor, id string) error
	DeleteWorkgroups(ctx context.Context, actor governance.Actor, ids []string) ([]governance.Outcome, error)
	WorkgroupConnections(ctx context.Context, id string, q filter.Query) (filter.Page[governance.Connection], error)
	WorkgroupMembers(ctx context.Context, id string, q filter.Query) (filter.Page[governance.Identity], error)
	AddWorkgroupMembers(ctx context.Context, actor governance.Actor, id string, people []string) ([]governance.Outcome, error)
	RemoveWorkgroupMembers(ctx context.Context, actor governance.Actor, id string, people []string) ([]governance.Outcome, error)
}

func (s *server) workgroupHandlers() map[string]handler {
	return map[string]handler{
		"listWorkgroups":         listed(s.Store.Workgroups, appendWorkgroup),
		"createWorkgroup":        s.createWorkgroup,
		"getWorkgroup":           shown("id", s.Store.Workgroup, appendWorkgroup),
		"patchWorkgroup":         s.patchWorkgroup,
		"deleteWorkgroup":        s.deleteWorkgroup,
		"deleteWorkgroupsInBulk": s.deleteWorkgroups,
		"listConnections":        listedUnder("workgroupId", s.Store.WorkgroupConnections, appendConnection),
		"listWorkgroupMembers":   listedUnder("workgroupId", s.Store.WorkgroupMembers, appendMember),
		"updateWorkgroupMembers": s.addWorkgroupMembers,
		"deleteWorkgroupMembers": s.removeWorkgroupMembers,
	}
}

// workgroupForm is what clients may write of a governance group, and what a JSON Patch sees of it.
type workgroupForm struct {
	Name        string   `json:"name"`
	Description string   `json:"description"`
	Owner       *refBody `json:"owner"`
}

var workgroupPatchable = patchable{"name", "description", "owner"}

func (f *workgroupForm) write(g *governance.Workgroup) (err error) {
	g.Name, g.Description = f.Name, f.Description
	if g.Owner, err = referenceOf(f.Owner, "owner", typeIdentity); err != nil {
		return err
	}
	return g.Validate()
}

func (s *server) createWorkgroup(w http.ResponseWriter, r *http.Request) error {
	form, err := decode[workgroupForm](w, r)
	if err != nil {
		return err
	}
	var g governance.Workgroup
	if err := form.write(&g); err != nil {
		return err
	}
	if g, err = s.Store.CreateWorkgroup(r.Context(), actor(r), g); err != nil {
		return err
	}
	return writeOne(w, r, &g, appendWorkgroup)
}

// patchWorkgroup changes a governance group. The contract lets the body be absent: then nothing changes.
func (s *server) patchWorkgroup(w http.ResponseWriter, r *http.Request) error {
	if r.ContentLength == 0 {
		return shown("id", s.Store.Workgroup, appendWorkgroup)(w, r)
	}
	apply := patch[workgroupForm](w, r, workgroupPatchable)
	g, err := s.Store.UpdateWorkgroup(r.Context(), actor(r), pathID(r, "id"), func(g *governance.Workgroup) error {
		form, _, err := apply(workgroupForm{g.Name, g.Description, refForm(typeIdentity, g.Owner)})
		if err != nil {
			return err
		}
		return form.write(g)
	})
	if err != nil {
		return err
	}
	return writeOne(w, r, &g, appendWorkgroup)
}

func (s *server) deleteWorkgroup(w http.ResponseWriter, r *http.Request) error {
	if err := s.Store.DeleteWorkgroup(r.Context(), actor(r), pathID(r, "id")); err != nil {
		return err
	}
	return done(w, r)
}

func (s *server) deleteWorkgroups(w http.ResponseWriter, r *http.Request) error {
	body, err := decode[struct {
		IDs []string `json:"ids"`
	}](w, r)
	if err != nil {
		return err
	}
	ids, err := bulkIDs("ids", body.IDs, maxBulk)
	if err != nil {
		return err
	}
	outcomes, err := s.Store.DeleteWorkgroups(r.Context(), actor(r), ids)
	if err != nil {
		return err
	}
	return writeOutcomes(w, r, outcomes, http.StatusNoContent, "Governance Group deleted successfully.")
}

func (s *server) addWorkgroupMembers(w http.ResponseWriter, r *http.Request) error {
	people, err := s.membersOf(w, r)
	if err != nil {
		return err
	}
	outcomes, err := s.Store.AddWorkgroupMembers(r.Context(), actor(r), pathID(r, "workgroupId"), people)
	if err != nil {
		return err
	}
	return writeOutcomes(w, r, outcomes, http.StatusCreated, "Identity is added into Governance Group members list.")
}

func (s *server) removeWorkgroupMembers(w http.ResponseWriter, r *http.Request) error {
	people, err := s.membersOf(w, r)
	if err != nil {
		return err
	}
	outcomes, err := s.Store.RemoveWorkgroupMembers(r.Context(), actor(r), pathID(r, "workgroupId"), people)
	if err != nil {
		return err
	}
	return writeOutcomes(w, r, outcomes, http.StatusNoContent, "Identity deleted from Governance Group members list.")
}

// membersOf reads the references to people that a request about the members of a group holds.
func (s *server) membersOf(w http.ResponseWriter, r *http.Request) ([]string, error) {
	if _, err := s.Store.Workgroup(r.Context(), pathID(r, "workgroupId")); err != nil {
		return nil, err
	}
	refs, err := decode[[]refBody](w, r)
	if err != nil {
		return nil, err
	}
	ids := make([]string, len(refs))
	for i := range refs {
		if err := wantType(&refs[i], "type", typeIdentity); err != nil {
			return nil, err
		}
		ids[i] = refs[i].ID
	}
	return bulkIDs("members", ids, maxBulk)
}

// appendWorkgroup writes the contract's Workgroup. A group without an owner has no such field: the contract does not let
// it be null.
func appendWorkgroup(b []byte, g *governance.Workgroup) []byte {
	b = jsondoc.AppendStringField(append(b, '{'), "id", g.ID)
	b = jsondoc.AppendStringField(b, "name", g.Name)
	b = jsondoc.AppendStringField(b, "description", g.Description)
	if g.Owner.Set() {
		b = jsondoc.AppendStringField(append(jsondoc.AppendKey(b, "owner"), '{'), "type", typeIdentity)
		b = jsondoc.AppendStringField(b, "id", g.Owner.ID)
		b = jsondoc.AppendStringField(b, "name", g.Owner.Name)
		b = jsondoc.AppendStringField(b, "displayName", g.Owner.Name)
		b = append(jsondoc.AppendStringField(b, "emailAddress", g.OwnerEmail), '}')
	}
	b = jsondoc.AppendInt(b, "memberCount", g.MemberCount)
	b = jsondoc.AppendInt(b, "connectionCount", g.ConnectionCount)
	b = jsondoc.AppendTimeField(b, "created", g.Created)
	return append(jsondoc.AppendTimeField(b, "modified", g.Modified), '}')
}

func appendMember(b []byte, i *governance.Identity) []byte {
	b = jsondoc.AppendStringField(append(b, '{'), "type", typeIdentity)
	b = jsondoc.AppendStringField(b, "id", i.ID)
	b = jsondoc.AppendStringField(b, "name", i.Name)
	return append(jsondoc.AppendStringField(b, "email", i.Email), '}')
}

func appendConnection(b []byte, c *governance.Connection) []byte {
	b = jsondoc.AppendStringField(append(b, `{"object":{`...), "type", c.ObjectType)
	b = jsondoc.AppendStringField(b, "id", c.Object.ID)
	b = jsondoc.AppendStringField(b, "name", c.Object.Name)
	b = append(jsondoc.AppendNullableString(b, "description", c.Description), '}')
	return append(jsondoc.AppendStringField(b, "connectionType", c.Kind), '}')
}
