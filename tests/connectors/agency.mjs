// An agency of the running deployment with another adapter than its own: started here, ended here.
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { directory, isRunning, linksOf, poll, program, run } from '../integration/deployment.mjs';
import { env } from '../interop/calls.mjs';

// Of a kind land.title: what is compared with the columns office, section, lot, name and number.
export const TITLE_COLUMNS = `subject { number_column: "number" name_column: "name" }
  claims { claim: "land_office" column: "office" }
  claims { claim: "section" column: "section" }
  claims { claim: "lot" column: "lot" }
  claims { claim: "owner_name" column: "name" }
  claims { claim: "owner_number" column: "number" }`;

const started = [];
// Ends when the test does, however that ends.
export function start(name, command, args, options = {}) {
  const log = openSync(join(directory, 'log', `${name}.log`), 'a');
  const child = spawn(command, args, { stdio: ['ignore', log, log], ...options });
  started.push(child);
  return child;
}
export async function end(child, signal = 'SIGTERM') {
  if (child.exitCode === null && child.signalCode === null) child.kill(signal);
  await poll('the end of a process', () => child.exitCode !== null || child.signalCode !== null);
}
export const endAll = () => Promise.all(started.map((child) => end(child, 'SIGKILL')));

export class Agency {
  constructor(member, name, source, kinds) {
    this.member = member;
    this.folder = join(directory, 'agencies', name);
    mkdirSync(this.folder, { recursive: true });
    this.file = join(this.folder, 'adapter.textproto');
    this.write(source, kinds);
  }
  write(source, kinds, head = '') {
    writeFileSync(this.file, `${head}
member: "${this.member}" system: "adapter-1" trust_domain: "chayan.example" gateways: "${env.CHAYAN_GATEWAY}"
certificate_file: "../../pki/${this.member}.pem" key_file: "../../pki/${this.member}.key"
roots_file: "../../pki/root.pem" answer_key_file: "../../pki/answer/${this.member}.key"
answer_log_file: "answers.log" kind_files: "../../registry/land.textproto"
${source}
${kinds}
`);
  }
  get logName() { return `${this.member}-${this.folder.split('/').pop()}`; }
  // What its adapter said so far.
  log() { return readFileSync(join(directory, 'log', `${this.logName}.log`), 'utf8'); }
  async up() {
    this.process = start(this.logName, program('chayan-adapter'), ['--config', this.file]);
    await poll(`the link of ${this.member}`, async () => {
      assert.ok(isRunning(this.process.pid), this.log());
      return (await linksOf(this.member)).length > 0;
    });
  }
  // Returns when the adapter says what became of it.
  async reload(event) {
    const before = this.log().length;
    this.process.kill('SIGHUP');
    await poll(event, () => this.log().slice(before).includes(`"${event}"`));
  }
  command(...args) { return run(program('chayan'), ['adapter', ...args, this.file]); }
}

export function canRun(command, args) {
  try {
    execFileSync(command, args, { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
