// Calls every method of the SDK that the server has an operation for. Arguments: the file that tells where the server is,
// and the file for the report. It ends with 0 also when steps failed: the report tells.
import { readFileSync, writeFileSync } from 'node:fs';

import { Book, Release, configure, inventory, releases } from './client.js';
import access from './access.js';
import accounts from './accounts.js';
import actions from './actions.js';
import approvals from './approvals.js';
import forms from './forms.js';
import groups from './groups.js';
import machines from './machines.js';
import people from './people.js';
import provisioning from './provisioning.js';
import sources from './sources.js';
import tasks from './tasks.js';
import transforms from './transforms.js';

const [settings, report] = process.argv.slice(2);
const world = JSON.parse(readFileSync(settings, 'utf8'));
const configuration = configure(world.url, world.clientId, world.clientSecret);
const book = new Book();
const failures = [];

const families = { sources, accounts, machines, people, groups, access, tasks, transforms, forms, provisioning, actions, approvals };

for (const name of releases) {
  const release = new Release(name, configuration, book);
  for (const [family, steps] of Object.entries(families)) {
    for (const step of steps) {
      try {
        await step(release, world);
      } catch (error) {
        failures.push(`${name}: ${family}: ${step.name}: ${explain(error)}`);
      }
    }
  }
}
writeFileSync(report, JSON.stringify({ methods: inventory(), answers: book.answers, failures }));

function explain(error) {
  const { response } = error;
  const answer = response ? `\nthe server answered ${response.status} ${JSON.stringify(response.data)}` : '';
  const stack = String(error.stack ?? error).split('\n');
  return stack.filter((line) => !/node:|node_modules/.test(line)).join('\n') + answer;
}
