// Goal: whatever a database does, no clerk is told a finding that is none, and the adapter lives. Method: an adapter on the
// sql connector behind a real gateway; its source is a SQLite file whose view says what a test wants, then a server that
// only looks like PostgreSQL.
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { isRunning, linksOf, pidOf, poll, stop } from '../integration/deployment.mjs';
import { clientFor, question, questionValue, readAnswer, verifyDocument } from '../interop/calls.mjs';
import { Agency, canRun, end, endAll, TITLE_COLUMNS } from './agency.mjs';

const skip = canRun('sqlite3', ['--version']) ? false : 'no sqlite3; deploy/setup --tests installs it';
const DRIVERS = '/etc/odbcinst.ini';
const noPostgres = existsSync(DRIVERS) && readFileSync(DRIVERS, 'utf8').includes('[PostgreSQL Unicode]')
  ? false : 'no ODBC driver of PostgreSQL; deploy/setup --tests installs it';
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
// From a table: what is read from none is answered without a look at the file, whoever holds it.
const title = (name = "'王小明'") =>
  `SELECT 'AD' AS office, '0863' AS section, '00480000' AS lot, ${name} AS name, 'A123456789' AS number FROM one`;
const say = (select) => sql(`CREATE TABLE IF NOT EXISTS one AS SELECT 1; DROP VIEW IF EXISTS title;
  CREATE VIEW title AS ${select};`);
// Not the person whose mismatches other tests of this deployment count.
const { purpose } = questionValue();
async function ask() {
  const request = question({ purpose: { ...purpose, person: { ...purpose.person, id: 'clerk-31' } } });
  return readAnswer(await verifyDocument(client, request), request);
}
const HOLDER = 1; // ANSWER_SOURCE_HOLDER
// The adapter says so itself, before anybody's patience ends.
async function expectNothing(outcome, what) {
  const given = await ask();
  assert.equal(given.outcome, outcome, what);
  assert.equal(given.answer.answeredBy, HOLDER, what);
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
    'a column that is gone': "SELECT 'AD' AS office, '0863' AS section, '00480000' AS lot, 'A123456789' AS number FROM one",
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

test('SOURCE_DOWN: a database that another process holds', { skip }, async () => {
  // It waits for the adapter's own reading, and is nobody's holder if it cannot have the file.
  const holder = spawn('sqlite3', ['-bail', '-cmd', '.timeout 30000', database], { stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = new Promise((resolve) => { holder.once('exit', resolve); });
  try {
    holder.stdin.write('BEGIN EXCLUSIVE; SELECT 1;\n');
    const holds = new Promise((resolve) => { holder.stdout.once('data', resolve); });
    await Promise.race([holds, ended.then((code) => assert.fail(`the holder ended with ${code}`))]);
    await expectNothing('SOURCE_DOWN', 'held');
  } finally {
    holder.stdin.end();
    await ended;
  }
  await poll('an answer', async () => (await ask()).outcome === 'MATCH', { everyMs: 100 });
});

test('SOURCE_DOWN: a database that is none, or is gone', { skip }, async () => {
  writeFileSync(database, 'this is no database '.repeat(1000));
  await expectNothing('SOURCE_DOWN', 'overwritten');
  rmSync(database);
  await expectNothing('SOURCE_DOWN', 'removed');
  say(title());
  await poll('an answer', async () => (await ask()).outcome === 'MATCH', { everyMs: 100 });
});

// A server that only looks like PostgreSQL, in the agency's settings until `use` returns.
async function withServer(behave, use) {
  const sockets = new Set();
  const server = net.createServer((socket) => {
    sockets.add(socket.on('error', () => {}));
    socket.once('data', () => behave(socket));
  });
  await new Promise((resolve) => { server.listen(0, '127.0.0.1', resolve); });
  const postgres = `source { driver: "PostgreSQL Unicode" connections: 1 statement_timeout_ms: 1000
    attributes { name: "Servername" text: "127.0.0.1" } attributes { name: "Port" text: "${server.address().port}" }
    attributes { name: "Database" text: "register" } attributes { name: "UID" text: "reader" } }`;
  try {
    await reload(postgres);
    await use(postgres, sockets);
  } finally {
    sockets.forEach((socket) => socket.destroy());
    server.close();
  }
}
async function reload(source) {
  agency.write(source, kinds);
  await agency.reload('adapter.reloaded');
}

// What a connection to the server finds there.
const SERVERS = {
  'nobody who answers': () => {},
  'an end at once': (socket) => socket.destroy(),
  'another protocol': (socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'),
  'a message of two gigabytes': (socket) => socket.write(Buffer.from('527fffffff00000000', 'hex')),
  'bytes at random': (socket) => socket.end(Buffer.from(Array.from({ length: 4096 }, (_, i) => (i * 73 + 41) % 256))),
};
for (const [what, behave] of Object.entries(SERVERS)) {
  test(`SOURCE_DOWN: a server with ${what}`, { skip: skip || noPostgres }, async () => {
    await withServer(behave, () => expectNothing('SOURCE_DOWN', what));
    await reload(sqlite);
    assert.equal((await ask()).outcome, 'MATCH', 'it answers again');
  });
}

test('The adapter that met all this is the one that was started', { skip }, () => {
  assert.ok(isRunning(agency.process.pid));
});

// AuthenticationOk and ReadyForQuery: the driver is let in, and no statement comes to its end.
const greet = (socket) => socket.write(Buffer.from('5200000008000000005a0000000549', 'hex'));
const RELOADS = 4;

test('A server that greets and says nothing more holds no reload, no link and no end', { skip: skip || noPostgres }, async () => {
  const hanging = [];
  await withServer(greet, async (postgres, sockets) => {
    for (let round = 1; round <= RELOADS; round += 1) {
      hanging.push(ask());
      await poll('a driver that waits', () => sockets.size === round);
      await reload(round < RELOADS ? postgres : sqlite);
    }
    assert.equal((await ask()).outcome, 'MATCH');
    assert.deepEqual((await Promise.all(hanging)).map(({ outcome }) => outcome), Array(RELOADS).fill('SOURCE_DOWN'));
    assert.equal((await linksOf('land-ad')).length, 1);
    await end(agency.process);
    assert.equal(agency.process.exitCode, 0);
  });
});
