package ldap

import (
	"context"
	"time"

	"midgard/internal/connector"
)

// overlap is how far each delta reaches back before the start of the list that it continues. It covers what changed while
// that list ran, replication from other servers, and clocks that differ by less.
const overlap = 10 * time.Minute

const generalizedTime = "20060102150405Z"

// byTimestamp lists by modifyTimestamp: everything when the mark is empty, else what has the mark's time or a later one.
// Deletions do not show, so a delta is never complete.
func (r *run) byTimestamp(ctx context.Context, m mark) (connector.ListResult, error) {
	delta := !m.Since.IsZero()
	if delta {
		r.bases = since(r.bases, m.Since)
	}
	limit, newest := r.session.now().Add(-overlap), time.Time{}
	err := r.search(ctx, func(e entry) {
		for _, value := range e.texts(attributeKey(attrModifyTimestamp)) {
			if at, err := parseTime(value); err == nil && at.After(newest) {
				newest = at
			}
		}
	}, attrModifyTimestamp)
	if err != nil {
		return connector.ListResult{}, err
	}
	token, err := r.token(mark{Since: nextSince(m.Since, newest, limit)})
	return connector.ListResult{Token: token, Complete: !delta && !r.unread}, err
}

// nextSince goes no further than the limit, since what changes during a list may be passed by, and never back. A list that
// saw nothing proves nothing about the server's clock, so it does not move the time.
func nextSince(last, newest, limit time.Time) time.Time {
	next := newest
	if limit.Before(next) {
		next = limit
	}
	if next.IsZero() {
		next = time.Unix(0, 0)
	}
	if next.Before(last) {
		return last
	}
	return next.UTC().Truncate(time.Second)
}

// since narrows the searches to what changed.
func since(bases []base, at time.Time) []base {
	narrowed := make([]base, len(bases))
	for i, b := range bases {
		b.filter = "(&" + b.filter + "(" + attrModifyTimestamp + ">=" + at.UTC().Format(generalizedTime) + "))"
		narrowed[i] = b
	}
	return narrowed
}

// now is the server's clock where its root entry shows one, else this machine's.
func (c *session) now() time.Time {
	if at, err := parseTime(c.root.GetEqualFoldAttributeValue(attrCurrentTime)); err == nil {
		return at
	}
	return time.Now()
}
