// An agency's adapter for notices alone, to be killed at any moment:
//
//   node recipient.mjs AGENCY SUBSCRIPTION RECORD
//
// It keeps each notice in RECORD, synced, before it gives its receipt; when that is recorded, its office acts. It dials
// again whenever its link is gone. On stdout it says each step as it comes to it, a line each: came, kept, said, recorded,
// acted, done.
import { createPrivateKey, createPublicKey, sign } from 'node:crypto';
import { closeSync, fsyncSync, openSync, readFileSync, writeSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { clientOf, decode, encode, env, openStream } from '../interop/calls.mjs';
import { leafHash, sha256, treeHash, uint32 } from '../interop/receipt.mjs';

const [agency, subscription, record] = process.argv.slice(2);
const pki = dirname(env.CHAYAN_CA);
const key = createPrivateKey(readFileSync(join(pki, `answer/${agency}.key`)));
const keyId = sha256(createPublicKey(key).export({ type: 'spki', format: 'der' }));
const file = openSync(record, 'a');
const HEARTBEAT_MS = 4000;
const REDIAL_MS = 50;
// Of a gateway that says nothing for so long, three heartbeats are missing.
const SILENCE_MS_MAX = 15_000;
const DELIVERED = 2;
const ACKNOWLEDGED = 4;

const say = (step) => process.stdout.write(`${step}\n`);
const idBytes = (text) => Buffer.from(text.replaceAll('-', ''), 'hex');

function receiptFrame(items) {
  const receipts = items.map(({ id, digest, state }) => ({
    id, noticeDigest: digest, receipt: encode('DeliveryReceipt', { deliveryId: id, state }) }));
  const leaves = receipts.map(({ id, noticeDigest, receipt }) => leafHash(
    sha256('chayan/delivery/v1\0', idBytes(id), noticeDigest, sha256(receipt))));
  const signed = Buffer.concat([Buffer.from('chayan/frame/v1\0'), uint32(leaves.length), treeHash(leaves)]);
  return { noticeReceipts: { keyId, signature: sign(null, signed, key),
    receipts: receipts.map(({ receipt, noticeDigest }) => ({ receipt, noticeDigest })) } };
}

function serve() {
  const client = clientOf(join(pki, `${agency}.pem`), join(pki, `${agency}.key`));
  const stream = openStream(client, 'AdapterLinkService/Connect', 600_000);
  const open = new Map();  // notices whose receipt is not recorded yet
  const send = (frame) => stream.write(encode('FromAdapter', frame));
  let heard = Date.now();
  stream.on('data', (bytes) => {
    heard = Date.now();
    const frame = decode('ToAdapter', bytes);
    if (frame.notices?.notices.length) say('came');
    const items = (frame.notices?.notices ?? []).map((notice) => {
      const { deliveryId, noticeId } = decode('DeliveredNotice', notice);
      const digest = sha256(notice);
      writeSync(file, `${JSON.stringify({ deliveryId, noticeId, digest: digest.toString('hex') })}\n`);
      open.set(idBytes(deliveryId).toString('hex'), { id: deliveryId, digest });
      return { id: deliveryId, digest, state: DELIVERED };
    });
    if (items.length) {
      fsyncSync(file);
      say('kept');
      send(receiptFrame(items));
      say('said');
    }
    const recorded = frame.recorded?.receipts ?? [];
    const acted = [];
    for (const { exchangeId } of recorded) {
      const notice = open.get(Buffer.from(exchangeId).toString('hex'));
      if (notice) acted.push({ ...notice, state: ACKNOWLEDGED });
      open.delete(Buffer.from(exchangeId).toString('hex'));
    }
    if (recorded.length > acted.length) say('done');
    if (acted.length) {
      say('recorded');
      send(receiptFrame(acted));
      say('acted');
    }
  });
  send({ hello: { protocolVersion: 1, answerKeyId: keyId, software: 'recipient', subscriptions: [subscription] } });
  return new Promise((resolve) => {
    const over = () => { clearInterval(beat); client.close(); resolve(); };
    const beat = setInterval(() => {
      if (Date.now() - heard > SILENCE_MS_MAX) stream.cancel();
      else send({ heartbeat: {} });
    }, HEARTBEAT_MS);
    stream.on('error', over);
    stream.on('end', over);
  });
}

process.on('exit', () => closeSync(file));
while (true) {
  await serve();
  await pause(REDIAL_MS);
}
