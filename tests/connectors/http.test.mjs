// Goal: an agency whose system answers over HTTPS is asked through a real gateway and its answers are proven; whatever
// that system sends, no clerk is told a finding that is none; the agency's own switches work while the link stays up.
// Method: the land office's own adapter is stopped; one on the http connector stands in, with a backend process behind
// it that says what a test wants.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { directory, linksOf, pki, poll, stop } from '../integration/deployment.mjs';
import { clientFor, question, readAnswer, verifyDocument } from '../interop/calls.mjs';
import { Agency, end, endAll, start, TITLE_COLUMNS } from './agency.mjs';

const folder = join(directory, 'backend');
const file = (name) => join(folder, name);
const client = clientFor('HOUSEHOLD');
const title = { office: 'AD', section: '0863', lot: '00480000', owner: { name: '王小明', id: 'A123456789' } };
const say = (said) => writeFileSync(file('answer.json'), JSON.stringify(said));
const sayTitles = (...titles) => say({ body: JSON.stringify({ titles }) });
const requests = () => readFileSync(file('requests.log'), 'utf8').trim().split('\n').map((line) => JSON.parse(line));

const kinds = (more = '') => `kinds {
  document_kind: "land.title" areas: "AD" ${more}
  parameters { name: "section" claim: "section" }
  parameters { name: "lot" claim: "lot" }
  parameters { name: "number" subject: SUBJECT_PART_NUMBER }
  http {
    method: HTTP_METHOD_POST
    path: "/titles/{section}/{lot}"
    headers { name: "X-Exchange" value: "{exchange_id}" }
    json_body: '{"owner":"{number}"}'
    answer_form: ANSWER_FORM_JSON
    values { name: "code" selector: "/code" optional: true }
    rules { when { eq { value: "code" texts: "LOCKED" } } outcome: OUTCOME_LOCKED attempts_left_plus_one: 1 }
    records: "/titles"
    columns { name: "office" selector: "/office" }
    columns { name: "section" selector: "/section" }
    columns { name: "lot" selector: "/lot" }
    columns { name: "name" selector: "/owner/name" }
    columns { name: "number" selector: "/owner/id" transforms { trim: true } }
  }
  ${TITLE_COLUMNS}
}`;
let agency;
let backend;
let source;

async function startBackend() {
  backend = start('backend', process.execPath, [join(import.meta.dirname ?? new URL('.', import.meta.url).pathname,
    'backend.mjs'), folder]);
  await poll('the backend', () => existsSync(file('port')));
}
async function ask(changes) {
  const request = question(changes);
  return readAnswer(await verifyDocument(client, request), request);
}

before(async () => {
  mkdirSync(folder, { recursive: true });
  execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2',
    '-subj', '/CN=backend', '-addext', 'subjectAltName=DNS:localhost', '-keyout', file('server.key'),
    '-out', file('server.pem')], { stdio: 'ignore' });
  writeFileSync(file('client-roots.pem'), readFileSync(join(pki, 'root.pem')));
  sayTitles(title);
  await startBackend();
  source = `http {
    base_url: "https://localhost:${readFileSync(file('port'), 'utf8')}" ca_file: "../../backend/server.pem"
    certificate_file: "../../pki/land-ad.pem" key_file: "../../pki/land-ad.key"
    connections: 2 timeout_ms: 3000 failures_max: 1000 retry_after_ms: 1 answer_bytes_max: 100000
  }`;
  await stop('land-ad', 'SIGTERM');
  agency = new Agency('land-ad', 'land-ad-http', source, kinds());
  await agency.up();
});
after(async () => {
  client.close();
  await endAll();
});

