// Approvals of any kind.
import { deepEqual, equal } from 'node:assert/strict';

async function pending(v, world) {
  const api = v.api('Approvals');
  if (!api?.getApprovals) return;
  const { data: mine } = await api.getApprovals({ mine: true, filters: `requestedTargetId eq "${world.goner}"` });
  equal(mine.length, 1);
  equal(mine[0].status, 'PENDING');
  deepEqual((await api.getApprovals({ requesterId: world.admin })).data.map((a) => a.id), [mine[0].id]);
  const { data: one } = await api.getApproval({ id: mine[0].id });
  equal(one.status, 'PENDING');
}

export default [pending];
