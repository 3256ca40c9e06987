// Goal: each sample agency answers through a real gateway as its fixture says, whatever its system is, and each answer is
// proved as its holder's; its settings pass the check that a partner runs. Method: the questions that `chayan adapter
// check` replays are asked of the running deployment.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { directory, program, root, run } from '../integration/deployment.mjs';
import { clientFor, env } from '../interop/calls.mjs';
import { agencies, ask, questionsOf, withoutTime } from './questions.mjs';

const client = clientFor('HOUSEHOLD');
after(() => client.close());
const running = new Set(env.CHAYAN_AGENCIES.split(' '));
const settings = (agency) => join(directory, 'agencies', agency, 'adapter.textproto');

for (const agency of agencies) {
  const skip = running.has(agency) ? false
    : env.CHAYAN_SKIPPED.split('\n').find((line) => line.startsWith(`${agency}:`)) ?? 'not started';
  test(`${agency}: the settings pass their check, and the source is there`, { skip }, async () => {
    const { code, out, err } = await run(program('chayan'), ['adapter', 'check', '--probe', settings(agency)]);
    assert.equal(code, 0, out + err);
    assert.equal(out.match(/^ok /gm).length, questionsOf(agency).length + 1);
  });
  for (const recorded of questionsOf(agency)) {
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
  const all = [...agencies, 'land-ad', 'land-qd', 'nia'];
  assert.ok(all.length >= 14, all.join(' '));
  const connectors = all.map((agency) =>
    readFileSync(join(root, 'adapters/agencies', agency, 'adapter.textproto'), 'utf8').match(/^(source|http|files) \{/m)[1]);
  assert.deepEqual([...new Set(connectors)].sort(), ['files', 'http', 'source']);
});
