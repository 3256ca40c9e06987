// Goal: a notice that an office publishes with the command line is in the system of every agency that must know, once,
// and everybody can prove it. Method: a real gateway and its recipients (recipients.mjs); the kinds that they are
// subscribed to are published, and each agency's own system is looked into.
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { end, endAll, start } from '../connectors/agency.mjs';
import { chayan, directory, entriesFrom, pki, poll, sampleSet } from '../integration/deployment.mjs';
import { checkEntry, checkReceipt, clientOf, decode, encode, env, trust, unary } from '../interop/calls.mjs';
import { ACCOUNT, RECIPIENTS, SILENT, startRecipients } from './recipients.mjs';

const day = '1150114';
const PERSON = 'A123456789';
const about = (office, basis, person = PERSON) => ['--effective', day, '--person', 'clerk-7', '--case', '115-0042', '--new-area', '67000',
  '--office', office, '--name', '王小明', '--birth', '0770520', '--id', person, '--basis', basis];
const elements = (values) => Object.entries(values).flatMap(([code, value]) => ['--element', `${code}=${value}`]);
const registered = { registration_date: day };
const moved = { former_address: '臺北市信義區市府路1號', new_address: '臺南市善化區中山路1號' };
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
const evidence = join(directory, 'evidence');
let recipients;

async function notice(...args) {
  const { code, out, err } = await chayan('notice', ...args);
  assert.equal(code, 0, `chayan notice ${args.join(' ')}: ${out}${err}`);
  return out;
}
const jsonOf = (out) => JSON.parse(out.split('\n')[0]);
const publish = async (kind, values, more, person = PERSON) => jsonOf(await notice('publish', '--kind', kind,
  ...elements(values), ...about('hro-shanhua', 'household-act-68', person), ...more, '--json', '--evidence',
  join(evidence, `${kind}.chayan`)));
const show = async (id) => jsonOf(await notice('show', id, '--json'));
// Waits until each delivery of a notice is in one of these states.
const awaitStates = (id, states) => poll(`${states} of ${id}`, async () => {
  const shown = await show(id);
  return shown.deliveries.every(({ state }) => states.includes(state)) && shown;
}, { everyMs: 300, patienceMs: 60_000 });
const THERE = ['delivered', 'handed-over', 'acknowledged'];

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

// What the office of immigration does of notices, written into its own table; and what its adapter writes beside it.
function writes(values) {
  const names = Object.keys(values);
  recipients.get('nia').sql(`INSERT OR REPLACE INTO chayan_outcome (${names.join(', ')})
    VALUES (${names.map((name) => `'${values[name]}'`).join(', ')})`);
}
const toldOf = (id) => poll(`what became of ${id}`, () =>
  recipients.get('nia').sql(`SELECT told FROM chayan_outcome WHERE delivery_id = '${id}'`), { everyMs: 300, patienceMs: 60_000 });
const left = () => publish('household.left', { departure_date: day, ...registered }, []);
const deliveryTo = (member, { deliveries }) => deliveries.find(({ recipient }) => recipient === member);

