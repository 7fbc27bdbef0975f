package contract

const (
	readApprovals   = "idn:access-request-approvals:read idn:access-request-administration:read idn:access-request-approvals:manage"
	manageApprovals = "idn:access-request-approvals:manage"
	writeApprovals  = "sp:approvals:write"
	// approvalOwner admits every person: whether an approval is theirs is for the handler to see.
	approvalOwner = "APPROVAL_OWNER"

	approvalsPath      = "/generic-approvals"
	approvalPath       = "/generic-approvals/{id}"
	approvalConfigPath = "/generic-approvals/config/{id}/{scope}"

	approvalTexts   = " eq ne in co sw"
	approvalDates   = ":time eq ne in co sw gt ge lt le"
	approvalIDs     = ":id eq ne in co sw"
	approvalFilters = "status" + approvalTexts + "; name" + approvalTexts + "; priority" + approvalTexts + "; type" + approvalTexts +
		"; medium" + approvalTexts + "; description" + approvalTexts + "; batchId" + approvalTexts + "; search" + approvalTexts +
		"; createdDate" + approvalDates + "; dueDate" + approvalDates + "; completedDate" + approvalDates +
		"; modifiedDate" + approvalDates + "; decisionDate" + approvalDates +
		"; referenceId" + approvalIDs + "; referenceType" + approvalTexts + "; referenceName" + approvalTexts +
		"; requestedTargetId" + approvalIDs + "; requestedTargetType" + approvalTexts + "; requestedTargetName" + approvalTexts +
		"; requestedTargetRequestType" + approvalTexts +
		"; approvalId" + approvalIDs + "; requesterId" + approvalIDs + "; requesteeId" + approvalIDs + "; approverId" + approvalIDs

	configScope = "scope enum(DOMAIN_OBJECT ACCOUNT ROLE ACCESS_PROFILE ENTITLEMENT APPROVAL_TYPE TENANT)"
)

// approvalEntries are the operations on approvals and on how they go.
var approvalEntries = []entry{
	{
		ID: "getApprovals", Method: get, Path: approvalsPath, In: everywhere,
		Scopes: readApprovals, Levels: approvalOwner,
		Page: 250, Filters: approvalFilters,
		Query: `mine bool default=false; requesterId string; requesteeId string; approverId string; count-only bool default=false
			include-comments bool default=false; include-approvers bool default=false
			include-reassignment-history bool default=false; include-batch-info bool default=false`,
		Response: "[]GenericApproval",
	},
	{
		ID: "getApproval", Method: get, Path: approvalPath, In: everywhere,
		Scopes: readApprovals, Levels: approvalOwner,
		Response: "GenericApproval",
	},
	{
		ID: "approveApproval", Method: post, Path: approvalPath + "/approve", In: everywhere,
		Scopes: manageApprovals, Levels: approvalOwner,
		Request: "ApprovalApproveRequest", RequestOptional: true, Response: "GenericApproval",
	},
	{
		ID: "rejectApproval", Method: post, Path: approvalPath + "/reject", In: everywhere, OK: 204,
		Scopes: manageApprovals, Levels: approvalOwner,
		Request: "ApprovalRejectRequest", RequestOptional: true,
	},
	{
		ID: "updateApprovalsReassign", Method: post, Path: approvalPath + "/reassign", In: everywhere, OK: 204,
		Scopes: manageApprovals, Levels: approvalOwner,
		Request: "ApprovalReassignRequest",
	},
	{
		ID: "updateApprovalsComments", Method: post, Path: approvalPath + "/comments", In: everywhere,
		Scopes: manageApprovals, Levels: approvalOwner,
		Request: "ApprovalCommentsRequest", Response: "GenericApproval",
	},
	{
		ID: "updateApprovalsAttributes", Method: post, Path: approvalPath + "/attributes", In: everywhere,
		Scopes: manageApprovals, Levels: approvalOwner,
		Request: "ApprovalAttributesRequest", Response: "GenericApproval",
	},
	{
		ID: "cancelApprovalById", Method: post, Path: approvalPath + "/cancel", In: everywhere, OK: 204,
		Scopes: writeApprovals, Levels: orgAdmin,
		Request: "ApprovalCancelRequest", RequestOptional: true,
	},
	{
		ID: "approveApprovalInBulk", Method: post, Path: approvalsPath + "/bulk-approve", In: everywhere, OK: 202, NotFound: true,
		Scopes: writeApprovals, Levels: orgAdmin,
		Request: "BulkApproveRequest", Response: "map",
	},
	{
		ID: "rejectApprovalInBulk", Method: post, Path: approvalsPath + "/bulk-reject", In: everywhere, OK: 202, NotFound: true,
		Scopes: writeApprovals, Levels: orgAdmin,
		Request: "BulkRejectRequest", Response: "map",
	},
	{
		ID: "cancelApproval", Method: post, Path: approvalsPath + "/bulk-cancel", In: everywhere, OK: 202, NotFound: true,
		Scopes: writeApprovals, Levels: orgAdmin,
		Request: "BulkCancelRequest", Response: "map",
	},
	{
		ID: "moveApproval", Method: post, Path: approvalsPath + "/bulk-reassign", In: everywhere, OK: 202, NotFound: true,
		Scopes: writeApprovals, Levels: orgAdmin,
		Request: "BulkReassignRequest", Response: "map",
	},
	{
		ID: "getApprovalsConfig", Method: get, Path: approvalsPath + "/config/{id}", In: everywhere,
		Scopes: "sp:approvals:read", Levels: approvalOwner,
		Response: "ApprovalConfig",
	},
	{
		ID: "putApprovalsConfig", Method: put, Path: approvalConfigPath, In: everywhere,
		Scopes: writeApprovals, Levels: orgAdmin, PathParams: configScope,
		Request: "ApprovalConfig", Response: "ApprovalConfig",
	},
	{
		ID: "deleteApprovalConfigRequest", Method: remove, Path: approvalConfigPath, In: everywhere, OK: 204,
		Scopes: writeApprovals, Levels: orgAdmin, PathParams: configScope,
	},
}
