//go:build unix

package store_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"midgard/internal/filter"
	"midgard/internal/governance"
	"midgard/internal/store"
	"midgard/internal/store/storetest"
)

var (
	tester = governance.Actor{IdentityID: "tester", Name: "Tester", ClientID: "client", TrackingID: "0123456789abcdef0123456789abcdef"}
	secret = []byte("0123456789abcdef0123456789abcdef") // the size of a hash
)

// administrator bootstraps a store and gives the administrator's id.
func administrator(t *testing.T, s *store.Store) string {
	t.Helper()
	admin := governance.Identity{ID: store.NewID(), UID: "admin", Name: "Administrator", State: governance.StateActive, Protected: true, Created: time.Now(), Modified: time.Now()}
	token := governance.AccessToken{ID: "0198C0DE00007000800000000000ABCD", Name: "first", Owner: governance.Reference{ID: admin.ID}, SecretHash: secret, NeverExpires: true, Created: time.Now()}
	created, err := s.Bootstrap(t.Context(), tester, admin, []string{governance.LevelOrgAdmin}, token)
	if err != nil || !created {
		t.Fatalf("bootstrap: created is %t, %v", created, err)
	}
	return admin.ID
}

const firstClient = "0198c0de-0000-7000-8000-00000000abcd"

func TestBootstrapHappensOnce(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		var made atomic.Int64
		var all sync.WaitGroup
		for i := range 8 {
			all.Go(func() {
				admin := governance.Identity{ID: store.NewID(), UID: fmt.Sprint("admin", i), Name: "Administrator", State: governance.StateActive}
				token := governance.AccessToken{ID: store.NewID(), Name: "first", Owner: governance.Reference{ID: admin.ID}, SecretHash: secret}
				created, err := s.Bootstrap(t.Context(), tester, admin, []string{governance.LevelOrgAdmin}, token)
				if err != nil {
					t.Error(err)
				}
				if created {
					made.Add(1)
				}
			})
		}
		all.Wait()
		if made.Load() != 1 {
			t.Errorf("%d of 8 made an administrator", made.Load())
		}
	})
}

func TestCaller(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		id := administrator(t, s)
		expires := time.Date(2040, 1, 2, 3, 4, 5, 678e6, time.UTC)
		token, err := s.CreateAccessToken(t.Context(), tester, governance.AccessToken{ID: store.NewID(), Name: "n", Owner: governance.Reference{ID: id},
			SecretHash: secret, Scope: []string{"a", "b"}, ValiditySecs: 60, Expires: expires})
		if err != nil {
			t.Fatal(err)
		}
		client, err := s.CreateOAuthClient(t.Context(), tester, governance.OAuthClient{ID: store.NewID(), Name: "App", SecretHash: secret, AccessTokenValidity: 90,
			GrantTypes: []string{governance.GrantClientCredentials}, Enabled: true, Scope: []string{"c"}, StrongAuthSupported: true, Internal: true})
		if err != nil {
			t.Fatal(err)
		}
		person := governance.Reference{ID: id, Name: "Administrator"}
		tests := map[string]governance.Caller{
			firstClient: {ClientID: firstClient, Name: "Administrator", SecretHash: secret, Identity: person, UID: "admin", Levels: []string{"ORG_ADMIN"},
				Enabled: true, Credentials: true},
			token.ID: {ClientID: token.ID, Name: "Administrator", SecretHash: secret, Identity: person, UID: "admin", Levels: []string{"ORG_ADMIN"},
				Scope: []string{"a", "b"}, ValiditySecs: 60, Expires: expires, Enabled: true, Credentials: true},
			client.ID: {ClientID: client.ID, Name: "App", SecretHash: secret, Scope: []string{"c"}, ValiditySecs: 90, Enabled: true, Credentials: true,
				StrongAuth: true, Internal: true},
		}
		for id, want := range tests {
			for _, spelling := range []string{id, strings.ToUpper(id), strings.ReplaceAll(id, "-", "")} {
				got, err := s.Caller(t.Context(), spelling)
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("%s (-want +got):\n%s", spelling, diff)
				}
			}
		}
		if _, err := s.Caller(t.Context(), "nobody"); governance.KindOf(err) != governance.NotFound {
			t.Errorf("an unknown client gives %v", err)
		}
	})
}

