// The file, the kills and the check of tests/bulk/run:
//
//   node bulk.mjs WORK
//
// Goal: a campaign of notices loses nothing, doubles nothing and keeps the order of each subject, whatever is killed; and
// few entries prove each of its notices, to its publisher and to a recipient that pulls. Method: `chayan notice publish
// --bulk` on a file in which each door plate is renumbered several times; kills while its results grow; recipients that
// keep what they got; then all of it is compared.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { decode, env, trust } from '../interop/calls.mjs';
import { checkReceipt } from '../interop/receipt.mjs';
import { readRecord } from '../notices/record.mjs';
import { applySet, changedSet, chayan, poll, program, root, run, stop, up } from '../integration/deployment.mjs';

const [work] = process.argv.slice(2);
const NOTICES = Number(env.BULK_NOTICES ?? 2000);
const ROUNDS = 5;  // of each plate
const PLATES = NOTICES / ROUNDS;
const ARRIVE_MS_MAX = 240_000;
const PULLED_AT_ONCE = '500';
const RECIPIENTS = ['land-ad', 'land-qd'];
const file = join(work, 'plates.csv');
const results = join(work, 'results.csv');
const evidence = join(work, 'evidence');
const pulled = join(work, 'pulled');
const recordOf = (agency) => join(work, `${agency}.record`);

function writePlates() {
  const lines = ['publisher_key,element.former_address,element.new_address'];
  for (let round = 0; round < ROUNDS; ++round) {
    for (let plate = 0; plate < PLATES; ++plate) {
      lines.push(`plate-${plate},臺南市善化區中山路${round + 1}號,臺南市善化區中山路${round + 2}號`);
    }
  }
  writeFileSync(file, `${lines.join('\r\n')}\r\n`);
}

const running = new Map();
process.on('exit', () => running.forEach((child) => child.kill('SIGKILL')));
function startRecipient(agency) {
  running.get(agency)?.kill('SIGKILL');
  running.set(agency, spawn(process.execPath, [join(root, 'tests/notices/recipient.mjs'), agency, `${agency}-renumbered`,
    recordOf(agency)], { stdio: ['ignore', 'ignore', 'inherit'] }));
}

function publish() {
  const child = spawn(program('chayan'), ['notice', 'publish', '--bulk', file, '--out', results, '--evidence', evidence,
    '--kind', 'address.renumbered', '--effective', '1150114', '--new-area', '10010', '--person', 'clerk-7',
    '--basis', 'household-act-68', '--case', '115-0042'], { env: { ...env, LANG: 'C.UTF-8', LC_ALL: '' } });
  const told = { child, code: undefined, text: '' };
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => { told.text += text; });
  child.on('close', (code, signal) => { told.code = code ?? signal; });
  running.set('publisher', child);
  return told;
}

// Row and notice id of each answer so far; a line that is being written has no end yet.
function answered() {
  if (!existsSync(results)) return [];
  const lines = readFileSync(results, 'utf8').split('\r\n').map((line) => line.split(','));
  return lines.slice(0, -1).filter((columns) => columns.length === 6 && columns[0] !== 'row');
}
const grown = (part) => poll(`${part} of the results`, () => answered().length >= NOTICES * part,
  { everyMs: 50, patienceMs: ARRIVE_MS_MAX });

const arrived = (agency) => existsSync(recordOf(agency)) ? readRecord(recordOf(agency)).first : [];

function checkOrder(agency, ids) {
  const places = new Map(arrived(agency).map((id, place) => [id, place]));
  assert.equal(places.size, NOTICES, 'as many as were published');
  for (let plate = 0; plate < PLATES; ++plate) {
    const came = Array.from({ length: ROUNDS }, (_, round) => places.get(ids[round * PLATES + plate]));
    assert.ok(came.every((place) => place !== undefined), 'an accepted notice is lost');
    assert.deepEqual(came, [...came].sort((a, b) => a - b), 'notices about one plate changed their order');
  }
}

// Each evidence file of a folder by the checker of tests/interop: the entry of each file and id. `idOf`: of its answer.
function checkEvidence(folder, idOf) {
  return readdirSync(folder).filter((each) => each.endsWith('.chayan')).map((name) => {
    const { request, answer, receipt, frame } = decode('EvidenceFile', readFileSync(join(folder, name)));
    const id = idOf(answer);
    const { type, index } = checkReceipt({ receipt, request, told: answer, trust, frame, itemId: id });
    return { name, id, type, index };
  });
}

