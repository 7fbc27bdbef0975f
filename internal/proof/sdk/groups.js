// Governance groups and their members.
import { deepEqual, equal } from 'node:assert/strict';

import { replace } from './client.js';

async function makeGroup(v, world, name) {
  const body = { name, description: 'A group', owner: { type: 'IDENTITY', id: world.admin } };
  const { status, data } = await v.api('GovernanceGroups').createWorkgroup(v.body('workgroupDto', body));
  equal(status, 200);
  return data.id;
}

async function life(v, world) {
  const api = v.api('GovernanceGroups');
  if (!api) return;
  const name = `Group ${v.name}`;
  const id = await makeGroup(v, world, name);
  equal((await api.getWorkgroup({ id })).data.owner.id, world.admin);
  const { data: changed } = await api.patchWorkgroup({ id, ...v.patch(replace('/description', 'Changed')) });
  equal(changed.description, 'Changed');
  const { data: listed, headers } = await api.listWorkgroups({ filters: `name sw "${name}"`, sorters: '-name', count: true, limit: 5, offset: 0 });
  deepEqual(listed.map((g) => g.id), [id]);
  equal(headers['x-total-count'], '1');
  equal((await api.deleteWorkgroup({ id })).status, 204);
  const ids = [await makeGroup(v, world, `${name} 1`), await makeGroup(v, world, `${name} 2`)];
  const gone = await api.deleteWorkgroupsInBulk(v.body('workgroupBulkDeleteRequest', { ids }));
  equal(gone.status, 207);
  deepEqual(gone.data.map((item) => item.id).sort(), ids.sort());
}

async function members(v, world) {
  const api = v.api('GovernanceGroups');
  if (!api) return;
  const workgroupId = await makeGroup(v, world, `Members ${v.name}`);
  const people = v.body(v.name === 'beta' ? 'bulkWorkgroupMembersRequestInner' : 'identityPreviewResponseIdentity', [{ type: 'IDENTITY', id: world.person }]);
  const page = { workgroupId, sorters: 'name', count: true, limit: 5, offset: 0 };
  equal((await api.updateWorkgroupMembers({ workgroupId, ...people })).status, 207);
  deepEqual((await api.listWorkgroupMembers(page)).data.map((m) => m.id), [world.person]);
  const { data: connections, headers } = await api.listConnections(page);
  deepEqual(connections, []);
  equal(headers['x-total-count'], '0');
  equal((await api.deleteWorkgroupMembers({ workgroupId, ...people })).status, 207);
  deepEqual((await api.listWorkgroupMembers(page)).data, []);
}

export default [life, members];