test('A system behind HTTPS answers with a receipt, and knows who asked it and for which exchange', async () => {
  const { outcome, answer } = await ask();
  assert.equal(outcome, 'MATCH');
  assert.equal(answer.verdicts.length, 5);
  const seen = requests().at(-1);
  assert.deepEqual({ method: seen.method, url: seen.url, body: seen.body },
    { method: 'POST', url: '/titles/0863/00480000', body: '{"owner":"A123456789"}' });
  assert.match(seen.exchange, /^[0-9a-f]{8}-/);
  assert.match(seen.client, /spiffe:\/\/chayan.example\/land-ad\//);
});

test('What differs, is missing or locked is said', async () => {
  sayTitles({ ...title, owner: { name: '王大明', id: 'A123456789' } });
  assert.equal((await ask()).outcome, 'MISMATCH');
  sayTitles();
  assert.equal((await ask()).outcome, 'NOT_FOUND');
  say({ body: '{"code":"LOCKED"}' });
  const { outcome, answer } = await ask();
  assert.equal(outcome, 'LOCKED');
  assert.equal(answer.attemptsLeft, 0);
});

const NOTHING_CAME = {
  'a hanging system': { hang: true },
  'an answer without end': { body: ' '.repeat(10_000), repeat: 1_000 },
  'no JSON': { body: '<html>busy</html>' },
  'deep nesting': { body: '['.repeat(90_000) },
  'invalid UTF-8': { base64: Buffer.from([0x22, 0xc3, 0x28, 0x22]).toString('base64') },
  'a key twice': { body: '{"titles":[],"titles":[]}' },
  'a redirect to this machine': { status: 302, headers: { location: 'http://127.0.0.1:22/' }, body: '' },
  'an error page': { status: 500, body: JSON.stringify({ titles: [title] }) },
};
for (const [what, said] of Object.entries(NOTHING_CAME)) {
  test(`SOURCE_DOWN: ${what}`, async () => {
    say(said);
    const { outcome, answer } = await ask();
    assert.equal(outcome, 'SOURCE_DOWN');
    assert.equal(answer.verdicts.length, 0);
    assert.equal(answer.forwarded, true);
  });
}
const ANOTHER_CAME = {
  'a value of another type': { ...title, owner: { name: ['王小明'], id: 'A123456789' } },
  'a column that is gone': { office: 'AD', section: '0863', lot: '00480000', owner: { name: '王小明' } },
  'a control character': { ...title, lot: '0048\u00000000' },
};
for (const [what, said] of Object.entries(ANOTHER_CAME)) {
  test(`NOT_COMPARED: ${what}`, async () => {
    sayTitles(said);
    const { outcome, answer } = await ask();
    assert.equal(outcome, 'NOT_COMPARED');
    assert.equal(answer.verdicts.length, 0);
  });
}

// The same system, had it answered XML: its own kind of hostility.
const xmlKinds = kinds()
  .replace('ANSWER_FORM_JSON', 'ANSWER_FORM_XML')
  .replace('selector: "/code" optional: true', 'selector: "/titles/@code"')
  .replace('records: "/titles"', 'records: "/titles/title"')
  .replace(/selector: "\/(\w+)"/g, 'selector: "$1"').replace(/selector: "\/owner\/(\w+)"/g, 'selector: "owner/$1"');
const xmlTitle = '<title><office>AD</office><section>0863</section><lot>00480000</lot>'
  + '<owner><name>王小明</name><id>A123456789</id></owner></title>';
const bomb = `<!DOCTYPE t [<!ENTITY a "aaaaaaaaaa">${Array.from({ length: 12 }, (_, i) =>
  `<!ENTITY ${String.fromCharCode(98 + i)} "${`&${String.fromCharCode(97 + i)};`.repeat(10)}">`).join('')}]>`;
const XML_ANSWERS = {
  MATCH: { 'the title': { body: `<titles>${xmlTitle}</titles>` } },
  SOURCE_DOWN: {
    'an entity bomb': { body: `${bomb}<titles>${xmlTitle.replace('王小明', '&m;')}</titles>` },
    'an entity that is a file of this machine': {
      body: `<!DOCTYPE t [<!ENTITY x SYSTEM "file:///etc/hostname">]><titles>${xmlTitle.replace('王小明', '&x;')}</titles>` },
    'deep nesting': { body: `${'<a>'.repeat(10_000)}${'</a>'.repeat(10_000)}` },
    'invalid UTF-8': { base64: Buffer.concat([Buffer.from('<titles>'), Buffer.from([0xc3, 0x28]), Buffer.from('</titles>')]).toString('base64') },
    'an element without an end': { body: `<titles>${xmlTitle}` },
    'nothing': { body: '' },
  },
  NOT_COMPARED: {
    'another answer altogether': { body: '<html><body>busy</body></html>' },
    'a title without its owner': { body: '<titles><title><office>AD</office></title></titles>' },
    'an owner who is a list': { body: `<titles>${xmlTitle.replace('<name>王小明</name>', '<name><first>王</first></name>')}</titles>` },
  },
};
test('In XML too, what a hostile system sends is never a finding', async () => {
  agency.write(source, xmlKinds);
  await agency.reload('adapter.reloaded');
  for (const [expected, answers] of Object.entries(XML_ANSWERS)) {
    for (const [what, said] of Object.entries(answers)) {
      say(said);
      const { outcome, answer } = await ask();
      assert.equal(outcome, expected, what);
      if (expected !== 'MATCH') assert.equal(answer.verdicts.length, 0, what);
    }
  }
  agency.write(source, kinds());
  await agency.reload('adapter.reloaded');
});

test('The agency pauses a kind and takes it up again; the link stays', async () => {
  sayTitles(title);
  const link = (await linksOf('land-ad'))[0].link;
  agency.write(source, kinds('paused: true'));
  await agency.reload('adapter.reloaded');
  const asked = requests().length;
  assert.equal((await ask()).outcome, 'NOT_COMPARED');
  assert.equal(requests().length, asked);
  agency.write(source, kinds('office_questions_per_minute_max: 10'));
  await agency.reload('adapter.reloaded');
  assert.equal((await ask()).outcome, 'MATCH');
  const over = await ask();
  assert.equal(over.outcome, 'SOURCE_DOWN');
  assert.equal(over.answer.forwarded, false);
  agency.write(source, kinds());
  await agency.reload('adapter.reloaded');
  assert.equal((await ask()).outcome, 'MATCH');
  assert.equal((await linksOf('land-ad'))[0].link, link);
});

test('Faulty settings change nothing and are named; so are settings that would need a new link', async () => {
  agency.write(source, kinds().replace('claim: "owner_name"', 'claim: "owner_nome"'));
  await agency.reload('adapter.reload_refused');
  assert.equal((await ask()).outcome, 'MATCH');
  agency.write(source, kinds().replace('areas: "AD"', ''));
  await agency.reload('adapter.reload_refused');
  assert.equal((await ask()).outcome, 'MATCH');
  const { out } = await agency.command('status');
  assert.match(out, /REFUSED[^]*restart the adapter/);
  agency.write(source, kinds());
  await agency.reload('adapter.reloaded');
});

test('check --probe and status say how it is', async () => {
  assert.match((await agency.command('check', '--probe')).out, /no fault\nok {6}the source answers/);
  const { code, out } = await agency.command('status');
  assert.equal(code, 0);
  assert.match(out, /link .* up, gw-1/);
  assert.match(out, /refused: the kind is paused: 1/);
  assert.match(out, /refused: over an office's budget: 1/);
  assert.doesNotMatch(out, /A123456789|王小明/);
});

test('A system that is gone was not asked', async () => {
  await end(backend, 'SIGKILL');
  const { outcome, answer } = await ask();
  assert.equal(outcome, 'SOURCE_DOWN');
  assert.equal(answer.forwarded, false);
  const { code, out } = await agency.command('check', '--probe');
  assert.equal(code, 1);
  assert.match(out, /DOWN/);
});
