// What is done to accounts on their sources.
import { equal } from 'node:assert/strict';

import { finished } from './tasks.js';

// The directory has an account for each release, which is named after it.
async function states(v, world) {
  const api = v.api('Accounts');
  const { data: [account] } = await api.listAccounts({ filters: `sourceId eq "${world.directory}" and name eq "${v.name}"` });
  const { id } = account;
  const toggle = v.body('accountToggleRequest', { forceProvisioning: false });
  const unlock = v.body('accountUnlockRequest', { forceProvisioning: true, unlockIDNAccount: false });
  for (const [act, body, disabled] of [
    [api.disableAccount, toggle, true],
    [api.enableAccount, toggle, false],
    [api.unlockAccount, unlock, false],
    [api.submitReloadAccount, {}, false],
  ]) {
    const { status, data } = await act({ id, ...body });
    equal(status, 202);
    equal((await finished(v, data.id)).completionStatus, 'SUCCESS');
    equal((await api.getAccount({ id })).data.disabled, disabled);
  }
  if (!api.deleteAccountAsync) return;
  const gone = await api.deleteAccountAsync({ id });
  equal(gone.status, 202);
  equal((await finished(v, gone.data.id)).completionStatus, 'SUCCESS');
}

export default [states];
