package api

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"midgard/internal/filter"
	"midgard/internal/governance"
	"midgard/internal/jsondoc"
)

type scheduleStore interface {
	Schedules(ctx context.Context, sourceID string) ([]governance.Schedule, error)
	Schedule(ctx context.Context, sourceID, scheduleType string) (governance.Schedule, error)
	DeleteSchedule(ctx context.Context, actor governance.Actor, sourceID, scheduleType string) error
}

type scheduleUseCases interface {
	CreateSchedule(ctx context.Context, actor governance.Actor, schedule governance.Schedule) (governance.Schedule, error)
	UpdateSchedule(ctx context.Context, actor governance.Actor, sourceID, scheduleType string, change func(*governance.Schedule) error) (governance.Schedule, error)
}

func (s *server) scheduleHandlers() map[string]handler {
	return map[string]handler{
		"getSourceSchedules":   s.listSchedules,
		"createSourceSchedule": s.createSchedule,
		"getSourceSchedule":    s.getSchedule,
		"updateSourceSchedule": s.updateSchedule,
		"deleteSourceSchedule": s.deleteSchedule,
	}
}

func (s *server) listSchedules(w http.ResponseWriter, r *http.Request) error {
	src, err := s.sourceIn(r, "sourceId")
	if err != nil {
		return err
	}
	all, err := s.Store.Schedules(r.Context(), src.ID)
	if err != nil {
		return err
	}
	return writePage(w, r, filter.Page[governance.Schedule]{Items: all, Total: -1}, appendSchedule)
}

// scheduleForm is what a JSON Patch sees of a schedule; to create one takes its type as well.
type scheduleForm struct {
	Cron string `json:"cronExpression"`
}

type scheduleBody struct {
	scheduleForm
	Type string `json:"type"`
}

var schedulePatchable = patchable{"cronExpression"}

func (s *server) createSchedule(w http.ResponseWriter, r *http.Request) error {
	src, err := s.sourceIn(r, "sourceId")
	if err != nil {
		return err
	}
	body, err := decode[scheduleBody](w, r)
	if err != nil {
		return err
	}
	if body.Type == "" {
		return governance.Fail(governance.Required, "type", "Required field 'type' was missing or empty.")
	}
	created, err := s.Use.CreateSchedule(r.Context(), actor(r), governance.Schedule{SourceID: src.ID, Type: body.Type, Cron: body.Cron})
	if err != nil {
		return err
	}
	return writeOne(w, r, &created, appendSchedule)
}

// scheduleIn reads which schedule the path names.
func (s *server) scheduleIn(r *http.Request) (sourceID, scheduleType string, err error) {
	src, err := s.sourceIn(r, "sourceId")
	if err != nil {
		return "", "", err
	}
	scheduleType = r.PathValue("scheduleType")
	if !slices.Contains(governance.ScheduleTypes(), scheduleType) {
		return "", "", governance.Fail(governance.Illegal, "scheduleType", "Illegal value %q for field \"scheduleType\": use %s.",
			scheduleType, strings.Join(governance.ScheduleTypes(), " or "))
	}
	return src.ID, scheduleType, nil
}

func (s *server) getSchedule(w http.ResponseWriter, r *http.Request) error {
	sourceID, scheduleType, err := s.scheduleIn(r)
	if err != nil {
		return err
	}
	schedule, err := s.Store.Schedule(r.Context(), sourceID, scheduleType)
	if err != nil {
		return err
	}
	return writeOne(w, r, &schedule, appendSchedule)
}

func (s *server) updateSchedule(w http.ResponseWriter, r *http.Request) error {
	sourceID, scheduleType, err := s.scheduleIn(r)
	if err != nil {
		return err
	}
	apply := patch[scheduleForm](w, r, schedulePatchable)
	schedule, err := s.Use.UpdateSchedule(r.Context(), actor(r), sourceID, scheduleType, func(x *governance.Schedule) error {
		form, _, err := apply(scheduleForm{x.Cron})
		x.Cron = form.Cron
		return err
	})
	if err != nil {
		return err
	}
	return writeOne(w, r, &schedule, appendSchedule)
}

func (s *server) deleteSchedule(w http.ResponseWriter, r *http.Request) error {
	sourceID, scheduleType, err := s.scheduleIn(r)
	if err != nil {
		return err
	}
	if err := s.Store.DeleteSchedule(r.Context(), actor(r), sourceID, scheduleType); err != nil {
		return err
	}
	return done(w, r)
}

func appendSchedule(b []byte, s *governance.Schedule) []byte {
	b = jsondoc.AppendStringField(append(b, '{'), "type", s.Type)
	return append(jsondoc.AppendStringField(b, "cronExpression", s.Cron), '}')
}
