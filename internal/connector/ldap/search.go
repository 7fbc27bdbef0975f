package ldap

import (
	"context"
	"fmt"

	"github.com/go-ldap/ldap/v3"
)

// pages searches one place and hands every entry and referral to visit, page by page when the server knows pages. A server
// that does not ignores the control, and its one answer is everything.
func (c *session) pages(ctx context.Context, b base, attributes []string, pageSize uint32, visit func(ldap.Response) error) error {
	what := fmt.Sprintf("search below %q", b.dn)
	request := b.request(attributes)
	start := func(ctx context.Context) ldap.Response { return c.conn.SearchAsync(ctx, request, streamBuffer) }
	if pageSize == 0 {
		return c.stream(ctx, what, start, entriesOnly(visit, nil))
	}
	paging := ldap.NewControlPaging(pageSize)
	request.Controls = []ldap.Control{paging}
	for {
		var answer *ldap.ControlPaging
		if err := c.stream(ctx, what, start, entriesOnly(visit, &answer)); err != nil {
			return err
		}
		if answer == nil && len(paging.Cookie) > 0 {
			return c.fault(ctx, what, errEndedEarly)
		}
		if answer == nil || len(answer.Cookie) == 0 {
			return nil
		}
		paging.SetCookie(answer.Cookie)
	}
}

func (b base) request(attributes []string) *ldap.SearchRequest {
	return ldap.NewSearchRequest(b.dn, b.scope, ldap.NeverDerefAliases, 0, 0, false, b.filter, attributes, nil)
}

// entriesOnly passes entries and referrals on and keeps the paging control of the end.
func entriesOnly(visit func(ldap.Response) error, answer **ldap.ControlPaging) func(ldap.Response) error {
	return func(item ldap.Response) error {
		if item.Entry() != nil || item.Referral() != "" {
			return visit(item)
		}
		if paging, ok := ldap.FindControl(item.Controls(), ldap.ControlTypePaging).(*ldap.ControlPaging); ok && answer != nil {
			*answer = paging
		}
		return nil
	}
}
