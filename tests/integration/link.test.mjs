// Goal: whatever an adapter does, no caller is told a lie, nobody waits for ever, and the entry says what happened.
// Method: the agency's own adapter is stopped; one made by hand stands in with its real certificate and answer key and
// breaks one rule after the other.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, afterEach, before, test } from 'node:test';
import {
  clientFor, encode, env, grpc, question, readAnswer, readRefusal, verifyDocument,
} from '../interop/calls.mjs';
import { HostileAdapter, answerKey, closeAll, kindDigest, matchAnswer } from './hostile_adapter.mjs';
import {
  PATIENCE_MS, REVOCATION_MS_MAX, awaitEntry, directory, issue, linksOf, logSize, poll, revoke, stop, up,
} from './deployment.mjs';

const client = clientFor('HOUSEHOLD');
before(async () => {
  await stop('land-ad', 'SIGTERM');
  await stop('nia', 'SIGTERM');
});
// A test that failed must not answer the next one's questions.
afterEach(async () => {
  closeAll();
  await poll('the end of the links', async () =>
    (await linksOf('land-ad')).length === 0 && (await linksOf('nia')).length === 0);
});
after(async () => {
  client.close();
  await up();
});

// A question on its way: its bytes, and what becomes of it.
function ask(changes, options) {
  const request = question(changes);
  const response = verifyDocument(client, request, options);
  return {
    request, response,
    answered: () => response.then((bytes) => readAnswer(bytes, request)),
    refused: () => response.then(() => assert.fail('an answer in place of a refusal'),
      (error) => readRefusal(error, request)),
  };
}

// The link ends with this reason, and an entry says so.
async function expectClosed(adapter, from, code, reason, member = 'land-ad') {
  const refusal = await adapter.ended;
  assert.equal(refusal.reason, reason, refusal.message);
  assert.equal(refusal.code, grpc.status[code]);
  const entry = await awaitEntry(from, reason, (e) => e.type === 'link' && e.reason === reason && e.member === member);
  adapter.forget();
  return entry;
}

async function expectSourceDown(asked, forwarded, reason) {
  const { answer, leaf, outcome, nextStep } = await asked.answered();
  assert.equal(outcome, 'SOURCE_DOWN');
  assert.equal(answer.forwarded, forwarded);
  assert.equal(leaf.reason, reason);
  assert.equal(leaf.by, 'gateway');
  return nextStep;
}

test('no link: SOURCE_DOWN at once with advice to retry', async (t) => {
  const start = Date.now();
  const nextStep = await expectSourceDown(ask(), false, 'NO_LINK');
  t.diagnostic(`answered after ${Date.now() - start} ms`);
  assert.ok(Date.now() - start < 2_000);
  assert.equal(nextStep.code, 5);
  assert.ok(Number(nextStep.earliestRetryTime.seconds) * 1000 > start);
});

test('an honest one by hand is answered through, and hears the index of the entry', async () => {
  const adapter = await HostileAdapter.serving();
  const asked = ask();
  adapter.answer([{ question: await adapter.question() }]);
  const { outcome, leaf } = await asked.answered();
  assert.equal(outcome, 'MATCH');
  await poll('the index', () => adapter.recorded.some((one) => Number(one.entryIndex) === leaf.index));
  await adapter.close();
});

