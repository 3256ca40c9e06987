// Goal: what stands of a person is erased by two auditors and no fewer, never against a legal hold; then nothing opens,
// nothing of it is left in the store's own files, and all still proves itself. Method: `chayan audit` against a real
// gateway with two auditors' certificates; the wrapped key of the entry's detail is searched for in the raw files.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { after, test } from 'node:test';
import { clientFor, env } from '../interop/calls.mjs';
import { entriesFrom } from '../integration/deployment.mjs';
import {
  AS, AT_SECOND, askMany, audit, auditFails, FILE, indexesOf, json, path, REFUSED, rowsOf, SUBJECT, USAGE,
} from './auditor.mjs';

const household = clientFor('HOUSEHOLD');
after(() => household.close());

const SECOND = ['--as', 'inspector-4', ...FILE, ...AT_SECOND];
const REASON = ['--reason', 'person-request'];
let index = '';
let neighbour = '';

// The vault row's bytes as the store keeps them: wrapped key, then sealed detail.
function vaultRow(of) {
  const hex = execFileSync('sqlite3', ['-readonly', env.CHAYAN_STORE,
    `SELECT hex(wrapped_secret) || ',' || hex(sealed_detail) FROM vault WHERE idx = ${of}`], { encoding: 'utf8' });
  return hex.trim().split(',').map((part) => Buffer.from(part, 'hex'));
}
const rawFiles = () => Buffer.concat([env.CHAYAN_STORE, `${env.CHAYAN_STORE}-wal`].map((file) => readFileSync(file)));

test('a legal hold keeps an entry, and the key of its month', async () => {
  const asked = await askMany(household, 2);
  const all = await entriesFrom(0);
  [index, neighbour] = asked.map(({ leaf }) => String(all.find((entry) => entry.id === leaf.id).index));
  await audit('hold', 'place', index, '--reason', 'lawsuit', ...AS);
  assert.deepEqual(rowsOf(await json('hold', 'list')).map((row) => row.entry), [index]);
  assert.ok(rowsOf(await json('retention')).some((row) => row['held by entries'] === index));
  await auditFails(REFUSED, /a legal hold keeps the entry/, 'erase', 'propose', index, ...REASON, ...AS);
  await audit('hold', 'lift', index, ...AS);
  assert.deepEqual(rowsOf(await json('hold', 'list')), []);
});

test('one auditor alone is refused, whatever he tries', async () => {
  await auditFails(USAGE, /write one of person-request/, 'erase', 'propose', index, '--reason', 'because', ...AS);
  await auditFails(USAGE, /--as, --file/, 'erase', 'propose', index, ...REASON);
  const proposed = await audit('erase', 'propose', index, ...REASON, ...AS);
  const proposal = ['--proposal', proposed.match(/--proposal (\d+)/)[1]];
  const confirm = ['erase', 'confirm', index, ...proposal];
  const sameSystem = ['--as', 'inspector-4', ...FILE];
  const samePerson = ['--as', 'inspector-3', ...FILE, ...AT_SECOND];
  for (const who of [AS, sameSystem, samePerson]) {
    await auditFails(REFUSED, /by another person on another system/, ...confirm, ...REASON, ...who);
  }
  await auditFails(REFUSED, /PROPOSAL_INVALID/, ...confirm, '--reason', 'order', ...SECOND);
  await auditFails(REFUSED, /PROPOSAL_INVALID/, 'erase', 'confirm', neighbour, ...proposal, ...REASON, ...SECOND);
  assert.equal((await json('entry', index, '--open', ...AS)).facts['sealed part'], 'open');
});

test('two auditors erase it, from the raw files too', async () => {
  const row = vaultRow(index);
  const other = vaultRow(neighbour);
  for (const part of [...row, ...other]) assert.ok(rawFiles().includes(part), 'the search finds nothing at all');
  const { proposal } = rowsOf(await json('erase', 'list')).find((one) => one['entry or key'] === index);
  await audit('erase', 'confirm', index, '--proposal', proposal, ...REASON, ...SECOND);
  // "Gone from files" is what the gateway says only once it is.
  const done = rowsOf(await json('erase', 'list')).find((one) => one.proposal === proposal);
  assert.deepEqual([done.state, done['confirmed by']], ['complete', 'audit-office/auditor-2']);
  const raw = rawFiles();
  for (const part of row) assert.ok(!raw.includes(part), 'the store still holds what was erased');
  for (const part of other) assert.ok(raw.includes(part), 'the entry beside it is gone too');
});

test('nothing of it opens or is found, and everything is proved as before', async () => {
  const gone = await json('entry', index, '--open', ...AS);
  assert.equal(gone.facts['sealed part'], 'none, or erased');
  assert.equal(gone.facts.person, undefined);
  const found = indexesOf(await json('search', '--subject', SUBJECT, '--type', 'verification', ...AS));
  assert.ok(!found.includes(Number(index)) && found.includes(Number(neighbour)));
  await auditFails(REFUSED, /ALREADY|erased/i, 'erase', 'propose', index, ...REASON, ...AS);
  const exported = path('export');
  await audit('export', exported);
  assert.match(await audit('verify', exported), /\nproved; /);
  const [erasure] = (await entriesFrom(0)).filter((entry) => entry.type === 'erasure' && String(entry.ref) === index);
  assert.equal(erasure.member, 'audit-office');
});
