// Goal: a member that floods a holder takes its share and no more: what another member asks meanwhile is forwarded and
// answered at once. Method: an adapter made by hand that leaves the
// flooding member's questions lying and answers the others; both members are real systems with connections of their own.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import {
  clientFor, decode, question, readAnswer, readRefusal, verifyDocument,
} from '../interop/calls.mjs';
import { HostileAdapter, closeAll } from './hostile_adapter.mjs';
import { poll, stop, up } from './deployment.mjs';

// More than a link takes, less than a member may have in flight.
const FLOOD = 480;
// Of the 288 questions that a link takes, a member alone gets eight ninths.
const SHARE_MAX = 256;
const ROUNDS = 3;
const OTHERS = 24;
// Far above what a question takes; a flood may not make anybody wait for a deadline.
const DEADLINE_MS = 60_000;

const flooder = clientFor('HOUSEHOLD2');
const other = clientFor('HOUSEHOLD');
let adapter;
// Questions of the flood that the holder has.
const held = [];
let releasing = false;
async function serve() {
  for (;;) {
    const asked = await adapter.question();
    const { actingFor } = decode('VerifyDocumentRequest', asked.request);
    if (actingFor === 'hro-banqiao' && !releasing) held.push(asked);
    else adapter.answer([{ question: asked }]);
  }
}
const askAs = (client, actingFor) => {
  const request = question({ actingFor });
  return verifyDocument(client, request, { deadlineMs: DEADLINE_MS })
    .then((bytes) => readAnswer(bytes, request), (error) => readRefusal(error, request));
};
const outcomesOf = (answers) => answers.map(({ outcome, reason }) => outcome ?? reason);

before(async () => {
  await stop('land-ad', 'SIGTERM');
  adapter = await HostileAdapter.serving();
  serve();
});
after(async () => {
  [flooder, other].forEach((client) => client.close());
  closeAll();
  await up();
});

test('others are answered while one member floods, and the flood takes its share alone', async () => {
  const flood = Promise.all(Array.from({ length: FLOOD }, () => askAs(flooder, 'hro-banqiao')));
  await poll('the flood at the holder', () => held.length >= SHARE_MAX / 2);
  for (let round = 0; round < ROUNDS; round += 1) {
    const answers = await Promise.all(Array.from({ length: OTHERS }, () => askAs(other, 'hro-shanhua')));
    assert.deepEqual(outcomesOf(answers), Array(OTHERS).fill('MATCH'));
  }
  assert.ok(held.length <= SHARE_MAX, `${held.length} questions of one member on a link`);
  releasing = true;
  adapter.answer(held.splice(0).map((asked) => ({ question: asked })));
  const outcomes = outcomesOf(await flood);
  // What found no room was told so at once, and was not forwarded; what the holder had is answered now, or was given up.
  assert.ok(outcomes.every((outcome) => ['MATCH', 'SOURCE_DOWN'].includes(outcome)), [...new Set(outcomes)].join());
  assert.ok(outcomes.includes('SOURCE_DOWN'));
});
