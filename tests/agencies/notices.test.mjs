// Goal: a kind that is answered by notice is answered from what was reported, as soon as it was: a report makes it so, a
// later one changes it, an undone one never was, a trial is none. Method: the sample agency whose inbox is a PostgreSQL
// database; its reports are published with the command line and by a call, and an office asks.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import { chayan, issue, poll } from '../integration/deployment.mjs';
import { clientFor, clientOf, encode, env, unary } from '../interop/calls.mjs';
import { ask } from './questions.mjs';

const skip = env.CHAYAN_AGENCIES.split(' ').includes('corrections') ? false
  : 'the agency of corrections does not run; see CHAYAN_SKIPPED';
const client = clientFor('HOUSEHOLD');
let publisher;
let prison;
before(async () => {
  if (skip) return;
  publisher = await issue('corrections-notices', 'corrections/notices');
  prison = clientOf(publisher.cert, publisher.key);
});
after(() => {
  client.close();
  prison?.close();
});

// Each test has a person of its own: what is reported of one stays.
async function report(person, change, day, ...more) {
  const { code, out, err } = await chayan('notice', 'publish', '--kind', 'report.custody', '--id', person, '--name', '蔡志宏',
    '--birth', '0600404', '--element', `change=${change}`, '--element', `change_date=${day}`, '--element', 'facility=臺南監獄',
    '--effective', day, '--office', 'hro-shanhua', '--basis', 'household-act-68', '--person', 'officer-3', '--case', '115-7',
    '--cert', publisher.cert, '--key', publisher.key, '--json', ...more);
  assert.equal(code, 0, out + err);
  return JSON.parse(out.split('\n')[0]);
}
const inCustody = (person, claims = []) => ask(client, {
  documentKind: 'justice.custody', claims: [{ code: 'in_custody', text: 'yes' }, ...claims], requestedFields: ['facility'],
  subject: { identifier: { scheme: 1, value: person }, name: '蔡志宏', birthDate: { era: 1, year: 60, month: 4, day: 4 } } });
const awaitOutcome = (what, person, outcome) =>
  poll(what, async () => (await inCustody(person)).outcome === outcome, { everyMs: 200 });
// Receipted, so that it would have changed the answer.
async function awaitDelivered({ notice_id: id }) {
  await poll('the delivery', async () => {
    const { code, out, err } = await chayan('notice', 'show', id, '--cert', publisher.cert, '--key', publisher.key, '--json');
    assert.equal(code, 0, out + err);
    const { deliveries } = JSON.parse(out.split('\n')[0]);
    return deliveries.some(({ recipient, state }) => recipient === 'corrections' && state === 'delivered');
  }, { everyMs: 200 });
}

test('what was reported is what is answered, and the next report counts', { skip }, async () => {
  const person = 'D100000013';
  assert.equal((await inCustody(person)).outcome, 'NOT_FOUND');
  await report(person, 'entered', '1150110');
  await awaitOutcome('the report', person, 'MATCH');
  const entered = await inCustody(person, [{ code: 'date', date: { era: 1, year: 115, month: 1, day: 10 } }]);
  assert.equal(entered.outcome, 'MATCH');
  assert.equal(entered.answer.releasedFields[0].text, '臺南監獄');
  assert.equal(entered.leaf.holder, 'corrections');
  await report(person, 'released', '1150112');
  await poll('the release', async () => (await ask(client, { documentKind: 'justice.custody',
    claims: [{ code: 'in_custody', text: 'no' }], subject: { identifier: { scheme: 1, value: person }, name: '蔡志宏' } }))
    .outcome === 'MATCH', { everyMs: 200 });
});

test('a report that was undone never was', { skip }, async () => {
  const person = 'D200000006';
  const { notice_id: noticeId } = await report(person, 'entered', '1150110');
  await awaitOutcome('the report', person, 'MATCH');
  await unary(prison, 'NoticeService/ReverseNotice', encode('ReverseNoticeRequest', {
    requestId: randomUUID(), noticeId, actingFor: 'corrections', effectiveDate: { era: 1, year: 115, month: 1, day: 11 },
    purpose: { person: { id: 'officer-3', role: 'clerk' }, legalBasis: 'household-act-68', caseNumber: '115-7' } }));
  await awaitOutcome('the reversal', person, 'NOT_FOUND');
});

test('a trial is delivered and changes no answer', { skip }, async () => {
  const person = 'R222222221';
  await awaitDelivered(await report(person, 'entered', '1150110', '--test'));
  assert.equal((await inCustody(person)).outcome, 'NOT_FOUND');
});