const title = async (changes) => ({ documentKind: 'land.title', digest: await kindDigest('land.title'), ...changes });
const refusedHellos = {
  'another agency\'s kind': [async () => ({ kinds: [{ documentKind: 'immigration.entry_exit',
    digest: await kindDigest('immigration.entry_exit') }] }), 'PERMISSION_DENIED', 'HELLO_EXCEEDS_REGISTRY'],
  'another agency\'s area': [async () => ({ kinds: [await title({ areas: ['QD'] })] }), 'PERMISSION_DENIED',
    'HELLO_EXCEEDS_REGISTRY'],
  'its own area and another\'s': [async () => ({ kinds: [await title({ areas: ['AD', 'QD'] })] }), 'PERMISSION_DENIED',
    'HELLO_EXCEEDS_REGISTRY'],
  'an unknown kind': [async () => ({ kinds: [{ documentKind: 'land.tile', digest: Buffer.alloc(32) }] }),
    'PERMISSION_DENIED', 'HELLO_EXCEEDS_REGISTRY'],
  'a wrong digest': [async () => ({ kinds: [await title({ digest: Buffer.alloc(32, 7) })] }), 'FAILED_PRECONDITION',
    'KIND_DIGEST_DIFFERS'],
  'another agency\'s answer key': [async () => ({ answerKeyId: answerKey('nia').id }), 'PERMISSION_DENIED',
    'ANSWER_KEY_UNKNOWN'],
  'an unknown version': [async () => ({ protocolVersion: 2 }), 'INVALID_ARGUMENT', 'HELLO_INVALID'],
  'no kinds': [async () => ({ kinds: [] }), 'INVALID_ARGUMENT', 'HELLO_INVALID'],
  'a kind twice': [async () => ({ kinds: [await title(), await title()] }), 'INVALID_ARGUMENT', 'HELLO_INVALID'],
};
for (const [what, [hello, code, reason]] of Object.entries(refusedHellos)) {
  test(`a hello with ${what} is refused`, async () => {
    const from = await logSize();
    await expectClosed(await HostileAdapter.open({ hello: await hello() }), from, code, reason);
  });
}

test('answers before a hello, and a second hello, close the link', async () => {
  const from = await logSize();
  const silent = await HostileAdapter.open({ sendHello: false });
  silent.send({ heartbeat: {} });
  await expectClosed(silent, from, 'INVALID_ARGUMENT', 'HELLO_INVALID');
  const twice = await HostileAdapter.serving();
  const again = await logSize();
  twice.send({ hello: { protocolVersion: 1, kinds: [await title()], answerKeyId: twice.key.id } });
  await expectClosed(twice, again, 'INVALID_ARGUMENT', 'HELLO_INVALID');
});

test('no hello at all ends the link in time', async (t) => {
  const from = await logSize();
  const start = Date.now();
  const silent = await HostileAdapter.open({ sendHello: false });
  await expectClosed(silent, from, 'INVALID_ARGUMENT', 'HELLO_INVALID');
  t.diagnostic(`ended after ${Date.now() - start} ms`);
});

test('another role\'s certificate opens no link', async () => {
  const files = { cert: env.CHAYAN_HOUSEHOLD_CERT, key: env.CHAYAN_HOUSEHOLD_KEY };
  const adapter = await HostileAdapter.open({ files });
  const refusal = await adapter.ended;
  assert.equal(refusal.code, grpc.status.PERMISSION_DENIED);
  assert.equal(refusal.reason, 'ROLE_NOT_ALLOWED');
  assert.equal(refusal.leaf.type, 'denied');
  adapter.forget();
});

test('an answer given twice: the first counts, the link is closed', async () => {
  const adapter = await HostileAdapter.serving();
  const from = await logSize();
  const asked = ask();
  const put = await adapter.question();
  adapter.answer([{ question: put }]);
  adapter.answer([{ question: put, answer: matchAnswer(put.request, { outcome: 4, verdicts: [] }) }]);
  assert.equal((await asked.answered()).outcome, 'MATCH');
  await expectClosed(adapter, from, 'FAILED_PRECONDITION', 'ANSWER_UNEXPECTED');
});

test('an answer twice in one frame: the caller is told neither', async () => {
  const adapter = await HostileAdapter.serving();
  const from = await logSize();
  const asked = ask();
  const put = await adapter.question();
  const other = matchAnswer(put.request, { outcome: 4, verdicts: [] });
  adapter.answer([{ question: put }, { question: put, answer: other }]);
  await expectSourceDown(asked, true, 'LINK_LOST');
  await expectClosed(adapter, from, 'FAILED_PRECONDITION', 'ANSWER_UNEXPECTED');
});

