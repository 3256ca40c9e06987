// Goal: three mismatches lock a person out of a subject, three such persons lock everybody out; neither kill -9 nor a
// retry changes the count; another person lifts a lock, and everything is an entry that an audit allows.
// Method: mismatches about the sample deployment's land titles, the gateway killed between them.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { clientFor, env, question, questionValue, readAnswer, readRefusal, verifyDocument } from '../interop/calls.mjs';
import { awaitEntry, chayan, directory, logSize, poll, program, run, stop, up } from './deployment.mjs';

// Counts end at midnight in Taipei: who begins shortly before it begins after it.
const DAY_S = 86_400;
const TEST_S_MAX = 120;
const TAIPEI_S = 8 * 3_600;
const leftOfDay = () => DAY_S - ((Date.now() / 1000 + TAIPEI_S) % DAY_S);
if (leftOfDay() < TEST_S_MAX) {
  await poll('a new day in Taipei', () => leftOfDay() > TEST_S_MAX, { everyMs: 500, patienceMs: TEST_S_MAX * 2000 });
}

const clients = [];
after(() => clients.forEach((client) => client.close()));
const open = () => clients[clients.push(clientFor('HOUSEHOLD')) - 1];
let client = open();

// A question by `person`; with `right` it matches.
function asked(person, { right = false, lot = '48' } = {}) {
  const value = questionValue();
  value.purpose.person.id = person;
  const claims = value.claims.slice(0, 4).map((claim) => ({ ...claim }));
  claims[2].text = lot;
  if (!right) claims[3].text = '李大同';
  return question({ ...value, claims });
}
async function send(request) {
  return readAnswer(await verifyDocument(client, request), request);
}
const ask = (person, how) => send(asked(person, how));
async function killGateway() {
  await stop('gateway', 'SIGKILL');
  await up();
  client = open();
}
const ATTEMPTS = ['PERSON_AND_SUBJECT', 'SUBJECT'];
const scopeOf = (nextStep) => ATTEMPTS[(nextStep.lock?.scope ?? 0) - 1];

test('three mismatches lock a person out; a retry and kill -9 change nothing', async () => {
  const first = await ask('clerk-21');
  assert.equal(first.outcome, 'MISMATCH');
  assert.equal(first.nextStep.lock.attemptsLeft, 2);
  const request = asked('clerk-21');
  const second = await send(request);
  assert.equal(second.nextStep.lock.attemptsLeft, 1);
  // The same request again: the same answer, from memory.
  assert.deepEqual((await send(request)).leaf, second.leaf);
  await killGateway();
  // And when memory is gone the holder is asked again, but nothing is counted.
  const again = await send(request);
  assert.equal(again.outcome, 'MISMATCH');
  assert.notEqual(again.leaf.id, second.leaf.id);
  assert.equal(again.nextStep.lock.attemptsLeft, 1);
  const third = await ask('clerk-21');
  assert.equal(third.outcome, 'MISMATCH');
  assert.equal(scopeOf(third.nextStep), 'PERSON_AND_SUBJECT');

  const locked = await ask('clerk-21', { right: true });
  assert.equal(locked.outcome, 'LOCKED');
  assert.equal(locked.leaf.by, 'gateway');
  assert.equal(locked.leaf.reason, 'PERSON_LOCKED_OUT_OF_SUBJECT');
  assert.equal(locked.leaf.hsig, undefined);
  assert.equal(locked.nextStep.code, 7);
  assert.equal(locked.nextStep.lock.lock, third.nextStep.lock.lock);
  assert.ok(Number(locked.nextStep.lock.untilTime.seconds) - Date.now() / 1000 <= DAY_S);
  await killGateway();
  assert.equal((await ask('clerk-21', { right: true })).outcome, 'LOCKED');
  // A colleague is not harmed.
  assert.equal((await ask('clerk-22', { right: true })).outcome, 'MATCH');
});

test('another person lifts the lock, with a reason, and that is an entry', async () => {
  const { nextStep } = await ask('clerk-21', { right: true });
  const { lock } = nextStep.lock;
  const listed = await chayan('lock', 'list');
  assert.equal(listed.code, 0, listed.err);
  assert.match(listed.out, new RegExp(lock));
  assert.doesNotMatch(listed.out, /clerk-21|A123456789/);
  const from = await logSize();
  const nameless = await chayan('lock', 'clear', lock, '--as', ' ', '--reason', 'typed from a smudged copy');
  assert.notEqual(nameless.code, 0);
  assert.match(nameless.err, /person\.id/);
  const unknown = await chayan('lock', 'clear', `${lock}0`, '--as', 'on-call-2', '--reason', 'typed wrongly');
  assert.match(unknown.err, /LOCK_NOT_FOUND/);
  const cleared = await chayan('lock', 'clear', lock, '--as', 'on-call-2', '--reason', 'typed from a smudged copy');
  assert.equal(cleared.code, 0, cleared.err);
  await awaitEntry(from, 'the lifting',
    (e) => e.type === 'operator' && e.method === 'ClearLock' && e.c_detail !== undefined);
  await killGateway();
  assert.equal((await ask('clerk-21', { right: true })).outcome, 'MATCH');
});

test('three persons with a mismatch lock everybody out of the subject, of this kind alone', async () => {
  await ask('clerk-31');
  await ask('clerk-32');
  const third = await ask('clerk-33');
  // Others of these tests, and the person before, have mistyped about this subject today.
  assert.equal(scopeOf(third.nextStep), 'SUBJECT');
  const locked = await ask('clerk-34', { right: true });
  assert.equal(locked.outcome, 'LOCKED');
  assert.equal(locked.leaf.reason, 'SUBJECT_LOCKED');
  const cleared = await chayan('lock', 'clear', locked.nextStep.lock.lock, '--as', 'on-call-2', '--reason', 'a test');
  assert.equal(cleared.code, 0, cleared.err);
  assert.equal((await ask('clerk-34', { right: true })).outcome, 'MATCH');
});

test('a person who is told NOT_FOUND too often is stopped, others are not', async () => {
  const MISSES_MAX = 100;
  let stopped;
  for (let i = 0; i <= MISSES_MAX && !stopped; ++i) {
    const request = asked('clerk-41', { lot: '1' });
    stopped = await verifyDocument(client, request)
      .then((bytes) => assert.equal(readAnswer(bytes, request).outcome, 'NOT_FOUND'))
      .catch((error) => (error.code === undefined ? Promise.reject(error) : readRefusal(error, request)));
  }
  assert.equal(stopped?.reason, 'PERSON_STOPPED');
  assert.match(stopped.metadata.lock, /^person-[0-9a-f]{32}$/);
  assert.equal((await ask('clerk-42', { right: true })).outcome, 'MATCH');
});

test('an audit finds nothing that should not be there', async () => {
  const folder = join(directory, 'export-locks');
  for (const command of [['export', folder], ['verify', folder]]) {
    const { code, out, err } = await run(program('chayan'), ['audit', ...command], { env });
    assert.equal(code, 0, out + err);
  }
});
