// Goal: a person's name or number is in the vault or nowhere, whatever way a call takes; and once an entry is erased,
// not in the vault either. Method: marked names and numbers go through every way a call can end, over real processes:
// answered, badly formed, denied, withheld because of the holder or to protect a person, streamed, cancelled, not answered
// by a system that fails, searched for, opened, listed, drawn, erased; notices.test.mjs comes before, with notices. Then
// the raw bytes of store, write-ahead log, head, keys, diagnostic output, exported log, status, metrics and, where the
// kernel makes one, a core dump are searched for them in every form they could have; errors as they come.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import {
  clientFor, decode, encode, env, openStream, question, questionValue, readAnswer, readRefusal, unary,
  verifyDocument,
} from '../interop/calls.mjs';
import {
  awaitEntry, chayan, directory, entriesFrom, linksOf, logSize, pidOf, poll, program, stop, up,
} from '../integration/deployment.mjs';
import { closeAll, HostileAdapter, matchAnswer } from '../integration/hostile_adapter.mjs';
import { assertFound, assertHidden, MARKED, toldBy } from './marked.mjs';

const household = clientFor('HOUSEHOLD');
const auditor = clientFor('AUDITOR');
const second = clientFor('AUDITOR2');
const clients = [household, auditor, second];
after(() => { closeAll(); clients.forEach((client) => client.close()); });

const purpose = (person = MARKED.auditor) => ({ personId: person, caseNumber: MARKED.file, reason: MARKED.auditReason });
const marked = (changes = {}) => ({
  purpose: {
    person: { id: MARKED.clerk, role: 'clerk' }, purposeCode: 'household.move', legalBasis: 'household-act-68',
    caseNumber: MARKED.caseNumber, reason: MARKED.reason,
  },
  subject: { identifier: { scheme: 1, value: MARKED.number }, name: MARKED.name },
  claims: [
    { code: 'land_office', text: 'AD' }, { code: 'section', text: '0863' }, { code: 'lot', text: '48' },
    { code: 'owner_name', text: MARKED.name }, { code: 'owner_number', text: MARKED.number },
    { code: 'address', text: MARKED.address },
  ],
  ...changes,
});
async function ask(changes) {
  const request = question(marked(changes));
  return verifyDocument(household, request).then((bytes) => readAnswer(bytes, request).leaf,
    (error) => toldBy(error, request).leaf);
}
const audit = async (method, value, client = auditor) => decode(`${method}Response`,
  await unary(client, `AuditService/${method}`, encode(`${method}Request`, value)));
const refusedAudit = (method, value, client = auditor) =>
  unary(client, `AuditService/${method}`, encode(`${method}Request`, value)).then(() => null, (e) => toldBy(e).reason);

let asked = [];

test('questions end in every way', async () => {
  const from = await logSize();
  const ends = {
    MISMATCH: await ask({ subject: questionValue().subject }),
    NOT_FOUND: await ask(),
    FIELD_INVALID: await ask({ subject: { identifier: { scheme: 1, value: `${MARKED.number}9` }, name: MARKED.name } }),
    NO_ROUTE: await ask({ claims: [{ code: 'land_office', text: 'ZZ' }, ...marked().claims.slice(1)] }),
    DOCUMENT_KIND_UNKNOWN: await ask({ documentKind: MARKED.unknown }),
    PURPOSE_NOT_GRANTED: await ask({ purpose: { ...marked().purpose, purposeCode: MARKED.unknown } }),
    CLAIM_UNKNOWN: await ask({ claims: [...marked().claims, { code: MARKED.unknown, text: MARKED.name }] }),
  };
  for (const [expected, leaf] of Object.entries(ends)) assert.equal(leaf.outcome ?? leaf.reason, expected);
  const stream = openStream(household, 'VerificationService/VerifyDocuments');
  const answered = new Promise((resolve) => { stream.once('data', resolve); });
  stream.on('error', () => {});
  stream.write(question(marked()));
  await answered;
  stream.write(question(marked()));
  stream.cancel();
  const last = await awaitEntry(from, 'the stream', (e) => e.index > ends.CLAIM_UNKNOWN.index);
  assert.ok(last);
});

