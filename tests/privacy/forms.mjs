// The bytes of a text in the forms in which it could slip into a file.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';

// Agencies' own systems still speak Big5, and Node.js does not. Nothing for a text with a character that Big5 lacks.
function big5(text) {
  const { error, status, stdout } = spawnSync('iconv', ['-f', 'UTF-8', '-t', 'BIG5'], { input: text });
  assert.ifError(error);
  return status === 0 ? [stdout] : [];
}

export function formsOf(text) {
  const bytes = Buffer.from(text);
  // Base64 of the text at each of the three places it can have, without the ends that its neighbours share.
  const base64 = [0, 1, 2].map((shift) => Buffer.concat([Buffer.alloc(shift), bytes]).toString('base64')
    .slice(shift === 0 ? 0 : shift + 1).replace(/=+$/, '').slice(0, -1));
  const escaped = text.replace(/[^\x20-\x7e]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
  const utf16 = Buffer.from(text, 'utf16le');
  return [bytes, ...big5(text), utf16, Buffer.from(utf16).swap16(), Buffer.from(bytes.toString('hex')), Buffer.from(escaped),
    ...base64.map((form) => Buffer.from(form))];
}
