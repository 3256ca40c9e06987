// Goal: kill -9 is a normal way to stop, for adapters and for the gateway; what cannot be recorded is not answered.
// Method: processes are killed in the middle of a stream of questions, and the store is kept from growing; afterwards
// every question has one outcome, and every answer that was received has its entry.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import {
  checkReceipt, clientFor, decode, encode, env, grpc, openStream, question, questionValue, readAnswer, readRefusal,
  readStatus, trust, unary, verifyDocument,
} from '../interop/calls.mjs';
import {
  PATIENCE_MS, awaitEntry, directory, isRunning, linksOf, logSize, pidOf, poll, program, run, stop, up,
} from './deployment.mjs';

// Each asker waits this long between its questions, so that all together stay below the member's rate.
const PACE_MS = 40;
const ASKERS = 8;
// A restart takes less than a second. A machine under other load is given five, and the time is printed.
const START_MS_MAX = 5_000;
const clients = [];
after(() => clients.forEach((client) => client.close()));
const open = () => clients[clients.push(clientFor('HOUSEHOLD')) - 1];
const quietly = (area) => ({ claims: [
  { code: 'land_office', text: area }, { code: 'section', text: '0863' }, { code: 'lot', text: '48' }] });
async function ask(client, area = 'AD') {
  const request = question(quietly(area));
  return readAnswer(await verifyDocument(client, request), request);
}

// When a process was started: the kernel keeps it in ticks (100 a second) since boot.
function startOf(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ');
  const uptimeMs = Number(readFileSync('/proc/uptime', 'utf8').split(' ')[0]) * 1000;
  return Math.round(Date.now() - uptimeMs + Number(fields[19]) * 10);
}

// The whole log, copied and checked by the program that holds none of the gateway's code.
async function exportAndVerify() {
  const folder = join(directory, 'export');
  for (const command of [['export', folder], ['verify', folder]]) {
    const { code, out, err } = await run(program('chayan'), ['audit', ...command], { env });
    assert.equal(code, 0, out + err);
  }
}

// Questions on one stream until told to stop. Every answer's receipt is checked as it comes.
function load(client) {
  const stream = openStream(client, 'VerificationService/VerifyDocuments');
  const open = new Map();
  const seen = { outcomes: {}, answers: [], statuses: [], asked: 0, open };
  let finished = false;
  const put = () => {
    if (finished) return;
    const value = questionValue(quietly('AD'));
    const bytes = encode('VerifyDocumentRequest', value);
    open.set(value.requestId, bytes);
    seen.asked += 1;
    stream.write(bytes);
  };
  stream.on('data', (bytes) => {
    const view = decode('VerifyDocumentResponseView', bytes);
    const request = open.get(view.requestId);
    assert.ok(request, 'a second answer to one question');
    open.delete(view.requestId);
    if (view.answer?.length) {
      const { leaf, outcome } = readAnswer(bytes, request);
      seen.outcomes[outcome] = (seen.outcomes[outcome] ?? 0) + 1;
      seen.answers.push({ leaf, bytes: Buffer.from(view.receipt.leaf) });
    } else {
      checkReceipt({ receipt: view.receipt, request, told: view.status, trust });
      seen.statuses.push(readStatus(view.status).reason);
    }
    setTimeout(put, PACE_MS);
  });
  seen.ended = new Promise((resolve) => {
    const end = (error) => {
      finished = true;
      resolve(error);
    };
    stream.on('error', end);
    stream.on('end', () => end());
  });
  seen.finish = () => {
    finished = true;
    stream.end();
    return seen.ended;
  };
  for (let i = 0; i < ASKERS; ++i) put();
  return seen;
}

test('an adapter that is stopped: SOURCE_DOWN at once, with advice to retry and an entry', async (t) => {
  const client = open();
  assert.notEqual((await ask(client, 'QD')).outcome, 'SOURCE_DOWN');
  await stop('land-qd', 'SIGTERM');
  const from = await logSize();
  const start = Date.now();
  const { answer, leaf, nextStep, outcome } = await ask(client, 'QD');
  t.diagnostic(`answered after ${Date.now() - start} ms`);
  assert.equal(outcome, 'SOURCE_DOWN');
  assert.equal(answer.forwarded, false);
  assert.equal(nextStep.code, 5);
  assert.ok(Number(nextStep.earliestRetryTime.seconds) * 1000 > start);
  assert.equal(leaf.reason, 'NO_LINK');
  assert.equal(leaf.by, 'gateway');
  await awaitEntry(from, 'the answer', (e) => e.id === leaf.id && e.outcome === 'SOURCE_DOWN');
  // The other office does not notice.
  assert.equal((await ask(client)).outcome, 'MATCH');
  await up();
  assert.notEqual((await ask(client, 'QD')).outcome, 'SOURCE_DOWN');
});

