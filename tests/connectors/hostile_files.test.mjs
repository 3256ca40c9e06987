// Goal: whatever is delivered, no clerk is told a finding that is none, and the adapter lives. Method: an adapter on the
// file connector behind a real gateway; each delivery is the only one there is.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { isRunning, pidOf, poll, stop } from '../integration/deployment.mjs';
import { clientFor, question, questionValue, readAnswer, verifyDocument } from '../interop/calls.mjs';
import { Agency, endAll, TITLE_COLUMNS } from './agency.mjs';

const client = clientFor('HOUSEHOLD');
const day = () => new Date(Date.now() + 8 * 3_600_000).toISOString().slice(0, 10).replaceAll('-', '');
const source = 'files { folder: "inbox" poll_seconds: 1 }';
const kinds = (form) => `kinds {
  document_kind: "land.title" areas: "AD"
  file { name: "titles-{date}" form: FILE_FORM_${form} key_column: "number" count_line: "COUNT" records_max: 100 }
  ${TITLE_COLUMNS}
}`;
const head = 'number,name,office,section,lot\n';
const line = (name) => `A123456789,${name},AD,0863,00480000\n`;
const record = (more = {}) => `${JSON.stringify(
  { number: 'A123456789', name: '王小明', office: 'AD', section: '0863', lot: '00480000', ...more })}\n`;
const good = { CSV: `${head}${line('王小明')}COUNT,1\n`, JSON_LINES: `${record()}{"COUNT":1}\n` };
let agency;
const inbox = () => join(agency.folder, 'inbox');
const file = () => join(inbox(), `titles-${day()}`);
function deliver(bytes) {
  writeFileSync(`${file()}.part`, bytes);
  renameSync(`${file()}.part`, file());
}
// Not the person whose mismatches other tests of this deployment count.
const { purpose } = questionValue();
async function ask() {
  const request = question({ purpose: { ...purpose, person: { ...purpose.person, id: 'clerk-31' } } });
  return readAnswer(await verifyDocument(client, request), request);
}
// Its settings read again, it has no earlier file to answer from.
async function startAnew(form) {
  agency.write(source, kinds(form));
  await agency.reload('adapter.reloaded');
}

before(async () => {
  if (isRunning(pidOf('land-ad'))) await stop('land-ad', 'SIGTERM');
  agency = new Agency('land-ad', 'land-ad-file', source, kinds('CSV'));
  mkdirSync(inbox());
  await agency.up();
});
after(async () => {
  client.close();
  await endAll();
});

const not = (bytes) => Buffer.concat([Buffer.from(`${head}A123456789,`), bytes, Buffer.from(',AD,0863,00480000\nCOUNT,1\n')]);
const DELIVERIES = {
  CSV: {
    'more records than there may be': `${head}${line('王小明').repeat(101)}COUNT,101\n`,
    'a value of twenty kilobytes': `${head}${line('王'.repeat(7000))}COUNT,1\n`,
    'text that is not UTF-8': not(Buffer.from('c328', 'hex')),
    'a zero byte': not(Buffer.from('e78e8b00', 'hex')),
    'another form': good.JSON_LINES,
    'other columns': good.CSV.replace('name', 'nom'),
    'a record with a column too few': `${head}A123456789,王大明,AD,0863\nCOUNT,1\n`,
    'a quote that never ends': `${head}A123456789,"王大明,AD,0863,00480000\nCOUNT,1\n`,
    'no end': `${head}${line('王大明')}`,
    'another count': `${head}${line('王大明')}COUNT,2\n`,
    'records behind the count': `${head}COUNT,0\n${line('王大明')}`,
    nothing: '',
  },
  JSON_LINES: {
    'deep nesting': `${'['.repeat(100_000)}\n{"COUNT":1}\n`,
    'a name that is a list': `${record({ name: ['王大明'] })}{"COUNT":1}\n`,
    'a key twice': `${record().replace('{', '{"name":"王大明",')}{"COUNT":1}\n`,
    'a count that is none': `${record({ name: '王大明' })}{"COUNT":{"of":1}}\n`,
    'half a surrogate': `${record().replace('王小明', '\\ud842')}{"COUNT":1}\n`,
    'another form': good.CSV,
  },
};
for (const [form, deliveries] of Object.entries(DELIVERIES)) {
  for (const [what, bytes] of Object.entries(deliveries)) {
    test(`SOURCE_DOWN: ${form}, ${what}`, async () => {
      const before = agency.log().length;
      const said = (event) => agency.log().slice(before).includes(`"${event}"`);
      deliver(bytes);
      await startAnew(form);
      await poll('the fault', () => said('file.not_taken'));
      const { outcome, answer } = await ask();
      assert.equal(outcome, 'SOURCE_DOWN');
      assert.equal(answer.verdicts.length, 0);
      assert.equal(answer.forwarded, false);
      assert.ok(!said('file.taken'));
    });
  }
}

test('After all this a good file answers, from the adapter that was started', async () => {
  for (const form of Object.keys(DELIVERIES)) {
    deliver(good[form]);
    await startAnew(form);
    await poll('an answer', async () => (await ask()).outcome === 'MATCH');
  }
  assert.ok(isRunning(agency.process.pid));
});

test('What is no file, or too large for one, changes nothing', async () => {
  deliver(good.CSV);
  await startAnew('CSV');
  await poll('an answer', async () => (await ask()).outcome === 'MATCH');
  const before = agency.log().length;
  // A file of a gigabyte that holds nothing costs no disk; it is refused before it is read.
  deliver('');
  truncateSync(file(), 2 ** 30);
  await poll('the fault', () => /longer than/.test(agency.log().slice(before)));
  assert.equal((await ask()).outcome, 'MATCH');
  rmSync(file());
  execFileSync('mkfifo', [file()]);
  assert.equal((await ask()).outcome, 'MATCH');
  // Of what is no file there is nothing: the next good one is taken.
  rmSync(file());
  deliver(`${head}COUNT,0\n`);
  await poll('the next file', async () => (await ask()).outcome === 'NOT_FOUND', { everyMs: 300 });
});