// A household office pulls all of it; what it has is proved, also when it asks for a proof once more.
async function checkPull() {
  const asBanqiao = ['--out', pulled, '--cert', env.CHAYAN_HOUSEHOLD2_CERT, '--key', env.CHAYAN_HOUSEHOLD2_KEY];
  await poll('all notices at the office that pulls', async () => {
    const { code, out, err } = await chayan('notice', 'receive', '--count', PULLED_AT_ONCE, '--wait', '30',
      ...asBanqiao);
    assert.equal(code, 0, out + err);
    return readdirSync(pulled).filter((name) => name.endsWith('.notice')).length === NOTICES;
  }, { patienceMs: ARRIVE_MS_MAX });
  const proved = checkEvidence(pulled, (answer) => decode('DeliveryReceipt', answer).deliveryId);
  assert.equal(proved.length, NOTICES, 'a proof for each notice');
  const framed = proved.find(({ type }) => type === 'bulk');
  assert.ok(framed, 'receipts that came together have one entry');
  rmSync(join(pulled, framed.name));
  await stop('gateway', 'SIGKILL');
  await up();
  const again = await chayan('notice', 'prove', String(framed.index), ...asBanqiao);
  assert.equal(again.code, 0, again.out + again.err);
  const check = await chayan('receipt', 'check', join(pulled, framed.name));
  assert.equal(check.code, 0, check.out + check.err);
}

await applySet(changedSet('bulk', {
  'recipients.textproto': (text) => `${text.replaceAll(/\n  schedule \{[^}]*\}/g, '')}
subscriptions {
  id: "land-ad-renumbered"
  recipient: "land-ad"
  notice_kind: "address.renumbered"
  subject_parts: [ NOTICE_PART_PUBLISHER_KEY ]
  fields: [ "former_address", "new_address" ]
  routing { key: ROUTING_KEY_NEW_AREA values: [ "10010" ] }
  way: DELIVERY_WAY_LINK
}
subscriptions {
  id: "banqiao-renumbered"
  recipient: "hro-banqiao"
  notice_kind: "address.renumbered"
  subject_parts: [ NOTICE_PART_PUBLISHER_KEY ]
  fields: [ "new_address" ]
  routing { key: ROUTING_KEY_NEW_AREA values: [ "10010" ] }
  way: DELIVERY_WAY_PULL
}
`,
}));
writePlates();
RECIPIENTS.forEach(startRecipient);
let publishing = publish();
await grown(0.15);
await stop('gateway', 'SIGKILL');
await up();
await grown(0.35);
startRecipient(RECIPIENTS[0]);
await grown(0.55);
publishing.child.kill('SIGKILL');
await poll('the end of the command', () => publishing.code !== undefined);
publishing = publish();
await grown(0.8);
await stop('gateway', 'SIGKILL');
await up();
await poll('the last answer', () => publishing.code !== undefined, { everyMs: 100, patienceMs: ARRIVE_MS_MAX });
assert.equal(publishing.code, 0, publishing.text);

const ids = [];
for (const [row, , noticeId, , error, receipt] of answered()) {
  assert.equal(error, '');
  assert.equal(receipt, 'proved');
  assert.equal(ids[row - 1] ?? noticeId, noticeId, 'a row was published twice');
  ids[row - 1] = noticeId;
}
assert.equal(new Set(ids).size, NOTICES);
for (const agency of RECIPIENTS) {
  await poll(`all notices at ${agency}`, () => arrived(agency).length === NOTICES,
    { everyMs: 500, patienceMs: ARRIVE_MS_MAX });
  checkOrder(agency, ids);
}
const proofs = checkEvidence(evidence, (answer) => decode('AcceptedNotice', answer).noticeId);
assert.deepEqual([...new Set(proofs.map(({ id }) => id))].sort(), [...ids].sort());
const entries = new Set(proofs.map(({ index }) => index));
assert.ok(entries.size < NOTICES / 2, `${entries.size} entries for ${NOTICES} notices`);
const one = await chayan('receipt', 'check', join(evidence, readdirSync(evidence)[0]));
assert.equal(one.code, 0, one.out + one.err);

await checkPull();

const folder = join(work, 'export');
const exported = await chayan('audit', 'export', folder);
assert.equal(exported.code, 0, exported.out + exported.err);
const verified = await run(program('chayan-audit'), ['verify', folder, '--receipts', evidence, '--json'],
  { timeout: 300_000 });
assert.equal(verified.code, 0, verified.out + verified.err);
const report = JSON.parse(verified.out);
assert.equal(report.frames_not_there, 0);
assert.ok(report.frame_items >= NOTICES, verified.out);
console.log(`bulk: ${NOTICES} notices accepted once through three kills, at ${RECIPIENTS.length} recipients in order; `
  + `${entries.size} entries prove them; the export proves ${report.frame_items} items in ${report.frames} frames`);
process.exit(0);
