// Goal: what an auditor does with a copy of the log and no server: agree on keys, prove, count, decide again, hold an
// agency's own log against it, report; and what is changed afterwards is named. Method: `chayan audit` on exports of a
// real gateway, each check also given something that must fail.
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { clientFor, env } from '../interop/calls.mjs';
import { awaitEntry, chayan, directory, entriesFrom, logSize, pki, root, sampleSet } from '../integration/deployment.mjs';
import {
  askMany, audit, auditFails, CHECK_FAILED, fails, json, path, rowsOf, unzipped, USAGE,
} from './auditor.mjs';

const household = clientFor('HOUSEHOLD');
after(() => household.close());
const RULES = ['--rules', join(root, 'deploy/anomalies.textproto')];
const ANSWERS = join(directory, 'agencies/land-ad/answers.log');
// Days in Taiwan, wherever the machine stands.
const day = (offset) => new Date(Date.now() + offset * 86_400_000).toISOString().slice(0, 10);
const PERIOD = ['--from', day(-1), '--to', day(1)];
const exported = path('export-offline');
const receipts = path('receipts');

test('both sides agree on keys, on paper and as a file', async () => {
  const trust = path('trust');
  const page = path('agreement.odt');
  const told = await audit('trust', 'init', '--vkey', env.CHAYAN_LOG_VKEY, '--registry', sampleSet, '--out', trust,
    '--page', page);
  const spki = execFileSync('openssl', ['pkey', '-in', join(pki, 'answer/land-ad.key'), '-pubout', '-outform', 'DER']);
  const hex = execFileSync('sha256sum', { input: spki, encoding: 'utf8' }).slice(0, 64);
  const fingerprint = hex.match(/.{4}/g).join(' ');
  for (const text of [told, unzipped(page, 'content.xml')]) {
    assert.ok(text.includes(fingerprint) && text.includes(env.CHAYAN_LOG_VKEY));
  }
  assert.match(readFileSync(trust, 'utf8'), /^answer-key land-ad /m);
  await auditFails(USAGE, /--vkey/, 'trust', 'init', '--vkey', 'nonsense', '--out', path('trust-none'));
});

test('a copy grows with the log, and is proved', async () => {
  mkdirSync(receipts, { recursive: true });
  assert.equal((await chayan('verify', '--example', 'match', '--evidence', join(receipts, 'one.chayan'))).code, 0);
  assert.match(await audit('export', exported), /entries, new [1-9]/);
  const old = path('checkpoint-old');
  cpSync(join(exported, 'checkpoint'), old);
  await askMany(household, 3);
  assert.match(await audit('export', exported), /entries, new [1-9]/);
  const proved = JSON.parse(await audit('verify', exported, '--old', old, '--receipts', receipts, '--json'));
  assert.deepEqual([proved.proved, proved.old_checkpoints, proved.receipts, proved.findings_count], [true, 1, 1, 0]);
  const forged = path('export-forged');
  cpSync(exported, forged, { recursive: true });
  const size = Number(readFileSync(join(forged, 'checkpoint'), 'utf8').split('\n')[1]);
  const file = join(forged, size < 256 ? `tile/entries/000.p/${size}` : 'tile/entries/000');
  const bytes = readFileSync(file);
  bytes[bytes.indexOf('hro-shanhua')] ^= 1;
  writeFileSync(file, bytes);
  await auditFails(CHECK_FAILED, /entry \d+/, 'verify', forged);
  // Nothing is read from what is not proved.
  await auditFails(CHECK_FAILED, /is not what the log signed/, 'persons', forged);
});

test('who used it, and what an incident touched', async () => {
  const used = await json('persons', exported, '--receipts', receipts);
  const office = rowsOf(used, 'systems').find((row) => row.member === 'hro-shanhua');
  assert.match(office.cert, /^[0-9a-f]{64}$/);
  assert.ok(rowsOf(used, 'persons').some((row) => row.person === 'example-clerk' && row.questions === '1'));
  const touched = await json('affected', exported, '--since', '24h', '--cert', office.cert);
  const leaves = (await entriesFrom(0)).filter((leaf) => Buffer.from(leaf.cert ?? '', 'base64').toString('hex') === office.cert);
  assert.ok(Number(touched.facts['entries touched']) > 0);
  assert.ok(Number(touched.facts['entries touched']) <= leaves.length);
  const sheet = path('incident.ods');
  await audit('affected', exported, '--since', '24h', '--out', sheet);
  assert.match(unzipped(sheet, 'content.xml'), /hro-shanhua/);
});

