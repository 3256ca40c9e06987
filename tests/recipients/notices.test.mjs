// Goal: a notice that an office publishes with the command line is in the system of every agency that must know, once,
// and everybody can prove it. Method: a real gateway and its recipients (recipients.mjs); the kinds that they are
// subscribed to are published, and each agency's own system is looked into.
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { end, endAll } from '../connectors/agency.mjs';
import { chayan, directory, pki, poll } from '../integration/deployment.mjs';
import { checkEntry, checkReceipt, clientOf, decode, encode, env, trust, unary } from '../interop/calls.mjs';
import { testOffices } from './offices.mjs';
import {
  THERE, about, awaitStates, day, elements, evidence, jsonOf, moved, notice, publish, registered, show,
} from './publisher.mjs';
import { ACCOUNT, RECIPIENTS, startRecipients } from './recipients.mjs';

const renamed = { former_name: '王小明', new_name: '王大明', reason: 'given', ...registered };
// What is published, and the subscriptions that get it, but for those of recipients that pull.
const NOTICES = [
  ['person.death', { death_date: day, ...registered }, ['--consent', 'nhi', '--consent', 'labor', '--consent', 'power',
    '--account', `taipower=${ACCOUNT}`],
  ['tax-south-death', 'nhi-death', 'labor-death', 'town-death', 'social-death', 'taipower-death']],
  ['person.death_declared', { death_date: day, court_case: '114-亡-7', final_date: day, ...registered }, [],
    ['tax-south-death-declared']],
  ['person.birth', { birth_date: day, ...registered }, ['--consent', 'nhi', '--consent', 'labor'],
    ['nhi-birth', 'labor-birth']],
  ['person.name', renamed, ['--consent', 'nhi', '--consent', 'motor', '--old-area', '10010'],
    ['nhi-name', 'motor-name', 'land-qd-name']],
  ['person.number', { former_number: 'A123456789', new_number: 'B123456780', ...registered }, ['--consent', 'nhi'],
    ['nhi-number']],
  ['card.lost', { reason: 'lost' }, ['--consent', 'nhi'], ['nhi-card-lost']],
  ['person.naturalised', { nationality_certificate: '台內戶字第7號', ...registered }, ['--consent', 'nhi'],
    ['nhi-naturalised', 'nia-naturalised']],
  ['household.move', { ...moved, ...registered }, ['--consent', 'motor', '--consent', 'tax', '--consent', 'power',
    '--consent', 'water', '--account', `taipower=${ACCOUNT}`, '--account', `taiwater=${ACCOUNT}`],
  ['town-move', 'motor-move', 'tax-tainan-move', 'taipower-move', 'taiwater-move']],
  ['household.left', { departure_date: day, ...registered }, [], ['town-left', 'nia-left']],
  ['family.marriage', { spouse_name: '陳小華', ...registered }, [], ['town-marriage']],
  ['family.divorce', registered, [], ['social-divorce']],
  ['address.renumbered', moved, ['--publisher-key', 'plate-7'], ['tax-tainan-renumbered', 'post-renumbered']],
];
const recipientOf = (subscription) => RECIPIENTS.find(([, , subscriptions]) => subscriptions.includes(subscription))[0];
let recipients;

before(async () => {
  mkdirSync(evidence, { recursive: true });
  recipients = await startRecipients();
}, { timeout: 180_000 });
after(async () => {
  await endAll();
  recipients?.forEach(({ receiver }) => receiver?.close());
});

test('Twelve kinds reach twelve recipients, and their receipts hold', async (t) => {
  const reached = new Set();
  for (const [kind, values, more, subscriptions] of NOTICES) {
    await t.test(kind, async () => {
      const accepted = await publish(kind, values, more);
      const pushed = accepted.deliveries.filter(({ subscription }) => subscriptions.includes(subscription));
      assert.deepEqual(pushed.map(({ subscription }) => subscription).sort(), [...subscriptions].sort());
      const check = await chayan('receipt', 'check', join(evidence, `${kind}.chayan`));
      assert.equal(check.code, 0, check.out + check.err);
      for (const { delivery_id: id, subscription } of pushed) {
        const recipient = recipients.get(recipientOf(subscription));
        await poll(`${kind} at ${recipient.member}`, () => recipient.has(id), { everyMs: 200 });
        reached.add(recipient.member);
      }
      await poll(`the receipts of ${kind}`, async () => (await show(accepted.notice_id)).deliveries
        .filter(({ subscription }) => subscriptions.includes(subscription))
        .every(({ state }) => THERE.includes(state)), { everyMs: 300 });
    });
  }
  assert.ok(NOTICES.length >= 12 && reached.size >= 10, `${NOTICES.length} kinds, ${[...reached]}`);
});

