// Goal: whatever a database does, no clerk is told a finding that is none, and the adapter lives. Method: an adapter on the
// sql connector behind a real gateway; its source is a SQLite file whose view says what a test wants.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { isRunning, pidOf, poll, stop } from '../integration/deployment.mjs';
import { clientFor, question, questionValue, readAnswer, verifyDocument } from '../interop/calls.mjs';
import { Agency, canRun, endAll, TITLE_COLUMNS } from './agency.mjs';

const skip = canRun('sqlite3', ['--version']) ? false : 'no sqlite3; deploy/setup --tests installs it';
const client = clientFor('HOUSEHOLD');
const sqlite = 'source { driver: "SQLite3" sqlite_file: "register.db" connections: 2 statement_timeout_ms: 1000 '
  + 'failures_max: 1000 retry_after_ms: 1 }';
const kinds = `kinds {
  document_kind: "land.title" areas: "AD"
  query: "SELECT office, section, lot, name, number FROM title WHERE lot = :lot"
  parameters { name: "lot" claim: "lot" }
  ${TITLE_COLUMNS}
}`;
let agency;
let database;

const sql = (text) => execFileSync('sqlite3', ['-cmd', '.timeout 30000', database], { input: text, encoding: 'utf8' });
const title = (name = "'王小明'") =>
  `SELECT 'AD' AS office, '0863' AS section, '00480000' AS lot, ${name} AS name, 'A123456789' AS number`;
const say = (select) => sql(`DROP VIEW IF EXISTS title; CREATE VIEW title AS ${select};`);
// Not the person whose mismatches other tests of this deployment count.
const { purpose } = questionValue();
async function ask() {
  const request = question({ purpose: { ...purpose, person: { ...purpose.person, id: 'clerk-31' } } });
  return readAnswer(await verifyDocument(client, request), request);
}
async function expectNothing(outcomes, what) {
  const given = await ask();
  assert.ok([outcomes].flat().includes(given.outcome), `${what}: ${given.outcome}`);
  assert.equal(given.answer.verdicts.length, 0, what);
}

before(async () => {
  if (skip) return;
  if (isRunning(pidOf('land-ad'))) await stop('land-ad', 'SIGTERM');
  agency = new Agency('land-ad', 'land-ad-sql', sqlite, kinds);
  database = join(agency.folder, 'register.db');
  say(title());
  await agency.up();
});
after(async () => {
  client.close();
  await endAll();
});

const VIEWS = {
  SOURCE_DOWN: {
    'a value without end': title("printf('%.*c', 1000000, 'x')"),
    'bytes in place of text': title("x'e78e8be5b08fe6988e'"),
    'a statement that never ends': `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)
      SELECT t.* FROM (${title()}) t, n WHERE n.i < 0`,
    'rows without end': `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT t.* FROM (${title()}) t, n`,
    'a column that is gone': "SELECT 'AD' AS office, '0863' AS section, '00480000' AS lot, 'A123456789' AS number",
    'a view of nothing that is there': 'SELECT * FROM nowhere',
  },
  NOT_COMPARED: {
    'thousands of titles': `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000)
      SELECT t.* FROM (${title()}) t, n`,
    'text that is not UTF-8': title("CAST(x'c328' AS TEXT)"),
    'a control character': title("'王小明' || char(1)"),
    'two titles where one was expected': `${title()} UNION ALL ${title("'王小明 '")}`,
  },
};
for (const [outcome, views] of Object.entries(VIEWS)) {
  for (const [what, view] of Object.entries(views)) {
    test(`${outcome}: ${what}`, { skip }, async () => {
      say(view);
      try {
        await expectNothing(outcome, what);
      } finally {
        say(title());
      }
      assert.equal((await ask()).outcome, 'MATCH', 'it answers again');
    });
  }
}

// Which of the two it is depends on the pages that the driver still holds; it is never a finding.
test('A database that is none, or is gone, finds nothing', { skip }, async () => {
  writeFileSync(database, 'this is no database '.repeat(1000));
  await expectNothing(['SOURCE_DOWN', 'NOT_COMPARED'], 'overwritten');
  rmSync(database);
  await expectNothing(['SOURCE_DOWN', 'NOT_COMPARED'], 'removed');
  say(title());
  await poll('an answer', async () => (await ask()).outcome === 'MATCH', { everyMs: 100 });
});

test('The adapter that met all this is the one that was started', { skip }, () => {
  assert.ok(isRunning(agency.process.pid));
});
