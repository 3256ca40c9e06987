// Goal: a notice that comes down a link is in the agency's own system once, and only then receipted, whatever ends in
// between. Method: chayan-adapter on a link in this test's hands (link.mjs); a real HTTP server that checks events and
// signatures with others' libraries (tests/interop/receiver.mjs), a real sshd, a real database.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { directory, poll, program, root, run } from '../integration/deployment.mjs';
import { canRun, end, endAll, start } from './agency.mjs';
import { Link } from './link.mjs';
import { Receiver } from '../interop/receiver.mjs';
import { SSHD, startSshd } from './sftp.mjs';

const MEMBER = 'land-ad'; // whose keys the recipient uses
const secrets = [1, 2].map(() => `whsec_${randomBytes(32).toString('base64')}`);
const keys = [1, 2].map(() => generateKeyPairSync('ed25519'));
let link;

class Recipient {
  constructor(name, sink) {
    this.name = `notices-${name}`;
    this.folder = join(directory, 'agencies', this.name);
    mkdirSync(this.folder, { recursive: true });
    this.file = join(this.folder, 'adapter.textproto');
    this.write(sink);
  }
  write(sink) {
    writeFileSync(this.file, `member: "${MEMBER}" system: "adapter-1" trust_domain: "chayan.example"
gateways: "${link.address}" certificate_file: "../../pki/${MEMBER}.pem" key_file: "../../pki/${MEMBER}.key"
roots_file: "../../pki/root.pem" answer_key_file: "../../pki/answer/${MEMBER}.key" answer_log_file: "answers.log"
notices { subscriptions: "tax-south-death" ${sink} }
`);
  }
  async up() {
    delete link.hello;
    this.process = start(this.name, program('chayan-adapter'), ['--config', this.file]);
    await poll('the hello', () => link.hello);
    assert.deepEqual(link.hello.subscriptions, ['tax-south-death']);
  }
  async reload(sink) {
    this.write(sink);
    const log = join(directory, 'log', `${this.name}.log`);
    const from = readFileSync(log, 'utf8').length;
    this.process.kill('SIGHUP');
    await poll('the reload', () => readFileSync(log, 'utf8').slice(from).includes('"adapter.reloaded"'));
  }
  command(...args) { return run(program('chayan'), ['adapter', ...args, this.file]); }
}

const hook = (receiver, { secret = [1, 2], key = [1, 2] } = {}) => `hook { system { base_url: "${receiver.url}" }
  ${secret.map((n) => `secrets: "file:secret-${n}"`).join(' ')}
  ${key.map((n) => `signing_keys: "file:key-${n}"`).join(' ')} }`;

before(async () => { link = await Link.listen(MEMBER); });
after(async () => {
  await endAll();
  link.close();
});

test('A system behind HTTP', async (t) => {
  const receiver = await Receiver.listen({ secret: secrets[0], key: keys[0].publicKey });
  const recipient = new Recipient('hook', hook(receiver));
  for (const n of [1, 2]) {
    writeFileSync(join(recipient.folder, `secret-${n}`), `${secrets[n - 1]}\n`, { mode: 0o600 });
    writeFileSync(join(recipient.folder, `key-${n}`), keys[n - 1].privateKey.export({ type: 'pkcs8', format: 'pem' }),
      { mode: 0o600 });
  }
  await recipient.up();

  await t.test('gets an event whose v1 and v1a signatures others check', async () => {
    const id = link.send();
    await link.settled(id, 'DELIVERED');
    assert.equal(receiver.refused, 0, receiver.fault);
    const [event] = receiver.events;
    assert.equal(event.type, 'chayan.notice.person.death');
    assert.equal(event.source, 'spiffe://chayan.example/hro-shanhua');
    assert.equal(event.data.subjects[0].name, '𠮷小明');
    assert.equal(event.data.payload[0].date.era, 'ERA_ROC');
  });

  await t.test('checks with either key while one replaces the other, and not with a key that is gone', async () => {
    Object.assign(receiver, { secret: secrets[1], key: keys[1].publicKey });
    await link.settled(link.send(), 'DELIVERED');
    assert.equal(receiver.refused, 0, receiver.fault);
    await recipient.reload(hook(receiver, { secret: [1], key: [1] }));
    const id = link.send();
    await poll('not taken', () => link.notTaken.includes(id.replaceAll('-', '')));
    assert.ok(receiver.refused > 0);
    Object.assign(receiver, { secret: secrets[0], key: keys[0].publicKey });
    link.repeat(id);
    await link.settled(id, 'DELIVERED');
  });

  await t.test('acknowledges and rejects with its own answer', async () => {
    receiver.answer = () => ({ status: 200, body: '{"state": "ACKNOWLEDGED", "case_number": "115-7"}' });
    assert.equal((await link.settled(link.send(), 'ACKNOWLEDGED')).caseNumber, '115-7');
    receiver.answer = () => ({ status: 200, body: '{"state": "REJECTED", "reason": "NO_SUCH_PERSON"}' });
    const id = link.send();
    assert.equal((await link.settled(id, 'REJECTED')).reason, 2);
    assert.deepEqual(link.of(id).map(({ state }) => state), ['DELIVERED', 'REJECTED']);
  });

  await t.test('is given the same id again when the adapter is killed before it could answer', async () => {
    let answer;
    receiver.answer = () => new Promise((resolve) => { answer = resolve; });
    const id = link.send();
    await poll('the event', () => receiver.events.some((event) => event.id === id));
    await end(recipient.process, 'SIGKILL');
    receiver.answer = () => ({ status: 204 });
    answer({ status: 204 });
    await recipient.up();
    assert.equal(link.of(id).length, 0);
    link.repeat(id);
    await link.settled(id, 'DELIVERED');
    assert.equal(receiver.events.filter((event) => event.id === id).length, 2);
    link.repeat(id); // now it is known
    await poll('the receipt again', () => link.of(id).length === 2);
    assert.equal(receiver.events.filter((event) => event.id === id).length, 2);
  });

  await t.test('gets no trial', async () => {
    const count = receiver.events.length;
    await link.settled(link.send({ test: true }), 'DELIVERED');
    assert.equal(receiver.events.length, count);
    // The adapter writes its status every five seconds.
    await poll('the status', async () => /notice +person\.death/.test((await recipient.command('status')).out),
      { everyMs: 500 });
  });
  await end(recipient.process);
  receiver.close();
});

