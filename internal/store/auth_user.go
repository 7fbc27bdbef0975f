package store

import (
	"context"
	"fmt"
	"slices"
	"time"

	"midgard/internal/filter"
	"midgard/internal/governance"
)

// grant is the row of a person with user levels; people without any need none.
type grant struct {
	ID       string    `json:"-"` // the person's
	Name     string    `json:"-"`
	Levels   []string  `json:"capabilities"`
	Created  time.Time `json:"-"`
	Modified time.Time `json:"-"`
}

var grants = newTable(table[grant]{
	name:    "auth_user",
	object:  "AUTH_USER",
	columns: []string{"identity_id", "levels", "created", "modified"},
	values: func(g *grant) []any {
		return []any{g.ID, jsonText(g.Levels), g.Created.UnixMilli(), g.Modified.UnixMilli()}
	},
	id:    func(g *grant) string { return g.ID },
	label: func(g *grant) string { return g.Name },
})

// userRow is a person with the row of their grant, whose Created is zero while there is none.
type userRow struct {
	governance.User
	granted time.Time
}

const selectUser = `select o.id, o.uid, o.name, o.first_name, o.last_name, o.email, u.levels, u.created
from identity o left join auth_user u on u.identity_id = o.id where o.id = $1`

func scanUser(r row, u *userRow) error {
	u.Levels = []string{}
	return r.Scan(&u.ID, &u.UID, &u.Name, &u.FirstName, &u.LastName, &u.Email, jsonInto{&u.Levels}, timeInto{&u.granted})
}

// User gives a person with their user levels.
func (s *Store) User(ctx context.Context, identityID string) (governance.User, error) {
	u, err := one(ctx, s.reader(), "Identity", identityID, selectUser, scanUser, identityID)
	return u.User, err
}

// UpdateUser changes the user levels of a person; edit may refuse with an error, and may run more than once. It fails with
// Illegal when no active person would be left who is ORG_ADMIN: nobody could ever make one again.
func (s *Store) UpdateUser(ctx context.Context, actor governance.Actor, identityID string, edit func(*governance.User) error) (governance.User, error) {
	var updated governance.User
	err := s.write(ctx, actor, func(ctx context.Context, t *tx) error {
		if err := t.lock(ctx, "auth_user"); err != nil {
			return err
		}
		old, err := one(ctx, t, "Identity", identityID, selectUser, scanUser, identityID)
		if err != nil {
			return err
		}
		updated = old.User
		updated.Levels = slices.Clone(old.Levels)
		if err := edit(&updated); err != nil {
			return err
		}
		if err := t.grant(ctx, old, updated.Levels); err != nil {
			return err
		}
		return t.keepAdministrator(ctx, old.Levels, updated.Levels)
	})
	return updated, err
}

func (t *tx) grant(ctx context.Context, old userRow, levels []string) error {
	before := grant{ID: old.ID, Name: old.Name, Levels: old.Levels, Created: old.granted}
	after := grant{ID: old.ID, Name: old.Name, Levels: levels, Created: old.granted, Modified: t.now}
	if !old.granted.IsZero() {
		return replace(ctx, t, grants, &before, &after)
	}
	if len(levels) == 0 {
		return nil
	}
	after.Created = t.now
	return create(ctx, t, grants, &after)
}

const countAdministrators = `select count(*) from auth_user u join identity o on o.id = u.identity_id where o.state = 'ACTIVE' and u.levels like '%"` + governance.LevelOrgAdmin + `"%'`

func (t *tx) keepAdministrator(ctx context.Context, before, after []string) error {
	if !slices.Contains(before, governance.LevelOrgAdmin) || slices.Contains(after, governance.LevelOrgAdmin) {
		return nil
	}
	var left int
	if err := t.QueryRowContext(ctx, countAdministrators).Scan(&left); err != nil {
		return fmt.Errorf("count the administrators: %w", err)
	}
	return needAdministrator(left)
}

func needAdministrator(left int) error {
	if left == 0 {
		return governance.Fail(governance.Illegal, "capabilities", "The last active %s cannot lose this level.", governance.LevelOrgAdmin)
	}
	return nil
}

// administratorRemains refuses to let a person go who is the last administrator.
func (t *tx) administratorRemains(ctx context.Context, identityID string) error {
	user, err := one(ctx, t, "Identity", identityID, selectUser, scanUser, identityID)
	if err != nil || !slices.Contains(user.Levels, governance.LevelOrgAdmin) {
		return err
	}
	var left int
	if err := t.QueryRowContext(ctx, countAdministrators+" and o.id <> $1", identityID).Scan(&left); err != nil {
		return fmt.Errorf("count the administrators: %w", err)
	}
	return needAdministrator(left)
}

// Bootstrap gives an organisation without people its first one, with user levels and a personal access token. When there
// are people already, or another node is faster, nothing happens and created is false.
func (s *Store) Bootstrap(ctx context.Context, actor governance.Actor, admin governance.Identity, levels []string, token governance.AccessToken) (created bool, err error) {
	token.ID = filter.NormalizeID(token.ID)
	err = s.write(ctx, actor, func(ctx context.Context, t *tx) error {
		if err := t.lock(ctx, "bootstrap"); err != nil {
			return err
		}
		var people bool
		if err := t.QueryRowContext(ctx, "select exists (select 1 from identity)").Scan(&people); err != nil {
			return err
		}
		created = !people
		if people {
			return nil
		}
		if err := create(ctx, t, identityTable, &admin); err != nil {
			return err
		}
		user := userRow{User: governance.User{ID: admin.ID, Name: admin.Name}}
		if err := t.grant(ctx, user, levels); err != nil {
			return err
		}
		return create(ctx, t, accessTokens, &token)
	})
	if err != nil {
		return false, fmt.Errorf("make the first administrator: %w", err)
	}
	return created, nil
}
