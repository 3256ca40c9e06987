// Goal: as in privacy.test.mjs, whose search finds what this leaves. Method: notices about the marked person go through
// every way a notice can take: refused for each cause, accepted, delivered over a link, acted upon, rejected with a text,
// sent again, replaced, undone, watched.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, test } from 'node:test';
import { chayan, poll } from '../integration/deployment.mjs';
import { clientFor, decode, encode, nameOf, unary } from '../interop/calls.mjs';
import { MARKED, toldBy } from './marked.mjs';

const household = clientFor('HOUSEHOLD');
after(() => household.close());

const date = (day) => ({ era: 1, year: 115, month: 1, day });
// A change of name, which the land office of area 63000 gets over its link.
const renamed = (changes = {}) => ({
  requestId: randomUUID(), actingFor: 'hro-shanhua', noticeKind: 'person.name',
  purpose: {
    person: { id: MARKED.clerk, role: 'clerk' }, legalBasis: 'household-act-68', caseNumber: MARKED.caseNumber,
    reason: MARKED.reason,
  },
  subjects: [{ identifier: { scheme: 1, value: MARKED.number }, name: MARKED.name }],
  payload: [
    { code: 'former_name', text: MARKED.name }, { code: 'new_name', text: MARKED.newName }, { code: 'reason', text: 'given' },
    { code: 'registration_date', date: date(14) },
  ],
  effectiveDate: date(15), routing: { oldArea: '63000' }, ...changes,
});
const call = async (method, value) => {
  const request = encode(`${method}Request`, value);
  return decode(`${method}Response`, await unary(household, `NoticeService/${method}`, request));
};
const refused = async (method, value) => {
  const request = encode(`${method}Request`, value);
  const error = await unary(household, `NoticeService/${method}`, request).then(() => null, (e) => e);
  assert.ok(error, `${method} was not refused`);
  return toldBy(error, request).reason;
};
const stateOf = async (noticeId) => nameOf('DeliveryState', (await call('GetNotice', { noticeId })).notice.deliveries[0].state)
  .slice('DELIVERY_STATE_'.length);
const awaitState = (noticeId, ...states) => poll(`${states} of a notice`, async () => states.includes(await stateOf(noticeId)),
  { everyMs: 200, patienceMs: 120_000 });
async function publish(changes) {
  const { notice } = await call('PublishNotice', renamed(changes));
  return { notice: notice.noticeId, delivery: notice.deliveries[0].deliveryId };
}
async function notice(...args) {
  const { code, out, err } = await chayan('notice', ...args);
  assert.equal(code, 0, out + err);
}

test('notices are refused for each cause, and no refusal repeats a value', async () => {
  const payload = renamed().payload;
  const subject = renamed().subjects[0];
  const causes = {
    number: ['FIELD_INVALID', { subjects: [{ ...subject, identifier: { scheme: 1, value: `${MARKED.number}9` } }] }],
    kind: ['FIELD_INVALID', { noticeKind: MARKED.unknown }],
    element: ['FIELD_INVALID', { payload: [...payload, { code: MARKED.unknown, text: MARKED.name }] }],
    basis: ['LEGAL_BASIS_NOT_GRANTED', { purpose: { ...renamed().purpose, legalBasis: MARKED.unknown } }],
  };
  for (const [what, [reason, changes]] of Object.entries(causes)) {
    assert.equal(await refused('PublishNotice', renamed(changes)), reason, what);
  }
});

test('a notice is delivered, and its office acts', async () => {
  const first = renamed();
  const { notice: accepted } = await call('PublishNotice', first);
  assert.equal(await refused('PublishNotice', { ...first, subjects: [{ ...first.subjects[0], name: MARKED.newName }] }),
    'REQUEST_ID_REUSED');
  await awaitState(accepted.noticeId, 'DELIVERED');
  await notice('ack', accepted.deliveries[0].deliveryId, '--case', MARKED.officeCase);
  assert.equal(await stateOf(accepted.noticeId), 'ACKNOWLEDGED');
});

test('a notice is rejected with a text, sent again, replaced and undone', async () => {
  const one = await publish();
  await awaitState(one.notice, 'DELIVERED');
  await notice('ack', one.delivery, '--reject', 'other', '--text', MARKED.rejection);
  await awaitState(one.notice, 'REJECTED');
  await notice('replay', one.delivery, '--why', MARKED.replay);
  await awaitState(one.notice, 'DELIVERED');
  const { replacement } = await call('SupersedeNotice', { noticeId: one.notice,
    replacement: renamed({ subjects: [{ identifier: { scheme: 1, value: MARKED.number }, name: MARKED.newName }] }) });
  await awaitState(replacement.notice.noticeId, 'DELIVERED');
  const { reversal } = await call('ReverseNotice', { noticeId: replacement.notice.noticeId, requestId: randomUUID(), actingFor: 'hro-shanhua',
    purpose: renamed().purpose, effectiveDate: date(16) });
  assert.equal((await chayan('notice', 'watch', '--after', '0', '--quiet', '1')).code, 0);
  assert.equal((await chayan('notice', 'checklist')).code, 0);
});
