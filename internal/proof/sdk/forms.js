// Form definitions.
import { deepEqual, equal, ok } from 'node:assert/strict';

import { replace } from './client.js';

async function life(v, world) {
  const api = v.api('CustomForms');
  if (!api) return;
  const name = `Form ${v.name}`;
  const body = {
    name, description: 'A form', owner: { type: 'IDENTITY', id: world.admin },
    formInput: [{ id: 'who', type: 'STRING', label: 'who' }],
    formElements: [{ id: 'e1', elementType: 'TEXT', key: 'purpose', config: { label: 'Purpose' }, validations: [{ validationType: 'REQUIRED' }] }],
  };
  const { status, data: made } = await api.createFormDefinition({ body, ...v.body('createFormDefinitionRequest', body) });
  equal(status, 201);
  const one = { formDefinitionID: made.id };
  deepEqual((await api.getFormDefinitionByKey(one)).data, made);
  const { data: changed } = await api.patchFormDefinition({ ...one, body: [replace('/description', 'Changed')] });
  equal(changed.description, 'Changed');
  const { data: found } = await api.searchFormDefinitionsByTenant({ filters: `name eq "${name}"`, sorters: 'name', limit: 5, offset: 0 });
  equal(found.count, 1);
  ok(found.results.some((f) => f.id === made.id));
  equal((await api.deleteFormDefinition(one)).status, 204);
}

export default [life];
