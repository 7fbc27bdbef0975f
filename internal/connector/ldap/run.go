package ldap

import (
	"context"
	"errors"

	"github.com/go-ldap/ldap/v3"

	"midgard/internal/connector"
)

// run is one call of List.
type run struct {
	settings    *settings
	session     *session
	request     connector.ListRequest
	sink        connector.Sink
	bases       []base
	scope       string // see digest
	translator  *translator
	memberships *memberships // nil when groups are not asked for
	emitted     int
	unread      bool // an entry could not be read, so the list is not complete
}

// errLimit ends a list that has as many objects as were asked for.
var errLimit = errors.New("enough objects")

// list chooses the way to read. A limited list never gives a token, so that it can always be a search.
func (r *run) list(ctx context.Context, mark mark) (connector.ListResult, error) {
	mode := r.settings.deltaMode
	switch {
	case r.request.Limit > 0 && r.request.Mode == connector.Full, mode == deltaNone:
		err := r.search(ctx, nil)
		return connector.ListResult{Complete: r.request.Limit == 0 && !r.unread}, err
	case mode == deltaTimestamp:
		return r.byTimestamp(ctx, mark)
	}
	return r.bySync(ctx, mark)
}

// search reads every place by pages. The optional look sees each entry before it is emitted.
func (r *run) search(ctx context.Context, look func(entry), extra ...string) error {
	request := distinct(append(extra, r.translator.request...))
	for _, b := range r.bases {
		err := r.session.pages(ctx, b, request, r.settings.pageSize, func(item ldap.Response) error {
			if item.Entry() == nil {
				return r.refer(ctx, item.Referral())
			}
			e := indexed(item.Entry())
			if look != nil {
				look(e)
			}
			return r.take(ctx, e, "")
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (r *run) loadMemberships(ctx context.Context) error {
	if r.memberships == nil {
		return nil
	}
	return r.memberships.load(ctx, r.sink)
}

// take translates and emits one entry. The UUID, when the caller knows it, wins over the entry's.
func (r *run) take(ctx context.Context, e entry, uuid string) error {
	object, err := r.translator.object(e)
	if err != nil {
		r.unread = true
		return r.sink.Fail(ctx, e.DN, err)
	}
	if uuid != "" {
		object.UUID = uuid
	}
	if r.memberships != nil {
		if err := r.loadMemberships(ctx); err != nil {
			return err
		}
		if groups := r.memberships.of(e); len(groups) > 0 {
			object.Attributes[r.translator.groups] = groups
		}
	}
	return r.emit(ctx, object)
}

func (r *run) emit(ctx context.Context, object connector.Object) error {
	if err := r.sink.Emit(ctx, object); err != nil {
		return err
	}
	r.emitted++
	if r.emitted == r.request.Limit {
		return errLimit
	}
	return nil
}

var errReferral = errors.New("the server refers to another one for this part; referrals are not followed")

// refer reports a referral. It does not make the list incomplete: what lies on another server is not part of this source.
func (r *run) refer(ctx context.Context, url string) error {
	return r.sink.Fail(ctx, url, errReferral)
}