test('A database', { skip: canRun('sqlite3', ['--version']) ? false : 'no sqlite3' }, async () => {
  const name = 'database';
  const recipient = new Recipient(name, `database { source { driver: "SQLite3" sqlite_file: "inbox.db" connections: 1 }
    statements { notice_kinds: "person.death" statement: "UPDATE person SET died = :day WHERE number = :number"
      values { name: "number" part: NOTICE_PART_IDENTIFIER }
      values { name: "day" element: "death_date" date_form: DATE_FORM_ROC_MINUS }
      rejected_without_row: REJECTION_REASON_NO_SUCH_PERSON }
    statements_acknowledge: true }`);
  const database = join(recipient.folder, 'inbox.db');
  const sql = (text) => execFileSync('sqlite3', ['-cmd', '.timeout 30000', database], { input: text, encoding: 'utf8' }).trim();
  sql(`${readFileSync(join(root, 'adapters/sql/inbox.sql'), 'utf8')}
    CREATE TABLE person (number TEXT PRIMARY KEY, died TEXT); INSERT INTO person VALUES ('A123456789', NULL);`);
  await recipient.up();
  const id = link.send();
  await link.settled(id, 'ACKNOWLEDGED');
  assert.equal(sql('SELECT died FROM person'), '1150114');
  const stranger = link.send({ subjects: [{ identifier: { scheme: 1, value: 'B123456780' } }] });
  assert.equal((await link.settled(stranger, 'REJECTED')).reason, 2);
  await end(recipient.process, 'SIGKILL');
  await recipient.up();
  link.repeat(id);
  await poll('the receipt again', () => link.of(id).length > 2);
  assert.equal(sql('SELECT COUNT(*) FROM chayan_inbox'), '1');
  await end(recipient.process);
});

test('A file each day over SFTP', { skip: existsSync(SSHD) ? false : 'no sshd; deploy/setup --tests installs it' },
  async () => {
    const sftp = await startSshd('notices-sftp');
    // The file is due in the minute after the next one.
    const due = new Date(Date.now() + 8 * 3_600_000 + 90_000).toISOString().slice(11, 16);
    const files = (time) => `files { ${sftp.settings('pinned')} name: "notices-{date}.csv"
      none_today_name: "none-{date}.csv" due: "${time}" count_line: "COUNT"
      columns { name: "delivery" item: NOTICE_ITEM_DELIVERY_ID } columns { name: "name" part: NOTICE_PART_NAME }
      columns { name: "died" element: "death_date" } }`;
    const recipient = new Recipient('sftp', files(due));
    await recipient.up();
    const probe = await recipient.command('check', '--probe');
    assert.equal(probe.code, 0, probe.out + probe.err);
    const id = link.send();
    await link.settled(id, 'DELIVERED');
    await end(recipient.process, 'SIGKILL');
    await recipient.up();
    const name = await poll('the file', () => readdirSync(sftp.outbox).find((file) => /^notices-\d{8}\.csv$/.test(file)),
      { everyMs: 500, patienceMs: 150_000 });
    assert.equal(readFileSync(join(sftp.outbox, name), 'utf8'),
      `delivery,name,died\r\n${id},𠮷小明,2026-01-14\r\nCOUNT,1\r\n`);
    await end(recipient.process);
    // Another agency, whose hour has passed and which got nothing.
    const quiet = new Recipient('sftp-none', files('00:00'));
    await quiet.up();
    await poll('none today', () => readdirSync(sftp.outbox).some((file) => /^none-\d{8}\.csv$/.test(file)),
      { everyMs: 500 });
    await end(quiet.process);
  });
