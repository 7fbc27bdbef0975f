// Accounts, their entitlements and how far an aggregation is.
import { deepEqual, equal, ok } from 'node:assert/strict';

import { Paginator, replace } from './client.js';

async function list(v, world) {
  const api = v.api('Accounts');
  const filters = `sourceId eq "${world.source}"`;
  const { data, headers } = await api.listAccounts({ filters, sorters: 'nativeIdentity', detailLevel: 'FULL', count: true, limit: 2, offset: 1 });
  deepEqual(data.map((a) => a.nativeIdentity), ['r2', 'r3']);
  equal(headers['x-total-count'], String(world.accounts));
  const { data: all } = await Paginator.paginate(api, api.listAccounts, { filters, sorters: 'nativeIdentity' }, 2);
  equal(all.length, world.accounts);
  const { data: one } = await api.getAccount({ id: data[0].id });
  deepEqual(one, data[0]);
  const { data: first } = await api.listAccounts({ filters: `${filters} and nativeIdentity eq "r1"` });
  const { data: held } = await api.getAccountEntitlements({ id: first[0].id, limit: 10, offset: 0, count: true });
  deepEqual(held.map((e) => e.value).sort(), ['backup', 'operators']);
}

async function entitlements(v, world) {
  const api = v.api('Entitlements');
  if (!api) return;
  const asked = { filters: `source.id eq "${world.source}" and value eq "operators"`, sorters: '-name', count: true, limit: 10, offset: 0 };
  const { data, headers } = await api.listEntitlements(asked);
  equal(headers['x-total-count'], '1');
  const { id } = data[0];
  equal((await api.getEntitlement({ id })).data.value, 'operators');
  const { data: changed } = await api.patchEntitlement({ id, ...v.patch(replace('/description', `By ${v.name}`)) });
  equal(changed.description, `By ${v.name}`);
}

async function aggregation(v, world) {
  const api = v.api('AccountAggregations');
  if (!api) return;
  const { data } = await api.getAccountAggregationStatus({ id: world.task });
  equal(data.status, 'COMPLETED');
  equal(data.processedAccounts, world.accounts);
  ok(data.start);
}

export default [list, entitlements, aggregation];
