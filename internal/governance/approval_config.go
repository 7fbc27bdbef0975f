package governance

import (
	"fmt"
	"strings"
)

// The bounds of the contract.
const (
	MaxReminders    = 20
	MaxTimeoutDays  = 90
	MaxWaitDays     = 365 // until a first reminder or escalation; ours
	MaxApproverTier = 20  // in a chain; ours
)

// The results of a time-out, and who is asked for oneself.
const (
	AutoApproveOff      = "OFF"
	AutoApproveDirect   = "DIRECT"   // the requester is the approver
	AutoApproveIndirect = "INDIRECT" // likewise, or a member of the approving group
)

// ManagerOfRequester is who is asked as the manager unless something else is configured.
const ManagerOfRequester = "MANAGER_OF_REQUESTER"

// ApprovalConfig says how approvals of one type, or about one object, go. Its zero value asks people without reminders,
// escalation and end.
type ApprovalConfig struct {
	Reminder          ReminderConfig   `json:"reminderConfig,omitzero"`
	Escalation        EscalationConfig `json:"escalationConfig,omitzero"`
	Timeout           TimeoutConfig    `json:"timeoutConfig,omitzero"`
	Timezone          CronTimezone     `json:"cronTimezone,omitzero"`
	SerialChain       []ChainLink      `json:"serialChain,omitempty"` // asked after the approvers of the subtype, in the order of the tiers
	RequiresComment   string           `json:"requiresComment,omitempty"`
	Fallback          FallbackApprover `json:"fallbackApprover,omitzero"`
	ManagerAssignment string           `json:"machineIdentityManagerAssignment,omitempty"`
	Circumvent        bool             `json:"circumventApprovalProcess,omitempty"`
	AutoApprove       string           `json:"autoApprove,omitempty"`
}

// ReminderConfig says when those are reminded who have not decided.
type ReminderConfig struct {
	Enabled        bool   `json:"enabled"`
	DaysUntilFirst int    `json:"daysUntilFirstReminder"`
	Schedule       string `json:"reminderCronSchedule"` // of the further ones; "" for none
	Max            int    `json:"maxReminders"`         // 0 stands for MaxReminders
}

// Limit is how many reminders there may be for one step.
func (r ReminderConfig) Limit() int {
	if r.Max == 0 {
		return MaxReminders
	}
	return r.Max
}

// EscalationConfig says when and to whom a step is handed on that nobody decides.
type EscalationConfig struct {
	Enabled        bool        `json:"enabled"`
	DaysUntilFirst int         `json:"daysUntilFirstEscalation"`
	Schedule       string      `json:"escalationCronSchedule"` // of the further ones; "" for none
	Chain          []ChainLink `json:"escalationChain"`
}

// TimeoutConfig says when an approval ends that nobody ends.
type TimeoutConfig struct {
	Enabled          bool           `json:"enabled"`
	DaysUntilTimeout int            `json:"daysUntilTimeout"`
	Result           ApprovalStatus `json:"timeoutResult,omitempty"` // ApprovalExpired, also when empty, or ApprovalApproved
}

// Outcome is what an approval ends with when its time is over.
func (t TimeoutConfig) Outcome() ApprovalStatus {
	if t.Result == "" {
		return ApprovalExpired
	}
	return t.Result
}

// CronTimezone is where cron schedules are read: a place such as Europe/Berlin, or an offset such as +02:00. Without either
// it is UTC.
type CronTimezone struct {
	Location string `json:"location"`
	Offset   string `json:"offset"`
}

// ChainLink is one of several approvers who come one after the other.
type ChainLink struct {
	ChainID string `json:"chainId,omitempty"` // kept for the client
	Tier    int    `json:"tier,omitempty"`
	ID      string `json:"identityId"`
	Type    string `json:"identityType"` // one of ApproverTypes
}

// FallbackApprover is asked where nobody else can be.
type FallbackApprover struct {
	ID   string `json:"identityID"`
	Type string `json:"type"` // one of ApproverTypes
}

// ApproverTypes are the contract's, in its order.
var ApproverTypes = strings.Fields(`IDENTITY GOVERNANCE_GROUP MANAGER_OF ACCOUNT_OWNER MACHINE_ACCOUNT_OWNER MACHINE_IDENTITY_OWNER
 MANAGER_OF_REQUESTED_TARGET_OWNER MANAGER_OF_MACHINE_IDENTITY_OWNER MANAGER_OF_ACCOUNT_OWNER MANAGER_OF_MACHINE_ACCOUNT_OWNER
 MANAGER_OF_REQUESTER MANAGER_OF_REQUESTER_OWNER MANAGER_OF_OWNER ACCESS_PROFILE_OWNER APPLICATION_OWNER ENTITLEMENT_OWNER ROLE_OWNER
 SOURCE_OWNER REQUESTED_TARGET_OWNER ACCESS_PROFILE_PRIMARY_OWNER APPLICATION_PRIMARY_OWNER ENTITLEMENT_PRIMARY_OWNER ROLE_PRIMARY_OWNER
 SOURCE_PRIMARY_OWNER ACCOUNT_PRIMARY_OWNER MACHINE_ACCOUNT_PRIMARY_OWNER MACHINE_IDENTITY_PRIMARY_OWNER REQUESTED_TARGET_PRIMARY_OWNER
 ACCESS_PROFILE_SECONDARY_OWNER_GROUP APPLICATION_SECONDARY_OWNER_GROUP ENTITLEMENT_SECONDARY_OWNER_GROUP ROLE_SECONDARY_OWNER_GROUP
 SOURCE_SECONDARY_OWNER_GROUP ACCOUNT_SECONDARY_OWNER_GROUP MACHINE_ACCOUNT_SECONDARY_OWNER_GROUP MACHINE_IDENTITY_SECONDARY_OWNER_GROUP
 REQUESTED_TARGET_SECONDARY_OWNER_GROUP ACCESS_PROFILE_ALL_OWNER_GROUP APPLICATION_ALL_OWNER_GROUP ENTITLEMENT_ALL_OWNER_GROUP
 ROLE_ALL_OWNER_GROUP SOURCE_ALL_OWNER_GROUP ACCOUNT_ALL_OWNER_GROUP MACHINE_ACCOUNT_ALL_OWNER_GROUP MACHINE_IDENTITY_ALL_OWNER_GROUP
 REQUESTED_TARGET_ALL_OWNER_GROUP`)