test('a holder answers what it should not', async () => {
  await stop('land-ad', 'SIGTERM');
  await poll('the end of the link', async () => (await linksOf('land-ad')).length === 0);
  const adapter = await HostileAdapter.serving();
  const request = question(marked());
  const call = verifyDocument(household, request).then(() => null, (error) => toldBy(error, request));
  const put = await adapter.question();
  adapter.answer([{ question: put,
    answer: matchAnswer(put.request, { outcome: 4, verdicts: [], documentReference: `${MARKED.reference}${MARKED.name}` }) }]);
  assert.equal((await call).reason, 'HOLDER_FAULT');
  // A person whose data are under protection: only the sealed detail says so.
  const protectedOne = question(marked());
  const told = verifyDocument(household, protectedOne).then((bytes) => readAnswer(bytes, protectedOne));
  const restricted = await adapter.question();
  const ASK_HOLDER = 1;
  adapter.answer([{ question: restricted, restricted: true, answer: matchAnswer(restricted.request,
    { outcome: 8, verdicts: [], asOfTime: undefined, notComparedReason: ASK_HOLDER }) }]);
  assert.equal((await told).outcome, 'NOT_COMPARED');
  // One that its caller gives up.
  const gone = verifyDocument(household, question(marked()), { deadlineMs: 400 }).catch((error) => error.code);
  await adapter.question();
  await gone;
  closeAll();
  await up();
});

test('an agency\'s own system fails', async () => {
  const register = join(directory, 'agencies/land-ad.db');
  const sql = (statement) => assert.equal(spawnSync('sqlite3', [register, statement], { encoding: 'utf8' }).stderr, '');
  sql('ALTER TABLE land_title RENAME TO away');
  assert.equal((await ask()).outcome, 'SOURCE_DOWN');
  sql('ALTER TABLE away RENAME TO land_title');
  // What fails is not asked for a while.
  await poll('the agency\'s answer', async () => (await ask()).outcome === 'NOT_FOUND', { everyMs: 500 });
});

test('auditors search, open and list', async () => {
  const subject = { scheme: 1, value: MARKED.number };
  const found = await audit('SearchEntries', { subject, purpose: purpose() });
  asked = found.entries.map((entry) => Number(entry.index));
  // Also what was denied, cancelled and withheld is found under the person.
  const leaves = found.entries.map((entry) => JSON.parse(entry.leaf.toString()));
  for (const type of ['verification', 'denied', 'failed']) {
    assert.ok(leaves.some((leaf) => leaf.type === type), `no entry of type ${type} is found`);
  }
  // Deliveries are nobody's at the office.
  const byPerson = leaves.filter(({ type }) => type !== 'delivery' && type !== 'acknowledgement');
  assert.ok((await audit('SearchEntries', {
    person: { member: 'hro-shanhua', personId: MARKED.clerk }, purpose: purpose() })).entries.length >= byPerson.length);
  assert.ok((await audit('SearchEntries', {
    caseOfOffice: { office: 'hro-shanhua', caseNumber: MARKED.caseNumber }, purpose: purpose() })).entries.length > 0);
  const opened = await audit('GetEntry', { index: asked[0], openDetail: true, purpose: purpose() });
  assert.ok(opened.detail.includes(MARKED.name), 'the detail does not open');
  const listed = await audit('ListAccesses', { subject, purpose: purpose() });
  assert.ok(listed.accesses.length > asked.length, 'the reads are not among the accesses');
  assert.equal(await refusedAudit('SearchEntries', { subject: { scheme: 1, value: `${MARKED.number}${MARKED.name}` },
    purpose: purpose() }), 'FIELD_INVALID');
  assert.equal(await refusedAudit('SearchEntries', { subject }), 'FIELD_MISSING');
});

test('an auditor draws a sample', async () => {
  const nonce = randomBytes(32);
  const { draw } = await audit('DrawSample', {
    nonceHash: createHash('sha256').update(nonce).digest(), filter: { documentKind: 'land.title' }, count: 2 });
  const sample = await poll('a published checkpoint over the draw', () =>
    audit('RevealSample', { draw, nonce }).catch((error) => {
      assert.equal(readRefusal(error).reason, 'NOT_YET_PUBLISHED');
      return null;
    }));
  await audit('RecordFindings', { draw, purpose: purpose(),
    findings: sample.entries.map(({ index }) => ({ index, finding: 2, note: MARKED.note })) });
});

