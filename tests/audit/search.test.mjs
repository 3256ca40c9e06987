// Goal: an auditor finds what was asked, by whatever is known of it; opens it; answers the person; and each look stands in
// the log. Method: `chayan audit` against a real gateway, its results held against all leaves read by another client.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { clientFor, question, readRefusal, verifyDocument } from '../interop/calls.mjs';
import { entriesFrom, logSize } from '../integration/deployment.mjs';
import {
  AS, askMany, audit, auditFails, entriesOf, fails, indexesOf, json, path, REFUSED, rowsOf, SUBJECT, unzipped, USAGE,
} from './auditor.mjs';

const household = clientFor('HOUSEHOLD');
after(() => household.close());

// More than two pages of a search.
const MANY = 230;
let matches = [];

test('questions of many kinds are asked', async () => {
  matches = (await askMany(household, MANY)).map(({ leaf }) => leaf.id);
  const land = (office, name) => ({ claims: [{ code: 'land_office', text: office }, { code: 'section', text: '0863' },
    { code: 'lot', text: '48' }, { code: 'owner_name', text: name }] });
  await askMany(household, 2, land('AD', '林大明'));
  const ends = [{ purpose: { person: { id: 'clerk-8', role: 'clerk' }, purposeCode: 'household.move-abroad',
    legalBasis: 'household-act-68', caseNumber: '113-0043' } }, land('ZZ', '王小明')];
  for (const changes of ends) {
    const request = question(changes);
    const refusal = await verifyDocument(household, request).then(() => null, (error) => readRefusal(error, request));
    assert.ok(refusal?.leaf, 'it was not refused');
  }
});

test('every filter finds what fits, at a gateway and in an export', async () => {
  const end = await logSize();
  const leaves = (await entriesFrom(0)).filter((entry) => entry.index < end);
  const exported = path('export');
  await audit('export', exported);
  const middle = leaves[Math.floor(leaves.length / 2)].t;
  const cert = leaves.find((leaf) => leaf.member === 'hro-shanhua').cert;
  const filters = [
    [['--type', 'denied'], (leaf) => leaf.type === 'denied'],
    [['--member', 'hro-shanhua'], (leaf) => leaf.member === 'hro-shanhua'],
    [['--system', 'console'], (leaf) => leaf.system === 'console'],
    [['--office', 'hro-shanhua'], (leaf) => leaf.for === 'hro-shanhua'],
    [['--kind', 'land.title'], (leaf) => leaf.kind === 'land.title'],
    [['--holder', 'land-ad'], (leaf) => leaf.holder === 'land-ad'],
    [['--outcome', 'MISMATCH'], (leaf) => leaf.outcome === 'MISMATCH'],
    [['--purpose', 'household.move-abroad'], (leaf) => leaf.purpose === 'household.move-abroad'],
    [['--reason', 'NO_ROUTE'], (leaf) => leaf.reason === 'NO_ROUTE'],
    [['--caller-cert', Buffer.from(cert, 'base64').toString('hex')], (leaf) => leaf.cert === cert],
    [['--from', middle], (leaf) => leaf.t >= middle],
    [['--to', middle], (leaf) => leaf.t < middle],
    [['--type', 'verification', '--outcome', 'MATCH', '--from', '1h'],
      (leaf) => leaf.type === 'verification' && leaf.outcome === 'MATCH'],
  ];
  for (const [flags, fits] of filters) {
    const expected = leaves.filter(fits).map((leaf) => leaf.index);
    assert.ok(expected.length > 0 && expected.length < leaves.length, `${flags} tells nothing apart`);
    for (const where of [[], [exported]]) {
      const found = indexesOf(await json('search', ...where, ...flags)).filter((index) => index < end);
      assert.deepEqual(found, expected, `${flags} ${where}`);
    }
  }
  await auditFails(USAGE, /--from: no moment; write a day/, 'search', '--from', '1151301');
  await auditFails(USAGE, /--caller-cert: not 64 hexadecimal digits/, 'search', '--caller-cert', 'abc');
});

test('subject, person and case lead to the entries, page by page, and only of a gateway', async () => {
  const of = new Map((await entriesFrom(0)).map((entry) => [entry.id, entry.index]));
  const asked = matches.map((id) => of.get(id)).sort((a, b) => a - b);
  for (const about of [['--subject', SUBJECT], ['--person', 'hro-shanhua:clerk-7'], ['--case', 'hro-shanhua:113-0042']]) {
    const found = await json('search', ...about, '--type', 'verification', '--outcome', 'MATCH', ...AS);
    assert.deepEqual(indexesOf(found), asked, about.join(' '));
  }
  const few = await json('search', '--subject', SUBJECT, '--outcome', 'MATCH', '--limit', '50', ...AS);
  assert.deepEqual(indexesOf(few), asked.slice(0, 50));
  assert.equal(few.facts.found, String(MANY));
  // Nothing found is an answer, of a gateway as of an export.
  for (const about of [['--person', 'hro-shanhua:nobody', ...AS], ['--outcome', 'VOID'], [path('export'), '--outcome', 'VOID']]) {
    assert.deepEqual(indexesOf(await json('search', ...about)), [], about.join(' '));
  }
  assert.match(await audit('search', '--outcome', 'VOID'), /found\s*:? *0/);
  await auditFails(USAGE, /a search is about one of them/, 'search', '--subject', SUBJECT, '--person', 'hro-shanhua:clerk-7', ...AS);
  await auditFails(USAGE, /--as, --file: write your id/, 'search', '--subject', SUBJECT);
  await auditFails(USAGE, /--person: write MEMBER:ID/, 'search', '--person', 'clerk-7', ...AS);
  await auditFails(USAGE, /ask the gateway/, 'search', path('export'), '--subject', SUBJECT, ...AS);
  await auditFails(REFUSED, /subject: .*ten/, 'search', '--subject', 'A12345678', ...AS);
});

