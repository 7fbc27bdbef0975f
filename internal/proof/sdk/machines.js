// Machine identities and machine accounts, which only the newest release of the SDK has.
import { deepEqual, equal, ok } from 'node:assert/strict';

import { Paginator, replace } from './client.js';

async function identities(v) {
  const api = v.api('MachineIdentities');
  if (!api) return;
  const body = { name: 'Payroll robot', businessApplication: 'Payroll', description: 'Pays everybody', attributes: { region: 'eu' } };
  const { status, data: made } = await api.createMachineIdentity(v.body('machineIdentity', body));
  equal(status, 200);
  const { id } = made;
  const { data: got } = await api.getMachineIdentity({ id });
  deepEqual(got, made);
  deepEqual({ name: got.name, businessApplication: got.businessApplication, description: got.description, attributes: got.attributes }, body);
  const { data: changed } = await api.updateMachineIdentity({ id, requestBody: [replace('/description', 'Pays nobody')] });
  equal(changed.description, 'Pays nobody');
  const { data: listed, headers } = await api.listMachineIdentities({ sorters: 'name', count: true, limit: 250, offset: 0 });
  equal(Number(headers['x-total-count']), listed.length);
  ok(listed.some((m) => m.id === id));
  const { data: paged } = await Paginator.paginate(api, api.listMachineIdentities, { sorters: 'name' }, 2);
  deepEqual(paged, listed);
  equal((await api.deleteMachineIdentity({ id })).status, 204);
}

async function accounts(v, world) {
  const api = v.api('MachineAccounts');
  if (!api) return;
  const filters = `source.id eq "${world.source}"`;
  const { data: all, headers } = await api.listMachineAccounts({ filters, sorters: '-nativeIdentity', count: true });
  equal(headers['x-total-count'], String(world.accounts));
  const { data: paged } = await Paginator.paginate(api, api.listMachineAccounts, { filters, sorters: '-nativeIdentity' }, 1);
  deepEqual(paged, all);
  const { id } = all[0];
  deepEqual((await api.getMachineAccount({ id })).data, all[0]);
  const { data: changed } = await api.updateMachineAccount({ id, requestBody: [{ op: 'add', path: '/environment', value: 'production' }] });
  equal(changed.environment, 'production');
}

export default [identities, accounts];