test('an answer to a question of another link closes the liar\'s link; the asked one answers', async () => {
  const honest = await HostileAdapter.serving();
  const asked = ask();
  const put = await honest.question();
  const from = await logSize();
  const liar = await HostileAdapter.serving();
  liar.answer([{ question: put, answer: matchAnswer(put.request, { outcome: 4, verdicts: [] }) }]);
  const refusal = await liar.ended;
  assert.equal(refusal.reason, 'ANSWER_UNEXPECTED');
  await awaitEntry(from, 'the closing', (e) => e.type === 'link' && e.reason === 'ANSWER_UNEXPECTED');
  honest.answer([{ question: put }]);
  assert.equal((await asked.answered()).outcome, 'MATCH');
  liar.forget();
  await honest.close();
});

test('an answer to a question nobody asked closes the link', async () => {
  const adapter = await HostileAdapter.serving();
  const from = await logSize();
  const request = question();
  adapter.answer([{ question: { exchangeId: Buffer.from(randomUUID().replaceAll('-', ''), 'hex'), request } }]);
  await expectClosed(adapter, from, 'FAILED_PRECONDITION', 'ANSWER_UNEXPECTED');
});

test('a wrong signature: the link is closed, and the caller\'s receipt shows the lie', async () => {
  const adapter = await HostileAdapter.serving();
  const from = await logSize();
  const asked = ask();
  const flip = (signature) => {
    signature[10] ^= 1;
    return signature;
  };
  adapter.answer([{ question: await adapter.question() }], { spoil: flip });
  // The first frame of a link is always checked, off the path: this caller may be told, and can tell.
  await assert.rejects(asked.answered(), /holder's signature is false|status in place/);
  await expectClosed(adapter, from, 'PERMISSION_DENIED', 'FRAME_SIGNATURE_INVALID');
});

test('a wrong signature where every one is checked: no caller is told', async () => {
  const adapter = await HostileAdapter.serving({ agency: 'nia', kind: 'immigration.entry_exit' });
  const from = await logSize();
  const asked = ask({ documentKind: 'immigration.entry_exit', claims: [{ code: 'direction', text: 'out' }] });
  adapter.answer([{ question: await adapter.question() }], { spoil: () => Buffer.alloc(64, 1) });
  const nextStep = await expectSourceDown(asked, true, 'LINK_LOST');
  // The holder may have counted the question, so no clerk is told to ask again.
  assert.notEqual(nextStep.code, 5);
  await expectClosed(adapter, from, 'PERMISSION_DENIED', 'FRAME_SIGNATURE_INVALID', 'nia');
});

test('a frame signed with another agency\'s key closes the link', async () => {
  const adapter = await HostileAdapter.serving();
  const from = await logSize();
  const asked = ask();
  adapter.answer([{ question: await adapter.question() }], { key: answerKey('nia') });
  await expectSourceDown(asked, true, 'LINK_LOST');
  await expectClosed(adapter, from, 'PERMISSION_DENIED', 'ANSWER_KEY_UNKNOWN');
});

const verdict = (code) => ({ code, verdict: 1, matchLevel: 1 });
const withVerdicts = (request, change) => ({ verdicts: change(matchAnswer(request).verdicts) });
// What the answer is, what it has in place of the honest one's, and the field that the operator reads about.
const faultyAnswers = {
  'a field nobody asked for': [() => ({ releasedFields: [{ code: 'share', text: '1/1' }] }), 'released_fields[0]'],
  'a field that the kind does not have': [() => ({ releasedFields: [{ code: 'birth', text: 'x' }] }),
    'released_fields[0]'],
  'a claim nobody asked about': [(request) => withVerdicts(request, (all) => [...all, verdict('address')]), 'verdicts'],
  'a claim left out': [(request) => withVerdicts(request, (all) => all.slice(1)), 'verdicts'],
  'another claim in its place': [(request) => withVerdicts(request, (all) => [...all.slice(0, 4), verdict('share')]),
    'verdicts[4]'],
  'a level that does not fit its verdict': [(request) => withVerdicts(request, (all) => [
    { ...all[0], matchLevel: 4 }, ...all.slice(1)]), 'verdicts[0]'],
  'an outcome better than a verdict': [(request) => withVerdicts(request, (all) => [
    { ...all[0], verdict: 3, matchLevel: 4 }, ...all.slice(1)]), 'outcome'],
  'no outcome': [() => ({ outcome: null }), 'outcome'],
  'PENDING, which this kind has not': [() => ({ outcome: 9, verdicts: [] }), 'outcome'],
  'another request\'s id': [() => ({ requestId: randomUUID() }), 'request_id'],
  'NOT_FOUND with a document': [() => ({ outcome: 4, verdicts: [], documentReference: '1' }), 'document_reference'],
  'the gateway\'s name under it': [() => ({ answeredBy: 2 }), 'answered_by'],
  'a reference without end': [() => ({ documentReference: 'x'.repeat(129) }), 'document_reference'],
  'no time of its data': [() => ({ asOfTime: null }), 'as_of_time'],
};
async function expectWithheld(asked, fault) {
  const refusal = await asked.refused();
  assert.equal(refusal.code, grpc.status.INTERNAL);
  assert.equal(refusal.reason, 'HOLDER_FAULT');
  assert.equal(refusal.leaf.type, 'failed');
  // The holder's own signature stays in the entry: it cannot deny what it sent.
  assert.ok(refusal.leaf.hsig);
  const told = await poll('the operator\'s line', () => readFileSync(join(directory, 'log/gateway.log'), 'utf8')
    .split('\n').find((line) => line.includes('verify.holder_fault') && line.includes(refusal.leaf.id)));
  assert.ok(JSON.parse(told).fault.includes(fault), `${told} does not name ${fault}`);
}
test('an answer that exceeds the permit or contradicts the question is withheld', async () => {
  const adapter = await HostileAdapter.serving();
  for (const [make, fault] of Object.values(faultyAnswers)) {
    const asked = ask();
    const put = await adapter.question();
    adapter.answer([{ question: put, answer: matchAnswer(put.request, make(put.request)) }]);
    await expectWithheld(asked, fault);
  }
  const bytes = {
    'no VerificationAnswer': () => Buffer.from([0xff, 0xff]),
    // A reader of messages sees the second value alone; the caller holds both.
    'there twice': (request) => Buffer.concat([
      encode('VerificationAnswer', matchAnswer(request, { documentReference: 'hidden' })),
      encode('VerificationAnswer', { documentReference: 'shown' })]),
    'unknown field': (request) => Buffer.concat([encode('VerificationAnswer', matchAnswer(request)),
      Buffer.from([0xfa, 0x07, 0x01, 0x78])]),
  };
  for (const [fault, make] of Object.entries(bytes)) {
    const asked = ask();
    const put = await adapter.question();
    adapter.answer([{ question: put, answer: make(put.request) }]);
    await expectWithheld(asked, fault);
  }
  await adapter.close();
});

test('a protected person is NOT_COMPARED with nothing beside', async () => {
  const adapter = await HostileAdapter.serving();
  const asked = ask();
  const put = await adapter.question();
  const quiet = matchAnswer(put.request, { outcome: 8, verdicts: [], notComparedReason: 1, asOfTime: null });
  adapter.answer([{ question: put, answer: quiet, restricted: true }]);
  const { outcome, leaf } = await asked.answered();
  assert.equal(outcome, 'NOT_COMPARED');
  assert.doesNotMatch(JSON.stringify(leaf), /restrict/i);
  const second = ask();
  const loud = await adapter.question();
  adapter.answer([{ question: loud, restricted: true }]);
  assert.equal((await second.refused()).reason, 'HOLDER_FAULT');
  await adapter.close();
});

test('an adapter that hangs: the caller is told before its own deadline; the late answer is dropped', async (t) => {
  const adapter = await HostileAdapter.serving();
  const start = Date.now();
  const asked = ask({}, { deadlineMs: 2_000 });
  const put = await adapter.question();
  await expectSourceDown(asked, true, 'TIMED_OUT');
  t.diagnostic(`told after ${Date.now() - start} ms of 2000`);
  adapter.answer([{ question: put }]);
  // A late answer is no fault: the link serves on.
  const next = ask();
  adapter.answer([{ question: await adapter.question() }]);
  assert.equal((await next.answered()).outcome, 'MATCH');
  await adapter.close();
});

test('the caller gives up: the adapter is told, and the entry says so', async () => {
  const adapter = await HostileAdapter.serving();
  const from = await logSize();
  const cancelled = new Promise((resolve) => {
    const take = adapter.take.bind(adapter);
    adapter.take = (frame) => {
      take(frame);
      if (frame.questions?.cancelledExchangeIds?.length) resolve(frame.questions.cancelledExchangeIds[0]);
    };
  });
  const call = client.makeUnaryRequest('/chayan.v1.VerificationService/VerifyDocument', (b) => b, (b) => b, question(),
    new grpc.Metadata(), { deadline: Date.now() + PATIENCE_MS }, () => {});
  const put = await adapter.question();
  call.cancel();
  assert.deepEqual(await cancelled, put.exchangeId);
  await awaitEntry(from, 'CANCELLED', (e) => e.type === 'failed' && e.reason === 'CANCELLED');
  await adapter.close();
});

test('an adapter that disconnects mid-call: SOURCE_DOWN, and the question was forwarded', async () => {
  const adapter = await HostileAdapter.serving();
  const from = await logSize();
  const asked = ask();
  await adapter.question();
  adapter.disconnect();
  const nextStep = await expectSourceDown(asked, true, 'LINK_LOST');
  assert.equal(nextStep.code, 5);  // land.title is repeatable
  await awaitEntry(from, 'DISCONNECTED', (e) => e.type === 'link' && e.reason === 'DISCONNECTED');
});

test('a repeatable question of a lost link goes to the replica', async () => {
  const lost = await HostileAdapter.serving();
  const asked = ask();
  await lost.question();
  const replica = await HostileAdapter.serving();
  lost.disconnect();
  replica.answer([{ question: await replica.question() }]);
  assert.equal((await asked.answered()).outcome, 'MATCH');
  await replica.close();
});

test('frames that are malformed, empty or too large close the link', async () => {
  const send = {
    MESSAGE_MALFORMED: [(adapter) => adapter.sendBytes(Buffer.from([0xff])),
      (adapter) => adapter.sendBytes(Buffer.alloc(0)),
      (adapter) => adapter.send({ answers: { keyId: adapter.key.id, signature: Buffer.alloc(64) } }),
      (adapter) => adapter.send({ answers: { keyId: Buffer.alloc(3), signature: Buffer.alloc(64),
        answers: [{ exchangeId: Buffer.alloc(16), answer: Buffer.alloc(1) }] } })],
    MESSAGE_TOO_LARGE: [(adapter) => adapter.sendBytes(Buffer.alloc((1 << 20) + 1))],
  };
  for (const [reason, faults] of Object.entries(send)) {
    for (const fault of faults) {
      const adapter = await HostileAdapter.serving();
      fault(adapter);
      const refusal = await adapter.ended;
      assert.equal(refusal.reason, reason);
      adapter.forget();
    }
  }
});

test('the in-flight bound of the hello holds: what is beyond is told so, not queued', async () => {
  const adapter = await HostileAdapter.serving({ hello: { inFlightMax: 2 } });
  const carried = [ask(), ask()];
  const put = [await adapter.question(), await adapter.question()];
  await expectSourceDown(ask(), false, 'HOLDER_BUSY');
  // Both in one frame, in reverse order.
  adapter.answer(put.reverse().map((one) => ({ question: one })));
  for (const asked of carried) assert.equal((await asked.answered()).outcome, 'MATCH');
  await adapter.close();
});

test('the adapter\'s certificate is revoked: its open link ends', async (t) => {
  const files = await issue('it-adapter', 'land-ad/adapter-1');
  const adapter = await HostileAdapter.serving({ files });
  const asked = ask();
  await adapter.question();
  const since = await revoke(files.name);
  const refusal = await adapter.ended;
  const ms = Math.round(Date.now() - since);
  t.diagnostic(`in effect after ${ms} ms`);
  assert.ok(ms <= REVOCATION_MS_MAX);
  assert.equal(refusal.reason, 'CERTIFICATE_REVOKED');
  await expectSourceDown(asked, true, 'LINK_LOST');
  adapter.forget();
});
