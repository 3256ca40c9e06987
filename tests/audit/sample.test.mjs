// Goal: a sample that neither side steers: the nonce is promised first, the draw is made under a checkpoint that stood
// before, anyone draws it again, a draw that is kept back is listed, and findings come back from the worksheet. Method:
// `chayan audit sample` against a real gateway; the draw is made a third time here, from the log and the rule alone.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { clientFor, decode, encode } from '../interop/calls.mjs';
import { chayan, entriesFrom, poll } from '../integration/deployment.mjs';
import {
  AS, AT_SECOND, askMany, audit, auditFails, CHECK_FAILED, json, path, REFUSED, rowsOf, unzipped, USAGE,
} from './auditor.mjs';

const household = clientFor('HOUSEHOLD');
after(() => household.close());

// More than a page of a revealed sample.
const COUNT = 120;
const nonce = path('nonce');
const sheet = path('sheet.ods');
const file = path('draw');
let draw = '';
const sha256 = (...parts) => createHash('sha256').update(Buffer.concat(parts)).digest();
const drawNumber = (told) => told.match(/draw (\d+)/)[1];
// A checkpoint is published within a second or so after a draw.
const reveal = (number, nonceFile, ...rest) => poll('a published checkpoint over the draw', async () => {
  const { code, out, err } = await chayan('audit', 'sample', 'reveal', number, '--nonce', nonceFile, ...rest);
  if (code === 0) return out;
  assert.match(err, /no published checkpoint covers the draw yet/);
  return null;
}, { everyMs: 200 });

test('the log holds the promise before anything is drawn', async () => {
  await askMany(household, COUNT + 60);
  draw = drawNumber(await audit('sample', 'draw', '--type', 'verification', '--count', String(COUNT), '--nonce', nonce));
  const promise = (await entriesFrom(Number(draw)))[0];
  const secret = Buffer.from(readFileSync(nonce, 'utf8').trim(), 'hex');
  assert.deepEqual([promise.type, promise.method], ['read', 'DrawSample']);
  assert.equal(promise.digest, sha256(secret).toString('base64'));
  await auditFails(USAGE, /is there; each draw has a nonce of its own/, 'sample', 'draw', '--count', '3', '--nonce', nonce);
  // What was refused leaves no nonce behind.
  await auditFails(REFUSED, /write count, 1 to 10000, or percent/, 'sample', 'draw', '--nonce', path('nonce-none'));
  assert.ok(!existsSync(path('nonce-none')));
});

test('it is revealed with its own nonce alone, by its own auditor alone', async () => {
  const out = ['--worksheet', sheet, '--draw-file', file];
  const wrong = path('nonce-wrong');
  writeFileSync(wrong, '00'.repeat(32));
  await poll('the refusal of another nonce', async () =>
    /nonce: write the/.test((await chayan('audit', 'sample', 'reveal', draw, '--nonce', wrong, ...out)).err));
  await auditFails(REFUSED, /DRAW_NOT_FOUND/, 'sample', 'reveal', draw, '--nonce', nonce, ...out, ...AT_SECOND);
  assert.equal(rowsOf(await json('sample', 'list', '--unrevealed')).length, 1);
  await reveal(draw, nonce, ...out);
  assert.equal(rowsOf(await json('sample', 'list', '--unrevealed')).length, 0);
});

test('anyone draws it again, from log and rule', async () => {
  const exported = path('export-sample');
  await audit('export', exported);
  assert.match(await audit('sample', 'check', exported, '--draw-file', file), new RegExp(`the same ${COUNT} entries`));
  const revealed = decode('RevealSampleResponse', readFileSync(file));
  const given = revealed.entries.map((entry) => Number(entry.index));
  const fitting = (await entriesFrom(0)).filter((leaf) => leaf.type === 'verification' && leaf.index < Number(draw))
    .map((leaf) => leaf.index);
  const root = Buffer.from(revealed.draw.checkpoint.split('\n')[2], 'base64');
  const seed = sha256(sha256(Buffer.from(revealed.draw.nonce)), root);
  const drawn = new Set();
  for (let k = 0n; drawn.size < COUNT; ++k) {
    const number = Buffer.alloc(8);
    number.writeBigUInt64BE(k);
    drawn.add(fitting[Number(sha256(seed, number).readBigUInt64BE() % BigInt(fitting.length))]);
  }
  assert.deepEqual(given, [...drawn]);
  // Another choice under the same name is seen.
  const forged = path('draw-forged');
  const spare = fitting.find((index) => !drawn.has(index));
  revealed.entries[0].index = spare;
  writeFileSync(forged, encode('RevealSampleResponse', revealed));
  await auditFails(CHECK_FAILED, /not the one that nonce and log draw/, 'sample', 'check', exported, '--draw-file', forged);
});

// Writes into the last two columns of the rows of a worksheet that was `blank`, as a person does.
function fill(blank, findings) {
  const folder = path('sheet');
  mkdirSync(folder, { recursive: true });
  const empty = '<table:table-cell office:value-type="string"><text:p/></table:table-cell>';
  const cell = (text) => empty.replace('<text:p/>', `<text:p>${text}</text:p>`);
  let row = 0;
  const content = blank.replaceAll(`${empty}${empty}</table:table-row>`, () => {
    const [finding, note] = findings[row++] ?? ['', ''];
    return `${cell(finding)}${cell(note)}</table:table-row>`;
  });
  assert.equal(row, COUNT);
  writeFileSync(join(folder, 'content.xml'), content);
  execFileSync('zip', ['-q', sheet, 'content.xml'], { cwd: folder });
  rmSync(folder, { recursive: true });
}

test('findings come back from the worksheet', async () => {
  await auditFails(USAGE, /no finding yet; write one of IN_ORDER/, 'sample', 'findings', draw, sheet, ...AS);
  const blank = unzipped(sheet, 'content.xml');
  fill(blank, [['fine', '']]);
  await auditFails(USAGE, /row 2: no finding; write one of/, 'sample', 'findings', draw, sheet, ...AS);
  fill(blank, [['IN_ORDER', ''], ['no_case', '卷內查無此案'], ['IN_ORDER', '']]);
  assert.match(await audit('sample', 'findings', draw, sheet, ...AS), /3 findings recorded/);
  const [listed] = rowsOf(await json('sample', 'list')).filter((row) => row.draw === draw);
  assert.match(listed.findings, /FINDING_IN_ORDER 2, FINDING_NO_CASE 1/);
});

test('a draw that does not suit cannot be dropped unseen', async () => {
  const dropped = drawNumber(await audit('sample', 'draw', '--outcome', 'MATCH', '--percent', '10', '--nonce', path('nonce-2')));
  assert.deepEqual(rowsOf(await json('sample', 'list', '--unrevealed')).map((row) => row.draw), [dropped]);
});
