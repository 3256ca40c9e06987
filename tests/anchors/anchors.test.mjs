// Goal: a published checkpoint carries the cosignatures of a quorum and a time; a witness that is gone or lies stops
// nobody; a second history signed with the log's own key stops the gateway, at run time and at its start.
// Method: real processes on one deployment, hurt one after the other; every claim is checked with public keys, the last
// ones by software nobody here wrote (node's own Ed25519, openssl ts).
import assert from 'node:assert/strict';
import { createHash, createPublicKey, generateKeyPairSync, sign, verify } from 'node:crypto';
import {
  cpSync, existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync, symlinkSync, writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { env } from '../interop/calls.mjs';
import {
  PATIENCE_MS, applySet, chayan, directory, isRunning, pidOf, poll, program, root, sampleSet, status, stop, up,
} from '../integration/deployment.mjs';
import { addressOf, endAll, liar, run, serveWitness, start, timestampAuthority } from './parties.mjs';

const logVkey = env.CHAYAN_LOG_VKEY;
const trust = join(directory, 'witnessed-trust');
const evidence = join(directory, 'evidence');
const set = join(directory, 'registry-witnessed');
const parties = {};

const key = (name) => join(directory, `${name}.witness-key`);
async function keygen(name) {
  const { code, out, err } = await chayan('witness', 'keygen', '--witness-key', key(name), '--name',
    `witness.example/${name}`);
  assert.equal(code, 0, err);
  return out.trim();
}
const asText = (pem) => pem.trimEnd().split('\n').map((line) => `"${line}\\n"`).join('\n    ');

function policy(rest = 'missing_quorum: MISSING_QUORUM_ALARM') {
  return `# proto-file: proto/chayan/v1/registry.proto
# proto-message: chayan.v1.RegistryFile
witness_policy {
  witnesses { name: "first" vkey: "${parties.vkeys.first}" url: "${parties.first.url}" }
  witnesses { name: "second" vkey: "${parties.vkeys.second}" url: "${parties.liar.url}" }
  witnesses { name: "third" vkey: "${parties.vkeys.third}" dials_in { member: "witness-1" system: "witness" } }
  groups { name: "any-two" members: ["first", "second", "third"] threshold: 2 }
  quorum: "any-two"
  timestamp_authority { url: "${parties.authority.url}" root_certificate_pem: ${asText(parties.tsaRoot)} }
  ${rest}
}
`;
}
async function applyPolicy(text) {
  rmSync(set, { recursive: true, force: true });
  cpSync(sampleSet, set, { recursive: true });
  writeFileSync(join(set, 'witnesses.textproto'), text);
  return applySet(set);
}

const publication = async () => (await status()).publication;
const stateOf = async (name) => (await publication()).witnesses.find((witness) => witness.name === name);
// Every look at the status is an entry, so there is always something newer to witness.
const witnessedBeyond = (size) => poll(`a quorum beyond ${size}`, async () => {
  const now = await publication();
  // Absent until the publisher has taken the policy.
  return now && now.witnessed_size > size && now.quorum_present && now;
}, { everyMs: 300 });
async function ask(name = 'asked') {
  mkdirSync(evidence, { recursive: true });
  const file = join(evidence, `${name}.chayan`);
  const { code, out, err } = await chayan('verify', '--example', '--evidence', file);
  assert.equal(code, 0, out + err);
  return file;
}
const gatewayRuns = () => isRunning(pidOf('gateway'));
const gatewayLog = () => readFileSync(join(directory, 'log/gateway.log'), 'utf8');

before(async () => {
  parties.vkeys = {};
  for (const name of ['first', 'second', 'third']) parties.vkeys[name] = await keygen(name);
  parties.first = await serveWitness('first', key('first'), logVkey);
  parties.second = await serveWitness('second', key('second'), logVkey);
  parties.liar = await liar(parties.second.url);
  const tsa = join(directory, 'tsa');
  const made = await run(join(root, 'certs/dev-tsa'), [tsa]);
  assert.equal(made.code, 0, made.err);
  parties.tsaRoot = readFileSync(join(tsa, 'root.pem'), 'utf8');
  parties.authority = await timestampAuthority(tsa);
  parties.dial = start('third', program('chayan'), ['witness', 'dial', '--witness-key', key('third'), '--state',
    join(directory, 'witness-third'), '--log', logVkey, '--interval', '0.3']);
});
after(() => {
  endAll();
  parties.liar?.close();
  parties.authority?.close();
});

test('a policy takes effect alive: checkpoints are published and cosigned by all three', async () => {
  assert.equal(await publication(), undefined);
  const out = await applyPolicy(policy());
  assert.match(out, /witness policy/);
  await witnessedBeyond(0);
  for (const name of ['first', 'second', 'third']) {
    await poll(`a cosignature by ${name}`, async () => (await stateOf(name)).cosigned_size > 0, { everyMs: 300 });
  }
  const printed = await chayan('witness', 'policy', set, '--vkey', logVkey);
  assert.equal(printed.code, 0, printed.err);
  // What verifies receipts also names the holders' keys.
  const holders = readFileSync(env.CHAYAN_TRUST, 'utf8').split('\n').filter((line) => line.startsWith('answer-key'));
  writeFileSync(trust, `${printed.out}${holders.join('\n')}\n`);
});

test('receipts are upgraded in bulk to witnessed proofs, once', async () => {
  const file = await ask('upgraded');
  const fresh = await chayan('receipt', 'check', file, '--trust', trust);
  assert.equal(fresh.code, 1, 'a fresh receipt is only the operator\'s promise');
  const { published_size: size } = await publication();
  await witnessedBeyond(size);
  const upgraded = await chayan('receipt', 'upgrade', evidence, '--trust', trust);
  assert.equal(upgraded.code, 0, upgraded.out + upgraded.err);
  assert.match(upgraded.out, /upgraded 1, witnessed before 0/);
  const checked = await chayan('receipt', 'check', file, '--trust', trust);
  assert.equal(checked.code, 0, checked.out + checked.err);
  assert.match(checked.out, /witnessed by [23]\/3/);
  const again = await chayan('receipt', 'upgrade', evidence, '--trust', trust);
  assert.match(again.out, /upgraded 0, witnessed before 1/);
});

// c2sp.org/tlog-cosignature, read with nothing but the specification and node's own Ed25519.
function cosigners(note) {
  const [text, lines] = [note.slice(0, note.lastIndexOf('\n\n') + 1), note.slice(note.lastIndexOf('\n\n') + 2)];
  const names = [];
  for (const [name, vkey] of Object.entries(parties.vkeys)) {
    const raw = Buffer.from(vkey.slice(vkey.indexOf('+', vkey.indexOf('+') + 1) + 1), 'base64');
    const keyName = vkey.split('+')[0];
    const id = createHash('sha256').update(`${keyName}\n`).update(raw).digest().subarray(0, 4);
    const spki = Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), raw.subarray(1)]);
    const publicKey = createPublicKey({ key: spki, format: 'der', type: 'spki' });
    for (const line of lines.trimEnd().split('\n')) {
      const [dash, signer, encoded] = line.split(' ');
      assert.equal(dash, '—');
      const bytes = Buffer.from(encoded, 'base64');
      if (signer !== keyName || !bytes.subarray(0, 4).equals(id)) continue;
      const time = bytes.readBigUInt64BE(4);
      assert.ok(verify(null, Buffer.from(`cosignature/v1\ntime ${time}\n${text}`), publicKey, bytes.subarray(12)));
      names.push(name);
    }
  }
  return { names, text };
}

