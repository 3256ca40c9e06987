// Goal: where the registry asks for it, what opens a sensitive kind takes effect only with a second person's approval of
// this very change. Method: `chayan registry apply` on a set that asks for approval, with assertions made by a key of the
// operator.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createPublicKey } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { assertion } from './assertion.mjs';
import { applySet, awaitEntry, changedSet, chayan, directory, logSize, pki, sampleSet } from './deployment.mjs';

const keyFile = join(pki, 'assertion/operator.key');
const file = (name) => join(directory, `${name}.jws`);
function vouch(name, sub, more = {}) {
  writeFileSync(file(name), assertion({
    key: 'operator', header: { kid: 'operator-1' }, payload: { iss: 'operator', sub, role: 'operator', ...more } }));
  return file(name);
}
// The sample set that asks for approval, with one more change.
function approvedSet(name, changes = {}) {
  const key = createPublicKey(readFileSync(keyFile)).export({ type: 'spki', format: 'der' }).toString('base64');
  return changedSet(name, {
    'deployment.textproto': (text) => text.replace('deployment {', 'deployment {\n  approval_required: true'),
    'keys.textproto': (text) =>
      `${text}assertion_keys { member: "operator" key_id: "operator-1" public_key: "${key}" }\n`,
    ...changes,
  });
}
const withMore = (id) => ({ 'grants-catalogue.textproto': (text) =>
  text.replace('id: "shanhua-social-benefit"\n', `id: "${id}"\n`) });
const apply = (folder, ...flags) => chayan('registry', 'apply', '--yes', folder, ...flags);
// What the second person's assertion has to say of the change to `folder`, as the command shows it.
async function approvalOf(folder) {
  const { out } = await chayan('registry', 'apply', folder, '--as', 'op-1');
  return /apr of the approver's assertion: ([\w-]{43})$/m.exec(out)?.[1];
}
async function applyApproved(folder) {
  const apr = await approvalOf(folder);
  const { code, out, err } = await apply(folder, '--as', 'op-1', '--assertion', vouch('first', 'op-1'),
    '--approver', 'op-2', '--approver-assertion', vouch('second', 'op-2', { apr }));
  assert.equal(code, 0, out + err);
  return out;
}

before(async () => {
  execFileSync('openssl', ['genpkey', '-algorithm', 'ed25519', '-out', keyFile]);
  await applySet(approvedSet('approved'));
});
after(() => applyApproved(sampleSet));

test('what harms nobody takes effect at once', async () => {
  await applySet(approvedSet('harmless', {
    'grants.textproto': (text) => text.replace('quota_per_day: 5000', 'quota_per_day: 4000') }));
});

test('a grant of a sensitive kind waits for a second person', async () => {
  const folder = approvedSet('opens', withMore('benefits'));
  const { code, out, err } = await apply(folder);
  assert.notEqual(code, 0);
  assert.match(out, /a second person must approve:\n {2}\+ grant benefits$/m);
  assert.match(err, /APPROVAL_REQUIRED/);
});

test('an approval of another change, of oneself, or of nobody who is known is none', async () => {
  const folder = approvedSet('opens', withMore('benefits'));
  const other = await approvalOf(approvedSet('other', withMore('others')));
  const apr = await approvalOf(folder);
  const first = vouch('first', 'op-1');
  for (const [what, reason, flags] of [
    ['another change', 'APPROVAL_INVALID',
      ['--assertion', first, '--approver', 'op-2', '--approver-assertion', vouch('wrong', 'op-2', { apr: other })]],
    ['one\'s own', 'APPROVAL_INVALID',
      ['--assertion', first, '--approver', 'op-1', '--approver-assertion', vouch('own', 'op-1', { apr })]],
    ['no approval, but an assertion', 'APPROVAL_INVALID',
      ['--assertion', first, '--approver', 'op-2', '--approver-assertion', vouch('plain', 'op-2')]],
    ['nobody knows who applies', 'PERSON_ASSERTION_REQUIRED',
      ['--approver', 'op-2', '--approver-assertion', vouch('second', 'op-2', { apr })]],
  ]) {
    const { code, err } = await apply(folder, '--as', 'op-1', ...flags);
    assert.notEqual(code, 0, what);
    assert.match(err, new RegExp(reason), what);
  }
});

test('with the second person it takes effect, and both are sealed with the entry', async () => {
  const from = await logSize();
  const out = await applyApproved(approvedSet('opens', withMore('benefits')));
  assert.match(out, /applied, digest/);
  const entry = await awaitEntry(from, 'the switch', (each) => each.type === 'registry');
  assert.ok(entry.c_detail);
  assert.doesNotMatch(JSON.stringify(entry), /op-[12]/);
});

test('to take the approval itself away needs one', async () => {
  const { code, err } = await apply(sampleSet);
  assert.notEqual(code, 0);
  assert.match(err, /APPROVAL_REQUIRED/);
});
