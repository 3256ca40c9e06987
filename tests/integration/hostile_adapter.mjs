// An adapter that says whatever a test wants on a link: the protocol by hand, with an agency's real certificate and
// answer key.
import { createPrivateKey, createPublicKey, sign } from 'node:crypto';
import { readFileSync } from 'node:fs';
import net from 'node:net';
import { join } from 'node:path';
import {
  clientFor, clientOf, decode, encode, env, openStream, readRefusal, unary,
} from '../interop/calls.mjs';
import { leafHash, sha256, treeHash, uint32 } from '../interop/receipt.mjs';
import { pki } from './deployment.mjs';

const keyOf = (file) => {
  const key = createPrivateKey(readFileSync(file));
  return { key, id: sha256(createPublicKey(key).export({ type: 'spki', format: 'der' })) };
};
export const answerKey = (agency) => keyOf(join(pki, `answer/${agency}.key`));

// The digest of a kind as the catalogue states it.
export async function kindDigest(kind) {
  const client = clientFor('HOUSEHOLD');
  try {
    const bytes = await unary(client, 'VerificationService/GetDocumentKind',
      encode('GetDocumentKindRequest', { documentKind: kind }));
    return decode('GetDocumentKindResponse', bytes).documentKind.digest;
  } finally {
    client.close();
  }
}

// What an honest adapter answers: everything matches.
export function matchAnswer(request, changes = {}) {
  const asked = decode('VerifyDocumentRequest', request);
  return {
    requestId: asked.requestId, outcome: 1, answeredBy: 1, asOfTime: { seconds: Math.floor(Date.now() / 1000) },
    verdicts: asked.claims.map((claim) => ({ code: claim.code, verdict: 1, matchLevel: 1 })), ...changes,
  };
}

// A cable to the gateway that can be cut: gRPC's own cancel says goodbye first.
class Cable {
  static async lay() {
    const self = new Cable();
    const [host, port] = env.CHAYAN_GATEWAY.split(':');
    self.sockets = [];
    self.server = net.createServer((near) => {
      const far = net.connect(Number(port), host);
      for (const [one, other] of [[near, far], [far, near]]) {
        one.on('error', () => other.destroy());
        one.pipe(other);
        self.sockets.push(one);
      }
    });
    await new Promise((resolve) => { self.server.listen(0, '127.0.0.1', resolve); });
    self.end = `127.0.0.1:${self.server.address().port}`;
    return self;
  }
  cut() {
    this.server.close();
    this.sockets.forEach((socket) => socket.destroy());
  }
}

const opened = new Set();
// Whatever a test left behind.
export function closeAll() {
  opened.forEach((adapter) => adapter.disconnect());
  opened.clear();
}

export class HostileAdapter {
  // `hello`: changes to an honest one for land.title.
  static async open({ agency = 'land-ad', kind = 'land.title', hello = {}, files, sendHello = true } = {}) {
    const self = new HostileAdapter();
    opened.add(self);
    self.key = answerKey(agency);
    const own = files ?? { cert: join(pki, `${agency}.pem`), key: join(pki, `${agency}.key`) };
    self.cable = await Cable.lay();
    self.client = clientOf(own.cert, own.key, {}, self.cable.end);
    self.stream = openStream(self.client, 'AdapterLinkService/Connect');
    self.questions = [];
    self.waiting = [];
    self.recorded = [];
    self.welcomed = new Promise((resolve) => { self.welcome = resolve; });
    self.stream.on('data', (bytes) => self.take(decode('ToAdapter', bytes)));
    self.ended = new Promise((resolve) => {
      self.stream.on('error', (error) => resolve(readRefusal(error)));
      self.stream.on('end', () => resolve({ code: 0 }));
    });
    if (sendHello) {
      self.send({ hello: {
        protocolVersion: 1, kinds: [{ documentKind: kind, digest: await kindDigest(kind) }],
        answerKeyId: self.key.id, software: 'hostile', ...hello } });
    }
    return self;
  }

  // One whose hello must be accepted.
  static async serving(options) {
    const self = await HostileAdapter.open(options);
    const refusal = await Promise.race([self.welcomed.then(() => null), self.ended]);
    if (refusal) throw new Error(`the link was refused: ${refusal.reason}`);
    return self;
  }

  take(frame) {
    if (frame.welcome) this.welcome(frame.welcome);
    this.recorded.push(...(frame.recorded?.answers ?? []));
    for (const question of frame.questions?.questions ?? []) {
      const waiting = this.waiting.shift();
      if (waiting) waiting(question);
      else this.questions.push(question);
    }
  }

  question() {
    const next = this.questions.shift();
    return next ? Promise.resolve(next) : new Promise((resolve) => { this.waiting.push(resolve); });
  }

  send(frame) { this.stream.write(encode('FromAdapter', frame)); }
  sendBytes(bytes) { this.stream.write(bytes); }

  // Answers in one signed frame. Each: {question, answer (a value or bytes), restricted}.
  answer(answers, { key = this.key, spoil = (signature) => signature } = {}) {
    const items = answers.map(({ question, answer = matchAnswer(question.request), restricted = false }) => ({
      exchangeId: question.exchangeId, restricted, request: question.request,
      answer: Buffer.isBuffer(answer) ? answer : encode('VerificationAnswer', answer) }));
    const root = treeHash(items.map((item) => leafHash(sha256('chayan/answer/v1\0', item.exchangeId,
      sha256(item.request), sha256(item.answer)))));
    const signed = Buffer.concat([Buffer.from('chayan/frame/v1\0'), uint32(items.length), root]);
    const signature = sign(null, signed, key.key);
    this.send({ answers: { keyId: key.id, signature: spoil(signature),
      answers: items.map(({ exchangeId, answer, restricted }) => ({ exchangeId, answer, restricted })) } });
  }

  // As when the process dies.
  disconnect() {
    this.cable.cut();
    this.forget();
  }
  forget() {
    this.client.close();
    this.cable.cut();
    opened.delete(this);
  }
  // In order; returns when the gateway has seen it.
  async close() {
    this.stream.end();
    await this.ended;
    this.forget();
  }
}
