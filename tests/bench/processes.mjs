// Starts what is measured as plain processes in the foreground, and stops exactly those.
import { execFile, spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';

const START_MS_MAX = 20_000;
const STOP_MS_MAX = 5_000;
const started = [];

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

export async function until(what, condition, msMax = START_MS_MAX) {
  for (const end = Date.now() + msMax; Date.now() < end; await sleep(50)) {
    const value = await condition();
    if (value) return value;
  }
  throw new Error(`${what}: not within ${msMax / 1000} s`);
}

// A port that was free a moment ago: for programs that cannot say which one they took.
export function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

// Its output goes to FOLDER/NAME.log.
export function start(name, folder, program, args) {
  const path = join(folder, `${name}.log`);
  const log = openSync(path, 'w');
  const child = spawn(program, args, { cwd: folder, stdio: ['ignore', log, log] });
  closeSync(log);
  const handle = { name, child, path, ended: false };
  child.on('error', () => { handle.ended = true; });
  child.on('close', () => { handle.ended = true; });
  started.push(handle);
  return handle;
}

export function outputOf(handle) {
  const text = readFileSync(handle.path, 'utf8');
  if (handle.ended) throw new Error(`${handle.name} ended:\n${text.slice(-2000)}`);
  return text;
}

// The process and its children, such as nginx's workers.
export function processesOf(handle) {
  const { pid } = handle.child;
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
  return [pid, ...children.split(/\s+/).filter(Boolean).map(Number)];
}

export function residentKib(pid) {
  return Number(readFileSync(`/proc/${pid}/status`, 'utf8').match(/^VmRSS:\s+(\d+)/m)[1]);
}

// Ends one process in good order.
export async function stop(handle) {
  handle.child.kill('SIGTERM');
  await until(`${handle.name} stops`, () => handle.ended);
}

export async function stopAll() {
  for (const { child, ended } of started) if (!ended) child.kill('SIGTERM');
  await until('stop', () => started.every(({ ended }) => ended), STOP_MS_MAX).catch(() => {
    for (const { child, ended } of started) if (!ended) child.kill('SIGKILL');
  });
}

// Runs a program to its end; the codes of `codes` are no failure.
export async function run(program, args, codes = [0]) {
  try {
    const { stdout } = await promisify(execFile)(program, args, { maxBuffer: 16 << 20 });
    return stdout;
  } catch (error) {
    if (codes.includes(error.code)) return error.stdout;
    throw new Error(`${program} ended with ${error.code ?? error.signal}: ${error.stderr}`);
  }
}
