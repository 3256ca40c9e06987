// Goal: no name, number, address, case number or free text of a question or an answer stands in what the gateway
// writes. Method: questions with marked personal data that end in every way; then the raw bytes of the store, the head, the
// vault's keys and all diagnostic output are searched. Runs last, so that the other tests' data is looked for too.
import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import {
  clientFor, decode, env, openStream, question, questionValue, readAnswer, readRefusal, verifyDocument,
} from '../interop/calls.mjs';
import { formsOf } from '../privacy/forms.mjs';
import { awaitEntry, chayan, directory, logSize } from './deployment.mjs';

const MARKED = {
  name: '甄標記', number: 'F173920462', clerk: 'clerk-marked-77', caseNumber: '113-marked-0099', reason: '標記事由',
  address: '臺南市標記路九號', consent: 'consent-marked-5', unknown: 'marked-unknown-code',
};
// What the other tests and the holder's answers were about.
const OTHERS = ['王小明', 'A123456789', '0770520', 'clerk-7', '113-0042', '南京東路', '陳𤧟英', 'B220000019',
  'D100000004', 'AC01234567', '312345678'];
const clients = ['HOUSEHOLD', 'HOUSEHOLD2'].map((role) => clientFor(role));
after(() => clients.forEach((client) => client.close()));

const marked = (changes = {}) => ({
  purpose: {
    person: { id: MARKED.clerk, role: 'clerk' }, purposeCode: 'household.move', legalBasis: 'household-act-68',
    caseNumber: MARKED.caseNumber, reason: MARKED.reason, consent: { given: true, reference: MARKED.consent },
  },
  subject: { identifier: { scheme: 1, value: MARKED.number }, name: MARKED.name },
  claims: [
    { code: 'land_office', text: 'AD' }, { code: 'section', text: '0863' }, { code: 'lot', text: '48' },
    { code: 'owner_name', text: MARKED.name }, { code: 'owner_number', text: MARKED.number },
    { code: 'address', text: MARKED.address },
  ],
  ...changes,
});

async function ask(changes, client = clients[0]) {
  const request = question(changes);
  return verifyDocument(client, request).then((bytes) => readAnswer(bytes, request).leaf,
    (error) => readRefusal(error, request).leaf);
}

const filesIn = (folder) => readdirSync(join(directory, folder), { withFileTypes: true })
  .filter((entry) => entry.isFile()).map((entry) => join(directory, folder, entry.name));

test('questions with marked data end in every way', async () => {
  const from = await logSize();
  const leaves = {
    MISMATCH: await ask(marked({ subject: questionValue().subject })),
    NOT_FOUND: await ask(marked({ claims: [...marked().claims.slice(0, 2), { code: 'lot', text: '1' }] })),
    MATCH: await ask(marked({ ...questionValue(), purpose: marked().purpose, requestedFields: ['address', 'share'] })),
    FIELD_INVALID: await ask(marked({ subject: { identifier: { scheme: 1, value: `${MARKED.number}9` },
      name: MARKED.name } })),
    NO_ROUTE: await ask(marked({ claims: [{ code: 'land_office', text: 'ZZ' }, ...marked().claims.slice(1)] })),
    ACTING_FOR_NOT_ALLOWED: await ask(marked(), clients[1]),
    DOCUMENT_KIND_UNKNOWN: await ask(marked({ documentKind: MARKED.unknown })),
    CLAIM_UNKNOWN: await ask(marked({ claims: [...marked().claims, { code: MARKED.unknown, text: MARKED.name }] })),
  };
  for (const [expected, leaf] of Object.entries(leaves)) assert.equal(leaf.outcome ?? leaf.reason, expected);
  const client = clients[0];
  const broken = Buffer.from(question(marked()));
  broken[broken.indexOf(MARKED.name)] = 0xff;
  assert.equal((await verifyDocument(client, broken).then(() => null, (e) => readRefusal(e, broken))).reason,
    'MESSAGE_MALFORMED');
  // A stream that is broken off.
  const stream = openStream(client, 'VerificationService/VerifyDocuments');
  const answered = new Promise((resolve) => { stream.once('data', resolve); });
  stream.on('error', () => {});
  stream.write(question(marked()));
  stream.write(question(marked()));
  const view = decode('VerifyDocumentResponseView', await answered);
  assert.ok(view.requestId);
  stream.cancel();
  await awaitEntry(from, 'the last question', (e) => e.index > leaves.CLAIM_UNKNOWN.index + 1);
});

test('nothing of it stands in the store, the head, the keys, or any diagnostic output', async (t) => {
  const from = await logSize();
  const probe = await ask(marked());
  const logs = filesIn('log').filter((file) => !file.endsWith('sample-data.log'));
  const files = [...filesIn('gateway'), ...filesIn('head'), ...filesIn('vault-keys'), ...logs];
  const contents = new Map(files.map((file) => [file, readFileSync(file)]));
  // The search finds what is there: the entry, whose vault row is written with it, the people in the agency's register,
  // the log's lines.
  const stored = Buffer.concat(files.filter((file) => file.includes('store.sqlite')).map((file) => contents.get(file)));
  assert.ok(stored.includes(probe.id), 'the entry is not in the files searched');
  assert.ok(contents.get(join(directory, 'log/gateway.log')).includes('gateway.listening'));
  const register = readFileSync(join(directory, 'agencies/land-ad.db'));
  assert.ok(formsOf('王小明').some((form) => register.includes(form)));
  const base64 = formsOf('王小明').slice(-3);
  assert.ok(base64[0].length > 8 && Buffer.from(Buffer.from('x王小明y').toString('base64')).includes(base64[1]),
    'the base64 form is wrong');
  let bytes = 0;
  for (const [file, content] of contents) {
    bytes += content.length;
    for (const text of [...Object.values(MARKED), ...OTHERS]) {
      for (const form of formsOf(text)) {
        assert.ok(!content.includes(form), `${file} shows ${text}`);
      }
    }
  }
  t.diagnostic(`${files.length} files, ${bytes} bytes, ${Object.keys(MARKED).length + OTHERS.length} texts`);
  assert.ok(await logSize() > from);
});

test('the status screen, the metrics and the exported log show nothing of it', async () => {
  const { code, out, err } = await chayan('status', '--json');
  assert.equal(code, 0, err);
  const exported = join(directory, 'export-traces');
  assert.equal((await chayan('audit', 'export', exported)).code, 0);
  const metrics = await (await fetch(`${env.CHAYAN_HTTP}/metrics`)).text();
  // What the questions before came to is counted there.
  assert.match(metrics, /^chayan_refusals_total\{type="failed",reason="FIELD_INVALID"\} [1-9]/m);
  const texts = [out, metrics];
  const walk = (folder) => readdirSync(folder, { withFileTypes: true }).forEach((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) walk(path);
    else texts.push(readFileSync(path, 'latin1'));
  });
  walk(exported);
  assert.ok(texts.length > 3);
  for (const text of [...Object.values(MARKED), ...OTHERS]) {
    const form = Buffer.from(text).toString('latin1');
    assert.ok(!texts.some((one) => one.includes(form)), `${text} is shown`);
  }
});
