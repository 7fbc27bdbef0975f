package ldap

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/go-ldap/ldap/v3"

	"midgard/internal/connector"
)

// permissiveModify makes a server take values that are there already, or are not, as done.
const permissiveModify = "1.2.840.113556.1.4.1413"

// withAccount connects, finds the account and hands it on.
func (s *source) withAccount(ctx context.Context, what, identity string, do func(*session, entry) error, more ...string) error {
	c, err := s.settings.connect(ctx)
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	defer c.close()
	e, err := s.find(ctx, c, connector.TypeAccount, identity, more...)
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	return do(c, e)
}

// Update changes attributes in one request, which the server carries out as a whole or not at all.
func (s *source) Update(ctx context.Context, identity string, changes []connector.AttributeChange) error {
	var names []string
	for _, change := range changes {
		if err := s.mayChange(change.Attribute); err != nil {
			return fmt.Errorf("update the account: %w", err)
		}
		names = append(names, change.Attribute)
	}
	return s.withAccount(ctx, "update the account", identity, func(c *session, e entry) error {
		request := ldap.NewModifyRequest(e.DN, nil)
		if c.supports(permissiveModify) {
			request.Controls = []ldap.Control{ldap.NewControlString(permissiveModify, true, "")}
		}
		for _, change := range changes {
			if err := s.addChange(request, e, change); err != nil {
				return fmt.Errorf("update %q: %w", e.DN, err)
			}
		}
		return c.modify(ctx, request)
	}, names...)
}

var errOwnCall = errors.New("there is an own operation for it")

// mayChange refuses what has rules of its own.
func (s *source) mayChange(attribute string) error {
	key := attributeKey(attribute)
	groups := attributeKey(s.settings.groupsIn(s.account))
	switch {
	case !isAttribute(attribute):
		return fmt.Errorf("attribute %q: %w: that is no name of an attribute", attribute, connector.ErrRefused)
	case key == attrDN:
		return fmt.Errorf("attribute %q: %w: entries are not renamed", attribute, connector.ErrRefused)
	case key == groups || holdsSecrets(key):
		return fmt.Errorf("attribute %q: %w: %w", attribute, connector.ErrRefused, errOwnCall)
	}
	return nil
}

// addChange leaves out values that are as they should be. Values are compared exactly here: whether case matters is the
// server's to say.
func (s *source) addChange(request *ldap.ModifyRequest, e entry, change connector.AttributeChange) error {
	values, err := s.wire(change.Attribute, change.Value)
	if err != nil {
		return err
	}
	present := e.texts(attributeKey(change.Attribute))
	switch change.Kind {
	case connector.ChangeSet:
		request.Replace(change.Attribute, values)
		return nil
	case connector.ChangeAdd:
		values = slices.DeleteFunc(values, func(value string) bool { return slices.Contains(present, value) })
	case connector.ChangeRemove:
		values = slices.DeleteFunc(values, func(value string) bool { return !containsFold(present, value) })
	}
	switch {
	case len(values) == 0:
	case change.Kind == connector.ChangeAdd:
		request.Add(change.Attribute, values)
	default:
		request.Delete(change.Attribute, values)
	}
	return nil
}

func containsFold(values []string, value string) bool {
	return slices.ContainsFunc(values, func(v string) bool { return strings.EqualFold(v, value) })
}

// modify sends the changes of a request, if it has any.
func (c *session) modify(ctx context.Context, request *ldap.ModifyRequest) error {
	if len(request.Changes) == 0 {
		return nil
	}
	err := c.guard(func() error { return c.conn.Modify(request) })
	return c.refusal(ctx, fmt.Sprintf("change %q", request.DN), err)
}

// refusal translates the answer to a change. What the server gives no reason for may pass; every other answer is final.
func (c *session) refusal(ctx context.Context, what string, err error) error {
	var answer *ldap.Error
	if err == nil {
		return nil
	}
	if ctx.Err() != nil || c.silent.Load() || !errors.As(err, &answer) || answer.ResultCode >= ldap.ErrorNetwork {
		return c.fault(ctx, what, err)
	}
	switch answer.ResultCode {
	case ldap.LDAPResultBusy, ldap.LDAPResultUnavailable:
		return c.fault(ctx, what, err)
	case ldap.LDAPResultOther, ldap.LDAPResultTimeLimitExceeded:
		return &connector.Retryable{Err: fmt.Errorf("%s: %w", what, err)}
	case ldap.LDAPResultNoSuchObject:
		return fmt.Errorf("%s: %w: %w", what, connector.ErrNoSuchObject, err)
	case ldap.LDAPResultEntryAlreadyExists:
		return fmt.Errorf("%s: %w: %w", what, connector.ErrExists, err)
	case ldap.LDAPResultReferral:
		return fmt.Errorf("%s: %w: this server is a copy that takes no changes: %w", what, connector.ErrRefused, err)
	}
	return fmt.Errorf("%s: %w: %w", what, connector.ErrRefused, err)
}

// isDone recognises that a value to add is there, or one to remove is not.
func isDone(err error) bool {
	return ldap.IsErrorAnyOf(err, ldap.LDAPResultAttributeOrValueExists, ldap.LDAPResultNoSuchAttribute)
}

// wire turns a value of Object.Attributes into what the protocol carries: the inverse of wanted.value.
func (s *source) wire(attribute string, value any) ([]string, error) {
	texts, err := texts(value)
	if err != nil {
		return nil, fmt.Errorf("attribute %q: %w: %w", attribute, connector.ErrRefused, err)
	}
	texts = slices.DeleteFunc(texts, func(text string) bool { return text == "" })
	isDate := slices.ContainsFunc(s.account.Attributes, func(a connector.SchemaAttribute) bool {
		return a.Type == "DATE" && strings.EqualFold(a.Name, attribute)
	})
	for i, text := range texts {
		if texts[i], err = encode(text, isDate, s.settings.binary[attributeKey(attribute)]); err != nil {
			return nil, fmt.Errorf("attribute %q: %w: %w", attribute, connector.ErrRefused, err)
		}
	}
	return texts, nil
}

var errNoText = errors.New("the value is no text: it holds a NUL or broken UTF-8")

func encode(text string, isDate, isBinary bool) (string, error) {
	if isBinary {
		raw, err := base64.StdEncoding.DecodeString(text)
		return string(raw), err
	}
	if !utf8.ValidString(text) || strings.ContainsRune(text, 0) {
		return "", errNoText
	}
	if at, err := time.Parse(time.RFC3339, text); err == nil && isDate {
		return at.UTC().Format(generalizedTime), nil
	}
	return text, nil
}

func texts(value any) ([]string, error) {
	switch value := value.(type) {
	case nil:
		return nil, nil
	case string:
		return []string{value}, nil
	case bool:
		return []string{strings.ToUpper(strconv.FormatBool(value))}, nil
	case int:
		return []string{strconv.Itoa(value)}, nil
	case int64:
		return []string{strconv.FormatInt(value, 10)}, nil
	case float64:
		return []string{strconv.FormatFloat(value, 'f', -1, 64)}, nil
	case []string:
		return slices.Clone(value), nil
	case []any:
		var all []string
		for _, element := range value {
			more, err := texts(element)
			if err != nil {
				return nil, err
			}
			all = append(all, more...)
		}
		return all, nil
	}
	return nil, fmt.Errorf("a value of type %T cannot be written", value)
}
