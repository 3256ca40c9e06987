// What recipient.mjs kept: the notices in the order in which they first came, and how many came again. No delivery in two
// forms, no notice under two ids.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';

export function readRecord(path) {
  const lines = readFileSync(path, 'utf8').split('\n');
  lines.pop();  // empty, or cut short by a kill before its receipt
  const forms = new Map();
  const first = [];
  for (const line of lines) {
    const { deliveryId, noticeId, digest } = JSON.parse(line);
    assert.equal(forms.get(deliveryId) ?? digest, digest, 'a repeat has other bytes');
    if (!forms.has(deliveryId)) first.push(noticeId);
    forms.set(deliveryId, digest);
  }
  assert.equal(new Set(first).size, first.length, 'a notice came under two ids');
  return { first, repeats: lines.length - first.length };
}
