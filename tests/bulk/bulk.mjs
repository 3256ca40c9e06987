// The file, the kills and the check of tests/bulk/run:
//
//   node bulk.mjs WORK
//
// Goal: a campaign of notices loses nothing, doubles nothing and keeps the order of each subject, whatever is killed; and
// few entries prove each of its notices. Method: `chayan notice publish --bulk` on a file in which each door plate is
// renumbered several times; kills while its results grow; recipients that keep what they got; then all of it is compared.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { decode, env, trust } from '../interop/calls.mjs';
import { checkReceipt } from '../interop/receipt.mjs';
import { readRecord } from '../notices/record.mjs';
import { applySet, changedSet, chayan, pidOf, poll, program, root, run, up } from '../integration/deployment.mjs';

const [work] = process.argv.slice(2);
const NOTICES = Number(env.BULK_NOTICES ?? 2000);
const ROUNDS = 5;  // of each plate
const PLATES = NOTICES / ROUNDS;
const ARRIVE_MS_MAX = 240_000;
const RECIPIENTS = ['land-ad', 'land-qd'];
const file = join(work, 'plates.csv');
const results = join(work, 'results.csv');
const evidence = join(work, 'evidence');
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

// Each evidence file by the checker of tests/interop; the entries that prove them.
function checkEvidence(ids) {
  const entries = new Set();
  const seen = new Set();
  for (const name of readdirSync(evidence).filter((each) => each.endsWith('.chayan'))) {
    const { request, answer, receipt, frame } = decode('EvidenceFile', readFileSync(join(evidence, name)));
    const { noticeId } = decode('AcceptedNotice', answer);
    const leaf = checkReceipt({ receipt, request, told: answer, trust, frame, itemId: noticeId });
    entries.add(leaf.index);
    seen.add(noticeId);
  }
  assert.deepEqual([...seen].sort(), [...ids].sort());
  return entries;
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
`,
}));
writePlates();
RECIPIENTS.forEach(startRecipient);
let publishing = publish();
await grown(0.15);
process.kill(pidOf('gateway'), 'SIGKILL');
await up();
await grown(0.35);
startRecipient(RECIPIENTS[0]);
await grown(0.55);
publishing.child.kill('SIGKILL');
await poll('the end of the command', () => publishing.code !== undefined);
publishing = publish();
await grown(0.8);
process.kill(pidOf('gateway'), 'SIGKILL');
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
const entries = checkEvidence(ids);
assert.ok(entries.size < NOTICES / 2, `${entries.size} entries for ${NOTICES} notices`);
const one = await chayan('receipt', 'check', join(evidence, readdirSync(evidence)[0]));
assert.equal(one.code, 0, one.out + one.err);

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
