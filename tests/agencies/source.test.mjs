// Goal: an agency whose own system is gone is not asked, which callers learn at once and its people see; it is asked again
// when the system is back. An adapter that knows an older version of a kind goes on, and says of a claim that it does not
// know that it compared nothing. Method: the HTTPS server of the agencies is stopped and started again; a registry set
// with one more claim.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, test } from 'node:test';
import {
  applySet, changedSet, chayan, directory, linksOf, poll, program, run, sampleSet, stop, up,
} from '../integration/deployment.mjs';
import { clientFor, env, nameOf } from '../interop/calls.mjs';
import { ask } from './questions.mjs';

const client = clientFor('HOUSEHOLD');
after(() => client.close());
const skip = env.CHAYAN_AGENCIES.split(' ').includes('nhi') ? false : 'the health insurance does not run; see CHAYAN_SKIPPED';
const insured = (claims = []) => ask(client, {
  documentKind: 'insurance.health', claims: [{ code: 'insured', text: 'yes' }, ...claims],
  subject: { identifier: { scheme: 1, value: 'A123456789' }, name: '王小明', birthDate: { era: 1, year: 77, month: 5, day: 20 } } });
const statusText = async () =>
  (await run(program('chayan'), ['adapter', 'status', join(directory, 'agencies/nhi/adapter.textproto')])).out;

test('an adapter whose source is gone says so, and nobody waits for it', { skip }, async () => {
  assert.equal((await insured()).outcome, 'MATCH');
  await stop('systems-http', 'SIGTERM');
  // The first may still have gone out on a connection that the system was about to close.
  await poll('the link to say that its source is down', async () => {
    const { outcome, nextStep } = await insured();
    assert.equal(outcome, 'SOURCE_DOWN');
    assert.ok(nextStep.text.zhTw, 'a clerk is told what to do');
    return (await linksOf('nhi'))[0].down_kinds.includes('insurance.health');
  }, { everyMs: 50 });
  // Now and then one question tries; nothing reaches the system.
  assert.equal((await insured()).answer.forwarded, false);
  await poll('the operator\'s screen', async () => {
    await insured();
    return /nhi\/adapter-1.*source down: insurance\.health/.test((await chayan('status')).out);
  }, { everyMs: 50 });
  await poll('the adapter\'s own status', async () => /^source {4}DOWN/m.test(await statusText()), { everyMs: 500 });
});

test('a source that is back is asked again, on the same link', { skip }, async () => {
  const [{ link }] = await linksOf('nhi');
  await up();
  await poll('an answer', async () => (await insured()).outcome === 'MATCH', { everyMs: 200 });
  await poll('the link to say so', async () => (await linksOf('nhi'))[0].down_kinds.length === 0, { everyMs: 200 });
  assert.equal((await linksOf('nhi'))[0].link, link);
});

test('an adapter that knows an older version of a kind answers what it knows', { skip }, async () => {
  const [{ link }] = await linksOf('nhi');
  await applySet(changedSet('newer', {
    'insurance.textproto': (text) => text.replace('  claims { code: "card_number"',
      '  claims { code: "dependants" type: VALUE_TYPE_INTEGER title { zh_tw: "眷屬人數" en: "Dependants" } }\n  claims { code: "card_number"'),
    'grants-catalogue.textproto': (text) => text.replace('claims: [ "insured", "card_number" ]',
      'claims: [ "insured", "card_number", "dependants" ]'),
  }));
  try {
    const { outcome, answer } = await insured([{ code: 'dependants', text: '2' }]);
    assert.equal(outcome, 'UNCOMPARABLE');
    const [known, unknown] = answer.verdicts;
    assert.equal(nameOf('Verdict', known.verdict), 'VERDICT_MATCH');
    assert.equal(unknown.code, 'dependants');
    assert.equal(nameOf('Verdict', unknown.verdict), 'VERDICT_NOT_COMPARED');
    assert.equal(nameOf('NotComparedReason', unknown.notComparedReason), 'NOT_COMPARED_REASON_CLAIM_UNKNOWN');
    assert.equal((await insured()).outcome, 'MATCH');
    assert.equal((await linksOf('nhi'))[0].link, link, 'the link stays');
  } finally {
    await applySet(sampleSet);
  }
});
