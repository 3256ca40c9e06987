// Goal: a member that floods a holder gets its share and no more, and whoever comes meanwhile is forwarded and answered.
// Method: an adapter made by hand that leaves the flooding member's questions lying and answers the others'; both members
// are real systems with connections of their own. The kind waits two minutes for its holder, so that on no machine a
// question ends while others are on their way.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import {
  clientFor, decode, question, readAnswer, readRefusal, verifyDocument,
} from '../interop/calls.mjs';
import { applySet, changedSet, poll, sampleSet, stop, up } from './deployment.mjs';
import { HostileAdapter, closeAll } from './hostile_adapter.mjs';

// Of the 288 questions that a link takes, a member alone gets eight ninths.
const SHARE = 256;
const FLOOD = 400;
const ROUNDS = 3;
const OTHERS = 24;
const DEADLINE_MS = 120_000;

const flooder = clientFor('HOUSEHOLD2');
const other = clientFor('HOUSEHOLD');
let adapter;
const held = []; // of the flood, at the holder
let releasing = false;
async function serve() {
  for (;;) {
    const asked = await adapter.question();
    const { actingFor } = decode('VerifyDocumentRequest', asked.request);
    if (actingFor === 'hro-banqiao' && !releasing) held.push(asked);
    else adapter.answer([{ question: asked }]);
  }
}
const told = { 'hro-banqiao': 0, 'hro-shanhua': 0 };
async function askAs(client, actingFor) {
  const request = question({ actingFor });
  try {
    const { outcome, leaf } = readAnswer(await verifyDocument(client, request, { deadlineMs: DEADLINE_MS }), request);
    return leaf.reason ? `${outcome} ${leaf.reason}` : outcome;
  } catch (error) {
    return readRefusal(error, request).reason ?? String(error);
  } finally {
    told[actingFor] += 1;
  }
}

function counted(answers) {
  const counts = {};
  for (const answer of answers) counts[answer] = (counts[answer] ?? 0) + 1;
  return counts;
}

before(async () => {
  await applySet(changedSet('flood', { 'land.textproto': (text) => text.replace(
    'code: "land.title"\n', 'code: "land.title"\n  holder_timeout_ms: 120000\n') }));
  await stop('land-ad', 'SIGTERM');
  adapter = await HostileAdapter.serving();
  serve();
});
after(async () => {
  [flooder, other].forEach((client) => client.close());
  closeAll();
  await applySet(sampleSet);
  await up();
});

test('a member that floods a holder takes its share alone, and the others are answered meanwhile', async () => {
  const flood = Array.from({ length: FLOOD }, () => askAs(flooder, 'hro-banqiao'));
  // What finds no room is told so at once.
  await poll('an end of the flood', () => held.length + told['hro-banqiao'] === FLOOD, { patienceMs: DEADLINE_MS / 2 });
  assert.equal(held.length, SHARE);
  for (let round = 0; round < ROUNDS; round += 1) {
    const answers = await Promise.all(Array.from({ length: OTHERS }, () => askAs(other, 'hro-shanhua')));
    assert.deepEqual(counted(answers), { MATCH: OTHERS });
  }
  assert.equal(told['hro-banqiao'], FLOOD - SHARE, 'the flood is still there');
  releasing = true;
  adapter.answer(held.map((asked) => ({ question: asked })));
  assert.deepEqual(counted(await Promise.all(flood)), { MATCH: SHARE, 'SOURCE_DOWN HOLDER_BUSY': FLOOD - SHARE });
});