test('the export carries a witnessed checkpoint and timestamps that others accept', async () => {
  await poll('a timestamp', async () => (await publication()).timestamp_size > 0, { everyMs: 300 });
  const { timestamp_size: stamped } = await publication();
  await witnessedBeyond(stamped);
  const folder = join(directory, 'export-anchored');
  const exported = await chayan('audit', 'export', folder, '--trust', trust);
  assert.equal(exported.code, 0, exported.out + exported.err);
  assert.ok(cosigners(readFileSync(join(folder, 'checkpoint'), 'utf8')).names.length >= 2);
  const root_ = join(directory, 'tsa/root.pem');
  const verified = await chayan('audit', 'verify', folder, '--trust', trust, '--timestamp-root', root_);
  assert.equal(verified.code, 0, verified.out + verified.err);
  assert.match(verified.out, /timestamps: 1/);
  assert.match(verified.out, /witnessed by [23]\/3/);
  // Go's sumdb packages, where there are any: cosignatures do not get in the way of a reader that knows none.
  const go = await run(join(root, 'tests/interop/checklog/run'), [folder, logVkey]);
  assert.ok(go.code === 0 || go.code === 77, go.out + go.err);
  const checkpoints = join(folder, 'checkpoints');
  const stamp = readdirSync(checkpoints).find((name) => name.endsWith('.tsr'));
  const note = readFileSync(join(checkpoints, stamp.slice(0, -4)), 'utf8');
  const text = join(directory, 'stamped-text');
  writeFileSync(text, cosigners(note).text);
  const openssl = await run('openssl', ['ts', '-verify', '-data', text, '-in', join(checkpoints, stamp),
    '-CAfile', root_]);
  assert.equal(openssl.code, 0, openssl.out + openssl.err);
  // A timestamp over another checkpoint is found out.
  writeFileSync(join(checkpoints, stamp.slice(0, -4)), readFileSync(join(folder, 'checkpoint')));
  const forged = await chayan('audit', 'verify', folder, '--trust', trust, '--timestamp-root', root_);
  assert.equal(forged.code, 1, forged.out + forged.err);
  assert.match(forged.err, /checkpoints\/\d+\.tsr/);
});

