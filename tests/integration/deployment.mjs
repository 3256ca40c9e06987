// A running deployment, to be hurt: its certificates, its processes, its log. tests/integration/run starts it.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { cpSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { clientFor, decode, encode, env, unary } from '../interop/calls.mjs';

export const root = fileURLToPath(new URL('../../', import.meta.url));
export const directory = dirname(dirname(env.CHAYAN_CA));
export const pki = join(directory, 'pki');
export const program = (name) => join(env.CHAYAN_BIN, name);

// Far above what anything here takes, so that only what never comes fails.
export const PATIENCE_MS = 30_000;
// Revocation takes effect within a second. A machine under other load is given three, and the time is printed.
export const REVOCATION_MS_MAX = 3_000;

// Asks again until `probe` gives something; what it gave.
export async function poll(what, probe, { everyMs = 20, patienceMs = PATIENCE_MS } = {}) {
  const end = Date.now() + patienceMs;
  while (Date.now() < end) {
    const found = await probe();
    if (found) return found;
    await pause(everyMs);
  }
  return assert.fail(`${what} did not come in ${patienceMs} ms`);
}

// Runs a command; gives its exit code and output, whatever they are.
export function run(command, args, options = {}) {
  return new Promise((resolve) => {
    const child = execFile(command, args, { timeout: 60_000, ...options }, (error, out, err) => {
      resolve({ code: error ? error.code ?? 'killed' : 0, out, err });
    });
    // Nobody is there to be asked.
    child.stdin.end();
  });
}
async function must(command, args) {
  const { code, out, err } = await run(command, args);
  assert.equal(code, 0, `${command} ${args.join(' ')}: ${err}`);
  return out;
}

// A certificate made for one test: files of leaf and key.
export async function issue(name, path, ...rest) {
  const uri = path.startsWith('spiffe:') ? path : `spiffe://chayan.example/${path}`;
  await must(join(root, 'certs/dev-issue'), [pki, name, uri, ...rest]);
  return { name, cert: join(pki, `${name}.pem`), key: join(pki, `${name}.key`) };
}

// Revokes; gives the moment at which the list was in place.
export async function revoke(name) {
  await must(join(root, 'certs/dev-revoke'), [pki, name]);
  return statSync(join(pki, 'crl/intermediate.pem')).mtimeMs;
}

export const chayan = (...args) => run(program('chayan'), args, { env: { ...env, LANG: 'C.UTF-8', LC_ALL: '' } });
export async function status() {
  const { code, out, err } = await chayan('status', '--json');
  assert.equal(code, 0, err);
  return JSON.parse(out);
}

// The registry set as it was first applied, and copies of it with some files changed: {file: text => text}.
export const sampleSet = join(directory, 'registry');
export function changedSet(name, changes) {
  const folder = join(directory, `registry-${name}`);
  rmSync(folder, { recursive: true, force: true });
  cpSync(sampleSet, folder, { recursive: true });
  for (const [file, change] of Object.entries(changes)) {
    const path = join(folder, file);
    const before = readFileSync(path, 'utf8');
    const text = change(before);
    assert.notEqual(text, before, `${file} is not changed`);
    writeFileSync(path, text);
  }
  return folder;
}
export async function applySet(folder) {
  const { code, out, err } = await chayan('registry', 'apply', '--yes', folder);
  assert.equal(code, 0, out + err);
  return out;
}

// Replaces a file in one step; gives the moment.
export function replaceFile(file, text) {
  writeFileSync(`${file}.new`, text);
  renameSync(`${file}.new`, file);
  return Date.now();
}

// The pid under which deploy/dev started a process.
export const pidOf = (name) => Number(readFileSync(join(directory, `run/${name}.pid`), 'utf8').split(' ')[0]);
export function isRunning(pid) {
  try {
    // A zombie has ended, though its pid still answers.
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}
export async function stop(name, signal) {
  const pid = pidOf(name);
  process.kill(pid, signal);
  await poll(`the end of ${name}`, () => !isRunning(pid));
}
// Starts again whatever does not run; returns when all links are up.
export const up = () => must(join(root, 'deploy/dev'), ['up', directory]);

export async function linksOf(member) {
  return (await status()).links.filter((link) => link.member === member);
}

// Entries from an index on, read as an auditor.
export async function entriesFrom(index) {
  const auditor = clientFor('AUDITOR');
  try {
    const entries = [];
    let pageToken = '';
    do {
      const bytes = await unary(auditor, 'AuditService/ListEntries',
        encode('ListEntriesRequest', { firstIndex: index, pageToken }));
      const page = decode('ListEntriesResponse', bytes);
      page.leaves.forEach((leaf, i) => entries.push({
        ...JSON.parse(leaf.toString('utf8')), index: Number(page.firstIndex) + i }));
      pageToken = page.nextPageToken;
    } while (pageToken);
    return entries;
  } finally {
    auditor.close();
  }
}
export async function logSize() {
  const auditor = clientFor('AUDITOR');
  try {
    const bytes = await unary(auditor, 'AuditService/GetCheckpoint', encode('GetCheckpointRequest', {}));
    return Number(decode('GetCheckpointResponse', bytes).checkpoint.split('\n')[1]);
  } finally {
    auditor.close();
  }
}
export const awaitEntry = (from, what, matches) =>
  poll(`the entry of ${what}`, async () => (await entriesFrom(from)).find(matches), { everyMs: 100 });
