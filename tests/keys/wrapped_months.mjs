// wrapped_months.mjs KEK-FILE FOLDER COUNT: keys of months of the class "permanent", wrapped as gateway/log/class_keys.h
// does, so that there are as many as over a century.
import { createCipheriv, randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const [, , kekFile, folder, count] = process.argv;
const kek = Buffer.from(readFileSync(kekFile, 'utf8'), 'base64');
for (let i = 0; i < Number(count); i += 1) {
  const id = `${1900 + Math.floor(i / 12)}-${String((i % 12) + 1).padStart(2, '0')}.permanent`;
  const nonce = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', kek, nonce).setAAD(Buffer.from(id));
  const wrapped = Buffer.concat([nonce, cipher.update(randomBytes(32)), cipher.final(), cipher.getAuthTag()]);
  writeFileSync(join(folder, `${id}.key`), `${wrapped.toString('base64')}\n`, { mode: 0o600, flag: 'wx' });
}
