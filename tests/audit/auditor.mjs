// An auditor at the command line: runs `chayan audit`, reads what it prints and writes, and looks at what the log has of it.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { env, question, readAnswer, verifyDocument } from '../interop/calls.mjs';
import { chayan, directory, entriesFrom, logSize } from '../integration/deployment.mjs';

export const SUBJECT = 'A123456789';
export const FILE = ['--file', '115-0042'];
export const AS = ['--as', 'inspector-3', ...FILE];
// The other system of the audit office, at which another person sits.
export const AT_SECOND = ['--cert', env.CHAYAN_AUDITOR2_CERT, '--key', env.CHAYAN_AUDITOR2_KEY];
export const path = (name) => join(directory, `audit-${name}`);

export async function audit(...args) {
  const { code, out, err } = await chayan('audit', ...args);
  assert.equal(code, 0, `chayan audit ${args.join(' ')}: ${out}${err}`);
  return out;
}
// Exit codes of a command that was refused, or told to be wrong before anything was asked.
export const REFUSED = 3;
export const USAGE = 2;
export const CHECK_FAILED = 1;
export async function fails(code, pattern, ...args) {
  const { code: got, out, err } = await chayan(...args);
  assert.equal(got, code, `chayan ${args.join(' ')}: ${out}${err}`);
  assert.match(out + err, pattern);
}
export const auditFails = (code, pattern, ...args) => fails(code, pattern, 'audit', ...args);

export const json = async (...args) => JSON.parse(await audit(...args, '--json'));
export const rowsOf = (document, table) => (table ? document.tables[table] : Object.values(document.tables)[0]);
export const indexesOf = (document) => rowsOf(document).map((row) => Number(row.index));
export const unzipped = (file, part) => execFileSync('unzip', ['-p', file, part], { encoding: 'utf8' });

// The entries that a command made, but for those of the calls that look.
export async function entriesOf(command) {
  const from = await logSize();
  await command();
  const end = await logSize();
  return (await entriesFrom(from)).filter((entry) => entry.index < end);
}

// Asks so often, all at once; each answer's receipt holds.
export function askMany(household, count, changes) {
  return Promise.all(Array.from({ length: count }, async () => {
    const request = question(changes);
    return readAnswer(await verifyDocument(household, request), request);
  }));
}
