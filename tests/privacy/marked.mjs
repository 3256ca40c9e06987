// What is looked for: names, numbers and texts that nobody else has.
import assert from 'node:assert/strict';
import { readRefusal } from '../interop/calls.mjs';
import { formsOf } from './forms.mjs';

export const MARKED = {
  name: '甄標記', number: 'F173920462', clerk: 'clerk-marked-77', caseNumber: '113-marked-0099', reason: '標記事由',
  address: '臺南市標記路九號', unknown: 'marked-unknown-code', auditor: 'inspector-marked-3', file: '115-marked-file',
  auditReason: '標記稽核事由', note: '標記發現事項', reference: 'marked-reference-1', newName: '甄新標記',
  officeCase: '115-marked-office', rejection: '標記退回事由', replay: '標記重送事由',
};

const FORMS = Object.values(MARKED).map((text) => [text, formsOf(text)]);

// That `content` (bytes) shows nothing of it in any form it could have.
export function assertHidden(what, content) {
  for (const [text, forms] of FORMS) {
    for (const form of forms) assert.ok(!content.includes(form), `${what} shows ${text}`);
  }
}
// That the look would find it.
export function assertFound(text, content) {
  assert.ok(formsOf(text).some((form) => content.includes(form)), `the search does not find ${text}`);
}

// What a failed call was told, which names fields and remedies but repeats no value.
export function toldBy(error, request) {
  const refusal = readRefusal(error, request);
  assertHidden(`the error ${refusal.reason}`, Buffer.from(error.details ?? ''));
  if (refusal.bytes) assertHidden(`the status ${refusal.reason}`, refusal.bytes);
  return refusal;
}
