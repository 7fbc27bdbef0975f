// Sources, their schemas, schedules, files and connectors.
import { File } from 'node:buffer';
import { deepEqual, equal, match, ok } from 'node:assert/strict';

import { Paginator, replace } from './client.js';
import { finished } from './tasks.js';

const columns = ['id', 'name', 'groups'];

/** Makes a source, of files unless told otherwise, and gives its id. */
export async function makeSource(v, world, name, more = {}) {
  const body = { name, owner: { type: 'IDENTITY', id: world.admin }, connector: 'delimited-file', ...more };
  const { status, data } = await v.api('Sources').createSource(v.body('source', body));
  equal(status, 201);
  equal(data.name, name);
  return data.id;
}

function file(text) {
  return new File([text], 'accounts.csv', { type: 'text/csv' });
}

async function life(v, world) {
  const api = v.api('Sources');
  const name = `Life ${v.name}`;
  const id = await makeSource(v, world, name);
  const { data: got } = await api.getSource({ id });
  equal(got.owner.id, world.admin);
  const { data: changed } = await api.updateSource({ id, ...v.patch(replace('/description', 'Changed')) });
  equal(changed.description, 'Changed');
  const { data: written } = await api.putSource({ id, ...v.body('source', { ...changed, description: 'Written' }) });
  equal(written.description, 'Written');
  const listed = await api.listSources({ filters: `name eq "${name}"`, sorters: '-name', count: true, limit: 10 });
  deepEqual(listed.data.map((s) => s.id), [id]);
  equal(listed.headers['x-total-count'], '1');
  if (api.getSourceHealth) {
    equal((await api.getSourceHealth({ sourceId: id })).data.id, id);
  }
  const gone = await (api.deleteSource ?? api._delete)({ id });
  equal(gone.status, 202);
  equal(gone.data.type, 'TASK_RESULT');
  await finished(v, gone.data.id);
}

async function pages(v) {
  const api = v.api('Sources');
  const { data: all } = await api.listSources({ sorters: 'name' });
  for (const increment of [1, all.length, all.length + 1]) {
    const { data } = await Paginator.paginate(api, api.listSources, { sorters: 'name' }, increment);
    deepEqual(data.map((s) => s.id), all.map((s) => s.id));
  }
  const { data: some } = await Paginator.paginate(api, api.listSources, { sorters: 'name', limit: 1 }, 1);
  equal(some.length, 1);
}

async function schemas(v, world) {
  const api = v.api('Sources');
  const sourceId = await makeSource(v, world, `Schemas ${v.name}`);
  const { data: listed } = await api.getSourceSchemas({ sourceId, includeNames: 'account' });
  deepEqual(listed.map((s) => s.name), ['account']);
  const account = { ...listed[0], identityAttribute: 'id', displayAttribute: 'name', attributes: columns.map((name) => ({ name, type: 'STRING' })) };
  const { data: written } = await api.putSourceSchema({ sourceId, schemaId: account.id, ...v.body('schema', account) });
  deepEqual(written.attributes.map((a) => a.name), columns);
  const role = { name: 'role', nativeObjectType: 'role', identityAttribute: 'key', displayAttribute: 'key', attributes: [{ name: 'key', type: 'STRING' }] };
  const made = await api.createSourceSchema({ sourceId, ...v.body('schema', role) });
  equal(made.status, 201);
  const one = { sourceId, schemaId: made.data.id };
  equal((await api.getSourceSchema(one)).data.name, 'role');
  const { data: changed } = await api.updateSourceSchema({ ...one, ...v.patch(replace('/attributes/0/description', 'The key')) });
  equal(changed.attributes[0].description, 'The key');
  equal((await api.deleteSourceSchema(one)).status, 204);
}

async function schedules(v, world) {
  const api = v.api('Sources');
  if (!api.createSourceSchedule) return;
  const sourceId = await makeSource(v, world, `Schedules ${v.name}`);
  const scheduleType = 'ACCOUNT_AGGREGATION';
  const midnight = { type: scheduleType, cronExpression: '0 0 0 1 1 ?' };
  equal((await api.createSourceSchedule({ sourceId, ...v.body('schedule1', midnight) })).status, 201);
  deepEqual((await api.getSourceSchedules({ sourceId })).data, [midnight]);
  deepEqual((await api.getSourceSchedule({ sourceId, scheduleType })).data, midnight);
  const noon = replace('/cronExpression', '0 0 12 1 1 ?');
  const { data: changed } = await api.updateSourceSchedule({ sourceId, scheduleType, ...v.patch(noon) });
  equal(changed.cronExpression, noon.value);
  equal((await api.deleteSourceSchedule({ sourceId, scheduleType })).status, 204);
}

async function files(v, world) {
  const api = v.api('Sources');
  const sourceId = await makeSource(v, world, `Files ${v.name}`);
  await useColumns(v, sourceId);
  const importFile = api.importConnectorFile ?? api.importSourceConnectorFile;
  const { data: source } = await importFile({ sourceId, file: file('id,name,groups\na,Ann,ops\nb,Bill,\n') });
  equal(source.id, sourceId);
  if (api.importAccounts) {
    const accounts = file('id,name,groups\na,Ann,ops\nb,Bill,\nc,Cid,dev\n');
    const { status, data } = await api.importAccounts({ id: sourceId, sourceId, file: accounts, disableOptimization: 'true' });
    equal(status, 202);
    equal(data.success, true);
    equal((await finished(v, data.task.id)).attributes.created, 3);
  }
  if (api.importEntitlements) {
    const { status, data } = await api.importEntitlements({ sourceId, file: file('id,name\nops,Operators\ndev,Developers\n') });
    equal(status, 202);
    equal((await finished(v, data.id)).completionStatus, 'SUCCESS');
  }
}

/** Gives a source of files the columns of this module. */
export async function useColumns(v, sourceId) {
  const api = v.api('Sources');
  const { data: [account] } = await api.getSourceSchemas({ sourceId, includeNames: 'account' });
  const attributes = columns.map((name) => ({ name, type: 'STRING', isMulti: name === 'groups', isEntitlement: name === 'groups', isGroup: name === 'groups' }));
  const body = { ...account, identityAttribute: 'id', displayAttribute: 'name', attributes };
  await api.putSourceSchema({ sourceId, schemaId: account.id, ...v.body('schema', body) });
}

async function connectors(v, world) {
  const api = v.api('Sources');
  if (!api.testSourceConnection) return;
  const sourceId = await makeSource(v, world, `Connectors ${v.name}`);
  await useColumns(v, sourceId);
  const importFile = api.importConnectorFile ?? api.importSourceConnectorFile;
  await importFile({ sourceId, file: file('id,name,groups\na,Ann,ops\nb,Bill,\n') });
  for (const check of [api.testSourceConnection, api.testSourceConfiguration, api.pingCluster]) {
    const { data } = await check({ sourceId });
    equal(data.id, sourceId);
    equal(data.status, 'SUCCESS');
    ok(data.elapsedMillis >= 0);
  }
  const asked = v.body('resourceObjectsRequest', { objectType: 'account', maxCount: 1 });
  const { data } = await api.peekResourceObjects({ sourceId, ...asked });
  equal(data.objectCount, 1);
  match(data.resourceObjects[0].identity, /^[ab]$/);
}

export default [life, pages, schemas, schedules, files, connectors];
