// People, their rights, and the profiles by which sources make them.
import { deepEqual, equal, ok } from 'node:assert/strict';

import { Paginator, replace } from './client.js';
import { makeSource } from './sources.js';

async function identities(v, world) {
  const api = v.api('Identities');
  if (!api) return;
  const { data, headers } = await api.listIdentities({ filters: 'alias sw "ada"', sorters: 'name', defaultFilter: 'NONE', count: true, limit: 5, offset: 0 });
  equal(headers['x-total-count'], '1');
  equal((await api.getIdentity({ id: data[0].id })).data.emailAddress, 'ada@example.test');
  equal((await api.deleteIdentity({ id: world.leavers[v.name] })).status, 204);
}

async function publicIdentities(v) {
  const api = v.api('PublicIdentities');
  if (!api) return;
  const { data } = await api.getPublicIdentities({ filters: 'email sw "bob@"', addCoreFilters: false, sorters: '-name', limit: 5, offset: 0, count: true });
  deepEqual(data.map((p) => p.alias), ['bob']);
  const { data: all } = await api.getPublicIdentities({ sorters: 'name' });
  deepEqual((await Paginator.paginate(api, api.getPublicIdentities, { sorters: 'name' }, 4)).data, all);
}

async function rights(v, world) {
  const api = v.api('AuthUsers');
  if (!api) return;
  const { data: changed } = await api.patchAuthUser({ id: world.person, ...v.patch(replace('/capabilities', ['HELPDESK'])) });
  deepEqual(changed.capabilities, ['HELPDESK']);
  deepEqual((await api.getAuthUser({ id: world.person })).data.capabilities, ['HELPDESK']);
}

async function profiles(v, world) {
  const api = v.api('IdentityProfiles');
  const source = await makeSource(v, world, `Profiles ${v.name}`, { authoritative: true });
  const name = `Profile ${v.name}`;
  const body = { name, authoritativeSource: { type: 'SOURCE', id: source } };
  const { status, data: made } = await api.createIdentityProfile(v.body('identityProfile', body));
  equal(status, 201);
  const one = { identityProfileId: made.id };
  deepEqual((await api.getIdentityProfile(one)).data, made);
  const { data: changed } = await api.updateIdentityProfile({ ...one, ...v.patch(replace('/description', 'Changed')) });
  equal(changed.description, 'Changed');
  const { data: listed, headers } = await api.listIdentityProfiles({ filters: `name eq "${name}"`, sorters: 'priority', count: true, limit: 5, offset: 0 });
  deepEqual(listed, [changed]);
  equal(headers['x-total-count'], '1');
  const gone = await api.deleteIdentityProfile(one);
  equal(gone.status, 202);
  ok(gone.data.id);
}

export default [identities, publicIdentities, rights, profiles];
