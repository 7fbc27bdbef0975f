// Credentials: OAuth clients and personal access tokens.
import { deepEqual, equal, ok, rejects } from 'node:assert/strict';

import { configure, configureByEnvironment, replace } from './client.js';
import { makeSource } from './sources.js';

async function clients(v, world) {
  const api = v.api('OAuthClients');
  const body = {
    name: `Client ${v.name}`, description: 'A client', businessName: 'Example', homepageUrl: 'http://localhost:12345', accessTokenValiditySeconds: 750,
    grantTypes: ['CLIENT_CREDENTIALS'], accessType: 'OFFLINE', enabled: true, scope: ['sp:scopes:all'],
  };
  const { status, data: made } = await api.createOauthClient(v.body('createOAuthClientRequest', body));
  equal(status, 200);
  ok(await configure(world.url, made.id, made.secret).accessToken, 'the new client signs in');
  const { id } = made;
  equal((await api.getOauthClient({ id })).data.name, body.name);
  equal((await api.patchOauthClient({ id, ...v.patch(replace('/description', 'Changed')) })).data.description, 'Changed');
  ok((await api.listOauthClients({ filters: 'lastUsed le 2999-01-01' })).data.some((c) => c.id === id));
  equal((await api.deleteOauthClient({ id })).status, 204);
}

async function tokens(v, world) {
  const api = v.api('PersonalAccessTokens');
  const body = { name: `Token ${v.name}`, scope: ['idn:sources:read'] };
  const { status, data: made } = await api.createPersonalAccessToken(v.body('createPersonalAccessTokenRequest', body));
  equal(status, 200);
  deepEqual(made.scope, body.scope);
  const reader = v.as(configureByEnvironment(world.url, made.id, made.secret));
  equal((await reader.api('Sources').getSource({ id: world.source })).data.id, world.source);
  await rejects(makeSource(reader, world, 'Not allowed'), ({ response }) => {
    equal(response.status, 403);
    ok(response.data.messages[0].text);
    return true;
  });
  const { id } = made;
  equal((await api.patchPersonalAccessToken({ id, ...v.patch(replace('/name', 'Renamed')) })).data.name, 'Renamed');
  ok((await api.listPersonalAccessTokens({ ownerId: world.admin })).data.some((t) => t.id === id));
  equal((await api.deletePersonalAccessToken({ id })).status, 204);
}

export default [clients, tokens];
