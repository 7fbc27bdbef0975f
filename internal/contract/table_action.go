package contract

// What may be done with accounts that exist. Whoever owns a machine account may do it with that one, so every person is let
// in; the accounts of others are not found by who has no level for them.
const (
	accountStates = "idn:accounts-state:manage"
	ownersToo     = adminsAndHelpdesk + " USER"
)

// actionEntries are the actions on accounts and the operations on many machine accounts. Those of machine accounts are
// described apart from the contract's data.
var actionEntries = []entry{
	{
		ID: "enableMachineAccount", Method: post, Path: "/machine-accounts/{id}/enable", In: "v1", OK: 202,
		Scopes: "idn:mis-account:enable idn:mis-account:manage", Levels: ownersToo, App: true,
		Response: "MachineAccountsAsyncResult",
	},
	{
		ID: "disableMachineAccount", Method: post, Path: "/machine-accounts/{id}/disable", In: "v1", OK: 202,
		Scopes: "idn:mis-account:disable idn:mis-account:manage", Levels: ownersToo, App: true,
		Response: "MachineAccountsAsyncResult",
	},
	{
		ID: "unlockMachineAccount", Method: post, Path: "/machine-accounts/{id}/unlock", In: "v1", OK: 202,
		Scopes: "idn:mis-account:unlock idn:mis-account:manage", Levels: ownersToo, App: true,
		Response: "MachineAccountsAsyncResult",
	},
	{
		ID: "reloadMachineAccount", Method: post, Path: "/machine-accounts/{id}/reload", In: "v1", OK: 202,
		Scopes: "idn:mis-account:reload idn:mis-account:manage", Levels: ownersToo, App: true,
		Response: "MachineAccountsAsyncResult",
	},
	{
		// From Midgard alone: its source keeps the account.
		ID: "deleteMachineAccountAsync", Method: post, Path: "/machine-accounts/{id}/remove", In: "v1", OK: 202,
		Scopes: "idn:mis-account:remove idn:mis-account:manage", Levels: joinWords(sourceAdmins, everyPerson), App: true,
		Response: "MachineAccountsAsyncResult",
	},
	{
		// A request like any other, with its approval.
		ID: "deleteMachineAccount", Method: post, Path: "/machine-accounts/{accountId}/delete", In: "v1", OK: 202,
		Scopes: "idn:mis-account:delete idn:mis-account:manage", Levels: joinWords(sourceAdmins, everyPerson),
		Request: "AccountDeleteRequest", RequestOptional: true, Response: "AccountRequestResult",
	},
	{
		// To own the account is not enough here.
		ID: "getMachineAccountEntitlements", Method: get, Path: "/machine-accounts/{id}/entitlements", In: "v1",
		Scopes: "idn:mis-account:read", Levels: adminsAndHelpdesk,
		Page: 250, Response: "[]AccountEntitlement",
	},
	{
		ID: "listMachineAccountMachineIdentities", Method: get, Path: "/machine-accounts/{id}/machine-identities", In: "v1",
		Scopes: "idn:mis-account:read", Levels: ownersToo,
		Response: "[]MachineIdentityV1",
	},
	{
		ID: "enableMachineAccountsInBulk", Method: post, Path: "/machine-accounts/bulk-enable", In: "v1", OK: 202,
		Scopes: "idn:mis-account:enable idn:mis-account:manage", Levels: ownersToo, App: true,
		Request: "MachineAccountBulkRequest", Response: "MachineAccountsAsyncResult",
	},
	{
		ID: "disableMachineAccountsInBulk", Method: post, Path: "/machine-accounts/bulk-disable", In: "v1", OK: 202,
		Scopes: "idn:mis-account:disable idn:mis-account:manage", Levels: ownersToo, App: true,
		Request: "MachineAccountBulkRequest", Response: "MachineAccountsAsyncResult",
	},
	{
		ID: "reloadMachineAccountsInBulkAsync", Method: post, Path: "/machine-accounts/bulk-reload-async", In: "v1", OK: 202,
		Scopes: "idn:mis-account:reload idn:mis-account:manage", Levels: ownersToo, App: true,
		Request: "MachineAccountBulkRequest", Response: "MachineAccountsAsyncResult",
	},
	{
		ID: "reloadMachineAccountsInBulk", Method: post, Path: "/machine-accounts/bulk-reload", In: sinceV2026, OK: 207,
		Scopes: "idn:mis-account:reload idn:mis-account:manage", Levels: ownersToo, App: true,
		Request: "MachineAccountBulkRequest", Response: "[]BulkResult",
	},
	{
		ID: "enableAccount", Method: post, Path: "/accounts/{id}/enable", In: everywhere, OK: 202,
		Scopes: accountStates, Levels: adminsAndHelpdesk, App: true,
		Request: "AccountToggleRequest", Response: "AccountsAsyncResult",
	},
	{
		// The contract misspells the key of the levels here.
		ID: "disableAccount", Method: post, Path: "/accounts/{id}/disable", In: everywhere, OK: 202,
		Scopes: accountStates, Levels: adminsAndHelpdesk, App: true,
		Request: "AccountToggleRequest", Response: "AccountsAsyncResult",
	},
	{
		ID: "unlockAccount", Method: post, Path: "/accounts/{id}/unlock", In: everywhere, OK: 202,
		Scopes: accountStates, Levels: adminsAndHelpdesk, App: true,
		Request: "AccountUnlockRequest", Response: "AccountsAsyncResult",
	},
	{
		ID: "submitReloadAccount", Method: post, Path: "/accounts/{id}/reload", In: everywhere, OK: 202,
		Scopes: accountStates, Levels: adminsAndHelpdesk, App: true,
		Response: "AccountsAsyncResult",
	},
	{
		ID: "deleteAccountAsync", Method: post, Path: "/accounts/{id}/remove", In: everywhere, OK: 202,
		Scopes: "idn:accounts:manage", Levels: orgAdmin, App: true,
		Response: "TaskResult",
	},
}