test('what a person did goes into the incident report, from the vault\'s own index', async () => {
  const found = await json('search', '--person', 'hro-shanhua:clerk-8', ...AS);
  assert.ok(indexesOf(found).length > 0);
  const report = await json('affected', '--person', 'hro-shanhua:clerk-8', ...AS);
  assert.equal(report.facts['entries touched'], String(indexesOf(found).length));
  assert.deepEqual(rowsOf(report, 'entries').map((row) => Number(row.index)), indexesOf(found));
  const sheet = path('incident-person.ods');
  await audit('affected', '--person', 'hro-shanhua:clerk-8', '--since', '1h', ...AS, '--out', sheet);
  assert.match(unzipped(sheet, 'content.xml'), /PURPOSE_NOT_GRANTED/);
  assert.equal((await json('affected', '--person', 'hro-shanhua:nobody', ...AS)).facts['entries touched'], '0');
  await auditFails(USAGE, /--as, --file: write your id/, 'affected', '--person', 'hro-shanhua:clerk-8');
});

test('an entry is proved, and opened', async () => {
  const index = indexesOf(await json('search', '--subject', SUBJECT, '--outcome', 'MATCH', '--limit', '1', ...AS))[0];
  const closed = await json('entry', String(index));
  assert.equal(closed.facts['sealed part'], 'not asked for');
  assert.equal(closed.facts["subject's number"], undefined);
  const open = await json('entry', String(index), '--open', ...AS, '--why', 'spot check');
  assert.equal(open.facts['sealed part'], 'open');
  assert.equal(open.facts.person, 'clerk-7');
  assert.equal(open.facts.case, '113-0042');
  assert.equal(open.facts["subject's number"], SUBJECT);
  assert.match(open.facts['claims compared'], /owner_name: match/);
  await auditFails(USAGE, /--as, --file/, 'entry', String(index), '--open');
  await auditFails(REFUSED, /ENTRY_NOT_FOUND/, 'entry', '1000000');
});

test('the person is answered by letter, over several pages', async () => {
  const letter = path('letter.odt');
  await audit('subject', SUBJECT, ...AS, '--out', letter);
  const content = unzipped(letter, 'content.xml');
  assert.ok(content.split('<table:table-row>').length > MANY, 'the letter lacks accesses');
  assert.match(content, /Shanhua Household Registration Office/);
  assert.match(content, /Land title/);
  assert.ok(!content.includes(SUBJECT), 'the letter names the number');
  // Auditors' reads are accesses too; what was refused is one.
  const accesses = await json('subject', SUBJECT, ...AS);
  assert.ok(Number(accesses.facts.accesses) > MANY);
  assert.equal(accesses.facts['outside your grants'], '0');
  for (const office of ['hro-shanhua', 'audit-office']) {
    assert.ok(rowsOf(accesses).some((row) => row.office === office), `no access of ${office}`);
  }
  assert.ok(rowsOf(accesses).some((row) => row.outcome === 'NO_ROUTE'));
});

test('each look is an entry, and one that opens stands under the person looked at', async () => {
  const looks = [
    ['SearchEntries', 'read', () => audit('search', '--outcome', 'MISMATCH')],
    ['SearchEntries', 'read', () => audit('search', '--case', 'hro-shanhua:113-0043', ...AS)],
    ['GetEntry', 'read', () => audit('entry', '0')],
    ['ListHolds', 'read', () => audit('hold', 'list')],
    ['ListErasures', 'read', () => audit('erase', 'list')],
    ['ListDraws', 'read', () => audit('sample', 'list')],
    ['ListRetention', 'read', () => audit('retention')],
    ['GetEntry', 'failed', () => auditFails(REFUSED, /ENTRY_NOT_FOUND/, 'entry', '1000000')],
  ];
  for (const [method, type, look] of looks) {
    const made = await entriesOf(look);
    assert.deepEqual(made.map((entry) => [entry.type, entry.method, entry.member]), [[type, method, 'audit-office']]);
  }
  const [read] = await entriesOf(() => audit('subject', SUBJECT, '--from', '2020-01-01', '--to', '2020-01-31', ...AS));
  assert.equal(read.method, 'ListAccesses');
  const listed = indexesOf(await json('search', '--subject', SUBJECT, '--type', 'read', ...AS));
  assert.ok(listed.includes(read.index), 'the read is not found under the person');
});

test('an auditor may not ask, and nobody else may audit', async () => {
  const auditor = ['--cert', process.env.CHAYAN_AUDITOR_CERT, '--key', process.env.CHAYAN_AUDITOR_KEY];
  const [asked] = await entriesOf(() => fails(REFUSED, /ROLE_NOT_ALLOWED/, 'verify', '--example', 'match', ...auditor));
  assert.deepEqual([asked.type, asked.member, asked.reason], ['denied', 'audit-office', 'ROLE_NOT_ALLOWED']);
  const office = ['--cert', process.env.CHAYAN_HOUSEHOLD_CERT, '--key', process.env.CHAYAN_HOUSEHOLD_KEY];
  const [looked] = await entriesOf(() => auditFails(REFUSED, /ROLE_NOT_ALLOWED/, 'search', ...office));
  assert.deepEqual([looked.type, looked.member, looked.reason], ['denied', 'hro-shanhua', 'ROLE_NOT_ALLOWED']);
});
