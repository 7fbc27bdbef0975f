package contract

// accessEntries are credentials. No levels are listed for OAuth clients; a
// client can act for anybody, so they are for the administrator of the
// organisation.
var accessEntries = []entry{
	{
		ID: "listOauthClients", Method: get, Path: "/oauth-clients", In: everywhere,
		Scopes: "sp:oauth-client:read sp:oauth-client:manage", Levels: orgAdmin,
		Filters:  "lastUsed:time le isnull",
		Response: "[]OAuthClient",
	},
	{
		ID: "createOauthClient", Method: post, Path: "/oauth-clients", In: everywhere,
		Scopes: "sp:oauth-client:manage", Levels: orgAdmin,
		Request: "OAuthClientRequest", Response: "OAuthClientCreated",
	},
	{
		ID: "getOauthClient", Method: get, Path: "/oauth-clients/{id}", In: everywhere,
		Scopes: "sp:oauth-client:manage sp:oauth-client:read", Levels: orgAdmin, App: true,
		Response: "OAuthClient",
	},
	{
		ID: "patchOauthClient", Method: patch, Path: "/oauth-clients/{id}", In: everywhere,
		Scopes: "sp:oauth-client:manage", Levels: orgAdmin,
		Request: "[]PatchOperation", Response: "OAuthClient",
	},
	{
		ID: "deleteOauthClient", Method: remove, Path: "/oauth-clients/{id}", In: everywhere, OK: 204,
		Scopes: "sp:oauth-client:manage", Levels: orgAdmin,
	},
	{
		ID: "listPersonalAccessTokens", Method: get, Path: "/personal-access-tokens", In: everywhere,
		Scopes: `sp:my-personal-access-tokens:read sp:my-personal-access-tokens:manage
			sp:all-personal-access-tokens:read sp:all-personal-access-tokens:manage`, Levels: anyCaller,
		Filters:  "lastUsed:time le isnull",
		Query:    "owner-id string",
		Response: "[]PersonalAccessToken",
	},
	{
		ID: "createPersonalAccessToken", Method: post, Path: "/personal-access-tokens", In: everywhere,
		Scopes: "sp:my-personal-access-tokens:manage sp:all-personal-access-tokens:manage", Levels: anyCaller,
		Request: "PersonalAccessTokenRequest", Response: "PersonalAccessTokenCreated",
	},
	{
		// Ours: the administrator of the organisation makes a token for anybody.
		ID: "createPersonalAccessTokenFor", Method: post, Path: "/personal-access-tokens", In: "midgard/v1",
		Scopes: "sp:all-personal-access-tokens:manage", Levels: orgAdmin,
		Request: "PersonalAccessTokenForRequest", Response: "PersonalAccessTokenCreated",
	},
	{
		ID: "patchPersonalAccessToken", Method: patch, Path: "/personal-access-tokens/{id}", In: everywhere,
		Scopes: "sp:my-personal-access-tokens:manage", Levels: anyCaller,
		Request: "[]PatchOperation", Response: "PersonalAccessToken",
	},
	{
		ID: "deletePersonalAccessToken", Method: remove, Path: "/personal-access-tokens/{id}", In: everywhere, OK: 204,
		Scopes: "sp:my-personal-access-tokens:manage sp:all-personal-access-tokens:manage", Levels: anyCaller,
	},
}
