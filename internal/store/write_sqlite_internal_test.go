package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"sync/atomic"
	"testing"
	"testing/synctest"

	sqlitedriver "modernc.org/sqlite"
)

// shared is a group writer on a table, under test in a bubble where "everybody waits" can be known.
type shared struct {
	*groupWriter
	t       *testing.T
	read    *sql.DB
	commits atomic.Int64
	answers chan answer
}

// answer is what a transaction got, by the name that it was sent under.
type answer struct {
	name string
	err  error
}

func inBubble(t *testing.T, test func(*testing.T, *shared)) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "shared.db")
	synctest.Test(t, func(t *testing.T) {
		s := &shared{t: t, answers: make(chan answer, 1000)}
		db, err := sql.Open("sqlite", sqliteDSN(path, false))
		if err != nil {
			t.Fatal(err)
		}
		db.SetMaxOpenConns(1)
		if s.groupWriter, err = newGroupWriter(db); err != nil {
			t.Fatal(err)
		}
		if s.read, err = sql.Open("sqlite", sqliteDSN(path, true)); err != nil {
			t.Fatal(err)
		}
		defer func() {
			if err := errors.Join(s.close(), s.read.Close()); err != nil {
				t.Error(err)
			}
		}()
		s.do("create table parent (id integer primary key)", "create table item (name text not null unique, parent int references parent (id))")
		s.countCommits()
		test(t, s)
	})
}

func (s *shared) do(statements ...string) {
	s.t.Helper()
	for _, text := range statements {
		err := s.run(context.Background(), false, func(q querier) error { return exec(context.Background(), q, text) })
		if err != nil {
			s.t.Fatal(err)
		}
	}
}

func (s *shared) countCommits() {
	s.t.Helper()
	err := s.conn.Raw(func(driver any) error {
		driver.(sqlitedriver.HookRegisterer).RegisterCommitHook(func() int32 { s.commits.Add(1); return 0 })
		return nil
	})
	if err != nil {
		s.t.Fatal(err)
	}
}

// add is a transaction that inserts an item.
func add(name string) func(querier) error {
	return func(q querier) error {
		return exec(context.Background(), q, "insert into item (name) values ($1)", name)
	}
}

// send runs a transaction on a goroutine of its own.
func (s *shared) send(ctx context.Context, name string, bulk bool, fn func(querier) error) {
	go func() { s.answers <- answer{name, s.run(ctx, bulk, fn)} }()
}

// busy keeps the writer busy until the returned function is called, so that what is sent meanwhile waits together.
func (s *shared) busy() (release func()) {
	s.t.Helper()
	hold := make(chan struct{})
	s.send(context.Background(), "busy", false, func(querier) error { <-hold; return nil })
	synctest.Wait()
	return func() {
		synctest.Wait()
		s.commits.Store(0)
		close(hold)
		synctest.Wait()
	}
}

// collect gives all answers by name, once everything that was sent has one.
func (s *shared) collect(n int) map[string]error {
	s.t.Helper()
	synctest.Wait()
	if len(s.answers) != n {
		s.t.Fatalf("%d of %d transactions were answered", len(s.answers), n)
	}
	got := map[string]error{}
	for range n {
		a := <-s.answers
		got[a.name] = a.err
	}
	return got
}

// items reads on another connection what is committed.
func (s *shared) items() map[string]bool {
	s.t.Helper()
	names, err := many(context.Background(), s.read, "select name from item", scanText)
	if err != nil {
		s.t.Fatal(err)
	}
	found := map[string]bool{}
	for _, name := range names {
		found[name] = true
	}
	return found
}

func (s *shared) want(names ...string) {
	s.t.Helper()
	got := s.items()
	for _, name := range names {
		if !got[name] {
			s.t.Errorf("%q is not there", name)
		}
		delete(got, name)
	}
	if len(got) > 0 {
		s.t.Errorf("there is also %v", got)
	}
}

func TestWhoWaitsTogetherCommitsTogether(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, s *shared) {
		release := s.busy()
		var names []string
		for i := range 100 {
			names = append(names, fmt.Sprint(i))
			s.send(context.Background(), names[i], false, add(names[i]))
		}
		release()
		for name, err := range s.collect(101) {
			if err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
		s.want(names...)
		// "busy" itself, the most that may share, and the rest
		if n := s.commits.Load(); n != 3 {
			t.Errorf("%d commits", n)
		}
	})
}

func TestALoneTransactionCommitsAtOnce(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, s *shared) {
		for i := range 5 {
			name := fmt.Sprint(i)
			if err := s.run(t.Context(), false, add(name)); err != nil {
				t.Fatal(err)
			}
			if !s.items()[name] || s.commits.Load() != int64(i+1) {
				t.Errorf("after the answer to %s there are %v, by %d commits", name, s.items(), s.commits.Load())
			}
		}
	})
}

