// The load, the kills and the check of tests/notices/run:
//
//   node rounds.mjs WORK
//
// Goal: what was accepted arrives, in order for each person, whatever is killed when. Method: publishers that go on until
// each notice is accepted, with the same request id; recipients that keep what they got; kills at moments drawn from a
// seed; then all of it is compared, and each step of each delivery with its entry.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { clientFor, decode, encode, env, nameOf, unary } from '../interop/calls.mjs';
import { pidOf, poll, root, run } from '../integration/deployment.mjs';
import { readRecord } from './record.mjs';

const [work] = process.argv.slice(2);
const seed = Number(env.NOTICE_SEED ?? Date.now() % 1_000_000);
const rounds = Number(env.NOTICE_ROUNDS ?? 6);
const PERSONS = 12;
// Above a lease and the longest backoff that so few failures bring.
const ARRIVE_MS_MAX = 240_000;
const RECIPIENTS = [
  { agency: 'land-ad', subscription: 'land-ad-name', area: '63000' },
  { agency: 'land-qd', subscription: 'land-qd-name', area: '10010' },
];
console.log(`notices: seed ${seed}, ${rounds} kills`);

let drawn = seed;
function draw(below) {  // mulberry32
  drawn = (drawn + 0x6d2b79f5) | 0;
  let t = Math.imul(drawn ^ (drawn >>> 15), 1 | drawn);
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
  return ((t ^ (t >>> 14)) >>> 0) % below;
}

// A national id of letter A (which counts as 1 and 0) with its check digit.
function nationalId(n) {
  const digits = `1${String(n).padStart(7, '0')}`;
  const weights = [8, 7, 6, 5, 4, 3, 2, 1];
  const sum = 1 + [...digits].reduce((total, digit, i) => total + Number(digit) * weights[i], 0);
  return `A${digits}${(10 - (sum % 10)) % 10}`;
}

function notice(person) {
  const text = (code, value) => ({ code, text: value });
  return encode('PublishNoticeRequest', {
    requestId: randomUUID(), actingFor: 'hro-shanhua', noticeKind: 'person.name',
    purpose: { person: { id: 'clerk-7', role: 'clerk' }, legalBasis: 'household-act-68', caseNumber: '115-0042' },
    subjects: [{ identifier: { scheme: 1, value: nationalId(person) }, name: '王大明' }],
    payload: [text('former_name', '王小明'), text('new_name', '王大明'), text('reason', 'given'),
      { code: 'registration_date', date: { era: 1, year: 115, month: 1, day: 14 } }],
    effectiveDate: { era: 1, year: 115, month: 1, day: 15 },
    routing: { oldArea: RECIPIENTS[0].area, newArea: RECIPIENTS[1].area },
  });
}

let stopping = false;
const accepted = [];  // of each person, notice ids in their order

async function publishAll(person) {
  accepted[person] = [];
  let client = clientFor('HOUSEHOLD');
  while (!stopping) {
    const request = notice(person);
    for (let answer = null; answer === null;) {
      try {
        answer = decode('PublishNoticeResponse', await unary(client, 'NoticeService/PublishNotice', request));
        assert.equal(answer.notice.deliveries.length, RECIPIENTS.length);
        accepted[person].push(answer.notice.noticeId);
      } catch (error) {
        // 14: away; 4, 8 and 1: what a kill in the middle looks like from here.
        assert.ok([1, 4, 8, 14].includes(error.code), `${error.code}: ${error.message}`);
        client.close();
        await pause(20);
        client = clientFor('HOUSEHOLD');
      }
    }
    await pause(10);
  }
  client.close();
}

const recordOf = ({ agency }) => join(work, `${agency}.record`);
const running = new Map();
function start(recipient) {
  const child = spawn(process.execPath, [join(import.meta.dirname ?? join(root, 'tests/notices'), 'recipient.mjs'),
    recipient.agency, recipient.subscription, recordOf(recipient)], { stdio: ['ignore', 'ignore', 'inherit'] });
  running.set(recipient.agency, child);
}

process.on('exit', () => running.forEach((child) => child.kill('SIGKILL')));

