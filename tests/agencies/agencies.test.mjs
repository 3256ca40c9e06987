// Goal: each sample agency answers through a real gateway as its fixture says, whatever its system is, and each answer is
// proved as its holder's; its settings pass the check that a partner runs. Method: the questions that `chayan adapter
// check` replays are asked of the running deployment.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { directory, program, root, run } from '../integration/deployment.mjs';
import { clientFor, env } from '../interop/calls.mjs';
import { agencies, ask, fixtureOf, withoutTime } from './questions.mjs';

const client = clientFor('HOUSEHOLD');
after(() => client.close());
const running = new Set(env.CHAYAN_AGENCIES.split(' '));
const textOf = (agency) => readFileSync(join(root, 'adapters/agencies', agency, 'adapter.textproto'), 'utf8');
const takesNotices = (agency) => /^notices \{/m.test(textOf(agency));
const settings = (agency) => join(directory, 'agencies', agency, 'adapter.textproto');

for (const agency of agencies) {
  const skip = running.has(agency) ? false
    : env.CHAYAN_SKIPPED.split('\n').find((line) => line.startsWith(`${agency}:`)) ?? 'not started';
  const { questions, notices } = fixtureOf(agency);
  test(`${agency}: the settings pass their check, and the source is there`, { skip }, async () => {
    const { code, out, err } = await run(program('chayan'), ['adapter', 'check', '--probe', settings(agency)]);
    assert.equal(code, 0, out + err);
    // The source answers; of an agency that takes notices, what they go to as well.
    const probes = takesNotices(agency) ? 2 : 1;
    assert.equal(out.match(/^ok /gm).length, questions.length + notices.length + probes, out);
  });
  for (const recorded of questions) {
    test(`${agency}: ${recorded.name}`, { skip }, async () => {
      const { purpose, ...asked } = recorded.request;
      const told = await ask(client, { ...asked, person: purpose?.person?.id || `clerk-${agency}` });
      assert.equal(told.reason, undefined, told.message);
      assert.deepEqual(withoutTime(told.answer), withoutTime(recorded.expected));
      assert.equal(told.leaf.holder, agency);
    });
  }
}

test('there are at least fourteen agencies, and each connector is among them', () => {
  assert.ok(agencies.length >= 14, agencies.join(' '));
  const connectors = agencies.map((agency) => textOf(agency).match(/^(source|http|files) \{/m)[1]);
  assert.deepEqual([...new Set(connectors)].sort(), ['files', 'http', 'source']);
});
