// Goal: an agency that hands over files by SFTP answers from them through a real gateway; a file that is cut off, a
// server that is not the pinned one, and a late delivery are never taken for a finding. Method: a real sshd with a host
// key and an account key of this test; the land office of the other area stands in with the file connector.
import assert from 'node:assert/strict';
import { existsSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { poll, stop } from '../integration/deployment.mjs';
import { clientFor, question, readAnswer, verifyDocument } from '../interop/calls.mjs';
import { Agency, endAll, TITLE_COLUMNS } from './agency.mjs';
import { SSHD, startSshd } from './sftp.mjs';

const skip = existsSync(SSHD) ? false : 'no sshd; deploy/setup --tests installs openssh-server';
const client = clientFor('HOUSEHOLD');
const today = new Date(Date.now() + 8 * 3_600_000).toISOString().slice(0, 10).replaceAll('-', '');
let agency;
let sftp;

const source = (pins) => `files { poll_seconds: 1 ${sftp.settings(pins)} }`;
const kinds = `kinds {
  document_kind: "land.title" areas: "QD"
  file { name: "titles-{date}.csv" form: FILE_FORM_CSV encoding: FILE_ENCODING_BIG5 key_column: "number"
         count_line: "COUNT" }
  ${TITLE_COLUMNS}
}`;
// 王小明 and 王大明 in Big5.
const names = { small: Buffer.from('a4fda470a9fa', 'hex'), big: Buffer.from('a4fda46aa9fa', 'hex') };
function deliver(name, owner, end = 'COUNT,1\n') {
  writeFileSync(join(sftp.outbox, `.${name}`), Buffer.concat([Buffer.from(
    'number,name,office,section,lot\nA123456789,'), owner, Buffer.from(`,QD,0863,00480000\n${end}`)]));
  renameSync(join(sftp.outbox, `.${name}`), join(sftp.outbox, name));
}
async function ask() {
  const claims = [['land_office', 'QD'], ['section', '0863'], ['lot', '48'], ['owner_name', '王小明']];
  const request = question({ claims: claims.map(([code, text]) => ({ code, text })) });
  return readAnswer(await verifyDocument(client, request), request);
}
const sourceText = async () => (await agency.command('status')).out.match(/^source .*$/m)?.[0] ?? '';

before(async () => {
  if (skip) return;
  sftp = await startSshd('sftp');
  deliver(`titles-${today}.csv`, names.small);
  await stop('land-qd', 'SIGTERM');
  agency = new Agency('land-qd', 'land-qd-file', source('pinned'), kinds);
  await agency.up();
});
after(async () => {
  client.close();
  await endAll();
});

test('A file in Big5 that came by SFTP answers', { skip }, async () => {
  await poll('the file', async () => /titles-.*1 records/.test(await sourceText()), { everyMs: 500 });
  const { outcome, answer } = await ask();
  assert.equal(outcome, 'MATCH');
  // As of the beginning of the file's day in Taipei.
  assert.equal((Number(answer.asOfTime.seconds) + 8 * 3600) % 86_400, 0);
});

test('A newer delivery replaces it whole; one that is cut off does not', { skip }, async () => {
  deliver(`titles-${today}.csv`, names.big, '');
  await poll('the fault', async () => /no count line/.test(await sourceText()), { everyMs: 500 });
  assert.equal((await ask()).outcome, 'MATCH');
  deliver(`titles-${today}.csv`, names.big, 'COUNT,1\r\n');
  await poll('the new file', async () => (await ask()).outcome === 'MISMATCH', { everyMs: 500 });
});

test('A server that is not the pinned one is refused, and the link stays', { skip }, async () => {
  agency.write(source('strangers'), kinds);
  await agency.reload('adapter.reloaded');
  await poll('the refusal', async () => /not the pinned one/.test(await sourceText()), { everyMs: 500 });
  const { outcome, answer } = await ask();
  assert.equal(outcome, 'SOURCE_DOWN');
  assert.equal(answer.forwarded, false);
  agency.write(source('pinned'), kinds);
  await agency.reload('adapter.reloaded');
  await poll('the file again', async () => (await ask()).outcome === 'MISMATCH', { everyMs: 500 });
});
