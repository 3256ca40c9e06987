// The load, the harm and the check of tests/notices/run:
//
//   node rounds.mjs WORK
//
// Goal: what was accepted arrives, in order for each person, whatever is killed when. Method: publishers that go on until
// each notice is accepted, with the same request id; recipients that keep what they got and say at which step they are;
// harm at each of these steps, to the gateway or to a recipient, in an order and with delays drawn from a seed. Then all
// of it is compared (checks.mjs).
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { EventEmitter, once } from 'node:events';
import { mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import { isRunning, pidOf, poll, program, root, run, stop, up } from '../integration/deployment.mjs';
import { clientFor, decode, encode, env, unary } from '../interop/calls.mjs';
import { checkAll } from './checks.mjs';

const [work] = process.argv.slice(2);
const seed = Number(env.NOTICE_SEED ?? Date.now() % 1_000_000);
const rounds = Number(env.NOTICE_ROUNDS ?? 6);
const PERSONS = 12;
// From the step on which a harm waits, at most this long: into what follows it.
const DELAY_MS_MAX = 4;
// A step that does not come for so long never will.
const STEP_MS_MAX = 120_000;
const FULL_MS = 400;
// As the publisher sees it, then as a recipient's process does.
const STEPS = ['asked', 'accepted', 'came', 'kept', 'said', 'recorded', 'acted', 'done'];
// Two adapters in JavaScript that say where they are, and the real one, on a database.
const RECIPIENTS = [
  { agency: 'land-ad', subscription: 'land-ad-name', area: '63000' },
  { agency: 'land-qd', subscription: 'land-qd-name', area: '10010' },
  { agency: 'nia', subscription: 'nia-left', isReal: true },
];
console.log(`notices: seed ${seed}, ${rounds} rounds`);

let drawn = seed;
function draw(below) {  // mulberry32
  drawn = (drawn + 0x6d2b79f5) | 0;
  let t = Math.imul(drawn ^ (drawn >>> 15), 1 | drawn);
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
  return ((t ^ (t >>> 14)) >>> 0) % below;
}
function shuffled(values) {
  const all = [...values];
  for (let i = all.length - 1; i > 0; --i) {
    const j = draw(i + 1);
    [all[i], all[j]] = [all[j], all[i]];
  }
  return all;
}

// --- publishers

// A national id of letter A (which counts as 1 and 0) with its check digit.
function nationalId(n) {
  const digits = `1${String(n).padStart(7, '0')}`;
  const weights = [8, 7, 6, 5, 4, 3, 2, 1];
  const sum = 1 + [...digits].reduce((total, digit, i) => total + Number(digit) * weights[i], 0);
  return `A${digits}${(10 - (sum % 10)) % 10}`;
}
const day = (dayOfMonth) => ({ era: 1, year: 115, month: 1, day: dayOfMonth });
// A change of name for the first two recipients, or a departure for the third.
function notice(person, isName) {
  const text = (code, value) => ({ code, text: value });
  const registered = { code: 'registration_date', date: day(14) };
  return encode('PublishNoticeRequest', {
    requestId: randomUUID(), actingFor: 'hro-shanhua', noticeKind: isName ? 'person.name' : 'household.left',
    purpose: { person: { id: 'clerk-7', role: 'clerk' }, legalBasis: 'household-act-68', caseNumber: '115-0042' },
    subjects: [{ identifier: { scheme: 1, value: nationalId(person) }, name: '王大明' }],
    payload: isName
      ? [text('former_name', '王小明'), text('new_name', '王大明'), text('reason', 'given'), registered]
      : [{ code: 'departure_date', date: day(14) }, registered],
    effectiveDate: day(15),
    routing: { oldArea: RECIPIENTS[0].area, newArea: RECIPIENTS[1].area },
  });
}

const steps = new EventEmitter();
steps.setMaxListeners(0);
let stopping = false;
let resting = false;
const accepted = [];  // in their order, of all persons

async function publishAll(person) {
  let client = clientFor('HOUSEHOLD');
  for (let count = 0; !stopping; ++count) {
    const request = notice(person, count % 3 !== 2);
    for (let answer = null; answer === null;) {
      try {
        const answering = unary(client, 'NoticeService/PublishNotice', request);
        steps.emit('asked');
        answer = decode('PublishNoticeResponse', await answering);
        steps.emit('accepted');
        const recipients = answer.notice.deliveries.map(({ recipient }) => recipient);
        assert.ok(recipients.every((one) => RECIPIENTS.some(({ agency }) => agency === one)), `${recipients}`);
        accepted.push({ id: answer.notice.noticeId, person, recipients });
      } catch (error) {
        // 14: away, or its disk is full; 4, 8 and 1: what a kill in the middle looks like from here.
        assert.ok([1, 4, 8, 14].includes(error.code), `${error.code}: ${error.message}`);
        client.close();
        await pause(20);
        client = clientFor('HOUSEHOLD');
      }
    }
    await pause(resting ? 250 : 10);
  }
  client.close();
}

// --- recipients

const folderOf = ({ agency }) => join(work, agency);
const recordOf = (recipient) => join(folderOf(recipient), 'record');
const running = new Map();

function startRecipient(recipient) {
  const child = spawn(process.execPath, [join(root, 'tests/notices/recipient.mjs'), recipient.agency,
    recipient.subscription, recordOf(recipient)], { stdio: ['ignore', 'pipe', 'inherit'] });
  createInterface({ input: child.stdout }).on('line', (step) => steps.emit(step, recipient));
  return child;
}
function startAdapter(recipient) {
  const log = openSync(join(folderOf(recipient), 'log'), 'a');
  return spawn(program('chayan-adapter'), ['--config', join(folderOf(recipient), 'adapter.textproto')],
    { stdio: ['ignore', log, log] });
}
function start(recipient) {
  running.set(recipient.agency, (recipient.isReal ? startAdapter : startRecipient)(recipient));
}
function prepare(recipient) {
  mkdirSync(folderOf(recipient), { recursive: true });
  if (!recipient.isReal) return;
  const { agency, subscription } = recipient;
  const pki = join(work, 'dev/pki');
  execFileSync('sqlite3', [join(folderOf(recipient), 'agency.db')],
    { input: `PRAGMA journal_mode = WAL; ${readFileSync(join(root, 'adapters/sql/inbox.sql'), 'utf8')}` });
  writeFileSync(join(folderOf(recipient), 'adapter.textproto'), `
member: "${agency}" system: "adapter-1" trust_domain: "chayan.example" gateways: "${env.CHAYAN_GATEWAY}"
certificate_file: "${pki}/${agency}.pem" key_file: "${pki}/${agency}.key" roots_file: "${pki}/root.pem"
answer_key_file: "${pki}/answer/${agency}.key" answer_log_file: "answers.log"
notices { subscriptions: "${subscription}" database {
  source { driver: "SQLite3" sqlite_file: "agency.db" connections: 1 } } }
`);
}
process.on('exit', () => running.forEach((child) => child.kill('SIGKILL')));

// --- harm

async function killGateway() {
  await stop('gateway', 'SIGKILL');
  await up();
}
async function killRecipient(recipient) {
  const child = running.get(recipient.agency);
  child.kill('SIGKILL');
  await once(child, 'exit');
  start(recipient);
}
// No byte of any file beyond the first, for a while: what a full disk does, to one process. It goes on, or it ends, when it
// cannot tell what became of the log.
async function fillDisk() {
  const pid = pidOf('gateway');
  execFileSync('prlimit', ['--pid', String(pid), '--fsize=1:']);
  await pause(FULL_MS);
  await run('prlimit', ['--pid', String(pid), '--fsize=unlimited:']);  // it may have ended
  // More than one of each publisher: the last was asked after that.
  const enough = accepted.length + PERSONS;
  await poll('the gateway after a full disk', () => !isRunning(pid) || accepted.length > enough);
  if (!isRunning(pid)) await up();
}

// One for each step and whom it is done to.
const HARMS = STEPS.flatMap((step) => [
  { name: `gateway at "${step}"`, step, harm: killGateway },
  { name: `recipient at "${step}"`, step, harm: (who) => killRecipient(who ?? RECIPIENTS[draw(2)]) },
]).concat([
  { name: 'adapter', step: 'came', harm: () => killRecipient(RECIPIENTS[2]) },
  { name: 'adapter', step: 'asked', harm: () => killRecipient(RECIPIENTS[2]) },
  { name: 'adapter and gateway', step: 'accepted',
    harm: () => Promise.all([killRecipient(RECIPIENTS[2]), killGateway()]) },
  { name: 'full disk', step: 'said', harm: fillDisk },
]);

async function doHarm({ name, step, harm }) {
  const [who] = await once(steps, step, { signal: AbortSignal.timeout(STEP_MS_MAX) })
    .catch((error) => assert.fail(`the step "${step}" did not come: ${error.message}`));
  await pause(draw(DELAY_MS_MAX + 1));
  resting = true;  // the load is for the moment of the harm; what it leaves must be caught up with
  await harm(who);
  resting = false;
  return name;
}

RECIPIENTS.forEach(prepare);
RECIPIENTS.forEach(start);
const publishers = Array.from({ length: PERSONS }, (_, person) => publishAll(person));
let order = [];
const done = new Map();
for (let round = 0; round < rounds; ++round) {
  if (!order.length) order = shuffled(HARMS).sort((a, b) => (a.harm === fillDisk) - (b.harm === fillDisk));
  await pause(100 + draw(400));
  const name = await doHarm(order.pop());
  done.set(name, (done.get(name) ?? 0) + 1);
}
await pause(500);
stopping = true;
await Promise.all(publishers);
console.log(`notices: ${[...done].map(([name, count]) => `${name}${count > 1 ? ` (${count})` : ''}`).join(', ')}`);
const counts = await checkAll({ accepted, recipients: RECIPIENTS, folderOf, recordOf });
console.log(`notices: ${counts.notices} accepted, all delivered in order, ${counts.repeats} repeats, `
  + `${counts.deliveries} deliveries whose ${counts.steps} steps have their entries`);
process.exit(0);
