//go:build unix

package app_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"midgard/internal/app/apptest"
	"midgard/internal/testenv"
)

// everySecond is a cron expression that is due at every look.
const everySecond = "* * * * * ?"

func (d directory) schedule(t *testing.T, kind, cron string) {
	t.Helper()
	d.Admin.Post(t, d.path("schedules"), apptest.JSON(obj{"type": kind, "cronExpression": cron})).Want(t, http.StatusCreated)
}

// scheduled lists the tasks that schedules have started, the oldest first.
func (d directory) scheduled(t *testing.T) []apptest.Row {
	t.Helper()
	return d.Admin.List(t, "/task-status/v1", "filters", `type eq "QUARTZ" and sourceId eq "`+d.source+`"`, "sorters", "created", "limit", "250")
}

// untilScheduled waits until the tasks of schedules are as wanted.
func (d directory) untilScheduled(t *testing.T, what string, wanted func([]apptest.Row) bool) []apptest.Row {
	t.Helper()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(apptest.Deadline); ; <-tick.C {
		rows := d.scheduled(t)
		if wanted(rows) {
			return rows
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s: not within %v; there are %v", what, apptest.Deadline, rows)
		}
	}
}

func ofName(rows []apptest.Row, name, status string) (n int) {
	for _, r := range rows {
		if r.Text("uniqueName") == name && r.Text("completionStatus") == status {
			n++
		}
	}
	return n
}

// TestSchedulesStartByThemselves has two schedules whose times are always the same, which one source cannot serve at once,
// on two nodes, one of which comes later.
func TestSchedulesStartByThemselves(t *testing.T) {
	t.Parallel()
	slapd := testenv.Slapd(t, testenv.WithLDIF(serviceEntries(3)))
	s := apptest.Start(t, apptest.Postgres(t))
	d := newDirectory(t, s, slapd, slapd.Port, nil)
	node := s.Join(t)
	began := time.Now().Truncate(time.Second)
	d.schedule(t, "ACCOUNT_AGGREGATION", everySecond)
	d.schedule(t, "GROUP_AGGREGATION", everySecond)
	enough := func(accounts, groups int) func([]apptest.Row) bool {
		return func(rows []apptest.Row) bool {
			return ofName(rows, "Cloud Account Aggregation", "SUCCESS") >= accounts && ofName(rows, "Cloud Group Aggregation", "SUCCESS") >= groups
		}
	}
	d.untilScheduled(t, "both kinds run", enough(2, 2))
	s.Restart(t)
	rows := d.untilScheduled(t, "both kinds run after a restart", enough(4, 4))

	// each kind at most once a second, on both nodes together, whether it was started or passed over
	slots := int(time.Since(began)/time.Second) + 1
	passed := strings.Count(s.Log.String()+node.Log.String(), "passed over")
	if most := 2 * slots; len(rows)+passed > most {
		t.Errorf("%d runs were started and %d passed over; there was time for %d", len(rows), passed, most)
	}
	if len(d.rows(t)) != 4 {
		t.Errorf("the runs have read %v", d.rows(t))
	}
}

func TestARunThatIsStillGoingIsPassedOver(t *testing.T) {
	t.Parallel()
	slapd := testenv.Slapd(t, testenv.WithLDIF(serviceEntries(40)))
	proxy := testenv.FaultyProxy(t, fmt.Sprintf("%s:%d", slapd.Host, slapd.Port))
	s := apptest.Start(t)
	d := newDirectory(t, s, slapd, proxy.Port, map[string]any{"timeout": 600})
	proxy.HangAfter(3000)
	d.schedule(t, "ACCOUNT_AGGREGATION", everySecond)
	d.untilScheduled(t, "a run", func(rows []apptest.Row) bool { return len(rows) == 1 })
	rows := d.untilScheduled(t, "runs are passed over", func([]apptest.Row) bool { return strings.Count(s.Log.String(), "passed over") >= 2 })
	if len(rows) != 1 || rows[0].Field("completionStatus") != nil {
		t.Errorf("there are %v", rows)
	}
	proxy.Heal()
	proxy.CloseConnections()
	d.untilScheduled(t, "the next runs", func(rows []apptest.Row) bool { return ofName(rows, "Cloud Account Aggregation", "SUCCESS") > 0 })
}
