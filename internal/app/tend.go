package app

import (
	"context"
	"errors"
	"time"

	"midgard/internal/aggregate"
	"midgard/internal/approval"
	"midgard/internal/connector"
	"midgard/internal/governance"
	"midgard/internal/source"
)

// How often the server looks for due schedules and clears away what is old.
const (
	schedulePeriod = time.Second // of approvals too
	prunePeriod    = time.Hour
)

// How long ended work is kept. Tasks are public and stay as long as the contract says.
const (
	keepTasks   = 90 * 24 * time.Hour
	keepJobs    = 7 * 24 * time.Hour
	keepUploads = 24 * time.Hour
	keepMail    = 30 * 24 * time.Hour
)

// tend starts scheduled runs, does what approvals wait for and clears away old rows until ctx ends.
func (a *App) tend(ctx context.Context) {
	schedule, prune := time.NewTicker(schedulePeriod), time.NewTicker(prunePeriod)
	defer schedule.Stop()
	defer prune.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-schedule.C:
			if err := a.sources.StartDue(ctx, a.startScheduled); err != nil && ctx.Err() == nil {
				a.log.Error("cannot start scheduled runs", "error", err)
			}
			a.tendApprovals(ctx)
		case <-prune.C:
			a.prune(ctx)
		}
	}
}

// tendApprovals reminds, escalates and ends approvals whose time has come, and sends e-mails that are tried again.
func (a *App) tendApprovals(ctx context.Context) {
	err := a.store.TendApprovals(ctx, approval.Next)
	if a.cfg.Mail.Host != "" {
		err = errors.Join(err, a.store.StartMail(ctx))
	}
	if err != nil && ctx.Err() == nil {
		a.log.Error("cannot tend approvals", "error", err)
	}
}

// startScheduled starts the run of a schedule. When the last run of its type is still going, it is passed over until next
// time; while a run of the other type is in its way, it waits.
func (a *App) startScheduled(ctx context.Context, s governance.Schedule) error {
	src, err := a.store.Source(ctx, s.SourceID, "")
	if err != nil {
		return err
	}
	request := aggregate.Request{ObjectType: connector.TypeAccount, Delta: true}
	if s.Type == governance.ScheduleGroups {
		request.ObjectType = connector.TypeGroup
	}
	_, err = a.aggregate.Start(ctx, governance.Server("schedule", ""), src, request, true)
	if governance.KindOf(err) != governance.Conflict {
		return err
	}
	last, err := a.store.LatestTask(ctx, src.ID, aggregate.TaskName(request.ObjectType))
	if governance.KindOf(err) == governance.NotFound || err == nil && last.Done() {
		return source.ErrLater
	}
	if err == nil {
		a.log.Warn("a scheduled run was passed over: the last one is still going", "source", src.Name, "type", s.Type)
	}
	return err
}

func (a *App) prune(ctx context.Context) {
	now := time.Now()
	for what, err := range map[string]error{
		"tasks":            a.store.PruneTasks(ctx, now.Add(-keepTasks)),
		"jobs":             a.store.PruneJobs(ctx, now.Add(-keepJobs)),
		"passwords":        a.store.WipePasswords(ctx),
		"uploads":          a.store.PruneUploads(ctx, now.Add(-keepUploads)),
		"keys of requests": a.store.PruneRequestKeys(ctx),
	} {
		if err != nil && ctx.Err() == nil {
			a.log.Error("cannot clear away old rows", "what", what, "error", err)
		}
	}
}
