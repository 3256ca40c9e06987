// The recipients of the sample registry: each an adapter of its own with its own keys, on a database, a system behind
// HTTP or a folder of files.
import { execFileSync } from 'node:child_process';
import { createPublicKey, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { start } from '../connectors/agency.mjs';
import { applySet, changedSet, directory, issue, pki, poll, program, root } from '../integration/deployment.mjs';
import { env } from '../interop/calls.mjs';
import { Receiver } from '../interop/receiver.mjs';

// A database that takes everything; an office's, which writes down there what it did; a utility's, which knows its customers
// by their accounts; one whose company says days later what it did; a hook; files.
export const RECIPIENTS = [
  ['tax-south', 'files', ['tax-south-death', 'tax-south-death-declared']],
  ['nhi', 'hook', ['nhi-death', 'nhi-birth', 'nhi-name', 'nhi-number', 'nhi-card-lost', 'nhi-naturalised']],
  ['labor-insurance', 'database', ['labor-death', 'labor-birth']],
  ['town-shanhua', 'database', ['town-death', 'town-move', 'town-left', 'town-marriage']],
  ['social-tainan', 'database', ['social-death', 'social-guardianship', 'social-divorce']],
  ['motor-south', 'database', ['motor-name', 'motor-move']],
  ['land-qd', 'database', ['land-qd-name', 'land-qd-renumbered']],
  ['tax-tainan', 'database', ['tax-tainan-move', 'tax-tainan-renumbered']],
  ['nia', 'office', ['nia-naturalised', 'nia-left']],
  ['taipower', 'customers', ['taipower-move', 'taipower-death']],
  ['taiwater', 'later', ['taiwater-move']],
  ['post', 'files', ['post-renumbered']],
];
export const ACCOUNT = 'P-1';
// A subscription with a schedule, whose period ends while the tests run and has no notice.
export const SILENT = 'land-qd-renumbered';

class Recipient {
  constructor(member, kind, subscriptions) {
    Object.assign(this, { member, kind, subscriptions });
    this.folder = join(directory, 'agencies', `notices-${member}`);
    mkdirSync(join(this.folder, 'outbox'), { recursive: true });
  }
  // Certificate and answer key, where the development PKI has none of this member.
  async makeKeys() {
    if (!existsSync(join(pki, `${this.member}.pem`))) await issue(this.member, `${this.member}/adapter-1`);
    const file = join(pki, `answer/${this.member}.key`);
    if (existsSync(file)) return '';
    execFileSync('openssl', ['genpkey', '-algorithm', 'ed25519', '-out', file]);
    const key = createPublicKey(readFileSync(file)).export({ type: 'spki', format: 'der' }).toString('base64');
    return `answer_keys { member: "${this.member}" system: "adapter-1" public_key: "${key}" }\n`;
  }
  sql(text) {
    // The agency's adapter may be writing.
    const args = ['-cmd', '.timeout 30000', join(this.folder, 'agency.db')];
    return execFileSync('sqlite3', args, { input: text, encoding: 'utf8' }).trim();
  }
  async sink() {
    const source = 'source { driver: "SQLite3" sqlite_file: "agency.db" connections: 1 }';
    switch (this.kind) {
      case 'files':
        return `files { folder: "outbox" name: "notices-{date}.csv" due: "00:00" count_line: "COUNT"
          columns { name: "delivery" item: NOTICE_ITEM_DELIVERY_ID } }`;
      case 'hook': {
        const secret = `whsec_${randomBytes(32).toString('base64')}`;
        writeFileSync(join(this.folder, 'hook.secret'), secret, { mode: 0o600 });
        this.receiver = await Receiver.listen({ secret });
        return `hook { system { base_url: "${this.receiver.url}" } secrets: "file:hook.secret" }`;
      }
      case 'customers':
      case 'later':
        this.sql(`CREATE TABLE customer (account TEXT PRIMARY KEY, note TEXT, changes INTEGER DEFAULT 0);
          INSERT INTO customer (account, note) VALUES ('${ACCOUNT}', '');`);
        return `database { ${source} ${this.kind === 'later' ? 'outcomes: true' : 'statements_acknowledge: true'}
          statements { statement: "UPDATE customer SET note = :kind, changes = changes + 1 WHERE account = :account"
            values { name: "kind" item: NOTICE_ITEM_NOTICE_KIND }
            values { name: "account" part: NOTICE_PART_CUSTOMER_ACCOUNT }
            rejected_without_row: REJECTION_REASON_NO_SUCH_PERSON } }`;
      case 'office':
        return `database { ${source} outcomes: true }`;
      default:
        return `database { ${source} }`;
    }
  }
  async up() {
    if (!['files', 'hook'].includes(this.kind)) this.sql(readFileSync(join(root, 'adapters/sql/inbox.sql'), 'utf8'));
    this.file = join(this.folder, 'adapter.textproto');
    writeFileSync(this.file, `member: "${this.member}" system: "adapter-1" trust_domain: "chayan.example"
gateways: "${env.CHAYAN_GATEWAY}" certificate_file: "../../pki/${this.member}.pem"
key_file: "../../pki/${this.member}.key" roots_file: "../../pki/root.pem"
answer_key_file: "../../pki/answer/${this.member}.key" answer_log_file: "answers.log"
notices { ${this.subscriptions.map((id) => `subscriptions: "${id}"`).join(' ')} ${await this.sink()} }
`);
    this.run();
  }
  // On the files and settings that it has.
  run() {
    this.process = start(`notices-${this.member}`, program('chayan-adapter'), ['--config', this.file]);
  }
  // What the agency itself has of a delivery: of a file, what waits for it.
  has(id) {
    switch (this.kind) {
      case 'hook':
        return this.receiver.events.some((event) => event.id === id);
      case 'files':
        return execFileSync('sqlite3', [join(this.folder, 'answers.log.inbox.spool'),
          `SELECT COUNT(*) FROM notice WHERE delivery = x'${id.replaceAll('-', '')}'`]).toString().trim() === '1';
      default:
        return this.sql(`SELECT COUNT(*) FROM chayan_inbox WHERE delivery_id = '${id}'`) === '1';
    }
  }
}

// The end of a period that ends soon, in Taipei: the gateway has the set and has looked at its schedules before.
function periodEnd() {
  const APPLY_MS_MAX = 30_000;
  const TAIPEI_MS = 8 * 3_600_000;
  return new Date(Math.ceil((Date.now() + APPLY_MS_MAX) / 60_000) * 60_000 + TAIPEI_MS);
}
// A calendar in which that day is worked, whatever day it is.
function calendarOf(day) {
  const weekend = [0, 6].includes(day.getUTCDay());
  return `calendar_years { year: ${day.getUTCFullYear()}
  ${weekend ? `workdays: "${day.toISOString().slice(0, 10)}"` : ''} }
`;
}

// All of them, linked to the gateway, which knows their keys and delivers at once.
export async function startRecipients() {
  const recipients = new Map(RECIPIENTS.map((each) => [each[0], new Recipient(...each)]));
  let keys = '';
  for (const recipient of recipients.values()) keys += await recipient.makeKeys();
  // What the kinds and recipients of the sample say, at once: a year of schedules runs in the gateway's own tests.
  const atOnce = (text) => text.replaceAll(/\n  schedule \{[^}]*\}/g, '');
  const end = periodEnd();
  const schedule = `schedule { rule: SCHEDULE_RULE_DAILY time_of_day: "${end.toISOString().slice(11, 16)}" }`;
  await applySet(changedSet('notices', {
    'recipients.textproto': (text) => atOnce(text).replace(`id: "${SILENT}"`, `id: "${SILENT}"\n  ${schedule}`),
    'keys.textproto': (text) => text + keys + '\n',
    'calendar.textproto': () => calendarOf(end),
  }));
  for (const recipient of recipients.values()) await recipient.up();
  // Each says in its own log that its link was welcomed.
  for (const { member } of recipients.values()) {
    const log = join(directory, 'log', `notices-${member}.log`);
    await poll(`the link of ${member}`, () => readFileSync(log, 'utf8').includes('"sdk.link_opened"'),
      { everyMs: 200, patienceMs: 60_000 });
  }
  return recipients;
}