test('kill -9 of an adapter under load: every question gets one answer, and the adapter comes back', async (t) => {
  const client = open();
  const running = load(client);
  await poll('answers', () => (running.outcomes.MATCH ?? 0) >= 40);
  await stop('land-ad', 'SIGKILL');
  await poll('the loss', () => (running.outcomes.SOURCE_DOWN ?? 0) > 0);
  await up();
  const before = running.outcomes.MATCH;
  await poll('answers again', () => running.outcomes.MATCH >= before + 40);
  assert.equal(await running.finish(), undefined);
  assert.equal(running.open.size, 0);
  assert.deepEqual(running.statuses, []);
  t.diagnostic(`${running.asked} asked: ${JSON.stringify(running.outcomes)}`);
});

test('kill -9 of the gateway under load: every answer received has its entry, and the log goes on', async (t) => {
  const client = open();
  const running = load(client);
  await poll('answers', () => running.answers.length >= 100);
  await stop('gateway', 'SIGKILL');
  assert.ok(await running.ended, 'the stream ended in order');
  const log = readFileSync(join(directory, 'log/gateway.log'), 'utf8').length;
  const adapters = ['land-ad', 'land-qd', 'nia'].map(pidOf);
  await up();
  assert.deepEqual(['land-ad', 'land-qd', 'nia'].map(pidOf), adapters);
  const listening = readFileSync(join(directory, 'log/gateway.log'), 'utf8').slice(log).split('\n')
    .find((line) => line.includes('"gateway.listening"'));
  const ms = Date.parse(JSON.parse(listening).time) - startOf(pidOf('gateway'));
  t.diagnostic(`the gateway was listening ${ms} ms after its start`);
  assert.ok(ms <= START_MS_MAX);
  const auditor = clientFor('AUDITOR');
  clients.push(auditor);
  for (const { leaf, bytes } of running.answers) {
    const entry = decode('GetEntryResponse', await unary(auditor, 'AuditService/GetEntry',
      encode('GetEntryRequest', { index: leaf.index })));
    assert.deepEqual(Buffer.from(entry.leaf), bytes);
  }
  t.diagnostic(`${running.answers.length} answers received, each with its entry`);
  assert.equal((await ask(open())).outcome, 'MATCH');
  await exportAndVerify();
});

test('a store that cannot grow: nothing is answered, and everything again when it can', async (t) => {
  const client = open();
  const pid = pidOf('gateway');
  // As on a full disk: no file of the gateway's may grow beyond what it has now.
  const limit = async (bytes) => {
    const { code, err } = await run('prlimit', ['--pid', String(pid), `--fsize=${bytes}:unlimited`]);
    assert.equal(code, 0, err);
  };
  await limit(4096);
  try {
    for (let i = 0; i < 5; ++i) {
      const request = question(quietly('AD'));
      const error = await verifyDocument(client, request).then(() => null, (e) => e);
      assert.equal(error?.code, grpc.status.UNAVAILABLE);
      const refusal = readRefusal(error, request);
      assert.equal(refusal.leaf, undefined);
      t.diagnostic(`${refusal.reason ?? refusal.message}`);
    }
  } finally {
    if (isRunning(pid)) await limit('unlimited');
  }
  t.diagnostic(`the gateway ${isRunning(pid) ? 'went on' : 'ended'}`);
  await up();
  const client2 = open();
  await poll('an answer', () => ask(client2).then((one) => one.outcome === 'MATCH', () => false));
  await exportAndVerify();
});

test('a second gateway on the same store does not start, and the first serves on', async () => {
  const config = join(directory, 'gateway/gateway.textproto');
  const second = await run(program('chayan-gateway'), ['--config', config], { timeout: PATIENCE_MS });
  assert.notEqual(second.code, 0);
  assert.notEqual(second.code, 'killed');
  assert.match(second.err, /store\.sqlite/);
  assert.ok(isRunning(pidOf('gateway')));
  assert.equal((await ask(open())).outcome, 'MATCH');
  assert.equal((await linksOf('land-ad')).length, 1);
});
