// Provisioning policies of sources.
import { deepEqual, equal } from 'node:assert/strict';

import { replace } from './client.js';
import { makeSource } from './sources.js';

async function policies(v, world) {
  const api = v.api('Sources');
  const sourceId = await makeSource(v, world, `Provisioning ${v.name}`);
  const one = { sourceId, usageType: 'CREATE' };
  const policy = (description) => ({
    name: 'Account', description, usageType: 'CREATE',
    fields: [{ name: 'id', type: 'string', isRequired: false, isMultiValued: false, transform: { type: 'static', attributes: { value: 'x' } }, attributes: {} }],
  });
  const made = await api.createProvisioningPolicy({ sourceId, ...v.body('provisioningPolicyDto', policy('Made')) });
  equal(made.status, 201);
  equal(made.data.description, 'Made');
  deepEqual((await api.getProvisioningPolicy(one)).data, made.data);
  const { data: written } = await api.putProvisioningPolicy({ ...one, ...v.body('provisioningPolicyDto', policy('Written')) });
  equal(written.description, 'Written');
  const { data: changed } = await api.updateProvisioningPolicy({ ...one, ...v.patch(replace('/description', 'Changed')) });
  equal(changed.description, 'Changed');
  const { data: all } = await api.updateProvisioningPoliciesInBulk({ sourceId, ...v.body('provisioningPolicyDto', [policy('In bulk')]) });
  deepEqual(all.map((p) => p.description), ['In bulk']);
  deepEqual((await api.listProvisioningPolicies({ sourceId })).data, all);
  equal((await api.deleteProvisioningPolicy(one)).status, 204);
  deepEqual((await api.listProvisioningPolicies({ sourceId })).data, []);
}

export default [policies];
