// Package approval reads the schedules by which approvals remind people and are handed on.
package approval

import (
	"fmt"
	"strings"
	"time"
	_ "time/tzdata" // the program is one file: time zones may not be there where it runs

	"github.com/robfig/cron/v3"

	"midgard/internal/governance"
)

// maxSchedule bounds the length of a schedule in bytes.
const maxSchedule = 256

var parser = cron.NewParser(cron.SecondOptional | cron.Minute | cron.Hour | cron.Dom | cron.Month | cron.Dow | cron.Descriptor)

// Check refuses a configuration that cannot be followed, schedules and time zone included. Whether the people and groups exist
// is for the store to see.
func Check(c *governance.ApprovalConfig) error {
	if err := c.Validate(); err != nil {
		return err
	}
	if _, err := locate(c.Timezone); err != nil {
		return governance.Because(err, governance.Illegal, "cronTimezone", "Illegal value for field \"cronTimezone\": name a place such as Europe/Berlin as location or an offset such as +02:00.")
	}
	for _, s := range []struct{ field, schedule string }{
		{"reminderConfig.reminderCronSchedule", c.Reminder.Schedule}, {"escalationConfig.escalationCronSchedule", c.Escalation.Schedule},
	} {
		if s.schedule == "" {
			continue
		}
		if _, err := parse(s.schedule); err != nil {
			return governance.Because(err, governance.Illegal, s.field, "Illegal value for field %q: use a period such as @every 24h or a cron expression of five or six fields.", s.field)
		}
	}
	return nil
}

func parse(schedule string) (cron.Schedule, error) {
	if len(schedule) > maxSchedule {
		return nil, fmt.Errorf("the schedule is longer than %d bytes", maxSchedule)
	}
	if strings.HasPrefix(schedule, "TZ=") || strings.HasPrefix(schedule, "CRON_TZ=") {
		return nil, fmt.Errorf("the time zone stands in cronTimezone")
	}
	return parser.Parse(schedule)
}

// locate gives the time zone of schedules. A place goes before an offset.
func locate(zone governance.CronTimezone) (*time.Location, error) {
	if zone.Location != "" || zone.Offset == "" {
		return time.LoadLocation(zone.Location)
	}
	at, err := time.Parse("Z07:00", zone.Offset)
	if err != nil {
		return nil, err
	}
	_, seconds := at.Zone()
	return time.FixedZone(zone.Offset, seconds), nil
}

// Next gives the first time after the given one that a schedule names, in UTC. It is zero when there is none, or when the
// schedule cannot be read, which Check would have refused.
func Next(schedule string, zone governance.CronTimezone, after time.Time) time.Time {
	s, err := parse(schedule)
	if err != nil {
		return time.Time{}
	}
	location, err := locate(zone)
	if err != nil {
		return time.Time{}
	}
	if at := s.Next(after.In(location)); !at.IsZero() {
		return at.UTC()
	}
	return time.Time{}
}
