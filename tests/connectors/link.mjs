// A gateway's side of the link in the test's hands: it welcomes an adapter, sends notices, and checks each frame of
// receipts against the agency's answer key. The certificate is the real gateway's.
import assert from 'node:assert/strict';
import { createPublicKey, randomUUID, verify } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { decode, encode, env, grpc } from '../interop/calls.mjs';
import { leafHash, sha256, treeHash, uint32 } from '../interop/receipt.mjs';
import { pki, poll } from '../integration/deployment.mjs';

const uuidBytes = (text) => Buffer.from(text.replaceAll('-', ''), 'hex');
const STATES = ['', 'SCHEDULED', 'DELIVERED', 'HANDED_OVER', 'ACKNOWLEDGED', 'REJECTED'];

export class Link {
  static async listen(member) {
    const self = new Link();
    self.key = createPublicKey(readFileSync(join(pki, `answer/${member}.key`)));
    self.receipts = []; // {id, state, reason, caseNumber}
    self.notTaken = []; // ids
    self.sent = new Map();
    self.entries = 100;
    self.server = new grpc.Server();
    self.server.register('/chayan.v1.AdapterLinkService/Connect', (stream) => self.#serve(stream), (value) => value,
      (bytes) => bytes, 'bidi');
    const credentials = grpc.ServerCredentials.createSsl(readFileSync(env.CHAYAN_CA), [{
      private_key: readFileSync(join(pki, 'gateway.key')), cert_chain: readFileSync(join(pki, 'gateway.pem')) }], true);
    self.port = await new Promise((resolve, reject) => {
      self.server.bindAsync('127.0.0.1:0', credentials, (error, port) => (error ? reject(error) : resolve(port)));
    });
    return self;
  }
  get address() { return `127.0.0.1:${this.port}`; }
  close() { this.server.forceShutdown(); }

  #serve(stream) {
    stream.on('error', () => {});
    stream.on('end', () => stream.end());
    stream.on('data', (bytes) => {
      const said = decode('FromAdapter', bytes);
      if (said.hello) {
        this.hello = said.hello;
        this.stream = stream;
        this.#write({ welcome: { protocolVersion: 1, gateway: 'gw-1', heartbeatIntervalMs: 5000 } });
      } else if (said.noticeReceipts) {
        this.#check(said.noticeReceipts);
      } else if (said.noticesNotTaken) {
        for (const one of said.noticesNotTaken.notices) this.notTaken.push(Buffer.from(one.deliveryId).toString('hex'));
      }
    });
  }
  #write(value) { this.stream.write(encode('ToAdapter', value)); }

  // The signature covers what was sent and what was said of it; each receipt is then recorded.
  #check(frame) {
    const leaves = frame.receipts.map(({ receipt, noticeDigest }) => {
      const said = decode('DeliveryReceipt', receipt);
      assert.deepEqual(Buffer.from(noticeDigest), sha256(this.sent.get(said.deliveryId)));
      return leafHash(sha256(Buffer.concat([Buffer.from('chayan/delivery/v1\0'), uuidBytes(said.deliveryId),
        noticeDigest, sha256(receipt)])));
    });
    assert.ok(verify(null, Buffer.concat([Buffer.from('chayan/frame/v1\0'), uint32(leaves.length), treeHash(leaves)]),
      this.key, frame.signature));
    for (const { receipt } of frame.receipts) {
      const said = decode('DeliveryReceipt', receipt);
      this.receipts.push({ id: said.deliveryId, state: STATES[said.state], reason: said.rejectionReason,
        caseNumber: said.recipientCaseNumber });
      this.entries += 1;
      this.#write({ recorded: { receipts: [{ exchangeId: uuidBytes(said.deliveryId), entryIndex: this.entries }] } });
    }
  }

  // Sends a death, or what `changes` make of it; returns the delivery's id.
  send(changes = {}) {
    const notice = { deliveryId: randomUUID(), noticeId: randomUUID(), noticeKind: 'person.death',
      subscription: 'tax-south-death', publisher: 'hro-shanhua', actingFor: 'hro-shanhua',
      legalBasis: 'household-act-68', acceptTime: { seconds: Math.floor(Date.now() / 1000) },
      subjects: [{ identifier: { scheme: 1, value: 'A123456789' }, name: '𠮷小明' }],
      payload: [{ code: 'death_date', date: { era: 1, year: 115, month: 1, day: 14 } }], ...changes };
    const bytes = encode('DeliveredNotice', notice);
    this.sent.set(notice.deliveryId, bytes);
    this.#write({ notices: { notices: [bytes] } });
    return notice.deliveryId;
  }
  repeat(id) { this.#write({ notices: { notices: [this.sent.get(id)] } }); }
  of(id) { return this.receipts.filter((receipt) => receipt.id === id); }
  async settled(id, state) {
    await poll(`${state} of ${id}`, () => this.of(id).some((receipt) => receipt.state === state));
    return this.of(id).find((receipt) => receipt.state === state);
  }
}
