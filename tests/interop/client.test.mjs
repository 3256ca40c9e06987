// Goal: a client on a gRPC stack that shares no code with ours gets answers over mutual TLS and proves them with its
// own code. Method: @grpc/grpc-js and protobufjs against a running deployment, which tests/interop/run starts.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import protoLoader from '@grpc/proto-loader';
import {
  checkReceipt, clientFor, credentialsOf, decode, env, grpc, openStream, protos, question, readAnswer, readRefusal,
  trust, verifyDocument,
} from './calls.mjs';

const service = `${protos}chayan/v1/verification_service.proto`;
const client = clientFor('HOUSEHOLD');

test('an answer of the holder, proved', async () => {
  const request = question();
  const { leaf, outcome } = readAnswer(await verifyDocument(client, request), request);
  assert.equal(outcome, 'MATCH');
  assert.equal(leaf.type, 'verification');
  assert.equal(leaf.outcome, 'MATCH');
  assert.equal(leaf.holder, 'land-ad');
});

test('a changed answer, request or entry does not prove', async () => {
  const request = question();
  const view = decode('VerifyDocumentResponseView', await verifyDocument(client, request));
  const good = { receipt: view.receipt, request, told: view.answer, trust };
  const flip = (bytes) => {
    const copy = Buffer.from(bytes);
    copy[copy.length >> 1] ^= 1;
    return copy;
  };
  assert.throws(() => checkReceipt({ ...good, told: flip(view.answer) }), /c_res/);
  assert.throws(() => checkReceipt({ ...good, request: flip(request) }), /c_req/);
  assert.throws(() => checkReceipt({ ...good, receipt: { ...view.receipt, leaf: flip(view.receipt.leaf) } }),
    /not in the log/);
});

test('a refusal names its reason and is proved too', async () => {
  const request = question({ documentKind: 'immigration.entry_exit', actingFor: 'hro-banqiao', claims: [
    { code: 'direction', text: 'out' }] });
  const denied = clientFor('HOUSEHOLD2');
  const error = await verifyDocument(denied, request).then(() => null, (e) => e);
  denied.close();
  assert.equal(error.code, grpc.status.PERMISSION_DENIED);
  const { leaf } = readRefusal(error, request);
  assert.equal(leaf.type, 'denied');
  assert.equal(leaf.reason, 'NO_GRANT');
});

test('many questions on one stream, each proved', async () => {
  const count = 100;
  const sent = new Map();
  const stream = openStream(client, 'VerificationService/VerifyDocuments');
  const done = new Promise((resolve, reject) => {
    stream.on('error', reject);
    stream.on('end', resolve);
    stream.on('data', (bytes) => {
      const view = decode('VerifyDocumentResponseView', bytes);
      checkReceipt({ receipt: view.receipt, request: sent.get(view.requestId), told: view.answer, trust });
      sent.delete(view.requestId);
    });
  });
  for (let i = 0; i < count; ++i) {
    const requestId = randomUUID();
    const request = question({ requestId });
    sent.set(requestId, request);
    stream.write(request);
  }
  stream.end();
  await done;
  assert.equal(sent.size, 0);
});

test('the catalogue through a loaded service definition', async () => {
  const definition = protoLoader.loadSync(service, { includeDirs: [protos] });
  const { VerificationService } = grpc.loadPackageDefinition(definition).chayan.v1;
  const own = credentialsOf(env.CHAYAN_HOUSEHOLD_CERT, env.CHAYAN_HOUSEHOLD_KEY);
  const stub = new VerificationService(env.CHAYAN_GATEWAY, own);
  const response = await new Promise((resolve, reject) => stub.listDocumentKinds({ pageSize: 2 },
    (error, r) => (error ? reject(error) : resolve(r))));
  stub.close();
  assert.equal(response.documentKinds.length, 2);
  assert.ok(response.nextPageToken);
});

test('a client without a certificate gets nothing', async () => {
  const stranger = new grpc.Client(env.CHAYAN_GATEWAY, grpc.credentials.createSsl(readFileSync(env.CHAYAN_CA)));
  const error = await verifyDocument(stranger, question()).then(() => null, (e) => e);
  stranger.close();
  assert.equal(error.code, grpc.status.UNAVAILABLE);
});

test.after(() => client.close());