test('A utility knows its customer by the account, and rejects an account that it does not have', async () => {
  const taipower = recipients.get('taipower');
  const values = { ...moved, ...registered };
  await publish('household.move', values, ['--consent', 'power', '--account', `taipower=${ACCOUNT}`]);
  await poll('the customer', () => taipower.sql('SELECT note FROM customer') === 'household.move');
  assert.equal(taipower.sql("SELECT COUNT(*) FROM chayan_inbox_subject WHERE number IS NOT NULL"), '0');
  const { notice_id: id } = await publish('household.move', values, ['--consent', 'power', '--account', 'taipower=P-9']);
  const rejected = await poll('the rejection', async () => (await show(id)).deliveries
    .find(({ recipient, state }) => recipient === 'taipower' && state === 'rejected'), { everyMs: 300 });
  assert.match(await notice('checklist'), new RegExp(rejected.delivery_id));
  // The account is there now; its publisher sends it again.
  taipower.sql("INSERT INTO customer (account, note) VALUES ('P-9', '')");
  await notice('replay', rejected.delivery_id, '--why', 'the customer was entered');
  await poll('the customer of the other account', () =>
    taipower.sql("SELECT note FROM customer WHERE account = 'P-9'") === 'household.move');
});

test('An office acknowledges by a call, and its publisher sees it', async () => {
  const { notice_id: id } = await publish('household.left', { departure_date: day, ...registered }, []);
  const { deliveries } = await awaitStates(id, ['delivered']);
  const { delivery_id: delivery } = deliveries.find(({ recipient }) => recipient === 'nia');
  const file = join(evidence, 'ack.chayan');
  const ack = (member, number) => ['ack', delivery, '--case', number, '--cert', join(pki, `${member}.pem`), '--key',
    join(pki, `${member}.key`), '--evidence', file];
  const refused = async (member, number, reason) => {
    const { code, out, err } = await chayan('notice', ...ack(member, number));
    assert.equal(code, 3, out + err);
    assert.match(out, reason);
    assert.ok(!existsSync(file), 'what proves nothing is no evidence');
  };
  await refused('town-shanhua', '7-115', /DELIVERY_NOT_FOUND/);
  await notice(...ack('nia', '7-115'));
  const check = await chayan('receipt', 'check', file);
  assert.equal(check.code, 0, check.out + check.err);
  const shown = (await show(id)).deliveries.find(({ recipient }) => recipient === 'nia');
  assert.equal(shown.state, 'acknowledged');
  assert.equal(shown.case_number, '7-115');
  rmSync(file);
  await refused('nia', '8-115', /DELIVERY_STATE/);
});

// What an evidence file holds, proved by another program than ours.
function checkEvidence(file) {
  const { request, answer, receipt } = decode('EvidenceFile', readFileSync(file));
  return checkReceipt({ receipt, request, told: answer, trust });
}
async function checked(file) {
  const check = await chayan('receipt', 'check', file);
  assert.equal(check.code, 0, check.out + check.err);
  return checkEvidence(file);
}

test('A company whose connector the operator runs has it handed over, and says days later what it did', async () => {
  const taiwater = recipients.get('taiwater');
  const { notice_id: id } = await publish('household.move', { ...moved, ...registered },
    ['--consent', 'water', '--account', `taiwater=${ACCOUNT}`]);
  const handed = await poll('the hand-over', async () => (await show(id)).deliveries
    .find(({ recipient, state }) => recipient === 'taiwater' && state === 'handed-over'), { everyMs: 300 });
  taiwater.sql(`INSERT INTO chayan_outcome (delivery_id, state, case_number)
    VALUES ('${handed.delivery_id}', 'ACKNOWLEDGED', 'W-7')`);
  const acted = await poll('the acknowledgement', async () => (await show(id)).deliveries
    .find(({ recipient, state }) => recipient === 'taiwater' && state === 'acknowledged'),
  { everyMs: 300, patienceMs: 60_000 });
  assert.equal(acted.case_number, 'W-7');
  assert.deepEqual(acted.steps.map(({ state }) => state), ['scheduled', 'handed-over', 'acknowledged']);
  await poll('the word on it', () =>
    taiwater.sql(`SELECT told FROM chayan_outcome WHERE delivery_id = '${handed.delivery_id}'`)
      === `entry ${acted.steps.at(-1).entry}`);
});

