// Goal: a right to ask has an end: in the day, in time, in number, and at the person who asks. Method: registry sets
// with one right each, certificates without a URI, and assertions made with an office's real key.
import assert from 'node:assert/strict';
import { createHash, X509Certificate } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import {
  clientFor, clientOf, grpc, question, questionValue, readAnswer, readRefusal, verifyDocument,
} from '../interop/calls.mjs';
import { approvalOf, assertion } from './assertion.mjs';
import {
  applySet, awaitEntry, changedSet, entriesFrom, logSize, pki, run, sampleSet,
} from './deployment.mjs';

const client = clientFor('HOUSEHOLD');
const banqiao = clientFor('HOUSEHOLD2');
after(async () => {
  client.close();
  banqiao.close();
  await applySet(sampleSet);
});
async function ask(changes, asker = client) {
  const request = question(changes);
  return verifyDocument(asker, request)
    .then((bytes) => readAnswer(bytes, request), (error) => readRefusal(error, request));
}
// The sample's grant of land titles to hro-shanhua, with one more line.
const grantWith = (name, line) => applySet(changedSet(name, { 'grants.textproto': (text) => text.replace(
  'id: "shanhua-land-title"\n', `id: "shanhua-land-title"\n  ${line}\n`) }));
async function expectDenied(code, reason) {
  const refusal = await ask();
  assert.equal(refusal.reason, reason, refusal.message);
  assert.equal(refusal.code, grpc.status[code]);
  assert.equal(refusal.leaf.type, 'denied');
  return refusal;
}

test('outside its hours a grant denies', async () => {
  const hour = (new Date().getUTCHours() + 8) % 24;
  await grantWith('hours', hour < 12 ? 'hours { from: "20:00" to: "21:00" }' : 'hours { from: "01:00" to: "02:00" }');
  await expectDenied('PERMISSION_DENIED', 'OUTSIDE_HOURS');
});

test('before its begin and after its end a grant denies', async () => {
  for (const line of ['not_before_time: "2099-01-01T00:00:00Z"', 'not_after_time: "2020-01-01T00:00:00Z"']) {
    await grantWith('force', line);
    await expectDenied('PERMISSION_DENIED', 'GRANT_NOT_IN_FORCE');
  }
});

test('a quota that is used up denies', async () => {
  await grantWith('quota', 'quota_per_day: 1');
  // A use of this day counts, whichever set was in force.
  await ask();
  const refusal = await expectDenied('RESOURCE_EXHAUSTED', 'QUOTA_EXHAUSTED');
  assert.equal(refusal.metadata.grant, 'shanhua-land-title');
});

test('a member beyond its rate is shed with advice, counted and not recorded; others are served', async () => {
  await applySet(changedSet('rate', { 'members.textproto': (text) => text.replace(
    'id: "hro-banqiao"\n', 'id: "hro-banqiao"\n  requests_per_second: 5\n') }));
  const from = await logSize();
  const count = 80;
  const results = await Promise.all(Array.from({ length: count }, () => ask({ actingFor: 'hro-banqiao' }, banqiao)));
  const shed = results.filter((result) => result.reason === 'RATE_LIMITED');
  assert.ok(shed.length >= 10 && shed.length < count, `${shed.length} of ${count} shed`);
  for (const refusal of shed) {
    assert.equal(refusal.code, grpc.status.RESOURCE_EXHAUSTED);
    assert.ok(refusal.retryDelay);
    assert.equal(refusal.leaf, undefined);
  }
  assert.equal((await ask()).outcome, 'MATCH');
  const recorded = (await entriesFrom(from)).filter((entry) => entry.member === 'hro-banqiao');
  assert.equal(recorded.length, count - shed.length);
});

const withAssertion = (text) => {
  const { purpose } = questionValue();
  return { purpose: { ...purpose, person: { ...purpose.person, assertion: text } } };
};

test('a person\'s assertion is verified where present, and the entry says so', async () => {
  await applySet(sampleSet);
  assert.equal((await ask()).leaf.person_proof, 'none');
  const vouched = await ask(withAssertion(assertion()));
  assert.equal(vouched.outcome, 'MATCH');
  assert.equal(vouched.leaf.person_proof, 'member');
});

test('a false, foreign, old or changed assertion is refused', async () => {
  const now = Math.floor(Date.now() / 1000);
  const false_ = {
    'another person': { payload: { sub: 'clerk-8' } },
    'another role': { payload: { role: 'supervisor' } },
    'another member': { payload: { iss: 'hro-banqiao' } },
    'another trust domain': { payload: { aud: 'elsewhere.example' } },
    expired: { payload: { iat: now - 7200, exp: now - 3600 } },
    'of the future': { payload: { iat: now + 3600, exp: now + 7200 } },
    'longer than twelve hours': { payload: { exp: now + 13 * 3600 } },
    'without an end': { payload: { exp: undefined } },
    'of another office\'s key': { key: 'hro-banqiao' },
    'of another office\'s key by name': { key: 'hro-banqiao', header: { kid: 'hro-banqiao-1' } },
    'of no algorithm': { header: { alg: 'none' } },
    'of an unknown key': { header: { kid: 'x' } },
    'with a critical extension': { header: { crit: ['b64'], b64: false } },
    'without signature': { spoil: (text) => text.slice(0, text.lastIndexOf('.') + 1) },
    'no assertion at all': { spoil: () => 'x' },
  };
  for (const [what, change] of Object.entries(false_)) {
    const refusal = await ask(withAssertion(assertion(change)));
    assert.equal(refusal.reason, 'PERSON_ASSERTION_INVALID', what);
    assert.equal(refusal.code, grpc.status.PERMISSION_DENIED);
    assert.equal(refusal.leaf.type, 'denied');
  }
});

