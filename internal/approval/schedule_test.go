package approval_test

import (
	"errors"
	"testing"
	"time"

	"midgard/internal/approval"
	"midgard/internal/governance"
)

func TestNext(t *testing.T) {
	t.Parallel()
	after := time.Date(2026, time.March, 28, 12, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		schedule string
		zone     governance.CronTimezone
		want     string
	}{
		{"@every 24h", governance.CronTimezone{}, "2026-03-29T12:00:00Z"},
		{"0 9 * * *", governance.CronTimezone{}, "2026-03-29T09:00:00Z"},
		{"0 0 9 ? * MON", governance.CronTimezone{}, "2026-03-30T09:00:00Z"},
		{"0 9 * * *", governance.CronTimezone{Location: "Europe/Berlin"}, "2026-03-29T07:00:00Z"}, // summer time begins in the night
		{"0 9 * * *", governance.CronTimezone{Location: "Europe/Berlin", Offset: "-05:00"}, "2026-03-29T07:00:00Z"},
		{"0 9 * * *", governance.CronTimezone{Offset: "-05:00"}, "2026-03-28T14:00:00Z"},
		{"0 0 30 2 *", governance.CronTimezone{}, "0001-01-01T00:00:00Z"},
		{"nonsense", governance.CronTimezone{}, "0001-01-01T00:00:00Z"},
	} {
		if got := approval.Next(c.schedule, c.zone, after).Format(time.RFC3339); got != c.want {
			t.Errorf("%q in %v: got %s, want %s", c.schedule, c.zone, got, c.want)
		}
	}
}

func TestCheck(t *testing.T) {
	t.Parallel()
	for field, c := range map[string]governance.ApprovalConfig{
		"": {
			Reminder: governance.ReminderConfig{Enabled: true, Schedule: "@every 24h", Max: 20}, Timezone: governance.CronTimezone{Location: "America/New_York"},
			Timeout: governance.TimeoutConfig{Enabled: true, DaysUntilTimeout: 90, Result: "APPROVED"}, AutoApprove: "DIRECT", RequiresComment: "REJECTION",
			Fallback: governance.FallbackApprover{Type: "SOURCE_OWNER"}, SerialChain: []governance.ChainLink{{Type: "IDENTITY", ID: "x"}},
		},
		"reminderConfig.reminderCronSchedule":            {Reminder: governance.ReminderConfig{Schedule: "daily"}},
		"reminderConfig.maxReminders":                    {Reminder: governance.ReminderConfig{Max: 21}},
		"reminderConfig.daysUntilFirstReminder":          {Reminder: governance.ReminderConfig{DaysUntilFirst: -1}},
		"escalationConfig.escalationCronSchedule":        {Escalation: governance.EscalationConfig{Schedule: "TZ=UTC 0 9 * * *"}},
		"escalationConfig.escalationChain[0].identityId": {Escalation: governance.EscalationConfig{Chain: []governance.ChainLink{{Type: "IDENTITY"}}}},
		"serialChain[0].identityType":                    {SerialChain: []governance.ChainLink{{Type: "SOMEBODY"}}},
		"serialChain":                                    {SerialChain: make([]governance.ChainLink, 21)},
		"timeoutConfig.daysUntilTimeout":                 {Timeout: governance.TimeoutConfig{DaysUntilTimeout: 91}},
		"timeoutConfig.timeoutResult":                    {Timeout: governance.TimeoutConfig{Result: "REJECTED"}},
		"cronTimezone":                                   {Timezone: governance.CronTimezone{Location: "Atlantis"}},
		"requiresComment":                                {RequiresComment: "SOME"},
		"autoApprove":                                    {AutoApprove: "ON"},
		"machineIdentityManagerAssignment":               {ManagerAssignment: "NOBODY"},
		"fallbackApprover.type":                          {Fallback: governance.FallbackApprover{ID: "x"}},
		"fallbackApprover.identityID":                    {Fallback: governance.FallbackApprover{Type: "GOVERNANCE_GROUP"}},
	} {
		err := approval.Check(&c)
		var refused *governance.Error
		switch {
		case field == "" && err != nil:
			t.Errorf("a good configuration: %v", err)
		case field != "" && (!errors.As(err, &refused) || refused.Field != field):
			t.Errorf("want a refusal of %s, got %v", field, err)
		}
	}
}