test('An office acts hours later, and its publisher sees what it did', async () => {
  const nia = recipients.get('nia');
  const [acted, doubted] = [await left(), await left()];
  for (const each of [acted, doubted]) await awaitStates(each.notice_id, THERE);
  // Its adapter need not run when the office writes.
  await end(nia.process, 'SIGKILL');
  writes({ delivery_id: deliveryTo('nia', acted).delivery_id, state: 'ACKNOWLEDGED', case_number: 'NIA-115-7' });
  writes({ delivery_id: deliveryTo('nia', doubted).delivery_id, state: 'REJECTED', reason: 'OTHER', words: '旅客仍在境內' });
  nia.run();
  const outcomes = [];
  for (const each of [acted, doubted]) {
    const told = await toldOf(deliveryTo('nia', each).delivery_id);
    const shown = deliveryTo('nia', await show(each.notice_id));
    assert.equal(told, `entry ${shown.steps.at(-1).entry}`);
    outcomes.push(shown);
  }
  assert.equal(outcomes[0].state, 'acknowledged');
  assert.equal(outcomes[0].case_number, 'NIA-115-7');
  assert.equal(outcomes[1].state, 'rejected');
  assert.equal(outcomes[1].reason, 'OTHER');
  assert.equal(outcomes[1].rejection_text, '旅客仍在境內');
  assert.match(await notice('checklist'), new RegExp(outcomes[1].delivery_id));
  // It looked again, and acted after all.
  writes({ delivery_id: outcomes[1].delivery_id, state: 'ACKNOWLEDGED', case_number: 'NIA-115-8' });
  assert.match(await toldOf(outcomes[1].delivery_id), /^entry \d+$/);
  assert.equal(deliveryTo('nia', await show(doubted.notice_id)).case_number, 'NIA-115-8');
});

test('An office that writes what cannot be, reads why', async () => {
  const nia = recipients.get('nia');
  const notices = [await left(), await left()];
  for (const each of notices) await awaitStates(each.notice_id, THERE);
  const [first, second] = notices.map((each) => deliveryTo('nia', each).delivery_id);
  // Of another office, so that it never came here.
  const others = deliveryTo('town-shanhua', notices[0]).delivery_id;
  writes({ delivery_id: others, state: 'ACKNOWLEDGED' });
  writes({ delivery_id: first, state: 'DONE' });
  assert.match(await toldOf(others), /no such notice was taken here/);
  assert.match(await toldOf(first), /state: write ACKNOWLEDGED or REJECTED/);
  writes({ delivery_id: first, state: 'ACKNOWLEDGED' });
  assert.match(await toldOf(first), /^entry \d+$/);
  // Somebody of the office had said it by a call, with another case number.
  await notice('ack', second, '--case', '7-115', '--cert', join(pki, 'nia.pem'), '--key', join(pki, 'nia.key'));
  writes({ delivery_id: second, state: 'ACKNOWLEDGED', case_number: 'NIA-115-9' });
  assert.match(await toldOf(second), /no effect: DELIVERY_STATE, entry \d+$/);
  assert.equal(deliveryTo('nia', await show(notices[1].notice_id)).case_number, '7-115');
  assert.equal(nia.sql('SELECT COUNT(*) FROM chayan_outcome WHERE told IS NULL'), '0');
});

test('Nobody acknowledges what it never got, or what is for another', async () => {
  const nia = recipients.get('nia');
  await end(nia.process, 'SIGKILL');
  const waiting = await left();
  const id = deliveryTo('nia', waiting).delivery_id;
  const refused = async (member, reason) => {
    const { code, out, err } = await chayan('notice', 'ack', id, '--case', '1', '--cert', join(pki, `${member}.pem`),
      '--key', join(pki, `${member}.key`));
    assert.notEqual(code, 0);
    assert.match(out + err, reason);
  };
  await refused('nia', /DELIVERY_STATE/);
  await refused('town-shanhua', /DELIVERY_NOT_FOUND/);
  assert.equal(deliveryTo('nia', await show(waiting.notice_id)).state, 'scheduled');
  nia.run();
  await awaitStates(waiting.notice_id, THERE);
});

