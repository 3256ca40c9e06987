// Goal: what the sample registry demands beside grants is demanded: a second person by kind and by county, a person who is
// vouched for, fields that a county withholds, the floor below which nothing that was not compared is released. Method:
// the sample deployment, asked with and without.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { clientFor, env, question, readAnswer, readRefusal, verifyDocument } from '../interop/calls.mjs';
import { ask, fixtureOf } from './questions.mjs';

const client = clientFor('HOUSEHOLD');
const banqiao = clientFor('HOUSEHOLD2');
after(() => [client, banqiao].forEach((one) => one.close()));
const skipWithout = (agency) =>
  (env.CHAYAN_AGENCIES.split(' ').includes(agency) ? false : `${agency} does not run; see CHAYAN_SKIPPED`);
const subject = {
  identifier: { scheme: 1, value: 'A220000036' }, name: '李美玉', birthDate: { era: 1, year: 79, month: 2, day: 28 } };

test('by its kind: criminal data is asked by two persons', async () => {
  const asked = { documentKind: 'justice.criminal_bar', subject, claims: [{ code: 'bar', text: 'no' }] };
  assert.equal((await ask(client, { ...asked, approved: false })).reason, 'APPROVAL_REQUIRED');
  const approved = await ask(client, asked);
  assert.equal(approved.leaf.person_proof, 'approved', approved.message);
});

test('by its county: Tainan\'s offices ask for protection orders by two persons', { skip: skipWithout('court-tainan') },
  async () => {
    const [recorded] = fixtureOf('court-tainan').questions.filter(
      ({ request }) => request.documentKind === 'court.protection');
    assert.equal((await ask(client, { ...recorded.request, approved: false })).reason, 'APPROVAL_REQUIRED');
    const approved = await ask(client, recorded.request);
    assert.equal(approved.outcome, 'MATCH', approved.message);
    assert.equal(approved.leaf.person_proof, 'approved');
  });

test('by its county: New Taipei\'s offices are not told when an owner was registered', async () => {
  const asking = (field) => question({ actingFor: 'hro-banqiao', requestedFields: [field] });
  const share = asking('share');
  assert.equal(readAnswer(await verifyDocument(banqiao, share), share).outcome, 'MATCH');
  const date = asking('registered_date');
  const refusal = await verifyDocument(banqiao, date).then(() => assert.fail('was answered'), (e) => readRefusal(e, date));
  assert.equal(refusal.reason, 'COUNTY_RULE');
  assert.equal(refusal.metadata.county_rule, 'new-taipei-land');
});

test('what is said of a protected person comes no sooner than its kind\'s floor, and the entry shows the floor', async () => {
  const request = question({
    subject: { identifier: { scheme: 1, value: 'T220000078' }, name: '張雅婷' },
    claims: [{ code: 'land_office', text: 'AD' }, { code: 'section', text: '0863' }, { code: 'lot', text: '56' }] });
  const restricted = readAnswer(await verifyDocument(client, request), request);
  assert.equal(restricted.outcome, 'NOT_COMPARED');
  assert.ok(restricted.leaf.ms >= 300, `${restricted.leaf.ms} ms`);
});
