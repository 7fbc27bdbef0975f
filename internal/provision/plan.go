package provision

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"midgard/internal/connector"
	"midgard/internal/governance"
	"midgard/internal/source"
	"midgard/internal/transform"
)

// plan chooses the name and the attributes of the account, and records them before anything is made.
func (w *work) plan(ctx context.Context) (bool, error) {
	if err := w.connect(ctx); err != nil {
		return false, err
	}
	policy, err := w.policy(ctx)
	if err != nil {
		return false, err
	}
	for {
		d, err := policy.draft(ctx)
		if err != nil {
			return false, err
		}
		err = w.keep(ctx, d)
		if governance.KindOf(err) != governance.Conflict || d.name == "" || len(w.p.Taken) >= maxTaken {
			return false, err
		}
		w.p.Taken = append(w.p.Taken, d.name) // another request was faster
	}
}

// keep records a plan, with its name for this request alone.
func (w *work) keep(ctx context.Context, d draft) error {
	before := w.p
	w.p.Name, w.p.NativeIdentity, w.p.Attributes = d.name, d.identity, d.attributes
	next := governance.StepCreate
	if w.target == nil {
		next = governance.StepManual
	}
	w.p.Next(next)
	err := w.Store.PlanAccount(ctx, w.lease, &w.request, cmp.Or(d.name, d.identity, w.request.ID), w.p)
	if err != nil {
		w.p = before
	}
	return err
}

// draft is an account to make.
type draft struct {
	name       string // the first one that was generated: another one would do as well
	identity   string // the native identity where the policy says it
	attributes map[string]any
}

// policy is the policy of a subtype, ready to make accounts for one request.
type policy struct {
	*work
	schema  governance.Schema
	subtype governance.Subtype
	owner   governance.Identity
	fields  []field
	vars    map[string]any
	input   map[string]any
}

type field struct {
	governance.PolicyField
	settings governance.FieldSettings
	compiled *transform.Transform // nil: what the user entered
}

func (w *work) policy(ctx context.Context) (*policy, error) {
	p := &policy{work: w}
	schemas, err := w.Store.Schemas(ctx, w.source.ID)
	if err != nil {
		return nil, err
	}
	p.schema, _ = source.SchemaOf(schemas, connector.TypeAccount)
	if p.subtype, err = w.Store.Subtype(ctx, w.request.Subtype.ID, ""); err != nil {
		return nil, err
	}
	kept, err := w.Store.CreationPolicy(ctx, w.source.ID, p.subtype.ID)
	if err != nil {
		return nil, err
	}
	if len(kept.Fields) == 0 {
		kept.Fields = defaultFields(&w.source, &p.schema)
	}
	if err := p.compile(ctx, kept.Fields); err != nil {
		return nil, err
	}
	return p, p.readVariables(ctx)
}

func (p *policy) compile(ctx context.Context, fields []governance.PolicyField) error {
	definitions, err := p.Store.TransformDefinitions(ctx)
	if err != nil {
		return err
	}
	find := func(name string) (json.RawMessage, bool) { d, ok := definitions[name]; return d, ok }
	for _, f := range fields {
		if p.setsPassword(f.Name) {
			continue
		}
		compiled := field{PolicyField: f, settings: f.Settings()}
		if len(f.Transform) > 0 {
			if compiled.compiled, err = transform.Compile(f.Transform, find); err != nil {
				return inField(f.Name, err)
			}
		}
		p.fields = append(p.fields, compiled)
	}
	return nil
}

// passwordNames are the usual names of attributes that hold a password.
var passwordNames = []string{"password", "userpassword", "unicodepwd"}

// setsPassword says that an attribute is where a password goes. Passwords are set in a step of their own and never stand among
// the attributes, which requests, work items and change records show.
func (p *policy) setsPassword(name string) bool {
	return slices.Contains(passwordNames, strings.ToLower(name)) || p.wantsPassword() && strings.EqualFold(name, p.subtype.Creation.PasswordAttribute)
}

func (p *policy) wantsPassword() bool { return wantsPassword(&p.subtype) }

// inField names the field of the policy at which the work failed.
func inField(name string, err error) error {
	var ours *governance.Error
	if !errors.As(err, &ours) {
		return fmt.Errorf("field %q of the provisioning policy: %w", name, err)
	}
	return governance.Because(err, ours.Kind, name, "Field '%s' of the provisioning policy: %s", name, ours.Text)
}

// draft evaluates every field of the policy.
func (p *policy) draft(ctx context.Context) (draft, error) {
	d := draft{attributes: map[string]any{}}
	for i := range p.fields {
		f := &p.fields[i]
		value, err := p.value(ctx, f)
		var failed *sourceError
		if errors.As(err, &failed) {
			return d, err
		}
		if err != nil {
			return d, inField(f.Name, err)
		}
		if value == nil && f.settings.Required {
			return d, governance.Fail(governance.Required, f.Name, "The required field '%s' of the provisioning policy has no value.", f.Name)
		}
		p.put(&d, f, value)
	}
	return d, nil
}