// ManagerAssignments are who may be asked as the manager, in the contract's order.
var ManagerAssignments = []string{
	ManagerOfRequester, "MACHINE_IDENTITY_OWNER", "MANAGER_OF_MACHINE_IDENTITY_OWNER", "REQUESTED_TARGET_OWNER",
	"MANAGER_OF_REQUESTED_TARGET_OWNER", "ACCOUNT_OWNER", "MANAGER_OF_ACCOUNT_OWNER",
}

// The scopes of configurations. The one of a single approval is what applied when it was opened and can only be read.
const (
	ConfigOfRequest = "APPROVAL_REQUEST"
	ConfigOfType    = "APPROVAL_TYPE"
	ConfigOfTenant  = "TENANT"
)

// ConfigScopes are those that a configuration can be kept under, the most particular first: where several apply to an
// approval, the first one does.
var ConfigScopes = []string{"DOMAIN_OBJECT", "ACCOUNT", "ENTITLEMENT", "ACCESS_PROFILE", "ROLE", ConfigOfType, ConfigOfTenant}

// CheckConfigScope refuses a scope that no configuration can be kept under, and an id that is none.
func CheckConfigScope(id, scope string) error {
	if scope == ConfigOfRequest {
		return Fail(Illegal, "scope", "Illegal value %q for field %q: the configuration of a single approval cannot be changed.", scope, "scope")
	}
	if err := oneOf("scope", scope, ConfigScopes...); err != nil {
		return err
	}
	if strings.TrimSpace(id) == "" {
		return required("id")
	}
	return atMost("id", id, MaxName)
}

// Validate checks everything but whether the people and groups exist, and whether the time zone and the schedules can be
// read.
func (c *ApprovalConfig) Validate() error {
	for _, number := range []struct {
		field     string
		value     int
		low, high int
	}{
		{"reminderConfig.daysUntilFirstReminder", c.Reminder.DaysUntilFirst, 0, MaxWaitDays},
		{"reminderConfig.maxReminders", c.Reminder.Max, 0, MaxReminders},
		{"escalationConfig.daysUntilFirstEscalation", c.Escalation.DaysUntilFirst, 0, MaxWaitDays},
		{"timeoutConfig.daysUntilTimeout", c.Timeout.DaysUntilTimeout, 0, MaxTimeoutDays},
	} {
		if number.value < number.low || number.value > number.high {
			return Fail(Limit, number.field, "Field '%s' is %d; use a whole number from %d to %d.", number.field, number.value, number.low, number.high)
		}
	}
	for _, word := range []struct {
		field, value string
		allowed      []string
	}{
		{"timeoutConfig.timeoutResult", string(c.Timeout.Result), []string{string(ApprovalExpired), string(ApprovalApproved)}},
		{"requiresComment", c.RequiresComment, []string{CommentsApproval, CommentsRejection, CommentsAll, CommentsOff}},
		{"machineIdentityManagerAssignment", c.ManagerAssignment, ManagerAssignments},
		{"autoApprove", c.AutoApprove, []string{AutoApproveOff, AutoApproveDirect, AutoApproveIndirect}},
		{"fallbackApprover.type", c.Fallback.Type, ApproverTypes},
	} {
		if word.value == "" {
			continue
		}
		if err := oneOf(word.field, word.value, word.allowed...); err != nil {
			return err
		}
	}
	return c.validateParties()
}

func (c *ApprovalConfig) validateParties() error {
	if c.Fallback.ID != "" && c.Fallback.Type == "" {
		return required("fallbackApprover.type")
	}
	if needsID(c.Fallback.Type) && c.Fallback.ID == "" {
		return required("fallbackApprover.identityID")
	}
	if err := validateChain("escalationConfig.escalationChain", c.Escalation.Chain); err != nil {
		return err
	}
	return validateChain("serialChain", c.SerialChain)
}

func needsID(kind string) bool { return kind == PartyIdentity || kind == PartyGroup }

func validateChain(field string, chain []ChainLink) error {
	if len(chain) > MaxApproverTier {
		return Fail(Limit, field, "Field '%s' holds %d entries; at most %d are allowed.", field, len(chain), MaxApproverTier)
	}
	for i, link := range chain {
		at := fmt.Sprintf("%s[%d]", field, i)
		if err := oneOf(at+".identityType", link.Type, ApproverTypes...); err != nil {
			return err
		}
		if needsID(link.Type) && link.ID == "" {
			return required(at + ".identityId")
		}
		if err := atMost(at+".chainId", link.ChainID, MaxName); err != nil {
			return err
		}
	}
	return nil
}