test('a witness that is killed costs nothing, and comes back to its state', async () => {
  await parties.first.kill();
  const { witnessed_size: size } = await publication();
  await ask();
  await witnessedBeyond(size);
  await poll('the fault of first', async () => (await stateOf('first')).fault !== '', { everyMs: 300 });
  assert.ok((await status()).alarms.includes('witness.fault'));
  await parties.first.again();
  await poll('first to be back', async () => {
    const state = await stateOf('first');
    return state.fault === '' && state.cosigned_size > size;
  }, { everyMs: 300 });
});

test('lies stop nobody', async () => {
  const stranger = generateKeyPairSync('ed25519').privateKey;
  // A larger checkpoint under the log's name, signed by another key.
  const text = `${logVkey.split('+')[0]}\n1000000\n${Buffer.alloc(32, 7).toString('base64')}\n`;
  const line = (name, id, bytes) => `— ${name} ${Buffer.concat([id, bytes]).toString('base64')}\n`;
  const ownId = Buffer.from(logVkey.split('+')[1], 'hex');
  const forged = `${text}\n${line(logVkey.split('+')[0], ownId, sign(null, Buffer.from(text), stranger))}`;
  const secondId = Buffer.from(parties.vkeys.second.split('+')[1], 'hex');
  const isPost = (incoming) => incoming.method === 'POST';
  const size = { status: 409, type: 'text/x.tlog.size', body: '1000000\n' };
  const lies = {
    'no signature line': () => ({ status: 200, body: 'garbage' }),
    'does not hold': () => ({
      status: 200, body: line('witness.example/second', secondId, Buffer.alloc(72, 1)) }),
    'says that it cosigned 18446744073709551615': (incoming) => (isPost(incoming)
      ? { ...size, body: '18446744073709551615\n' } : { status: 404 }),
    'not signed by this log': (incoming) => (isPost(incoming) ? size : { status: 200, body: forged }),
    'status 500': () => ({ status: 500 }),
  };
  for (const [fault, lie] of Object.entries(lies)) {
    parties.liar.lie = lie;
    await poll(`the fault "${fault}"`, async () => (await stateOf('second')).fault.includes(fault), { everyMs: 300 });
    const { witnessed_size: before_ } = await publication();
    await ask();
    await witnessedBeyond(before_);
    assert.ok(gatewayRuns(), fault);
    parties.liar.lie = undefined;
    await poll('second to be honest again', async () => (await stateOf('second')).fault === '', { everyMs: 300 });
  }
});