// put takes a value over. The default's name has no attribute: the connector knows which one names accounts.
func (p *policy) put(d *draft, f *field, value any) {
	text, _ := value.(string)
	if d.name == "" && f.compiled != nil && f.compiled.GeneratesUsernames() {
		d.name = text
	}
	switch {
	case value == nil || f.Name == "":
	case p.target != nil && strings.EqualFold(f.Name, p.schema.IdentityAttribute):
		d.identity = text
	default:
		d.attributes[f.Name] = value
	}
}

// value is nil for null and for an empty text, which sources do not tell apart.
func (p *policy) value(ctx context.Context, f *field) (any, error) {
	if f.compiled == nil {
		return f.typed(texts(p.input[f.Name]))
	}
	v, err := f.compiled.Eval(p.context(ctx, f), transform.Null())
	if err != nil || !v.Valid {
		return nil, err
	}
	return f.typed([]string{v.Text})
}

// typed makes the values what the field's type says.
func (f *field) typed(list []string) (any, error) {
	list = slices.DeleteFunc(slices.Clone(list), func(text string) bool { return text == "" })
	if len(list) == 0 {
		return nil, nil
	}
	if f.MultiValued {
		return list, nil
	}
	text := list[0]
	switch f.Type {
	case governance.FieldInt, governance.FieldLong:
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return nil, governance.Fail(governance.Illegal, f.Name, "%q is no whole number.", text)
		}
		return n, nil
	case governance.FieldBoolean:
		b, err := strconv.ParseBool(text)
		if err != nil {
			return nil, governance.Fail(governance.Illegal, f.Name, "%q is neither true nor false.", text)
		}
		return b, nil
	}
	return text, nil
}

// context is what the transforms of a field can ask for.
func (p *policy) context(ctx context.Context, f *field) *transform.Context {
	return &transform.Context{
		Now: p.Now(), Variables: p.vars, UsernameSize: f.settings.Size, UsernameChecks: f.settings.Checks,
		Exists:            func(value string) (bool, error) { return p.taken(ctx, f.Name, value) },
		IdentityAttribute: func(name string) (transform.Value, error) { return attributeOf(&p.owner, name), nil },
		AccountAttribute:  func(q transform.AccountQuery) (transform.Value, error) { return p.accountAttribute(ctx, q) },
		ReferenceIdentity: func(uid, name string) (transform.Value, error) { return p.manager(ctx, uid, name) },
	}
}

// taken looks for a name among those that failed already, in the inventory, among the requests, and on the source.
func (p *policy) taken(ctx context.Context, attribute, value string) (bool, error) {
	if slices.ContainsFunc(p.p.Taken, func(name string) bool { return strings.EqualFold(name, value) }) {
		return true, nil
	}
	free, err := p.Store.NameFree(ctx, p.request.ID, p.source.ID, value)
	if err != nil || !free {
		return !free, err
	}
	if asked, can := p.opened.(connector.Checker); can {
		used, err := asked.InUse(ctx, attribute, value)
		return used, ofSource(err)
	}
	if p.target == nil || !strings.EqualFold(attribute, p.schema.IdentityAttribute) {
		return false, nil
	}
	_, err = p.target.Read(ctx, connector.TypeAccount, value)
	if errors.Is(err, connector.ErrNoSuchObject) {
		return false, nil
	}
	return err == nil, ofSource(err)
}

func (p *policy) accountAttribute(ctx context.Context, q transform.AccountQuery) (transform.Value, error) {
	list, err := p.Store.PersonAccounts(ctx, p.owner.ID, q.SourceID+q.SourceName+q.ApplicationName) // one of them is set
	if err != nil {
		return transform.Null(), err
	}
	candidates := make([]transform.Account, len(list))
	for i := range list {
		a := &list[i]
		candidates[i] = transform.Account{
			NativeIdentity: a.NativeIdentity, DisplayName: a.Name, HasEntitlements: a.HasEntitlements, Created: a.Created, Attribute: a.ConnectorValues(),
		}
	}
	return q.Pick(candidates), nil
}

// manager reads the owner's manager, the only other person that policies can ask for.
func (p *policy) manager(ctx context.Context, uid, name string) (transform.Value, error) {
	if uid != "manager" || !p.owner.Manager.Set() {
		return transform.Null(), nil
	}
	person, err := p.Store.Identity(ctx, p.owner.Manager.ID)
	if governance.KindOf(err) == governance.NotFound {
		return transform.Null(), nil
	}
	return attributeOf(&person, name), err
}

func attributeOf(person *governance.Identity, name string) transform.Value {
	value, ok := person.Attribute(name)
	return transform.Value{Text: value, Valid: ok}
}
