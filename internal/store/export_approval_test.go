package store

import (
	"context"
	"sync"

	"midgard/internal/governance"
)

// TestApproval is a type of approval whose ends the tests are told.
const TestApproval = "TEST_APPROVAL"

// ends counts the ends of approvals of the type TestApproval, by id.
var ends struct {
	sync.Mutex
	by map[string]int
}

func init() {
	ends.by = map[string]int{}
	approvalEnds[TestApproval] = func(_ context.Context, _ *tx, a *governance.GenericApproval) error {
		ends.Lock()
		defer ends.Unlock()
		ends.by[a.ID+" "+string(a.Status)]++
		return nil
	}
}

// Ends tells how often an approval was said to have ended with a status.
func Ends(id string, status governance.ApprovalStatus) int {
	ends.Lock()
	defer ends.Unlock()
	return ends.by[id+" "+string(status)]
}

// ApprovalSteps is approvalSteps in a transaction of its own.
func (s *Store) ApprovalSteps(ctx context.Context, setting governance.Approval, requester, source, owner governance.Reference) (steps []governance.ApprovalStep, err error) {
	err = s.write(ctx, governance.Server("test", ""), func(ctx context.Context, t *tx) (err error) {
		steps, err = t.approvalSteps(ctx, setting, requester, source, owner)
		return err
	})
	return steps, err
}
