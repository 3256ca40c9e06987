// Goal: a registry set takes effect whole, at once and everywhere, or not at all. Method: `chayan registry` with faulty
// and changed copies of the sample set, while a connection and a stream are open.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import {
  clientFor, decode, encode, grpc, openStream, question, readAnswer, readRefusal, readStatus, unary, verifyDocument,
} from '../interop/calls.mjs';
import { applySet, awaitEntry, changedSet, chayan, directory, logSize, poll, sampleSet } from './deployment.mjs';

const client = clientFor('HOUSEHOLD');
const banqiao = clientFor('HOUSEHOLD2');
const operator = clientFor('OPERATOR');
after(async () => {
  [client, banqiao, operator].forEach((one) => one.close());
  await applySet(sampleSet);
});

const changed = (name, file, change) => changedSet(name, { [file]: change });
const filesOf = async (folder) => {
  const names = ['agencies', 'codes', 'deployment', 'grants', 'immigration', 'keys', 'land', 'members'];
  return names.map((name) => ({ path: `${name}.textproto`, content: readFileSync(join(folder, `${name}.textproto`)) }));
};
async function registryDigest() {
  const bytes = await unary(operator, 'OperatorService/GetStatus', encode('GetStatusRequest', {}));
  return Buffer.from(decode('GetStatusResponse', bytes).registryDigest).toString('hex');
}
const applyRegistry = (value) =>
  unary(operator, 'OperatorService/ApplyRegistry', encode('ApplyRegistryRequest', value));
async function ask(asker = client, changes = {}) {
  const request = question(changes);
  return verifyDocument(asker, request)
    .then((bytes) => readAnswer(bytes, request), (error) => readRefusal(error, request));
}
const withoutGrant = (id) => (text) => text.replace(new RegExp(`\\ngrants \\{\\n  id: "${id}"\\n[^}]*\\}\\n`), '');

test('a faulty set: every fault at once by file and line, and nothing changes', async () => {
  const folder = changedSet('faulty', {
    'grants.textproto': (text) => text.replace('member: "hro-shanhua"', 'member: "hro-shanhau"')
      .replace('"owner_name", "owner_number", "share", "address"', '"owner_nmae", "owner_number", "share", "address"'),
    'land.textproto': (text) => text.replace('holder: "land-qd" areas: "QD" }', 'holder: "land-xx" areas: "QD" }'),
  });
  await applySet(sampleSet);
  const before = await registryDigest();
  for (const command of [['check', folder], ['apply', '--yes', folder]]) {
    const { code, err } = await chayan('registry', ...command);
    assert.equal(code, 1);
    assert.match(err, /^grants\.textproto:\d+: .*hro-shanhau.*hro-shanhua/m);
    assert.match(err, /^grants\.textproto:\d+: .*owner_nmae.*owner_name/m);
    assert.match(err, /^land\.textproto:\d+: .*land-xx/m);
    assert.match(err, /3 faults; nothing was changed/);
  }
  // A client that does not check first hears the same from the gateway.
  const error = await applyRegistry({ files: await filesOf(folder) }).then(() => null, (e) => e);
  assert.equal(error.code, grpc.status.INVALID_ARGUMENT);
  const refusal = readRefusal(error);
  assert.equal(refusal.reason, 'REGISTRY_INVALID');
  assert.equal(refusal.violations.length, 3);
  assert.equal(await registryDigest(), before);
  assert.equal((await ask()).outcome, 'MATCH');
});

test('the difference is shown before the switch, and an unconfirmed switch does not happen', async () => {
  await applySet(sampleSet);
  const before = await registryDigest();
  const folder = changed('shown', 'grants.textproto', withoutGrant('banqiao-land-building'));
  const { code, out } = await chayan('registry', 'apply', folder);
  assert.notEqual(code, 0);
  assert.match(out, /^- grant banqiao-land-building/m);
  assert.match(out, /not applied/);
  assert.equal(await registryDigest(), before);
});

