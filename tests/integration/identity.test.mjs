// Goal: only who may call gets an answer, and who loses that right loses it within a second: on a new connection, on an
// open one, and in the middle of a stream. Method: certificates made for each case, against the real gateway; the time
// from the new revocation list to the effect is measured and printed.
import assert from 'node:assert/strict';
import { createHash, X509Certificate } from 'node:crypto';
import { mkdirSync, readFileSync, readdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import tls from 'node:tls';
import {
  clientFor, clientOf, decode, encode, env, grpc, openStream, question, questionValue, readAnswer, readRefusal,
  readStatus, unary, verifyDocument,
} from '../interop/calls.mjs';
import {
  REVOCATION_MS_MAX, awaitEntry, directory, issue, logSize, pki, poll, replaceFile, revoke, run, status,
} from './deployment.mjs';

const HOUSEHOLD = 'hro-shanhua/counter';
// Between two questions of one asker: four askers stay below the rate a member may have without end.
const PACE_MS = 40;
// Before anything was revoked.
const oldestList = readFileSync(join(pki, 'crl/intermediate.pem'), 'utf8');
const clients = [];
after(() => clients.forEach((client) => client.close()));
const open = (files) => clients[clients.push(clientOf(files.cert, files.key)) - 1];
const openFor = (role) => clients[clients.push(clientFor(role)) - 1];

async function refusalOf(client, request = question()) {
  const error = await verifyDocument(client, request).then(() => null, (e) => e);
  assert.ok(error, 'an answer in place of a refusal');
  return readRefusal(error, request);
}
async function expectAnswer(client) {
  const request = question();
  assert.equal(readAnswer(await verifyDocument(client, request), request).outcome, 'MATCH');
}
function expectDenied(refusal, code, reason) {
  assert.equal(refusal.code, code, refusal.message);
  assert.equal(refusal.reason, reason);
  assert.equal(refusal.leaf.type, 'denied');
}

// Resolves with the refusal and its moment as soon as the client is refused.
async function refused(client) {
  for (;;) {
    await pause(PACE_MS);
    const request = question();
    const error = await verifyDocument(client(), request).then(() => null, (e) => e);
    if (error) return { at: Date.now(), refusal: readRefusal(error, request) };
  }
}
function expectInTime(t, at, since) {
  const ms = Math.max(0, Math.round(at - since));
  t.diagnostic(`in effect after ${ms} ms`);
  assert.ok(ms <= REVOCATION_MS_MAX, `in effect after ${ms} ms only`);
}

// Keeps asking on one stream, a few questions at a time, until it ends; each answer's receipt is checked.
function runStream(client) {
  const stream = openStream(client, 'VerificationService/VerifyDocuments');
  const sent = new Map();
  let finished = false;
  const seen = { answers: 0, refusals: [], finish: () => { finished = true; stream.end(); } };
  const ask = () => {
    if (finished) return;
    const value = questionValue();
    const bytes = encode('VerifyDocumentRequest', value);
    sent.set(value.requestId, bytes);
    stream.write(bytes);
  };
  seen.ended = new Promise((resolve) => {
    const end = (error) => {
      finished = true;
      resolve({ at: Date.now(), error });
    };
    stream.on('error', end);
    stream.on('end', () => end());
  });
  stream.on('data', (bytes) => {
    const view = decode('VerifyDocumentResponseView', bytes);
    if (view.answer?.length) {
      readAnswer(bytes, sent.get(view.requestId));
      seen.answers += 1;
    } else {
      seen.refusals.push(readStatus(view.status));
    }
    sent.delete(view.requestId);
    setTimeout(ask, PACE_MS);
  });
  for (let i = 0; i < 4; ++i) ask();
  return seen;
}

test('no certificate: no answer', async () => {
  const stranger = new grpc.Client(env.CHAYAN_GATEWAY, grpc.credentials.createSsl(readFileSync(env.CHAYAN_CA)));
  clients.push(stranger);
  assert.equal((await refusalOf(stranger)).code, grpc.status.UNAVAILABLE);
});

test('an expired certificate: no answer', async () => {
  const files = await issue('it-expired', HOUSEHOLD, '0');
  assert.equal((await refusalOf(open(files))).code, grpc.status.UNAVAILABLE);
});

test('a certificate of an authority that nobody trusts: no answer', async () => {
  const files = await issue('it-stranger', HOUSEHOLD, '30', '--from', 'stranger');
  assert.equal((await refusalOf(open(files))).code, grpc.status.UNAVAILABLE);
});

test('a URI minted by another trusted authority is refused', async () => {
  const files = await issue('it-other', HOUSEHOLD, '30', '--from', 'other');
  expectDenied(await refusalOf(open(files)), grpc.status.UNAUTHENTICATED, 'ISSUER_NOT_ALLOWED');
});

test('a URI of another trust domain is refused', async () => {
  const files = await issue('it-domain', 'spiffe://elsewhere.example/hro-shanhua/counter');
  expectDenied(await refusalOf(open(files)), grpc.status.UNAUTHENTICATED, 'CERTIFICATE_IDENTITY_UNUSABLE');
});

test('an unknown member and an unknown system are refused, and their names stand in no entry', async () => {
  for (const [name, path] of [['it-member', 'hro-nowhere/counter'], ['it-system', 'hro-shanhua/cellar']]) {
    const refusal = await refusalOf(open(await issue(name, path)));
    expectDenied(refusal, grpc.status.UNAUTHENTICATED, 'CALLER_UNKNOWN');
    assert.doesNotMatch(JSON.stringify(refusal.leaf), /hro-nowhere|cellar/);
  }
});

test('a role calls only what is its own', async () => {
  const calls = [
    ['PUBLISHER', 'VerificationService/VerifyDocument', question()],
    ['AUDITOR', 'VerificationService/VerifyDocument', question()],
    ['ADAPTER', 'VerificationService/VerifyDocument', question()],
    ['HOUSEHOLD', 'AuditService/ListEntries', Buffer.alloc(0)],
    ['ADAPTER', 'AuditService/ListEntries', Buffer.alloc(0)],
    ['HOUSEHOLD', 'OperatorService/ApplyRegistry', Buffer.alloc(0)],
    ['AUDITOR', 'OperatorService/GetStatus', Buffer.alloc(0)],
    ['OPERATOR', 'AuditService/ListEntries', Buffer.alloc(0)],
  ];
  for (const [role, method, request] of calls) {
    const error = await unary(openFor(role), method, request).then(() => null, (e) => e);
    assert.ok(error, `${role} may call ${method}`);
    const refusal = readRefusal(error, request);
    expectDenied(refusal, grpc.status.PERMISSION_DENIED, 'ROLE_NOT_ALLOWED');
    assert.equal(refusal.leaf.method, method.split('/')[1]);
  }
});

test('acting for an office that is not one\'s own is refused', async () => {
  const refusal = await refusalOf(openFor('HOUSEHOLD'), question({ actingFor: 'hro-banqiao' }));
  expectDenied(refusal, grpc.status.PERMISSION_DENIED, 'ACTING_FOR_NOT_ALLOWED');
  assert.deepEqual(refusal.fields, ['acting_for']);
});

test('a revoked certificate: new connections', async (t) => {
  const files = await issue('it-revoked-new', HOUSEHOLD);
  await expectAnswer(open(files));
  const seen = refused(() => open(files));
  const since = await revoke(files.name);
  const { at, refusal } = await seen;
  expectDenied(refusal, grpc.status.UNAUTHENTICATED, 'CERTIFICATE_REVOKED');
  expectInTime(t, at, since);
});

test('a revoked certificate: an open connection', async (t) => {
  const files = await issue('it-revoked-open', HOUSEHOLD);
  const client = open(files);
  await expectAnswer(client);
  const seen = refused(() => client);
  const since = await revoke(files.name);
  const { at, refusal } = await seen;
  expectDenied(refusal, grpc.status.UNAUTHENTICATED, 'CERTIFICATE_REVOKED');
  expectInTime(t, at, since);
});

test('a revoked certificate: an idle connection and an idle stream end by themselves', async (t) => {
  const files = await issue('it-revoked-idle', HOUSEHOLD);
  const stream = openStream(open(files), 'VerificationService/VerifyDocuments');
  const ended = new Promise((resolve) => {
    stream.on('data', () => {});
    stream.on('error', (error) => resolve({ at: Date.now(), error }));
  });
  const socket = tls.connect(tlsOptions(files));
  socket.on('error', () => {});
  const closed = new Promise((resolve) => { socket.on('close', () => resolve(Date.now())); });
  await new Promise((resolve) => { socket.once('data', resolve); });
  const since = await revoke(files.name);
  const { at, error } = await ended;
  expectDenied(readRefusal(error), grpc.status.UNAUTHENTICATED, 'CERTIFICATE_REVOKED');
  expectInTime(t, at, since);
  // The peer that does not close its side is given a second to.
  t.diagnostic(`connection closed after ${Math.round(await closed - since)} ms`);
});

test('a revoked certificate: in the middle of a running stream', async (t) => {
  const files = await issue('it-revoked-stream', HOUSEHOLD);
  const from = await logSize();
  const running = runStream(open(files));
  await poll('answers on the stream', () => running.answers >= 20);
  const since = await revoke(files.name);
  const { at, error } = await running.ended;
  expectDenied(readRefusal(error), grpc.status.UNAUTHENTICATED, 'CERTIFICATE_REVOKED');
  expectInTime(t, at, since);
  t.diagnostic(`${running.answers} answers before, each proved`);
  const spki = createHash('sha256').update(new X509Certificate(readFileSync(files.cert)).publicKey
    .export({ type: 'spki', format: 'der' })).digest('base64');
  await awaitEntry(from, 'the refusal', (e) => e.reason === 'CERTIFICATE_REVOKED' && e.cert === spki);
});

test('a certificate that ends while its connection is open', async (t) => {
  const files = await issue('it-ends', HOUSEHOLD, '8s');
  const running = runStream(open(files));
  await poll('an answer on the stream', () => running.answers > 0);
  const { at, error } = await running.ended;
  expectDenied(readRefusal(error), grpc.status.UNAUTHENTICATED, 'CERTIFICATE_EXPIRED');
  expectInTime(t, at, Date.parse(new X509Certificate(readFileSync(files.cert)).validTo));
});

test('the deny-list cuts an open connection; an unreadable list keeps the last one', async (t) => {
  const file = join(directory, 'gateway/denylist.textproto');
  const before = readFileSync(file, 'utf8');
  const write = (text) => replaceFile(file, text);
  const files = await issue('it-denied', HOUSEHOLD);
  const client = open(files);
  await expectAnswer(client);
  const key = new X509Certificate(readFileSync(files.cert)).publicKey;
  const spki = createHash('sha256').update(key.export({ type: 'spki', format: 'der' })).digest('hex');
  try {
    const since = write(`${before}certificates { spki_sha256: "${spki}" reason: "test" }\n`);
    const { at, refusal } = await refused(() => client);
    expectDenied(refusal, grpc.status.UNAUTHENTICATED, 'CERTIFICATE_REVOKED');
    expectInTime(t, at, since);
    await expectAnswer(openFor('HOUSEHOLD'));
    write('this is no list');
    await poll('the alarm', async () => (await status()).alarms.includes('denylist.unreadable'));
    expectDenied(await refusalOf(client), grpc.status.UNAUTHENTICATED, 'CERTIFICATE_REVOKED');
  } finally {
    write(before);
  }
  await poll('the end of the alarm', async () => !(await status()).alarms.includes('denylist.unreadable'));
  await poll('an answer', () => verifyDocument(client, question()).then(() => true, () => false));
});

test('an emptied folder of revocation lists opens no door', async () => {
  const aside = join(pki, 'crl-aside');
  mkdirSync(aside);
  const names = readdirSync(join(pki, 'crl'));
  names.forEach((name) => renameSync(join(pki, 'crl', name), join(aside, name)));
  try {
    const alarms = await poll('the alarm', async () => {
      const now = (await status()).alarms;
      return now.includes('crl.none') && now;
    });
    assert.ok(alarms.includes('crl.missing'));
    const files = { cert: join(pki, 'it-revoked-new.pem'), key: join(pki, 'it-revoked-new.key') };
    expectDenied(await refusalOf(open(files)), grpc.status.UNAUTHENTICATED, 'CERTIFICATE_REVOKED');
    await expectAnswer(openFor('HOUSEHOLD'));
  } finally {
    names.forEach((name) => renameSync(join(aside, name), join(pki, 'crl', name)));
  }
  await poll('the end of the alarm', async () => !(await status()).alarms.includes('crl.none'));
});

test('a revocation list that is expired, older or of another authority alarms and frees nobody', async () => {
  const file = join(pki, 'crl/intermediate.pem');
  const before = readFileSync(file, 'utf8');
  const listBy = async (authority, ...more) => {
    const { code, err, out } = await run('openssl', ['ca', '-config', join(pki, `ca/${authority}/openssl.cnf`),
      '-gencrl', ...more]);
    assert.equal(code, 0, err);
    return out;
  };
  const revoked = { cert: join(pki, 'it-revoked-new.pem'), key: join(pki, 'it-revoked-new.key') };
  const alarm = (name) => poll(`the alarm ${name}`, async () => (await status()).alarms.includes(name));
  try {
    replaceFile(file, await listBy('intermediate', '-crlsec', '1'));
    await alarm('crl.expired');
    expectDenied(await refusalOf(open(revoked)), grpc.status.UNAUTHENTICATED, 'CERTIFICATE_REVOKED');
    await expectAnswer(openFor('HOUSEHOLD'));
    // Another authority's word about the intermediate's certificates is no word, and frees nobody.
    replaceFile(file, await listBy('stranger'));
    await alarm('crl.unsigned');
    expectDenied(await refusalOf(open(revoked)), grpc.status.UNAUTHENTICATED, 'CERTIFICATE_REVOKED');
    await expectAnswer(openFor('HOUSEHOLD'));
    // An older list, on which it does not stand yet, frees nobody either.
    replaceFile(file, oldestList);
    await alarm('crl.older');
    expectDenied(await refusalOf(open(revoked)), grpc.status.UNAUTHENTICATED, 'CERTIFICATE_REVOKED');
  } finally {
    replaceFile(file, await listBy('intermediate'));
  }
  assert.notEqual(before, oldestList);
  await poll('the end of the alarms', async () => (await status()).alarms.every((name) => !name.startsWith('crl.')));
});

test('roots are read again: one added lets in, one removed cuts off', async (t) => {
  const file = join(pki, 'trusted.pem');
  const before = readFileSync(file, 'utf8');
  const write = (text) => replaceFile(file, text);
  const files = await issue('it-late', HOUSEHOLD, '30', '--from', 'late');
  assert.equal((await refusalOf(open(files))).code, grpc.status.UNAVAILABLE);
  try {
    write(before + readFileSync(join(pki, 'ca/late/cert.pem'), 'utf8'));
    const refusal = await poll('the new root', async () => {
      const now = await refusalOf(open(files));
      return now.code === grpc.status.UNAUTHENTICATED && now;
    });
    expectDenied(refusal, grpc.status.UNAUTHENTICATED, 'ISSUER_NOT_ALLOWED');
  } finally {
    write(before);
  }
  await poll('the loss of the root', async () => (await refusalOf(open(files))).code === grpc.status.UNAVAILABLE);
  t.diagnostic('added and removed without a restart');
});

function tlsOptions(files, more = {}) {
  const [host, port] = env.CHAYAN_GATEWAY.split(':');
  return {
    host, port: Number(port), ca: readFileSync(env.CHAYAN_CA), cert: readFileSync(files.cert),
    key: readFileSync(files.key), ALPNProtocols: ['h2'], checkServerIdentity: () => undefined, ...more,
  };
}
const household = { cert: env.CHAYAN_HOUSEHOLD_CERT, key: env.CHAYAN_HOUSEHOLD_KEY };

test('TLS 1.2 is refused', async () => {
  const error = await new Promise((resolve, reject) => {
    const socket = tls.connect(tlsOptions(household, { maxVersion: 'TLSv1.2' }));
    socket.on('error', resolve);
    socket.on('secureConnect', () => reject(new Error(socket.getProtocol())));
  });
  assert.match(error.code, /PROTOCOL_VERSION/);
});

test('no ticket is given and no session is resumed', async () => {
  const connect = (session) => new Promise((resolve, reject) => {
    let tickets = 0;
    const socket = tls.connect(tlsOptions(household, { session }));
    socket.on('error', reject);
    socket.on('session', () => { tickets += 1; });
    // Tickets come before the first bytes of HTTP/2.
    socket.once('data', () => {
      resolve({ tickets, session: socket.getSession(), protocol: socket.getProtocol(),
        reused: socket.isSessionReused() });
      socket.destroy();
    });
  });
  const first = await connect();
  assert.equal(first.protocol, 'TLSv1.3');
  assert.equal(first.tickets, 0);
  assert.equal((await connect(first.session)).reused, false);
});

test('certificate and key replaced on disk: new connections see them, a running stream goes on', async (t) => {
  const fingerprint = () => new Promise((resolve, reject) => {
    const socket = tls.connect(tlsOptions(household));
    socket.on('error', reject);
    socket.on('secureConnect', () => {
      resolve(socket.getPeerCertificate().fingerprint256);
      socket.destroy();
    });
  });
  const client = openFor('HOUSEHOLD');
  const before = await fingerprint();
  const running = runStream(client);
  await poll('answers on the stream', () => running.answers >= 5);
  const files = await issue('gateway', 'gateway/gw-1', '90', '--server');
  const since = Date.now();
  const wanted = new X509Certificate(readFileSync(files.cert)).fingerprint256;
  assert.notEqual(wanted, before);
  await poll('the new certificate', async () => (await fingerprint()) === wanted);
  t.diagnostic(`seen after ${Date.now() - since} ms`);
  const answers = running.answers;
  await poll('more answers on the stream', () => running.answers >= answers + 20);
  running.finish();
  assert.equal((await running.ended).error, undefined);
  assert.equal(running.refusals.length, 0);
  await expectAnswer(openFor('HOUSEHOLD'));
  assert.ok(!(await status()).alarms.includes('certificate.unreadable'));
});
