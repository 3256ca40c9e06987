// Goal: an agency that needs code can write it in another language: what the example adapter signs is what a caller's
// receipt proves. Method: the program as it is shipped, as the immigration agency, against a real gateway.
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { kindDigest } from '../integration/hostile_adapter.mjs';
import { directory, linksOf, pki, poll, root, stop } from '../integration/deployment.mjs';
import { clientFor, env, question, readAnswer, verifyDocument } from '../interop/calls.mjs';
import { canRun, endAll, start } from './agency.mjs';

const modules = canRun('/usr/bin/python3', ['-c', 'import grpc, google.protobuf, cryptography']) && canRun('protoc', ['--version']);
const skip = modules ? false : 'no Python modules; deploy/setup --tests installs python3-grpcio and python3-cryptography';
const kind = 'immigration.entry_exit';
const client = clientFor('HOUSEHOLD');
const folder = join(directory, 'example');
const log = join(folder, 'answers.log');

async function ask(number, claims) {
  const request = question({
    documentKind: kind,
    subject: { identifier: { scheme: 1, value: number }, name: '王小明' },
    claims: Object.entries(claims).map(([code, text]) => ({ code, text })),
  });
  return readAnswer(await verifyDocument(client, request), request);
}

before(async () => {
  if (skip) return;
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'records.json'), JSON.stringify({ A123456789: { direction: 'in', name: '王小明' } }));
  writeFileSync(join(folder, 'settings.json'), JSON.stringify({
    gateway: env.CHAYAN_GATEWAY, roots: join(pki, 'root.pem'), certificate: join(pki, 'nia.pem'),
    key: join(pki, 'nia.key'), answer_key: join(pki, 'answer/nia.key'), kind,
    digest: Buffer.from(await kindDigest(kind)).toString('hex'), answer_log: log,
    records: join(folder, 'records.json'),
  }));
  await stop('nia', 'SIGTERM');
  start('example', '/usr/bin/python3', [join(root, 'adapters/examples/adapter.py'), join(folder, 'settings.json')],
    { env: { ...env, PYTHONPATH: env.CHAYAN_PYTHON } });
  await poll('the link of the example', async () => (await linksOf('nia')).length > 0);
});
after(async () => {
  client.close();
  await endAll();
});

test('Its answers are proven as the holder\'s', { skip }, async () => {
  assert.equal((await ask('A123456789', { direction: 'in', name: '王小明' })).outcome, 'MATCH');
  assert.equal((await ask('A123456789', { direction: 'out' })).outcome, 'MISMATCH');
  assert.equal((await ask('A123456789', { passport: '312345678' })).outcome, 'NOT_COMPARED');
  assert.equal((await ask('F120000002', { direction: 'in' })).outcome, 'NOT_FOUND');
});

test('Many at once are signed together, each with its own path', { skip }, async () => {
  const answers = await Promise.all(Array.from({ length: 50 }, () => ask('A123456789', { direction: 'in' })));
  assert.ok(answers.every(({ outcome }) => outcome === 'MATCH'));
});

test('Its own log shows each answer and its entry, and no person', { skip }, async () => {
  await poll('the entries', () => (readFileSync(log, 'utf8').match(/"entry"/g) ?? []).length >= 54);
  const text = readFileSync(log, 'utf8');
  assert.ok(existsSync(log) && !/A123456789|王小明/.test(text));
});