test('a grant taken away denies the next question on an open connection and on an open stream', async () => {
  await applySet(sampleSet);
  assert.equal((await ask()).outcome, 'MATCH');
  const stream = openStream(client, 'VerificationService/VerifyDocuments');
  const responses = [];
  stream.on('data', (bytes) => responses.push(decode('VerifyDocumentResponseView', bytes)));
  const ended = new Promise((resolve, reject) => { stream.on('end', resolve).on('error', reject); });
  stream.write(question());
  await poll('the answer', () => responses.length === 1);
  assert.ok(responses[0].answer.length);
  const from = await logSize();
  const out = await applySet(changed('less', 'grants.textproto', withoutGrant('shanhua-land-title')));
  assert.match(out, /^- grant shanhua-land-title$/m);
  const digest = /applied, digest ([0-9a-f]{64})/.exec(out)[1];
  const refusal = await ask();
  // Another grant covers the kind, for another purpose.
  assert.equal(refusal.reason, 'PURPOSE_NOT_GRANTED');
  assert.equal(refusal.code, grpc.status.PERMISSION_DENIED);
  assert.equal(Buffer.from(refusal.leaf.registry, 'base64').toString('hex'), digest);
  stream.write(question());
  stream.end();
  await ended;
  assert.equal(readStatus(responses[1].status).reason, 'PURPOSE_NOT_GRANTED');
  await awaitEntry(from, 'the switch', (e) => e.type === 'registry');
  assert.equal((await ask(banqiao, { actingFor: 'hro-banqiao' })).outcome, 'MATCH');
  await applySet(sampleSet);
  assert.equal((await ask()).outcome, 'MATCH');
});

test('a system taken away loses its open connection', async () => {
  await applySet(sampleSet);
  assert.equal((await ask(banqiao, { actingFor: 'hro-banqiao' })).outcome, 'MATCH');
  await applySet(changed('system', 'members.textproto', (text) => text.replace(
    'name: "counter" role: ROLE_HOUSEHOLD acting_for: "hro-banqiao"',
    'name: "desk" role: ROLE_HOUSEHOLD acting_for: "hro-banqiao"')));
  const refusal = await ask(banqiao, { actingFor: 'hro-banqiao' });
  assert.equal(refusal.code, grpc.status.UNAUTHENTICATED);
  assert.equal(refusal.reason, 'CALLER_UNKNOWN');
  await applySet(sampleSet);
  assert.equal((await ask(banqiao, { actingFor: 'hro-banqiao' })).outcome, 'MATCH');
});

test('a kept answer is given again only to who may still ask', async () => {
  await applySet(sampleSet);
  const request = question();
  const first = await verifyDocument(client, request);
  assert.deepEqual(await verifyDocument(client, request), first);
  await applySet(changed('less', 'grants.textproto', withoutGrant('shanhua-land-title')));
  const error = await verifyDocument(client, request).then(() => null, (e) => e);
  assert.equal(readRefusal(error, request).reason, 'PURPOSE_NOT_GRANTED');
  await applySet(sampleSet);
  assert.deepEqual(await verifyDocument(client, request), first);
});

test('a change made against another set than the one in force is refused', async () => {
  await applySet(sampleSet);
  const error = await applyRegistry({ files: await filesOf(sampleSet), baseDigest: Buffer.alloc(32, 1) })
    .then(() => null, (e) => e);
  assert.equal(error.code, grpc.status.ABORTED);
  assert.equal(readRefusal(error).reason, 'REGISTRY_CHANGED');
});

test('a set that was in force is still there under its digest', async () => {
  await applySet(changed('less', 'grants.textproto', withoutGrant('shanhua-land-title')));
  const digest = await registryDigest();
  await applySet(sampleSet);
  assert.notEqual(await registryDigest(), digest);
  const auditor = clientFor('AUDITOR');
  const read = (hex) => unary(auditor, 'AuditService/GetRegistrySet',
    encode('GetRegistrySetRequest', { digest: Buffer.from(hex, 'hex') }));
  try {
    const { files } = decode('GetRegistrySetResponse', await read(digest));
    const grants = files.find((file) => file.path === 'grants.textproto').content;
    assert.deepEqual(Buffer.from(grants), readFileSync(join(directory, 'registry-less/grants.textproto')));
    const error = await read('00'.repeat(32)).then(() => null, (e) => e);
    assert.equal(error.code, grpc.status.NOT_FOUND);
  } finally {
    auditor.close();
  }
});
