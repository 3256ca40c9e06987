// A person's assertion: a compact JWS as an office's directory makes it, with one part changed.
import { createHash, createPrivateKey, sign } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pki } from './deployment.mjs';

export function assertion({ header = {}, payload = {}, key = 'hro-shanhua', spoil = (text) => text } = {}) {
  const now = Math.floor(Date.now() / 1000);
  const part = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const signed = `${part({ alg: 'EdDSA', kid: 'hro-shanhua-1', ...header })}.${part({
    iss: 'hro-shanhua', sub: 'clerk-7', role: 'clerk', aud: 'chayan.example', iat: now - 60, exp: now + 3600,
    ...payload })}`;
  const signature = sign(null, Buffer.from(signed), createPrivateKey(readFileSync(join(pki, `assertion/${key}.key`))));
  return spoil(`${signed}.${signature.toString('base64url')}`);
}

// What a second person signs: kind, case, who asks and the subject, each ended by a zero byte.
export function approvalOf(value, changes = {}) {
  const { documentKind, purpose, subject } = { ...value, ...changes };
  const parts = ['chayan/approval/v1', documentKind, purpose.caseNumber, purpose.person.id, subject.identifier.value];
  return createHash('sha256').update(parts.map((part) => `${part}\0`).join('')).digest('base64url');
}