func TestAccessTokens(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		id := administrator(t, s)
		want := governance.AccessToken{ID: store.NewID(), Name: "mine", Owner: governance.Reference{ID: id, Name: "Administrator"}, SecretHash: secret,
			Scope: []string{"a"}, ValiditySecs: 60, Expires: time.Date(2040, 1, 2, 3, 4, 5, 0, time.UTC)}
		got, err := s.CreateAccessToken(t.Context(), tester, want)
		if err != nil {
			t.Fatal(err)
		}
		want.Created = got.Created
		page, err := s.AccessTokens(t.Context(), id, filter.Query{Limit: math.MaxInt32})
		if err != nil {
			t.Fatal(err)
		}
		if len(page.Items) != 2 || !cmp.Equal(page.Items[1], want) {
			t.Fatalf("the list is %+v, want the first token and %+v", page.Items, want)
		}
		renamed, err := s.UpdateAccessToken(t.Context(), tester, want.ID, func(k *governance.AccessToken) error {
			k.Name, k.Scope, k.Expires, k.NeverExpires = "ours", []string{"b"}, time.Time{}, true
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		want.Name, want.Scope, want.Expires, want.NeverExpires = "ours", []string{"b"}, time.Time{}, true
		if read, err := s.AccessToken(t.Context(), want.ID); err != nil || !cmp.Equal(read, want) || !cmp.Equal(renamed, want) {
			t.Errorf("read %+v, %v, renamed %+v", read, err, renamed)
		}
		refusal := errors.New("not yours")
		if err := s.DeleteAccessToken(t.Context(), tester, want.ID, func(governance.AccessToken) error { return refusal }); !errors.Is(err, refusal) {
			t.Errorf("a refused delete gives %v", err)
		}
		if err := s.DeleteAccessToken(t.Context(), tester, want.ID, func(governance.AccessToken) error { return nil }); err != nil {
			t.Fatal(err)
		}
		if _, err := s.AccessToken(t.Context(), want.ID); governance.KindOf(err) != governance.NotFound {
			t.Errorf("after the delete: %v", err)
		}
		wantRecords(t, s, want.ID,
			record{"CREATE", "PERSONAL_ACCESS_TOKEN", `"name":"mine"`},
			record{"UPDATE", "PERSONAL_ACCESS_TOKEN", `"name":"ours"`},
			record{"DELETE", "PERSONAL_ACCESS_TOKEN", ``})
	})
}

func TestUnknownTokensAndClients(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx, id := t.Context(), store.NewID()
		calls := map[string]func() error{
			"read token":    func() error { _, err := s.AccessToken(ctx, id); return err },
			"update token":  func() error { _, err := s.UpdateAccessToken(ctx, tester, id, nil); return err },
			"delete token":  func() error { return s.DeleteAccessToken(ctx, tester, id, nil) },
			"read client":   func() error { _, err := s.OAuthClient(ctx, id); return err },
			"update client": func() error { _, err := s.UpdateOAuthClient(ctx, tester, id, nil); return err },
			"delete client": func() error { return s.DeleteOAuthClient(ctx, tester, id) },
			"read user":     func() error { _, err := s.User(ctx, id); return err },
			"update user":   func() error { _, err := s.UpdateUser(ctx, tester, id, nil); return err },
		}
		for name, call := range calls {
			if err := call(); governance.KindOf(err) != governance.NotFound {
				t.Errorf("%s: %v", name, err)
			}
		}
		if err := s.MarkUsed(ctx, id, time.Now()); err != nil {
			t.Errorf("mark used: %v", err)
		}
		_, err := s.CreateAccessToken(ctx, tester, governance.AccessToken{ID: id, Name: "n", Owner: governance.Reference{ID: id}, SecretHash: secret})
		if governance.KindOf(err) != governance.UnknownRef {
			t.Errorf("a token of nobody: %v", err)
		}
	})
}

func TestPersonsHaveTenTokensAtMost(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		id := administrator(t, s) // who has one
		var made, refused atomic.Int64
		var all sync.WaitGroup
		for range 14 {
			all.Go(func() {
				_, err := s.CreateAccessToken(t.Context(), tester, governance.AccessToken{ID: store.NewID(), Name: "n", Owner: governance.Reference{ID: id}, SecretHash: secret})
				switch {
				case err == nil:
					made.Add(1)
				case governance.KindOf(err) == governance.Limit:
					refused.Add(1)
				default:
					t.Error(err)
				}
			})
		}
		all.Wait()
		if made.Load() != 9 || refused.Load() != 5 {
			t.Errorf("%d made and %d refused, want 9 and 5", made.Load(), refused.Load())
		}
	})
}