test('what a person should look at is found by rules', async () => {
  const rules = path('rules.textproto');
  writeFileSync(rules, `outside_hours { default_hours { hours { from: "00:00" to: "24:00" } weekdays: [ 1, 2, 3, 4, 5, 6, 7 ] } }
    repeated_subject { questions: 3 within_hours: 72 }
    failed_streak { length: 3 within_minutes: 30 failures: [ "MISMATCH", "NOT_FOUND" ] }`);
  const quiet = await json('anomalies', exported, '--rules', rules);
  assert.ok(!rowsOf(quiet).some((row) => row.rule.includes('hours')), JSON.stringify(rowsOf(quiet)));
  // Of three persons: guesses about one would be locked out.
  for (const value of ['A100000001', 'A100000010', 'A100000029']) {
    await askMany(household, 1, { subject: { identifier: { scheme: 1, value }, name: '林大明' },
      claims: [{ code: 'land_office', text: 'AD' }, { code: 'section', text: '0863' }, { code: 'lot', text: '48' },
        { code: 'owner_name', text: '林大明' }] });
  }
  await audit('export', exported);
  const found = await json('anomalies', exported, '--rules', rules);
  assert.ok(found.facts.found > quiet.facts.found);
  const broken = path('rules-broken.textproto');
  writeFileSync(broken, 'outside_hours { default_hours { hours { from: "26:00" to: "27:00" } } }');
  await auditFails(USAGE, /no time of day; write it as 08:30/, 'anomalies', exported, '--rules', broken);
});

test('an agency\'s own log and ours agree, or what differs is named', async () => {
  const agree = await json('reconcile', exported, '--holder', 'land-ad', '--answers', ANSWERS);
  assert.ok(Number(agree.facts['on both sides']) > 0);
  assert.equal(agree.facts.discrepancies, '0');
  // One in the middle: what was asked before an answer log begins stands in an older file of it.
  const short = path('answers-short.log');
  const lines = readFileSync(ANSWERS, 'utf8').trim().split('\n');
  const { exchange } = JSON.parse(lines[Math.floor(lines.length / 2)]);
  writeFileSync(short, `${lines.filter((line) => !line.includes(exchange)).join('\n')}\n`);
  await auditFails(CHECK_FAILED, new RegExp(exchange), 'reconcile', exported, '--holder', 'land-ad', '--answers', short);
  const strange = path('answers-strange.log');
  const invented = `${exchange.slice(0, -4)}ffff`;
  writeFileSync(strange, `${lines.join('\n')}\n${lines.filter((line) => line.includes(exchange)).join('\n')
    .replaceAll(exchange, invented)}\n`);
  // Answers of the last moments may not be in the export yet; by default, of its last minute.
  await auditFails(CHECK_FAILED, new RegExp(invented), 'reconcile', exported, '--holder', 'land-ad', '--answers', strange,
    '--late', '1s');
  await auditFails(USAGE, /name the files in it/, 'reconcile', exported, '--holder', 'land-ad', '--answers', directory);
});

test('a decision is made again with the registry of its time', async () => {
  const from = await logSize();
  await fails(3, /PURPOSE_NOT_GRANTED/, 'verify', '--example', 'denied');
  const denied = await awaitEntry(from, 'the denial', (entry) => entry.type === 'denied');
  await audit('export', exported);
  const explained = await json('explain', exported, String(denied.index));
  assert.match(explained.facts.conclusion, /the refusal has its reason: the purpose is granted/);
  const steps = rowsOf(explained, Object.keys(explained.tables).at(-1));
  assert.deepEqual(steps.filter((row) => row.holds === 'no').map((row) => row.step), ['the purpose is granted']);
});

