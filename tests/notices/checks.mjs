// What must hold after the harm of rounds.mjs: nothing lost, nothing out of order, repeats under the same id and with the
// same bytes, and for each step of each delivery one entry.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { clientFor, decode, encode, nameOf, unary } from '../interop/calls.mjs';
import { readRecord } from './record.mjs';

// Above a lease and the longest backoff that so few failures bring.
const ARRIVE_MS_MAX = 300_000;
const PUBLISHER = 1;
// Notices whose history is asked for; of all others the log is compared with the list alone.
const SHOWN_MAX = 2000;

// A member may ask so much a second: 8 means to look again.
async function patiently(client, method, request) {
  for (;;) {
    try {
      return await unary(client, method, request);
    } catch (error) {
      assert.equal(error.code, 8, error.message);
      await pause(200);
    }
  }
}
const stateOf = ({ state }) => nameOf('DeliveryState', state).slice('DELIVERY_STATE_'.length);

async function listDeliveries(client, filter = {}) {
  const deliveries = [];
  for (let pageToken = ''; ;) {
    const page = decode('ListDeliveriesResponse', await patiently(client, 'NoticeService/ListDeliveries',
      encode('ListDeliveriesRequest', { side: PUBLISHER, pageSize: 1000, pageToken, ...filter })));
    deliveries.push(...page.deliveries);
    pageToken = page.nextPageToken;
    if (!pageToken) return deliveries;
  }
}
async function awaitArrival(client) {
  const end = Date.now() + ARRIVE_MS_MAX;
  for (;;) {
    const waiting = await listDeliveries(client, { states: [1] });
    if (!waiting.length) return;
    assert.ok(Date.now() < end, `${waiting.length} deliveries did not arrive, the first of them: ${
      JSON.stringify(waiting[0])}`);
    await pause(500);
  }
}
async function readLeaves() {
  const client = clientFor('AUDITOR');
  const leaves = [];
  for (let pageToken = ''; ;) {
    const page = decode('ListEntriesResponse', await patiently(client, 'AuditService/ListEntries',
      encode('ListEntriesRequest', { pageToken })));
    leaves.push(...page.leaves.map((leaf) => JSON.parse(Buffer.from(leaf).toString())));
    pageToken = page.nextPageToken;
    if (!pageToken) break;
  }
  client.close();
  return leaves;
}

// As readRecord, of the inbox of a database: its key keeps repeats out.
function readInbox(file) {
  const out = execFileSync('sqlite3', [file, 'SELECT notice_id FROM chayan_inbox ORDER BY rowid'], { encoding: 'utf8' });
  return { first: out.split('\n').filter(Boolean), repeats: 0 };
}

function checkRecord(recipient, { first }, accepted) {
  const places = new Map(first.map((id, place) => [id, place]));
  const last = new Map();  // of each person
  for (const { id, person, recipients } of accepted) {
    if (!recipients.includes(recipient.agency)) continue;
    const place = places.get(id);
    assert.notEqual(place, undefined, `${recipient.agency}: the accepted notice ${id} is lost`);
    assert.ok(place > (last.get(person) ?? -1), `${recipient.agency}: notices about one person changed their order`);
    last.set(person, place);
  }
}

// Each delivery has one entry that it came, and one of what its office did where that is its state; no step has none, and
// no entry is of a step that was not taken.
function checkLeaves(deliveries, leaves) {
  const entries = new Map();
  leaves.forEach((leaf, index) => {
    const isStep = leaf.type === 'acknowledgement' || (leaf.type === 'delivery' && leaf.outcome !== 'NONE');
    if (!isStep) return;
    const notice = leaves[leaf.ref];
    assert.equal(notice?.type, 'notice', `entry ${index} is a step of no notice`);
    const key = `${notice.id} ${leaf.holder} ${leaf.outcome}`;
    assert.ok(!entries.has(key), `the step ${key} has two entries`);
    entries.set(key, index);
  });
  let steps = 0;
  for (const delivery of deliveries) {
    const states = stateOf(delivery) === 'ACKNOWLEDGED' ? ['DELIVERED', 'ACKNOWLEDGED'] : [stateOf(delivery)];
    for (const state of states) {
      const key = `${delivery.noticeId} ${delivery.recipient} ${state}`;
      assert.ok(entries.delete(key), `the step ${key} has no entry`);
      ++steps;
    }
  }
  assert.deepEqual([...entries.keys()], [], 'entries of steps that no delivery took');
  return steps;
}

// The history that its publisher is shown points at these entries.
function checkHistory(status, leaves) {
  assert.equal(leaves[Number(status.entryIndex)].id, status.noticeId);
  for (const delivery of status.deliveries) {
    delivery.steps.forEach((step, i) => {
      const leaf = leaves[Number(step.entryIndex)];
      if (i === 0) return assert.equal(leaf.type, 'notice');
      assert.equal(leaf.outcome, stateOf(step));
      assert.equal(leaf.ref, Number(status.entryIndex));
      return assert.equal(leaf.holder, delivery.recipient);
    });
  }
}

export async function checkAll({ accepted, recipients, folderOf, recordOf }) {
  const client = clientFor('HOUSEHOLD');
  await awaitArrival(client);
  const deliveries = await listDeliveries(client);
  assert.equal(deliveries.length, accepted.reduce((sum, { recipients: all }) => sum + all.length, 0));
  let repeats = 0;
  for (const recipient of recipients) {
    const record = recipient.isReal ? readInbox(join(folderOf(recipient), 'agency.db')) : readRecord(recordOf(recipient));
    checkRecord(recipient, record, accepted);
    repeats += record.repeats;
  }
  const leaves = await readLeaves();
  const steps = checkLeaves(deliveries, leaves);
  const every = Math.ceil(accepted.length / SHOWN_MAX);
  for (let i = 0; i < accepted.length; i += every) {
    const bytes = await patiently(client, 'NoticeService/GetNotice', encode('GetNoticeRequest', { noticeId: accepted[i].id }));
    checkHistory(decode('GetNoticeResponse', bytes).notice, leaves);
  }
  client.close();
  return { notices: accepted.length, deliveries: deliveries.length, repeats, steps };
}