async function killSomething() {
  if (draw(5) < 3) {
    process.kill(pidOf('gateway'), 'SIGKILL');
    const { code, out, err } = await run(join(root, 'deploy/dev'), ['up', join(work, 'dev')], { timeout: 300_000 });
    assert.equal(code, 0, out + err);
    return 'gateway';
  }
  const recipient = RECIPIENTS[draw(RECIPIENTS.length)];
  running.get(recipient.agency).kill('SIGKILL');
  start(recipient);
  return recipient.agency;
}

const show = (client, noticeId) => unary(client, 'NoticeService/GetNotice', encode('GetNoticeRequest', { noticeId }))
  .then((bytes) => decode('GetNoticeResponse', bytes).notice);
const hasArrived = ({ state }) => ['DELIVERY_STATE_DELIVERED', 'DELIVERY_STATE_ACKNOWLEDGED']
  .includes(nameOf('DeliveryState', state));

// What one recipient kept: all that was accepted, and each person's in the order of their acceptance.
function checkRecord(recipient) {
  const { first, repeats } = readRecord(recordOf(recipient));
  const places = new Map(first.map((id, place) => [id, place]));
  for (const ids of accepted) {
    const came = ids.map((id) => places.get(id));
    assert.ok(came.every((place) => place !== undefined), 'an accepted notice is lost');
    assert.deepEqual(came, [...came].sort((a, b) => a - b), 'notices about one person changed their order');
  }
  return repeats;
}

async function readLeaves() {
  const client = clientFor('AUDITOR');
  const leaves = [];
  for (let pageToken = ''; ;) {
    const page = decode('ListEntriesResponse', await unary(client, 'AuditService/ListEntries',
      encode('ListEntriesRequest', { pageToken })));
    leaves.push(...page.leaves.map((leaf) => JSON.parse(Buffer.from(leaf).toString())));
    pageToken = page.nextPageToken;
    if (!pageToken) break;
  }
  client.close();
  return leaves;
}

function checkSteps(status, leaves) {
  let steps = 0;
  for (const delivery of status.deliveries) {
    delivery.steps.forEach((step, i) => {
      const leaf = leaves[Number(step.entryIndex)];
      const state = nameOf('DeliveryState', step.state).slice('DELIVERY_STATE_'.length);
      assert.equal(leaf.type, i === 0 ? 'notice' : state === 'ACKNOWLEDGED' ? 'acknowledgement' : 'delivery');
      if (i > 0) {
        assert.equal(leaf.outcome, state);
        assert.equal(leaf.ref, Number(status.entryIndex));
        assert.equal(leaf.holder, delivery.recipient);
      }
      ++steps;
    });
  }
  return steps;
}

RECIPIENTS.forEach(start);
const publishers = Array.from({ length: PERSONS }, (_, person) => publishAll(person));
const kills = [];
for (let round = 0; round < rounds; ++round) {
  await poll('notices at a recipient', () => RECIPIENTS.every((one) => existsSync(recordOf(one))));
  await pause(200 + draw(1300));
  kills.push(await killSomething());
}
await pause(500);
stopping = true;
await Promise.all(publishers);
const client = clientFor('HOUSEHOLD');
const statuses = [];
for (const id of accepted.flat()) {
  statuses.push(await poll('the arrival of a notice', async () => {
    const status = await show(client, id).catch((error) => {
      assert.equal(error.code, 8, error.message);  // a member may ask so much a second: look again
      return null;
    });
    return status?.deliveries.every(hasArrived) && status;
  }, { everyMs: 200, patienceMs: ARRIVE_MS_MAX }));
}
client.close();
const leaves = await readLeaves();
const steps = statuses.reduce((sum, status) => sum + checkSteps(status, leaves), 0);
const repeats = RECIPIENTS.reduce((sum, recipient) => sum + checkRecord(recipient), 0);
console.log(`notices: killed ${kills.join(', ')}; ${statuses.length} notices accepted, all delivered to `
  + `${RECIPIENTS.length} recipients in order, ${repeats} repeats, ${steps} steps with their entries`);
process.exit(0);
