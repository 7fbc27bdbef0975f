package governance

// PreviewRequest is a set of rules to try on a source. What is nil stays as the source has it; without a classification no
// account changes sides.
type PreviewRequest struct {
	Mappings       *MappingSet
	Classification *ClassificationConfig
	AdministeredBy string // the sub-administrator who asks, "" for others
	Limit, Offset  int    // of the rows
}

// Preview is what rules would change. The counts are those of all accounts of the source; Rows are a page of the accounts
// that would change or that something goes wrong with, in the order of their ids, of Total in all.
type Preview struct {
	Counts PreviewCounts `json:"counts"`
	Total  int64         `json:"total"`
	Rows   []PreviewRow  `json:"rows"`
}

// PreviewCounts sums up a preview. An account joins when it comes to share a machine identity with others, and is split
// off when it leaves one that it shared.
type PreviewCounts struct {
	Read              int64 `json:"accountsRead"`
	Changed           int64 `json:"accountsChanged"`
	BecomeMachine     int64 `json:"becomeMachine"`
	BecomeHuman       int64 `json:"becomeHuman"`
	IdentitiesMade    int64 `json:"machineIdentitiesMade"`
	IdentitiesRemoved int64 `json:"machineIdentitiesRemoved"`
	Joined            int64 `json:"accountsJoined"`
	Split             int64 `json:"accountsSplit"`
	OwnersGained      int64 `json:"ownersGained"`
	OwnersLost        int64 `json:"ownersLost"`
	OwnersChanged     int64 `json:"ownersChanged"`
	AttributesChanged int64 `json:"attributesChanged"`
	Problems          int64 `json:"problems"`
}

// PreviewRow is one account before and after.
type PreviewRow struct {
	ID             string          `json:"id"`
	Name           string          `json:"name"`
	NativeIdentity string          `json:"nativeIdentity"`
	Changes        []PreviewChange `json:"changes"`
	Problems       []string        `json:"problems"`
}

// PreviewChange is an attribute of an account, or of its machine identity, with its values; nil for none.
type PreviewChange struct {
	Attribute string  `json:"attribute"`
	Before    *string `json:"before"`
	After     *string `json:"after"`
}

// Membership is what a preview needs to know of a machine identity.
type Membership struct {
	ID                              string
	ManuallyCreated, ManuallyEdited bool
	Accounts                        int64 // machine accounts that belong to it
}

// Shared is the machine identity that accounts with one mapped native identity belong to.
type Shared struct {
	Key string // the native identity in the form in which texts are compared
	Reference
}
