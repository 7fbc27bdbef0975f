// Tasks: what goes on after the answer.
import { deepEqual, equal, notEqual } from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';

import { replace } from './client.js';
import { makeSource } from './sources.js';

const patience = 60_000;

/** Follows a task to its end and gives it. A release without tasks borrows those of another, as its users do. */
export async function finished(v, id) {
  const api = v.api('TaskManagement') ?? v.sibling('v2024').api('TaskManagement');
  for (const end = Date.now() + patience; Date.now() < end; await pause(20)) {
    const { data } = await api.getTaskStatus({ id });
    if (data.completionStatus) return data;
  }
  throw new Error(`task ${id} is not at its end after ${patience} ms`);
}

async function list(v, world) {
  const api = v.api('TaskManagement');
  if (!api) return;
  const asked = { filters: `sourceId eq "${world.source}"`, sorters: '-created', count: true, limit: 5, offset: 0 };
  const { data, headers } = await api.getTaskStatusList(asked);
  equal(headers['x-total-count'], '1');
  equal(data[0].completionStatus, 'SUCCESS');
  deepEqual((await api.getTaskStatus({ id: data[0].id })).data, data[0]);
}

// A run waits for a directory that takes connections and never says a word; its task is ended by hand.
async function end(v, world) {
  const api = v.api('TaskManagement');
  if (!api) return;
  const mute = createServer().listen(0, '127.0.0.1');
  await once(mute, 'listening');
  try {
    const attributes = { host: '127.0.0.1', port: mute.address().port, user: 'cn=reader', password: 'secret', searchDN: 'dc=example,dc=test', timeout: 60 };
    const id = await makeSource(v, world, `Mute ${v.name}`, { connector: 'openldap', connectorAttributes: attributes });
    const { data } = await v.api('Sources').importAccounts({ id, sourceId: id });
    const task = { id: data.task.id };
    equal((await api.getTaskStatus(task)).data.completionStatus, null);
    const { data: ended } = await api.updateTaskStatus({ ...task, ...v.patch(replace('/completionStatus', 'TERMINATED')) });
    equal(ended.completionStatus, 'TERMINATED');
    notEqual(ended.completed, null);
  } finally {
    mute.close();
  }
}

export default [list, end];