test('the half-year pack holds, and names what was changed in it', async () => {
  const pack = path('half-year');
  await audit('report', exported, ...PERIOD, ...RULES, '--out', pack);
  assert.match(await audit('report-check', pack), /every file is as the manifest says/);
  await auditFails(USAGE, /is not empty; name a new folder/, 'report', exported, ...PERIOD, '--out', pack);
  const forged = path('half-year-forged');
  cpSync(pack, forged, { recursive: true });
  const file = join(forged, 'report-en-kinds.csv');
  writeFileSync(file, readFileSync(file, 'utf8').replace('land.title', 'land.other'));
  await auditFails(CHECK_FAILED, /report-en-kinds\.csv/, 'report-check', forged);
});

// The rows of RFC 4180 text.
function csvRows(text) {
  const rows = [['']];
  let quoted = false;
  for (const field of text.replace(/^\ufeff/, '').replace(/\r?\n$/, '').match(/""|"|,|\r?\n|[^",\r\n]+/g) ?? []) {
    const row = rows.at(-1);
    if (field === '"') quoted = !quoted;
    else if (field === '""') row[row.length - 1] += quoted ? '"' : '';
    else if (!quoted && field === ',') row.push('');
    else if (!quoted && /\n/.test(field)) rows.push(['']);
    else row[row.length - 1] += field.replace(/\r\n/, '\n');
  }
  return rows;
}
const OFFICE = spawnSync('soffice', ['--version']).status === 0;

test('LibreOffice reads every cell of the half-year pack as it stands in the CSV files',
  { skip: !OFFICE && 'soffice is not installed (libreoffice-calc-nogui)' }, () => {
    const pack = path('half-year');
    for (const language of ['zh', 'en']) {
      const out = path(`office-${language}`);
      // Comma, quote, UTF-8, all columns as they are, every sheet into a file of its own.
      execFileSync('soffice', [`-env:UserInstallation=file://${path('office-profile')}`, '--headless', '--convert-to',
        'csv:Text - txt - csv (StarCalc):44,34,76,1,,0,true,true,false,false,false,-1', '--outdir', out,
        join(pack, `report-${language}.ods`)], { stdio: 'ignore', timeout: 170_000 });
      const shown = readdirSync(out).map((name) => JSON.stringify(csvRows(readFileSync(join(out, name), 'utf8'))));
      const written = readdirSync(pack).filter((name) => name.startsWith(`report-${language}-`));
      assert.ok(written.length >= 10, `only ${written}`);
      for (const name of written) {
        // An apostrophe keeps spreadsheets from computing what they read as CSV.
        const rows = JSON.stringify(csvRows(readFileSync(join(pack, name), 'utf8'))
          .map((row) => row.map((cell) => cell.replace(/^'(?=[=+\-@])/, ''))));
        assert.ok(shown.includes(rows), `${name}: LibreOffice shows other cells than ${rows}`);
      }
      assert.equal(shown.length, written.length + 1, 'not a sheet for each file, and one of facts');
    }
  });

test('the statistics of a gateway are signed by their entry', async () => {
  const pack = path('report');
  await audit('report', ...PERIOD, '--out', pack);
  assert.match(await audit('report-check', pack), /the statistics that the gateway signed with entry \d+/);
  // Another report under a manifest that fits it.
  const forged = path('report-forged');
  cpSync(pack, forged, { recursive: true });
  const report = join(forged, 'report.json');
  const changed = readFileSync(report, 'utf8').replace(/"questions":"\d+"/, '"questions":"1000000"');
  assert.notEqual(changed, readFileSync(report, 'utf8'));
  writeFileSync(report, changed);
  await auditFails(CHECK_FAILED, /report\.json: was changed/, 'report-check', forged);
  const digest = (of) => execFileSync('sha256sum', [join(of, 'report.json')], { encoding: 'utf8' }).slice(0, 64);
  const manifest = join(forged, 'manifest');
  writeFileSync(manifest, readFileSync(manifest, 'utf8').replace(digest(pack), digest(forged)));
  await auditFails(CHECK_FAILED, /the report is not the one that entry \d+ signs/, 'report-check', forged);
});
