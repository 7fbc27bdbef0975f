package api

import "maps"

// handlers gives the handler of every operation by its id. A family's handlers stand in the family's file.
func (s *server) handlers() map[string]handler {
	all := map[string]handler{}
	for _, family := range []map[string]handler{
		s.machineIdentityHandlers(),
		s.machineAccountHandlers(),
		s.accountActionHandlers(),
		s.subtypeHandlers(),
		s.accountRequestHandlers(),
		s.classificationHandlers(),
		s.mappingHandlers(),
		s.sourceHandlers(),
		s.sourceSchemaHandlers(),
		s.provisioningPolicyHandlers(),
		s.workItemHandlers(),
		s.scheduleHandlers(),
		s.connectorHandlers(),
		s.aggregationHandlers(),
		s.accountHandlers(),
		s.entitlementHandlers(),
		s.holdingHandlers(),
		s.identityHandlers(),
		s.identityProfileHandlers(),
		s.workgroupHandlers(),
		s.transformHandlers(),
		s.formHandlers(),
		s.genericApprovalHandlers(),
		s.taskHandlers(),
		s.accessTokenHandlers(),
		s.oauthClientHandlers(),
		s.authUserHandlers(),
	} {
		maps.Copy(all, family)
	}
	return all
}
