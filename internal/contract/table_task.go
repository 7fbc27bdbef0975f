package contract

const (
	taskEditors = "ORG_ADMIN CERT_ADMIN REPORT_ADMIN ROLE_ADMIN ROLE_SUBADMIN SOURCE_ADMIN SOURCE_SUBADMIN"
	taskReaders = taskEditors + " HELPDESK"
	readTasks   = "idn:task-management:read idn:task-management:write"
)

var taskEntries = []entry{
	{
		ID: "getTaskStatusList", Method: get, Path: "/task-status", In: everywhere, NotFound: true,
		Scopes: readTasks, Levels: taskReaders, App: true,
		Page:     250,
		Filters:  "id:id eq in; sourceId:id eq in; completionStatus eq in isnull; type eq in; launcher eq in",
		Sorters:  "created",
		Response: "[]TaskStatus",
	},
	{
		ID: "getTaskStatus", Method: get, Path: "/task-status/{id}", In: everywhere,
		Scopes: readTasks, Levels: taskReaders, App: true,
		Response: "TaskStatus",
	},
	{
		ID: "updateTaskStatus", Method: patch, Path: "/task-status/{id}", In: everywhere,
		Scopes: "idn:task-management:write", Levels: taskEditors,
		Request: "[]PatchOperation", Response: "TaskStatus",
	},
}