test('A database that has a notice whose adapter was killed before it could say so has it once', async () => {
  const taipower = recipients.get('taipower');
  const changes = () => Number(taipower.sql(`SELECT changes FROM customer WHERE account = '${ACCOUNT}'`));
  const before = changes();
  // While somebody else writes into the adapter's inbox, it can take a notice and cannot keep that it did.
  const holder = start('inbox-holder', 'sqlite3', [join(taipower.folder, 'answers.log.inbox')],
    { stdio: ['pipe', 'ignore', 'inherit'] });
  const held = join(taipower.folder, 'held');
  holder.stdin.write(`BEGIN IMMEDIATE;\n.shell touch ${held}\n`);
  await poll('the hold', () => existsSync(held));
  const { notice_id: id } = await publish('household.move', { ...moved, ...registered },
    ['--consent', 'power', '--account', `taipower=${ACCOUNT}`]);
  await poll('the change', () => changes() === before + 1);
  await end(taipower.process, 'SIGKILL');
  assert.equal(deliveryTo('taipower', await show(id)).state, 'scheduled');
  await end(holder, 'SIGKILL');
  taipower.run();
  await poll('the receipt', async () => deliveryTo('taipower', await show(id)).state === 'acknowledged',
    { everyMs: 300, patienceMs: 120_000 });
  assert.equal(changes(), before + 1);
});

test('A notice that its recipient\'s system never takes holds up those of its person alone', async () => {
  const labor = recipients.get('labor-insurance');
  const poisoned = 'B123456780';
  const toLabor = (published) => deliveryTo('labor-insurance', published);
  const shownOf = async (published) => toLabor(await show(published.notice_id));
  const death = (person) => publish('person.death', { death_date: day, ...registered }, ['--consent', 'labor'], person);
  labor.sql(`CREATE TRIGGER poison BEFORE INSERT ON chayan_inbox_subject WHEN NEW.number = '${poisoned}'
    BEGIN SELECT RAISE(ABORT, 'poison'); END`);
  const poison = await death(poisoned);
  await poll('some attempts', async () => (await shownOf(poison)).attempts >= 2, { everyMs: 300 });
  const later = await publish('person.birth', { birth_date: day, ...registered }, ['--consent', 'labor'], poisoned);
  const other = await death('C123456781');
  await poll('the other person', () => labor.has(toLabor(other).delivery_id), { everyMs: 300 });
  assert.equal((await shownOf(poison)).reason, 'SYSTEM_REFUSED');
  assert.equal((await shownOf(poison)).state, 'scheduled');
  assert.equal((await shownOf(later)).waits_for_earlier, true);
  labor.sql('DROP TRIGGER poison');
  const [first, second] = [poison, later].map((each) => toLabor(each).delivery_id);
  await poll('the later one', () => labor.has(second), { everyMs: 300, patienceMs: 60_000 });
  assert.equal(labor.sql(`SELECT group_concat(delivery_id, ' ') FROM (SELECT delivery_id FROM chayan_inbox
    WHERE delivery_id IN ('${first}', '${second}') ORDER BY rowid)`), `${first} ${second}`);
});

test('A period without notices is said to its recipient, and the log has it', async () => {
  const landQd = recipients.get('land-qd');
  const entry = await poll('the silence', () =>
    landQd.sql(`SELECT entry_index FROM chayan_none_today WHERE subscription = '${SILENT}'`), { everyMs: 500, patienceMs: 150_000 });
  const [{ holder, outcome, reason }] = await entriesFrom(Number(entry));
  assert.deepEqual({ holder, outcome, reason }, { holder: 'land-qd', outcome: 'NONE', reason: 'NONE_TODAY' });
});

test('An agency begins with what adapter new writes, and that passes its own check', async () => {
  for (const connector of ['sql', 'http', 'file']) {
    const folder = join(directory, `begun-${connector}`);
    const begin = () => chayan('adapter', 'new', 'person.death', '--connector', connector, '--kinds',
      join(sampleSet, 'notices.textproto'), '--out', folder);
    const { code, out, err } = await begin();
    assert.equal(code, 0, out + err);
    const check = await chayan('adapter', 'check', join(folder, 'adapter.textproto'));
    assert.equal(check.code, 0, check.out + check.err);
    assert.match(check.out, /no fault\n.*ok +somebody/s);
    const again = await begin();
    assert.notEqual(again.code, 0);
    assert.match(again.err, /stands already/);
  }
  assert.equal(statSync(join(directory, 'begun-http/hook.secret')).mode & 0o777, 0o600);
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
