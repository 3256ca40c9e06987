// Goal: a client on a gRPC stack that shares no code with ours gets answers over mutual TLS and proves them with its
// own code. Method: @grpc/grpc-js and protobufjs against a running deployment, which tests/interop/run starts.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import grpc from '@grpc/grpc-js';
import protoLoader from '@grpc/proto-loader';
import protobuf from 'protobufjs';
import { checkReceipt, readTrust } from './receipt.mjs';

const env = process.env;
const protos = fileURLToPath(new URL('../../proto/', import.meta.url));
const service = `${protos}chayan/v1/verification_service.proto`;
const root = new protobuf.Root();
root.resolvePath = (_, target) => (target.startsWith('/') ? target : protos + target);
root.loadSync(['chayan/v1/verification_service.proto', 'chayan/v1/receipt.proto']);
const Request = root.lookupType('chayan.v1.VerifyDocumentRequest');
const Answer = root.lookupType('chayan.v1.VerificationAnswer');
const View = root.lookupType('chayan.v1.VerifyDocumentResponseView');
const Receipt = root.lookupType('chayan.v1.Receipt');
const outcomeName = (number) => root.lookupEnum('chayan.v1.Outcome').valuesById[number];

const trust = readTrust(readFileSync(env.CHAYAN_TRUST, 'utf8'));
const credentials = (role) => grpc.credentials.createSsl(readFileSync(env.CHAYAN_CA),
  readFileSync(env[`CHAYAN_${role}_KEY`]), readFileSync(env[`CHAYAN_${role}_CERT`]));

function question(changes = {}) {
  const value = {
    requestId: randomUUID(),
    actingFor: 'hro-shanhua',
    purpose: {
      person: { id: 'clerk-7', role: 'clerk' },
      purposeCode: 'household.move',
      legalBasis: 'household-act-68',
      caseNumber: '113-0042',
    },
    documentKind: 'land.title',
    subject: { identifier: { scheme: 1, value: 'A123456789' }, name: '王小明' },
    claims: [
      { code: 'land_office', text: 'AD' }, { code: 'section', text: '0863' }, { code: 'lot', text: '48' },
      { code: 'owner_name', text: '王小明' }, { code: 'owner_number', text: 'A123456789' },
    ],
    ...changes,
  };
  assert.equal(Request.verify(value), null);
  return Buffer.from(Request.encode(Request.create(value)).finish());
}

// One unary call on raw bytes, so that exactly what was sent and received is what gets checked.
function verifyDocument(client, bytes) {
  return new Promise((resolve, reject) => {
    let trailers;
    const call = client.makeUnaryRequest('/chayan.v1.VerificationService/VerifyDocument', (b) => b, (b) => b, bytes,
      new grpc.Metadata(), { deadline: Date.now() + 20_000 }, (error, response) => {
        if (error) reject(Object.assign(error, { trailers: error.metadata ?? trailers }));
        else resolve(response);
      });
    call.on('status', (status) => { trailers = status.metadata; });
  });
}

const client = new grpc.Client(env.CHAYAN_GATEWAY, credentials('HOUSEHOLD'));

test('an answer of the holder, proved', async () => {
  const request = question();
  const view = View.decode(await verifyDocument(client, request));
  const answer = Answer.decode(view.answer);
  assert.equal(outcomeName(answer.outcome), 'OUTCOME_MATCH');
  const leaf = checkReceipt({ receipt: view.receipt, request, told: view.answer, trust });
  assert.equal(leaf.type, 'verification');
  assert.equal(leaf.outcome, 'MATCH');
  assert.equal(leaf.holder, 'land-ad');
});

test('a changed answer, request or entry does not prove', async () => {
  const request = question();
  const view = View.decode(await verifyDocument(client, request));
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
  const denied = new grpc.Client(env.CHAYAN_GATEWAY, credentials('HOUSEHOLD2'));
  const error = await verifyDocument(denied, request).then(() => null, (e) => e);
  denied.close();
  assert.equal(error.code, grpc.status.PERMISSION_DENIED);
  const told = error.trailers.get('grpc-status-details-bin')[0];
  const receipt = Receipt.decode(error.trailers.get('chayan-receipt-bin')[0]);
  const leaf = checkReceipt({ receipt, request, told, trust });
  assert.equal(leaf.type, 'denied');
  assert.equal(leaf.reason, 'NO_GRANT');
});

test('many questions on one stream, each proved', async () => {
  const count = 100;
  const sent = new Map();
  const stream = client.makeBidiStreamRequest('/chayan.v1.VerificationService/VerifyDocuments', (b) => b, (b) => b,
    new grpc.Metadata(), { deadline: Date.now() + 30_000 });
  const done = new Promise((resolve, reject) => {
    stream.on('error', reject);
    stream.on('end', resolve);
    stream.on('data', (bytes) => {
      const view = View.decode(bytes);
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
  const stub = new VerificationService(env.CHAYAN_GATEWAY, credentials('HOUSEHOLD'));
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
