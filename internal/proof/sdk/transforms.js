// Transforms.
import { deepEqual, equal, ok } from 'node:assert/strict';

import { Paginator } from './client.js';

async function life(v) {
  const api = v.api('Transforms');
  const name = `Transform ${v.name}`;
  const body = { name, type: 'dateFormat', attributes: { inputFormat: 'MMM dd yyyy, HH:mm:ss.SSS', outputFormat: 'yyyy/dd/MM' } };
  const { status, data: made } = await api.createTransform(v.body('transform', body));
  equal(status, 201);
  deepEqual({ name: made.name, type: made.type, attributes: made.attributes }, body);
  const { id } = made;
  deepEqual((await api.getTransform({ id })).data, made);
  const other = { ...body, attributes: { ...body.attributes, outputFormat: 'yyyy' } };
  const { data: written } = await api.updateTransform({ id, ...v.body('transform', other) });
  deepEqual(written.attributes, other.attributes);
  const { data: listed, headers } = await api.listTransforms({ filters: `name eq "${name}"`, count: true, limit: 5, offset: 0 });
  deepEqual(listed.map((t) => t.id), [id]);
  equal(headers['x-total-count'], '1');
  deepEqual((await api.listTransforms({ name })).data.map((t) => t.id), [id]);
  ok((await Paginator.paginate(api, api.listTransforms, {}, 20)).data.some((t) => t.id === id));
  equal((await api.deleteTransform({ id })).status, 204);
}

export default [life];