func TestBulkTransactionsShareWithNobody(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, s *shared) {
		release := s.busy()
		for i := range 3 {
			s.send(context.Background(), fmt.Sprint("bulk ", i), true, add(fmt.Sprint("bulk ", i)))
		}
		release()
		s.collect(4)
		s.want("bulk 0", "bulk 1", "bulk 2")
		if n := s.commits.Load(); n != 4 {
			t.Errorf("%d commits", n)
		}
	})
}

// TestOneFailureLeavesTheOthers mixes transactions of every bad kind with good ones into one commit.
func TestOneFailureLeavesTheOthers(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, s *shared) {
		s.do("insert into item (name) values ('taken')")
		refused, given := errors.New("refused"), context.Background()
		ended, end := context.WithCancel(given)
		end()
		release := s.busy()
		s.send(given, "good 1", false, add("good 1"))
		s.send(given, "refuses", false, func(q querier) error {
			if err := add("refuses")(q); err != nil {
				return err
			}
			return refused
		})
		s.send(given, "constraint", false, func(q querier) error {
			return errors.Join(add("constraint")(q), add("taken")(q))
		})
		s.send(given, "panics", false, func(q querier) error {
			if err := add("panics")(q); err != nil {
				return err
			}
			panic("a fault of ours")
		})
		s.send(given, "syntax", false, func(q querier) error { return exec(given, q, "insert nonsense") })
		s.send(given, "good 2", false, add("good 2"))
		release()
		got := s.collect(7)
		for _, name := range []string{"busy", "good 1", "good 2"} {
			if got[name] != nil {
				t.Errorf("%s: %v", name, got[name])
			}
		}
		if _, unique := sqliteUnique(got["constraint"]); !unique || !errors.Is(got["refuses"], refused) || got["panics"] == nil || got["syntax"] == nil {
			t.Errorf("answers are %v", got)
		}
		s.want("taken", "good 1", "good 2")
		if err := s.run(ended, false, add("late")); !errors.Is(err, context.Canceled) {
			t.Errorf("a transaction whose caller has gone gives %v", err)
		}
		s.want("taken", "good 1", "good 2")
	})
}

func TestWhoGivesUpWhileWaitingIsNotDone(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, s *shared) {
		release := s.busy()
		ctx, giveUp := context.WithCancel(context.Background())
		s.send(ctx, "gone", false, add("gone"))
		s.send(context.Background(), "stays", false, add("stays"))
		synctest.Wait()
		giveUp()
		synctest.Wait()
		if a := <-s.answers; a.name != "gone" || !errors.Is(a.err, context.Canceled) {
			t.Errorf("while the writer is busy, %q is answered with %v", a.name, a.err)
		}
		release()
		s.collect(2)
		s.want("stays")
	})
}

// TestGivingUpInTheMiddleHarmsNobody cancels a caller whose transaction has begun: an interrupted statement would make
// SQLite undo its neighbours too.
func TestGivingUpInTheMiddleHarmsNobody(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, s *shared) {
		release := s.busy()
		ctx, giveUp := context.WithCancel(context.Background())
		s.send(context.Background(), "before", false, add("before"))
		s.send(ctx, "gives up", false, func(q querier) error {
			giveUp()
			return exec(ctx, q, "insert into item (name) values ('gives up')")
		})
		s.send(context.Background(), "after", false, add("after"))
		release()
		for name, err := range s.collect(4) {
			if err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
		s.want("before", "gives up", "after")
	})
}

// TestAFailedCommitFailsEverybody makes the commit itself fail: a foreign key that is looked at only then.
func TestAFailedCommitFailsEverybody(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, s *shared) {
		ctx := context.Background()
		release := s.busy()
		s.send(ctx, "good", false, add("good"))
		s.send(ctx, "orphan", false, func(q querier) error {
			return errors.Join(exec(ctx, q, "pragma defer_foreign_keys = 1"), exec(ctx, q, "insert into item (name, parent) values ('orphan', 7)"))
		})
		release()
		got := s.collect(3)
		if got["busy"] != nil || got["good"] == nil || got["orphan"] == nil {
			t.Errorf("answers are %v", got)
		}
		s.want()
		if err := s.run(ctx, false, add("next")); err != nil {
			t.Fatalf("after a failed commit: %v", err)
		}
		s.want("next")
	})
}

func TestCloseAnswersEverybody(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, s *shared) {
		release := s.busy()
		closed := make(chan error, 1)
		for i := range 5 {
			s.send(context.Background(), fmt.Sprint(i), i == 3, add(fmt.Sprint(i)))
		}
		synctest.Wait()
		go func() { closed <- s.close() }()
		for i := 5; i < 10; i++ {
			s.send(context.Background(), fmt.Sprint(i), false, add(fmt.Sprint(i)))
		}
		release()
		if err := <-closed; err != nil {
			t.Error(err)
		}
		there := s.items()
		for name, err := range s.collect(11) {
			if err != nil && !errors.Is(err, errClosed) || name != "busy" && there[name] != (err == nil) {
				t.Errorf("%s was answered with %v and is there: %v", name, err, there[name])
			}
		}
		if err := s.run(context.Background(), false, add("late")); !errors.Is(err, errClosed) {
			t.Errorf("a closed writer answers with %v", err)
		}
	})
}