test('a closed policy closes the log without a quorum, says why, and opens it again', async () => {
  await applyPolicy(policy('grace_seconds: 3 missing_quorum: MISSING_QUORUM_CLOSED'));
  await witnessedBeyond(0);
  parties.liar.lie = () => ({ status: 503 });
  await parties.first.kill();
  await poll('the log to close', async () => (await publication()).closed, { everyMs: 300 });
  const refused = await chayan('verify', '--example');
  assert.equal(refused.code, 4, refused.out + refused.err);
  assert.match(refused.out + refused.err, /no quorum of witnesses/);
  assert.match((await status()).log.fault, /no quorum of witnesses/);
  parties.liar.lie = undefined;
  await poll('the log to open', async () => !(await publication()).closed, { everyMs: 300 });
  await ask();
  await parties.first.again();
  await applyPolicy(policy());
});

test('a gateway that is killed goes on where it was', async () => {
  const { witnessed_size: size } = await publication();
  await stop('gateway', 'SIGKILL');
  await up();
  await ask();
  await witnessedBeyond(size);
});

const STATE = ['gateway', 'head'];
function copyState(name) {
  const folder = join(directory, name);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder);
  for (const part of STATE) cpSync(join(directory, part), join(folder, part), { recursive: true });
  return folder;
}

test('a store that was put back with its head file is refused at the start', async () => {
  await stop('gateway', 'SIGTERM');
  const old = copyState('old-copy');
  await up();
  await ask();
  const { published_size: size } = await publication();
  await witnessedBeyond(size);
  await poll('first to have seen it', async () => (await stateOf('first')).cosigned_size > size, { everyMs: 300 });
  await stop('gateway', 'SIGTERM');
  const right = copyState('right-copy');
  for (const part of STATE) {
    rmSync(join(directory, part), { recursive: true });
    cpSync(join(old, part), join(directory, part), { recursive: true });
  }
  const mark = gatewayLog().length;
  await assert.rejects(up());
  assert.match(gatewayLog().slice(mark), /witness (first|second) shows a checkpoint of \d+ entries with this log's/);
  for (const part of STATE) {
    rmSync(join(directory, part), { recursive: true });
    renameSync(join(right, part), join(directory, part));
  }
  await up();
  await ask();
});

test('a second history signed with the log\'s own key stops the gateway, which says who showed it', async () => {
  const { published_size: size } = await publication();
  await witnessedBeyond(size);
  const pid = pidOf('gateway');
  process.kill(pid, 'SIGSTOP');
  const fork = copyState('fork');
  for (const part of ['pki', 'vault-keys']) symlinkSync(join(directory, part), join(fork, part));
  for (const lock of readdirSync(join(fork, 'gateway')).filter((name) => name.endsWith('.lock'))) {
    rmSync(join(fork, 'gateway', lock));
  }
  const config = join(fork, 'gateway/gateway.textproto');
  writeFileSync(config, readFileSync(config, 'utf8').replace(/^((?:http_)?listen): .*/gm, '$1: "127.0.0.1:0"'));
  const other = start('fork', program('chayan-gateway'), ['--config', config]);
  const address = await addressOf(other, 'gateway.listening');
  // The fork's own entries, until a witness has cosigned them.
  await poll('first to cosign the fork', async () => {
    const { code, out } = await chayan('status', '--json', '--gateway', address);
    if (code !== 0) return false;
    const { publication: now, log } = JSON.parse(out);
    return log.size > size + 10 && now.witnesses.find(({ name }) => name === 'first').cosigned_size > size + 10;
  }, { everyMs: 300 });
  other.child.kill('SIGKILL');
  await other.exited;
  const mark = gatewayLog().length;
  process.kill(pid, 'SIGCONT');
  await poll('the gateway to stop', async () => {
    // What it answers meanwhile makes the log grow, which it publishes.
    await chayan('status', '--json');
    return !isRunning(pid);
  }, { everyMs: 300, patienceMs: 2 * PATIENCE_MS });
  const said = gatewayLog().slice(mark);
  assert.match(said, /"log_condemned".*witness (first|second|third) shows a checkpoint of \d+ entries/);
  assert.match(said, /gateway.stopping_on_fault/);
  assert.ok(existsSync(join(directory, 'witness-first')));
});