test('A notice is replaced and undone, and its recipient hears of both in order', async () => {
  const nia = recipients.get('nia');
  const inboxOf = (id) => nia.sql(`SELECT coalesce(supersedes, '') || '|' || coalesce(reverses, '') FROM chayan_inbox
    WHERE notice_id = '${id}'`);
  const first = await publish('household.left', { departure_date: day, ...registered }, []);
  await poll('the first', () => inboxOf(first.notice_id) === '|');
  await awaitStates(first.notice_id, THERE);
  const file = (name) => join(evidence, `${name}.chayan`);
  const second = jsonOf(await notice('supersede', first.notice_id, '--kind', 'household.left',
    ...elements({ departure_date: '1150110', ...registered }), ...about('hro-shanhua', 'household-act-68'), '--json',
    '--evidence', file('supersede')));
  await poll('the second', () => inboxOf(second.notice_id) === `${first.notice_id}|`);
  await awaitStates(second.notice_id, THERE);
  const third = jsonOf(await notice('reverse', second.notice_id, '--effective', day, '--person', 'clerk-7', '--case',
    '115-0042', '--basis', 'household-act-68', '--json', '--evidence', file('reverse')));
  await poll('the reversal', () => inboxOf(third.notice_id) === `|${second.notice_id}`);
  for (const name of ['supersede', 'reverse']) assert.equal((await checked(file(name))).type, 'notice');
  assert.equal((await show(second.notice_id)).followed_by, third.notice_id);
  const twice = await chayan('notice', 'reverse', second.notice_id, '--effective', day, '--person', 'clerk-7', '--case',
    '115-0042', '--basis', 'household-act-68');
  assert.notEqual(twice.code, 0);
  assert.match(twice.out + twice.err, /NOTICE_FOLLOWED/);
});

test('Both sides get the proof of a delivery, and nobody else', async () => {
  const { notice_id: id } = await publish('household.left', { departure_date: day, ...registered }, []);
  const { deliveries } = await awaitStates(id, THERE);
  const { steps } = deliveries.find(({ recipient }) => recipient === 'nia');
  const index = steps.find(({ state }) => state === 'delivered').entry;
  const receiptFor = async (cert, key) => {
    const client = clientOf(cert, key);
    try {
      return decode('GetReceiptResponse', await unary(client, 'AuditService/GetReceipt',
        encode('GetReceiptRequest', { index })));
    } finally {
      client.close();
    }
  };
  const asMember = (member) => receiptFor(join(pki, `${member}.pem`), join(pki, `${member}.key`));
  for (const receipt of [await asMember('nia'),
    await receiptFor(env.CHAYAN_HOUSEHOLD_CERT, env.CHAYAN_HOUSEHOLD_KEY)]) {
    const leaf = checkEntry(receipt, trust);
    assert.equal(leaf.holder, 'nia');
    assert.equal(leaf.outcome, 'DELIVERED');
  }
  await assert.rejects(asMember('town-shanhua'), { code: 5 });
});

test('The answer to a citizen names who was told what', async () => {
  const { notice_id: id } = await publish('card.lost', { reason: 'lost' }, ['--consent', 'nhi']);
  await awaitStates(id, THERE);
  const { code, out, err } = await chayan('audit', 'subject', 'A123456789', '--as', 'inspector-3', '--file', '115-0042',
    '--json');
  assert.equal(code, 0, out + err);
  assert.match(out, /nhi: identifier, reason/);
  assert.match(out, /taipower: customer_account, name, new_address/);
});