test('two auditors erase', async () => {
  const index = asked[0];
  const request = { index, purpose: purpose(), reason: 1 };
  const { erasure } = await audit('EraseDetail', request);
  const confirm = { ...request, proposal: erasure.proposal };
  assert.equal(await refusedAudit('EraseDetail', confirm), 'PROPOSAL_INVALID');
  const done = await audit('EraseDetail', { ...confirm, purpose: purpose('inspector-marked-4') }, second);
  const COMPLETE = 4;
  const state = await poll('the purge', async () => {
    const all = await audit('ListErasures', {});
    const mine = all.erasures.find((one) => Number(one.proposal) === Number(erasure.proposal));
    return mine.state === COMPLETE && mine;
  });
  assert.equal(Number(state.erasure), Number(done.erasure.erasure));
  const entry = (await entriesFrom(Number(state.erasure)))[0];
  assert.equal(entry.type, 'erasure');
  assert.equal(entry.ref, index);
  const opened = await audit('GetEntry', { index, openDetail: true, purpose: purpose() });
  assert.equal(opened.detail.length, 0);
});

const filesIn = (folder) => readdirSync(join(directory, folder), { withFileTypes: true })
  .filter((entry) => entry.isFile()).map((entry) => join(directory, folder, entry.name));

test('nothing of it stands in any file, output or copy', async (t) => {
  const exported = join(directory, 'export-privacy');
  assert.equal((await chayan('audit', 'export', exported)).code, 0);
  assert.equal((await chayan('audit', 'verify', exported)).code, 0);
  const { code, out } = await chayan('status', '--json');
  assert.equal(code, 0);
  const metrics = await (await fetch(`${env.CHAYAN_HTTP}/metrics`)).text();
  assert.match(metrics, /^chayan_/m);
  const contents = new Map([['status', Buffer.from(out)], ['metrics', Buffer.from(metrics)]]);
  const walk = (folder) => readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile()).forEach((entry) => {
      const path = join(entry.parentPath ?? entry.path, entry.name);
      contents.set(path, readFileSync(path));
    });
  walk(exported);
  for (const folder of ['gateway', 'head', 'vault-keys']) filesIn(folder).forEach((f) => contents.set(f, readFileSync(f)));
  // The agency's side of the proof, and what its adapter shows of itself; a notice in its spool is the agency's own.
  filesIn('agencies/land-ad').filter((f) => /answers\.log/.test(f) && !/\.spool/.test(f)).forEach((f) => contents.set(f, readFileSync(f)));
  filesIn('log').filter((file) => !file.endsWith('sample-data.log')).forEach((f) => contents.set(f, readFileSync(f)));
  assert.ok([...contents.keys()].some((file) => file.endsWith('store.sqlite-wal')), 'the write-ahead log is not searched');
  // That the search finds: what the office itself sent shows each of its marks.
  const sent = question(marked());
  for (const text of [MARKED.name, MARKED.number, MARKED.clerk, MARKED.caseNumber, MARKED.reason, MARKED.address]) {
    assertFound(text, sent);
  }
  for (const [file, content] of contents) assertHidden(file, content);
  t.diagnostic(`${contents.size} files and texts`);
});

test('a crash leaves no memory behind', async (t) => {
  const limits = readFileSync(`/proc/${pidOf('gateway')}/limits`, 'utf8');
  assert.match(limits, /Max core file size +0 +0/);
  await stop('gateway', 'SIGTERM');
  // The same gateway under a shell that would let it dump, with the setting and without it.
  const config = join(directory, 'gateway/gateway.textproto');
  const cores = () => readdirSync(join(directory, 'gateway')).filter((name) => /^core/.test(name));
  const crash = (args) => spawnSync('bash', ['-c', `ulimit -c unlimited
    "$0" --config "$1" >/dev/null 2>"$1.out" & pid=$!
    for _ in $(seq 600); do grep -q gateway.listening "$1.out" && break; sleep 0.1; done
    kill -ABRT "$pid"; wait "$pid"; true`, program('chayan-gateway'), args],
  { cwd: join(directory, 'gateway'), encoding: 'utf8', timeout: 90_000 }).stderr;
  const told = crash(config);
  assert.match(told, /Aborted/);
  assert.doesNotMatch(told, /core dumped/);
  assert.deepEqual(cores(), []);
  // That the look would find one: with the setting the kernel dumps.
  const open = join(directory, 'gateway/with-cores.textproto');
  writeFileSync(open, `${readFileSync(config, 'utf8')}core_dumps: true\n`);
  const dumped = crash(open);
  t.diagnostic(/core dumped/.test(dumped) ? 'with core_dumps: true the kernel dumps' : 'this kernel never dumps');
  // It was started on the store of all that went before, and was asked nothing: details stay sealed until one is opened.
  for (const name of cores()) assertHidden(name, readFileSync(join(directory, 'gateway', name)));
  cores().forEach((name) => rmSync(join(directory, 'gateway', name)));
  rmSync(`${open}.out`, { force: true });
  rmSync(open);
  await up();
});
