package contract

const (
	readTransforms   = "idn:transform:read idn:transform:manage"
	manageTransforms = "idn:transform:manage"
)

var transformEntries = []entry{
	{
		ID: "listTransforms", Method: get, Path: "/transforms", In: everywhere,
		Scopes: readTransforms, Levels: orgAdmin, App: true,
		Page:     250,
		Filters:  "internal:bool eq; name eq sw",
		Query:    "name string",
		Response: "[]TransformRead",
	},
	{
		ID: "createTransform", Method: post, Path: "/transforms", In: everywhere, OK: 201,
		Scopes: manageTransforms, Levels: orgAdmin, App: true,
		Request: "Transform", Response: "TransformRead",
	},
	{
		ID: "getTransform", Method: get, Path: "/transforms/{id}", In: everywhere,
		Scopes: readTransforms, Levels: orgAdmin, App: true,
		Response: "TransformRead",
	},
	{
		ID: "updateTransform", Method: put, Path: "/transforms/{id}", In: everywhere,
		Scopes: manageTransforms, Levels: orgAdmin, App: true,
		Request: "Transform", RequestOptional: true, Response: "TransformRead",
	},
	{
		ID: "deleteTransform", Method: remove, Path: "/transforms/{id}", In: everywhere, OK: 204,
		Scopes: manageTransforms, Levels: orgAdmin, App: true,
	},
	{
		// Ours: what a transform makes of texts, without keeping anything.
		ID: "testTransform", Method: post, Path: "/transform-test", In: "midgard/v1",
		Scopes: readTransforms, Levels: orgAdmin, App: true,
		Request: "TransformTest", Response: "TransformTestResults",
	},
}
