// Goal: an auditor sees what a grant covers and nothing else, and an attempt at more is denied and recorded. Method: the
// audit office's grant is narrowed to one office and one kind, in a running deployment.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { clientFor } from '../interop/calls.mjs';
import { applySet, changedSet, sampleSet } from '../integration/deployment.mjs';
import {
  AS, askMany, audit, auditFails, entriesOf, indexesOf, json, path, REFUSED, rowsOf, SUBJECT, unzipped,
} from './auditor.mjs';

const household = clientFor('HOUSEHOLD');
const other = clientFor('HOUSEHOLD2');
after(async () => {
  household.close();
  other.close();
  await applySet(sampleSet);
});

const NARROW = `audit_grants {
  id: "shanhua-land-alone"
  member: "audit-office"
  members: "hro-shanhua"
  document_kinds: "land.title"
  access: AUDIT_ACCESS_DETAILS
  may_draw_samples: true
}`;
let inside = 0;
let outside = 0;

test('a grant bounds what is found', async () => {
  await askMany(household, 1);
  await askMany(other, 1, { actingFor: 'hro-banqiao' });
  const last = async (member) => indexesOf(await json('search', '--member', member, '--type', 'verification')).at(-1);
  inside = await last('hro-shanhua');
  outside = await last('hro-banqiao');
  assert.ok(inside > 0 && outside > inside);
  await applySet(changedSet('narrow', { 'grants.textproto': (text) => text.replace(/^audit_grants {\n(?: .*\n)*?}/m, NARROW) }));
  const found = rowsOf(await json('search'));
  assert.ok(found.length > 0);
  for (const row of found) assert.deepEqual([row.member, row.kind], ['hro-shanhua', 'land.title']);
});

test('what lies outside is denied, and the attempt recorded', async () => {
  const attempts = [
    ['SearchEntries', ['search', '--member', 'hro-banqiao']],
    ['SearchEntries', ['search', '--kind', 'land.building']],
    ['GetEntry', ['entry', String(outside), '--open', ...AS]],
    ['DrawSample', ['sample', 'draw', '--count', '3', '--nonce', path('nonce-outside')]],
    ['EraseDetail', ['erase', 'propose', String(inside), '--reason', 'order', ...AS]],
    ['PlaceHold', ['hold', 'place', String(inside), '--reason', 'lawsuit', ...AS]],
    ['ExportReport', ['report', '--from', '2026-01-01', '--to', '2026-12-31', '--out', path('outside')]],
  ];
  for (const [method, args] of attempts) {
    const [entry] = await entriesOf(() => auditFails(REFUSED, /AUDIT_NOT_GRANTED/, ...args));
    assert.deepEqual([entry.type, entry.method, entry.reason], ['denied', method, 'AUDIT_NOT_GRANTED']);
  }
  assert.equal((await json('entry', String(inside), '--open', ...AS)).facts['sealed part'], 'open');
});

test('a person hears that there is more than this auditor may tell', async () => {
  const accesses = await json('subject', SUBJECT, ...AS);
  assert.ok(Number(accesses.facts['outside your grants']) > 0);
  for (const row of rowsOf(accesses)) assert.equal(row.office, 'hro-shanhua');
  const letter = path('letter-narrow.odt');
  await audit('subject', SUBJECT, ...AS, '--out', letter);
  assert.match(unzipped(letter, 'content.xml'), /outside this auditor's remit/);
});
