package store

import (
	"context"
	"fmt"
	"math"
	"time"

	"midgard/internal/governance"
)

// never is the next run of a schedule that has none: it is due at no time.
const never = math.MaxInt64

func nextRun(at time.Time) int64 {
	if at.IsZero() {
		return never
	}
	return at.UnixMilli()
}

const scheduleSelect = "select c.source_id, c.type, c.cron, c.next_run, c.created from schedule c"

func scanSchedule(r row, s *governance.Schedule) error {
	var next int64
	if err := r.Scan(&s.SourceID, &s.Type, &s.Cron, &next, timeInto{&s.Created}); err != nil {
		return err
	}
	if next != never {
		s.NextRun = time.UnixMilli(next).UTC()
	}
	return nil
}

// Schedules belong to their source: it is the object of their change records.
var scheduleTable = newTable(table[governance.Schedule]{
	name: "schedule", object: "SOURCE_SCHEDULE",
	columns: []string{"source_id", "type", "cron", "next_run", "created"}, keys: 2,
	values: func(s *governance.Schedule) []any {
		return []any{s.SourceID, s.Type, s.Cron, nextRun(s.NextRun), s.Created.UnixMilli()}
	},
	id:    func(s *governance.Schedule) string { return s.SourceID },
	label: func(s *governance.Schedule) string { return s.Type },
})

// Schedules gives the schedules of a source by type.
func (s *Store) Schedules(ctx context.Context, sourceID string) ([]governance.Schedule, error) {
	all, err := many(ctx, s.reader(), scheduleSelect+" where c.source_id = $1 order by c.type", scanSchedule, sourceID)
	if err != nil {
		return nil, fmt.Errorf("read the schedules of source %q: %w", sourceID, err)
	}
	return all, nil
}

// Schedule gives the schedule of a type of a source.
func (s *Store) Schedule(ctx context.Context, sourceID, scheduleType string) (governance.Schedule, error) {
	return scheduleOf(ctx, s.reader(), sourceID, scheduleType)
}

func scheduleOf(ctx context.Context, q querier, sourceID, scheduleType string) (governance.Schedule, error) {
	return one(ctx, q, "Schedule", scheduleType, scheduleSelect+" where c.source_id = $1 and c.type = $2", scanSchedule, sourceID, scheduleType)
}

// CreateSchedule adds a schedule to a source. It fails with Conflict when the source has one of that type.
func (s *Store) CreateSchedule(ctx context.Context, actor governance.Actor, schedule governance.Schedule) (governance.Schedule, error) {
	err := s.write(ctx, actor, func(ctx context.Context, t *tx) error {
		schedule.Created = t.now
		return create(ctx, t, scheduleTable, &schedule)
	})
	return schedule, s.taken(err, "schedule", "type", "A schedule of type %s already exists on this source.", schedule.Type)
}

// UpdateSchedule lets change edit a schedule and keeps the result. change may run more than once, and refuse with an
// error.
func (s *Store) UpdateSchedule(ctx context.Context, actor governance.Actor, sourceID, scheduleType string, change func(*governance.Schedule) error) (governance.Schedule, error) {
	var schedule governance.Schedule
	err := s.write(ctx, actor, func(ctx context.Context, t *tx) error {
		old, err := scheduleOf(ctx, t, sourceID, scheduleType)
		if err != nil {
			return err
		}
		schedule = old
		if err := change(&schedule); err != nil {
			return err
		}
		return replace(ctx, t, scheduleTable, &old, &schedule)
	})
	return schedule, err
}

// DeleteSchedule removes a schedule from a source.
func (s *Store) DeleteSchedule(ctx context.Context, actor governance.Actor, sourceID, scheduleType string) error {
	return s.write(ctx, actor, func(ctx context.Context, t *tx) error {
		old, err := scheduleOf(ctx, t, sourceID, scheduleType)
		if err != nil {
			return err
		}
		return remove(ctx, t, scheduleTable, &old)
	})
}

// DueSchedules gives the schedules whose next run is not after now, the longest overdue first. Those of sources that are
// being deleted are left out.
func (s *Store) DueSchedules(ctx context.Context, now time.Time) ([]governance.Schedule, error) {
	due, err := many(ctx, s.reader(), scheduleSelect+" join source s on s.id = c.source_id where c.next_run <= $1 and not s.deleting order by c.next_run",
		scanSchedule, now.UnixMilli())
	if err != nil {
		return nil, fmt.Errorf("read due schedules: %w", err)
	}
	return due, nil
}

// AdvanceSchedule moves a schedule on to its next run, the zero time for none, unless somebody has moved or changed it
// since it was read. Of several nodes that try, one gets true: that one starts the run.
func (s *Store) AdvanceSchedule(ctx context.Context, schedule governance.Schedule, next time.Time) (won bool, err error) {
	err = s.write(ctx, governance.Actor{}, func(ctx context.Context, t *tx) error {
		n, err := affected(ctx, t, "update schedule set next_run = $1 where source_id = $2 and type = $3 and next_run = $4 and cron = $5",
			nextRun(next), schedule.SourceID, schedule.Type, nextRun(schedule.NextRun), schedule.Cron)
		won = n > 0
		return err
	})
	if err != nil {
		return false, fmt.Errorf("advance the schedule of source %q: %w", schedule.SourceID, err)
	}
	return won, nil
}
