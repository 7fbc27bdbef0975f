package contract

const (
	creationRequestsPath = "/account-requests/machine-account-create"
	ownRequestPath       = "/account-requests/{accountRequestId}"

	readRequests = "idn:account-requests:read idn:account-requests:management"
	// The contract lets any token ask for an account and look at the request; so do the operations of ours on it.
	anyToken = "sp:scopes:default"
)

// requestEntries are the requests for machine accounts and for the deletion of accounts.
var requestEntries = []entry{
	{
		ID: "createMachineAccountRequest", Method: post, Path: creationRequestsPath, In: sinceV2026, OK: 202, Experimental: "v1", NotFound: true,
		Levels:  everyPerson,
		Request: "MachineAccountCreateRequest", Response: "AccountRequestResult",
	},
	{
		ID: "getCreateMachineAccountRequest", Method: get, Path: creationRequestsPath + "/{accountRequestId}", In: sinceV2026, Experimental: "v1",
		Levels:   everyPerson,
		Response: "AccountRequestDetails",
	},
	{
		ID: "deleteAccountRequest", Method: post, Path: "/account-requests/account/{accountId}/delete", In: sinceV2026, OK: 202,
		Scopes: "idn:account-requests:create", Levels: joinWords(sourceAdmins, everyPerson),
		Request: "AccountDeleteRequest", RequestOptional: true, Response: "AccountRequestResult",
	},
	{
		ID: "getAccountDeletionRequests", Method: get, Path: "/account-requests/deletion", In: sinceV2026, NotFound: true,
		Scopes: readRequests, Levels: joinWords(sourceAdmins, everyPerson),
		Page: 250, Query: "mine bool default=false",
		Response: "[]AccountDeletionRequest",
	},
	{
		// Ours: requests of both types, with everything that is known of them.
		ID: "listAccountRequests", Method: get, Path: "/account-requests", In: "midgard/v1",
		Scopes: anyToken, Levels: everyPerson,
		Page: 250, Query: "all bool default=false",
		Filters: joinFields("id:id eq in", "requestType eq in", "status eq in", "requester.id:id eq in", "owner.id:id eq in", "source.id:id eq in",
			"created:time eq gt ge lt le", "completed:time eq gt ge lt le isnull"),
		Sorters:  "created completed",
		Response: "[]AccountRequest",
	},
	{
		ID: "getAccountRequest", Method: get, Path: ownRequestPath, In: "midgard/v1",
		Scopes: anyToken, Levels: everyPerson,
		Response: "AccountRequest",
	},
	{
		ID: "cancelAccountRequest", Method: post, Path: ownRequestPath + "/cancel", In: "midgard/v1",
		Scopes: anyToken, Levels: everyPerson,
		Request: "AccountRequestCancel", RequestOptional: true, Response: "AccountRequest",
	},
}