func TestLastUse(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx, id := t.Context(), administrator(t, s)
		client, err := s.CreateOAuthClient(ctx, tester, governance.OAuthClient{ID: store.NewID(), Name: "App", SecretHash: secret})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.CreateAccessToken(ctx, tester, governance.AccessToken{ID: store.NewID(), Name: "unused", Owner: governance.Reference{ID: id}, SecretHash: secret}); err != nil {
			t.Fatal(err)
		}
		used := time.Date(2026, 5, 6, 7, 8, 9, 123e6, time.UTC)
		for _, id := range []string{firstClient, client.ID} {
			if err := s.MarkUsed(ctx, id, used); err != nil {
				t.Fatal(err)
			}
			if c, err := s.Caller(ctx, id); err != nil || !c.LastUsed.Equal(used) {
				t.Errorf("last use is %s, %v", c.LastUsed, err)
			}
		}
		for text, want := range map[string]string{"lastUsed isnull": "unused", "lastUsed le 2026-05-06T07:08:09.123Z": "first", "lastUsed le 2026-05-06T07:08:09.122Z": ""} {
			where, err := filter.Compile(text, filter.MustParseFields("lastUsed:time le isnull"))
			if err != nil {
				t.Fatal(err)
			}
			page, err := s.AccessTokens(ctx, id, filter.Query{Where: where, Limit: 100})
			if err != nil {
				t.Fatal(err)
			}
			var names []string
			for _, token := range page.Items {
				names = append(names, token.Name)
			}
			if got := strings.Join(names, " "); got != want {
				t.Errorf("%s: got %q, want %q", text, got, want)
			}
			clients, err := s.OAuthClients(ctx, filter.Query{Where: where, Limit: 100})
			if err != nil || len(clients.Items) != strings.Count(want, "first") {
				t.Errorf("%s: %d clients, %v", text, len(clients.Items), err)
			}
		}
		wantRecords(t, s, client.ID, record{"CREATE", "OAUTH_CLIENT", `"name":"App"`}) // and none of the use
	})
}

func TestOAuthClients(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		want := governance.OAuthClient{ID: store.NewID(), SecretHash: secret, BusinessName: "b", HomepageURL: "h", Name: "App", Description: "d", AccessTokenValidity: 60,
			RefreshValidity: 70, RedirectURIs: []string{"https://a"}, GrantTypes: []string{"CLIENT_CREDENTIALS"}, AccessType: "OFFLINE", Type: "CONFIDENTIAL",
			Internal: true, Enabled: true, StrongAuthSupported: true, ClaimsSupported: true, Scope: []string{"a"}}
		created, err := s.CreateOAuthClient(ctx, tester, want)
		if err != nil {
			t.Fatal(err)
		}
		want.Created, want.Modified = created.Created, created.Modified
		if got, err := s.OAuthClient(ctx, want.ID); err != nil || !cmp.Equal(got, want) {
			t.Errorf("read %+v, %v", got, err)
		}
		same, err := s.UpdateOAuthClient(ctx, tester, want.ID, func(*governance.OAuthClient) error { return nil })
		if err != nil || !cmp.Equal(same, want) {
			t.Errorf("an update of nothing gives %+v, %v", same, err)
		}
		if _, err := s.UpdateOAuthClient(ctx, tester, want.ID, func(c *governance.OAuthClient) error { c.Enabled = false; return nil }); err != nil {
			t.Fatal(err)
		}
		if c, err := s.Caller(ctx, want.ID); err != nil || c.Enabled {
			t.Errorf("a disabled client is enabled: %t, %v", c.Enabled, err)
		}
		if err := s.DeleteOAuthClient(ctx, tester, want.ID); err != nil {
			t.Fatal(err)
		}
		wantRecords(t, s, want.ID,
			record{"CREATE", "OAUTH_CLIENT", `"enabled":true`}, record{"UPDATE", "OAUTH_CLIENT", `{"enabled":false}`}, record{"DELETE", "OAUTH_CLIENT", ``})
	})
}