test('where a kind demands the assertion, none is a refusal', async () => {
  await applySet(changedSet('assertion', { 'land.textproto': (text) => text.replace(
    'code: "land.title"\n', 'code: "land.title"\n  person_assertion_required: true\n') }));
  await expectDenied('PERMISSION_DENIED', 'PERSON_ASSERTION_REQUIRED');
  assert.equal((await ask(withAssertion(assertion()))).outcome, 'MATCH');
});

test('a sensitive kind is asked only with a second person\'s approval of this very question', async () => {
  await applySet(changedSet('approval', { 'land.textproto': (text) => text.replace(
    'code: "land.title"\n', 'code: "land.title"\n  approval_required: true\n') }));
  await expectDenied('PERMISSION_DENIED', 'PERSON_ASSERTION_REQUIRED');
  const value = { ...questionValue(), ...withAssertion(assertion()) };
  assert.equal((await ask(value)).reason, 'APPROVAL_REQUIRED');
  const askApproved = (id, apr) => ask({ purpose: { ...value.purpose, approver: {
    id, role: 'supervisor', assertion: assertion({ payload: { sub: id, role: 'supervisor', apr } }) } } });
  assert.equal((await askApproved('clerk-7', approvalOf(value))).reason, 'APPROVAL_INVALID');
  const ofAnother = approvalOf(value, { documentKind: 'land.building' });
  assert.equal((await askApproved('chief-1', ofAnother)).reason, 'APPROVAL_INVALID');
  const approved = await askApproved('chief-1', approvalOf(value));
  assert.equal(approved.outcome, 'MATCH', approved.reason);
  assert.equal(approved.leaf.person_proof, 'approved');
});

test('a county narrows what its own offices may ask', async () => {
  await applySet(changedSet('county', { 'counties.textproto': (text) =>
    `${text}county_rules {\n  id: "tainan"\n  county: "67000"\n  barred: true\n}\n` }));
  const refusal = await expectDenied('PERMISSION_DENIED', 'COUNTY_RULE');
  assert.equal(refusal.metadata.county_rule, 'tainan');
  assert.notEqual((await ask({ actingFor: 'hro-banqiao' }, banqiao)).reason, 'COUNTY_RULE');
});

test('a question that discloses something is recorded before it is forwarded', async () => {
  await applySet(changedSet('forward', { 'land.textproto': (text) => text.replace(
    'code: "land.title"\n', 'code: "land.title"\n  log_before_forward: true\n') }));
  const from = await logSize();
  const { leaf, outcome } = await ask();
  assert.equal(outcome, 'MATCH');
  const forward = await awaitEntry(from, 'the forward', (entry) => entry.type === 'forward' && entry.id === leaf.id);
  assert.equal(forward.outcome, undefined);
  assert.equal(leaf.ref, forward.index);
  assert.ok(forward.index < leaf.index);
});

test('a certificate without a URI is who the registry binds it to, and nobody otherwise', async () => {
  const file = (ending) => join(pki, `it-bound.${ending}`);
  const openssl = async (...args) => assert.equal((await run('openssl', args)).code, 0, args.join(' '));
  await openssl('req', '-new', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', file('key'),
    '-subj', '/O=hro-shanhua/CN=counter', '-out', file('csr'));
  writeFileSync(file('ext'), 'basicConstraints=critical,CA:FALSE\nextendedKeyUsage=clientAuth\n');
  const authority = join(pki, 'ca/intermediate');
  await openssl('x509', '-req', '-in', file('csr'), '-CA', join(authority, 'cert.pem'), '-CAkey',
    join(authority, 'key.pem'), '-set_serial', '0x00ab12', '-days', '2', '-extfile', file('ext'), '-out', file('leaf'));
  writeFileSync(file('pem'), readFileSync(file('leaf'), 'utf8') + readFileSync(join(authority, 'cert.pem'), 'utf8'));
  const spki = createHash('sha256').update(new X509Certificate(readFileSync(file('leaf'))).publicKey
    .export({ type: 'spki', format: 'der' })).digest('hex');
  const unbound = clientOf(file('pem'), file('key'));
  const system = 'systems { name: "counter" role: ROLE_HOUSEHOLD acting_for: "hro-shanhua"';
  const bindTo = (what) => applySet(changedSet('bound', { 'members.textproto': (text) => text.replace(system,
    `${system} certificates { ${what} }`) }));
  try {
    for (const binding of [`spki_sha256: "${spki}"`, 'issuer_serial { issuer: "dev-intermediate" serial: "ab12" }']) {
      await applySet(sampleSet);
      const refusal = await ask({}, unbound);
      assert.equal(refusal.reason, 'CERTIFICATE_IDENTITY_UNUSABLE');
      assert.equal(refusal.code, grpc.status.UNAUTHENTICATED);
      await bindTo(binding);
      const { leaf, outcome } = await ask({}, unbound);
      assert.equal(outcome, 'MATCH', binding);
      assert.equal(`${leaf.member}/${leaf.system}`, 'hro-shanhua/counter');
    }
    // Another number of the same authority is another certificate.
    await bindTo('issuer_serial { issuer: "dev-intermediate" serial: "ab13" }');
    assert.equal((await ask({}, unbound)).reason, 'CERTIFICATE_IDENTITY_UNUSABLE');
  } finally {
    unbound.close();
  }
});
