package contract_test

// Reasons that several differences share.
const (
	noLevelListed   = "the contract lists no level; ours is decided in the table"
	wildcardName    = "ServeMux wants an identifier; the name of a path parameter is not on the wire"
	allErrorKeys    = "every error carries all keys, so that the check of responses is worth something"
	documentedLimit = "the operation's reference page bounds the length, the schema does not"
	itemDefault     = "a default for the items of a list has no meaning"
	untypedRef      = "the contract leaves the type open and shows a reference as its example"
	sourceApproval  = "the contract points to the configuration of approvals in general; its examples have these two keys"
	formErrors      = "the operations on forms describe their errors in their own way; every error of ours has one shape"
	wholeTransform  = "the contract shows the attributes of one type of transform; a mapping may hold any"
	policyByID      = "absent from the data, documented apart from it: the policies of subtypes"
	sourceText      = "an address is what its source says, whatever it looks like"
	apartFromData   = "absent from the data, documented apart from it"
	clientAlias     = "clients send this spelling of sourceId and sourceName"
)

// allowed are the places where the table differs from the contract on purpose.
var allowed = map[string]string{
	"createOauthClient levels":  noLevelListed,
	"deleteIdentity levels":     noLevelListed,
	"deleteOauthClient levels":  noLevelListed,
	"deleteSourceSchema levels": noLevelListed,
	"getAuthUser levels":        noLevelListed,
	"getIdentity levels":        noLevelListed,
	"getOauthClient levels":     noLevelListed,
	"getSourceHealth levels":    noLevelListed,
	"getSourceSchema levels":    noLevelListed,
	"listIdentities levels":     noLevelListed,
	"listOauthClients levels":   noLevelListed,
	"patchAuthUser levels":      noLevelListed,
	"patchOauthClient levels":   noLevelListed,
	"putSourceSchema levels":    noLevelListed,
	"updateSourceSchema levels": noLevelListed,

	"getFormDefinitionByKey levels": noLevelListed,
	"patchFormDefinition levels":    noLevelListed,
	"deleteFormDefinition levels":   noLevelListed,

	"searchFormDefinitionsByTenant limits": "the contract bounds the limit by the key that bounds the length of texts",
	"deleteFormDefinition response body":   "the contract shows an empty object beside the status 204, which has no body",
	"FormElement.validations[].config key": "where clients send the parameter of a validation, of which the contract says nothing",
	"FormCondition.rules[].value type":     "the contract has a text; clients send lists and truth values too",
	"Error.statusCode key":                 formErrors,
	"Error.causes key":                     formErrors,
	"ErrorMessage.locale nullable":         formErrors,
	"ErrorMessage.localeOrigin enum":       formErrors,
	"ErrorMessage.localeOrigin nullable":   formErrors,

	"getIdentityProfile path parameters":    wildcardName,
	"updateIdentityProfile path parameters": wildcardName,
	"deleteIdentityProfile path parameters": wildcardName,

	"GenericApproval.status key":                                    "the list can be filtered by it and clients look for it",
	"ApprovalReference.email format":                                sourceText,
	"ApprovalIdentityRecord.email format":                           sourceText,
	"ApprovalConfig.escalationConfig.escalationChain[].chainId key": "documented apart from the data",
	"ApprovalConfig.serialChain[].tier key":                         "documented apart from the data",

	"listAccounts filter source.id":   clientAlias,
	"listAccounts filter source.name": clientAlias,

	"listProvisioningPoliciesV2 absent":         policyByID,
	"createProvisioningPolicyV2 absent":         policyByID,
	"getProvisioningPolicyV2 absent":            policyByID,
	"putProvisioningPolicyV2 absent":            policyByID,
	"updateProvisioningPolicyV2 absent":         policyByID,
	"deleteProvisioningPolicyV2 absent":         policyByID,
	"ProvisioningPolicyField.transform default": "an empty object means none, which the schema need not say",

	"sendDeclassifyMachineAccountFromSource absent": "absent from the data, documented apart from it, and called by clients",

	"MachineIdentityRequestV1.description maximum":    documentedLimit,
	"MachineIdentityRequestV2025.description maximum": documentedLimit,
	"MachineIdentityRequestV2026.description maximum": documentedLimit,
	"MachineIdentityV1.description maximum":           documentedLimit,
	"MachineIdentityV2.description maximum":           documentedLimit,
	"MachineIdentityV2024.description maximum":        documentedLimit,
	"MachineIdentityV2025.description maximum":        documentedLimit,
	"MachineIdentityV2026.description maximum":        documentedLimit,

	"MachineAccount.machineIdentity untyped":  untypedRef,
	"MachineAccount.machineIdentity nullable": "an account without a machine identity has null here",
	"MachineAccount.ownerIdentity untyped":    untypedRef,
	"MachineAccount.source untyped":           untypedRef,

	"SourceApprovalConfig.approvers key":                        sourceApproval,
	"SourceApprovalConfig.comments key":                         sourceApproval,
	"SourceApprovalConfig.autoApprove key":                      sourceApproval,
	"SourceApprovalConfig.circumventApprovalProcess key":        sourceApproval,
	"SourceApprovalConfig.cronTimezone key":                     sourceApproval,
	"SourceApprovalConfig.escalationConfig key":                 sourceApproval,
	"SourceApprovalConfig.fallbackApprover key":                 sourceApproval,
	"SourceApprovalConfig.machineIdentityManagerAssignment key": sourceApproval,
	"SourceApprovalConfig.reminderConfig key":                   sourceApproval,
	"SourceApprovalConfig.requiresComment key":                  sourceApproval,
	"SourceApprovalConfig.serialChain key":                      sourceApproval,
	"SourceApprovalConfig.timeoutConfig key":                    sourceApproval,

	"AccountRequestDetails.approvalRequestId key": "the example shows it, the schema forgets it",

	"updateMachineAccountsInBulk absent": apartFromData,

	"enableMachineAccount absent":                apartFromData,
	"disableMachineAccount absent":               apartFromData,
	"unlockMachineAccount absent":                apartFromData,
	"reloadMachineAccount absent":                apartFromData,
	"deleteMachineAccountAsync absent":           apartFromData,
	"deleteMachineAccount absent":                apartFromData,
	"getMachineAccountEntitlements absent":       apartFromData,
	"listMachineAccountMachineIdentities absent": apartFromData,
	"enableMachineAccountsInBulk absent":         apartFromData,
	"disableMachineAccountsInBulk absent":        apartFromData,
	"reloadMachineAccountsInBulkAsync absent":    apartFromData,
	"reloadMachineAccountsInBulk absent":         apartFromData,

	"disableAccount levels": "the contract misspells the key of the levels here; they are those of its siblings",

	"MachineClassificationConfig.criteria nullable": "a configuration by source has no criteria and answers null",
	"ClassificationLeaf.children[] untyped":         "the versions differ in whether they give the unused children of a leaf a type",

	"PatchOperation open":           "some versions leave the type of an operation open; all take RFC 6902",
	"PatchOperation.from key":       "RFC 6902 needs it for move and copy",
	"PatchOperation.value nullable": "RFC 6902 allows every value, null included",

	"PersonalAccessTokenCreated.expirationDate nullable": "a token that never expires has none; the list answers null as well",

	"OAuthClient.scope[] default":                itemDefault,
	"OAuthClientCreated.scope[] default":         itemDefault,
	"OAuthClientRequest.scope[] default":         itemDefault,
	"PersonalAccessToken.scope[] default":        itemDefault,
	"PersonalAccessTokenCreated.scope[] default": itemDefault,
	"PersonalAccessTokenRequest.scope[] default": itemDefault,

	"TransformType enum":               "join is described apart from the data, which leaves it out",
	"Transform.attributes untyped":     "the contract has a shape for each type; all of them are objects",
	"TransformRead.attributes untyped": "the contract has a shape for each type; all of them are objects",

	"MappingTransform.name key":                    wholeTransform,
	"MappingTransform.requiresPeriodicRefresh key": wholeTransform,
	"MappingTransform.attributes other keys":       wholeTransform,
	"MappingTransform.attributes.input key":        wholeTransform,
	"replaceMachineAccountMappings absent":         "clients in the field put to the path of the other operations",

	"Error.causes required":     allErrorKeys,
	"Error.detailCode required": allErrorKeys,
	"Error.messages required":   allErrorKeys,
	"Error.trackingId required": allErrorKeys,
	"ErrorText.error required":  allErrorKeys,
	"ErrorText.error untyped":   "the contract gives an example and no type; it is a text",
}