func TestUserLevels(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx, id := t.Context(), administrator(t, s)
		set := func(levels ...string) error {
			_, err := s.UpdateUser(ctx, tester, id, func(u *governance.User) error { u.Levels = levels; return nil })
			return err
		}
		want := governance.User{ID: id, UID: "admin", Name: "Administrator", Levels: []string{"ORG_ADMIN"}}
		if got, err := s.User(ctx, id); err != nil || !cmp.Equal(got, want) {
			t.Errorf("read %+v, %v", got, err)
		}
		for _, levels := range [][]string{{}, {"HELPDESK"}} {
			if err := set(levels...); governance.KindOf(err) != governance.Illegal || err == nil {
				t.Errorf("the last administrator became %v: %v", levels, err)
			}
		}
		if err := set("HELPDESK", "ORG_ADMIN"); err != nil {
			t.Fatal(err)
		}
		if c, err := s.Caller(ctx, firstClient); err != nil || !slices.Equal(c.Levels, []string{"HELPDESK", "ORG_ADMIN"}) {
			t.Errorf("the caller's levels are %v, %v", c.Levels, err)
		}
		wantRecords(t, s, id, record{"CREATE", "IDENTITY", `"uid":"admin"`}, record{"CREATE", "AUTH_USER", `ORG_ADMIN`},
			record{"UPDATE", "AUTH_USER", `{"capabilities":["HELPDESK","ORG_ADMIN"]}`})
	})
}

func TestSigningKeys(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx, start := t.Context(), time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
		rotate := func(id string, at time.Time) bool {
			t.Helper()
			rotated, err := s.RotateSigningKey(ctx, tester, governance.SigningKey{ID: id, Private: "sealed " + id, Created: at}, at.Add(-time.Hour), at.Add(-3*time.Hour))
			if err != nil {
				t.Fatal(err)
			}
			return rotated
		}
		if !rotate("k1", start) || rotate("k2", start.Add(time.Hour-1e6)) || !rotate("k3", start.Add(time.Hour)) || !rotate("k4", start.Add(2*time.Hour)) {
			t.Error("a key was replaced before its time or kept beyond it")
		}
		if !rotate("k5", start.Add(5*time.Hour)) {
			t.Error("k5 was not needed")
		}
		got, err := s.SigningKeys(ctx)
		if err != nil {
			t.Fatal(err)
		}
		want := []governance.SigningKey{ // k1 has been retired for too long
			{ID: "k5", Private: "sealed k5", Created: start.Add(5 * time.Hour)},
			{ID: "k4", Private: "sealed k4", Created: start.Add(2 * time.Hour), Retired: start.Add(5 * time.Hour)},
			{ID: "k3", Private: "sealed k3", Created: start.Add(time.Hour), Retired: start.Add(2 * time.Hour)},
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("keys (-want +got):\n%s", diff)
		}
		wantRecords(t, s, "k1", record{"CREATE", "SIGNING_KEY", `"id":"k1"`}, record{"UPDATE", "SIGNING_KEY", `retired`}, record{"DELETE", "SIGNING_KEY", ``})
	})
}

func TestNodesAgreeOnTheFirstKeyAndSetting(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		var made atomic.Int64
		var all sync.WaitGroup
		values := make([]string, 8)
		for i := range values {
			all.Go(func() {
				k := governance.SigningKey{ID: store.NewID(), Private: "p", Created: time.Now()}
				rotated, err := s.RotateSigningKey(t.Context(), tester, k, time.Now().Add(-time.Hour), time.Time{})
				if err != nil {
					t.Error(err)
				}
				if rotated {
					made.Add(1)
				}
				if values[i], err = s.EnsureSetting(t.Context(), "tenant_id", fmt.Sprint("tenant ", i)); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		if made.Load() != 1 || len(slices.Compact(values)) != 1 {
			t.Errorf("%d keys, settings %v", made.Load(), values)
		}
	})
}

// record is what a test wants to see of a change record: after is a part of it.
type record struct{ action, object, after string }

func wantRecords(t *testing.T, s *store.Store, id string, want ...record) {
	t.Helper()
	changes, err := s.Changes(context.Background(), id, "", 100)
	if err != nil {
		t.Fatal(err)
	}
	if len(changes) != len(want) {
		t.Fatalf("%d change records of %s, want %d: %+v", len(changes), id, len(want), changes)
	}
	for i, c := range changes {
		w := want[i]
		if c.Action != w.action || c.ObjectType != w.object || !strings.Contains(string(c.After), w.after) || c.Actor != tester {
			t.Errorf("record %d is %s %s by %+v, after %s; want %+v", i, c.Action, c.ObjectType, c.Actor, c.After, w)
		}
		for _, hidden := range []string{"secret", "Secret", "sealed", "MDEyMzQ1Njc4"} { // the last one is a hash in base64
			if strings.Contains(string(c.Before)+string(c.After), hidden) {
				t.Errorf("record %d holds %q: %s %s", i, hidden, c.Before, c.After)
			}
		}
	}
}