test('A recipient that is killed gets nothing twice', async () => {
  const nhi = recipients.get('nhi');
  let answer;
  nhi.receiver.answer = () => new Promise((resolve) => { answer = resolve; });
  const { deliveries } = await publish('card.lost', { reason: 'lost' }, ['--consent', 'nhi']);
  const [{ delivery_id: id }] = deliveries;
  await poll('the event', () => nhi.has(id));
  await end(nhi.process, 'SIGKILL');
  nhi.receiver.answer = () => ({ status: 409 });
  answer({ status: 204 });
  nhi.receiver.close();
  await nhi.up();
  await poll('the receipt', async () => nhi.has(id), { everyMs: 300, patienceMs: 120_000 });
});

test('A trial is marked at every step and touches no business', async () => {
  const { notice_id: id } = await publish('household.left', { departure_date: day, ...registered }, ['--test']);
  const shown = await awaitStates(id, THERE);
  assert.equal(shown.test, true);
  const { delivery_id: delivery } = shown.deliveries.find(({ recipient }) => recipient === 'nia');
  const subjects = `SELECT COUNT(*) FROM chayan_inbox_subject WHERE delivery_id = '${delivery}'`;
  assert.equal(recipients.get('nia').sql(subjects), '0');
});

test('A court publishes, and a household office pulls', async () => {
  const out = await notice('publish', '--kind', 'person.guardianship', ...elements({ guardian_name: '陳小華',
    court_case: '114-監宣-7', reason: 'guardianship' }), ...about('hro-banqiao', 'family-proceedings-143'), '--json',
  '--cert', env.CHAYAN_PUBLISHER_CERT, '--key', env.CHAYAN_PUBLISHER_KEY);
  const pulled = jsonOf(out).deliveries.find(({ subscription }) => subscription === 'banqiao-guardianship');
  assert.ok(pulled, out);
  const folder = join(directory, 'pulled');
  const asBanqiao = ['--cert', env.CHAYAN_HOUSEHOLD2_CERT, '--key', env.CHAYAN_HOUSEHOLD2_KEY];
  await notice('receive', '--out', folder, ...asBanqiao);
  assert.ok(readdirSync(folder).includes(`${pulled.delivery_id}.json`));
  assert.equal(JSON.parse(readFileSync(join(folder, `${pulled.delivery_id}.json`), 'utf8')).notice_kind,
    'person.guardianship');
  const leaf = await checked(join(folder, `${pulled.delivery_id}.chayan`));
  assert.equal(leaf.type, 'delivery');
  assert.equal(leaf.method, 'ReceiveNotices');
  const acted = join(evidence, 'acted.chayan');
  await notice('ack', pulled.delivery_id, '--case', '115-9', ...asBanqiao, '--evidence', acted);
  assert.equal((await checked(acted)).type, 'acknowledgement');
});

test('Of a thin notice the recipient fetches the rest, and each fetch is an entry', async () => {
  const social = recipients.get('social-tainan');
  const out = await notice('publish', '--kind', 'person.guardianship', ...elements({ guardian_name: '陳小華',
    court_case: '114-監宣-8', reason: 'guardianship' }), ...about('hro-banqiao', 'family-proceedings-143'), '--json',
  '--cert', env.CHAYAN_PUBLISHER_CERT, '--key', env.CHAYAN_PUBLISHER_KEY);
  const thin = jsonOf(out).deliveries.find(({ subscription }) => subscription === 'social-guardianship');
  await poll('the thin notice', () => social.has(thin.delivery_id));
  assert.equal(social.sql(`SELECT COUNT(*) FROM chayan_inbox_subject WHERE delivery_id = '${thin.delivery_id}'`), '0');
  const folder = join(directory, 'fetched');
  const file = join(evidence, 'fetch.chayan');
  await notice('fetch', thin.delivery_id, '--person', 'worker-3', '--case', '115-3', '--out', folder, '--cert',
    join(pki, 'social-tainan.pem'), '--key', join(pki, 'social-tainan.key'), '--evidence', file);
  const whole = JSON.parse(readFileSync(join(folder, `${thin.delivery_id}.fetched.json`), 'utf8'));
  assert.equal(whole.subjects[0].identifier.value, 'A123456789');
  assert.equal((await checked(file)).method, 'FetchNoticeDetail');
});

testOffices(() => recipients);
