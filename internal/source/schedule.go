package source

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"midgard/internal/governance"
)

// scheduleStore keeps the schedules.
type scheduleStore interface {
	CreateSchedule(ctx context.Context, actor governance.Actor, schedule governance.Schedule) (governance.Schedule, error)
	UpdateSchedule(ctx context.Context, actor governance.Actor, sourceID, scheduleType string, change func(*governance.Schedule) error) (governance.Schedule, error)
	DueSchedules(ctx context.Context, now time.Time) ([]governance.Schedule, error)
	AdvanceSchedule(ctx context.Context, schedule governance.Schedule, next time.Time) (won bool, err error)
}

// CreateSchedule makes a source be read at the times of a cron expression. It fails with Illegal when the expression
// cannot be read or has no time to come.
func (s *Service) CreateSchedule(ctx context.Context, actor governance.Actor, schedule governance.Schedule) (governance.Schedule, error) {
	if !slices.Contains(governance.ScheduleTypes(), schedule.Type) {
		return governance.Schedule{}, governance.Fail(governance.Illegal, "type", "Illegal value %q for field \"type\": use %s.",
			schedule.Type, strings.Join(governance.ScheduleTypes(), " or "))
	}
	if err := s.plan(&schedule); err != nil {
		return governance.Schedule{}, err
	}
	return s.Store.CreateSchedule(ctx, actor, schedule)
}

// UpdateSchedule lets change edit the cron expression of a schedule, under the conditions of CreateSchedule.
func (s *Service) UpdateSchedule(ctx context.Context, actor governance.Actor, sourceID, scheduleType string, change func(*governance.Schedule) error) (governance.Schedule, error) {
	return s.Store.UpdateSchedule(ctx, actor, sourceID, scheduleType, func(schedule *governance.Schedule) error {
		if err := change(schedule); err != nil {
			return err
		}
		return s.plan(schedule)
	})
}

func (s *Service) plan(schedule *governance.Schedule) error {
	if schedule.Cron == "" {
		return governance.Fail(governance.Required, "cronExpression", "Required field 'cronExpression' was missing or empty.")
	}
	c, err := ParseCron(schedule.Cron)
	if err != nil {
		return err
	}
	if schedule.NextRun = c.Next(s.Now()); schedule.NextRun.IsZero() {
		return governance.Fail(governance.Illegal, "cronExpression", "Illegal value %q for field \"cronExpression\": no such time is to come.", schedule.Cron)
	}
	return nil
}

// ErrLater is what the function given to StartDue answers when a schedule cannot be started yet: it stays due.
var ErrLater = errors.New("something else is in the way")

// StartDue calls start for every schedule whose time has come, once on all nodes together, and moves it on to its next
// time. Times that passed while no node was running count as one. An error of start does not keep the others from being
// started; the first one is returned.
func (s *Service) StartDue(ctx context.Context, start func(context.Context, governance.Schedule) error) error {
	due, err := s.Store.DueSchedules(ctx, s.Now())
	if err != nil {
		return err
	}
	var first error
	for _, schedule := range due {
		err := s.startOne(ctx, schedule, start)
		if err != nil && first == nil {
			first = fmt.Errorf("start the schedule %s of source %q: %w", schedule.Type, schedule.SourceID, err)
		}
	}
	return first
}

func (s *Service) startOne(ctx context.Context, schedule governance.Schedule, start func(context.Context, governance.Schedule) error) error {
	c, err := ParseCron(schedule.Cron)
	if err != nil {
		return err
	}
	next := c.Next(s.Now())
	won, err := s.Store.AdvanceSchedule(ctx, schedule, next)
	if err != nil || !won {
		return err
	}
	if err = start(ctx, schedule); !errors.Is(err, ErrLater) {
		return err
	}
	due := schedule.NextRun
	schedule.NextRun = next
	_, err = s.Store.AdvanceSchedule(ctx, schedule, due)
	return err
}
